//! What can be wrong with an object file.

use crate::btf;

/// An object that cannot be written, or a file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The types cannot be encoded or decoded.
    #[error(transparent)]
    Btf(#[from] btf::Error),
    /// A reference that cannot be expressed.
    #[error("function {func}, instruction {insn}: {what}")]
    Ref {
        /// The function.
        func: String,
        /// Index of the instruction.
        insn: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A map without a variable in `.maps`.
    #[error("map {name} is not described in section .maps of the BTF")]
    Undeclared {
        /// The map.
        name: String,
    },
    /// Something that no field of the file can hold.
    #[error("{what}: too big for an object file")]
    TooBig {
        /// What is too big.
        what: &'static str,
    },
    /// The file's headers are broken.
    #[error("this is no readable ELF file: {0}")]
    Elf(#[source] goblin::error::Error),
    /// Another machine, class or type of file.
    #[error("not an eBPF object: {what}; expected a relocatable ELF64 file for machine 247 (EM_BPF)")]
    NotBpf {
        /// What it is.
        what: String,
    },
    /// Something broken in a section.
    #[error("section {section}: {what}")]
    Section {
        /// The section.
        section: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Something broken at a place in a section.
    #[error("section {section}, byte {offset}: {what}")]
    Place {
        /// The section.
        section: String,
        /// Offset in bytes from its start.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// Something that is legal and not supported yet.
    #[error("section {section} holds {what}: not supported yet")]
    Unsupported {
        /// The section.
        section: String,
        /// What it holds.
        what: &'static str,
    },
    /// A symbol that is broken or not supported.
    #[error("symbol {name}: {what}")]
    Symbol {
        /// The symbol.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
}
