//! `programs/port_drop.bpfasm` with packets one by one and with real traffic.

use std::io::ErrorKind;

use bpfasm_tests::kernel::{Loaded, counter};
use bpfasm_tests::net::{FAR, FAR_MAC, FAR_V4, FAR_V6, NEAR, NEAR_MAC, NEAR_V4, NEAR_V6, Pair, at};
use bpfasm_tests::packet::{Ext, V4, eth, ethertype, proto, tcp_syn, tcp_syn_v4, udp, v6};
use bpfasm_tests::session::Session;
use bpfasm_tests::sniff::{Sniffer, inject};
use bpfasm_tests::tool::{Need, TempDir, ready};
use bpfasm_tests::traffic::{self, EchoServer};
use bpfasm_tests::{bin, model, table};
use nix::sys::signal::Signal;

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("ip")];
/// `XDP_ATTACHED_DRV` and `XDP_ATTACHED_SKB` of linux/if_link.h.
const NATIVE: u64 = 1;
const GENERIC: u64 = 2;

fn run(pair: &Pair, mode: u64, more: &[&str]) -> Session {
    let mut command = bin::bpfasm(["run"]);
    command.arg(bin::program("port_drop")).args(["--dev", NEAR]).args(more);
    if mode == GENERIC {
        command.args(["--mode", "generic"]);
    }
    let session = Session::start(&pair.near, command, |_| pair.near.net.xdp(NEAR).is_some());
    assert_eq!(pair.near.net.xdp(NEAR).map(|(mode, _)| mode), Some(mode));
    session
}

#[test]
fn every_packet_of_the_table_has_the_models_verdict() {
    if !ready(NEEDS) {
        return;
    }
    let dir = TempDir::new();
    let object = bin::build(&bin::program("port_drop"), &dir);
    for port in [8080_u16, 4040] {
        let loaded = Loaded::open_with(&object, &port.to_be_bytes());
        let mut dropped = 0;
        for case in table::cases(port) {
            let wanted = model::drops(&case.frame, port);
            let verdict = loaded.verdict("port_drop", &case.frame);
            let code = if wanted { 1 } else { 2 };
            assert_eq!(verdict, Some(code), "port {port}, {}: {:02x?}", case.name, case.frame);
            dropped += u64::from(wanted);
        }
        assert_eq!(loaded.counter("drops", 0), dropped);
    }
}

#[test]
fn tcp_to_the_port_fails_and_its_neighbour_works_in_both_modes() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::new();
    let places = [at(NEAR_V4, 8080), at(NEAR_V6, 8080), at(NEAR_V4, 8081), at(NEAR_V6, 8081)];
    let (dropped, neighbours) = places.split_at(2);
    let _server = EchoServer::start(&pair.near.net, &places);
    for mode in [NATIVE, GENERIC] {
        for place in places {
            traffic::echo(&pair.far, place, b"before").unwrap_or_else(|error| panic!("{place}: {error}"));
        }
        let session = run(&pair, mode, &[]);
        for &place in dropped {
            let error = traffic::connect(&pair.far, place).expect_err("dropped");
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{place}");
        }
        for &place in neighbours {
            traffic::echo(&pair.far, place, &[1; 20_000]).unwrap_or_else(|error| panic!("{place}: {error}"));
        }
        assert!(counter(&session.ids.map("drops"), 0) >= 2);
        session.end(if mode == NATIVE { Signal::SIGINT } else { Signal::SIGTERM });
        assert_eq!(pair.near.net.xdp(NEAR), None, "nothing stays attached");
    }
    traffic::echo(&pair.far, at(NEAR_V4, 8080), b"after").expect("nothing filters any more");
}

#[test]
fn the_port_is_what_set_says() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::new();
    let places = [at(NEAR_V4, 4040), at(NEAR_V4, 8080)];
    let _server = EchoServer::start(&pair.near.net, &places);
    let session = run(&pair, NATIVE, &["--set", "port=4040"]);
    assert_eq!(traffic::connect(&pair.far, places[0]).expect_err("dropped").kind(), ErrorKind::TimedOut);
    traffic::echo(&pair.far, places[1], b"8080").expect("8080 is not filtered");
    session.end(Signal::SIGINT);
}

/// Frames that must be dropped, each of another shape.
fn bad_frames() -> Vec<Vec<u8>> {
    let plain = V4::new(FAR_V4, NEAR_V4, proto::TCP);
    let syn = tcp_syn_v4(FAR_V4, NEAR_V4, (40000, 8080));
    let syn6 = tcp_syn((40000, 8080));
    let v4 =
        |header: V4, tags: &[(u16, u16)]| eth(NEAR_MAC, FAR_MAC, tags, ethertype::IPV4, &header.packet(&syn));
    let v6 = |ext: &[Ext], tags: &[(u16, u16)]| {
        eth(NEAR_MAC, FAR_MAC, tags, ethertype::IPV6, &v6(FAR_V6, NEAR_V6, ext, proto::TCP, &syn6))
    };
    let (vlan, qinq) = ((ethertype::VLAN, 5), (ethertype::QINQ, 6));
    vec![
        v4(plain.clone(), &[]),
        v4(V4 { options: vec![1; 40], ..plain.clone() }, &[]),
        v4(V4 { more: true, ..plain.clone() }, &[]),
        v4(plain.clone(), &[vlan]),
        v4(V4 { options: vec![1; 8], ..plain }, &[qinq, vlan]),
        v6(&[], &[]),
        v6(&[Ext::Sized(proto::HOP, 0), Ext::Sized(proto::DEST, 2)], &[]),
        v6(&[Ext::Fragment(0, true)], &[vlan]),
    ]
}

/// Frames that must pass, though they look much like the others.
fn good_frames() -> Vec<Vec<u8>> {
    let plain = V4::new(FAR_V4, NEAR_V4, proto::TCP);
    let syn = |port| tcp_syn_v4(FAR_V4, NEAR_V4, (8080, port));
    let v4 =
        |header: &V4, payload: &[u8]| eth(NEAR_MAC, FAR_MAC, &[], ethertype::IPV4, &header.packet(payload));
    vec![
        v4(&plain, &syn(8081)),
        v4(&V4 { offset: 3, ..plain.clone() }, &syn(8080)),
        v4(&V4 { proto: proto::UDP, ..plain.clone() }, &udp((40000, 8080), b"data")),
        v4(&plain, &syn(8080)[..3]),
    ]
}

#[test]
fn counters_equal_the_packets_sent() {
    const ROUNDS: usize = 25;
    if !ready(NEEDS) {
        return;
    }
    let (bad, good) = (bad_frames(), good_frames());
    for mode in [NATIVE, GENERIC] {
        let pair = Pair::quiet();
        let session = run(&pair, mode, &[]);
        let sniffer = Sniffer::start(&pair.near.net, NEAR);
        for round in 1..=ROUNDS {
            inject(&pair.far, FAR, bad.iter().chain(&good).map(Vec::as_slice));
            // What was sent last passes, so all the others have been decided by then. More at once might not
            // fit into the device's queue.
            sniffer.wait_for(round * good.len(), |seen| !seen.sent);
        }
        let received = ROUNDS * good.len();
        let drops = counter(&session.ids.map("drops"), 0);
        assert_eq!(drops, u64::try_from(ROUNDS * bad.len()).expect("few"), "mode {mode}");
        let seen: Vec<_> = sniffer.stop().into_iter().filter(|seen| !seen.sent).collect();
        assert_eq!(seen.len(), received, "mode {mode}");
        for frame in &seen {
            assert!(good.contains(&frame.bytes), "mode {mode}: {:02x?} got through", frame.bytes);
        }
        session.end(Signal::SIGINT);
    }
}
