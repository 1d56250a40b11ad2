// SPDX-License-Identifier: MIT OR Apache-2.0
// The checks of programs/port_drop.bpfasm, check for check, as one writes them in C.
// clang -O2 -g -target bpf -mcpu=v3 -c port_drop.c

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define be16(x) ((u16)((x) << 8 | ((x) & 0xffff) >> 8))
#else
#define be16(x) ((u16)(x))
#endif

enum { BPF_MAP_TYPE_PERCPU_ARRAY = 6 };
enum { XDP_DROP = 1, XDP_PASS = 2 };
enum { ETH_P_IP = 0x0800, ETH_P_8021Q = 0x8100, ETH_P_IPV6 = 0x86dd, ETH_P_8021AD = 0x88a8 };
enum {
	IPPROTO_HOPOPTS = 0,
	IPPROTO_TCP = 6,
	IPPROTO_ROUTING = 43,
	IPPROTO_FRAGMENT = 44,
	IPPROTO_DSTOPTS = 60,
};
enum { MAX_TAGS = 2, MAX_EXT = 8 };

struct xdp_md {
	u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

struct ethhdr {
	u8 h_dest[6], h_source[6];
	u16 h_proto;
} __attribute__((packed));

struct vlanhdr {
	u16 tci, proto;
};

struct iphdr {
	u8 ihl_version, tos;
	u16 tot_len, id, frag_off;
	u8 ttl, protocol;
	u16 check;
	u32 saddr, daddr;
};

struct ipv6hdr {
	u32 flow;
	u16 payload_len;
	u8 nexthdr, hop_limit;
	u8 saddr[16], daddr[16];
};

struct ipv6_opt_hdr {
	u8 nexthdr, hdrlen;
	u16 frag_off; // of a fragment header
};

struct ports {
	u16 source, dest;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} drops SEC(".maps");

const volatile u16 port = be16(8080);

SEC("xdp")
int port_drop(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	void *pos = (void *)(long)ctx->data;
	struct ethhdr *eth = pos;
	u16 proto;
	u8 next;

	if ((void *)(eth + 1) > end)
		return XDP_PASS;
	proto = eth->h_proto;
	pos = eth + 1;

#pragma unroll
	for (int i = 0; i < MAX_TAGS; i++) {
		struct vlanhdr *vlan = pos;

		if (proto != be16(ETH_P_8021Q) && proto != be16(ETH_P_8021AD))
			break;
		if ((void *)(vlan + 1) > end)
			return XDP_PASS;
		proto = vlan->proto;
		pos = vlan + 1;
	}

	if (proto == be16(ETH_P_IP)) {
		struct iphdr *ip = pos;
		u32 len;

		if ((void *)(ip + 1) > end)
			return XDP_PASS;
		if (ip->protocol != IPPROTO_TCP)
			return XDP_PASS;
		if (ip->frag_off & be16(0x1fff))
			return XDP_PASS;
		len = (ip->ihl_version & 15) * 4;
		if (len < sizeof(*ip))
			return XDP_PASS;
		pos += len;
	} else if (proto == be16(ETH_P_IPV6)) {
		struct ipv6hdr *ip6 = pos;

		if ((void *)(ip6 + 1) > end)
			return XDP_PASS;
		next = ip6->nexthdr;
		pos = ip6 + 1;
		for (int i = 0; i < MAX_EXT && next != IPPROTO_TCP; i++) {
			struct ipv6_opt_hdr *ext = pos;

			if ((void *)(ext + 1) > end)
				return XDP_PASS;
			switch (next) {
			case IPPROTO_HOPOPTS:
			case IPPROTO_ROUTING:
			case IPPROTO_DSTOPTS:
				pos += 8 + ext->hdrlen * 8;
				break;
			case IPPROTO_FRAGMENT:
				if (ext->frag_off & be16(0xfff8))
					return XDP_PASS;
				pos += 8;
				break;
			default:
				return XDP_PASS;
			}
			next = ext->nexthdr;
		}
		if (next != IPPROTO_TCP)
			return XDP_PASS;
	} else {
		return XDP_PASS;
	}

	struct ports *tcp = pos;
	u32 key = 0;
	u64 *count;

	if ((void *)(tcp + 1) > end)
		return XDP_PASS;
	if (tcp->dest != port)
		return XDP_PASS;
	count = bpf_map_lookup_elem(&drops, &key);
	if (count)
		*count += 1;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
