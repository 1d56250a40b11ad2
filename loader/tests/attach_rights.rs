//! What someone without rights is told. The programs are loaded as root; a child without any capability attaches them.
#![allow(missing_docs)]

mod attach_support;

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::process::Command;

use attach_support::*;
use bpfasm_loader::attach::Target;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// `SECTION=FD,…`: set for the child.
const PROGRAMS: &str = "BPFASM_TEST_PROGRAMS";

/// The child's part; nothing where there is no parent.
#[test]
fn child() {
    let Ok(programs) = std::env::var(PROGRAMS) else { return };
    for program in programs.split(',') {
        let (section, fd) = program.split_once('=').unwrap();
        let link = format!("/proc/self/fd/{fd}");
        assert!(std::fs::read_link(link).unwrap().to_string_lossy().contains("bpf-prog"));
        let prog = inherited(fd.parse().unwrap());
        for prefer_netlink in [false, true] {
            let target = Target { prefer_netlink, ..dev("va") };
            match attach(&prog, section, &target) {
                Ok(attachment) => println!("{section}: attached: {attachment}"),
                Err(said) => println!("{section}: {said}"),
            }
        }
    }
}

/// A second descriptor of one that the parent left open.
#[allow(unsafe_code)]
fn inherited(fd: i32) -> OwnedFd {
    // SAFETY: the caller has seen that the descriptor is open, and nothing here closes it.
    unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned().unwrap()
}

#[test]
fn each_refusal_names_the_right_that_is_missing() {
    in_netns(|| {
        let _socket = veth();
        let sections = ["xdp", "tc/egress", "tp/sched/sched_switch"];
        let progs: Vec<(&str, OwnedFd)> =
            sections.iter().map(|section| (*section, load(section, "one", &returns(1)))).collect();
        for (_, prog) in &progs {
            fcntl(prog, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
        }
        let list: Vec<String> = progs.iter().map(|(s, fd)| format!("{s}={}", fd.as_raw_fd())).collect();
        let own = std::env::current_exe().unwrap();
        // The binary may lie where others cannot look: it is run as root, with nothing that root can do.
        let done = Command::new("setpriv")
            .args(["--bounding-set=-all", "--inh-caps=-all"])
            .arg(own)
            .args(["--exact", "child", "--nocapture"])
            .env(PROGRAMS, list.join(","))
            .output();
        let Ok(done) = done else { return skip("setpriv is not installed") };
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{said}");
        for begin in [
            "xdp: attaching to xdp on va is not permitted (RTM_SETLINK: EPERM",
            "tc/egress: attaching to tc egress on va is not permitted (RTM_NEWQDISC: EPERM",
        ] {
            let told = said.lines().any(|l| l.starts_with(begin) && l.contains("it needs CAP_NET_ADMIN"));
            assert!(told, "{begin}\n{said}");
        }
        // Without rights tracefs is closed before anything else.
        assert!(
            said.contains("tp/sched/sched_switch: the number of tracepoint `sched/sched_switch` cannot"),
            "{said}"
        );
        // For a link the kernel asks for no right: who has the program's descriptor may.
        assert_eq!(said.matches("attached: ").count(), 1, "{said}");
    });
}
