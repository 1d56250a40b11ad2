//! Instructions as other tools spell them, in native bodies.

mod common;

use std::path::Path;

use bpfasm_asm::isa::read::read;
use bpfasm_asm::isa::{Dialect, Form};
use bpfasm_asm::isa::{Endian, Insn, Names};
use common::{BOTH, assemble, body, errors};
use proptest::prelude::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits")).collect()
}

/// The bytes of one line between others, or what is wrong with it.
fn line(text: &str) -> Result<Vec<u8>, String> {
    // Jumps have room in both directions; in bare instructions, calls of what has no name are taken.
    let pad = "    r0 = r0\n".repeat(40);
    let object = assemble(&format!("{pad}    {text}\n{pad}    exit\n"), Endian::Little)?;
    let code = object.funcs[0].insns.to_bytes(Endian::Little);
    Ok(code[40 * 8..code.len() - 41 * 8].to_vec())
}

/// The code of the first function.
fn code(text: &str) -> Vec<Insn> {
    assemble(text, Endian::Little).unwrap_or_else(|why| panic!("{text}\n{why}")).funcs[0]
        .insns
        .iter()
        .collect()
}

/// Texts that say less than the bytes. What they give is that which the text says, or they are refused.
const LOSSY: &[(&str, &str, &str, bool)] = &[
    ("kernel", "neg64 X(gas)", "the source register is left out", true),
    ("kernel", "ld_imm64 src1 map_fd", "the kind is left out", false),
    ("kernel", "ld_imm64 src2 map_value", "the kind is left out", false),
    ("kernel", "ld_imm64 src3 btf_id", "the kind is left out", false),
    ("kernel", "ld_imm64 src4 func", "the kind is left out", false),
    ("kernel", "ld_imm64 src5 map_idx", "the kind is left out", false),
    ("kernel", "ld_imm64 src6 map_idx_value", "the kind is left out", false),
    ("kernel", "callx llvm(dst? imm)", "printed as a call of a helper", true),
    ("kernel", "callx dst", "printed as a call of a helper", true),
    ("gas", "addr_space_cast 0<-1", "printed like a move", false),
    ("gas", "addr_space_cast 1<-0", "printed like a move", false),
    ("gas", "mov percpu (internal)", "printed like a move", false),
    ("gas", "ld_imm64 src1 map_fd", "the kind is left out", false),
    ("gas", "ld_imm64 src2 map_value", "the kind is left out", false),
    ("gas", "ld_imm64 src3 btf_id", "the kind is left out", false),
    ("gas", "ld_imm64 src4 func", "the kind is left out", false),
    ("gas", "ld_imm64 src5 map_idx", "the kind is left out", false),
    ("gas", "ld_imm64 src6 map_idx_value", "the kind is left out", false),
    ("gas", "call local", "the distance is printed like the number of a helper", false),
    ("gas", "call kfunc", "the BTF id is printed like the number of a helper", false),
    ("gas", "callx llvm(dst? imm)", "an encoding of LLVM 18 and older, printed like the other one", false),
];

/// The columns that `lang_forms` does not look at: both dialects of GNU as, and the kernel's with its opcode.
#[test]
fn the_other_columns_give_the_bytes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/instructions.tsv");
    let Ok(vectors) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no shared/vectors/instructions.tsv beside the repository");
        return;
    };
    let mut seen = 0;
    for row in vectors.lines().filter(|line| !line.starts_with('#') && !line.starts_with("name\t")) {
        let row: Vec<&str> = row.split('\t').collect();
        for (tool, column) in [("kernel", 3), ("gas", 4), ("gas", 5)] {
            let (name, text) = (row[0], row[column]);
            if text == "<unknown>" {
                continue;
            }
            seen += 1;
            let lossy = LOSSY.iter().find(|lossy| (lossy.0, lossy.1) == (tool, name));
            match (line(text), lossy) {
                (Err(_), Some((.., true))) => {}
                (Ok(code), Some((.., false))) => {
                    assert_ne!(code, bytes(row[1]), "`{text}` ({name}) is not lossy any more");
                    let (insn, _) = Insn::decode(&code, Endian::Little).expect("an instruction");
                    assert_eq!(line(&insn.display(Names::default()).to_string()), Ok(code));
                }
                (Ok(code), None) => assert_eq!(code, bytes(row[1]), "{tool}: `{text}` ({name})"),
                (Ok(code), Some(_)) => panic!("{tool}: `{text}` ({name}) is lossy, but gave {code:02x?}"),
                (Err(why), _) => panic!("{tool}: `{text}` ({name}) is refused:\n{why}"),
            }
        }
    }
    assert!(seen > 520, "{seen} texts");
}

/// The kernel prints the number of a comparison as 32 bits without a sign, and compares with its sign extended.
#[test]
fn comparisons_of_the_kernels_printer_keep_their_sign() {
    let kernel = code(&body("(15) if r1 == 0xffffffff goto pc+0\n(b5) if r2 <= 0x80000000 goto pc+0\nexit"));
    let native = code(&body("if r1 == -1 goto +0\nif r2 <= -0x80000000 goto +0\nexit"));
    assert_eq!(kernel, native);
}

#[test]
fn mnemonics_stand_beside_native_lines() {
    let native = code(&body("r1 = r10\nr1 += -8\n*(u32 *)(r1 + 4) = 7\nw0 = *(u32 *)(r1 + 4)\nexit"));
    let gnu = code(&body("mov %r1, %fp\nadd %r1, -8\nstw [%r1+4], 7\nldxw %r0, [%r1+2+2]\nexit"));
    assert_eq!(native, gnu);
    let consts = "const EIGHT = 8\n".to_string()
        + &body("mov r1, EIGHT\nlddw %r2, EIGHT * 2\nstdw [r10-EIGHT], -1\nexit");
    let expected = code(&body("r1 = 8\nr2 = 16 ll\n*(u64 *)(r10 - 8) = -1\nexit"));
    assert_eq!(code(&consts), expected);
}

#[test]
fn a_map_is_loaded_by_lddw() {
    let text = "map m: array<u32, u32>[1]\n".to_string() + &body("lddw %r1, m\nmov %r0, 0\nexit");
    let object = assemble(&text, Endian::Little).expect("no errors");
    assert_eq!(object.funcs[0].refs.len(), 1);
}

#[test]
fn numeric_labels_may_be_defined_again() {
    let text =
        body("1: r0 = 0\nif r0 == 1 goto 1f\ngoto 1b\n1:\nif r0 == 2 goto 1b\njeq %r0, 3, 1f\n1: exit");
    let insns = code(&text);
    assert_eq!(insns.iter().map(|insn| insn.off).collect::<Vec<_>>(), [0, 1, -3, -1, 0, 0]);
}

#[test]
fn labels_of_inline_assembly_are_unlike_others() {
    let insns = code(&body("if r1 == 0 goto l0_%=\nr0 = 1\nl0_%=:\nr0 = 0\nl0_:\ngoto l0_\nexit"));
    assert_eq!(insns.iter().map(|insn| insn.off).collect::<Vec<_>>(), [1, 0, 0, -1, 0]);
}

#[test]
fn numbers_of_instructions() {
    for endian in BOTH {
        let text = body(".8byte 0x95\n.4byte 0xb7, 1\n.8byte 0x18\n.8byte 0\n.byte 149, 0, 0, 0\n.long 0");
        let object = assemble(&text, endian).expect("no errors");
        let mut expected = vec![];
        let word = |value: u64| match endian {
            Endian::Little => value.to_le_bytes(),
            Endian::Big => value.to_be_bytes(),
        };
        let half = |value: u32| match endian {
            Endian::Little => value.to_le_bytes(),
            Endian::Big => value.to_be_bytes(),
        };
        expected.extend(word(0x95));
        expected.extend(half(0xb7));
        expected.extend(half(1));
        expected.extend(word(0x18));
        expected.extend(word(0));
        expected.extend([149, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(object.funcs[0].insns.to_bytes(endian), expected, "{endian:?}");
    }
    assert_eq!(errors(&body(".4byte 0x95\nexit")), ["E0102"]);
    assert_eq!(errors(&body(".byte 256, 0, 0, 0, 0, 0, 0, 0\nexit")), ["E0303"]);
}

#[test]
fn a_file_in_another_dialect() {
    let gnu = "dialect \"gnu\"\n".to_string()
        + &body(
            "mov %r1, 010; r2 = 0x10 # both dialects\n# a comment\nif r1s>-1 goto 1f; exit\n1: r0 = 0; exit",
        );
    let insns = code(&gnu);
    assert_eq!(insns.len(), 6);
    assert_eq!(insns[0].imm, 8);
    let llvm = "// first\n/* and */\ndialect \"llvm\"\n".to_string() + &body("r1 = w2; r0 = 0\nexit");
    assert_eq!(code(&llvm)[0].code, 0xbc);
    assert_eq!(errors(&body("mov %r1, 010\nexit")), ["E0102"]);
    assert_eq!(errors(&("dialect \"arm\"\n".to_string() + &body("exit"))), ["E0108"]);
    assert_eq!(errors(&("license \"GPL\"\ndialect \"gnu\"\n".to_string() + &body("exit"))), ["E0108"]);
}

#[test]
fn what_is_wrong_is_said_where_it_is() {
    for (text, code) in [
        ("mov %r11, 5", "E0107"),
        ("mov %r1 5", "E0107"),
        ("ldxw %r1, %r2", "E0107"),
        ("endle %r1, 24", "E0107"),
        ("(07) r1 -= 5", "E0107"),
        ("(85) call 5 6", "E0105"),
        ("mov %r1, 0xffffffff", "E0304"),
        ("(b7) r1 = nothing", "E0201"),
        ("add %r1, 0x100000000", "E0405"),
        ("goto 1b", "E0501"),
        ("goto 1f", "E0501"),
        ("r1 = 5 ; comment", "E0101"),
        ("r1 = 5 # comment", "E0101"),
    ] {
        assert_eq!(errors(&body(&format!("{text}\nexit"))), [code], "{text}");
    }
}

/// Pieces of instructions in many spellings.
const PARTS: &[&str] = &[
    "r1",
    "w2",
    "r10",
    "%r3",
    "%fp",
    "=",
    "+=",
    "-=",
    "s>>=",
    "s/=",
    "==",
    "s>",
    "<=",
    "&",
    "-",
    "+",
    "*(u32 *)(r2 + 8)",
    "*(u64*)(r10-8)",
    "*(s8 *)(r1 +0)",
    "r0",
    "skb[r2 + 5]",
    "5",
    "-1",
    "0x10",
    "0xffffffff",
    "0b101",
    "256",
    "if",
    "goto",
    "goto +0",
    "goto pc+0",
    "call",
    "pc+0",
    "lock",
    "ll",
    "mov",
    "add32",
    "ldxw",
    "stxb",
    "lddw",
    "jeq",
    "jsgt32",
    ",",
    "[%r2+8]",
    "[%r10-8]",
    "be16",
    "bswap32",
    "endle",
    "(s8)",
    "(s32)",
    "-r1",
    "w2 = -w2",
    "xchg_64(r1 + 8, r2)",
    "atomic_fetch_add((u64 *)(r1 + 8), r2)",
    "addr_space_cast(r2, 0, 1)",
    "(07)",
    "(18)",
    "(bf)",
    "neg",
    "exit",
    "load_acquire((u8 *)(r2 + 1))",
    "store_release((u32 *)(r1 + 4), w2)",
    "ld_pseudo",
    "1",
    "aadd",
    "afxor32",
    "movs",
    "%r1",
    "%r2",
    "16",
    "8",
    "may_goto",
    "gotol",
    "1 ",
];

/// `%` in front of a register belongs to GNU as's normal syntax. No tool takes it in pseudo-C.
#[test]
fn percent_belongs_to_mnemonics() {
    for text in ["r10=%r1", "r3 = %r1", "%r1 = 1", "*(u32 *)(r2 + 8)=%r1", "if r1 == %r2 goto +0", "goto %r1"]
    {
        for dialect in [Dialect::Native, Dialect::Llvm, Dialect::Gnu, Dialect::Kernel] {
            let taken = read(text, dialect, None).is_ok_and(|reading| reading.len == text.len());
            assert!(!taken, "{dialect:?}: {text}");
        }
        assert!(line(text).is_err(), "{text}");
    }
    for text in ["mov %r3, %r1", "stxw [%r2+8], %r1", "jeq %r1, %r2, +0", "call %r1"] {
        let insn = read(text, Dialect::Native, None).expect(text).insn().expect("numbers");
        assert_eq!(line(text), Ok(Insn::encode_all(&[insn], Endian::Little)), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// What the reader takes on its own, the language takes with the same bytes. The big parser has more rules: a
    /// load of 8 bytes as bytes of a shift, a helper that does not exist; these give an error, never other bytes.
    #[test]
    fn the_reader_and_the_parser_agree(
        parts in proptest::collection::vec(proptest::sample::select(PARTS), 1..7),
        blank in proptest::sample::select(&["", " ", "  "][..]),
    ) {
        let text = parts.join(blank);
        let reading = read(&text, Dialect::Native, None).ok().filter(|reading| reading.len == text.trim_end().len());
        let Some(insn) = reading.and_then(|reading| reading.insn()) else { return Ok(()) };
        let form = Form::of(reading.map(|r| r.syntax).expect("a reading")).expect("a row");
        let line = line(&text);
        match line {
            Ok(bytes) => prop_assert_eq!(bytes, Insn::encode_all(&[insn], Endian::Little), "{}", text),
            Err(why) => prop_assert!(false, "`{text}` ({}) is refused:\n{why}", form.name),
        }
    }
}
