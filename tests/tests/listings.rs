//! Programs that were loaded, as bpftool and the verifier's log show them, become the same instructions again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::elf;
use bpfasm_asm::isa::{Endian, Insn, Syntax};
use bpfasm_asm::object::{Func, Object};
use bpfasm_tests::bin;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready};

/// The object of a listing.
#[track_caller]
fn object(listing: &str, maps: &[(u64, &str)], what: &str) -> Object {
    let mut sources = Sources::default();
    let root = sources.add("listing.txt", listing);
    let options = Options { endian: Endian::HOST, section: Some("socket"), maps, ..Options::default() };
    let compiled = compile(&mut sources, root, &options);
    compiled.object.unwrap_or_else(|| {
        let told = compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default()));
        panic!("{what}:\n{}\n{listing}", told.collect::<Vec<_>>().join("\n\n"))
    })
}

/// An instruction without what a loader fills in: addresses of maps and variables, distances of calls, numbers of
/// helpers that the kernel has replaced.
fn plain(insn: Insn, referred: bool) -> Insn {
    match insn.form().map(|form| form.syntax) {
        Some(Syntax::LoadImm64(_)) if referred => Insn { src: 0, imm: 0, hi: Some(0), ..insn },
        Some(Syntax::LoadImm64(1 | 2 | 4)) => Insn { src: 0, imm: 0, hi: Some(0), ..insn },
        // A call of a function has its distance in `off` and a number in `imm` once it is compiled.
        _ if insn.code == 0x85 => Insn { src: 0, imm: 0, off: 0, ..insn },
        _ => insn,
    }
}

fn code(func: &Func) -> Vec<Insn> {
    let referred = |at: usize| func.refs.iter().any(|r| r.insn == at);
    func.insns.iter().enumerate().map(|(at, insn)| plain(insn, referred(at))).collect()
}

/// What clang makes of the sources in `tests/c`, and our own programs: those that a kernel takes as they are.
fn objects(dir: &TempDir) -> Vec<PathBuf> {
    let mut objects = vec![];
    for name in ["maps", "arith", "memory", "flow", "atomics"] {
        for cpu in ["v2", "v3", "v4"] {
            if name == "atomics" && cpu == "v2" {
                continue;
            }
            let object = dir.path().join(format!("{name}-{cpu}.o"));
            let source = bin::repo().join("tests/c").join(format!("{name}.c"));
            let args = ["-target", "bpf", "-O2", "-g", "-w", &format!("-mcpu={cpu}"), "-c"];
            let out = Command::new("clang-19").args(args).arg(source).arg("-o").arg(&object).output();
            assert!(out.expect("clang runs").status.success(), "{name}");
            objects.push(object);
        }
    }
    for name in ["hello_counter", "port_drop", "spoof_drop"] {
        objects.push(bin::build(&bin::repo().join(format!("programs/{name}.bpfasm")), dir));
    }
    objects
}

/// Loads an object with bpftool and runs a line of shell in which `$PINS` has its programs.
#[track_caller]
fn bpftool(space: &Space, object: &Path, load: &str, then: &str) -> String {
    let pins = "/sys/fs/bpf/listing";
    let object = object.display();
    let line = format!("PINS={pins}; {load} prog loadall {object} $PINS 2>&1; {then}; rm -r $PINS");
    space.output(Command::new("bash").args(["-ec", &line])).ok().stdout
}

/// Ids of maps in a listing of bpftool, each with a name.
fn ids(listing: &str) -> BTreeMap<u64, String> {
    let after = listing.split("map[id:").skip(1);
    let ids = after.filter_map(|rest| rest.split(']').next()?.parse().ok());
    ids.map(|id: u64| (id, format!("map_{id}"))).collect()
}

#[test]
fn xlated_programs_come_back() {
    if !ready(&[Need::Root, Need::Tool("bpftool"), Need::Tool("clang-19")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let mut programs = 0;
    for file in objects(&dir) {
        let raw = dir.path().join("raw");
        let then = format!(
            "for prog in $PINS/*; do echo \"=== $prog\"; for flags in '' opcodes linum; do echo ---; \
             bpftool prog dump xlated pinned $prog $flags; done; echo ---; \
             bpftool prog dump xlated pinned $prog file {raw}; od -An -v -tx1 {raw}; done",
            raw = raw.display()
        );
        let shown = bpftool(&space, &file, "bpftool", &then);
        for program in shown.split("=== ").skip(1) {
            let parts: Vec<&str> = program.split("---\n").collect();
            let [_, plain_text, opcodes, linum, hex] = parts[..] else { panic!("five parts: {program}") };
            let bytes: Vec<u8> =
                hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect();
            let theirs = Insn::decode_all(&bytes, Endian::HOST).expect("whole slots");
            for (shows, listing) in [(false, plain_text), (true, opcodes), (false, linum)] {
                // What an older bpftool does not know has its bytes only, or looks like something else.
                if !shows && file.to_str().is_some_and(|name| name.contains("v4")) {
                    continue;
                }
                let ids = ids(listing);
                let maps: Vec<(u64, &str)> = ids.iter().map(|(id, name)| (*id, name.as_str())).collect();
                let ours = object(listing, &maps, &file.display().to_string());
                let all: Vec<Insn> = ours.funcs.iter().flat_map(code).collect();
                let theirs: Vec<Insn> = theirs.iter().map(|insn| plain(*insn, false)).collect();
                for (at, (ours, theirs)) in all.iter().zip(&theirs).enumerate() {
                    // The kernel's own move looks like a plain one there; a warning says so.
                    let off = if !shows && theirs.code == 0xbf { 0 } else { theirs.off };
                    assert_eq!(*ours, Insn { off, ..*theirs }, "{} {at}:\n{listing}", file.display());
                }
                assert_eq!(all.len(), theirs.len());
            }
            programs += 1;
        }
    }
    assert!(programs >= 20, "{programs} programs");
}

#[test]
fn logs_of_the_verifier_come_back() {
    if !ready(&[Need::Root, Need::Tool("bpftool"), Need::Tool("clang-19")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let mut programs = 0;
    for file in objects(&dir) {
        let theirs = elf::read(&std::fs::read(&file).expect("the object")).expect("an ELF file");
        let shown = bpftool(&space, &file, "bpftool -d", "true");
        for log in shown.split("libbpf: prog '").skip(1) {
            let Some((name, rest)) = log.split_once("': -- BEGIN PROG LOAD LOG --") else { continue };
            let Some((log, _)) = rest.split_once("-- END PROG LOAD LOG --") else { continue };
            // All instructions stand in the log where the kernel lists their live registers.
            if !log.contains("Live regs before insn:") {
                continue;
            }
            let addresses = log.split("= 0x").skip(1).filter_map(|rest| {
                let hex: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
                u64::from_str_radix(&hex, 16).ok().filter(|address| address >> 48 == 0xffff)
            });
            let maps: Vec<(u64, &str)> = addresses.map(|address| (address, "somewhere")).collect();
            let ours = object(log, &maps, &file.display().to_string());
            let original = theirs.funcs.iter().find(|func| func.name == name).expect("the program");
            assert_eq!(code(&ours.funcs[0]), code(original), "{} {name}\n{log}", file.display());
            for ours in &ours.funcs[1..] {
                let same = |func: &&Func| code(func) == code(ours);
                assert!(theirs.funcs.iter().any(|func| same(&func)), "{} {}", file.display(), ours.name);
            }
            programs += 1;
        }
    }
    assert!(programs >= 10 || programs == 0, "{programs} programs");
    if programs == 0 {
        println!("skipped: this kernel's logs do not list all instructions");
    }
}
