//! BTF as text, as `bpftool btf dump … format raw` prints it, with nothing lost.
//!
//! A line for each type, and a line for each of its members:
//!
//! ```text
//! [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
//! [2] STRUCT 'pair' size=8 vlen=2
//!     'first' type_id=1 bits_offset=0
//!     'second' type_id=1 bits_offset=32
//! ```
//!
//! Where bpftool's line loses something, a word is added: `kind_flag=1` on a struct whose members do not show it and on
//! tags, numbers for an encoding or linkage that has no name, escapes in names. All else is bpftool's text.

mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use parse::{end, parse};
pub use print::{print, print_type};

use super::{Btf, Kind};

/// The names of kinds; [`Kind::number`] is the place in the list.
pub(super) const KINDS: [&str; 20] = [
    "UNKNOWN",
    "INT",
    "PTR",
    "ARRAY",
    "STRUCT",
    "UNION",
    "ENUM",
    "FWD",
    "TYPEDEF",
    "VOLATILE",
    "CONST",
    "RESTRICT",
    "FUNC",
    "FUNC_PROTO",
    "VAR",
    "DATASEC",
    "FLOAT",
    "DECL_TAG",
    "TYPE_TAG",
    "ENUM64",
];

/// Encodings of an integer that have a name.
const ENCODINGS: [(u8, &str); 4] = [(0, "(none)"), (1, "SIGNED"), (2, "CHAR"), (4, "BOOL")];

/// Linkages of functions and variables that have a name.
const LINKAGES: [(u32, &str); 3] = [(0, "static"), (1, "global"), (2, "extern")];

/// What stands for the name of what has none.
const ANONYMOUS: &str = "(anon)";

impl<S> Kind<S> {
    /// The name of the kind, `BTF_KIND_` taken away.
    #[must_use]
    pub fn word(&self) -> &'static str {
        KINDS[self.number() as usize]
    }
}
