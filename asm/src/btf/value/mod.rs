//! Values typed by BTF: text to bytes and back.
//!
//! The name of a type carries meaning: a number of type `__be16` is stored in network order, `ip4` is written
//! dotted, a struct that begins with `prefixlen` is a prefix. What [`display`] writes, [`parse()`] reads back to
//! the same bytes; bytes between the members of a struct are zero.
//!
//! | type | text |
//! |---|---|
//! | integers | `42`, `-1`, `0x2a`, `0b101`, `0o17`, `1_000`, `'c'` |
//! | `bool` | `true`, `false` |
//! | `char` | `'c'` or a number |
//! | `__be16`, `__be32`, `__be64` (`be16` …) | a number, stored in network order; 32 bits also dotted |
//! | `ip4`, `ip6`, `mac` | `10.9.0.1`, `fe80::1`, `aa:bb:cc:dd:ee:ff` |
//! | enums | a name or a number |
//! | arrays of `char` | `"eth0"`, filled up with NUL; `\n \t \\ \" \0 \xNN` |
//! | arrays | `[1, 2, 3]`; what is missing is zero |
//! | structs, unions | `{saddr: 10.0.0.1, port: 80}`; what is missing is zero |
//! | prefixes | `10.9.0.1/32`, `fe80::/10`, or as a struct |

mod parse;
mod scalar;
mod shape;
mod show;
#[cfg(test)]
mod tests;

pub use parse::parse;
pub(crate) use scalar::{get_bits, put_bits};
pub use show::display;

/// Text that is no value of its type. Positions count bytes of the text from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Something else was expected.
    #[error("expected {expected}, such as `{example}`; found {found}")]
    Expected {
        /// Where.
        at: usize,
        /// What would be right.
        expected: String,
        /// A text that would be right.
        example: String,
        /// What stands there.
        found: String,
    },
    /// A number that does not fit.
    #[error("{text} does not fit: expected a number from {min} to {max}")]
    Range {
        /// Where.
        at: usize,
        /// The number as written.
        text: String,
        /// The least number that fits.
        min: String,
        /// The greatest number that fits.
        max: String,
    },
    /// A string, an array or a prefix length that is too long.
    #[error("{what} is too long: {len}, where {max} fit")]
    TooLong {
        /// Where.
        at: usize,
        /// What is too long.
        what: &'static str,
        /// How long it is.
        len: usize,
        /// How long it may be.
        max: usize,
    },
    /// A member that the struct has not.
    #[error("there is no member `{name}`; the members are {members}")]
    Member {
        /// Where.
        at: usize,
        /// The name as written.
        name: String,
        /// The names that there are.
        members: String,
    },
    /// Two members of a union, or one member twice.
    #[error("`{name}` shares its bytes with `{other}`: give only one of them")]
    Overlap {
        /// Where.
        at: usize,
        /// The later member.
        name: String,
        /// The earlier member.
        other: String,
    },
    /// A type whose values cannot be written.
    #[error("a value of {what} cannot be written as text")]
    Type {
        /// Which type.
        what: String,
    },
    /// Arrays and structs within each other, too deep.
    #[error("the value is nested too deep")]
    Depth {
        /// Where.
        at: usize,
    },
}

impl ValueError {
    /// The byte of the text that is wrong; 0 where the type itself is.
    #[must_use]
    pub fn at(&self) -> usize {
        match self {
            Self::Expected { at, .. }
            | Self::Range { at, .. }
            | Self::TooLong { at, .. }
            | Self::Member { at, .. }
            | Self::Overlap { at, .. }
            | Self::Depth { at } => *at,
            Self::Type { .. } => 0,
        }
    }
}

/// How deep arrays and structs may stand within each other.
const MAX_DEPTH: usize = 32;
/// The longest value in bytes.
const MAX_SIZE: u32 = 1 << 28;
