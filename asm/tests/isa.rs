//! The instruction table against bytes and texts written down, and against itself.

use std::collections::HashSet;
use std::path::Path;

use bpfasm_asm::isa::{
    AluOp, AtomicOp, Cond, DecodeError, Endian, FORMS, Field, Form, Insn, Names, Rhs, Size, Swap, Syntax,
    Width, markdown,
};
use proptest::prelude::*;

const GOLDEN: &str = include_str!("golden/instructions.tsv");
const BOTH: [Endian; 2] = [Endian::Little, Endian::Big];

fn bytes(hex: &str) -> Vec<u8> {
    hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits")).collect()
}

fn text(insn: &Insn) -> String {
    insn.display(Names::default()).to_string()
}

/// Rows of a tab separated file, without comments and the heading.
fn rows(tsv: &str) -> impl Iterator<Item = Vec<&str>> {
    tsv.lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("name\t"))
        .map(|l| l.split('\t').collect())
}

#[test]
fn every_golden_row_decodes_prints_and_encodes() {
    let mut seen = HashSet::new();
    for row in rows(GOLDEN) {
        let [name, hex, expected] = row[..] else { panic!("three columns: {row:?}") };
        let code = bytes(hex);
        let (insn, len) = Insn::decode(&code, Endian::Little).expect("a whole slot");
        assert_eq!(len, code.len(), "{name}");
        assert_eq!(text(&insn), expected, "{name}");
        assert_eq!(Insn::encode_all(&[insn], Endian::Little), code, "{name}");
        let Some(form) = insn.form() else {
            assert_eq!(
                name, "callx llvm(dst? imm)",
                "only the encoding of LLVM 18 and older is no instruction"
            );
            continue;
        };
        if form.name != "addr_space_cast" {
            assert_eq!(form.name.trim_end_matches(" dst"), name.trim_end_matches(" dst"));
        }
        seen.insert(form.name);
    }
    let missing: Vec<_> = FORMS.iter().map(|form| form.name).filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "rows without a golden text: {missing:?}");
}

/// The list that the golden file was made from, where it is at hand: it also has LLVM's own text.
#[test]
fn golden_rows_are_the_shared_vectors() {
    let dir = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let path = Path::new(&dir).join("../../shared/vectors/instructions.tsv");
    let Ok(vectors) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no shared/vectors/instructions.tsv beside the repository");
        return;
    };
    // LLVM loses a part of these, or prints as an instruction what is none.
    let lossy = ["ldindb", "ldindh", "ldindw", "ld_imm64 src2 map_value", "ld_imm64 src6 map_idx_value"];
    for (row, golden) in rows(&vectors).zip(rows(GOLDEN)) {
        assert_eq!(row[..2], golden[..2]);
        // Without the `<f+0x490>` after a jump.
        let llvm = match row[2].rsplit_once(" <") {
            Some((text, _)) if row[2].ends_with('>') => text,
            _ => row[2],
        };
        if llvm != "<unknown>" && !lossy.contains(&row[0]) && row[0] != "callx llvm(dst? imm)" {
            assert_eq!(golden[2], llvm, "{}", row[0]);
        }
    }
    assert_eq!(rows(&vectors).count(), rows(GOLDEN).count());
}

#[test]
fn every_form_round_trips_in_both_byte_orders() {
    for form in FORMS {
        for (dst, src, off, imm) in
            [(1, 2, 8, 5), (0, 0, 0, 0), (10, 9, i16::MIN, -1), (10, 10, -1, 0x7fff_ffff)]
        {
            let insn = form.insn(dst, src, off, imm).expect("fits");
            assert_eq!(insn.form(), Some(form), "{}", form.name);
            for endian in BOTH {
                let code = Insn::encode_all(&[insn], endian);
                assert_eq!(code.len(), insn.slots() * 8);
                assert_eq!(Insn::decode(&code, endian), Some((insn, code.len())), "{}", form.name);
            }
        }
    }
}

#[test]
fn names_and_syntaxes_are_unique() {
    let mut names = HashSet::new();
    for form in FORMS {
        assert!(names.insert(form.name), "{} twice", form.name);
        assert_eq!(Form::of(form.syntax), Some(form));
    }
}

#[test]
fn a_syntax_that_no_instruction_has_has_no_form() {
    for syntax in [
        Syntax::MovSx(Width::W32, 32),
        Syntax::MovSx(Width::W64, 64),
        Syntax::MovSx(Width::W64, 24),
        Syntax::Neg(Width::W32, Rhs::Reg),
        Syntax::Swap(Swap::Le, 8),
        Syntax::Lock(AtomicOp::Add, Size::B),
        Syntax::Fetch(AtomicOp::Xor, Size::H),
        Syntax::Xchg(Size::B),
        Syntax::LoadAbs(Size::DW),
        Syntax::LoadImm64(7),
    ] {
        assert_eq!(Form::of(syntax), None, "{syntax:?}");
    }
}

#[test]
fn immediates_are_never_cut() {
    let narrow = Form::of(Syntax::Alu(AluOp::Mov, Width::W64, Rhs::Imm)).expect("r1 = 5");
    assert_eq!(narrow.insn(1, 0, 0, 0x8000_0000), None);
    assert_eq!(narrow.insn(1, 0, 0, -0x8000_0000).map(|insn| insn.imm), Some(i32::MIN));
    let wide = Form::of(Syntax::LoadImm64(0)).expect("r1 = 5 ll");
    for value in [i64::MIN, -1, 0, 0xffff_ffff, i64::MAX] {
        assert_eq!(wide.insn(1, 0, 0, value).map(|insn| insn.imm64()), Some(value));
    }
}

/// Where the kernel calls a field reserved, anything else in it makes the bytes no instruction.
#[test]
fn a_reserved_field_that_is_not_zero_is_raw() {
    for form in FORMS {
        let insn = form.example();
        let fields = [
            (form.dst, Insn { dst: 7, ..insn }),
            (form.src, Insn { src: 7, ..insn }),
            (form.off, Insn { off: 77, ..insn }),
            (form.imm, Insn { imm: 77, ..insn }),
        ];
        for (field, changed) in fields {
            if matches!(field, Field::Fixed(_)) {
                assert_eq!(changed.form(), None, "{}: {changed:?}", form.name);
                assert!(text(&changed).starts_with("raw "), "{}", form.name);
            }
        }
        if form.dst == Field::Operand {
            assert_eq!(Insn { dst: 11, ..insn }.form(), None, "{}: r11", form.name);
        }
    }
}

#[test]
fn two_slots_only_when_the_second_is_well_formed() {
    let lone = bytes("18 01 00 00 44 33 22 11");
    let (insn, len) = Insn::decode(&lone, Endian::Little).expect("a slot");
    assert_eq!((len, insn.hi, insn.form()), (8, None, None));
    let broken = bytes("18 01 00 00 44 33 22 11 00 01 00 00 55 00 00 00");
    let insns = Insn::decode_all(&broken, Endian::Little).expect("two slots");
    assert_eq!(insns.len(), 2);
    assert_eq!(text(&insns[0]), "raw 18 01 00 00 44 33 22 11");
    assert_eq!(text(&insns[1]), "raw 00 01 00 00 55 00 00 00");
    assert_eq!(Insn::encode_all(&insns, Endian::Little), broken);
}

#[test]
fn a_cut_slot_is_an_error() {
    assert_eq!(Insn::decode(&[0x95; 7], Endian::Little), None);
    assert_eq!(Insn::decode_all(&[0; 12], Endian::Big), Err(DecodeError::Length { len: 12 }));
    assert_eq!(Insn::decode_all(&[], Endian::Big), Ok(vec![]));
}

#[test]
fn big_endian_swaps_fields_and_register_nibbles() {
    let insn = Insn { code: 0x79, dst: 1, src: 2, off: -8, imm: 0, hi: None };
    assert_eq!(Insn::encode_all(&[insn], Endian::Big), bytes("79 12 ff f8 00 00 00 00"));
    let wide = Form::of(Syntax::LoadImm64(0)).and_then(|f| f.insn(1, 0, 0, 0x55_1122_3344)).expect("wide");
    let code = bytes("18 10 00 00 11 22 33 44 00 00 00 00 00 00 00 55");
    assert_eq!(Insn::encode_all(&[wide], Endian::Big), code);
}

#[test]
fn raw_bytes_are_those_of_memory() {
    let insn = Insn { code: 0xff, dst: 1, src: 2, off: 3, imm: 4, hi: None };
    assert_eq!(text(&insn), "raw ff 21 03 00 04 00 00 00");
    let names = Names { endian: Endian::Big, ..Names::default() };
    assert_eq!(insn.display(names).to_string(), "raw ff 12 00 03 00 00 00 04");
}

#[test]
fn names_replace_numbers() {
    let form = |syntax| Form::of(syntax).expect("a form").example();
    let to = Names { target: Some(".pass"), ..Names::default() };
    assert_eq!(form(Syntax::Goto).display(to).to_string(), "goto .pass");
    assert_eq!(form(Syntax::Gotol).display(to).to_string(), "gotol .pass");
    assert_eq!(form(Syntax::MayGoto).display(to).to_string(), "may_goto .pass");
    let branch = form(Syntax::If(Cond::SGe, Width::W32, Rhs::Reg));
    assert_eq!(branch.display(to).to_string(), "if w1 s>= w2 goto .pass");
    assert_eq!(text(&branch), "if w1 s>= w2 goto +8");
    let symbol = Names { symbol: Some("drops"), ..Names::default() };
    assert_eq!(form(Syntax::LoadImm64(1)).display(symbol).to_string(), "r1 = drops ll");
    assert_eq!(form(Syntax::CallHelper).display(symbol).to_string(), "call drops");
    assert_eq!(form(Syntax::Exit).display(symbol).to_string(), "exit");
}

#[test]
fn signs_and_widths_of_what_is_printed() {
    let print =
        |syntax, off, imm| text(&Form::of(syntax).and_then(|f| f.insn(1, 2, off, imm)).expect("fits"));
    assert_eq!(print(Syntax::Load(Size::DW, false), 0, 0), "r1 = *(u64 *)(r2 + 0)");
    assert_eq!(print(Syntax::Load(Size::W, false), -32768, 0), "w1 = *(u32 *)(r2 - 32768)");
    assert_eq!(print(Syntax::LoadInd(Size::H), 0, 0), "r0 = *(u16 *)skb[r2]");
    assert_eq!(print(Syntax::LoadInd(Size::H), 0, -14), "r0 = *(u16 *)skb[r2 - 14]");
    assert_eq!(print(Syntax::Goto, -3, 0), "goto -3");
    assert_eq!(print(Syntax::Gotol, 0, i64::from(i32::MIN)), "gotol -2147483648");
    assert_eq!(print(Syntax::LoadImm64(0), 0, -1), "r1 = -1 ll");
    assert_eq!(print(Syntax::CmpXchg(Size::W), -4, 0), "w0 = cmpxchg32_32(r1 - 4, w0, w2)");
}

#[test]
fn text_that_could_be_another_instruction_says_so() {
    let ambiguous: Vec<_> = FORMS.iter().filter(|f| !f.example().text_is_exact()).map(|f| f.name).collect();
    assert_eq!(ambiguous, ["call local", "call kfunc"]);
    let neg = Form::of(Syntax::Neg(Width::W64, Rhs::Reg)).and_then(|f| f.insn(1, 1, 0, 0)).expect("8f");
    assert!(!neg.text_is_exact());
    let mut texts = HashSet::new();
    for insn in FORMS.iter().map(Form::example).filter(Insn::text_is_exact) {
        assert!(texts.insert(text(&insn)), "{} twice", text(&insn));
    }
}

#[test]
fn spellings_go_both_ways() {
    assert!(AluOp::ALL.iter().all(|op| AluOp::from_text(op.text()) == Some(*op)));
    assert!(Cond::ALL.iter().all(|cond| Cond::from_text(cond.text()) == Some(*cond)));
    assert!(Swap::ALL.iter().all(|swap| Swap::from_text(swap.text()) == Some(*swap)));
    for op in AtomicOp::ALL {
        assert_eq!(AtomicOp::from_text(op.text()), Some(*op));
        assert_eq!(AtomicOp::from_assignment(op.assignment()), Some(*op));
    }
    for size in Size::ALL {
        assert_eq!(Size::from_any_text(size.text()), Some((*size, false)));
        assert_eq!(Size::from_any_text(size.signed_text()), Some((*size, true)));
        assert_eq!(Size::from_bytes(size.bytes().into()), Some(*size));
    }
    assert_eq!(AtomicOp::from_assignment(AluOp::Sub), None);
    assert_eq!(AluOp::from_text("=="), None);
}

/// The table of `SPEC.md`; `BLESS=1` writes it anew.
#[test]
fn markdown_table_is_the_golden_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/instructions.md");
    let table = markdown();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).expect("write the golden file");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == table, "run with BLESS=1 and look at the difference");
    assert_eq!(table.lines().count(), FORMS.len() + 2);
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    assert!(table.lines().all(|line| cells(line) == 12), "a cell is not escaped");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_decode_and_encode_to_themselves(
        slots in prop::collection::vec(
            // Half of the opcodes are that of the two-slot load, half of the second slots empty.
            (prop_oneof![any::<u8>(), Just(0x18), Just(0)], any::<[u8; 7]>(), any::<bool>()),
            1..4,
        ),
        big in any::<bool>(),
    ) {
        let endian = BOTH[usize::from(big)];
        let mut code = Vec::new();
        for (first, mut rest, empty) in slots {
            if empty {
                rest[..3].fill(0);
            }
            code.push(first);
            code.extend_from_slice(&rest);
        }
        let insns = Insn::decode_all(&code, endian).expect("whole slots");
        prop_assert_eq!(Insn::encode_all(&insns, endian), code);
        for insn in insns {
            let text = text(&insn);
            prop_assert_eq!(text.starts_with("raw "), insn.form().is_none());
        }
    }

    /// Rows do not overlap: whatever an instruction is, its row builds it again from its operands.
    #[test]
    fn a_form_rebuilds_its_instruction(
        at in 0..FORMS.len(), dst in 0u8..16, src in 0u8..16, off in any::<i16>(), imm in any::<i32>(),
        fixed in any::<[bool; 3]>(),
    ) {
        let row = &FORMS[at];
        let base = row.insn(dst, src, off, imm.into()).expect("fits");
        let insn = Insn {
            src: if fixed[0] { base.src } else { src },
            off: if fixed[1] { base.off } else { off },
            imm: if fixed[2] { base.imm } else { imm },
            ..base
        };
        if let Some(form) = insn.form() {
            prop_assert_eq!(form.insn(insn.dst, insn.src, insn.off, insn.imm64()), Some(insn));
        }
    }
}
