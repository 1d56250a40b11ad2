//! How the parts of an instruction are spelled: one table for the parser and the printer.

use super::{AluOp, AtomicOp, Cond, Size, Swap, Width};
use crate::text::Word;

/// Spellings of an enum, in both directions.
macro_rules! spelled {
    ($type:ident, $what:literal, $around:literal, { $($variant:ident $text:literal),* $(,)? }) => {
        impl $type {
            /// All of them.
            pub const ALL: &[$type] = &[$($type::$variant),*];

            #[doc = concat!("The spelling of ", $what, ".")]
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $($type::$variant => $text),* }
            }


            /// The same, with the blanks that stand around it.
            pub(super) const fn word(self) -> Word {
                match self { $($type::$variant => const { Word::new(concat!($around, $text, $around)) }),* }
            }

            #[doc = concat!("The one with this spelling: ", $what, ".")]
            #[must_use]
            pub fn from_text(text: &str) -> Option<$type> {
                match text {
                    $($text => Some($type::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

spelled!(AluOp, "an assignment, `s>>=`", " ", {
    Add "+=", Sub "-=", Mul "*=", Div "/=", SDiv "s/=", Or "|=", And "&=", Lsh "<<=", Rsh ">>=", Arsh "s>>=",
    Mod "%=", SMod "s%=", Xor "^=", Mov "=",
});

spelled!(Cond, "a comparison, `s>=`", " ", {
    Eq "==", Ne "!=", Gt ">", Ge ">=", Lt "<", Le "<=", SGt "s>", SGe "s>=", SLt "s<", SLe "s<=", Set "&",
});

spelled!(AtomicOp, "an operation as in `atomic_fetch_add`: `add`", "", {
    Add "add", Or "or", And "and", Xor "xor",
});

spelled!(Swap, "a byte swap without its width, `bswap`", "", {
    Le "le", Be "be", Bswap "bswap",
});

spelled!(Size, "an unsigned memory access, `u32`", "", {
    B "u8", H "u16", W "u32", DW "u64",
});

impl AtomicOp {
    /// The assignment in `lock *(u64 *)(r1 + 0) += r2`.
    #[must_use]
    pub const fn assignment(self) -> AluOp {
        match self {
            AtomicOp::Add => AluOp::Add,
            AtomicOp::Or => AluOp::Or,
            AtomicOp::And => AluOp::And,
            AtomicOp::Xor => AluOp::Xor,
        }
    }

    /// The operation of that assignment, if it has an atomic form.
    #[must_use]
    pub fn from_assignment(op: AluOp) -> Option<AtomicOp> {
        AtomicOp::ALL.iter().copied().find(|atomic| atomic.assignment() == op)
    }
}

impl Size {
    /// The number of bytes: 1, 2, 4 or 8.
    #[must_use]
    pub const fn bytes(self) -> u8 {
        match self {
            Size::B => 1,
            Size::H => 2,
            Size::W => 4,
            Size::DW => 8,
        }
    }

    /// The size of that many bytes.
    #[must_use]
    pub fn from_bytes(bytes: u64) -> Option<Size> {
        Size::ALL.iter().copied().find(|size| u64::from(size.bytes()) == bytes)
    }

    /// The spelling of a signed access: `s32`.
    #[must_use]
    pub const fn signed_text(self) -> &'static str {
        match self {
            Size::B => "s8",
            Size::H => "s16",
            Size::W => "s32",
            Size::DW => "s64",
        }
    }

    /// The size and the sign of a spelling: `u32` and `s32`.
    #[must_use]
    pub fn from_any_text(text: &str) -> Option<(Size, bool)> {
        if let Some(size) = Size::from_text(text) {
            return Some((size, false));
        }
        Size::ALL.iter().copied().find(|size| size.signed_text() == text).map(|size| (size, true))
    }

    /// The width of the register that LLVM names beside it: `w2 = *(u32 *)…`, `r2 = *(u64 *)…`.
    #[must_use]
    pub const fn width(self) -> Width {
        match self {
            Size::DW => Width::W64,
            _ => Width::W32,
        }
    }
}

impl Width {
    /// The letter of its register names.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Width::W32 => 'w',
            Width::W64 => 'r',
        }
    }
}
