//! Every call of every load fails once with each errno that it may have: the error names it or a fallback is taken, and
//! nothing stays. And load after load leaves nothing either.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::object::Object;
use bpfasm_asm::uapi::AttachType;
use bpfasm_loader::attach::{self, Attachment, How, Target};
use bpfasm_loader::load::{self, Loaded, Pins, Place, load};
use bpfasm_loader::sys::bpf::{self, Kind, Query};
use bpfasm_loader::sys::netlink::{EGRESS_PARENT, INGRESS_PARENT, Socket};
use bpfasm_loader::sys::seam::{Call, Outcome, Verdict, Watch, watch};
use bpfasm_tests::bin;
use bpfasm_tests::cgroup::Cgroup;
use bpfasm_tests::net::{NEAR, Pair};
use bpfasm_tests::tool::{Need, ready};
use nix::errno::Errno;
use std::os::fd::AsFd;

/// What a call may fail with.
const ERRNOS: [Errno; 14] = [
    Errno::EPERM,
    Errno::EACCES,
    Errno::EINVAL,
    Errno::ENOMEM,
    Errno::E2BIG,
    Errno::EAGAIN,
    Errno::ENOSPC,
    Errno::EEXIST,
    Errno::ENOENT,
    Errno::EBUSY,
    Errno::EINTR,
    Errno::EOPNOTSUPP,
    Errno::EMFILE,
    Errno::ENODEV,
];

/// Maps of maps, an array of programs, data of all kinds, types, two programs that share them.
const MANY: &str = r#"license "GPL"

config limit: u32 = 7
global seen: u64
global state: u32 = 3
map inner: array<u32, u64>[4]
map outer: array_of_maps<array<u32, u64>[4]>[2] = { 1: inner }
map jumps: prog_array[8] = { 0: second }
map events: ringbuf[4K]
map flows: hash<u32, u64>[16] { pinning: by_name }

prog first: "xdp" {
    r6 = r1
    r2 = seen ll
    r3 = *(u64 *)(r2 + 0)
    r4 = limit ll
    w5 = *(u32 *)(r4 + 0)
    r4 = state ll
    w5 = *(u32 *)(r4 + 0)
    r1 = r6
    r2 = jumps ll
    w3 = 0
    call bpf_tail_call
    w0 = 2
    exit
}

prog second: "xdp" {
    w0 = 2
    exit
}
"#;

/// Lets one call fail, and writes down which calls there are.
#[derive(Default)]
struct Fault {
    /// Which call, and how.
    at: Option<(usize, Errno)>,
    /// The calls up to now.
    calls: Vec<&'static str>,
}

impl Watch for Fault {
    fn before(&mut self, call: &Call) -> Verdict {
        self.calls.push(call.name);
        match self.at {
            Some((at, errno)) if at + 1 == self.calls.len() => Verdict::Refuse(errno),
            _ => Verdict::Make,
        }
    }

    fn after(&mut self, _: Call, _: Outcome, _: Duration) {}
}

/// One kind of load: an object, and where its programs go.
struct Case<'a> {
    name: &'static str,
    object: Object,
    target: Target<'a>,
    /// Whether everything is pinned.
    pins: bool,
    /// Whether it takes the place of what is pinned there.
    replace: bool,
}

fn object(text: &str, name: &str) -> Object {
    let mut sources = Sources::default();
    let root = sources.add(name.to_owned(), text.to_owned());
    let compiled = compile(&mut sources, root, &Options::default());
    assert_eq!(compiled.errors, 0, "{name}: {:?}", compiled.diagnostics);
    compiled.object.expect("an object")
}

fn program(name: &str) -> Object {
    let path = bin::program(name);
    object(&std::fs::read_to_string(&path).expect("source"), name)
}

const BPFFS: &str = "/sys/fs/bpf";
const PINS: &str = "/sys/fs/bpf/faults";

/// What a load has done. It comes off in this order.
struct Done {
    attached: Vec<Attachment>,
    pins: Pins,
    loaded: Loaded,
}

/// Loads, pins and attaches, as `bpfasm load` does.
fn settle(case: &Case<'_>) -> Result<Done, String> {
    let place = Place { replace: case.replace, ..Place::new(Path::new(PINS)) };
    let kept = case.replace.then(|| place.maps());
    let options = load::Options { pin_root: Some(BPFFS.into()), kept, ..load::Options::default() };
    let loaded = load(&case.object, &options).map_err(|e| e.to_string())?;
    let pins = case.pins.then(|| loaded.pin(&place)).transpose().map_err(|e| e.to_string())?;
    let mut done = Done { attached: vec![], pins: pins.unwrap_or_default(), loaded };
    for prog in done.loaded.progs.iter().filter(|p| case.object.entered_through(p.index).is_none()) {
        if case.replace
            && done.pins.update_link(&prog.name, prog.as_fd()).map_err(|e| e.to_string())?.is_some()
        {
            continue;
        }
        let mut target = case.target.clone();
        target.map = done.loaded.map("sockets").map(|m| m.map.as_fd());
        let mut attachment = attach::attach(prog.as_fd(), &prog.hook, &target).map_err(|e| e.to_string())?;
        if case.pins && attachment.how() == How::Link {
            let path = done.pins.link(&prog.name, false).map_err(|e| e.to_string())?;
            attachment.pin(&path).map_err(|e| e.to_string())?;
        }
        done.attached.push(attachment);
    }
    Ok(done)
}

/// Loads, pins and attaches; then `then` is called, and everything is undone.
fn go(case: &Case<'_>, then: impl FnOnce()) -> Result<(), String> {
    settle(case).map(|_done| then())
}

/// All that a load could leave behind.
fn world(cgroup: &Path) -> String {
    let mut text = String::new();
    let fds: BTreeSet<String> = std::fs::read_dir("/proc/self/fd")
        .expect("procfs")
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    writeln!(text, "descriptors {}", fds.len()).unwrap();
    walk(Path::new(BPFFS), &mut text);
    let mut socket = Socket::route().unwrap();
    for link in socket.links().unwrap() {
        let qdiscs: Vec<String> = socket.qdiscs(link.index).unwrap().into_iter().map(|q| q.kind).collect();
        writeln!(text, "{} {:?} {qdiscs:?}", link.name, link.xdp).unwrap();
        for parent in [INGRESS_PARENT, EGRESS_PARENT] {
            writeln!(text, "{:?}", socket.filters(link.index, parent).unwrap()).unwrap();
        }
    }
    let dir = std::fs::File::open(cgroup).unwrap();
    let query =
        Query { target: bpf::Target::Fd(dir.as_fd()), attach_type: AttachType::CGROUP_SOCK_OPS, flags: 0 };
    writeln!(text, "cgroup {:?}", bpf::prog_query(&query).unwrap().progs).unwrap();
    text + &std::fs::read_to_string("/proc/thread-self/mounts").unwrap()
}

fn walk(dir: &Path, text: &mut String) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        // And which object it is, where it is one.
        let object = bpf::obj_get(&entry.path(), 0).ok();
        let id = object.and_then(|fd| match bpf::kind_of(fd.as_fd())? {
            Kind::Prog => bpf::prog_info(fd.as_fd()).ok().map(|info| info.id),
            Kind::Map => bpf::map_info(fd.as_fd()).ok().map(|info| info.id),
            Kind::Link => bpf::link_info(fd.as_fd()).ok().map(|info| info.prog_id),
            Kind::Btf => None,
        });
        writeln!(text, "{} {id:?}", entry.path().display()).unwrap();
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), text);
        }
    }
}

/// Whether a message tells of this errno: by its name, or in words that mean it.
fn tells(message: &str, errno: Errno) -> bool {
    let words: &[&str] = match errno {
        // A directory that is not there, though making it was answered so, has no room for pins.
        Errno::EEXIST => &["exists", "is taken", "No such file", "ENOENT"],
        Errno::EBUSY => &["is taken"],
        Errno::ENODEV | Errno::EINVAL => &["no network device"],
        // Where there is no directory its parent counts; where there is no link to update, one is made.
        Errno::ENOENT => &["no tracepoint", "not on a BPF file system", "is taken"],
        _ => &[],
    };
    [&format!("{errno:?}"), errno.desc()].iter().chain(words).any(|w| message.contains(w))
}

/// In one test, since descriptors are those of the whole process.
#[test]
fn each_call_may_fail_and_nothing_stays() {
    if !ready(&[Need::Root, Need::Tool("ip")]) {
        return;
    }
    let Some(cgroup) = Cgroup::new("faults") else {
        return bpfasm_tests::tool::skip("no cgroup2");
    };
    let pair = Pair::quiet();
    let on_dev = Target { dev: Some(NEAR.to_owned()), ..Target::default() };
    let netlink = Target { prefer_netlink: true, ..on_dev.clone() };
    let in_cgroup = Target { cgroup: Some(cgroup.path().to_owned()), ..Target::default() };
    let case = |name, object, target: &Target<'static>, pins| {
        let (target, replace) = (target.clone(), false);
        Case { name, object, target, pins, replace }
    };
    let cases = [
        case("maps of all kinds, xdp by link", object(MANY, "many.bpfasm"), &on_dev, true),
        case("xdp over netlink", program("port_drop"), &netlink, false),
        case("tc", program("spoof_drop"), &on_dev, true),
        case("cgroup and sockmap", program("sock_redirect"), &in_cgroup, true),
        case("tracepoint", program("hello_execve"), &Target::default(), true),
    ];
    pair.near.run(|| {
        let mut wrong = String::new();
        let mut loads = 0;
        for case in &cases {
            loads += every_call_fails(case, cgroup.path(), &mut wrong);
        }
        // The first once more, in the place of itself.
        let Done { mut pins, mut loaded, attached } = settle(&cases[0]).expect("what is there before");
        loaded.pins.keep();
        pins.keep();
        attached.into_iter().for_each(Attachment::keep);
        drop(loaded);
        let object = object(MANY, "many.bpfasm");
        let again = Case { replace: true, ..case("in the place of others", object, &on_dev, true) };
        loads += every_call_fails(&again, cgroup.path(), &mut wrong);
        std::fs::remove_dir_all(PINS).expect("pins");
        println!("{loads} loads with a fault each");
        assert!(wrong.is_empty(), "{wrong}");
        rounds(&cases, cgroup.path());
    });
}

/// Lets each call of a load fail with each errno, one at a time; how many loads that were. What is told wrongly is added.
fn every_call_fails(case: &Case<'_>, cgroup: &Path, wrong: &mut String) -> usize {
    // Once before, so that what is kept for good is there.
    go(case, || {}).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let before = world(cgroup);
    let fault = Rc::new(RefCell::new(Fault::default()));
    let calls = {
        let _watching = watch(fault.clone());
        let mut count = 0;
        go(case, || count = fault.borrow().calls.len()).unwrap();
        fault.borrow().calls[..count].to_vec()
    };
    assert!(calls.len() > 5, "{}: {calls:?}", case.name);
    assert_eq!(world(cgroup), before, "{}", case.name);
    for (at, call) in calls.iter().enumerate() {
        for errno in ERRNOS {
            let fault = Fault { at: Some((at, errno)), ..Fault::default() };
            let result = {
                let _watching = watch(Rc::new(RefCell::new(fault)));
                go(case, || {})
            };
            assert_eq!(world(cgroup), before, "{}: call {at}, {call}: {errno:?} leaves something", case.name);
            match result {
                Err(message) if !tells(&message, errno) => {
                    writeln!(wrong, "{}: call {at}, {call}: {errno:?} becomes: {message}", case.name)
                        .unwrap();
                }
                Err(_) | Ok(()) => {}
            }
        }
    }
    calls.len() * ERRNOS.len()
}

/// Load after load; `BPFASM_ROUNDS` says how many.
fn rounds(cases: &[Case<'_>], cgroup: &Path) {
    let rounds = std::env::var("BPFASM_ROUNDS").map_or(100, |n| n.parse().expect("a number"));
    let before = world(cgroup);
    for round in 0..rounds {
        let case = &cases[round % cases.len()];
        go(case, || {}).unwrap_or_else(|e| panic!("round {round}, {}: {e}", case.name));
    }
    assert_eq!(world(cgroup), before, "after {rounds} rounds");
    println!("{rounds} rounds, and nothing left");
}
