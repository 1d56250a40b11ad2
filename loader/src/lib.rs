//! Everything of bpfasm that talks to Linux: typed system calls, loading, attaching.

pub mod attach;
pub mod error;
pub mod inspect;
pub mod load;
pub mod sys;
pub mod trace;
pub mod verifier;

pub use error::{Error, Result};
