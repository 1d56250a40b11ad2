//! Sample packets: what a packet program is tried on where it is attached to nothing.

use std::os::fd::BorrowedFd;

use bpfasm_asm::uapi::ProgType;

use crate::sys::Result;
use crate::sys::bpf::{TestRun, prog_test_run};

/// A packet with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What it is, for people.
    pub name: String,
    /// Its bytes, from the Ethernet header on.
    pub bytes: Vec<u8>,
}

const ETH: [u8; 12] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
const TCP: u8 = 6;
const UDP: u8 = 17;

/// One of each: TCP and UDP over IPv4 and IPv6 to a port, TCP to another one, ARP.
#[must_use]
pub fn samples(port: u16) -> Vec<Sample> {
    let sample = |name: String, bytes| Sample { name, bytes };
    let other = if port == 80 { 81 } else { 80 };
    vec![
        sample(format!("IPv4 TCP to port {port}"), ipv4(TCP, &tcp(port))),
        sample(format!("IPv4 TCP to port {other}"), ipv4(TCP, &tcp(other))),
        sample(format!("IPv4 UDP to port {port}"), ipv4(UDP, &udp(port))),
        sample(format!("IPv6 TCP to port {port}"), ipv6(TCP, &tcp(port))),
        sample(format!("IPv6 TCP to port {other}"), ipv6(TCP, &tcp(other))),
        sample("ARP request".to_string(), arp()),
    ]
}

/// Runs a program once on a packet; gives what it returned (`BPF_PROG_TEST_RUN`).
///
/// # Errors
/// What the kernel refuses: `EOPNOTSUPP` for program types that have no packet.
pub fn try_on(prog: BorrowedFd<'_>, packet: &[u8]) -> Result<u32> {
    let run = prog_test_run(prog, &mut TestRun { data_in: packet, repeat: 1, ..TestRun::default() })?;
    Ok(run.retval)
}

/// What a program's result means; `None` for a number that means nothing.
#[must_use]
pub fn verdict(kind: ProgType, retval: u32) -> Option<&'static str> {
    const XDP: [&str; 5] = ["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"];
    const TC: [&str; 9] = [
        "TC_ACT_OK",
        "TC_ACT_RECLASSIFY",
        "TC_ACT_SHOT",
        "TC_ACT_PIPE",
        "TC_ACT_STOLEN",
        "TC_ACT_QUEUED",
        "TC_ACT_REPEAT",
        "TC_ACT_REDIRECT",
        "TC_ACT_TRAP",
    ];
    let names: &[&str] = match kind {
        ProgType::XDP => &XDP,
        ProgType::SCHED_CLS | ProgType::SCHED_ACT => &TC,
        _ => return None,
    };
    names.get(usize::try_from(retval).ok()?).copied()
}

fn tcp(port: u16) -> Vec<u8> {
    let mut header = ports(port);
    // Sequence, acknowledgement, five words and SYN, window, checksum, urgent.
    header.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0x20, 0, 0, 0, 0, 0]);
    header
}

fn udp(port: u16) -> Vec<u8> {
    let mut header = ports(port);
    header.extend([0, 8, 0, 0]);
    header
}

fn ports(port: u16) -> Vec<u8> {
    [40000u16.to_be_bytes(), port.to_be_bytes()].concat()
}

fn frame(ethertype: u16, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = ETH.to_vec();
    bytes.extend(ethertype.to_be_bytes());
    bytes.extend(parts.concat());
    // The least length of an Ethernet frame without its checksum.
    bytes.resize(bytes.len().max(60), 0);
    bytes
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut header = vec![0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64, protocol, 0, 0];
    header.extend([10, 9, 0, 1, 10, 9, 0, 2]);
    let checksum = checksum(&header).to_be_bytes();
    header[10..12].copy_from_slice(&checksum);
    frame(0x0800, &[&header, payload])
}

fn ipv6(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    let address = |last: u8| [0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let head = [0x60, 0, 0, 0, length[0], length[1], protocol, 64];
    frame(0x86dd, &[&head, &address(1), &address(2), payload])
}

fn arp() -> Vec<u8> {
    let head = [0, 1, 8, 0, 6, 4, 0, 1];
    frame(0x0806, &[&head, &ETH[6..], &[10, 9, 0, 1], &[0; 6], &[10, 9, 0, 2]])
}

/// The checksum of an IPv4 header whose own field is zero (RFC 1071).
fn checksum(header: &[u8]) -> u16 {
    let words = header.chunks_exact(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_its_checksum_sums_to_zero() {
        let packet = ipv4(TCP, &tcp(80));
        assert_eq!(checksum(&packet[14..34]), 0);
    }
}
