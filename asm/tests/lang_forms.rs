//! Every instruction as text: what LLVM, the kernel and we print comes back as the bytes it was made from.

mod common;

use std::path::Path;

use bpfasm_asm::isa::{Endian, FORMS, Field, Insn, Names, Syntax};
use common::{BOTH, assemble, body, errors};
use proptest::prelude::*;

const GOLDEN: &str = include_str!("golden/instructions.tsv");

fn bytes(hex: &str) -> Vec<u8> {
    hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits")).collect()
}

fn rows(tsv: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = tsv.lines().filter(|line| !line.starts_with('#') && !line.starts_with("name\t"));
    lines.map(|line| line.split('\t').collect())
}

/// The bytes of one line between others, or what is wrong with it.
fn line(text: &str, endian: Endian) -> Result<Vec<u8>, String> {
    // Jumps have room in both directions; in bare instructions, calls of what has no name are taken.
    let pad = "    r0 = r0\n".repeat(40);
    let object = assemble(&format!("{pad}    {text}\n{pad}    exit\n"), endian)?;
    let code = object.funcs[0].insns.to_bytes(endian);
    Ok(code[40 * 8..code.len() - 41 * 8].to_vec())
}

/// The texts that do not say which instruction they show, with the reason, and whether they are refused.
const LOSSY: &[(&str, &str, &str, bool)] = &[
    ("llvm", "call local", "the distance is printed like the number of a helper", false),
    ("llvm", "call kfunc", "the BTF id is printed like the number of a helper", false),
    ("llvm", "callx llvm(dst? imm)", "an encoding of LLVM 18 and older, printed like the other one", false),
    ("llvm", "ldindb", "the immediate is left out", false),
    ("llvm", "ldindh", "the immediate is left out", false),
    ("llvm", "ldindw", "the immediate is left out", false),
    ("llvm", "ld_imm64 src2 map_value", "the upper half is left out", false),
    ("llvm", "ld_imm64 src6 map_idx_value", "the upper half is left out", false),
    ("kernel", "neg64 X(gas)", "printed like the other encoding of negation", false),
    ("kernel", "ldxsdw", "printed as `(null)`", true),
    ("kernel", "ld_imm64 src0 imm64", "the mark of a 64-bit load, `ll`, is left out", true),
    ("kernel", "ld_imm64 src1 map_fd", "printed like a 32-bit immediate", false),
    ("kernel", "ld_imm64 src2 map_value", "kind and mark are left out", true),
    ("kernel", "ld_imm64 src3 btf_id", "printed like a 32-bit immediate", false),
    ("kernel", "ld_imm64 src4 func", "printed like a 32-bit immediate", false),
    ("kernel", "ld_imm64 src5 map_idx", "printed like a 32-bit immediate", false),
    ("kernel", "ld_imm64 src6 map_idx_value", "kind and mark are left out", true),
    ("kernel", "callx llvm(dst? imm)", "printed as a call of a helper", false),
    ("kernel", "callx dst", "printed as a call of helper 0", true),
];

/// Immediates that the kernel prints as unsigned 32 bits, though the comparison extends their sign.
fn sign_extended(name: &str) -> bool {
    name.starts_with('j') && name.ends_with(" K") && !name.contains("32")
}

fn check(printer: &str, name: &str, hex: &str, text: &str) {
    let lossy = LOSSY.iter().find(|row| (row.0, row.1) == (printer, name));
    let refused = printer == "kernel" && sign_extended(name) || lossy.is_some_and(|row| row.3);
    match (line(text, Endian::Little), lossy) {
        (Err(_), _) if refused => {}
        (Ok(code), _) if refused => panic!("{printer}: `{text}` ({name}) is lossy, but gave {code:02x?}"),
        (Ok(code), Some(_)) => {
            assert_ne!(code, bytes(hex), "{printer}: `{text}` ({name}) is not lossy any more");
            // Whatever it gave, it is what the text says.
            let (insn, _) = Insn::decode(&code, Endian::Little).expect("an instruction");
            assert_eq!(line(&insn.display(Names::default()).to_string(), Endian::Little), Ok(code));
        }
        (Ok(code), None) => assert_eq!(code, bytes(hex), "{printer}: `{text}` ({name})"),
        (Err(why), _) => panic!("{printer}: `{text}` ({name}) is refused:\n{why}"),
    }
}

#[test]
fn our_text_of_every_row_gives_its_bytes() {
    for row in rows(GOLDEN) {
        let [name, hex, text] = row[..] else { panic!("three columns: {row:?}") };
        if ["call local", "call kfunc"].contains(&name) {
            // `call 2` is helper 2; see the two tests below.
            continue;
        }
        let code = line(text, Endian::Little).unwrap_or_else(|why| panic!("`{text}`:\n{why}"));
        assert_eq!(code, bytes(hex), "`{text}` ({name})");
    }
}

#[test]
fn the_texts_of_llvm_and_the_kernel_give_the_bytes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/instructions.tsv");
    let Ok(vectors) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no shared/vectors/instructions.tsv beside the repository");
        return;
    };
    let mut seen = 0;
    for row in rows(&vectors) {
        let (name, hex, llvm) = (row[0], row[1], row[2]);
        if llvm != "<unknown>" {
            check("llvm", name, hex, llvm);
            seen += 1;
        }
        let (_, kernel) = row[3].split_once(") ").expect("an opcode in parentheses");
        check("kernel", name, hex, kernel);
        seen += 1;
    }
    assert!(seen > 350, "{seen} texts");
}

#[test]
fn a_call_says_what_it_calls() {
    for (text, hex) in [
        ("call 2", "85 00 00 00 02 00 00 00"),
        ("call helper 2", "85 00 00 00 02 00 00 00"),
        ("call bpf_map_update_elem", "85 00 00 00 02 00 00 00"),
        ("call pc+2", "85 10 00 00 02 00 00 00"),
        ("call pc-2", "85 10 00 00 fe ff ff ff"),
        ("call kfunc 1234", "85 20 00 00 d2 04 00 00"),
        ("call kfunc -1", "85 20 00 00 ff ff ff ff"),
    ] {
        assert_eq!(line(text, Endian::Little), Ok(bytes(hex)), "{text}");
    }
}

#[test]
fn variants_of_a_spelling_are_the_same_instruction() {
    for same in [
        &["w1 = *(u32 *)(r2 + 16)", "r1 = *(u32 *)(r2 + 16)", "r1=*(u32*)(r2+16)", "r1 = *(u32 *)(r2 +16)"][..],
        &[
            "r1 = *(u64 *)(r2 + 0)",
            "r1 = *(u64 *)(r2)",
            "r1 = * ( u64 * ) ( r2 - 0 )",
            "r1 = *(u64 *)(0 + r2)",
        ],
        &[
            "w1 = *(u32 *)(r2 + 4)",
            "w1 = *(s32 *)(r2 + 4)",
            "w1 = *(be32 *)(r2 + 4)",
            "w1 = *(u32 *)(r2 + 0b1_00)",
        ],
        &["*(u8 *)(r10 - 8) = w2", "*(u8 *)(r10 -8) = r2", "*(u8*)(fp-8)=r2"],
        &["lock *(u32 *)(r1 + 16) += w2", "lock *(u32 *)(r1 +16) += r2", "lock *(u32*)(r1+16)+=w2"],
        &["w2 = atomic_fetch_or((u32 *)(r1 + 16), w2)", "r2 = atomic_fetch_or((u32 *)(r1 +16), r2)"],
        &["r2 = atomic_fetch_or((u64 *)(r1 + 16), r2)", "r2 = atomic64_fetch_or((u64 *)(r1 +16), r2)"],
        &["r2 = xchg_64(r1 + 16, r2)", "r2 = atomic64_xchg((u64 *)(r1 +16), r2)"],
        &["w2 = xchg32_32(r1 + 16, w2)", "r2 = atomic_xchg((u32 *)(r1 +16), r2)"],
        &["w0 = cmpxchg32_32(r1 + 16, w0, w2)", "r0 = atomic_cmpxchg((u32 *)(r1 +16), r0, r2)"],
        &["w1 = load_acquire((u8 *)(r2 + 16))", "r1 = load_acquire((u8 *)(r2 +16))"],
        &["store_release((u8 *)(r1 + 16), w2)", "store_release((u8 *)(r1 +16), r2)"],
        &[
            "goto +5",
            "goto pc+5",
            "goto 5",
            "goto +5 <f+0x38>",
            "goto +5 <f>",
            "goto +5 <.text+0x38>",
            "goto + 5",
        ],
        &["goto -5", "goto pc-5", "goto pc - 5"],
        &["if r1 s> -1 goto +2", "if r1 s> -1 goto pc+2", "if r1 s>-1 goto +2 <x+0x8>"],
        &["if w1 > -1 goto +2", "if w1 > 0xffffffff goto pc+2", "if w1 > 4294967295 goto +2"],
        &["r0 = *(u32 *)skb[r2 + 14]", "r0=*(u32*)skb[r2+14]", "r0 = *(u32 *)skb[14 + r2]"],
        &["r1 = be16 r1", "w1 = be16 w1"],
        &["r1 = -1 ll", "r1 = 0xffffffffffffffff ll", "ld_pseudo r1, 0, -1"],
        &["w1 = -1", "w1 = 0xffffffff", "w1 = ~0"],
    ] {
        let first = line(same[0], Endian::Little).unwrap_or_else(|why| panic!("{}:\n{why}", same[0]));
        for other in &same[1..] {
            assert_eq!(line(other, Endian::Little).as_ref(), Ok(&first), "`{other}` and `{}`", same[0]);
        }
    }
}

#[test]
fn what_no_instruction_does_is_refused() {
    for text in [
        "r1 += 0x100000000",
        "r1 += r2 + 1",
        "r1 = w2",
        "w1 = r2",
        "r1 = r2 + 4",
        "w1 = -w2",
        "r1 += -r1",
        "w1 = be64 w1",
        "r1 = be16 w1",
        "r1 = be16 r2",
        "w1 = *(u64 *)(r2 + 0)",
        "w1 = *(s8 *)(r2 + 0)",
        "w1 = *(u8 *)(w2 + 0)",
        "r1 = load_acquire((s32 *)(r2 + 0))",
        "w1 = load_acquire((u64 *)(r2 + 0))",
        "*(u64 *)(r1 + 0) = w2",
        "*(u8 *)(r1 + 0) += w2",
        "*(u8 *)(r1 + 0) = 256",
        "lock *(u8 *)(r1 + 0) += w2",
        "lock *(u64 *)(r1 + 0) += w2",
        "lock *(u64 *)(r1 + 0) -= r2",
        "r3 = atomic_fetch_add((u64 *)(r1 + 0), r2)",
        "r2 = atomic64_fetch_add((u32 *)(r1 + 0), r2)",
        "r1 = cmpxchg_64(r1 + 0, r1, r2)",
        "r1 = *(u32 *)skb[14]",
        "r0 = *(u64 *)skb[14]",
        "w1 = (s32)w2",
        "r1 = (s8)w2",
        "w1 = 5 ll",
        "r1 += 5 ll",
        "if r1 == w2 goto +1",
        "if r1 > 0xffffffff goto +1",
        "goto +32768",
        "goto -32769",
        "r16 = 1",
        "r01 = 1",
        "callx w2",
        "raw 95",
        "raw 95 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00",
    ] {
        assert!(line(text, Endian::Little).is_err(), "`{text}` was accepted");
    }
}

#[test]
fn raw_gives_any_bytes() {
    for hex in [
        "95 00 00 00 00 00 00 00",
        "ff ff ff ff ff ff ff ff",
        "08 09 0e 1e 00 0b 0x ff".replace("0x", "0f").as_str(),
        "18 01 00 00 44 33 22 11 00 00 00 00 55 00 00 00",
    ] {
        for endian in BOTH {
            assert_eq!(line(&format!("raw {hex}"), endian), Ok(bytes(hex)));
        }
    }
}

/// An instruction of any row with any operands that its text can show.
fn any_insn() -> impl Strategy<Value = Insn> {
    let offset = prop_oneof![Just(0), Just(-8), -30i16..30, any::<i16>()];
    let imm = prop_oneof![
        Just(0),
        Just(-1),
        Just(i64::from(i32::MAX)),
        Just(i64::from(i32::MIN)),
        any::<i32>().prop_map(i64::from),
    ];
    (0..FORMS.len(), 0..11u8, 0..11u8, offset, imm, any::<i64>()).prop_map(
        |(row, dst, src, off, imm, wide)| {
            let form = &FORMS[row];
            let imm = if form.is_wide() { wide } else { imm };
            form.insn(dst, src, off, imm).expect("fits")
        },
    )
}

proptest! {
    #[test]
    fn printed_instructions_come_back(insns in prop::collection::vec(any_insn(), 1..20)) {
        for endian in BOTH {
            let names = Names { endian, ..Names::default() };
            let text: String = insns.iter().map(|i| {
                let syntax = i.form().expect("a row").syntax;
                match syntax {
                    Syntax::CallLocal => format!("call pc{:+}\n", i.imm),
                    Syntax::CallKfunc if i.off == 0 => format!("call kfunc {}\n", i.imm),
                    _ if !i.text_is_exact() => {
                        let bytes = Insn::encode_all(&[*i], endian);
                        bytes.iter().fold("raw".to_string(), |t, b| format!("{t} {b:02x}")) + "\n"
                    }
                    _ => format!("{}\n", i.display(names)),
                }
            }).collect();
            let object = assemble(&format!("exit\n{text}"), endian).map_err(|why| TestCaseError::fail(format!("{text}\n{why}")))?;
            prop_assert_eq!(object.funcs[0].insns.iter().skip(1).collect::<Vec<_>>(), &insns[..], "{}", text);
        }
    }

    #[test]
    fn labels_are_distances(rows in prop::collection::vec((0..FORMS.len(), 0..30usize), 1..30)) {
        let jumps: Vec<&'static bpfasm_asm::isa::Form> = FORMS.iter().filter(|f| is_jump(f.syntax)).collect();
        let wide = |i: usize| i.is_multiple_of(3);
        let mut text = String::new();
        for (i, (row, to)) in rows.iter().enumerate() {
            let (form, target) = (jumps[row % jumps.len()], format!(".l{}", to % rows.len()));
            let names = Names { target: Some(&target), ..Names::default() };
            text += &format!(".l{i}:\n{}\n", form.example().display(names));
            if wide(i) {
                text += "r1 = 7 ll\n";
            }
        }
        text += "exit\n";
        let object = assemble(&body(&text), Endian::Little).map_err(|why| TestCaseError::fail(format!("{text}\n{why}")))?;
        let insns: Vec<_> = object.funcs[0].insns.iter().collect();
        let slot = |row: usize| (0..row).map(|i| if wide(i) { 3 } else { 1 }).sum::<i64>();
        let mut at = 0;
        for (i, (_, to)) in rows.iter().enumerate() {
            let insn = insns[at];
            let distance = if insn.code == 0x06 { i64::from(insn.imm) } else { i64::from(insn.off) };
            prop_assert_eq!(distance, slot(to % rows.len()) - slot(i) - 1, "{}", text);
            at += if wide(i) { 2 } else { 1 };
        }
    }
}

fn is_jump(syntax: Syntax) -> bool {
    matches!(syntax, Syntax::Goto | Syntax::Gotol | Syntax::MayGoto | Syntax::If(..))
}

#[test]
fn operands_at_the_edges_of_their_fields() {
    for form in FORMS {
        for (off, imm) in [(i16::MIN, i64::from(i32::MIN)), (i16::MAX, i64::from(i32::MAX)), (0, 0), (-1, -1)]
        {
            let insn = form.insn(10, 10, off, imm).expect("fits");
            let text = insn.display(Names::default()).to_string();
            if !insn.text_is_exact() || (form.off == Field::Operand && is_jump(form.syntax)) {
                continue;
            }
            let code = line(&text, Endian::Big).unwrap_or_else(|why| panic!("`{text}`:\n{why}"));
            assert_eq!(code, Insn::encode_all(&[insn], Endian::Big), "`{text}`");
        }
    }
}

#[test]
fn a_jump_beyond_sixteen_bits_is_refused_and_gotol_reaches() {
    let far = |jump: &str, fill: usize| {
        body(&format!("    {jump} .end\n{}.end:\n    exit", "    r1 = r1\n".repeat(fill)))
    };
    assert!(errors(&far("goto", 32767)).is_empty());
    assert_eq!(errors(&far("goto", 32768)), ["E0502"]);
    assert_eq!(errors(&far("if r1 == r2 goto", 40000)), ["E0502"]);
    assert!(errors(&far("gotol", 40000)).is_empty());
    let back = |fill: usize| body(&format!(".top:\n{}    goto .top", "    r1 = r1\n".repeat(fill)));
    assert!(errors(&back(32767)).is_empty());
    assert_eq!(errors(&back(32768)), ["E0502"]);
}
