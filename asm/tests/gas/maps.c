#include "common.h"

struct key { u32 saddr, daddr; u16 port; } __attribute__((packed));
struct value { u64 packets; u64 bytes; u8 name[16]; };

struct {
	__uint(type, 1);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct value);
} flows SEC(".maps");

struct {
	__uint(type, 3);
	__uint(max_entries, 4);
	__type(key, u32);
	__uint(value_size, sizeof(u32));
} progs SEC(".maps");

struct inner {
	__uint(type, 2);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} inner_a SEC(".maps"), inner_b SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u32);
	__attribute__((aligned(8))) struct inner *values[];
} outer SEC(".maps") = { .values = { [0] = &inner_a, [1] = &inner_b } };

int target(void *ctx);

struct {
	__uint(type, 3);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(u32));
	__attribute__((aligned(8))) int (*values[])(void *);
} calls SEC(".maps") = { .values = { [1] = &target } };

SEC("xdp") int target(void *ctx)
{
	return 2;
}

SEC("xdp") int count(void *ctx)
{
	struct key key = { .saddr = 1, .daddr = 2, .port = 3 };
	struct value *value = bpf_map_lookup_elem(&flows, &key), zero = {};
	if (value) {
		__sync_fetch_and_add(&value->packets, 1);
		value->bytes += sizeof(key);
	} else {
		bpf_map_update_elem(&flows, &key, &zero, 0);
	}
	bpf_tail_call(ctx, &progs, 1);
	bpf_tail_call(ctx, &calls, 1);
	u32 index = 0;
	void *map = bpf_map_lookup_elem(&outer, &index);
	return map ? 1 : 2;
}

SEC("xdp/second") int other(void *ctx)
{
	return target(ctx) + 1;
}

char _license[] SEC("license") = "GPL";
