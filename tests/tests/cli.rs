//! The command line by itself: what it refuses, what it says, and what it leaves when its output cannot be written,
//! when it is asked to end, or when it has only some rights.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::kernel::Ids;
use bpfasm_tests::net::{NEAR, Pair};
use bpfasm_tests::session::Session;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{LIMIT, Need, Output, TempDir, ready, run, wait_until, which};
use nix::sys::signal::Signal;

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("ip")];
const PIN: &str = "/sys/fs/bpf/here";

fn passing(dir: &TempDir, name: &str) -> PathBuf {
    let text = format!("license \"GPL\"\n\nprog {name}: \"xdp\" {{\n    w0 = 2\n    exit\n}}\n");
    dir.write(&format!("{name}.bpfasm"), text)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        assert!(output.stderr.contains(word), "`{word}` is not said: {output}");
    }
}

/// Runs a command whose standard output is full from the first byte on; gives its exit code and what it said.
fn on_full(mut command: Command) -> (Option<i32>, String) {
    let full = File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).output().expect("start");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The names below the pins.
fn pins(space: &Space) -> Vec<String> {
    let find = space.output(Command::new("find").args(["/sys/fs/bpf", "-mindepth", "1"])).ok();
    find.stdout.lines().filter(|line| !line.ends_with(".debug")).map(str::to_owned).collect()
}

/// A command with only some capabilities, as nobody.
fn with_rights(dir: &TempDir, rights: &[&str], args: &[&str]) -> Command {
    // The target folder may be closed to others.
    let binary = dir.file("bpfasm");
    if !binary.exists() {
        fs::copy(bin::path(), &binary).expect("copy");
    }
    let set = ["-all".to_owned()].into_iter().chain(rights.iter().map(|r| format!("+{r}")));
    let set = set.collect::<Vec<_>>().join(",");
    let mut command = Command::new(which("setpriv").expect("checked"));
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    for kind in ["inh-caps", "ambient-caps", "bounding-set"] {
        command.arg(format!("--{kind}={set}"));
    }
    command.arg(binary).args(args).current_dir("/");
    command
}

#[test]
fn a_source_is_never_overwritten() {
    let dir = TempDir::new();
    let source = passing(&dir, "t_source");
    let before = fs::read(&source).expect("read");
    let object = dir.write("t_source.o", &before);
    fs::hard_link(&source, dir.file("twin")).expect("link");
    for args in [
        vec!["build", text(&source), "-o", text(&source)],
        vec!["build", text(&source), "-o", text(&dir.file("twin"))],
        // The default would be itself.
        vec!["build", text(&object)],
    ] {
        says(&run(bpfasm(&args)).exited(2), &["its source", "-o FILE"]);
    }
    assert_eq!(
        (fs::read(&source).expect("read"), fs::read(&object).expect("read")),
        (before.clone(), before)
    );
    assert_eq!(fs::read_dir(dir.path()).expect("list").count(), 3, "nothing beside them");
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let dir = TempDir::new();
    let source = passing(&dir, "t_full");
    for args in [["build", "-o", "-"], ["expand", "--endian", "big"], ["build", "-o", "/dev/full"]] {
        let mut command = bpfasm(args);
        command.arg(&source);
        let (code, said) = on_full(command);
        assert_eq!(code, Some(5), "{args:?}: {said}");
        assert!(said.contains("no space left"), "{args:?}: {said}");
    }
    // Diagnostics that nobody can read are no panic.
    let wrong = dir.write("wrong.bpfasm", "prog x: \"xdp\" {\n    bad\n}\n");
    let full = File::options().write(true).open("/dev/full").expect("/dev/full");
    let status = bpfasm(["check".as_ref(), wrong.as_os_str()]).stderr(full).status().expect("start");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn what_the_command_line_says_wrongly_is_wrong_usage() {
    let dir = TempDir::new();
    let source = passing(&dir, "t_usage");
    let port_drop = bin::program("port_drop");
    let empty = dir.write("empty.bpfasm", "");
    for (code, args, words) in [
        (2, vec!["build", text(&source), "--json", "-o", "-"], "standard output"),
        (2, vec!["run", text(&source), "--prog", "nope"], "t_usage"),
        (2, vec!["run", text(&port_drop), "--set", "prot=1"], "port"),
        (2, vec!["run", text(&port_drop), "--map", "drops[0"], "MAP[KEY]=VALUE"),
        (2, vec!["detach", "/etc/passwd"], "not a pin"),
        (1, vec!["run", text(&empty), "--dev", "lo"], "no program"),
        (1, vec!["load", text(&empty), "--pin", PIN], "no program"),
        (1, vec!["check", "/bin/sh"], "ELF"),
    ] {
        says(&run(bpfasm(&args)).exited(code), &[words]);
    }
    if !ready(NEEDS) {
        return;
    }
    let space = Space::new();
    says(&space.output(bpfasm(["run", text(&source)])).exited(2), &["--dev IF"]);
    space.output(bpfasm(["load", text(&source), "--pin", PIN])).ok();
    let pin = format!("{PIN}/t_usage");
    says(&space.output(bpfasm(["attach", &pin, "tc/egress", "--dev", "lo"])).exited(2), &["sched_cls"]);
    says(&space.output(bpfasm(["attach", &pin, "--sockmap", "m"])).exited(2), &["path of the map's pin"]);
    says(&space.output(bpfasm(["detach", PIN])).exited(2), &["not a pin"]);
    let json = space.output(bpfasm(["detach", &pin, "--json"])).exited(5);
    says(&json, &["attached nowhere"]);
    let redirect = bin::program("sock_redirect");
    says(&space.output(bpfasm(["run", text(&redirect), "--test"])).exited(2), &["takes packets"]);
}

#[test]
fn a_load_that_cannot_be_told_is_undone() {
    if !ready(NEEDS) {
        return;
    }
    let pair = Pair::quiet();
    let hello = bin::program("hello_counter");
    let load = || bpfasm(["load", text(&hello), "--pin", PIN, "--dev", NEAR]);
    let (code, said) = pair.near.run(|| on_full(load()));
    assert_eq!(code, Some(5), "{said}");
    assert_eq!((pins(&pair.near), pair.near.net.xdp(NEAR)), (vec![], None));
    pair.near.output(bpfasm(["load", text(&hello), "--pin", PIN])).ok();
    let (before, pin) = (pins(&pair.near), format!("{PIN}/hello_counter"));
    let (code, said) = pair.near.run(|| on_full(bpfasm(["attach", &pin, "--dev", NEAR])));
    assert_eq!(code, Some(5), "{said}");
    assert_eq!((pins(&pair.near), pair.near.net.xdp(NEAR)), (before, None));
}

#[test]
fn a_program_is_detached_from_all_its_links_beside_it_and_others_are_told() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let pin = format!("{PIN}/t_links");
    let other = format!("{PIN}/links/other");
    pair.near.output(bpfasm(["load", text(&passing(&dir, "t_links")), "--pin", PIN, "--dev", NEAR])).ok();
    pair.near.net.ip("link add spare type veth peer name spare_peer");
    pair.near.output(bpfasm(["attach", &pin, "--dev", "spare", "--pin", &other])).ok();
    let output = pair.near.output(bpfasm(["detach", &pin])).ok();
    assert_eq!(output.stdout.matches("xdp link").count(), 2, "{output}");
    assert_eq!((pair.near.net.xdp(NEAR), pair.near.net.xdp("spare")), (None, None));
    assert_eq!(pins(&pair.near), [PIN, &pin], "the directory of links is gone");
    let elsewhere = format!("{PIN}/elsewhere");
    pair.near.output(bpfasm(["attach", &pin, "--dev", NEAR, "--pin", &elsewhere])).ok();
    let output = pair.near.output(bpfasm(["detach", &pin])).ok();
    says(&output, &["still has this program attached"]);
    assert!(pair.near.net.xdp(NEAR).is_some(), "it is not ours to detach: {output}");
}

#[test]
fn what_needs_no_root_works_without_it() {
    if !ready(&[Need::Root, Need::Tool("ip"), Need::Tool("setpriv")]) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let source = passing(&dir, "t_rights");
    let open = "/sys/fs/bpf/open";
    pair.near.output(Command::new("mkdir").args(["-m", "777", open])).ok();
    let (pins, pin) = (format!("{open}/here"), format!("{open}/here/t_rights"));
    let call = |rights: &[&str], args: &[&str]| pair.near.output(with_rights(&dir, rights, args));
    let network = ["bpf", "net_admin"];
    call(&network, &["load", text(&source), "--pin", &pins, "--dev", NEAR]).ok();
    call(&network, &["detach", &pin]).ok();
    call(&network, &["attach", &pin, "--dev", NEAR, "--netlink"]).ok();
    let output = call(&network, &["detach", &pin]).ok();
    assert!(output.stdout.contains("native mode"), "{output}");
    assert_eq!(pair.near.net.xdp(NEAR), None);
    // Each refusal names the one right that is missing.
    let sockets = dir.write(
        "sockets.bpfasm",
        "license \"GPL\"\nmap socks: sockhash<u32, u64>[4]\nprog m: \"sk_msg\" {\n    r1 = socks ll\n    w0 = 1\n    exit\n}\n",
    );
    let output = call(&["bpf"], &["run", text(&sockets)]).exited(4);
    says(&output, &["lacks CAP_NET_ADMIN"]);
    let hello = dir.write("hello.bpfasm", fs::read(bin::program("hello_execve")).expect("read"));
    call(&["bpf", "perfmon"], &["run", text(&hello)]).exited(4);
    pair.near.output(Command::new("mkdir").args(["-m", "755", "/sys/fs/bpf/shut"])).ok();
    let shut = call(&network, &["load", text(&source), "--pin", "/sys/fs/bpf/shut/here"]).exited(4);
    says(&shut, &["EACCES"]);
}

#[test]
fn nohup_is_heeded() {
    if !ready(&[Need::Root, Need::Tool("ip"), Need::Tool("nohup")]) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let mut command = Command::new(which("nohup").expect("checked"));
    command.arg(bin::path()).arg("run").arg(passing(&dir, "t_nohup")).args(["--dev", NEAR]);
    let mut session = Session::start(&pair.near, command, |_| pair.near.net.xdp(NEAR).is_some());
    session.running.signal(Signal::SIGHUP);
    std::thread::sleep(Duration::from_millis(300));
    assert!(session.running.alive(), "{}", session.running.text());
    session.end(Signal::SIGTERM);
    assert_eq!(pair.near.net.xdp(NEAR), None);
}

#[test]
fn a_device_that_goes_away_is_no_error() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, pair) = (TempDir::new(), Pair::quiet());
    let source = passing(&dir, "t_gone");
    for more in [&[][..], &["--netlink"]] {
        pair.near.net.ip("link add spare type veth peer name spare_peer");
        let mut command = bpfasm(["run", text(&source), "--dev", "spare"]);
        command.args(more);
        let session = Session::start(&pair.near, command, |_| pair.near.net.xdp("spare").is_some());
        pair.near.net.ip("link del spare");
        session.end(Signal::SIGTERM);
    }
}

/// Calls getppid(2), which the programs below hang on, on a thread of its own until `until` is done.
fn while_calling<T>(until: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let _ = nix::unistd::getppid();
            }
        });
        let value = std::panic::catch_unwind(std::panic::AssertUnwindSafe(until));
        stop.store(true, Ordering::Relaxed);
        value.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn on_getppid(body: &str) -> String {
    format!(
        "license \"GPL\"\nglobal calls: u64\nmap seen: hash<u32, u64>[4096]\n\
         prog t_calls: \"tracepoint/syscalls/sys_enter_getppid\" {{\n    r1 = calls ll\n    r7 = 1\n    \
         r7 = atomic_fetch_add((u64 *)(r1 + 0), r7)\n{body}    w0 = 0\n    exit\n}}\n"
    )
}

#[test]
fn a_flood_of_messages_holds_up_neither_signals_nor_values() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space::new());
    let print = "    r1 = \"call\" ll\n    w2 = 5\n    call bpf_trace_printk\n";
    let source = dir.write("t_flood.bpfasm", on_getppid(print));
    let output = while_calling(|| {
        let mut session = Session::start(&space, bpfasm(["run", text(&source)]), |ids| !ids.links.is_empty());
        session.running.wait_for("  call", LIMIT);
        session.running.wait_for("calls = ", LIMIT);
        session.end(Signal::SIGTERM)
    });
    assert!(output.stdout.contains("  call"), "{output}");
}

#[test]
fn a_reader_that_reads_no_more_does_not_keep_a_program_attached() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space::new());
    let print = "    r1 = \"call\" ll\n    w2 = 5\n    call bpf_trace_printk\n";
    let source = dir.write("t_stuck.bpfasm", on_getppid(print));
    let mut command = bpfasm(["run", text(&source)]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Its standard output is a pipe that is open, and that nobody reads.
    let mut child = space.run(|| command.spawn().expect("start"));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    let (ids, status) = while_calling(|| {
        let attached = || Some(Ids::of(child.id())).filter(|ids| !ids.links.is_empty());
        let ids = wait_until("the attachment", LIMIT, attached);
        std::thread::sleep(Duration::from_secs(2));
        nix::sys::signal::kill(pid, Signal::SIGTERM).expect("kill");
        (ids, wait_until("its end", LIMIT, || child.try_wait().expect("wait")))
    });
    assert!(status.success(), "{status}");
    ids.wait_gone();
}

#[test]
fn an_element_out_of_sight_is_not_gone() {
    if !ready(NEEDS) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space::new());
    let body = "    r7 &= 4095\n    *(u32 *)(r10 - 4) = r7\n    *(u64 *)(r10 - 16) = r7\n    r1 = seen ll\n    \
                r2 = r10\n    r2 += -4\n    r3 = r10\n    r3 += -16\n    r4 = 0\n    call bpf_map_update_elem\n";
    let source = dir.write("t_many.bpfasm", on_getppid(body));
    let output = while_calling(|| {
        let command = bpfasm(["run", text(&source), "--interval", "10"]);
        let mut session = Session::start(&space, command, |ids| !ids.links.is_empty());
        session.running.wait_for("map `seen` has more than 1024 elements", LIMIT);
        session.end(Signal::SIGTERM)
    });
    assert!(output.stdout.contains("seen[") && !output.stdout.contains("gone"), "{output}");
    Ids::named("t_calls").wait_gone();
}

#[test]
fn the_help_of_each_verb_has_examples() {
    let listed = run(bpfasm(["--help"])).ok().stdout;
    let verbs =
        listed.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let verbs = verbs.into_iter().filter(|verb| !verb.is_empty() && *verb != "help");
    let mut seen = 0;
    for verb in verbs {
        let of = if verb == "btf" { vec!["btf", "dump", "--help"] } else { vec![verb, "--help"] };
        let help = run(bpfasm(of)).ok().stdout;
        assert!(help.contains("Examples:\n  ") && help.contains(&format!("bpfasm {verb}")), "{help}");
        seen += 1;
    }
    assert!(seen > 10, "{listed}");
}
