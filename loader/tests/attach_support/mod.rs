//! Network namespaces, cgroups and programs for the tests.
#![allow(dead_code, missing_docs)]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use bpfasm_asm::uapi::section;
use bpfasm_loader::attach::{Attachment, Target};
use bpfasm_loader::sys::bpf::{Kind, ProgLoad, next_id, prog_info, prog_load};
use bpfasm_loader::sys::netlink::{LinkInfo, Socket};
use nix::sched::{CloneFlags, unshare};

/// Says that a test cannot run, or fails where that is not allowed.
pub fn skip(why: &str) {
    assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "cannot run: {why}");
    println!("skipped: {why}");
}

/// Whether this process may do what the tests do.
pub fn root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        skip("needs root");
    }
    root
}

/// Runs a test in a network namespace of its own.
pub fn in_netns(test: impl FnOnce() + Send + 'static) {
    in_namespace(CloneFlags::CLONE_NEWNET, test);
}

/// Runs a test on a thread with namespaces of its own, which end with it.
pub fn in_namespace(flags: CloneFlags, test: impl FnOnce() + Send + 'static) {
    if !root() {
        return;
    }
    let thread = std::thread::spawn(move || match unshare(flags) {
        Ok(()) => test(),
        Err(e) => skip(&format!("unshare: {e}")),
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Runs a command, which must succeed, in this thread's namespaces; gives what it printed.
pub fn run(line: &str) -> String {
    let mut words = line.split_whitespace();
    let done = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// A veth pair va–vb in this namespace, up.
pub fn veth() -> Socket {
    run("ip link add va type veth peer name vb");
    run("ip link set va up");
    run("ip link set vb up");
    let mut socket = Socket::route().unwrap();
    let end = Instant::now() + Duration::from_secs(5);
    // 6 is IF_OPER_UP: before that the first packets are lost.
    while ["va", "vb"].iter().any(|dev| socket.link_by_name(dev).unwrap().operstate != 6) {
        assert!(Instant::now() < end, "the veth pair does not come up");
        std::thread::sleep(Duration::from_millis(10));
    }
    socket
}

pub fn link(socket: &mut Socket, name: &str) -> LinkInfo {
    socket.link_by_name(name).unwrap()
}

/// One instruction.
pub fn insn(opcode: u8, dst: u8, src: u8, off: i16, imm: i32) -> Vec<u8> {
    let registers = if cfg!(target_endian = "little") { src << 4 | dst } else { dst << 4 | src };
    let mut bytes = vec![opcode, registers];
    bytes.extend(off.to_ne_bytes());
    bytes.extend(imm.to_ne_bytes());
    bytes
}

/// `r0 = value; exit`.
pub fn returns(value: i32) -> Vec<u8> {
    [insn(0xb7, 0, 0, 0, value), insn(0x95, 0, 0, 0, 0)].concat()
}

/// Loads a program as its section's name says.
pub fn load(section: &str, name: &str, insns: &[u8]) -> OwnedFd {
    let def = section::parse(section).unwrap().def;
    let mut prog = ProgLoad::new(def.prog_type, insns, c"GPL");
    prog.name = name;
    prog.flags = def.prog_flags;
    if let Some(kind) = def.attach_type {
        prog.expected_attach_type = kind;
    }
    prog_load(&prog, None).unwrap()
}

pub fn prog_id(prog: &OwnedFd) -> u32 {
    prog_info(prog.as_fd()).unwrap().id
}

pub fn attach(prog: &OwnedFd, section: &str, target: &Target<'_>) -> Result<Attachment, String> {
    bpfasm_loader::attach::attach(prog.as_fd(), section, target).map_err(|e| e.to_string())
}

pub fn dev(name: &str) -> Target<'static> {
    Target { dev: Some(name.to_owned()), ..Target::default() }
}

pub fn on_map(map: BorrowedFd<'_>) -> Target<'_> {
    Target { map: Some(map), ..Target::default() }
}

/// Whether there is a link with this number. The kernel frees it a moment after its last descriptor.
pub fn link_exists(id: u32) -> bool {
    next_id(Kind::Link, id - 1).unwrap() == Some(id)
}

/// Waits until something is so.
pub fn soon(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(5);
    while !so() {
        assert!(Instant::now() < end, "not so after 5 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A cgroup of the test's own, removed at the end.
pub struct Cgroup(pub PathBuf);

impl Cgroup {
    /// `None`, said, where there is no cgroup v2 hierarchy.
    pub fn new(name: &str) -> Option<Cgroup> {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"));
        let Some(root) = mount.and_then(|line| line.split(' ').nth(1)) else {
            skip("cgroup2 is not mounted");
            return None;
        };
        let path = PathBuf::from(root).join(format!("bpfasm-test-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Some(Cgroup(path))
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}
