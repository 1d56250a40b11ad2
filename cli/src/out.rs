//! Output that survives a closed pipe: a failed write ends the run in order, with everything undone.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};

use crate::fail::{Code, Failure};

/// Writes a line to standard output.
pub fn line(text: impl Display) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes bytes to standard output.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|e| match e.kind() {
        // Who reads no more, as `head` does, wants no message.
        ErrorKind::BrokenPipe => Failure::reported(Code::System),
        _ => Failure::new(Code::System, format!("standard output: {}", crate::compile::io_reason(&e))),
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
