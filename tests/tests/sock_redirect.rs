//! `programs/sock_redirect.bpfasm`: local TCP goes from socket to socket, past the loopback device.

use std::process::Command;

use bpfasm_tests::bin;
use bpfasm_tests::cgroup::Cgroup;
use bpfasm_tests::packet::{ethertype, proto};
use bpfasm_tests::session::Session;
use bpfasm_tests::sniff::Sniffer;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{LIMIT, Need, ready, run, skip, which};
use nix::sys::signal::Signal;

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("ip"), Need::Tool("bpftool")];
const PEER: &str = env!("CARGO_BIN_EXE_bpfasm-peer");
const BYTES: usize = 100_000;

/// Bytes of TCP payload in an IPv4 frame.
fn payload(frame: &[u8]) -> usize {
    let ip = &frame[14..];
    if frame[12..14] != ethertype::IPV4.to_be_bytes() || ip[9] != proto::TCP {
        return 0;
    }
    let header = usize::from(ip[0] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    total - header - usize::from(ip[header + 12] >> 4) * 4
}

/// Sends [`BYTES`] to an echo server and gets them back; gives how many bytes of payload `lo` saw.
fn exchange(space: &Space, cgroup: &Cgroup, address: &str) -> usize {
    let sniffer = Sniffer::start(&space.net, "lo");
    let mut server = space.start(cgroup.peer(PEER).args(["serve", address]));
    server.wait_for("ready", LIMIT);
    let client = space.output(cgroup.peer(PEER).args(["send", address, &BYTES.to_string()])).ok();
    assert_eq!(client.stdout, format!("got {BYTES} back\n"));
    assert!(server.wait(LIMIT).ok().stdout.contains(&format!("echoed {BYTES}")));
    let seen = sniffer.stop();
    assert!(!seen.is_empty(), "the handshake at least crosses lo");
    seen.iter().filter(|seen| seen.sent).map(|seen| payload(&seen.bytes)).sum()
}

#[test]
fn no_byte_of_a_redirected_connection_crosses_the_loopback_device() {
    if !ready(NEEDS) {
        return;
    }
    let space = Space::new();
    let Some(cgroup) = Cgroup::new("redirect") else { return skip("no cgroup2 is mounted") };
    assert_eq!(exchange(&space, &cgroup, "127.0.0.1:7001"), 2 * BYTES, "without bpfasm all of them do");

    let mut command = bin::bpfasm(["run"]);
    command.arg(bin::program("sock_redirect")).arg("--cgroup").arg(cgroup.path());
    let session = Session::start(&space, command, |ids| ids.progs.len() >= 2 && sock_ops_attached(&cgroup));
    assert_eq!(exchange(&space, &cgroup, "127.0.0.1:7002"), 0);
    session.end(Signal::SIGINT);
    assert!(!sock_ops_attached(&cgroup), "nothing stays attached to the cgroup");

    assert_eq!(exchange(&space, &cgroup, "127.0.0.1:7003"), 2 * BYTES, "and all of them do again");
}

fn sock_ops_attached(cgroup: &Cgroup) -> bool {
    let bpftool = which("bpftool").expect("checked");
    let output = run(Command::new(bpftool).args(["cgroup", "show"]).arg(cgroup.path()));
    output.stdout.contains("sock_ops")
}
