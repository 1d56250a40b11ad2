//! Output that survives a closed pipe: a failed write ends the run in order, with everything undone.

use std::fmt::Display;
#[cfg(feature = "full")]
use std::io::IsTerminal;
use std::io::{ErrorKind, Write, stderr, stdout};

use crate::fail::{Code, Failure};
use crate::messages;

/// Writes a line to standard output.
pub fn line(text: impl Display) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes bytes to standard output.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    stream(|out| out.write_all(bytes))
}

/// Writes to standard output what is made piece by piece, in large ones.
pub fn stream(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
    let mut out = stdout().lock();
    write(&mut out).and_then(|()| out.flush()).map_err(|e| match e.kind() {
        // Who reads no more, as `head` does, wants no message.
        ErrorKind::BrokenPipe => Failure::reported(Code::System),
        _ => Failure::new(Code::System, format!("standard output: {}", crate::file::io_reason(&e))),
    })
}

/// Writes a line to standard error; nobody is there to be told if that fails.
pub fn message(text: impl Display) {
    let text = text.to_string();
    let line = if messages::is_json() { messages::note(&text) } else { text };
    error_line(&line);
}

/// Writes a line to standard error as it is.
pub fn error_line(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}

/// Whether standard error takes colours.
#[cfg(feature = "full")]
pub fn colour() -> bool {
    stderr().is_terminal() && wants_colour()
}

/// Whether the environment leaves colours to us (<https://no-color.org>).
#[cfg(feature = "full")]
pub fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}
