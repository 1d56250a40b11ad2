//! The instruction table against the disassembler of LLVM 19.

use std::io::Write;
use std::process::{Command, Stdio};

use bpfasm_asm::isa::{Endian, FORMS, Form, Insn, Names, Syntax};

const TRIPLES: [(Endian, &str); 2] = [(Endian::Little, "bpfel"), (Endian::Big, "bpfeb")];

/// The first of these programs that is LLVM 19 or newer.
fn tool(names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|name| {
        let version = Command::new(name).arg("--version").output().ok();
        let text = version.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
        let major = text.split("version ").nth(1).and_then(|rest| rest.split('.').next()?.parse().ok());
        major.is_some_and(|major: u32| major >= 19)
    })
}

/// Says that a test was not run; in CI that is a failure.
fn skip(why: &str) {
    assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "not run: {why}");
    eprintln!("skipped: {why}");
}

fn pipe(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start the program");
    let mut stdin = child.stdin.take().expect("a pipe");
    let out = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().expect("its end")
    });
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

fn assemble(llvm_mc: &str, triple: &str, text: &str) -> Vec<u8> {
    pipe(llvm_mc, &["-triple", triple, "-mcpu=v4", "-filetype=obj", "-o", "-"], text.as_bytes())
}

/// Every row with small, negative and extreme operands; the last ones fit rows of two slots only.
fn instances() -> impl Iterator<Item = (&'static Form, Insn)> {
    let operands = [
        (1, 2, 8, 5),
        (0, 10, -8, -1),
        (10, 0, 0, 0),
        (9, 9, i16::MAX, i64::from(i32::MAX)),
        (3, 4, i16::MIN, i64::from(i32::MIN)),
        (3, 4, 0, 0xffff_ffff),
        (3, 4, 0, i64::MIN + 7),
    ];
    FORMS.iter().flat_map(move |form| {
        operands
            .into_iter()
            .filter_map(move |(dst, src, off, imm)| Some((form, form.insn(dst, src, off, imm)?)))
    })
}

/// Instructions that LLVM 19 does not know at all.
fn unknown_to_llvm(syntax: Syntax) -> bool {
    match syntax {
        // LLVM 20 and 22.
        Syntax::LoadAcquire(_) | Syntax::StoreRelease(_) | Syntax::Gotox => true,
        // The kernel's own.
        Syntax::MovPercpu | Syntax::Nospec => true,
        // Of GNU as and of the kernel's printer.
        Syntax::Load(bpfasm_asm::isa::Size::DW, true) | Syntax::Neg(_, bpfasm_asm::isa::Rhs::Reg) => true,
        _ => false,
    }
}

/// A line of llvm-objdump without the `<symbol+0x10>` after a jump.
fn without_symbol(line: &str) -> &str {
    match line.rsplit_once(" <") {
        Some((text, _)) if line.ends_with('>') => text,
        _ => line,
    }
}

#[test]
fn llvm_prints_our_bytes_as_our_text() {
    let Some(llvm_mc) = tool(&["llvm-mc-19", "llvm-mc"]) else { return skip("no llvm-mc 19") };
    let Some(objdump) = tool(&["llvm-objdump-19", "llvm-objdump"]) else { return skip("no llvm-objdump 19") };
    let known: Vec<_> = instances()
        .filter(|(form, insn)| !unknown_to_llvm(form.syntax) && !misprinted_by_llvm(insn, form.syntax))
        .map(|(_, insn)| insn)
        .collect();
    for (endian, triple) in TRIPLES {
        let bytes: Vec<_> = Insn::encode_all(&known, endian).iter().map(u8::to_string).collect();
        let object = assemble(llvm_mc, triple, &format!(".byte {}\n", bytes.join(",")));
        let file = std::env::temp_dir().join(format!("bpfasm-isa-{}-{triple}.o", std::process::id()));
        std::fs::write(&file, object).expect("write the object");
        let path = file.to_str().expect("UTF-8");
        let args = ["-d", "--mcpu=v4", "--no-print-imm-hex", "--no-show-raw-insn", "--no-leading-addr", path];
        let listing = String::from_utf8(pipe(objdump, &args, &[])).expect("UTF-8");
        std::fs::remove_file(&file).expect("remove the object");
        let theirs: Vec<_> = listing.lines().filter_map(|line| line.strip_prefix('\t')).collect();
        let ours: Vec<_> = known.iter().map(|insn| insn.display(Names::default()).to_string()).collect();
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let theirs = without_symbol(theirs).replace('\t', " ");
            assert_eq!(&theirs, ours, "{triple}");
        }
        assert_eq!(theirs.len(), ours.len());
    }
}

/// Where LLVM 19 leaves out or changes a part of the instruction.
fn misprinted_by_llvm(insn: &Insn, syntax: Syntax) -> bool {
    match syntax {
        // It leaves out the immediate.
        Syntax::LoadInd(_) => insn.imm != 0,
        // It leaves out the upper half.
        Syntax::LoadImm64(kind) => kind != 0 && insn.hi != Some(0),
        _ => false,
    }
}
