//! Listings of LLVM and GNU tools come back as the object that they show.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bpfasm_asm::assemble::{Compiled, Dialect, Options, compile};
use bpfasm_asm::diag::{Diagnostic, Severity, Sources, Style, render};
use bpfasm_asm::isa::{Endian, FORMS, Insn, Syntax};
use bpfasm_asm::object::{Linkage, Object, Symbol};
use bpfasm_asm::{elf, listing};
use proptest::prelude::*;

/// Says that a test was not run; in CI that is a failure.
fn skip(why: &str) {
    assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "not run: {why}");
    eprintln!("skipped: {why}");
}

fn installed(tools: &[&str]) -> bool {
    let missing = tools.iter().find(|tool| Command::new(tool).arg("--version").output().is_err());
    if let Some(tool) = missing {
        skip(&format!("no {tool}"));
    }
    missing.is_none()
}

fn run(program: &str, args: &[&str], file: &Path) -> String {
    let out = Command::new(program).args(args).arg(file).output().expect("the tool runs");
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("UTF-8")
}

fn read(text: &str) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    let root = sources.add("listing.txt", text);
    let compiled = compile(&mut sources, root, &Options { endian: Endian::Little, ..Options::default() });
    (sources, compiled)
}

fn object(text: &str) -> Result<Object, String> {
    let (sources, compiled) = read(text);
    let rendered = compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default()));
    compiled.object.ok_or_else(|| rendered.collect::<Vec<_>>().join("\n\n"))
}

fn codes(text: &str, severity: Severity) -> Vec<&'static str> {
    read(text).1.diagnostics.iter().filter(|d| d.severity == severity).map(|d| d.code).collect()
}

/// A folder of this test, removed at its end.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&dir).expect("a folder");
        Self(dir)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What clang makes of the sources in `tests/c`, in many ways; made once.
fn compiled() -> &'static [PathBuf] {
    static OBJECTS: OnceLock<(Dir, Vec<PathBuf>)> = OnceLock::new();
    &OBJECTS
        .get_or_init(|| {
            let dir = Dir::new("listing-objects");
            let mut objects = clang(&dir);
            objects.extend(programs(&dir));
            (dir, objects)
        })
        .1
}

fn clang(dir: &Dir) -> Vec<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/c");
    let mut objects = vec![];
    let mut files: Vec<_> =
        std::fs::read_dir(sources).expect("tests/c").flatten().map(|e| e.path()).collect();
    files.sort();
    for source in files {
        let stem = source.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_string();
        for target in ["bpfel", "bpfeb"] {
            for cpu in ["v1", "v2", "v3", "v4"] {
                for level in ["-O1", "-O2"] {
                    // Older instruction sets have no atomics that return something.
                    if stem == "atomics" && cpu < "v3" || level == "-O1" && cpu != "v3" {
                        continue;
                    }
                    let object = dir.0.join(format!("{stem}-{target}-{cpu}{level}.o"));
                    let out = Command::new("clang-19")
                        .args(["-target", target, &format!("-mcpu={cpu}"), level, "-g", "-w", "-c"])
                        .arg(&source)
                        .arg("-o")
                        .arg(&object)
                        .output()
                        .expect("clang runs");
                    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
                    objects.push(object);
                }
            }
        }
    }
    objects
}

/// Our own programs as objects.
fn programs(dir: &Dir) -> Vec<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs");
    let files = std::fs::read_dir(sources).expect("programs").flatten().map(|entry| entry.path());
    let sources = files.filter(|file| file.extension().is_some_and(|e| e == "bpfasm"));
    let build = |source: PathBuf| {
        let object = object(&std::fs::read_to_string(&source).expect("UTF-8")).expect("it builds");
        let name = source.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_string();
        let file = dir.0.join(format!("{name}.o"));
        std::fs::write(&file, elf::write(&object).expect("an ELF file")).expect("written");
        file
    };
    sources.map(build).collect()
}

/// What llvm-objdump shows of a file, without what no listing can give back: CO-RE relocations need types, and whether
/// the linker may replace a function of the same section is not shown.
fn canonical(file: &Path) -> String {
    let text = run("llvm-objdump-19", &["-dr", "--mcpu=v4"], file);
    let text = text.split_once("file format ").map_or("", |(_, rest)| rest);
    text.split("Disassembly of section ").map(calls_by_name).collect()
}

/// A section's lines, with calls of its own functions by name, with and without a relocation.
fn calls_by_name(section: &str) -> String {
    let header = |line: &str| -> Option<(i64, String)> {
        let (address, name) = line.strip_suffix(">:")?.split_once(" <")?;
        Some((i64::from_str_radix(address, 16).ok()? / 8, name.to_string()))
    };
    let headers: Vec<_> = section.lines().filter_map(header).collect();
    let mut lines = section.lines().filter(|line| !line.contains("  CO-RE <")).peekable();
    let mut out = String::new();
    while let Some(line) = lines.next() {
        let mut target = || -> Option<String> {
            let (before, distance) = line.split_once("\tcall ")?;
            let (slot, bytes) = before.split_once(':')?;
            // The second half of the first byte, or the first, is 1: a function.
            if !bytes.trim().starts_with("85 10") && !bytes.trim().starts_with("85 01") {
                return None;
            }
            let called = lines.peek().and_then(|next| next.split_once("R_BPF_64_32\t"));
            let found = if let Some((_, name)) = called {
                headers.iter().find(|(_, known)| known == name)?
            } else {
                let digits = distance.trim_start_matches(['+', '-']).trim_start_matches("0x");
                let number = i64::from_str_radix(digits, 16).ok()?;
                let number = if distance.starts_with('-') { -number } else { number };
                headers.iter().find(|(at, _)| slot.trim().parse() == Ok(at - number - 1))?
            };
            Some(format!("{slot}: call {}", found.1))
        };
        match target() {
            Some(line) => {
                out += &line;
                lines.next_if(|next| next.contains("R_BPF_64_32\t"));
            }
            None => out += line,
        }
        out.push('\n');
    }
    out
}

/// What a listing of a file shows, built again: the same instructions and the same relocations.
fn same(dir: &Dir, (original, theirs): (&Path, &str), listing: &str, what: &str) {
    let ours = object(listing).unwrap_or_else(|why| panic!("{what} {}:\n{why}", original.display()));
    let file = dir.0.join("ours.o");
    std::fs::write(&file, elf::write(&ours).expect("an ELF file")).expect("written");
    let ours = canonical(&file);
    for (theirs, ours) in theirs.lines().zip(ours.lines()) {
        assert_eq!(theirs, ours, "{what} {}", original.display());
    }
    assert_eq!(theirs.lines().count(), ours.lines().count(), "{what} {}", original.display());
}

const TOOLS: [&str; 4] = ["clang-19", "llvm-objdump-19", "llvm-objdump-14", "bpf-objdump"];

/// With bytes and relocations every listing gives the whole object's code back.
const LOG: &str = "0: (b7) r0 = 0                        ; R0_w=0\n1: (95) exit\n";

#[test]
fn a_jump_may_have_the_state_at_its_target_behind_it() {
    for state in ["R0_w=scalar(var_off=(0x0; 0xff)) R10=fp0 refs=2", "frame1: R0=0 R10=fp0"] {
        let log = format!(
            "0: R1=ctx() R10=fp0\n0: (55) if r0 != 0x0 goto pc+1 2: {state}\n1: (bf) r0 = r1\n2: (95) exit\n"
        );
        let object = object(&log).expect("a log");
        let code: Vec<_> = object.funcs[0].insns.iter().collect();
        assert_eq!((code.len(), code[0].code, code[0].off), (3, 0x55, 1), "{log}");
    }
}

#[test]
fn lines_before_a_listing_are_none_of_it() {
    for before in ["# bpftool prog dump xlated id 7", "$ sudo ./load x.o\n", "libbpf: prog 'x': failed"] {
        let object = object(&format!("{before}\n{LOG}")).expect("a listing");
        assert_eq!(object.funcs[0].insns.len(), 2, "{before}");
    }
    // Whoever says that it is a listing may have anything before it.
    let mut sources = Sources::default();
    let root = sources.add("log.txt", format!("load program: permission denied:\n{LOG}").as_str());
    let options = Options { dialect: Some(Dialect::Listing), ..Options::default() };
    assert!(compile(&mut sources, root, &options).object.is_some());
    let root = sources.add("words.txt", "load program: permission denied\n");
    assert!(compile(&mut sources, root, &options).object.is_none());
}

#[test]
fn what_is_added_to_an_address_is_kept() {
    let text = "x.o:\tfile format elf64-bpf\n\nDisassembly of section xdp:\n\n0000000000000000 <x>:\n\
                \t0:\t18 02 00 00 04 00 00 00 00 00 00 00 00 00 00 00\tr2 = 0x4 ll\n\
                \t\t0000000000000000:  R_BPF_64_64\t.bss\n\
                \t2:\t61 20 00 00 00 00 00 00\tw0 = *(u32 *)(r2 + 0x0)\n\
                \t\t0000000000000010:  CO-RE <byte_off> [31] struct s::a (0:0)\n\
                \t3:\t95 00 00 00 00 00 00 00\texit\n";
    let file = elf::write(&object(text).expect("a listing")).expect("an object");
    let wanted = [0x18, 2, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x20, 0, 0];
    assert!(file.windows(wanted.len()).any(|bytes| bytes == wanted), "the offset is lost");
    assert_eq!(codes(text, Severity::Warning), ["E1006"]);
}

#[test]
fn no_line_of_code_is_lost_in_silence() {
    let listing = |header: &str, last: &str| {
        format!(
            "x.o:     file format elf64-bpfle\n\nDisassembly of section .text:\n\n0000000000000000 {header}\n   \
             0:\tmov %r0,0\n   8:\texit\n{last}"
        )
    };
    assert_eq!(codes(&listing("<f>:", ""), Severity::Error), [""; 0]);
    let half = "  10:\tAddress 0x18 is out of bounds.\n*unknown*\n";
    assert_eq!(codes(&listing("<f>:", half), Severity::Error), ["E1003"]);
    assert_eq!(codes(&listing("&lt;f&gt;:", ""), Severity::Error), ["E1001"]);
}

#[test]
fn listings_with_bytes_give_the_same_instructions() {
    if !installed(&TOOLS) {
        return;
    }
    let dir = Dir::new("listing-bytes");
    let objects = compiled();
    assert!(objects.len() >= 55, "{} objects", objects.len());
    for (n, file) in objects.iter().enumerate() {
        let theirs = canonical(file);
        // Three tools on every object, their other flags on some.
        let most = if n % 4 == 0 { 7 } else { 3 };
        for (tool, args) in [
            ("llvm-objdump-19", &["-dr"][..]),
            ("llvm-objdump-14", &["-dr"]),
            ("bpf-objdump", &["-dr"]),
            ("llvm-objdump-19", &["-dSr", "--no-print-imm-hex"]),
            ("llvm-objdump-19", &["-dr", "--mcpu=v2"]),
            ("llvm-objdump-14", &["-dSr"]),
            ("bpf-objdump", &["-dSr", "-w"]),
        ]
        .into_iter()
        .take(most)
        {
            same(&dir, (file, &theirs), &run(tool, args, file), &format!("{tool} {args:?}"));
        }
    }
}

/// Without relocations the bytes are the same, and a warning says what may be missing.
#[test]
fn listings_without_relocations_give_the_same_bytes() {
    if !installed(&TOOLS) {
        return;
    }
    for file in compiled() {
        let original = std::fs::read(file).expect("the object");
        let elf = goblin::elf::Elf::parse(&original).expect("an ELF file");
        for tool in ["llvm-objdump-19", "bpf-objdump"] {
            let text = run(tool, &["-d"], file);
            let ours = object(&text).unwrap_or_else(|why| panic!("{tool} {}:\n{why}", file.display()));
            for header in &elf.section_headers {
                let name = elf.shdr_strtab.get_at(header.sh_name).unwrap_or("");
                let funcs: Vec<_> = ours.funcs.iter().filter(|func| func.section == name).collect();
                if funcs.is_empty() {
                    continue;
                }
                let code: Vec<u8> = funcs.iter().flat_map(|func| func.insns.to_bytes(ours.endian)).collect();
                let bytes = &original[header.file_range().expect("bytes")];
                assert_eq!(code, bytes, "{tool} {} {name}", file.display());
            }
            let whole = run("llvm-objdump-19", &["-dr"], file);
            let hides = whole.contains("R_BPF") || whole.contains("  CO-RE <");
            let warned = codes(&text, Severity::Warning).contains(&"E1006");
            assert_eq!(hides, warned, "{tool} {}", file.display());
        }
    }
}

/// Without bytes the text has to do. Where it does not say enough, that is said.
#[test]
fn listings_without_bytes_give_the_same_instructions_or_say_why_not() {
    if !installed(&TOOLS) {
        return;
    }
    let mut exact = 0;
    for file in compiled() {
        for tool in ["llvm-objdump-19", "llvm-objdump-14", "bpf-objdump"] {
            let big = file.to_str().is_some_and(|name| name.contains("bpfeb"));
            let text = run(tool, &["-dr", "--no-show-raw-insn"], file);
            let mut sources = Sources::default();
            let root = sources.add("listing.txt", text.as_str());
            let endian = if big { Endian::Big } else { Endian::Little };
            let compiled = compile(&mut sources, root, &Options { endian, ..Options::default() });
            let Some(ours) = compiled.object else {
                let lines: Vec<&str> =
                    compiled.diagnostics.iter().map(|d| sources.slice(d.primary.span)).collect();
                let errors = |(d, _): &(&Diagnostic, _)| d.severity == Severity::Error;
                for (d, line) in compiled.diagnostics.iter().zip(lines).filter(errors) {
                    let known = ["lock *(", "skb[r", "xadd", "unknown", "call "]
                        .iter()
                        .any(|text| line.contains(text));
                    let lossy = d.code == "E1003" && known;
                    assert!(lossy, "{tool} {}: {}", file.display(), render(d, &sources, Style::default()));
                }
                continue;
            };
            exact += 1;
            let original = std::fs::read(file).expect("the object");
            let elf = goblin::elf::Elf::parse(&original).expect("an ELF file");
            // What GNU's older disassembler prints like something else is warned of.
            let warned = compiled.diagnostics.iter().any(|d| d.code == "E1007");
            let mut differs = false;
            for header in &elf.section_headers {
                let name = elf.shdr_strtab.get_at(header.sh_name).unwrap_or("");
                let funcs: Vec<_> = ours.funcs.iter().filter(|func| func.section == name).collect();
                if !funcs.is_empty() {
                    let code: Vec<u8> =
                        funcs.iter().flat_map(|func| func.insns.to_bytes(ours.endian)).collect();
                    differs |= code != original[header.file_range().expect("bytes")];
                }
            }
            assert!(!differs || warned, "{tool} {}", file.display());
        }
    }
    assert!(exact > 60, "{exact}");
}

/// What is added to a symbol of another object is kept.
#[test]
fn an_offset_in_a_section_that_is_not_shown_is_kept() {
    let listing = "x: file format elf64-bpf\nDisassembly of section xdp:\n0000000000000000 <f>:\n       \
                   0:\t18 01 00 00 08 00 00 00 00 00 00 00 00 00 00 00\tr1 = 8 ll\n\t\t0000000000000000:  \
                   R_BPF_64_64\t.rodata.str1.1\n       2:\t95 00 00 00 00 00 00 00\texit\n";
    let bytes = elf::write(&object(listing).expect("no errors")).expect("an ELF file");
    let code = [0x18, 1, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x95];
    assert!(bytes.windows(code.len()).any(|window| window == code));
}

/// Each printed column, with and without its bytes, as a line of a listing of its tool.
#[test]
fn every_column_is_a_line_of_a_listing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/instructions.tsv");
    let Ok(vectors) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no shared/vectors/instructions.tsv beside the repository");
        return;
    };
    let (mut with, mut without, mut refused) = (0, 0, 0);
    for row in vectors.lines().filter(|line| !line.starts_with('#') && !line.starts_with("name\t")) {
        let row: Vec<&str> = row.split('\t').collect();
        let (name, hex) = (row[0], row[1]);
        let bytes: Vec<u8> = hex.split(' ').map(|b| u8::from_str_radix(b, 16).expect("hex")).collect();
        let wide = bytes.len() == 16;
        let tail = |at: u32| if wide { at + 2 } else { at + 1 };
        for (tool, column) in [("llvm", 2), ("kernel", 3), ("gas", 4), ("gas", 5)] {
            let text = row[column];
            // Functions at the places that `call 2` and `pc+2` may mean are not the point here.
            let (shown, plain) = match tool {
                "llvm" => (
                    format!(
                        "x: file format elf64-bpf\n0000000000000000 <f>:\n       0:\t{hex}\t{text}\n       {}:\t95 00 00 00 00 00 00 00\texit\n",
                        tail(0)
                    ),
                    format!(
                        "x: file format elf64-bpf\n0000000000000000 <f>:\n       0:\t{text}\n       {}:\texit\n",
                        tail(0)
                    ),
                ),
                "gas" => (
                    format!(
                        "x: file format elf64-bpfle\n0000000000000000 <f>:\n   0:\t{hex} \t{text}\n  {:x}:\t95 00 00 00 00 00 00 00 \texit\n",
                        8 * tail(0)
                    ),
                    format!(
                        "x: file format elf64-bpfle\n0000000000000000 <f>:\n   0:\t{text}\n  {:x}:\texit\n",
                        8 * tail(0)
                    ),
                ),
                _ => (
                    format!(
                        "   0: {text}\n       {hex}\n   {}: (95) exit\n       95 00 00 00 00 00 00 00\n",
                        tail(0)
                    ),
                    format!("   0: {text}\n   {}: (95) exit\n", tail(0)),
                ),
            };
            let first = |object: &Object| {
                let code = object.funcs[0].insns.to_bytes(Endian::Little);
                code[..bytes.len()].to_vec()
            };
            match object(&shown) {
                Ok(object) => {
                    assert_eq!(first(&object), bytes, "{tool}: {shown}");
                    with += 1;
                }
                // A call leads to a function, which is not there.
                Err(why) => assert!(name == "call local" && why.contains("E1003"), "{shown}\n{why}"),
            }
            match object(&plain) {
                Ok(object) if first(&object) == bytes => without += 1,
                Ok(_) => {
                    let warned = !codes(&plain, Severity::Warning).is_empty();
                    let kind = name.starts_with("ld_imm64 src") || name == "callx llvm(dst? imm)";
                    // An immediate load's kind is in no text; the address of a map is told apart in a log.
                    assert!(
                        warned || kind || name == "call local",
                        "{tool}: `{text}` ({name}) is silently wrong"
                    );
                }
                Err(why) => {
                    assert!(why.contains("E1003") || why.contains("E1001"), "{plain}\n{why}");
                    refused += 1;
                }
            }
        }
    }
    assert!(with > 700 && without > 600 && refused < 100, "{with} {without} {refused}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(lines in proptest::collection::vec(proptest::sample::select(LINES), 0..12), junk in "\\PC*") {
        let text = lines.join("\n");
        let _ = read(&text);
        let _ = read(&format!("{text}\n{junk}\n{text}"));
        let _ = read(&format!("x: file format elf64-bpf\n{junk}"));
        let _ = listing::detect(&junk);
    }

    #[test]
    fn any_instruction_comes_back_from_its_line(row in 0..FORMS.len(), off in any::<i16>(), imm in any::<i32>()) {
        let form = &FORMS[row];
        prop_assume!(!matches!(form.syntax, Syntax::CallLocal));
        let insn = form.insn(3, 4, off, imm.into()).expect("32 bits");
        let bytes = Insn::encode_all(&[insn], Endian::Little);
        let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let text = insn.display(bpfasm_asm::isa::Names::default()).to_string();
        let listing = format!("x: file format elf64-bpf\n0000000000000000 <f>:\n  0:\t{}\t{text}\n", hex.join(" "));
        let object = object(&listing).map_err(TestCaseError::fail)?;
        prop_assert_eq!(object.funcs[0].insns.to_bytes(Endian::Little), bytes);
    }
}

/// Lines of listings.
const LINES: &[&str] = &[
    "x.o:\tfile format elf64-bpf",
    "x.o:     file format elf64-bpfle",
    "Disassembly of section xdp:",
    "0000000000000000 <f>:",
    "0000000000000008 <LBB0_1>:",
    "<g>:",
    "       0:\tb7 00 00 00 01 00 00 00\tr0 = 1",
    "       1:\tr0 = 1",
    "       1:\t95 00 00 00 00 00 00 00\texit",
    "   8:\t95 00 00 00 00 00 00 00 \texit",
    "\t\t0000000000000008:  R_BPF_64_64\tmap",
    "\t\t\t8: R_BPF_INSN_64\tmap",
    "   0:\t18 01 00 00 00 00 00 00 \tlddw %r1,0",
    "   8:\t00 00 00 00 00 00 00 00 ",
    "   0: (b7) r0 = 0",
    "   1: (18) r1 = map[id:5][0]+4",
    "   3: (95) exit",
    "       95 00 00 00 00 00 00 00",
    "int f(void * ctx):",
    "func#0 @0",
    "0: R1=ctx() R10=fp0",
    "1: (18) r1 = 0xffff888100000000 ; R1_w=map_ptr(off=0,ks=4,vs=8)",
    "Live regs before insn:",
    "0: .1........ (b7) r0 = 0",
    "from 1 to 5: R0=1",
    "; source",
    "      ...",
    "99999999999: (95) exit",
    "4294967295: (95) exit",
    "  1 : (85) call pc+7#x",
    "0: (85) call pc-5",
    "0: (85) call bpf_x#7",
    "é: (95) exit",
    "0:\t<unknown>",
];

/// `call` of static and global functions in another section, with bytes and without.
#[test]
fn functions_of_other_sections_are_called() {
    let call = |slot: u32, imm: &str, bytes: bool, reloc: &str| {
        let hex = if imm == "0x1" { "01 00 00 00" } else { "ff ff ff ff" };
        let raw = if bytes { format!("85 10 00 00 {hex}\t") } else { String::new() };
        format!("       {slot}:\t{raw}call {imm}\n\t\t{:016x}:  R_BPF_64_32\t{reloc}\n", slot * 8)
    };
    let simple = |slot: u32, bytes: bool, hex: &str, text: &str| {
        let raw = if bytes { format!("{hex}\t") } else { String::new() };
        format!("       {slot}:\t{raw}{text}\n")
    };
    for bytes in [true, false] {
        let set = |slot| simple(slot, bytes, "b7 00 00 00 01 00 00 00", "r0 = 1");
        let exit = |slot| simple(slot, bytes, "95 00 00 00 00 00 00 00", "exit");
        let text = [
            "x.o:\tfile format elf64-bpf\n\nDisassembly of section lib:\n\n0000000000000000 <one>:\n".into(),
            set(0),
            exit(1),
            "\n0000000000000010 <two>:\n".into(),
            set(2),
            exit(3),
            "\nDisassembly of section xdp:\n\n0000000000000000 <x>:\n".into(),
            call(0, "0x1", bytes, "lib"),
            call(1, "-0x1", bytes, "one"),
            exit(2),
        ]
        .concat();
        let object = object(&text).expect("a listing");
        let names: Vec<_> = object.funcs.iter().map(|func| (func.name.as_str(), func.linkage)).collect();
        let wanted = [("one", Linkage::Global), ("two", Linkage::Static), ("x", Linkage::Global)];
        assert_eq!(names, wanted, "{text}");
        let refs: Vec<_> = object.funcs[2].refs.iter().map(|r| (r.insn, r.to)).collect();
        assert_eq!(refs, [(0, Symbol::Func(1)), (1, Symbol::Func(0))], "{text}");
        let file = elf::write(&object).expect("an ELF file");
        let code = [0x85, 0x10, 0, 0, 1, 0, 0, 0, 0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x95];
        assert!(file.windows(code.len()).any(|window| window == code), "{text}");
        let again = elf::read(&file).expect("our own file");
        assert_eq!(again.funcs.len(), object.funcs.len(), "{text}");
    }
}

/// A relocation names a section or something in one; where both have the name, nothing tells them apart.
#[test]
fn a_name_that_may_be_a_section_is_refused() {
    let text = |reloc: &str, insn: &str, first: &str| {
        format!(
            "x.o:\tfile format elf64-bpf\nDisassembly of section lib:\n0000000000000000 <{first}>:\n\
             0:\tr0 = 1\n1:\texit\n0000000000000010 <lib>:\n2:\tr0 = 2\n3:\texit\n\
             Disassembly of section xdp:\n0000000000000000 <x>:\n0:\t{insn}\n\
             \t\t0000000000000000:  {reloc}\tlib\n2:\texit\n"
        )
    };
    let load = text("R_BPF_64_64", "r1 = 0x0 ll", "one");
    assert_eq!(codes(&load, Severity::Error), ["E1003"]);
    let call = text("R_BPF_64_32", "call -0x1\n1:\tr0 = 0", "one");
    let call = call.replace("r0 = 0\n\t\t0000000000000000:  R_BPF_64_32\tlib", "r0 = 0");
    let call = call.replace("call -0x1\n", "call -0x1\n\t\t0000000000000000:  R_BPF_64_32\tlib\n");
    assert_eq!(codes(&call, Severity::Error), ["E1003"], "{call}");
    let plain = call.replace("<lib>", "<two>");
    assert_eq!(object(&plain).expect("the section").funcs[2].refs[0].to, Symbol::Func(0), "{plain}");
}

#[test]
fn a_helper_is_not_mistaken_for_a_label() {
    let text = |name: &str| {
        format!(
            "x.o:\tfile format elf64-bpf\nDisassembly of section xdp:\n0000000000000000 <x>:\n\
             0:\tr2 = r1\n1:\tr1 = 0x0 ll\n\t\t0000000000000008:  R_BPF_64_64\tm\n3:\tcall 0x2\n\
             4:\tif r0 == 0x0 goto +0x1 <{name}>\n5:\tr0 = 1\n0000000000000030 <{name}>:\n6:\texit\n"
        )
    };
    let code: Vec<_> = object(&text("LBB0_2")).expect("labels").funcs[0].insns.iter().collect();
    assert_eq!((code[2].src, code[2].imm), (0, 2));
    assert_eq!(codes(&text("other"), Severity::Error), ["E1003"]);
}

#[test]
fn lines_without_addresses_show_loads_as_two_halves() {
    let text = "x.o:     file format elf64-bpfle\n\n\nDisassembly of section xdp:\n\n<x>:\n\
                \t18 01 00 00 00 00 00 00 \tlddw %r1,0\n\t00 00 00 00 00 00 00 00 \n\
                \t\t\tR_BPF_INSN_64\thits\n\tb7 00 00 00 02 00 00 00 \tmov %r0,2\n\
                \t95 00 00 00 00 00 00 00 \texit\n";
    let object = object(text).expect("a listing");
    assert_eq!((object.funcs[0].insns.len(), object.externs[0].name.as_str()), (3, "hits"));
}

/// What older objdumps print like something else is taken with a warning, or not at all.
#[test]
fn an_atomic_addition_without_bytes_is_one_or_refused() {
    let text = |insn: &str| format!("0000000000000000 <x>:\n0:\t{insn}\n1:\texit\n");
    for insn in ["lock *(u64 *)(r1 + 0x8) += r2", "lock *(u32 *)(r1 + 0x8) += w2", "callx r1"] {
        assert_eq!(codes(&text(insn), Severity::Warning), ["E1007"], "{insn}");
        assert!(object(&text(insn)).is_ok(), "{insn}");
    }
    let gnu = format!("x.o: file format elf64-bpfle\n{}", text("xadddw [%r1+8],%r2").replace("1:", "8:"));
    assert_eq!(codes(&gnu, Severity::Error), ["E1003"]);
    let insn = "lock *(u32 *)(r1 + 0x8) += r2";
    assert_eq!(codes(&text(insn), Severity::Error), ["E1003"]);
    let shown = text("8d 01 00 00 00 00 00 00\tcallx r0");
    assert_eq!(object(&shown).expect("bytes decide").funcs[0].insns.iter().next().map(|i| i.dst), Some(1));
}

#[test]
fn a_log_that_ends_before_its_program_is_warned_of() {
    let head = "0: R1=ctx(off=0,imm=0) R10=fp0\n0: (79) r0 = *(u64 *)(r1 +0)\n";
    for end in [
        "1: (b7) r1 = 0\n",
        "1: (15) if r0 == 0x0 goto pc+1\n2: (95) exit\n",
        "1: (05) goto pc+3\n",
        "1: (06) gotol pc+3\n",
    ] {
        let log = format!("{head}{end}R0 invalid mem access 'scalar'\n");
        assert_eq!(codes(&log, Severity::Warning), ["E1008"], "{log}");
    }
    assert!(codes(&format!("{head}1: (05) goto pc-2\n"), Severity::Warning).is_empty());
}

/// Calls that libbpf or the kernel have no name for.
#[test]
fn calls_without_a_name_keep_their_number_or_are_refused() {
    let log = |insn: &str| format!("0: R1=ctx() R10=fp0\n0: {insn}\n1: (95) exit\n");
    let object = object(&log("(85) call unknown#195896080")).expect("a helper that does not exist");
    let call = object.funcs[0].insns.iter().next().expect("an instruction");
    assert_eq!((call.src, call.imm, object.externs.len()), (0, 195_896_080, 0));
    for insn in [
        "(85) call #0",
        "(85) call <error>#12",
        "(85) call 0xffffffff81234567#-84",
        "<invalid CO-RE relocation>",
    ] {
        assert_eq!(codes(&log(insn), Severity::Error), ["E1003"], "{insn}");
    }
    // Linux 6.16 and later list the instruction first.
    let listed = "Live regs before insn:\n  0: .......... (b7) r0 = 0\n  1: 0......... (95) exit\n\
                  0: R1=ctx() R10=fp0\n0: <invalid BPF map reference>\nBPF map 'm' is referenced but wasn't created\n";
    assert_eq!(self::object(listed).expect("a listing").funcs[0].insns.len(), 2);
}

#[test]
fn what_a_kernel_puts_into_a_listing_is_told_from_the_program() {
    let log =
        |insn: &str, then: &str| format!("func#0 @0\n0: R1=ctx() R10=fp0\n{insn}\n{then}2: (95) exit\n");
    // Addresses where page tables have four levels and five, and numbers.
    for (number, address) in [
        ("0xffff88801feff600", true),
        ("0xff11000004866a88", true),
        ("0xffffffffffffffff", false),
        ("0x7fffffffffffffff", false),
    ] {
        let told = codes(&log(&format!("0: (18) r1 = {number}"), ""), Severity::Error);
        assert_eq!(told, if address { &["E1003"][..] } else { &[] }, "{number}");
        // Linux 5.10 says before the next instruction what it was.
        for (state, told) in [("inv-4096", &[][..]), ("map_value(id=0,off=0,ks=4,vs=8,imm=0)", &["E1003"])] {
            let then = format!("2: R1_w={state} R10=fp0\n");
            assert_eq!(
                codes(&log(&format!("0: (18) r1 = {number}"), &then), Severity::Error),
                told,
                "{number}"
            );
        }
    }
    // Linux 7.2 tells behind an instruction where the stack is used.
    for insn in [
        "0: (bf) r1 = r10\tr1: _ -> fp0+0",
        "0: (bf) r1 = r10 // r1=fp0+0",
        "0: (bf) r1 = r10   ; def: fp0-8",
    ] {
        let text = log(insn, "1: (b7) r0 = 0\n");
        assert!(object(&text).is_ok_and(|object| object.funcs[0].insns.len() == 3), "{insn}");
    }
    // Registers of its own.
    let xlated = |bytes: &str| format!("   0: (bf) r12 = r2\n{bytes}   1: (95) exit\n");
    assert_eq!(codes(&xlated(""), Severity::Error), ["E1003"]);
    assert!(object(&xlated("       bf 2c 00 00 00 00 00 00\n")).is_ok());
}

/// Quoted in a mail, kept in a journal, fenced in an issue: the same listing.
#[test]
fn what_stands_before_every_line_is_none_of_it() {
    let log = format!("func#0 @0\n0: R1=ctx() R10=fp0\n{LOG}processed 2 insns (limit 1000000)\n");
    let dump = "x.o:\tfile format elf64-bpf\n\nDisassembly of section xdp:\n\n0000000000000000 <x>:\n\
                \t0:\tb7 00 00 00 02 00 00 00\tr0 = 2\n\t1:\t95 00 00 00 00 00 00 00\texit\n";
    for listing in [log.as_str(), dump] {
        let wanted = object(listing).expect("a listing").funcs;
        for mark in [
            "> ",
            ">",
            "> > ",
            "  | ",
            "libbpf: ",
            "[   12.345678] ",
            "[DEBUG] ",
            "2021-04-21T11:52:43.746111606Z ",
        ] {
            let marked: String = listing.lines().map(|line| format!("{mark}{line}\n")).collect();
            assert_eq!(object(&marked).expect(&marked).funcs, wanted, "{marked}");
        }
        let coloured: String = listing.lines().map(|line| format!("\u{1b}[2m{line}\u{1b}[0m\n")).collect();
        assert_eq!(object(&coloured).expect(&coloured).funcs, wanted);
        assert_eq!(object(&format!("```console\n{listing}```\n")).expect("fenced").funcs, wanted);
    }
}
