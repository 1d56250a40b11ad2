//! Packets for `port_drop`: everything that its checks tell apart, in combination, cut short and damaged.

use crate::net::{FAR_MAC, FAR_V4, FAR_V6, NEAR_MAC, NEAR_V4, NEAR_V6};
use crate::packet::{Ext, V4, arp_request, eth, ethertype, proto, tcp_syn, tcp_syn_v4, udp, v6};

/// A packet and what it is.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is, for messages.
    pub name: String,
    /// The frame, from the link-layer header on.
    pub frame: Vec<u8>,
}

/// Shortest frame that the kernel runs XDP programs on.
pub const SHORTEST: usize = 14;

/// All cases for a filter that drops TCP to `port`. The same ones on every run.
#[must_use]
pub fn cases(port: u16) -> Vec<Case> {
    let whole: Vec<Case> = stacks().iter().flat_map(|tags| untagged(port, tags)).collect();
    let cut = whole.iter().step_by(5).flat_map(|case| {
        (SHORTEST..case.frame.len()).map(|length| Case {
            name: format!("{}, first {length} bytes", case.name),
            frame: case.frame[..length].to_vec(),
        })
    });
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let damaged = whole.iter().flat_map(|case| {
        let mut damage = |_| {
            let mut frame = case.frame.clone();
            let at = 12 + random.below(frame.len().min(100) - 12);
            frame[at] = random.byte();
            Case { name: format!("{}, byte {at} is {}", case.name, frame[at]), frame }
        };
        (0..4).map(&mut damage).collect::<Vec<_>>()
    });
    let mut all: Vec<Case> = cut.chain(damaged).collect();
    all.extend(whole);
    all
}

/// Stacks of VLAN tags: none, one, two of every kind, and too many.
fn stacks() -> Vec<Vec<(u16, u16)>> {
    let (vlan, qinq) = ((ethertype::VLAN, 0x2005), (ethertype::QINQ, 100));
    vec![
        vec![],
        vec![vlan],
        vec![qinq],
        vec![qinq, vlan],
        vec![vlan, vlan],
        vec![qinq, qinq],
        vec![qinq, vlan, vlan],
        // A type that is no tag where one may be.
        vec![(0x9100, 1)],
    ]
}

fn untagged(port: u16, tags: &[(u16, u16)]) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, kind: u16, payload: &[u8]| {
        let name = format!("{} tags, {name}", tags.len());
        cases.push(Case { name, frame: eth(NEAR_MAC, FAR_MAC, tags, kind, payload) });
    };
    for (name, payload) in v4_packets(port) {
        add(name, ethertype::IPV4, &payload);
    }
    for (name, payload) in v6_packets(port) {
        add(name, ethertype::IPV6, &payload);
    }
    let v4 = V4::new(FAR_V4, NEAR_V4, proto::TCP).packet(&tcp_syn_v4(FAR_V4, NEAR_V4, (40000, port)));
    add("IPv4 said to be IPv6".into(), ethertype::IPV6, &v4);
    add("IPv4 of an unknown type".into(), 0x88b5, &v4);
    add("ARP".into(), ethertype::ARP, &arp_request((FAR_MAC, FAR_V4), NEAR_V4));
    add("nothing".into(), ethertype::IPV4, &[]);
    cases
}

/// Port pairs: the port as destination, as source, its neighbours, and with its bytes swapped.
fn ports(port: u16) -> [(u16, u16); 6] {
    [(40000, port), (port, 80), (port, port), (40000, port ^ 1), (40000, port.swap_bytes()), (40000, 0)]
}

fn v4_packets(port: u16) -> Vec<(String, Vec<u8>)> {
    let mut packets = Vec::new();
    for ports in ports(port) {
        let plain = V4::new(FAR_V4, NEAR_V4, proto::TCP);
        let tcp = tcp_syn_v4(FAR_V4, NEAR_V4, ports);
        for options in [0, 4, 8, 20, 36, 40] {
            let header = V4 { options: vec![1; options], ..plain.clone() };
            packets.push((format!("IPv4 TCP {ports:?}, {options} bytes of options"), header.packet(&tcp)));
        }
        for (offset, more) in [(0, true), (1, true), (1, false), (185, true), (0x1fff, false)] {
            for options in [0, 12] {
                let header = V4 { offset, more, options: vec![1; options], ..plain.clone() };
                let name =
                    format!("IPv4 TCP {ports:?}, fragment at {offset}, more: {more}, options: {options}");
                packets.push((name, header.packet(&tcp)));
            }
        }
        for number in [proto::UDP, proto::ICMP, proto::ESP, proto::HOP, proto::FRAGMENT, 255] {
            let header = V4 { proto: number, ..plain.clone() };
            packets.push((format!("IPv4 protocol {number} {ports:?}"), header.packet(&udp(ports, b"data"))));
        }
        for first in [0x40, 0x41, 0x44, 0x46, 0x4f, 0x05, 0x65] {
            let mut packet = plain.packet(&tcp);
            packet[0] = first;
            packets.push((format!("IPv4 TCP {ports:?}, first byte {first:#04x}"), packet));
        }
    }
    packets
}

fn v6_packets(port: u16) -> Vec<(String, Vec<u8>)> {
    let sized = |number| Ext::Sized(number, 0);
    let (hop, dest) = (sized(proto::HOP), sized(proto::DEST));
    let mut chains = vec![
        vec![],
        vec![hop],
        vec![Ext::Sized(proto::HOP, 1)],
        vec![Ext::Sized(proto::ROUTING, 2)],
        vec![Ext::Sized(proto::DEST, 31)],
        vec![Ext::Sized(proto::DEST, 255)],
        vec![sized(proto::MOBILITY)],
        vec![Ext::Auth(3)],
        vec![Ext::Auth(7)],
        vec![hop, dest, sized(proto::ROUTING)],
        vec![hop, Ext::Fragment(0, true), dest],
        vec![Ext::Fragment(0, false)],
        vec![Ext::Fragment(0, true)],
        vec![Ext::Fragment(1, false)],
        vec![Ext::Fragment(0x1fff, true)],
        vec![dest, Ext::Fragment(3, true)],
        vec![sized(139)],
        vec![sized(140)],
        vec![sized(253)],
    ];
    // Chains of every length up to beyond what is looked through.
    chains.extend((2..=11).map(|length| vec![dest; length]));
    let mut packets = Vec::new();
    for chain in &chains {
        for ports in ports(port) {
            let name = format!("IPv6 {chain:?} TCP {ports:?}");
            packets.push((name, v6(FAR_V6, NEAR_V6, chain, proto::TCP, &tcp_syn(ports))));
        }
        for number in [proto::UDP, proto::ICMPV6, proto::ESP, proto::NONE] {
            let name = format!("IPv6 {chain:?} protocol {number}");
            packets.push((name, v6(FAR_V6, NEAR_V6, chain, number, &udp((40000, port), b"data"))));
        }
    }
    packets
}

/// Marsaglia's xorshift: enough to damage packets, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % limit
    }
}

#[cfg(test)]
mod tests {
    use super::cases;
    use crate::model::drops;

    #[test]
    fn the_table_has_many_packets_of_both_kinds() {
        let all = cases(8080);
        let dropped = all.iter().filter(|case| drops(&case.frame, 8080)).count();
        assert!(all.len() > 10_000, "{}", all.len());
        assert!(dropped > 1_000 && all.len() - dropped > 5_000, "{dropped} of {}", all.len());
    }
}
