//! `programs/spoof_drop.bpfasm`: nothing leaves with a source address that is not ours.

use std::net::{Ipv4Addr, Ipv6Addr};

use bpfasm_tests::bin;
use bpfasm_tests::kernel::counter;
use bpfasm_tests::net::{FAR, FAR_MAC, FAR_V4, FAR_V6, NEAR, NEAR_MAC, NEAR_V4, NEAR_V6, Pair, at};
use bpfasm_tests::packet::{V4, arp_request, eth, ethertype, proto, udp, v6};
use bpfasm_tests::session::Session;
use bpfasm_tests::sniff::{Sniffer, inject};
use bpfasm_tests::tool::{Need, ready};
use bpfasm_tests::traffic::{self, EchoServer};
use nix::sys::signal::Signal;

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("ip"), Need::Tool("tc")];
/// An address that the device has but the filter's map lacks.
const FOREIGN: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 66);

/// Whether a packet comes from this IPv4 address.
fn from(frame: &[u8], address: Ipv4Addr) -> bool {
    frame[12..14] == ethertype::IPV4.to_be_bytes() && frame.get(26..30) == Some(&address.octets())
}

fn run(pair: &Pair) -> Session {
    let mut command = bin::bpfasm(["run"]);
    command.arg(bin::program("spoof_drop")).args(["--dev", NEAR]);
    for own in ["allowed[10.9.0.1/32]", "allowed[10.9.7.0/24]", "allowed6[fd00:9::1/128]"] {
        command.arg("--map").arg(format!("{own}=1"));
    }
    Session::start(&pair.near, command, |ids| {
        !ids.links.is_empty() || pair.near.net.tc(NEAR).contains("spoof_drop")
    })
}

#[test]
fn honest_traffic_leaves_and_spoofed_does_not() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::new();
    let before = pair.near.net.tc(NEAR);
    pair.near.net.ip(&format!("addr add {FOREIGN}/24 dev {NEAR}"));
    let _server = EchoServer::start(&pair.far, &[at(FAR_V4, 80), at(FAR_V6, 80)]);
    let session = run(&pair);
    let sniffer = Sniffer::start(&pair.far, FAR);
    for server in [at(FAR_V4, 80), at(FAR_V6, 80)] {
        traffic::echo(&pair.near.net, server, &[1; 20_000]).unwrap_or_else(|e| panic!("{server}: {e}"));
    }
    traffic::udp(&pair.near.net, at(FOREIGN, 0), at(FAR_V4, 9), 30);
    traffic::udp(&pair.near.net, at(NEAR_V4, 0), at(FAR_V4, 9), 30);
    let udp = |frame: &[u8], address| from(frame, address) && frame[23] == proto::UDP;
    sniffer.wait_for(30, |seen| !seen.sent && udp(&seen.bytes, NEAR_V4));
    assert_eq!(sniffer.count(|seen| from(&seen.bytes, FOREIGN)), 0, "a spoofed packet has left");
    assert_eq!(counter(&session.ids.map("drops"), 0), 30);
    session.end(Signal::SIGINT);
    assert_eq!(pair.near.net.tc(NEAR), before, "nothing of ours stays");
    traffic::udp(&pair.near.net, at(FOREIGN, 0), at(FAR_V4, 9), 1);
    sniffer.wait_for(1, |seen| from(&seen.bytes, FOREIGN));
}

#[test]
fn each_kind_of_frame_is_decided_by_its_source() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::quiet();
    let session = run(&pair);
    let frame = |kind, payload: &[u8]| eth(FAR_MAC, NEAR_MAC, &[], kind, payload);
    let v4 = |from: [u8; 4]| {
        let header = V4::new(from.into(), FAR_V4, proto::UDP);
        frame(ethertype::IPV4, &header.packet(&udp((1, 9), b"data")))
    };
    let v6 =
        |from: Ipv6Addr| frame(ethertype::IPV6, &v6(from, FAR_V6, &[], proto::UDP, &udp((1, 9), b"data")));
    let tagged = |frame: &[u8]| [&frame[..12], &[0x81, 0, 0, 5], &frame[12..]].concat();
    let other_v6 = Ipv6Addr::new(0xfd00, 9, 0, 0, 0, 0, 0, 2);
    let link_local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    let honest = [
        v4([10, 9, 0, 1]),
        v4([10, 9, 7, 200]),
        v6(NEAR_V6),
        v6(link_local),
        frame(ethertype::ARP, &arp_request((NEAR_MAC, FOREIGN), FAR_V4)),
        frame(0x88b5, b"an experiment"),
    ];
    let spoofed = [
        v4([10, 9, 0, 2]),
        v4([10, 9, 8, 1]),
        v4([192, 0, 2, 1]),
        tagged(&v4([10, 9, 0, 2])),
        v4([10, 9, 0, 1])[..30].to_vec(),
        v6(other_v6),
        v6(Ipv6Addr::LOCALHOST),
        v6(Ipv6Addr::UNSPECIFIED),
        tagged(&tagged(&v6(other_v6))),
    ];
    let sniffer = Sniffer::start(&pair.far, FAR);
    let with_tag = tagged(&honest[0]);
    inject(&pair.near.net, NEAR, spoofed.iter().chain(&honest).chain([&with_tag]).map(Vec::as_slice));
    sniffer.wait_for(honest.len() + 1, |seen| !seen.sent);
    assert_eq!(counter(&session.ids.map("drops"), 0), u64::try_from(spoofed.len()).expect("few"));
    let seen: Vec<_> = sniffer.stop().into_iter().filter(|seen| !seen.sent).map(|seen| seen.bytes).collect();
    // The kernel shows the last one without its tag.
    assert_eq!(seen, [&honest[..], &honest[..1]].concat());
    session.end(Signal::SIGTERM);
}
