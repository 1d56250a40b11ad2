//! The objects that `bpfasm build` writes, read by everyone else.

use std::path::Path;
use std::process::Command;

use aya::EbpfLoader;
use aya::programs::{Program, ProgramError};
use bpfasm_tests::bin;
use bpfasm_tests::kernel::Loaded;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{self, Need, TempDir, ready, which};

#[test]
fn two_builds_are_the_same_bytes() {
    for source in bin::programs() {
        let (one, two) = (TempDir::new(), TempDir::new());
        let read = |dir| std::fs::read(bin::build(&source, dir)).expect("the object");
        assert_eq!(read(&one), read(&two), "{}", source.display());
    }
}

#[test]
fn libbpf_loads_every_program() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    for source in bin::programs() {
        let loaded = Loaded::open(&bin::build(&source, &dir));
        assert!(!loaded.programs().is_empty(), "{}", source.display());
    }
}

#[test]
fn bpftool_loads_every_program() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    for source in bin::programs() {
        let name = source.file_stem().expect("a name").to_str().expect("UTF-8");
        let object = bin::build(&source, &dir);
        let mut command = Command::new(which("bpftool").expect("checked"));
        command.args(["prog", "loadall"]).arg(&object).arg(format!("/sys/fs/bpf/{name}"));
        space.output(command).ok();
        let pinned = space.run(|| std::fs::read_dir(format!("/sys/fs/bpf/{name}")).expect("pins").count());
        assert!(pinned > 0, "{name}: nothing is pinned");
    }
}

#[test]
fn aya_loads_every_program() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    for source in bin::programs() {
        let object = std::fs::read(bin::build(&source, &dir)).expect("the object");
        let mut ebpf =
            EbpfLoader::new().load(&object).unwrap_or_else(|e| panic!("{}: {e:?}", source.display()));
        let mut count = 0;
        for (name, program) in ebpf.programs_mut() {
            load(program).unwrap_or_else(|error| panic!("{}: {name}: {error:?}", source.display()));
            count += 1;
        }
        assert!(count > 0, "{}", source.display());
    }
}

fn load(program: &mut Program) -> Result<(), ProgramError> {
    match program {
        Program::Xdp(program) => program.load(),
        Program::SchedClassifier(program) => program.load(),
        Program::TracePoint(program) => program.load(),
        Program::RawTracePoint(program) => program.load(),
        Program::SockOps(program) => program.load(),
        Program::SkMsg(program) => program.load(),
        Program::CgroupSkb(program) => program.load(),
        other => panic!("a program type this test does not know: {:?}", other.prog_type()),
    }
}

fn objdump(args: &[&str], object: &Path) -> String {
    tool::run(Command::new(which("llvm-objdump-19").expect("checked")).args(args).arg(object)).ok().stdout
}

#[test]
fn objdump_shows_source_lines_and_relocations() {
    if !ready(&[Need::Tool("llvm-objdump-19")]) {
        return;
    }
    let dir = TempDir::new();
    for source in bin::programs() {
        let text = objdump(&["-dSr"], &bin::build(&source, &dir));
        let file = source.file_name().expect("a name").to_str().expect("UTF-8");
        assert!(text.contains("file format elf64-bpf"), "{text}");
        assert!(!text.contains("<unknown>"), "{text}");
        let source_text = std::fs::read_to_string(&source).expect("the source");
        // Each instruction that stands in the file itself is shown under its own line.
        let lines: Vec<&str> = source_text.lines().map(str::trim).collect();
        let shown: Vec<&str> =
            text.lines().filter_map(|line| line.trim().strip_prefix(';')).map(str::trim).collect();
        assert!(shown.contains(&"exit"), "{file}: {text}");
        let own = shown.iter().filter(|line| lines.contains(line)).count();
        assert!(own * 2 > shown.len(), "{file}: {own} of {} lines are the file's: {text}", shown.len());
    }
}

/// One line of llvm-objdump for each instruction, by section.
fn listing(object: &Path) -> Vec<String> {
    let text = objdump(&["-d", "--no-show-raw-insn"], object);
    let numbered = |line: &&str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    text.lines().filter(numbered).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_big_endian_build_reads_the_same_instruction_by_instruction() {
    if !ready(&[Need::Tool("llvm-objdump-19")]) {
        return;
    }
    let dir = TempDir::new();
    for source in bin::programs() {
        let little = bin::build(&source, &dir);
        let big = dir.file("big.o");
        let command = bin::bpfasm(["build".as_ref(), source.as_os_str(), "-o".as_ref(), big.as_os_str()]);
        tool::run({ command }.args(["--endian", "big"])).ok();
        let header = std::fs::read(&big).expect("the object");
        assert_eq!(header[..6], *b"\x7fELF\x02\x02", "{}: class and byte order", source.display());
        let (little, big) = (listing(&little), listing(&big));
        assert_eq!(little.len(), big.len(), "{}", source.display());
        assert!(!little.is_empty(), "{}", source.display());
        for (a, b) in little.iter().zip(&big) {
            assert!(same_but_for_byte_order(a, b), "{}:\nlittle {a}\nbig    {b}", source.display());
        }
    }
}

/// Whether two instructions are the same, but for a constant in network byte order: swapped in one of them.
fn same_but_for_byte_order(little: &str, big: &str) -> bool {
    let (a, b): (Vec<_>, Vec<_>) = (little.split_whitespace().collect(), big.split_whitespace().collect());
    a.len() == b.len()
        && a.iter().zip(&b).all(|(a, b)| {
            let swapped = || {
                let (a, b) = (number(a)?, number(b)?);
                let half = |value: i64| {
                    i16::try_from(value).ok().or(u16::try_from(value).ok().map(u16::cast_signed))
                };
                let word = |value: i64| {
                    i32::try_from(value).ok().or(u32::try_from(value).ok().map(u32::cast_signed))
                };
                let halves = half(a).zip(half(b)).is_some_and(|(a, b)| a == b.swap_bytes());
                let words = word(a).zip(word(b)).is_some_and(|(a, b)| a == b.swap_bytes());
                Some(halves || words || a == b.swap_bytes())
            };
            a == b || swapped().unwrap_or(false)
        })
}

fn number(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let value = i64::from_str_radix(digits.strip_prefix("0x")?, 16).ok()?;
    Some(sign * value)
}
