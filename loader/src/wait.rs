//! Waiting for signals, input and time at once.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::sys::{Error, Result, signal};

/// The signals that end a run.
const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Turns the signals that end a run into something to wait for: from its making on they no longer kill the
/// process, so that what is attached can be detached.
#[derive(Debug)]
pub struct Waiter {
    held: SigSet,
    signals: SignalFd,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The process was asked to end.
    Stop,
    /// There is input, or room for output.
    Ready,
    /// The time is over.
    Timeout,
}

/// Blocks SIGINT, SIGTERM and SIGHUP for this thread, and those that it starts, so that what has begun is brought to
/// its end. SIGHUP stays ignored where it is, as `nohup` wants it: a blocked signal would arrive all the same.
///
/// # Errors
/// What `pthread_sigmask` refuses.
pub fn hold() -> Result<SigSet> {
    let ignored = signal::ignored(Signal::SIGHUP);
    let set: SigSet = SIGNALS.into_iter().filter(|&signal| signal != Signal::SIGHUP || !ignored).collect();
    set.thread_block().map_err(|errno| Error { call: "pthread_sigmask", errno })?;
    Ok(set)
}

impl Waiter {
    /// [Holds](hold) the signals, to wait for them.
    ///
    /// # Errors
    /// What `pthread_sigmask` and `signalfd` refuse.
    pub fn new() -> Result<Self> {
        let held = hold()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let failed = |errno| Error { call: "signalfd", errno };
        Ok(Self { held, signals: SignalFd::with_flags(&held, flags).map_err(failed)? })
    }

    /// Waits for a signal, for input, or until the time is over.
    ///
    /// # Errors
    /// What `poll` refuses.
    pub fn wait(&mut self, input: Option<BorrowedFd<'_>>, timeout: Duration) -> Result<Event> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        self.poll(input.map(|fd| PollFd::new(fd, PollFlags::POLLIN)), timeout)
    }

    /// Waits for a signal, or until there is room for output.
    ///
    /// # Errors
    /// What `poll` refuses.
    pub fn wait_to_write(&mut self, output: BorrowedFd<'_>) -> Result<Event> {
        loop {
            match self.poll(Some(PollFd::new(output, PollFlags::POLLOUT)), PollTimeout::NONE)? {
                Event::Timeout => {}
                event => return Ok(event),
            }
        }
    }

    /// Whether there is room for output now.
    #[must_use]
    pub fn has_room(output: BorrowedFd<'_>) -> bool {
        poll(&mut [PollFd::new(output, PollFlags::POLLOUT)], PollTimeout::ZERO) != Ok(0)
    }

    fn poll(&mut self, other: Option<PollFd<'_>>, timeout: PollTimeout) -> Result<Event> {
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        fds.extend(other);
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(Event::Timeout),
            Ok(_) => {}
            Err(errno) => return Err(Error { call: "poll", errno }),
        }
        if fds[0].revents().is_none_or(|events| events.is_empty()) {
            return Ok(Event::Ready);
        }
        // Taken, so that it does not come again when signals are let through.
        let _ = self.signals.read_signal();
        Ok(Event::Stop)
    }
}

impl Drop for Waiter {
    /// Lets the signals through again.
    fn drop(&mut self) {
        let _ = self.held.thread_unblock();
    }
}
