//! The verifier's log, taken apart; and a refused program, told on its source.
//!
//! [`parse`] reads the form of Linux 5.4 to 6.18 (`kernel/bpf/verifier.c`, `kernel/bpf/log.c`) at log level 1 or
//! 2, with or without the columns of live registers. Of an unknown form it takes the last line that means
//! something.

mod line;
pub(crate) mod missing;
mod rejection;
mod report;
mod stats;

pub use rejection::{Place, RejectedInsn, Rejection, place_of};
pub use report::{Register, Report, SourceLine, Step, parse};
pub use stats::Stats;
