//! Frames, written byte by byte: also those that no honest stack would send.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A link-layer address.
pub type Mac = [u8; 6];

/// EtherTypes (IEEE 802 numbers).
pub mod ethertype {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
    /// 802.1Q tag.
    pub const VLAN: u16 = 0x8100;
    /// 802.1ad tag (QinQ).
    pub const QINQ: u16 = 0x88a8;
}

/// IP protocol numbers (IANA).
pub mod proto {
    /// IPv6 hop-by-hop options.
    pub const HOP: u8 = 0;
    /// ICMP.
    pub const ICMP: u8 = 1;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// IPv6 routing header.
    pub const ROUTING: u8 = 43;
    /// IPv6 fragment header.
    pub const FRAGMENT: u8 = 44;
    /// Encapsulating security payload: what follows cannot be read.
    pub const ESP: u8 = 50;
    /// Authentication header.
    pub const AH: u8 = 51;
    /// ICMPv6.
    pub const ICMPV6: u8 = 58;
    /// IPv6: nothing follows.
    pub const NONE: u8 = 59;
    /// IPv6 destination options.
    pub const DEST: u8 = 60;
    /// IPv6 mobility header.
    pub const MOBILITY: u8 = 135;
}

/// An Ethernet frame: addresses, tags as (type, tag control information), type and payload.
#[must_use]
pub fn eth(to: Mac, from: Mac, tags: &[(u16, u16)], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [to, from].concat();
    for (kind, tci) in tags {
        frame.extend(kind.to_be_bytes());
        frame.extend(tci.to_be_bytes());
    }
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

/// What varies in an IPv4 header.
#[derive(Clone, Debug)]
pub struct V4 {
    /// Source address.
    pub from: Ipv4Addr,
    /// Destination address.
    pub to: Ipv4Addr,
    /// Protocol of the payload.
    pub proto: u8,
    /// Options; padded to whole words, at most 40 bytes.
    pub options: Vec<u8>,
    /// Place of this fragment, in units of 8 bytes.
    pub offset: u16,
    /// Whether more fragments follow.
    pub more: bool,
    /// Identification of the datagram.
    pub id: u16,
}

impl V4 {
    /// A plain header: no options, not a fragment.
    #[must_use]
    pub fn new(from: Ipv4Addr, to: Ipv4Addr, proto: u8) -> Self {
        Self { from, to, proto, options: Vec::new(), offset: 0, more: false, id: 7 }
    }

    /// The header with a right checksum, and the payload.
    ///
    /// # Panics
    /// When it does not fit into the header's fields.
    #[must_use]
    pub fn packet(&self, payload: &[u8]) -> Vec<u8> {
        let words = 5 + u8::try_from(self.options.len().div_ceil(4)).expect("few options");
        assert!(words <= 15, "40 bytes of options at most");
        let header = usize::from(words) * 4;
        let total = u16::try_from(header + payload.len()).expect("a packet");
        let mut bytes = vec![0x40 | words, 0];
        bytes.extend(total.to_be_bytes());
        bytes.extend(self.id.to_be_bytes());
        bytes.extend((self.offset | u16::from(self.more) << 13).to_be_bytes());
        bytes.extend([64, self.proto, 0, 0]);
        bytes.extend(self.from.octets());
        bytes.extend(self.to.octets());
        bytes.extend(&self.options);
        bytes.resize(header, 0);
        let sum = checksum(&[&bytes]);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        bytes.extend(payload);
        bytes
    }
}

/// An IPv6 extension header.
#[derive(Clone, Copy, Debug)]
pub enum Ext {
    /// One of the headers whose second byte counts 8-byte units after the first: hop-by-hop, routing,
    /// destination options, mobility. Number of the header, and its length in such units.
    Sized(u8, u8),
    /// A fragment header: place in units of 8 bytes, and whether more follow.
    Fragment(u16, bool),
    /// An authentication header with this many 4-byte words in all, at least 3.
    Auth(u8),
}

/// An IPv6 packet with extension headers.
///
/// # Panics
/// When it is too long.
#[must_use]
pub fn v6(from: Ipv6Addr, to: Ipv6Addr, ext: &[Ext], proto: u8, payload: &[u8]) -> Vec<u8> {
    let number = |ext: &Ext| match ext {
        Ext::Sized(number, _) => *number,
        Ext::Fragment(..) => proto::FRAGMENT,
        Ext::Auth(_) => proto::AH,
    };
    let mut chain = Vec::new();
    for (at, header) in ext.iter().enumerate() {
        let next = ext.get(at + 1).map_or(proto, number);
        match *header {
            Ext::Sized(_, units) => {
                // Type 1 (PadN) covering the whole header: valid as options of any kind.
                let start = chain.len();
                let pad = u8::try_from(usize::from(units) * 8 + 4).unwrap_or(u8::MAX);
                chain.extend([next, units, 1, pad]);
                chain.resize(start + 8 * (usize::from(units) + 1), 0);
            }
            Ext::Fragment(offset, more) => {
                chain.extend([next, 0]);
                chain.extend((offset << 3 | u16::from(more)).to_be_bytes());
                chain.extend([0, 0, 0, 9]);
            }
            Ext::Auth(words) => {
                let start = chain.len();
                chain.extend([next, words - 2]);
                chain.resize(start + 4 * usize::from(words), 0);
            }
        }
    }
    let length = u16::try_from(chain.len() + payload.len()).expect("a packet");
    let mut bytes = vec![0x60, 0, 0, 0];
    bytes.extend(length.to_be_bytes());
    bytes.extend([ext.first().map_or(proto, number), 64]);
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.extend(chain);
    bytes.extend(payload);
    bytes
}

/// A TCP SYN without options, with the checksum for these IPv4 addresses.
#[must_use]
pub fn tcp_syn_v4(from: Ipv4Addr, to: Ipv4Addr, ports: (u16, u16)) -> Vec<u8> {
    let mut bytes = tcp_syn(ports);
    let sum = checksum(&[&from.octets(), &to.octets(), &[0, proto::TCP, 0, 20], &bytes]);
    bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// A TCP SYN without options and without a checksum: source and destination port, 20 bytes.
#[must_use]
pub fn tcp_syn((from, to): (u16, u16)) -> Vec<u8> {
    let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 0, 5 << 4, 2, 0xff, 0xff, 0, 0, 0, 0]);
    bytes
}

/// A UDP datagram without a checksum, which IPv4 allows.
///
/// # Panics
/// When the payload is too long.
#[must_use]
pub fn udp((from, to): (u16, u16), payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).expect("a datagram");
    let mut bytes = [from, to, length, 0].map(u16::to_be_bytes).concat();
    bytes.extend(payload);
    bytes
}

/// An ARP request: who has `target`, tell `from`.
#[must_use]
pub fn arp_request(from: (Mac, Ipv4Addr), target: Ipv4Addr) -> Vec<u8> {
    let mut bytes = vec![0, 1, 8, 0, 6, 4, 0, 1];
    bytes.extend(from.0);
    bytes.extend(from.1.octets());
    bytes.extend([0; 6]);
    bytes.extend(target.octets());
    bytes
}

/// The Internet checksum (RFC 1071) over parts that, but for the last, have even lengths.
fn checksum(parts: &[&[u8]]) -> u16 {
    let bytes = parts.concat();
    let words = bytes.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(*word.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("folded")
}
