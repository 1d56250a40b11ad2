//! Why something that is loaded cannot be shown.

use super::Which;
use super::find::hex;
use crate::sys::bpf::ProgInfo;
use crate::{attach, sys};

/// A program that is not shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("no program is loaded with {which}")]
    NoProgram {
        /// What was asked for.
        which: Which,
    },
    /// More than one is meant.
    #[error("{} programs are loaded with {which}; say which by its number:{}", .found.len(), list(.found))]
    Several {
        /// What was asked for.
        which: Which,
        /// Those that it means.
        found: Vec<ProgInfo>,
    },
    /// The kernel does not show its instructions.
    #[error(
        "program {id}: the kernel hides its instructions: this needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, and of \
         programs that were hardened (net.core.bpf_jit_harden) that kernel.kptr_restrict is 0"
    )]
    Hidden {
        /// Its number.
        id: u32,
    },
    /// What the kernel shows does not fit together.
    #[error("program {id}: {what}")]
    Broken {
        /// Its number.
        id: u32,
        /// What does not fit.
        what: String,
    },
    /// A path that is no pin of a program.
    #[error(transparent)]
    Pin(#[from] attach::Error),
    /// A system call that failed.
    #[error(transparent)]
    Sys(#[from] sys::Error),
}

/// A line for each program.
fn list(found: &[ProgInfo]) -> String {
    let line = |info: &ProgInfo| {
        format!("\n  prog id {:<8} {:<16} {}  tag {}", info.id, info.name, info.kind, hex(info.tag))
    };
    found.iter().map(line).collect()
}
