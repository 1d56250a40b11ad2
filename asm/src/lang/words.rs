//! All words of the language by kind: one table for the parser, for suggestions and for editor files.

use crate::isa::Width;

/// The words that begin a declaration.
pub const DECLARATIONS: &[&str] = &[
    "license",
    "import",
    "btf",
    "const",
    "param",
    "type",
    "enum",
    "struct",
    "union",
    "packed",
    "map",
    "global",
    "config",
    "prog",
    "func",
    "macro",
    "extern",
    "dialect",
    "struct_ops",
    "cpu",
    "endian",
    "version",
    "section",
    "static",
    "weak",
    "hidden",
];

/// The words that begin a statement.
pub const STATEMENTS: &[&str] = &[
    "view",
    "stack",
    "raw",
    "if",
    "goto",
    "gotol",
    "gotox",
    "may_goto",
    "call",
    "callx",
    "exit",
    "nospec",
    "lock",
    "ld_pseudo",
    "alias",
];

/// What happens while assembling, with its `@`.
pub const AT: &[&str] = &[
    "@if", "@else", "@for", "@assert", "@error", "@warning", "@defined", "@is", "@core", "@file", "@line",
    "@relo", "@reloc",
];

/// Those of them that say something about the next instruction.
pub const RECORDS: &[&str] = &["@file", "@line", "@relo", "@reloc"];

/// A name without the backticks that it may stand in. With them, it is none of these words.
#[must_use]
pub fn bare(name: &str) -> &str {
    let quoted = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
    quoted.filter(|name| !name.contains('`')).unwrap_or(name)
}

/// Functions of constant expressions.
pub const FUNCTIONS: &[&str] = &[
    "be16",
    "be32",
    "be64",
    "ip4",
    "sizeof",
    "alignof",
    "offsetof",
    "baseof",
    "numberof",
    "bitoffsetof",
    "bitsizeof",
    "bitshift",
    "bitsigned",
    "bitunit",
    "section",
];

/// The names of registers.
pub const REGISTERS: &[&str] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "w0", "w1", "w2", "w3", "w4", "w5",
    "w6", "w7", "w8", "w9", "w10", "fp",
];

/// The number and the width of the register of that name.
#[must_use]
pub fn register(name: &str) -> Option<(u8, Width)> {
    let (width, number) = match name.as_bytes() {
        [b'r', number @ ..] => (Width::W64, number),
        [b'w', number @ ..] => (Width::W32, number),
        b"fp" => return Some((10, Width::W64)),
        _ => return None,
    };
    match number {
        [digit @ b'0'..=b'9'] => Some((digit - b'0', width)),
        b"10" => Some((10, width)),
        _ => None,
    }
}

/// Words that mean something where a name may stand, so that no name can be one of them; registers are such, too.
pub const RESERVED: &[&str] = &["fp", "true", "false", "ll", "s", "pc", "goto", "if", "call", "lock", "exit"];
