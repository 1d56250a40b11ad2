//! `--dry-run` and `--explain`: what a load asks of the kernel, in words.

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::cgroup::Cgroup;
use bpfasm_tests::kernel::Ids;
use bpfasm_tests::net::{NEAR, Pair};
use bpfasm_tests::tool::{Need, ready, skip};
use serde_json::Value;

const PIN: &str = "/sys/fs/bpf/calls";

/// Of each call what was asked for, and the descriptor or errno that came back.
fn calls(text: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(text).expect("JSON");
    let calls = document["calls"].as_array().expect("calls");
    calls.iter().map(|c| format!("{} {} {} {}", c["call"], c["fields"], c["fd"], c["errno"])).collect()
}

#[test]
fn a_dry_run_tells_what_the_load_then_does_and_does_nothing() {
    if !ready(&[Need::Root, Need::Tool("ip"), Need::Tool("tc")]) {
        return;
    }
    let Some(cgroup) = Cgroup::new("calls") else { return skip("no cgroup2") };
    let cgroup = cgroup.path().to_str().expect("UTF-8");
    let cases: [(&str, &[&str]); 5] = [
        ("port_drop", &["--dev", NEAR]),
        ("port_drop", &["--dev", NEAR, "--mode", "generic", "--netlink"]),
        ("spoof_drop", &["--dev", NEAR]),
        ("sock_redirect", &["--cgroup", cgroup]),
        ("hello_execve", &["--attach"]),
    ];
    for (name, args) in cases {
        let pair = Pair::quiet();
        let load = |more: &str| {
            let mut command = bpfasm(["load"]);
            command.arg(bin::program(name)).args(["--pin", PIN, "--json", more]).args(args);
            pair.near.output(command).ok().stdout
        };
        let told = calls(&load("--dry-run"));
        assert!(told.len() > 6, "{name}: {told:#?}");
        pair.near.run(|| assert!(!std::path::Path::new(PIN).exists(), "{name}: something is pinned"));
        assert_eq!(pair.near.net.xdp(NEAR), None, "{name}");
        assert!(!pair.near.net.tc(NEAR).contains("clsact"), "{name}");
        let done = calls(&load("--explain"));
        // For its report the load asks about its programs once more.
        assert!(done.len() >= told.len(), "{name}");
        for (told, done) in told.iter().zip(&done) {
            // Which programs sockets have is asked of maps that are there.
            assert!(told == done || told.contains("PROG_QUERY"), "{name}:\n{told}\n{done}");
        }
        let more = &done[told.len()..];
        assert!(more.iter().all(|c| c.contains("BPF_OBJ_GET_INFO_BY_FD")), "{name}: {more:#?}");
    }
}

#[test]
fn a_dry_run_needs_no_rights_and_no_pin() {
    let program = bin::program("hello_counter");
    // Without any capability, where this process has some to lose.
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]);
    command.arg(bin::path()).arg("load").arg(program).arg("--dry-run");
    if !ready(&[Need::Root, Need::Tool("setpriv")]) {
        return;
    }
    let before = Ids::named("hello_counter").progs;
    let output = bpfasm_tests::tool::run(command).ok();
    let names: Vec<&str> = output.stdout.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(names.first(), Some(&"bpf(BPF_BTF_LOAD)"), "{output}");
    assert_eq!(names.last(), Some(&"bpf(BPF_PROG_LOAD)"), "{output}");
    assert!(output.stdout.contains("prog_type=xdp insn_cnt="), "{output}");
    assert_eq!(Ids::named("hello_counter").progs, before);
}

#[test]
fn what_failed_is_told_with_its_errno() {
    if !ready(&[Need::Root, Need::Tool("ip")]) {
        return;
    }
    let pair = Pair::quiet();
    let mut command = bpfasm(["load"]);
    command.arg(bin::program("port_drop")).args(["--pin", PIN, "--dev", "nope0", "--explain"]);
    let output = pair.near.output(command).exited(5);
    let line = output.stderr.lines().find(|l| l.contains("RTM_GETLINK")).expect("the call");
    assert!(line.contains(" us ") && line.ends_with(r#"IFLA_IFNAME="nope0" = ENODEV"#), "{line}");
    pair.near.run(|| assert!(!std::path::Path::new(PIN).exists()));
}

#[test]
fn a_call_that_the_kernel_refuses_makes_its_exit_code() {
    if !ready(&[Need::Root, Need::Tool("strace")]) {
        return;
    }
    let space = bpfasm_tests::space::Space::new();
    for (errno, code) in [("EPERM", 4), ("ENOMEM", 5), ("EINVAL", 5), ("EMFILE", 5)] {
        // The first is for types, without which it goes on. From the second on each in turn, and all behind it.
        for first in 2.. {
            let mut command = std::process::Command::new("strace");
            let inject = format!("inject=bpf:error={errno}:when={first}+");
            command.args(["-qq", "-o", "/dev/null", "-e", "trace=bpf", "-e", &inject]).arg(bin::path());
            command.arg("load").arg(bin::program("port_drop")).args(["--pin", PIN]);
            let output = space.output(command);
            if output.code() == Some(0) {
                assert!(first > 7, "{errno}: {output}");
                space.run(|| std::fs::remove_dir_all(PIN).expect("pins"));
                break;
            }
            assert!(output.stderr.contains(errno), "{first}, {errno}: {output}");
            assert_eq!(output.code(), Some(code), "{first}, {errno}: {output}");
            space.run(|| assert!(!std::path::Path::new(PIN).exists(), "{first}, {errno}"));
        }
    }
}
