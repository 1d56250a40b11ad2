//! What a program prints, read through an instance of the test's own.
#![allow(missing_docs)]

mod attach_support;

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use attach_support::*;
use bpfasm_loader::attach::Target;
use bpfasm_loader::sys::fs::tracefs;
use bpfasm_loader::sys::perf;
use bpfasm_loader::trace::{Entry, Message, Trace};
use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;

const EVENT: &str = "tracepoint/syscalls/sys_enter_getpgid";

/// Prints `hi` at each call of this process; of all others nothing.
fn printer() -> Vec<u8> {
    let pid = i32::try_from(std::process::id()).unwrap();
    [
        insn(0x85, 0, 0, 0, 14),                              // call bpf_get_current_pid_tgid
        insn(0x77, 0, 0, 0, 32),                              // r0 >>= 32
        insn(0x55, 0, 0, 5, pid),                             // if r0 != pid goto out
        insn(0x62, 10, 0, -8, i32::from_ne_bytes(*b"hi \0")), // *(u32 *)(r10 - 8) = "hi "
        insn(0xbf, 1, 10, 0, 0),                              // r1 = r10
        insn(0x07, 1, 0, 0, -8),                              // r1 += -8
        insn(0xb7, 2, 0, 0, 4),                               // r2 = 4
        insn(0x85, 0, 0, 0, 6),                               // call bpf_trace_printk
        insn(0xb7, 0, 0, 0, 0),                               // out: r0 = 0
        insn(0x95, 0, 0, 0, 0),
    ]
    .concat()
}

/// Reads until there is a message, waiting by poll.
fn wait(trace: &mut Trace) -> Vec<Message> {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let ready = {
            let mut fds = [PollFd::new(trace.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::from(1000u16)).unwrap()
        };
        assert!(ready == 1 && Instant::now() < end, "nothing to read");
        let entries = trace.read().unwrap();
        let messages: Vec<Message> = entries
            .into_iter()
            .filter_map(|e| match e {
                Entry::Message(m) => Some(m),
                _ => None,
            })
            .collect();
        if !messages.is_empty() {
            return messages;
        }
    }
}

fn instances() -> Vec<String> {
    let prefix = format!("bpfasm-{}", std::process::id());
    let mut names = tracefs().unwrap().names("instances").unwrap();
    names.retain(|name| name.starts_with(&prefix));
    names
}

/// One test, since instances are named after the process.
#[test]
fn messages_come_through_an_instance_of_our_own() {
    in_namespace(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS, || {
        // One that a process left which is gone: no pid is as large as this.
        tracefs().unwrap().make("instances/bpfasm-2000000000").unwrap();
        let mut trace = Trace::open().unwrap();
        if trace.is_shared() {
            skip("this kernel has no event for bpf_trace_printk");
            return;
        }
        let root = tracefs().unwrap();
        assert!(!root.names("instances").unwrap().contains(&"bpfasm-2000000000".to_owned()));
        let mut second = Trace::open().unwrap();
        assert_eq!(instances().len(), 2);

        let prog = load(EVENT, "printer", &printer());
        let attachment = attach(&prog, EVENT, &Target::default()).unwrap();
        assert!(trace.read().unwrap().is_empty());
        nix::unistd::getpgid(None).unwrap();
        for trace in [&mut trace, &mut second] {
            let messages = wait(trace);
            assert_eq!(messages.len(), 1, "{messages:?}");
            assert_eq!(messages[0].text.trim_end(), "hi");
            assert_eq!(messages[0].pid, u32::try_from(nix::unistd::gettid().as_raw()).unwrap());
            assert_eq!(
                format!("{}\n", messages[0].task),
                std::fs::read_to_string("/proc/thread-self/comm").unwrap()
            );
            assert_ne!(messages[0].time, Duration::ZERO);
        }
        attachment.detach().unwrap();
        nix::unistd::getpgid(None).unwrap();
        assert!(trace.read().unwrap().is_empty());
        drop(second);
        assert_eq!(instances().len(), 1);
        drop(trace);
        assert!(instances().is_empty());

        // The same where tracefs is mounted.
        let nothing: Option<&str> = None;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing).unwrap();
        mount(Some("tracefs"), "/sys/kernel/tracing", Some("tracefs"), MsFlags::empty(), nothing).unwrap();
        let mut trace = Trace::open().unwrap();
        assert_eq!(instances().len(), 1);
        let attachment = attach(&prog, EVENT, &Target::default()).unwrap();
        nix::unistd::getpgid(None).unwrap();
        assert_eq!(wait(&mut trace)[0].text.trim_end(), "hi");
        drop(attachment);

        // The way of kernels before 5.15: the program on the event, without a link.
        let id = root.read(&format!("events/{}/id", EVENT.split_once('/').unwrap().1)).unwrap();
        let event = perf::open_tracepoint(id.trim().parse().unwrap()).unwrap();
        perf::set_bpf(event.as_fd(), prog.as_fd()).unwrap();
        perf::enable(event.as_fd()).unwrap();
        nix::unistd::getpgid(None).unwrap();
        assert_eq!(wait(&mut trace)[0].text.trim_end(), "hi");
        drop(event);
        nix::unistd::getpgid(None).unwrap();
        assert!(trace.read().unwrap().is_empty());
        drop(trace);
        assert!(instances().is_empty());
    });
}
