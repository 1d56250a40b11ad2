//! `programs/hello_counter.bpfasm` and its sibling `hello_execve.bpfasm`.

use std::process::Command;
use std::time::Duration;

use bpfasm_tests::bin;
use bpfasm_tests::kernel::counter;
use bpfasm_tests::net::{FAR, FAR_MAC, FAR_V4, NEAR, NEAR_MAC, NEAR_V4, Pair};
use bpfasm_tests::packet::{V4, eth, ethertype, proto, udp};
use bpfasm_tests::session::Session;
use bpfasm_tests::sniff::{Sniffer, inject};
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{LIMIT, Need, TempDir, ready, run, wait_until, which};
use nix::sys::signal::Signal;

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("ip")];

fn frame() -> Vec<u8> {
    let packet = V4::new(FAR_V4, NEAR_V4, proto::UDP).packet(&udp((1, 9), b"hello"));
    eth(NEAR_MAC, FAR_MAC, &[], ethertype::IPV4, &packet)
}

#[test]
fn hello_counter_counts_every_packet_and_passes_it() {
    if !ready(NEEDS) {
        return;
    }
    let (pair, frame) = (Pair::quiet(), frame());
    for mode in ["native", "generic"] {
        let mut command = bin::bpfasm(["run"]);
        command.arg(bin::program("hello_counter")).args(["--dev", NEAR, "--mode", mode]);
        let mut session = Session::start(&pair.near, command, |_| pair.near.net.xdp(NEAR).is_some());
        let sniffer = Sniffer::start(&pair.near.net, NEAR);
        inject(&pair.far, FAR, vec![frame.as_slice(); 37]);
        sniffer.wait_for(37, |seen| !seen.sent && seen.bytes == frame);
        assert_eq!(counter(&session.ids.map(".bss"), 0), 37);
        // Its greeting, and the global live as it changes.
        session.running.wait_for("hello, packet 32", LIMIT);
        session.running.wait_for("37", LIMIT);
        let output = session.end(Signal::SIGINT);
        assert!(output.text().contains(mode), "the mode is always printed: {output}");
        assert_eq!(pair.near.net.xdp(NEAR), None);
    }
}

#[test]
fn hello_execve_greets_every_execve_by_name() {
    if !ready(NEEDS) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let mut command = bin::bpfasm(["run"]);
    command.arg(bin::program("hello_execve"));
    let session = Session::start(&space, command, |ids| !ids.progs.is_empty());
    // The task that calls has another name than the command: a shell by another name.
    let odd = dir.file("odd-one-out");
    std::fs::copy(which("sh").expect("a shell"), &odd).expect("copy");
    let greeted = || {
        run(Command::new(&odd).args(["-c", "exec /bin/true"])).ok();
        let text = session.running.text();
        let ours = |line: &str| line.contains("odd-one-out-") && line.ends_with("hello, /bin/true");
        text.lines().any(ours).then_some(())
    };
    wait_until("the greeting", Duration::from_secs(10), greeted);
    session.end(Signal::SIGTERM);
}
