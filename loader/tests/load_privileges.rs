//! What a process without privileges is told.

mod load_common;

use bpfasm_asm::uapi::MapType;
use bpfasm_loader::load::{Options, load};
use load_common::*;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Set for the child.
const CHILD: &str = "BPFASM_TEST_NOBODY";

/// Run as nobody by the test below, and nothing without it.
#[test]
fn as_nobody() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let e = load(&pass("p"), &Options::default()).unwrap_err().to_string();
    let want = "this process lacks CAP_BPF and CAP_NET_ADMIN; run it as root";
    assert!(e.starts_with("program `p`: bpf(BPF_PROG_LOAD): EPERM") && e.ends_with(want), "{e}");
    if std::fs::read_to_string("/proc/sys/kernel/unprivileged_bpf_disabled").is_ok_and(|s| s.trim() != "0") {
        let e = load(&counter("p", MapType::HASH), &Options::default()).unwrap_err().to_string();
        assert!(e.starts_with("map `hits`: bpf(BPF_MAP_CREATE): EPERM"), "{e}");
        assert!(e.contains("kernel.unprivileged_bpf_disabled is "), "{e}");
    }
}

#[test]
fn nobody_is_told_what_is_missing() {
    if !may_load() {
        return;
    }
    // A copy, since nobody may not look into everybody's build folder.
    let copy = std::env::temp_dir().join(format!("bpfasm-nobody-{}", std::process::id()));
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let output = Command::new(&copy)
        .args(["--exact", "as_nobody"])
        .env(CHILD, "1")
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .output();
    let _ = std::fs::remove_file(&copy);
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}
