//! What cannot work: the exit code, the words, and that nothing stays behind.

use std::path::Path;
use std::process::Command;

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::kernel::Ids;
use bpfasm_tests::mounts::MountNs;
use bpfasm_tests::net::{NEAR, NetNs, Pair};
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, Output, TempDir, ready, which};

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("ip")];

/// Exit codes of DESIGN §10.
mod code {
    pub const INPUT: i32 = 1;
    pub const USAGE: i32 = 2;
    pub const VERIFIER: i32 = 3;
    pub const PERMISSION: i32 = 4;
    pub const SYSTEM: i32 = 5;
}

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        assert!(output.stderr.contains(word), "`{word}` is not said: {output}");
    }
    assert!(!output.text().contains("panicked"), "{output}");
}

fn source(dir: &TempDir, name: &str, section: &str, body: &str) -> std::path::PathBuf {
    dir.write(
        &format!("{name}.bpfasm"),
        format!(
            "license \"GPL\"\nmap {name}_map: array<u32, u64>[1]\n\nprog {name}: \"{section}\" {{\n{body}}}\n"
        ),
    )
}

const PASS: &str = "    r1 = MAP_map ll\n    w0 = 2\n    exit\n";

fn passing(dir: &TempDir, name: &str) -> std::path::PathBuf {
    source(dir, name, "xdp", &PASS.replace("MAP", name))
}

fn load(file: &Path, pin: &str) -> Command {
    bpfasm(["load".as_ref(), file.as_os_str(), "--pin".as_ref(), pin.as_ref()])
}

fn run_on(file: &Path, dev: &str) -> Command {
    bpfasm(["run".as_ref(), file.as_os_str(), "--dev".as_ref(), dev.as_ref()])
}

#[test]
fn a_device_that_does_not_exist() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space::new());
    let output = space.output(run_on(&passing(&dir, "t_nodev"), "nowhere0")).exited(code::SYSTEM);
    says(&output, &["nowhere0"]);
    Ids::named("t_nodev").wait_gone();
}

#[test]
fn a_device_that_is_taken() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let first = pair.near.start(run_on(&passing(&dir, "t_first"), NEAR));
    let attached = || pair.near.net.xdp(NEAR);
    let before = bpfasm_tests::tool::wait_until("the first", bpfasm_tests::tool::LIMIT, attached);
    let output = pair.near.output(run_on(&passing(&dir, "t_second"), NEAR)).exited(code::SYSTEM);
    says(&output, &[NEAR]);
    assert_eq!(pair.near.net.xdp(NEAR), Some(before), "the first one stays");
    Ids::named("t_second").wait_gone();
    drop(first);
}

#[test]
fn a_rejected_program() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let body = "    r2 = *(u32 *)(r1 + 0)\n    r0 = *(u8 *)(r2 + 0)\n    exit\n";
    let file = source(&dir, "t_rejected", "xdp", body);
    let output = pair.near.output(run_on(&file, NEAR)).exited(code::VERIFIER);
    // The kernel's own words, and the line it is about.
    says(
        &output,
        &["invalid access to packet", "t_rejected.bpfasm:6", "r0 = *(u8 *)(r2 + 0)", "processed 2 insns"],
    );
    assert_eq!(pair.near.net.xdp(NEAR), None);
    Ids::named("t_rejected").wait_gone();
}

#[test]
fn no_bpffs() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space { net: NetNs::new(), mounts: MountNs::bare() });
    let output = space.output(load(&passing(&dir, "t_nobpffs"), "/sys/fs/bpf/here")).exited(code::SYSTEM);
    says(&output, &["/sys/fs/bpf", "BPF file system", "mount -t bpf"]);
    Ids::named("t_nobpffs").wait_gone();
    // A folder of another file system, too.
    let target = dir.file("here");
    let output =
        space.output(load(&passing(&dir, "t_nobpffs"), target.to_str().expect("UTF-8"))).exited(code::SYSTEM);
    says(&output, &["BPF file system"]);
    assert!(!target.exists(), "nothing is made there");
    Ids::named("t_nobpffs").wait_gone();
}

#[test]
fn a_pin_that_exists() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space::new());
    let file = passing(&dir, "t_pinned");
    space.output(load(&file, "/sys/fs/bpf/here")).ok();
    let pins = || {
        space.run(|| {
            let entries = std::fs::read_dir("/sys/fs/bpf/here").expect("pins");
            let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
            names.sort();
            names
        })
    };
    let (before, ids) = (pins(), Ids::named("t_pinned"));
    assert!(!before.is_empty() && !ids.progs.is_empty(), "{before:?} {ids:?}");
    let output = space.output(load(&file, "/sys/fs/bpf/here")).exited(code::SYSTEM);
    says(&output, &["/sys/fs/bpf/here", "exist"]);
    assert_eq!(pins(), before);
    bpfasm_tests::tool::wait_until("the second load to go", bpfasm_tests::tool::LIMIT, || {
        (Ids::named("t_pinned") == ids).then_some(())
    });
    // The pins are what holds the program: with the file system it goes.
    drop(space);
    ids.wait_gone();
}

#[test]
fn without_privileges() {
    if !ready(&[Need::Root, Need::Tool("ip"), Need::Tool("setpriv")]) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    // The target folder may be closed to others.
    let binary = dir.file("bpfasm");
    std::fs::copy(bin::path(), &binary).expect("copy");
    let file = passing(&dir, "t_nobody");
    let mut command = Command::new(which("setpriv").expect("checked"));
    command.args([
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]);
    command.arg(&binary).arg("run").arg(&file).args(["--dev", NEAR]).current_dir("/");
    let output = pair.near.output(command).exited(code::PERMISSION);
    says(&output, &["CAP_BPF", "root"]);
    assert_eq!(pair.near.net.xdp(NEAR), None);
    Ids::named("t_nobody").wait_gone();
}

#[test]
fn wrong_usage_and_files_that_are_not_there() {
    let no_verb = bpfasm_tests::tool::run(bpfasm(["frobnicate"])).exited(code::USAGE);
    says(&no_verb, &["frobnicate"]);
    let no_file = bpfasm_tests::tool::run(bpfasm(["check", "/nowhere/at/all.bpfasm"]));
    assert!(matches!(no_file.code(), Some(code::INPUT | code::SYSTEM)), "{no_file}");
    says(&no_file, &["/nowhere/at/all.bpfasm"]);
}

#[test]
fn names_and_values_that_do_not_fit() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::quiet();
    let port_drop = bin::program("port_drop");
    for (args, words) in [
        (["--set", "prot=4040"], ["prot", "port"]),
        (["--set", "port=70000"], ["port", "70000"]),
        (["--set", "port=http"], ["port", "http"]),
        (["--map", "allowed[10.9.0.1/32]=1"], ["allowed", "drops"]),
        (["--map", "drops[x]=1"], ["drops", "x"]),
    ] {
        let mut command = run_on(&port_drop, NEAR);
        command.args(args);
        let output = pair.near.output(command);
        assert!(matches!(output.code(), Some(code::INPUT | code::USAGE)), "{args:?}: {output}");
        says(&output, &words);
        assert_eq!(pair.near.net.xdp(NEAR), None);
    }
}
