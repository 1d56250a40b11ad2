//! What someone without rights is told. The programs are loaded as root; a child without any capability attaches them.
#![allow(missing_docs)]

mod attach_support;

use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use attach_support::*;
use bpfasm_loader::attach::Target;

/// The section of the child's program, which is its standard input.
const SECTION: &str = "BPFASM_TEST_SECTION";

/// The child's part; nothing where there is no parent.
#[test]
fn child() {
    let Ok(section) = std::env::var(SECTION) else { return };
    let prog = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    for prefer_netlink in [false, true] {
        let target = Target { prefer_netlink, ..dev("va") };
        match attach(&prog, &section, &target) {
            Ok(attachment) => println!("{section}: attached: {attachment}"),
            Err(said) => println!("{section}: {said}"),
        }
    }
}

#[test]
fn each_refusal_names_the_right_that_is_missing() {
    in_netns(|| {
        let _socket = veth();
        let mut said = String::new();
        for section in ["xdp", "tc/egress", "tp/sched/sched_switch"] {
            // The binary may lie where others cannot look: it is run as root, with nothing that root can do.
            let done = Command::new("setpriv")
                .args(["--bounding-set=-all", "--inh-caps=-all"])
                .arg(std::env::current_exe().unwrap())
                .args(["--exact", "child", "--nocapture"])
                .env(SECTION, section)
                .stdin(Stdio::from(load(section, "one", &returns(1))))
                .output();
            let Ok(done) = done else { return skip("setpriv is not installed") };
            assert!(done.status.success(), "{done:?}");
            said += &String::from_utf8_lossy(&done.stdout);
        }
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
