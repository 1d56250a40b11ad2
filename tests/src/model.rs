//! What `port_drop` must decide, written a second time: a reference model in plain Rust.
//!
//! It reads bytes the way RFC 791, RFC 8200, RFC 9293 and IEEE 802.1Q say, not the way either program does.

use crate::packet::{ethertype, proto};

/// Most VLAN tags that are looked through.
pub const MAX_TAGS: usize = 2;
/// Most IPv6 extension headers that are looked through.
pub const MAX_EXT: usize = 8;
/// Bytes of the TCP header that must be in the packet: source and destination port.
const TCP_NEED: usize = 4;

/// Whether `port_drop` drops this frame when its port is `port`.
///
/// Only what is TCP to that port beyond doubt is dropped; what is cut short, too deeply wrapped, behind IPsec
/// or a later fragment passes.
#[must_use]
pub fn drops(frame: &[u8], port: u16) -> bool {
    tcp_port(frame) == Some(port)
}

/// The destination port of a frame that carries the start of a TCP segment.
fn tcp_port(frame: &[u8]) -> Option<u16> {
    let mut kind = be16(frame, 12)?;
    let mut rest = frame.get(14..)?;
    let mut tags = 0;
    while kind == ethertype::VLAN || kind == ethertype::QINQ {
        tags += 1;
        if tags > MAX_TAGS {
            return None;
        }
        kind = be16(rest, 2)?;
        rest = rest.get(4..)?;
    }
    let segment = match kind {
        ethertype::IPV4 => v4_payload(rest)?,
        ethertype::IPV6 => v6_payload(rest)?,
        _ => return None,
    };
    segment.get(..TCP_NEED)?;
    be16(segment, 2)
}

/// The TCP segment in an IPv4 packet that is not a later fragment.
fn v4_payload(packet: &[u8]) -> Option<&[u8]> {
    let header = packet.get(..20)?;
    let length = usize::from(header[0] & 15) * 4;
    let first = be16(header, 6)? & 0x1fff == 0;
    (length >= 20 && header[9] == proto::TCP && first).then(|| packet.get(length..))?
}

/// The TCP segment in an IPv6 packet that is not a later fragment.
fn v6_payload(packet: &[u8]) -> Option<&[u8]> {
    let mut next = packet.get(..40)?[6];
    let mut rest = packet.get(40..)?;
    for _ in 0..=MAX_EXT {
        let length = match next {
            proto::TCP => return Some(rest),
            proto::HOP | proto::ROUTING | proto::DEST => 8 + 8 * usize::from(*rest.get(1)?),
            proto::FRAGMENT if be16(rest, 2)? & 0xfff8 == 0 => 8,
            _ => return None,
        };
        next = *rest.first()?;
        rest = rest.get(length..)?;
    }
    None
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}
