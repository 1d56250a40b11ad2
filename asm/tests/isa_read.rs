//! The reader of instruction text against what the tools print.

use std::path::Path;

use bpfasm_asm::isa::read::{To, read};
use bpfasm_asm::isa::{Dialect, Endian, Insn};
use proptest::prelude::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits")).collect()
}

/// Texts that say less than the bytes, with the reason; what the reader gives for them is another instruction,
/// of which the text is also right, or an error.
const LOSSY: &[(&str, &str, &str)] = &[
    ("llvm", "call local", "the distance is printed like the number of a helper"),
    ("llvm", "call kfunc", "the BTF id is printed like the number of a helper"),
    ("llvm", "callx llvm(dst? imm)", "an encoding of LLVM 18 and older, printed like the other one"),
    ("llvm", "ldindb", "the immediate is left out"),
    ("llvm", "ldindh", "the immediate is left out"),
    ("llvm", "ldindw", "the immediate is left out"),
    ("llvm", "ld_imm64 src2 map_value", "the upper half is left out"),
    ("llvm", "ld_imm64 src6 map_idx_value", "the upper half is left out"),
    ("kernel", "neg64 X(gas)", "the source register is left out"),
    ("kernel", "ld_imm64 src1 map_fd", "the kind is left out"),
    ("kernel", "ld_imm64 src2 map_value", "the kind is left out"),
    ("kernel", "ld_imm64 src3 btf_id", "the kind is left out"),
    ("kernel", "ld_imm64 src4 func", "the kind is left out"),
    ("kernel", "ld_imm64 src5 map_idx", "the kind is left out"),
    ("kernel", "ld_imm64 src6 map_idx_value", "the kind is left out"),
    ("kernel", "callx llvm(dst? imm)", "printed as a call of a helper"),
    ("kernel", "callx dst", "printed as a call of a helper"),
    ("gas", "addr_space_cast 0<-1", "printed like a move"),
    ("gas", "addr_space_cast 1<-0", "printed like a move"),
    ("gas", "mov percpu (internal)", "printed like a move"),
    ("gas", "ld_imm64 src1 map_fd", "the kind is left out"),
    ("gas", "ld_imm64 src2 map_value", "the kind is left out"),
    ("gas", "ld_imm64 src3 btf_id", "the kind is left out"),
    ("gas", "ld_imm64 src4 func", "the kind is left out"),
    ("gas", "ld_imm64 src5 map_idx", "the kind is left out"),
    ("gas", "ld_imm64 src6 map_idx_value", "the kind is left out"),
    ("gas", "call local", "the distance is printed like the number of a helper"),
    ("gas", "call kfunc", "the BTF id is printed like the number of a helper"),
    ("gas", "callx llvm(dst? imm)", "an encoding of LLVM 18 and older, printed like the other one"),
];

/// The instruction that a tool's text is; of calls and immediates what the tool means by them.
fn insn(text: &str, dialect: Dialect) -> Result<Option<Insn>, String> {
    let mut reading = read(text, dialect, None).map_err(|error| format!("{error} at {:?}", error.at))?;
    // `#` begins a comment to some tools.
    if reading.len != text.len() {
        return Err(format!("only {} bytes of `{text}` are read", reading.len));
    }
    if let To::Numbered(_, number) = reading.to {
        reading.to = To::Helper(number);
    }
    // The kernel prints the immediate of a comparison as 32 bits without a sign.
    if dialect == Dialect::Kernel
        && let Some(imm) = reading.imm.int.and_then(|imm| u32::try_from(imm).ok())
        && matches!(reading.syntax, bpfasm_asm::isa::Syntax::If(..))
    {
        reading.imm.int = Some(imm.cast_signed().into());
    }
    Ok(reading.insn())
}

#[test]
fn every_column_gives_its_bytes_or_has_a_reason() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/instructions.tsv");
    let Ok(vectors) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no shared/vectors/instructions.tsv beside the repository");
        return;
    };
    let columns = [
        ("llvm", Dialect::Llvm, 2),
        ("kernel", Dialect::Kernel, 3),
        ("gas", Dialect::Gnu, 4),
        ("gas", Dialect::Gnu, 5),
    ];
    let mut read = 0;
    for row in vectors.lines().filter(|line| !line.starts_with('#') && !line.starts_with("name\t")) {
        let row: Vec<&str> = row.split('\t').collect();
        for (tool, dialect, column) in columns {
            let (name, text) = (row[0], row[column]);
            if text == "<unknown>" {
                continue;
            }
            let lossy = LOSSY.iter().any(|lossy| (lossy.0, lossy.1) == (tool, name));
            let code = insn(text, dialect).map(|insn| insn.map(|i| Insn::encode_all(&[i], Endian::Little)));
            let right = code == Ok(Some(bytes(row[1])));
            assert_ne!(right, lossy, "{tool}: `{text}` ({name}): {code:02x?}");
            read += usize::from(right);
            // No other tool's reading gives other bytes.
            for other in [Dialect::Native, Dialect::Llvm, Dialect::Gnu, Dialect::Kernel] {
                let same = insn(text, other).map(|insn| insn.map(|i| Insn::encode_all(&[i], Endian::Little)));
                assert!(!matches!(same, Ok(Some(_))) || same == code || tool == "kernel", "{text} {other:?}");
            }
        }
    }
    assert!(read > 650, "{read} texts");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", code in proptest::option::of(any::<u8>())) {
        for dialect in [Dialect::Native, Dialect::Llvm, Dialect::Gnu, Dialect::Kernel] {
            if let Ok(reading) = read(&text, dialect, code) {
                prop_assert!(text.is_char_boundary(reading.len));
                let _ = reading.insn();
            }
        }
    }

    #[test]
    fn nor_does_what_looks_like_an_instruction(
        parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..9),
        blank in proptest::sample::select(&["", " "][..]),
        code in proptest::option::of(any::<u8>()),
    ) {
        let text = parts.join(blank);
        for dialect in [Dialect::Native, Dialect::Llvm, Dialect::Gnu, Dialect::Kernel] {
            match read(&text, dialect, code) {
                Ok(reading) => {
                    prop_assert!(reading.len <= text.len());
                    let _ = reading.insn();
                }
                Err(error) => prop_assert!(error.at.start <= error.at.end && error.at.end as usize <= text.len()),
            }
        }
    }
}

/// Pieces of instructions.
const PARTS: &[&str] = &[
    "r1",
    "w2",
    "r10",
    "r11",
    "%r3",
    "%fp",
    "=",
    "+=",
    "s>>=",
    "==",
    "s>",
    "-",
    "+",
    "*(u32 *)",
    "*(",
    "(",
    ")",
    "[",
    "]",
    "skb[",
    "5",
    "0x10",
    "010",
    "1f",
    "9999999999999999999999",
    "sym",
    ".L1",
    "l0_%=",
    "if",
    "goto",
    "call",
    "pc",
    "pc+5",
    "lock",
    "ll",
    "mov",
    "ldxw",
    "jeq32",
    ",",
    "<f+0x8>",
    "#1",
    "be16",
    "(s8)",
    "-r1",
    "xchg_64(",
    "atomic_fetch_add(",
    "(u64 *)",
    "addr_space_cast(",
    "(07)",
    "(18)",
    "map[id:5]",
    "\"a\\",
    "'",
    "é",
    "\0",
    "~",
    "<<",
    "//",
    "/*",
    "kernel-function#",
    "may_goto",
    "store_release",
    "ld_pseudo",
    "exit",
];
