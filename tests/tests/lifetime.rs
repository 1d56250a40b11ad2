//! How long what was loaded and attached lives: `load`, `attach`, `detach`, and a `run` that is killed.

use std::ffi::OsStr;
use std::path::Path;

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::kernel::Ids;
use bpfasm_tests::net::{NEAR, Pair};
use bpfasm_tests::session::Session;
use bpfasm_tests::tool::{LIMIT, Need, Output, TempDir, ready, wait_until};
use nix::sys::signal::Signal;

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("ip"), Need::Tool("tc")];
const PIN: &str = "/sys/fs/bpf/here";

fn call(pair: &Pair, args: &[&str]) -> Output {
    pair.near.output(bpfasm(args))
}

/// A program that passes every packet and can be told from all others by its name.
fn passing(dir: &TempDir, name: &str, section: &str, code: u32) -> std::path::PathBuf {
    let text = format!("license \"GPL\"\n\nprog {name}: \"{section}\" {{\n    w0 = {code}\n    exit\n}}\n");
    dir.write(&format!("{name}.bpfasm"), text)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn load_with_a_device_attaches_for_as_long_as_the_pins_are_there() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let file = passing(&dir, "t_life", "xdp", 2);
    let output = call(&pair, &["load", text(&file), "--pin", PIN, "--dev", NEAR]).ok();
    assert!(output.stdout.contains("native"), "the mode is always printed: {output}");
    let ids = Ids::named("t_life");
    let (mode, id) = pair.near.net.xdp(NEAR).expect("it stays attached");
    assert_eq!((mode, Some(&u32::try_from(id).expect("an id"))), (1, ids.progs.first()));
    // Its own pin of the program is enough to find it, and only that is detached.
    call(&pair, &["detach", &format!("{PIN}/t_life")]).ok();
    wait_until("the program to be off", LIMIT, || pair.near.net.xdp(NEAR).is_none().then_some(()));
    assert_eq!(Ids::named("t_life").progs, ids.progs, "the program stays pinned");
    call(&pair, &["attach", &format!("{PIN}/t_life"), "--dev", NEAR, "--mode", "generic"]).ok();
    assert_eq!(pair.near.net.xdp(NEAR).map(|(mode, _)| mode), Some(2));
    let ids = Ids::named("t_life");
    pair.near.run(|| std::fs::remove_dir_all(PIN).expect("pins"));
    ids.wait_gone();
    assert_eq!(pair.near.net.xdp(NEAR), None);
}

#[test]
fn a_second_filter_leaves_the_first_one_and_its_qdisc_alone() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let before = pair.near.net.tc(NEAR);
    let files = ["t_one", "t_two"].map(|name| passing(&dir, name, "tc/egress", 0));
    for (file, pin) in files.iter().zip(["one", "two"]) {
        let pin = format!("/sys/fs/bpf/{pin}");
        call(&pair, &["load", text(file), "--pin", &pin, "--dev", NEAR]).ok();
    }
    let shows = |name: &str| pair.near.net.tc(NEAR).contains(name);
    assert!(shows("t_one") && shows("t_two"), "{}", pair.near.net.tc(NEAR));
    call(&pair, &["detach", "/sys/fs/bpf/two/t_two"]).ok();
    assert!(shows("t_one") && !shows("t_two"), "{}", pair.near.net.tc(NEAR));
    call(&pair, &["detach", "/sys/fs/bpf/one/t_one"]).ok();
    assert!(!shows("t_one"), "{}", pair.near.net.tc(NEAR));
    assert!(!before.contains("clsact"), "the device began without one: {before}");
}

#[test]
fn a_killed_run_leaves_no_xdp_program_behind() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::quiet();
    let mut command = bpfasm([OsStr::new("run"), bin::program("hello_counter").as_os_str()]);
    command.args(["--dev", NEAR]);
    let session = Session::start(&pair.near, command, |_| pair.near.net.xdp(NEAR).is_some());
    session.running.signal(Signal::SIGKILL);
    assert_eq!(session.running.wait(LIMIT).code(), None);
    session.ids.wait_gone();
    assert_eq!(pair.near.net.xdp(NEAR), None);
}

#[test]
fn output_for_machines_is_json() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let file = passing(&dir, "t_json", "xdp", 2);
    let output = call(&pair, &["load", text(&file), "--pin", PIN, "--dev", NEAR, "--json"]).ok();
    let value: serde_json::Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output}"));
    let id = Ids::named("t_json").progs.into_iter().next().expect("it is loaded");
    let found = |wanted: &serde_json::Value| contains(&value, wanted);
    assert!(found(&"t_json".into()) && found(&id.into()) && found(&"native".into()), "{value}");
}

/// Whether a value is anywhere in another.
fn contains(value: &serde_json::Value, wanted: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Object};
    value == wanted
        || match value {
            Array(items) => items.iter().any(|item| contains(item, wanted)),
            Object(fields) => fields.values().any(|field| contains(field, wanted)),
            _ => false,
        }
}
