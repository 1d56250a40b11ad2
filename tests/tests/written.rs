//! Programs as somebody writes them who knows the language and its library, in the kernel: `tests/written`.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use bpfasm_tests::bin;
use bpfasm_tests::kernel::{Loaded, counter};
use bpfasm_tests::net::{FAR, NEAR, Pair};
use bpfasm_tests::packet::{V4, eth, ethertype, proto, udp};
use bpfasm_tests::session::Session;
use bpfasm_tests::sniff::{Sniffer, inject};
use bpfasm_tests::tool::{Need, TempDir, ready};
use nix::sys::signal::Signal;

const NEEDS: &[Need<'_>] = &[Need::Root];
const HERE: [u8; 6] = [2, 0, 0, 0, 0, 1];
const THERE: [u8; 6] = [2, 0, 0, 0, 0, 2];
const XDP_PASS: u32 = 2;
const XDP_TX: u32 = 3;

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("written").join(name)
}

fn load(name: &str) -> Loaded {
    Loaded::open(&bin::build(&source(name), &TempDir::new()))
}

fn from_here(proto: u8, payload: &[u8]) -> Vec<u8> {
    let ip = V4::new(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2), proto);
    eth(THERE, HERE, &[], ethertype::IPV4, &ip.packet(payload))
}

/// The Internet checksum, word by word.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|w| u32::from(w[0]) << 8 | u32::from(w.get(1).copied().unwrap_or(0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("16 bits")
}

/// A table that a function of constants works out.
#[test]
fn a_table_of_crc32() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load("crc.bpfasm");
    // The bytes' sums bit by bit, without a table.
    let crc = |bytes: &[u8]| {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
        })
    };
    assert_eq!(crc(b"123456789"), 0xcbf4_3926);
    for packet in [vec![0; 64], (0..64).collect::<Vec<u8>>(), b"0123456789abcdef".repeat(4), vec![0xff; 20]] {
        assert_eq!(loaded.verdict("crc", &packet), Some(crc(&packet)));
    }
}

/// A table of states and bytes, made of two loops.
#[test]
fn a_machine_that_finds_a_word() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load("states.bpfasm");
    for (text, state) in [
        ("nothing of that kind", 0),
        ("a lonely letter G", 1),
        ("almost, but not quite: GE", 2),
        ("GGGGGGGGGGGGGGGET", 3),
        ("GEGET / HTTP/1.1", 4),
        ("GET, and later GET it", 4),
        ("GETGETGETGETGETG", 1),
    ] {
        assert_eq!(loaded.verdict("find", text.as_bytes()), Some(state), "{text}");
    }
}

#[test]
fn pings_are_answered() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load("echo.bpfasm");
    for n in 0..200_u8 {
        let mut ping = vec![8, 0, 0, 0, 0x12, n, 0, n, b'p', b'i', n, b'g'];
        let sum = checksum(&ping).to_be_bytes();
        ping[2..4].copy_from_slice(&sum);
        let packet = from_here(proto::ICMP, &ping);
        let (verdict, answer) = loaded.answer("echo", &packet).expect("a run");
        assert_eq!(verdict, XDP_TX);
        assert_eq!((&answer[..6], &answer[6..12]), (&HERE[..], &THERE[..]));
        assert_eq!((checksum(&answer[14..34]), checksum(&answer[34..])), (0, 0), "{answer:02x?}");
        assert_eq!((&answer[26..30], &answer[30..34]), (&[10, 0, 0, 2][..], &[10, 0, 0, 1][..]));
        assert_eq!((answer[34], &answer[38..]), (0, &ping[4..]));
    }
    for (proto, payload) in [(proto::ICMP, vec![0; 8]), (proto::ICMP, vec![8, 0]), (proto::UDP, vec![8; 8])] {
        let packet = from_here(proto, &payload);
        assert_eq!(loaded.answer("echo", &packet), Some((XDP_PASS, packet)));
    }
}

#[test]
fn names_of_dns_questions_come_out() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load("questions.bpfasm");
    let mut query = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    query.extend(b"\x07example\x03org\0\0\x01\0\x01");
    let packet = from_here(proto::UDP, &udp((4000, 53), &query));
    assert_eq!(loaded.verdict("dns", &packet), Some(XDP_PASS));
    let record = loaded.record("questions");
    let len = u32::from_ne_bytes(record[64..68].try_into().expect("four bytes"));
    assert_eq!((&record[..12], len), (&b"\x07example\x03org"[..], 12));
    // A name that is cut short, and one without an end.
    query.truncate(16);
    let packet = from_here(proto::UDP, &udp((4000, 53), &query));
    assert_eq!(loaded.verdict("dns", &packet), Some(XDP_PASS));
    assert_eq!(loaded.record("questions")[64..68], 4_u32.to_ne_bytes());
    query.extend([b'x'; 200]);
    let packet = from_here(proto::UDP, &udp((4000, 53), &query));
    assert_eq!(loaded.verdict("dns", &packet), Some(XDP_PASS));
    assert_eq!(loaded.record("questions")[64..68], 64_u32.to_ne_bytes());
}

#[test]
fn a_meter_counts_under_a_lock() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load("meter.bpfasm");
    for n in 1..=3 {
        assert_eq!(loaded.verdict("locked", &from_here(proto::UDP, &[0; 30])), Some(n));
    }
    // Behind the lock: 3 packets, and what they have without their Ethernet header.
    let value = loaded.element("slots", &[0; 4]);
    let packets = u32::from_ne_bytes(value[4..8].try_into().expect("four bytes"));
    let bytes = u64::from_ne_bytes(value[8..16].try_into().expect("eight bytes"));
    assert_eq!((packets, bytes), (3, 3 * (14 + 20 + 30)));
}

#[test]
fn a_limiter_lets_a_burst_pass_from_each_source() {
    if !ready(NEEDS) {
        return;
    }
    let loaded = load("limiter.bpfasm");
    let from = |last| {
        let ip = V4::new(Ipv4Addr::new(10, 0, 0, last), Ipv4Addr::new(10, 0, 0, 2), proto::UDP);
        eth(THERE, HERE, &[], ethertype::IPV4, &ip.packet(&[0; 30]))
    };
    // The first makes the bucket, which has room for three.
    for (source, verdict) in [(1, 0), (1, 0), (1, 0), (1, 0), (1, 2), (1, 2), (3, 0)] {
        assert_eq!(loaded.verdict("limit", &from(source)), Some(verdict), "10.0.0.{source}");
    }
    assert_eq!(loaded.counter("dropped", 0), 2);
}

/// Programs that others enter by tail calls are loaded, and not attached.
#[test]
fn the_first_of_the_stages_is_attached() {
    if !ready(&[Need::Root, Need::Tool("ip")]) {
        return;
    }
    let pair = Pair::quiet();
    let mut command = bin::bpfasm(["run"]);
    command.arg(source("stages.bpfasm")).args(["--dev", NEAR]);
    let session = Session::start(&pair.near, command, |_| pair.near.net.xdp(NEAR).is_some());
    let sniffer = Sniffer::start(&pair.near.net, NEAR);
    let (v4, mut v6) = (from_here(proto::UDP, &[1; 30]), from_here(proto::UDP, &[2; 30]));
    v6[12..14].copy_from_slice(&[0x86, 0xdd]);
    inject(&pair.far, FAR, vec![v6.as_slice(), v4.as_slice(), v6.as_slice(), v4.as_slice()]);
    sniffer.wait_for(2, |seen| !seen.sent && seen.bytes == v4);
    let seen = |key| counter(&session.ids.map("seen"), key);
    assert_eq!((seen(0), seen(1)), (2, 2));
    let text = session.end(Signal::SIGINT).text();
    assert!(text.contains("note: `on_v4` is entered through `stages`, and not attached itself"), "{text}");
}
