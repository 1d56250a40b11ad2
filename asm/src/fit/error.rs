//! What keeps an object from being fitted.

use thiserror::Error;

use crate::btf::{self, TypeId};
use crate::object::CoreKind;

/// A relocation that cannot be resolved, whether the instruction is reached or not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}: {wrong}")]
pub struct Error {
    /// Index of its function in [`Object::funcs`](crate::object::Object::funcs).
    pub func: usize,
    /// Index of the instruction.
    pub insn: usize,
    /// What it asks: `core(task_struct.pid)`.
    pub what: String,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a relocation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Wrong {
    /// A number of a type of the object that is not in use.
    #[error("the object has no type {}", .0.0)]
    NoType(TypeId),
    /// The same of the kernel.
    #[error("the kernel has no type {}", .0.0)]
    NoKernelType(TypeId),
    /// A type of the kernel that cannot be understood.
    #[error("the kernel's types: {0}")]
    Kernel(btf::Error),
    /// Typedefs or arrays that lead on and on.
    #[error("type {} is one of more than 32 typedefs, modifiers or arrays in a row", .0.0)]
    Chain(TypeId),
    /// A type that has no size, or too large a one.
    #[error("type {} has no size, or one of 4 GiB and more", .0.0)]
    Size(TypeId),
    /// Types that are nested too deep, or have too many members.
    #[error("the types are nested too deep, or have too many members, to be compared")]
    TooMuch,
    /// An access that does not suit the type.
    #[error("the object's type has no part `{0}`")]
    Access(String),
    /// A question that does not suit what is asked about, or that is not known.
    #[error("relocations of kind {} ({}) do not suit it", .0.0, .0.name().unwrap_or("unknown"))]
    Kind(CoreKind),
    /// A bit field that no load covers.
    #[error("no load of up to 8 bytes covers the bit field")]
    Bits,
    /// A type without a name.
    #[error("its type has no name that could be looked for in the kernel")]
    Anonymous,
    /// Several types of the kernel fit.
    #[error(
        "the kernel has two types of that name that fit and differ: type {} {what} {}, type {} {what} {}",
        .ids[0].0, .numbers[0], .ids[1].0, .numbers[1]
    )]
    Ambiguous {
        /// The types.
        ids: [TypeId; 2],
        /// What differs.
        what: &'static str,
        /// In each of them.
        numbers: [i64; 2],
    },
    /// An instruction that holds no value.
    #[error("it is neither a load, a store nor an instruction with a number, and so holds no such value")]
    Insn,
    /// An instruction that holds something else.
    #[error("the instruction holds {held}, but by the object's own types it is {expected}")]
    Held {
        /// What it holds.
        held: i64,
        /// What the types say.
        expected: i64,
    },
    /// A value for which the instruction has no room.
    #[error("{0}, its value in this kernel, does not fit the instruction")]
    TooBig(i64),
    /// A load or store that cannot have the size of the field.
    #[error("the field has {new} bytes in this kernel, not {old}, and the instruction cannot have that size")]
    Moved {
        /// The size that the object says.
        old: u32,
        /// The kernel's.
        new: u32,
    },
}
