//! Every row of the instruction table with operands over their whole range: the text gives the same bytes, in each
//! dialect here, and with LLVM 19 and GNU as 2.40 where nothing says why not.

mod common;

use std::process::Command;

use bpfasm_asm::assemble::{Dialect as Language, Options, compile};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::isa::read::{To, read};
use bpfasm_asm::isa::{
    AluOp, AtomicOp, Cond, Dialect, Endian, FORMS, Form, Insn, Names, Rhs, Size, Swap, Syntax, Width,
};
use common::BOTH;
use goblin::elf::Elf;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const EACH: usize = 30;

/// Rows with operands that their text can say; the same ones in each run.
fn instances() -> Vec<(&'static Form, Insn)> {
    let edges = prop_oneof![
        Just(0i64),
        Just(1),
        Just(-1),
        Just(127),
        Just(-128),
        Just(255),
        Just(0x7fff),
        Just(-0x8000),
        Just(0xffff),
        Just(i64::from(i32::MAX)),
        Just(i64::from(i32::MIN)),
    ];
    let wide = prop_oneof![edges.clone(), Just(i64::MAX), Just(i64::MIN), Just(0xffff_ffff), any::<i64>()];
    let narrow = prop_oneof![edges, any::<i32>().prop_map(i64::from)];
    let offset = prop_oneof![Just(0), Just(1), Just(-1), Just(i16::MIN), Just(i16::MAX), any::<i16>()];
    let operands = (0u8..11, 0u8..11, offset, narrow, wide);
    let mut runner = TestRunner::deterministic();
    let mut all = vec![];
    for form in FORMS {
        for _ in 0..EACH {
            let (dst, src, off, narrow, wide) = operands.new_tree(&mut runner).expect("operands").current();
            let imm = if matches!(form.syntax, Syntax::LoadImm64(_)) { wide } else { narrow };
            let insn = form.insn(dst, src, off, imm).expect("in its range");
            if insn.form() == Some(form) && insn.text_is_exact() {
                all.push((form, insn));
            }
        }
    }
    assert!(all.len() > 180 * EACH, "{}", all.len());
    all
}

fn text(insn: &Insn) -> String {
    insn.display(Names::default()).to_string()
}

/// What this assembler makes of bare lines.
fn ours(name: &str, language: Language, lines: &[String], endian: Endian) -> Vec<u8> {
    let mut sources = Sources::default();
    let root = sources.add(name, lines.join("\n") + "\n");
    let options = Options { endian, dialect: Some(language), ..Options::default() };
    let compiled = compile(&mut sources, root, &options);
    let show = |d| render(d, &sources, Style::default());
    let told = || compiled.diagnostics.iter().map(show).take(5).collect::<Vec<_>>().join("\n");
    assert_eq!(compiled.errors, 0, "{}", told());
    match (&compiled.object, &compiled.elf) {
        (Some(object), _) => object.funcs[0].insns.to_bytes(endian),
        (None, Some(elf)) => code(elf),
        (None, None) => panic!("neither: {}", told()),
    }
}

/// The bytes of `.text`.
fn code(object: &[u8]) -> Vec<u8> {
    let elf = Elf::parse(object).expect("an ELF file");
    let section = elf.section_headers.iter().find(|s| elf.shdr_strtab.get_at(s.sh_name) == Some(".text"));
    object[section.and_then(|s| s.file_range()).expect(".text")].to_vec()
}

/// The first line of which the bytes are others.
#[track_caller]
fn same(what: &str, lines: &[String], insns: &[Insn], bytes: &[u8], endian: Endian) {
    let theirs = Insn::decode_all(bytes, endian).expect("whole slots");
    for ((line, insn), theirs) in lines.iter().zip(insns).zip(&theirs) {
        assert_eq!(theirs, insn, "{what} {endian:?}: {line}");
    }
    assert_eq!(bytes, Insn::encode_all(insns, endian), "{what} {endian:?}");
}

/// What another assembler makes of lines; None where it is not installed.
fn peer(tool: &str, args: &[&str], lines: &[String]) -> Option<Vec<u8>> {
    if Command::new(tool).arg("--version").output().is_err() {
        assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "not run: no {tool}");
        eprintln!("skipped: no {tool}");
        return None;
    }
    let name = format!("bpfasm-operands-{}-{}", std::process::id(), args.join(""));
    let (source, object) =
        (std::env::temp_dir().join(format!("{name}.s")), std::env::temp_dir().join(format!("{name}.o")));
    std::fs::write(&source, format!(".text\n{}\n", lines.join("\n"))).expect("a file");
    let out = Command::new(tool).args(args).arg(&source).arg("-o").arg(&object).output().expect("it starts");
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{tool}: {}", told.lines().take(60).collect::<Vec<_>>().join("\n"));
    let bytes = std::fs::read(&object).expect("an object");
    let _ = (std::fs::remove_file(source), std::fs::remove_file(object));
    Some(code(&bytes))
}

#[test]
fn our_text_is_read_in_every_dialect() {
    for (form, insn) in instances() {
        let line = text(&insn);
        for dialect in [Dialect::Native, Dialect::Llvm, Dialect::Gnu, Dialect::Kernel] {
            let mut reading =
                read(&line, dialect, None).unwrap_or_else(|error| panic!("{dialect:?} {line}: {error}"));
            if let To::Number(number) = reading.to {
                reading.to = To::Helper(number);
            }
            assert_eq!(
                (reading.insn(), reading.len),
                (Some(insn), line.len()),
                "{dialect:?} {}: {line}",
                form.name
            );
        }
    }
}

#[test]
fn our_text_builds_to_the_same_bytes() {
    let insns: Vec<Insn> = instances().into_iter().map(|(_, insn)| insn).collect();
    let lines: Vec<String> = insns.iter().map(text).collect();
    for endian in BOTH {
        for (name, language) in
            [("x.bpfasm", Language::Bpfasm), ("x.s", Language::Llvm), ("x.s", Language::Gas)]
        {
            same(name, &lines, &insns, &ours(name, language, &lines, endian), endian);
        }
    }
}

/// Why LLVM 19 does not make these bytes of this text.
fn llvm_lacks(insn: &Insn, syntax: Syntax) -> Option<&'static str> {
    Some(match syntax {
        Syntax::LoadAcquire(_) | Syntax::StoreRelease(_) | Syntax::Gotox => "of LLVM 20 and 22",
        Syntax::MovPercpu | Syntax::Nospec => "the kernel's own",
        Syntax::Load(Size::DW, true) | Syntax::Neg(_, Rhs::Reg) => "of GNU as and of the kernel's printer",
        Syntax::LoadInd(_) if insn.imm != 0 => "it has no text for the immediate",
        Syntax::LoadImm64(kind) if kind != 0 && insn.hi != Some(0) => "it leaves the upper half zero",
        Syntax::Gotol if i16::try_from(insn.imm).is_err() => "it wants 16 bits",
        _ => return None,
    })
}

#[test]
fn llvm_makes_the_same_bytes_or_there_is_a_reason() {
    let known = instances().into_iter().filter(|(form, insn)| llvm_lacks(insn, form.syntax).is_none());
    let insns: Vec<Insn> = known.map(|(_, insn)| insn).collect();
    let lines: Vec<String> = insns.iter().map(text).collect();
    for (endian, triple) in [(Endian::Little, "bpfel"), (Endian::Big, "bpfeb")] {
        let args = ["-triple", triple, "-mcpu=v4", "-filetype=obj"];
        let Some(bytes) = peer("llvm-mc-19", &args, &lines) else { return };
        same("llvm-mc-19", &lines, &insns, &bytes, endian);
    }
}

/// The text of GNU as before it had another dialect, or why it has none.
fn gnu(insn: &Insn, syntax: Syntax) -> Result<String, &'static str> {
    let (dst, src, off, imm) = (insn.dst, insn.src, insn.off, insn.imm);
    let bits = |width: Width| if width == Width::W32 { "32" } else { "" };
    let size = |size: Size| match size {
        Size::B => "b",
        Size::H => "h",
        Size::W => "w",
        Size::DW => "dw",
    };
    let right = |rhs: Rhs| if rhs == Rhs::Reg { format!("%r{src}") } else { imm.to_string() };
    Ok(match syntax {
        Syntax::Alu(op, width, rhs) => {
            let name = match op {
                AluOp::Add => "add",
                AluOp::Sub => "sub",
                AluOp::Mul => "mul",
                AluOp::Div => "div",
                AluOp::Or => "or",
                AluOp::And => "and",
                AluOp::Lsh => "lsh",
                AluOp::Rsh => "rsh",
                AluOp::Mod => "mod",
                AluOp::Xor => "xor",
                AluOp::Mov => "mov",
                AluOp::Arsh => "arsh",
                AluOp::SDiv | AluOp::SMod => return Err("of xBPF there, with other bytes"),
            };
            format!("{name}{} %r{dst},{}", bits(width), right(rhs))
        }
        Syntax::Neg(width, Rhs::Imm) => format!("neg{} %r{dst}", bits(width)),
        Syntax::Swap(Swap::Le, bits) => format!("endle %r{dst},{bits}"),
        Syntax::Swap(Swap::Be, bits) => format!("endbe %r{dst},{bits}"),
        Syntax::Load(width, false) => format!("ldx{} %r{dst},[%r{src}+{off}]", size(width)),
        Syntax::Store(width, Rhs::Reg) => format!("stx{} [%r{dst}+{off}],%r{src}", size(width)),
        Syntax::Store(width, Rhs::Imm) => format!("st{} [%r{dst}+{off}],{imm}", size(width)),
        Syntax::Lock(AtomicOp::Add, width @ (Size::W | Size::DW)) => {
            format!("xadd{} [%r{dst}+{off}],%r{src}", size(width))
        }
        Syntax::LoadImm64(0) => format!("lddw %r{dst},{}", insn.imm64()),
        Syntax::LoadAbs(width) => format!("ldabs{} {imm}", size(width)),
        Syntax::LoadInd(width) => format!("ldind{} %r{src},{imm}", size(width)),
        Syntax::Goto => format!("ja {off:+}"),
        Syntax::If(cond, width, rhs) => {
            let name = match cond {
                Cond::Eq => "jeq",
                Cond::Gt => "jgt",
                Cond::Ge => "jge",
                Cond::Set => "jset",
                Cond::Ne => "jne",
                Cond::SGt => "jsgt",
                Cond::SGe => "jsge",
                Cond::Lt => "jlt",
                Cond::Le => "jle",
                Cond::SLt => "jslt",
                Cond::SLe => "jsle",
            };
            format!("{name}{} %r{dst},{},{off:+}", bits(width), right(rhs))
        }
        Syntax::CallHelper => format!("call {imm}"),
        Syntax::Exit => "exit".to_string(),
        _ => return Err("GNU as 2.40 does not have it"),
    })
}

#[test]
fn gnu_as_makes_the_same_bytes_or_there_is_a_reason() {
    let written = |(form, insn): (&'static Form, Insn)| Some((gnu(&insn, form.syntax).ok()?, insn));
    let (lines, insns): (Vec<String>, Vec<Insn>) = instances().into_iter().filter_map(written).unzip();
    assert!(insns.len() > 110 * EACH, "{}", insns.len());
    for (endian, flag) in [(Endian::Little, "-EL"), (Endian::Big, "-EB")] {
        same("x.s", &lines, &insns, &ours("x.s", Language::Gnu, &lines, endian), endian);
        let Some(bytes) = peer("bpf-as", &[flag], &lines) else { return };
        same("bpf-as", &lines, &insns, &bytes, endian);
    }
}
