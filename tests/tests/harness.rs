//! The harness itself, without bpfasm: does it see what it must see?

use std::io::ErrorKind;
use std::process::Command;

use bpfasm_tests::cgroup::Cgroup;
use bpfasm_tests::kernel::{Ids, Loaded};
use bpfasm_tests::mounts::{BPFFS, MountNs, TRACEFS};
use bpfasm_tests::net::{FAR, FAR_MAC, FAR_V4, NEAR, NEAR_MAC, NEAR_V4, NEAR_V6, Pair, at};
use bpfasm_tests::packet::{V4, eth, ethertype, proto, udp};
use bpfasm_tests::sniff::{Sniffer, inject};
use bpfasm_tests::tool::{Need, Running, TempDir, ready, which};
use bpfasm_tests::traffic::{self, EchoServer};
use bpfasm_tests::{bin, model, table};
use nix::sys::signal::Signal;

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("ip"), Need::Tool("clang-19")];

#[test]
fn tcp_crosses_a_pair_over_both_families() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::new();
    let addresses = [at(NEAR_V4, 80), at(NEAR_V6, 80)];
    let _server = EchoServer::start(&pair.near.net, &addresses);
    for address in addresses {
        traffic::echo(&pair.far, address, &[7; 10_000]).unwrap_or_else(|error| panic!("{address}: {error}"));
    }
    let refused = traffic::connect(&pair.far, at(NEAR_V4, 81)).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_quiet_pair_carries_only_what_is_sent() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::quiet();
    let (before, sniffer) = (pair.near.net.rx_packets(NEAR), Sniffer::start(&pair.near.net, NEAR));
    let packet = V4::new(FAR_V4, NEAR_V4, proto::UDP).packet(&udp((1, 9), b"hello"));
    let frame = eth(NEAR_MAC, FAR_MAC, &[], ethertype::IPV4, &packet);
    inject(&pair.far, FAR, vec![frame.as_slice(); 100]);
    sniffer.wait_for(100, |seen| !seen.sent && seen.bytes == frame);
    assert_eq!(pair.near.net.rx_packets(NEAR) - before, 100);
    assert_eq!(sniffer.stop().iter().filter(|seen| !seen.sent).count(), 100);
}

#[test]
fn mount_namespaces_have_or_lack_the_file_systems() {
    if !ready(NEEDS) {
        return;
    }
    let mounted = |ns: &MountNs| {
        let text = ns.run(|| std::fs::read_to_string("/proc/thread-self/mounts").expect("mounts"));
        [BPFFS, TRACEFS].map(|place| text.lines().any(|line| line.split(' ').nth(1) == Some(place)))
    };
    assert_eq!(mounted(&MountNs::new()), [true, true]);
    assert_eq!(mounted(&MountNs::bare()), [false, false]);
    let outside = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    assert!(!outside.contains("bpfasm"), "{outside}");
}

#[test]
fn processes_join_the_cgroup_and_it_goes() {
    if !ready(NEEDS) {
        return;
    }
    let Some(cgroup) = Cgroup::new("harness") else {
        return bpfasm_tests::tool::skip("no cgroup2 is mounted");
    };
    let path = cgroup.path().to_owned();
    let mut server =
        Running::start(cgroup.peer(env!("CARGO_BIN_EXE_bpfasm-peer")).args(["serve", "127.0.0.1:0"]));
    server.wait_for("ready", bpfasm_tests::tool::LIMIT);
    let members = std::fs::read_to_string(path.join("cgroup.procs")).expect("members");
    assert_eq!(members.trim(), server.pid().to_string());
    drop(cgroup);
    assert!(!path.exists());
    assert_eq!(server.wait(bpfasm_tests::tool::LIMIT).code(), None, "killed with its cgroup");
}

#[test]
fn the_c_peer_agrees_with_the_model_on_every_packet() {
    if !ready(NEEDS) {
        return;
    }
    let dir = TempDir::new();
    let loaded = Loaded::open(&bin::clang("port_drop.c", &dir));
    let mut dropped = 0;
    for case in table::cases(8080) {
        let wanted = model::drops(&case.frame, 8080);
        assert_eq!(
            loaded.verdict("port_drop", &case.frame),
            Some(if wanted { 1 } else { 2 }),
            "{}: {:02x?}",
            case.name,
            case.frame
        );
        dropped += u64::from(wanted);
    }
    assert_eq!(loaded.counter("drops", 0), dropped);
}

#[test]
fn a_filter_attached_by_ip_is_seen_from_all_sides() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::new());
    let _server = EchoServer::start(&pair.near.net, &[at(NEAR_V4, 8080), at(NEAR_V4, 8081)]);
    traffic::echo(&pair.far, at(NEAR_V4, 8080), b"before").expect("no filter yet");
    let object = bin::clang("port_drop.c", &dir);
    // In the namespace with a bpffs: without one, ip mounts it, for everybody.
    let mut command = Command::new(which("ip").expect("checked"));
    command.args(["link", "set", "dev", NEAR, "xdpgeneric", "obj"]).arg(object).args(["sec", "xdp"]);
    pair.near.output(command).ok();
    let (mode, id) = pair.near.net.xdp(NEAR).expect("attached");
    assert_eq!(mode, 2);
    let error = traffic::connect(&pair.far, at(NEAR_V4, 8080)).expect_err("dropped");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    traffic::echo(&pair.far, at(NEAR_V4, 8081), b"neighbour").expect("the neighbour works");
    let ids = Ids { progs: [u32::try_from(id).expect("an id")].into(), ..Ids::default() };
    pair.near.net.ip(&format!("link set dev {NEAR} xdpgeneric off"));
    assert_eq!(pair.near.net.xdp(NEAR), None);
    ids.wait_gone();
    traffic::echo(&pair.far, at(NEAR_V4, 8080), b"after").expect("no filter any more");
}

#[test]
fn running_processes_are_captured_and_signalled() {
    if !ready(&[Need::Tool("sh")]) {
        return;
    }
    let mut command = Command::new(which("sh").expect("sh"));
    command.args(["-c", "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.05; done"]);
    let mut running = Running::start(command);
    running.wait_for("ready", bpfasm_tests::tool::LIMIT);
    running.signal(Signal::SIGINT);
    assert_eq!(running.wait(bpfasm_tests::tool::LIMIT).exited(7).stdout, "ready\ncaught\n");
}
