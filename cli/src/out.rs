//! Output that survives a closed pipe: a failed write ends the run in order, with everything undone.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

use crate::fail::{Code, Failure};

/// Writes a line to standard output.
pub fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|e| {
        let reason = crate::compile::io_reason(&e);
        // Who reads no more, as `head` does, wants no message.
        let silent = e.kind() == std::io::ErrorKind::BrokenPipe;
        if silent {
            Failure::reported(Code::System)
        } else {
            Failure::new(Code::System, format!("standard output: {reason}"))
        }
    })
}

/// Writes a line to standard error; nobody is there to be told if that fails.
pub fn message(text: impl Display) {
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Whether standard error takes colours.
pub fn colour() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}
