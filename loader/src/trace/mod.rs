//! What programs print: the kernel's trace pipe, in an instance of our own.
//!
//! The machine's `trace_pipe` is shared: whoever reads a line takes it from all others. So the reader makes a tracefs
//! instance, enables the one event there that `bpf_trace_printk` raises, and removes it at the end. Nothing
//! is mounted for that. Kernels before 5.9 lack the event; there the shared pipe is read, and the caller can say so.
//! Either way the messages of all programs come: the kernel does not tell which one printed.

mod line;

pub use line::{Entry, Message};

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::sys;
use crate::sys::fs::Dir;

/// The event that `bpf_trace_printk` and `bpf_trace_vprintk` raise.
const EVENT: &str = "events/bpf_trace/bpf_trace_printk/enable";
/// What instances are called: this, the pid, and a number where one process has several.
const PREFIX: &str = "bpfasm-";
/// What the kernel prints for a task whose name it has not noted.
const UNKNOWN_TASK: &str = "<...>";
/// How many instances one process may have.
const INSTANCES: u32 = 64;
/// Bytes read at once; the kernel gives one page at most.
const CHUNK: usize = 4096;
/// How many chunks one call reads.
const CHUNKS: usize = 16;
/// The longest line that is waited for; a message has at most 1 KiB.
const LONGEST: usize = 64 * 1024;

/// The trace output cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No tracefs.
    #[error(
        "the kernel's trace output cannot be opened: {0}. It needs root (CAP_SYS_ADMIN) and a kernel with tracefs; \
         before Linux 5.2 also `mount -t tracefs tracefs /sys/kernel/tracing`"
    )]
    NoTracefs(sys::Error),
    /// The pipe cannot be opened or read.
    #[error("the kernel's trace output cannot be read ({path}): {source}")]
    Pipe {
        /// The file within tracefs.
        path: String,
        /// Why.
        source: sys::Error,
    },
}

/// A reader of what programs print. Poll its descriptor for input, then call [`read`](Trace::read).
#[derive(Debug)]
pub struct Trace {
    root: Dir,
    /// The directory of our instance within tracefs; none when the shared pipe is read.
    instance: Option<String>,
    /// Open until the instance is removed.
    pipe: Option<OwnedFd>,
    path: String,
    /// A line whose end has not come yet.
    partial: Vec<u8>,
}

impl Trace {
    /// Opens the trace output, first removing instances that a dead process of ours left. Programs attached later
    /// than this are heard from their first word.
    ///
    /// # Errors
    /// [`Error`]: there is no tracefs to be had, or its pipe cannot be opened.
    pub fn open() -> Result<Trace, Error> {
        let root = sys::fs::tracefs().map_err(Error::NoTracefs)?;
        remove_stale(&root);
        // From here on dropping removes the instance, whatever fails.
        let mut trace = Trace {
            instance: make_instance(&root),
            root,
            pipe: None,
            path: String::new(),
            partial: Vec::new(),
        };
        trace.path = match &trace.instance {
            Some(instance) => format!("{instance}/trace_pipe"),
            None => "trace_pipe".to_owned(),
        };
        let pipe = trace.root.file(&trace.path, OFlag::O_RDONLY | OFlag::O_NONBLOCK);
        trace.pipe = Some(pipe.map_err(|source| Error::Pipe { path: trace.path.clone(), source })?);
        Ok(trace)
    }

    /// Whether the machine's shared `trace_pipe` is read: then other readers miss what is read here.
    pub fn is_shared(&self) -> bool {
        self.instance.is_none()
    }

    /// What has been printed since the last call; never waits. Programs may print faster than anybody reads: one call
    /// gives a bounded part, and only an empty answer says that there is no more.
    ///
    /// # Errors
    /// [`Error::Pipe`].
    pub fn read(&mut self) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let Some(pipe) = &self.pipe else { return Ok(entries) };
        let mut chunk = [0; CHUNK];
        for _ in 0..CHUNKS {
            match nix::unistd::read(pipe, &mut chunk) {
                // End of file means that tracing is switched off; it may come back.
                Ok(0) | Err(Errno::EAGAIN) => break,
                Ok(n) => self.partial.extend_from_slice(chunk.get(..n).unwrap_or(&[])),
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    let source = sys::Error { call: "read", errno };
                    return Err(Error::Pipe { path: self.path.clone(), source });
                }
            }
            take_lines(&mut self.partial, &mut entries);
        }
        Ok(entries)
    }
}

impl AsFd for Trace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // The pipe is open from `open` until the drop; tracefs itself is never readable.
        self.pipe.as_ref().map_or_else(|| self.root.as_fd(), AsFd::as_fd)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // An instance with an open pipe cannot be removed.
        drop(self.pipe.take());
        if let Some(instance) = &self.instance {
            let _ = self.root.remove(instance);
        }
    }
}

/// Makes an instance with the event enabled; `None` where this kernel cannot.
fn make_instance(root: &Dir) -> Option<String> {
    let pid = std::process::id();
    for n in 0..INSTANCES {
        let path = match n {
            0 => format!("instances/{PREFIX}{pid}"),
            n => format!("instances/{PREFIX}{pid}-{n}"),
        };
        // One of a dead process with our pid is free, one of our own is open and stays.
        let _ = root.remove(&path);
        match root.make(&path) {
            Ok(()) => {}
            Err(e) if e.errno == Errno::EEXIST => continue,
            Err(_) => return None,
        }
        if root.write(&format!("{path}/{EVENT}"), "1").is_err() {
            let _ = root.remove(&path);
            return None;
        }
        return Some(path);
    }
    None
}

/// Removes instances whose process is gone. One that somebody reads is refused by the kernel and stays.
fn remove_stale(root: &Dir) {
    for name in root.names("instances").unwrap_or_default() {
        let pid = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<i32>().ok());
        let Some(pid) = pid.filter(|&pid| pid > 0) else { continue };
        if nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
            let _ = root.remove(&format!("instances/{name}"));
        }
    }
}

/// Moves the whole lines out of `partial`. A line that is no message continues the message before it; the empty one
/// that the newline at the end of a message makes is dropped.
fn take_lines(partial: &mut Vec<u8>, entries: &mut Vec<Entry>) {
    let end = match partial.iter().rposition(|&b| b == b'\n') {
        Some(last) => last + 1,
        None if partial.len() > LONGEST => partial.len(),
        None => return,
    };
    for line in partial.drain(..end).as_slice().split(|&b| b == b'\n') {
        match line::parse(line) {
            Entry::Other(text) if text.is_empty() => {}
            Entry::Other(text) => match entries.last_mut() {
                Some(Entry::Message(before)) => {
                    before.text.push('\n');
                    before.text.push_str(&text);
                }
                _ => entries.push(Entry::Other(text)),
            },
            Entry::Message(mut message) => {
                name_task(&mut message);
                entries.push(Entry::Message(message));
            }
            lost @ Entry::Lost { .. } => entries.push(lost),
        }
    }
}

/// Fills in a name that the kernel has not noted yet, which it does only when the task next leaves its CPU.
fn name_task(message: &mut Message) {
    if message.task != UNKNOWN_TASK {
        return;
    }
    // A task that is gone by now stays without a name.
    if let Ok(name) = std::fs::read_to_string(format!("/proc/{}/comm", message.pid)) {
        message.task = name.trim_end_matches('\n').to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_pieces() {
        let mut partial = b"            bash-1    [001] d..21   1.000000: bpf_trace_printk: one".to_vec();
        let mut entries = Vec::new();
        take_lines(&mut partial, &mut entries);
        assert!(entries.is_empty());
        partial.extend(b"\n\nmore\n            bash-1    [0");
        take_lines(&mut partial, &mut entries);
        match entries.as_slice() {
            [Entry::Message(m)] => assert_eq!(m.text, "one\nmore"),
            other => panic!("{other:?}"),
        }
        assert_eq!(partial, b"            bash-1    [0");
    }
}
