//! Why a text is no instruction.

use std::fmt;

use super::super::Width;
use super::Piece;

/// Why a text is no instruction, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}")]
pub struct ReadError {
    /// The place; empty at the end of the text.
    pub at: Piece,
    /// What is wrong there.
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The text does not begin like an instruction.
    Mnemonic,
    /// Something else was expected here.
    Expected(&'static str),
    /// There is no register of that number.
    Register,
    /// The register is written with `%` outside of GNU as's normal syntax.
    Percent,
    /// The register has the other width.
    Width(Width),
    /// It must be this register.
    Tied(Width, u8),
    /// There is no such instruction.
    Form,
    /// The opcode that stands beside the text is another one.
    Opcode {
        /// The one beside it.
        code: u8,
        /// That of the instruction which the text is.
        text: u8,
    },
    /// The tool that printed this left out what is named here.
    Lost(&'static str),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Mnemonic => f.write_str("this is no instruction"),
            Wrong::Expected(what) => write!(f, "expected {what}"),
            Wrong::Register => f.write_str("there is no such register: they are r0 to r10 and w0 to w10"),
            Wrong::Percent => f.write_str("a register has `%` behind a mnemonic only, as in `mov %r1, 5`"),
            Wrong::Width(Width::W64) => f.write_str("this takes a 64-bit register, `r`"),
            Wrong::Width(Width::W32) => f.write_str("this takes a 32-bit register, `w`"),
            Wrong::Tied(width, number) => write!(f, "this must be `{}{number}`", width.letter()),
            Wrong::Form => f.write_str("there is no such instruction"),
            Wrong::Opcode { code, text } => {
                write!(f, "the opcode is {code:02x}, but this instruction has {text:02x}")
            }
            Wrong::Lost(what) => write!(f, "the tool that printed this left out {what}"),
        }
    }
}
