//! The library's macros in the kernel: what they do with packets, whole and cut short.

use std::net::{Ipv4Addr, Ipv6Addr};

use bpfasm_tests::bin;
use bpfasm_tests::kernel::Loaded;
use bpfasm_tests::packet::{Ext, V4, arp_request, eth, ethertype, proto, tcp_syn, udp, v6};
use bpfasm_tests::tool::{Need, TempDir, ready};

const NEEDS: &[Need<'_>] = &[Need::Root];
const V4_FROM: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);
const V4_TO: Ipv4Addr = Ipv4Addr::new(10, 4, 5, 6);
const V6_FROM: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
const V6_TO: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2);
/// The kernel takes no shorter packet for a test run of XDP.
const SHORTEST: usize = 14;

fn load(text: &str) -> Loaded {
    let dir = TempDir::new();
    let source = dir.write("library.bpfasm", text);
    Loaded::open(&bin::build(&source, &dir))
}

/// Steps through a packet. The result says how far it came: 100 for what was cut short or malformed, else 10 × the
/// number of the last header, and what the last step said.
const PARSER: &str = r#"
license "GPL"
import "net"

prog parser: "xdp" {
    view ctx = r1: xdp_md
    r6 = ctx->data_end
    r7 = ctx->data
    parse_eth! r7, r6, hdr=r8, next=r9, else=.cut
    parse_vlan! r7, r6, hdr=r8, next=r9, else=.cut
    if w9 == be16(ETH_P_IPV6) goto .six
    if w9 == be16(ETH_P_ARP) goto .arp
    w0 = 0
    if w9 != be16(ETH_P_IP) goto .out
    parse_ip! r7, r6, hdr=r8, next=r9, else=.cut
    goto .l4
.arp:
    parse_arp! r7, r6, hdr=r8, next=r9, else=.cut
    r9 = be16 r9
    w0 = 10
    goto .add
.six:
    parse_ipv6! r7, r6, hdr=r8, next=r9, else=.cut
    parse_ipv6_ext! r7, r6, hdr=r8, next=r9, else=.cut
    parse_ipv6_ext! r7, r6, hdr=r8, next=r9, else=.cut
.l4:
    if w9 == IPPROTO_TCP goto .tcp
    if w9 == IPPROTO_UDP goto .udp
    w0 = 20
    if w9 == IPPROTO_ICMP goto .icmp
    if w9 != IPPROTO_ICMPV6 goto .out
.icmp:
    parse_icmp! r7, r6, hdr=r8, next=r9, else=.cut
    w0 = 30
    goto .add
.tcp:
    parse_tcp! r7, r6, hdr=r8, next=r9, else=.cut
    w0 = 40
    goto .add
.udp:
    parse_udp! r7, r6, hdr=r8, next=r9, else=.cut
    w1 = 53
    view udp = r8: udphdr
    w2 = udp->dest
    w0 = 70
    if w2 != be16(DNS_PORT) goto .add
    parse_dns! r7, r6, hdr=r8, next=r9, else=.cut
    w0 = 80
.add:
    w0 += w9
    goto .out
.cut:
    w0 = 100
.out:
    exit
}
"#;

/// A frame, what the parser says of it, and how many of its bytes are needed for that.
fn frames() -> Vec<(&'static str, Vec<u8>, u32, usize)> {
    let mac = [2, 0, 0, 0, 0, 1];
    let frame = |tags: &[(u16, u16)], ethertype, payload: &[u8]| eth(mac, mac, tags, ethertype, payload);
    let v4 = |number| V4::new(V4_FROM, V4_TO, number);
    let mut options = v4(proto::TCP);
    options.options = vec![1; 9];
    let mut long_tcp = tcp_syn((1, 2));
    long_tcp[12] = 7 << 4;
    long_tcp.extend([0; 8]);
    let mut dns = vec![0; 12];
    dns[5] = 3;
    let ping = [8, 0, 0, 0, 0, 1, 0, 1];
    let mut short_ihl = v4(proto::TCP).packet(&tcp_syn((1, 2)));
    short_ihl[0] = 0x44;
    let mut short_doff = tcp_syn((1, 2));
    short_doff[12] = 4 << 4;
    let arp = arp_request((mac, V4_FROM), V4_TO);
    let tags = [(ethertype::QINQ, 5), (ethertype::VLAN, 6)];
    let tcp = tcp_syn((1, 2));
    let ext = [Ext::Sized(proto::HOP, 1), Ext::Fragment(0, true)];
    vec![
        ("IPv4 TCP", frame(&[], ethertype::IPV4, &v4(proto::TCP).packet(&tcp)), 60, 54),
        ("IPv4 options", frame(&[], ethertype::IPV4, &options.packet(&tcp)), 60, 66),
        ("TCP options", frame(&[], ethertype::IPV4, &v4(proto::TCP).packet(&long_tcp)), 68, 62),
        ("two tags", frame(&tags, ethertype::IPV4, &v4(proto::TCP).packet(&tcp)), 60, 62),
        ("UDP", frame(&[], ethertype::IPV4, &v4(proto::UDP).packet(&udp((1, 2), b"abc"))), 73, 42),
        ("DNS", frame(&[], ethertype::IPV4, &v4(proto::UDP).packet(&udp((1, 53), &dns))), 83, 54),
        ("ping", frame(&[], ethertype::IPV4, &v4(proto::ICMP).packet(&ping)), 38, 42),
        ("IPv6 TCP", frame(&[], ethertype::IPV6, &v6(V6_FROM, V6_TO, &[], proto::TCP, &tcp)), 60, 74),
        ("IPv6 ext", frame(&[], ethertype::IPV6, &v6(V6_FROM, V6_TO, &ext, proto::TCP, &tcp)), 60, 98),
        ("IPv6 none", frame(&[], ethertype::IPV6, &v6(V6_FROM, V6_TO, &[], proto::NONE, &[])), 20, 54),
        ("ARP", frame(&[], ethertype::ARP, &arp), 11, 42),
        ("three tags", frame(&[(ethertype::VLAN, 1); 3], ethertype::IPV4, &[0; 40]), 0, 22),
        ("short header", frame(&[], ethertype::IPV4, &short_ihl), 100, 14),
        ("short TCP header", frame(&[], ethertype::IPV4, &v4(proto::TCP).packet(&short_doff)), 100, 14),
        ("not version 4", frame(&[], ethertype::IPV4, &v6(V6_FROM, V6_TO, &[], 6, &tcp)), 100, 14),
    ]
}

#[test]
fn packets_are_stepped_through_and_refused_where_they_are_cut_short() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load(PARSER);
    for (name, frame, wanted, needed) in frames() {
        for len in SHORTEST..=frame.len() {
            let wanted = if len < needed { 100 } else { wanted };
            let verdict = loaded.verdict("parser", &frame[..len]);
            assert_eq!(verdict, Some(wanted), "{name}, {len} bytes of {}", frame.len());
        }
    }
}

/// Changes an IPv4 header and its checksum, and says whether the sum is right before and after: 3.
const CHECKSUMS: &str = r#"
license "GPL"
import "net"
import "csum"

config new: ip4 = 192.168.7.9

prog rewrite: "xdp" {
    view ctx = r1: xdp_md
    view ip = r8: iphdr
    r6 = ctx->data_end
    r7 = ctx->data
    parse_eth! r7, r6, hdr=r8, next=r9, else=.cut
    parse_ip! r7, r6, hdr=r8, next=r9, else=.cut
    w0 = 0
    csum_ip! r8, r1, r2
    if w1 != 0 goto .changed
    w0 |= 1
.changed:
    w1 = *(u16 *)(r8 + offsetof(iphdr, ttl))
    w2 = w1
    w2 ^= 0x5a5a
    *(u16 *)(r8 + offsetof(iphdr, ttl)) = w2
    csum_replace2! ip->check, r1, r2, r3
    w1 = ip->saddr
    r2 = new ll
    w2 = *(u32 *)(r2 + 0)
    ip->saddr = w2
    csum_replace4! ip->check, r1, r2, r3
    csum_ip! r8, r1, r2
    if w1 != 0 goto .out
    w0 |= 2
    goto .out
.cut:
    w0 = 100
.out:
    exit
}
"#;

#[test]
fn checksums_follow_what_is_changed() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load(CHECKSUMS);
    // Many headers, so that carries of all kinds occur.
    for n in 0..2000_u32 {
        let mut ip = V4::new(Ipv4Addr::from(n.wrapping_mul(0x9e37_79b9)), V4_TO, 6);
        ip.id = u16::try_from(n.wrapping_mul(31) & 0xffff).expect("16 bits");
        let frame = eth([2; 6], [4; 6], &[], ethertype::IPV4, &ip.packet(&tcp_syn((1, 2))));
        assert_eq!(loaded.verdict("rewrite", &frame), Some(3), "{n}: {frame:02x?}");
    }
}

/// Each program does something with control structures whose result is known.
const CONTROL: &str = r#"
license "GPL"
import "net"
import "control"
import "ringbuf"
import "helpers"

struct event { index: u32, twice: u32 }
struct cell { lock: bpf_spin_lock, hits: u32 }
map events: ringbuf[4K]
map cells: array<u32, cell>[2]
map counts: array<u32, u64>[8]
map next: prog_array[2] = { 1: target }

func add(index: u32, sum: *u64) -> u64 {
    r3 = *(u64 *)(r2 + 0)
    w1 = w1
    r3 += r1
    *(u64 *)(r2 + 0) = r3
    w0 = 0
    exit
}

func each(map: u64, key: *u32, value: *u64, sum: *u64) -> u64 {
    r1 = *(u64 *)(r4 + 0)
    w2 = *(u32 *)(r2 + 0)
    r1 += r2
    *(u64 *)(r4 + 0) = r1
    w0 = 0
    exit
}

// 0 + 1 + 2 + 100 + 4 = 107
prog numbers: "xdp" {
    stack { it: bpf_iter_num }
    r6 = 0
    for_num! fp->it, r7, 0, 5 {
        if_ne! r7, 3 { r6 += r7 } else { r6 += 100 }
    }
    r0 = r6
    exit
}

// 4 + 3 + 2 + 1 = 10, then up to 1001
prog rounds: "xdp" {
    r6 = 0
    count_down! r8, 4 { r6 += r8 }
    may_loop! {
        r6 += 1
        if r6 > 1000 goto .out
    }
.out:
    r0 = r6
    exit
}

// 45 + 28
prog calls: "xdp" {
    stack { sum: u64 }
    fp->sum = 0
    loop_calls! 10, add, fp->sum
    for_map! counts, each, fp->sum
    r0 = fp->sum
    exit
}

// All comparisons, signed and unsigned: each right one adds a bit.
prog compares: "xdp" {
    r6 = 0
    r7 = -5
    r8 = 3
    if_eq! r8, 3 { r6 |= 1 }
    if_ne! r8, 4 { r6 |= 2 }
    if_gt! r7, r8 { r6 |= 4 }
    if_ge! r8, 3 { r6 |= 8 }
    if_lt! r8, r7 { r6 |= 0x10 }
    if_le! r8, 3 { r6 |= 0x20 }
    if_slt! r7, 0 { r6 |= 0x40 }
    if_sle! r7, r7 { r6 |= 0x80 }
    if_sgt! r8, r7 { r6 |= 0x100 }
    if_sge! r8, 3 { r6 |= 0x200 }
    if_set! r8, 2 { r6 |= 0x400 }
    if_set! r8, 4 { r6 |= 0x10000 } else { r6 |= 0x800 }
    if_eq! r8, 4 { r6 |= 0x10000 }
    if_lt! r7, r8 { r6 |= 0x10000 }
    r0 = r6
    exit
}

prog locked: "xdp" {
    stack { key: u32 }
    fp->key = 1
    map_lookup! cells, fp->key, else=.none
    r8 = r0
    view cell = r8: cell
    with_lock! cell->lock {
        w1 = cell->hits
        w1 += 1
        cell->hits = w1
    }
    w0 = cell->hits
    exit
.none:
    w0 = 100
    exit
}

// Three records of 8 bytes and their headers of 8.
prog records: "xdp" {
    stack { event: event }
    @for i in 0..2 {
        ringbuf_record! events, sizeof(event), rec=r6, else=.full {
            view e = r6: event
            e->index = $i
            e->twice = 2 * $i
        }
    }
    fp->event.index = 2
    fp->event.twice = 4
    ringbuf_output! events, fp->event
    bpf_ringbuf_query! events, BPF_RB_AVAIL_DATA
    exit
.full:
    w0 = 100
    exit
}

prog target: "xdp" {
    w0 = 7
    exit
}

prog tail: "xdp" {
    tail_call! r1, next, 1
    w0 = 100
    exit
}

prog helpers: "xdp" {
    stack { key: u32, value: u64 }
    fp->key = 3
    fp->value = 11
    bpf_map_update_elem! counts, fp->key, fp->value
    bpf_map_lookup_elem! counts, fp->key
    if r0 == 0 goto .none
    r6 = *(u64 *)(r0 + 0)
    bpf_map_update_elem! counts, fp->key, fp->value, flags=BPF_NOEXIST
    r0 += r6                            // -EEXIST, 17
    r0 = -r0
    exit
.none:
    w0 = 100
    exit
}
"#;

#[test]
fn control_structures_do_what_they_say() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load(CONTROL);
    let frame = eth([2; 6], [4; 6], &[], ethertype::IPV4, &[0; 46]);
    let wanted = [
        ("numbers", 107),
        ("rounds", 1001),
        ("calls", 73),
        ("compares", 0xfff),
        ("locked", 1),
        ("records", 48),
        ("tail", 7),
        ("helpers", 6),
    ];
    for (program, wanted) in wanted {
        assert_eq!(loaded.verdict(program, &frame), Some(wanted), "{program}");
    }
}
