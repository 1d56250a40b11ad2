//! How a run fails: message and exit code.

use std::fmt::Display;
use std::process::ExitCode;

use bpfasm_loader::{Error, attach, inspect, sys, trace};

use crate::messages;

/// The exit codes, as `--help` and the README list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The input is wrong.
    Input = 1,
    /// The command line is wrong, by itself (clap exits with this, too) or for this input.
    Usage = 2,
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

    /// A failure about which everything has been said.
    pub fn reported(code: Code) -> Self {
        Self { message: None, code }
    }

    /// Its exit code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What is still to be said.
    #[cfg(feature = "full")]
    pub fn told(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Prints the message, and gives the exit code.
    pub fn report(self) -> ExitCode {
        if let Some(message) = self.message {
            messages::failure(&message, self.code as u8);
        }
        ExitCode::from(self.code as u8)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::NotPermitted { .. } => Code::Permission,
            Error::Rejected(_) => Code::Rejected,
            Error::NoProgram { .. }
            | Error::NoConfig { .. }
            | Error::NoMap { .. }
            | Error::NoExisting { .. }
            | Error::OtherMap { .. }
            | Error::Setting { .. }
            | Error::ConfigSize { .. } => Code::Usage,
            Error::Section { .. } | Error::Endian { .. } | Error::Object { .. } | Error::TooLong { .. } => {
                Code::Input
            }
            Error::Pin { source, .. } => refused(source),
            Error::Sys(e) => return Failure::from(*e),
            _ => Code::System,
        };
        Failure::new(code, error)
    }
}

impl From<attach::Error> for Failure {
    fn from(error: attach::Error) -> Self {
        let code = match &error {
            attach::Error::NotPermitted { .. } => Code::Permission,
            attach::Error::MissingTarget { .. }
            | attach::Error::UnknownSection { .. }
            | attach::Error::WrongType { .. }
            | attach::Error::NotAPin { .. }
            | attach::Error::OtherPin { .. } => Code::Usage,
            attach::Error::Path { source, .. }
            | attach::Error::Pin { source, .. }
            | attach::Error::NoTracefs { source, .. } => refused(source),
            _ => Code::System,
        };
        Failure::new(code, error)
    }
}

impl From<inspect::Error> for Failure {
    fn from(error: inspect::Error) -> Self {
        let code = match error {
            inspect::Error::Pin(error) => return Failure::from(error),
            inspect::Error::Sys(error) => return Failure::from(error),
            inspect::Error::NoProgram { .. } | inspect::Error::Several { .. } => Code::Usage,
            inspect::Error::Hidden { .. } => Code::Permission,
            inspect::Error::Broken { .. } => Code::System,
        };
        Failure::new(code, error)
    }
}

impl From<sys::Error> for Failure {
    fn from(error: sys::Error) -> Self {
        Failure::new(refused(&error), error)
    }
}

impl From<trace::Error> for Failure {
    fn from(error: trace::Error) -> Self {
        let (trace::Error::NoTracefs(source) | trace::Error::Pipe { source, .. }) = &error;
        Failure::new(refused(source), error)
    }
}

/// The code for a system call that the kernel refused.
fn refused(error: &sys::Error) -> Code {
    if error.is_permission() { Code::Permission } else { Code::System }
}
