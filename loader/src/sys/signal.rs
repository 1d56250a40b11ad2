//! What becomes of a signal (`sigaction(2)`).

use nix::sys::signal::Signal;

/// Whether this process ignores a signal.
#[must_use]
pub fn ignored(signal: Signal) -> bool {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action nothing changes; the old one is written where there is room for it.
    let done = unsafe { libc::sigaction(signal as libc::c_int, std::ptr::null(), now.as_mut_ptr()) };
    // SAFETY: the call has filled it in.
    done == 0 && unsafe { now.assume_init() }.sa_sigaction == libc::SIG_IGN
}
