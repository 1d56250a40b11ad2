//! A network namespace and a mount namespace that belong together: the place where one test runs `bpfasm`.

use std::borrow::BorrowMut;
use std::process::Command;

use crate::mounts::MountNs;
use crate::net::NetNs;
use crate::tool::{self, Output, Running};

/// Where a test runs its commands. Child processes inherit it.
#[derive(Debug)]
pub struct Space {
    /// The network.
    pub net: NetNs,
    /// The mounts.
    pub mounts: MountNs,
}

impl Space {
    /// An empty network, with bpffs and tracefs mounted at their usual places.
    #[must_use]
    pub fn new() -> Self {
        Self { net: NetNs::new(), mounts: MountNs::new() }
    }

    /// Runs `f` on a thread inside.
    pub fn run<T: Send>(&self, f: impl FnOnce() -> T + Send) -> T {
        self.net.run(|| self.mounts.run(f))
    }

    /// Runs a command inside, to its end.
    #[track_caller]
    pub fn output(&self, command: impl BorrowMut<Command> + Send) -> Output {
        self.start(command).wait(tool::LIMIT)
    }

    /// Starts a command inside.
    #[must_use]
    #[track_caller]
    pub fn start(&self, command: impl BorrowMut<Command> + Send) -> Running {
        self.run(|| Running::start(command))
    }
}

impl Default for Space {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs `f` on a fresh thread and hands on its value or its panic. A thread that entered a namespace is
/// never used for anything else.
pub(crate) fn on_thread<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(f).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
