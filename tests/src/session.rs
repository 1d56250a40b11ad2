//! One `bpfasm run`, from its start to its end, with the kernel as the witness.

use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::kernel::Ids;
use crate::space::Space;
use crate::tool::{Output, Running};

/// A `bpfasm run` that has attached its programs.
#[derive(Debug)]
pub struct Session {
    /// The process.
    pub running: Running,
    /// What it held when it was attached.
    pub ids: Ids,
}

impl Session {
    /// Starts `command` in `space` and waits until `attached` says so.
    ///
    /// # Panics
    /// When the process ends before that, or after ten seconds; the message shows its output.
    #[must_use]
    #[track_caller]
    pub fn start(space: &Space, command: Command, mut attached: impl FnMut(&Ids) -> bool) -> Self {
        let mut running = space.start(command);
        let end = std::time::Instant::now() + Duration::from_secs(10);
        loop {
            if attached(&Ids::of(running.pid())) {
                // Again, for what came between the two looks.
                return Self { ids: Ids::of(running.pid()), running };
            }
            assert!(
                running.alive() && std::time::Instant::now() < end,
                "did not attach:\n{}",
                running.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it with a signal, demands success, and waits until the kernel has freed all that it held.
    ///
    /// # Panics
    /// When it does not end, ends with an error, or leaves something behind.
    #[track_caller]
    pub fn end(self, signal: Signal) -> Output {
        assert!(!self.ids.progs.is_empty(), "it held no program: {:?}", self.ids);
        self.running.signal(signal);
        let output = self.running.wait(Duration::from_secs(10)).ok();
        self.ids.wait_gone();
        output
    }
}
