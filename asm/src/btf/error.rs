//! What can be wrong with BTF.

use super::TypeId;

/// BTF that cannot be encoded or decoded. Offsets are bytes from the start of the blob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The data end in the middle of something.
    #[error("BTF ends at byte {offset}, in the middle of {what}")]
    Truncated {
        /// Where the missing part should begin.
        offset: usize,
        /// What is cut.
        what: &'static str,
    },
    /// The first two bytes are not `BTF_MAGIC` in either byte order.
    #[error("no BTF: the magic number at byte 0 is {found:#06x}, expected 0xeb9f")]
    Magic {
        /// The number read as little endian.
        found: u16,
    },
    /// A version other than 1, or flags that nobody has defined.
    #[error("BTF version {version} with flags {flags:#x} is not known; expected version 1, flags 0")]
    Version {
        /// The version found.
        version: u8,
        /// The flags found.
        flags: u8,
    },
    /// A header field that points outside the data.
    #[error("BTF header: {what} at byte {offset} lies outside the {len} bytes of data")]
    Header {
        /// Which part.
        what: &'static str,
        /// Where the part should begin.
        offset: u64,
        /// How long the data are.
        len: usize,
    },
    /// A kind that is not known.
    #[error("BTF type {id} at byte {offset}: kind {kind} is not known")]
    Kind {
        /// Where the type begins.
        offset: usize,
        /// The number of the type.
        id: u32,
        /// The kind found.
        kind: u32,
    },
    /// A field whose value the format forbids.
    #[error("BTF type {id} at byte {offset}: {what}")]
    Field {
        /// Where the type begins.
        offset: usize,
        /// The number of the type.
        id: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A string offset outside the string table, or a string without an end.
    #[error("BTF at byte {offset}: string offset {name} does not name a string")]
    Name {
        /// Where the string offset stands.
        offset: usize,
        /// The string offset.
        name: u32,
    },
    /// The same long names over and over: far more text than a compiler would make.
    #[error("BTF at byte {offset}: its names, written out, are too long for the size of the data")]
    NameFlood {
        /// Where the limit was passed.
        offset: usize,
    },
    /// A type number beyond the last type.
    #[error("BTF type {id} refers to type {to}, but there are only {count}")]
    Ref {
        /// The type that refers.
        id: u32,
        /// The number it refers to.
        to: u32,
        /// How many types there are.
        count: u32,
    },
    /// Something does not fit its field.
    #[error("type {}: {what} does not fit BTF", id.0)]
    TooBig {
        /// The type that cannot be encoded.
        id: TypeId,
        /// What is too big.
        what: &'static str,
    },
    /// More types or text than 32 bits can count.
    #[error("{what}: more than 4 GiB")]
    TooMuch {
        /// What is too much.
        what: &'static str,
    },
    /// A type that cannot be written as C.
    #[error("BTF type {}: {what}", id.0)]
    C {
        /// The type.
        id: TypeId,
        /// Why not.
        what: &'static str,
    },
    /// A string with a NUL inside.
    #[error("{text:?} holds a NUL and cannot stand in a string table")]
    Nul {
        /// The string.
        text: String,
    },
    /// A map or a variable that cannot be described.
    #[error("{name}: {what}")]
    Declare {
        /// The map, variable or section.
        name: String,
        /// Why not.
        what: &'static str,
    },
    /// A function's records that do not fit it.
    #[error("function {func}: {what}")]
    Records {
        /// The function.
        func: String,
        /// What is wrong.
        what: &'static str,
    },
}
