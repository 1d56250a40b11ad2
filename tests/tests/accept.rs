//! The objects that `bpfasm build` writes, read by everyone else.

use std::path::Path;
use std::process::Command;

use aya::EbpfLoader;
use aya::programs::{Program, ProgramError};
use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::elf;
use bpfasm_asm::isa::{Code, Endian};
use bpfasm_tests::bin;
use bpfasm_tests::kernel::Loaded;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{self, Need, TempDir, ready, which};

#[test]
fn two_builds_are_the_same_bytes_wherever_the_source_is() {
    for source in bin::programs() {
        let (one, two) = (TempDir::new(), TempDir::new());
        let moved = two.file(source.file_name().expect("a name").to_str().expect("UTF-8"));
        std::fs::copy(&source, &moved).expect("copied");
        let read = |source, dir| std::fs::read(bin::build(source, dir)).expect("the object");
        assert_eq!(read(&source, &one), read(&moved, &two), "{}", source.display());
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

/// What llvm-objdump reads, by function: a line for each instruction, without its number.
fn listings(object: &Path) -> Vec<(String, Vec<String>)> {
    let text = objdump(&["-d", "--no-show-raw-insn", "--mcpu=v4"], object);
    let mut listings: Vec<(String, Vec<String>)> = vec![];
    for line in text.lines() {
        if let Some((_, name)) = line.strip_suffix(">:").and_then(|head| head.split_once(" <")) {
            listings.push((name.to_owned(), vec![]));
        } else if let Some((number, insn)) = line.split_once(':')
            && number.trim().parse::<u32>().is_ok()
            && let Some((_, lines)) = listings.last_mut()
        {
            lines.push(insn.trim().to_owned());
        }
    }
    listings
}

/// The instructions of a listing, assembled again.
fn reassembled(lines: &[String], endian: Endian) -> Code {
    let mut sources = Sources::default();
    let root = sources.add("listing", format!("prog p: \"socket\" {{\n{}\n}}\n", lines.join("\n")));
    let compiled = compile(&mut sources, root, &Options { endian, ..Options::default() });
    let object = compiled.object.unwrap_or_else(|| panic!("{:#?}\n{lines:#?}", compiled.diagnostics));
    object.funcs.into_iter().next().expect("one program").insns
}

#[test]
fn builds_of_both_byte_orders_are_what_objdump_reads() {
    if !ready(&[Need::Tool("llvm-objdump-19")]) {
        return;
    }
    let dir = TempDir::new();
    for (endian, order, ident) in [(Endian::Little, "little", 1), (Endian::Big, "big", 2)] {
        for source in bin::programs() {
            let built = dir.file("built.o");
            let mut command = bin::bpfasm(["build", "--endian", order]);
            command.arg(&source).arg("-o").arg(&built);
            tool::run(&mut command).ok();
            let bytes = std::fs::read(&built).expect("the object");
            assert_eq!(bytes[..6], [0x7f, b'E', b'L', b'F', 2, ident], "{}", source.display());
            let object = elf::read(&bytes).expect("our own object");
            let listings = listings(&built);
            assert_eq!(listings.len(), object.funcs.len(), "{}", source.display());
            for (name, lines) in listings {
                let func = object.funcs.iter().find(|f| f.name == name).expect("a function of that name");
                let read = reassembled(&lines, endian);
                assert_eq!(read.len(), func.insns.len(), "{}: {name}", source.display());
                for (i, (theirs, ours)) in read.iter().zip(&func.insns).enumerate() {
                    // What a relocation fills in is not the listing's to say.
                    let filled_in = func.refs.iter().any(|r| r.insn == i);
                    let same = if filled_in {
                        (theirs.code, theirs.dst) == (ours.code, ours.dst)
                    } else {
                        theirs == ours
                    };
                    assert!(
                        same,
                        "{}, {order}, {name}, instruction {i}: {}: {theirs:?} {ours:?}",
                        source.display(),
                        lines[i]
                    );
                }
            }
        }
    }
}
