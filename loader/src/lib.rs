//! Everything of bpfasm that talks to Linux: typed system calls, loading, attaching.

pub mod attach;
pub mod calls;
pub mod error;
pub mod inspect;
pub mod kernel;
pub mod load;
pub mod sample;
pub mod sys;
pub mod trace;
pub mod verifier;
pub mod wait;
pub mod watch;

pub use error::{Error, Result};
