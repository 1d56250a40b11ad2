//! How a run fails: message and exit code.

use std::fmt::Display;
use std::process::ExitCode;

/// The exit codes, as `--help` and the README list them. 2, wrong usage, is clap's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The input is wrong.
    Input = 1,
    /// The kernel's verifier said no.
    Rejected = 3,
    /// Not permitted.
    Permission = 4,
    /// Any other refusal of the system.
    System = 5,
}

/// A run that failed.
#[derive(Debug)]
pub struct Failure {
    /// What to print after `error: `; `None` where everything has been said.
    message: Option<String>,
    code: Code,
}

impl Failure {
    /// A failure with a message.
    pub fn new(code: Code, message: impl Display) -> Self {
        Self { message: Some(message.to_string()), code }
    }

    /// A failure whose diagnostics have been printed.
    pub fn reported(code: Code) -> Self {
        Self { message: None, code }
    }

    /// Prints the message, and gives the exit code.
    pub fn report(self) -> ExitCode {
        if let Some(message) = self.message {
            eprintln!("error: {message}");
        }
        ExitCode::from(self.code as u8)
    }
}
