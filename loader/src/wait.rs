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
    signals: SignalFd,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The process was asked to end.
    Stop,
    /// There is input.
    Input,
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
        let set = hold()?;
        let failed = |call| move |errno| Error { call, errno };
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&set, flags).map_err(failed("signalfd"))?;
        Ok(Self { signals })
    }

    /// Waits for a signal, for input, or until the time is over.
    ///
    /// # Errors
    /// What `poll` refuses.
    pub fn wait(&mut self, input: Option<BorrowedFd<'_>>, timeout: Duration) -> Result<Event> {
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        fds.extend(input.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(Event::Timeout),
            Ok(_) => {}
            Err(errno) => return Err(Error { call: "poll", errno }),
        }
        let ready = |fd: &PollFd| fd.revents().is_some_and(|events| !events.is_empty());
        Ok(if ready(&fds[0]) { Event::Stop } else { Event::Input })
    }
}
