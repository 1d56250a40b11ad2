//! Words of other languages and assemblers, and what they are here.

use crate::isa::read::is_mnemonic;

/// Words that begin a statement elsewhere.
const STATEMENTS: &[(&[&str], &str)] = &[
    (&["nop"], "an instruction that does nothing is `goto +0`"),
    (&["ret", "retq", "leave", "bx"], "`exit` returns, with r0 as the result"),
    (&["jmp", "jump", "b", "br", "bra"], "the jump is `goto .label`"),
    (
        &[
            "beq", "bne", "bgt", "bge", "blt", "ble", "beqz", "bnez", "je", "jz", "jnz", "jl", "jg", "ja",
            "jb", "unless", "when",
        ],
        "a jump on a condition is `if r1 == r2 goto .label`",
    ),
    (&["cmp", "test", "tst"], "there are no flags: `if r1 == r2 goto .label` compares and jumps"),
    (
        &["push", "pop"],
        "`stack { saved: u64 }` takes room on the stack; `fp->saved = r1` stores, `r1 = fp->saved` loads",
    ),
    (&["ldr", "ldx", "ld", "lw", "load"], "a load is `r1 = *(u64 *)(r2 + 0)`"),
    (&["str", "stx", "st", "sw", "store"], "a store is `*(u64 *)(r2 + 0) = r1`"),
    (&["mov", "movl", "movq", "li", "set"], "a register is set by `r1 = 5`"),
    (&["inc", "dec"], "one more is `r1 += 1`, one less `r1 -= 1`"),
    (
        &["syscall", "svc", "swi", "bl", "blx", "jal", "invoke"],
        "helpers and functions are called by `call NAME`",
    ),
    (&["break", "continue"], "a loop is left by a jump: `goto .end`"),
    (
        &["match", "case", "default", "else", "elif", "elsif", "endif"],
        "`if` jumps: `if r1 != 5 goto .other`, the lines of this case, `goto .end`, `.other:`",
    ),
    (
        &["asm", "volatile", "unsafe", "begin", "end", "pass"],
        "the lines of a body are the instructions, without anything around them",
    ),
    (
        &["printf", "print", "puts", "printk", "bpf_printk"],
        "`printk! \"text\"`, of the library's module `macros`, prints a line to the trace",
    ),
    (&["xadd"], "an atomic addition is `lock *(u64 *)(r1 + 0) += r2`"),
];

/// Words that begin a declaration elsewhere.
const DECLARATIONS: &[(&[&str], &str)] = &[
    (&["view", "stack"], "it belongs into the body of a program, function or macro"),
    (&["typedef"], "another name for a type is `type NAME = u32`, a struct `struct NAME { … }`"),
    (&["SEC", "__section"], "the section is part of the program: `prog NAME: \"xdp\" { … }`"),
    (
        &["use", "mod", "using", "include", "require", "from"],
        "`import \"net\"` takes in a module of the library, `import \"FILE.bpfasm\"` a file",
    ),
    (&["macro_rules", "define"], "a macro is `macro NAME(x: reg) { … }`, its use `NAME! r1`"),
    (
        &["__attribute__", "inline", "__always_inline", "impl", "trait", "class", "namespace"],
        "there is nothing like it here",
    ),
    (&["volatile", "register"], "a variable is `global NAME: u64 = 5`"),
    (&["program"], "a program is `prog NAME: \"xdp\" { … }`"),
];

fn find(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, what)| *what)
}

/// What a word is here that begins a statement elsewhere.
pub(super) fn statement(word: &str) -> Option<&'static str> {
    find(STATEMENTS, word).or_else(|| find(STATEMENTS, &word.to_ascii_lowercase()))
}

/// What a word is here that begins a declaration elsewhere.
pub(super) fn declaration(word: &str) -> Option<&'static str> {
    find(DECLARATIONS, word.trim_end_matches('!'))
}

/// A mnemonic in capitals, as it is here.
pub(super) fn in_capitals(word: &str) -> Option<String> {
    let small = word.to_ascii_lowercase();
    (small != word && is_mnemonic(&small)).then_some(small)
}

/// The type that is called so elsewhere.
pub(super) fn ty(word: &str) -> Option<&'static str> {
    Some(match word {
        "char" | "i8" | "int8_t" | "__s8" | "s8" => "s8",
        "short" | "i16" | "int16_t" | "__s16" | "s16" => "s16",
        "int" | "i32" | "int32_t" | "__s32" | "s32" => "s32",
        "long" | "i64" | "isize" | "int64_t" | "__s64" | "s64" => "s64",
        "uint8_t" | "__u8" | "u8" => "u8",
        "uint16_t" | "__u16" | "u16" => "u16",
        "unsigned" | "uint" | "uint32_t" | "__u32" | "u32" => "u32",
        "uint64_t" | "size_t" | "usize" | "__u64" | "u64" | "void" => "u64",
        "__be16" | "be16" => "be16",
        "__be32" | "be32" => "be32",
        "__be64" | "be64" => "be64",
        "_Bool" | "bool" => "bool",
        _ => return None,
    })
}
