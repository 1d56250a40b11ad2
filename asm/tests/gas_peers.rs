//! `.s` files against the assemblers that they are for: clang's own way to an object file, `llvm-mc` and GNU as.

mod common;

use std::path::PathBuf;
use std::process::Command;

use bpfasm_asm::assemble::{Files, Options, compile};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::isa::{Endian, Insn};
use common::through_as;
use goblin::elf::Elf;

const TARGETS: [(Endian, &str); 2] = [(Endian::Little, "bpfel"), (Endian::Big, "bpfeb")];

/// The C sources of these tests.
fn sources() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/gas")
}

/// Whether a tool is here; where `BPFASM_NO_SKIP` is set it has to be.
fn have(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "not run: no {tool}");
        eprintln!("skipped: no {tool}");
    }
    found
}

/// What a tool writes to standard output.
fn output(tool: &str, args: &[&str]) -> Vec<u8> {
    let out = Command::new(tool).args(args).current_dir(sources()).output().expect("the tool starts");
    assert!(out.status.success(), "{tool} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

fn built(text: &str, endian: Endian) -> Vec<u8> {
    let (sources, compiled) = through_as("test.s", text, endian);
    let show = |d| render(d, &sources, Style::default());
    compiled
        .elf
        .unwrap_or_else(|| panic!("{}", compiled.diagnostics.iter().map(show).collect::<Vec<_>>().join("\n")))
}

/// Where two files differ: the first section, or the byte.
fn difference(ours: &[u8], theirs: &[u8]) -> String {
    let parse = |file| Elf::parse(file).expect("a file");
    let (a, b) = (parse(ours), parse(theirs));
    for (x, y) in a.section_headers.iter().zip(&b.section_headers) {
        let names = [(&a, x), (&b, y)].map(|(elf, s)| elf.shdr_strtab.get_at(s.sh_name).unwrap_or(""));
        let same = x.file_range().map(|r| &ours[r]) == y.file_range().map(|r| &theirs[r]);
        if !same || names[0] != names[1] || x.sh_flags != y.sh_flags {
            return format!("section {} and {}", names[0], names[1]);
        }
    }
    let at = ours.iter().zip(theirs).position(|(a, b)| a != b);
    format!("byte {at:?} of {} and {}", ours.len(), theirs.len())
}

/// `clang -S`, then this, gives the file that `clang -c` gives.
fn against_clang(clang: &str) {
    if !have(clang) {
        return;
    }
    let debug: [&[&str]; 5] = [
        &[],
        &["-g"],
        &["-gdwarf-4"],
        &["-g", "-ffunction-sections", "-fdata-sections", "-fno-addrsig"],
        &["-fasynchronous-unwind-tables"],
    ];
    let mut tried = 0;
    for (n, name) in ["maps.c", "data.c", "flow.c", "cxx.c", "cxx.c"].into_iter().enumerate() {
        let language = if n == 4 { "c++" } else { "c" };
        for (i, flags) in debug.iter().enumerate() {
            if name == "flow.c" && !flags.iter().any(|flag| flag.starts_with("-g")) {
                // Its relocations for the kernel's types need debug information.
                continue;
            }
            for (endian, target) in TARGETS {
                // Not each with each: what a run takes is mostly clang's time.
                let cpu = ["-mcpu=v1", "-mcpu=v2", "-mcpu=v3"][(n + i) % 3];
                let level = ["-O1", "-O2"][(n + i) / 3 % 2];
                let mut args = vec!["-x", language, "-target", target, cpu, level, "-w", "-o", "-", name];
                args.extend(*flags);
                let with = |last| args.iter().copied().chain([last]).collect::<Vec<&str>>();
                let text = String::from_utf8(output(clang, &with("-S"))).expect("UTF-8");
                let theirs = output(clang, &with("-c"));
                let ours = built(&text, endian);
                assert!(ours == theirs, "{clang} {args:?}: {}", difference(&ours, &theirs));
                tried += 1;
            }
        }
    }
    assert!(tried > 40);
}

#[test]
fn clang_19() {
    against_clang("clang-19");
}

#[test]
fn clang_14() {
    against_clang("clang-14");
}

/// Sources as people write them: each assembler gives the same instructions and the same relocations.
const WRITTEN: &[&str] = &[
    "\t.text\n\t.globl f\nf:\n1:\tr0 = 0\n\tif r0 > 5 goto 1b\n\tif r0 s< 7 goto 2f\n\tr1 = r2\n2:\texit\n",
    "\t.text\n\t.globl f\n\t.type f, @function\nf:\tcall helper\n\tr1 = table ll\n\texit\n\t.size f, .-f\n\
     \t.section .rodata\n\t.globl table\ntable: .long 1, 2, table_end - table\n\t.short 3\n\t.byte 'x'\ntable_end:\n",
    "\t.set width, 4\n\t.equ twice, width * 2\n\t.text\nf: r1 = 5\n\tr2 = twice\n\t.p2align 3\n\texit\n\
     \t.data\n\t.quad f\n\t.balign 16\n\t.fill 3, 2, 0x102\n\t.ascii \"a\\n\"\n\t.asciz \"b\"\n\t.space 3\n",
    "\t.section prog, \"ax\", @progbits\nstart: goto done\n\t.8byte 0x95\ndone: exit\n\
     \t.pushsection .data\n\t.long 7\n\t.popsection\n\texit\n\t.comm shared, 8, 8\n\t.weak maybe\n",
];

/// Sections with their bytes, and relocations as place, type, symbol's name and added number.
#[derive(Debug, PartialEq)]
struct Meaning {
    sections: Vec<(String, Vec<u8>)>,
    relocations: Vec<(String, u64, String)>,
}

fn meaning(file: &[u8]) -> Meaning {
    let elf = Elf::parse(file).expect("a file");
    let name = |number: usize| {
        let header = elf.section_headers.get(number);
        header.and_then(|s| elf.shdr_strtab.get_at(s.sh_name)).unwrap_or("").to_string()
    };
    let sections = elf.section_headers.iter().enumerate().filter(|(_, s)| s.sh_type == 1 && s.sh_size > 0);
    let mut sections: Vec<_> =
        sections.map(|(i, s)| (name(i), s.file_range().map_or(vec![], |r| file[r].to_vec()))).collect();
    sections.sort();
    let mut relocations = vec![];
    for (number, relocs) in &elf.shdr_relocs {
        let target = elf.section_headers.get(*number).map_or(0, |s| s.sh_info as usize);
        for reloc in relocs {
            let symbol = elf.syms.get(reloc.r_sym).expect("a symbol");
            let of = match elf.strtab.get_at(symbol.st_name) {
                Some(name) if !name.is_empty() => name.to_string(),
                _ => name(symbol.st_shndx),
            };
            relocations.push((name(target), reloc.r_offset, of));
        }
    }
    relocations.sort();
    Meaning { sections, relocations }
}

#[test]
fn llvm_mc_means_the_same() {
    if !have("llvm-mc-19") {
        return;
    }
    for text in WRITTEN {
        for (endian, triple) in TARGETS {
            let file = std::env::temp_dir().join(format!("bpfasm-gas-{}-{triple}.s", std::process::id()));
            std::fs::write(&file, text).expect("a file");
            let path = file.to_str().expect("UTF-8");
            let theirs = output("llvm-mc-19", &["-triple", triple, "-filetype=obj", "-o", "-", path]);
            let ours = built(text, endian);
            assert!(ours == theirs, "{text}: {}", difference(&ours, &theirs));
            std::fs::remove_file(file).expect("it is there");
        }
    }
}

#[test]
fn gnu_as_means_the_same() {
    if !have("bpf-as") {
        return;
    }
    let written = [
        "\t.text\n\t.globl f\nf:\n1:\tmov %r0, 0\n\tjgt %r0, 5, 1b\n\tjslt %r0, 7, 2f\n\tmov %r1, %r2\n2:\texit\n",
        "\t.text\nf:\tldxw %r1, [%r2+8]\n\tstxdw [%r10+-8], %r1\n\tlddw %r3, 0x1122334455667788\n\tendbe %r1, 16\n\
         \tadd32 %r1, -1\n\tcall 5\n\tja 1f\n1:\texit\n\t.data\n\t.long 1, end - .\n\t.hword 2\n\t.string \"a\"\nend:\n",
    ];
    for text in written {
        for (endian, flag) in [(Endian::Little, "-EL"), (Endian::Big, "-EB")] {
            let dir = std::env::temp_dir();
            let file = dir.join(format!("bpfasm-gnu-{}{flag}.s", std::process::id()));
            let object = file.with_extension("o");
            std::fs::write(&file, text).expect("a file");
            let path = |file: &PathBuf| file.to_str().expect("UTF-8").to_string();
            output("bpf-as", &[flag, &path(&file), "-o", &path(&object)]);
            let theirs = std::fs::read(&object).expect("an object");
            assert_eq!(meaning(&built(text, endian)), meaning(&theirs), "{text}");
            std::fs::remove_file(file).expect("it is there");
            std::fs::remove_file(object).expect("it is there");
        }
    }
}

/// Data that both assemblers take, and make the same bytes of.
const DATA: &[&str] = &[
    ".octa 0x123456789abcdef0fedcba9876543210, 1, 0x1F",
    ".float 1.5, -2.25, 1e10, 1, 0.1, inf",
    ".single 3.25, 1e-40, nan",
    ".double 1.5, 1e-3, -0.1, 123456789.123456789, -1e-310, nan",
    ".dc.b 1; .dc.w 2; .dc 3; .dc.l 4; .dc.a 5; .dc.s 1.5; .dc.d 2.5",
    ".dcb.b 3, 0x41; .dcb.w 3, 0x1234; .dcb.l 2, 0x12345678; .dcb 1, 7",
    ".ds.b 3; .ds 3; .ds.w 1; .ds.l 2; .ds.d 1",
    ".byte 'a', 'b', '\\n', '\\t', '\\b', '\\f', '\\r', '\\0', '\\7', '\\\\', '\\'', '\"'",
    ".ascii \"\\x41\\x4142\\X5a\\1011\\0\\12\\377\\b\\f\\t\\\"\"",
    ".asciz \"a\", \"\"; .string \"b\"",
    ".2byte 0xffff, -1; .4byte 3; .int 7; .short -0x8000; .long 0xffffffff; .8byte -1",
    ".incbin \"maps.c\", 3, 9; .incbin \"maps.c\", 40",
    ".extern other; .line 5; .org .+3; .org .+2, 0xff; .subsection 0; .text 0; .data 0",
    ".uleb128 300, 0, 0x7fffffffffffffff; .sleb128 -300, 64, -64",
];

/// Files beside the tests' C sources.
#[derive(Debug)]
struct Beside;

impl Files for Beside {
    fn read(&self, _: &str, name: &str) -> Result<(String, Vec<u8>), String> {
        let path = sources().join(name);
        std::fs::read(&path).map(|bytes| (name.to_string(), bytes)).map_err(|e| e.to_string())
    }

    fn kernel_btf(&self) -> Result<Vec<u8>, String> {
        Err("not needed".to_string())
    }
}

#[test]
fn data_is_what_other_assemblers_make_of_it() {
    for (endian, llvm, gnu) in [(Endian::Little, "bpfel", "-EL"), (Endian::Big, "bpfeb", "-EB")] {
        for tool in ["llvm-mc-19", "bpf-as"] {
            if !have(tool) {
                continue;
            }
            // In objects of big endian GNU as writes halves of them in the other order.
            let real = |line: &&str| {
                [".float", ".single", ".double", ".dc.s", ".dc.d"].iter().any(|name| line.starts_with(name))
            };
            let lines = DATA.iter().flat_map(|line| line.split("; "));
            let lines: Vec<_> =
                lines.filter(|line| (tool, endian) != ("bpf-as", Endian::Big) || !real(line)).collect();
            let text = format!("\t.data\n\t{}\n\t.byte 0x77\n", lines.join("\n\t"));
            let mut all = Sources::default();
            let root = all.add("data.s", text.as_str());
            let compiled = compile(&mut all, root, &Options { endian, files: &Beside, ..Options::default() });
            let said: Vec<_> =
                compiled.diagnostics.iter().map(|d| render(d, &all, Style::default())).collect();
            assert!(said.is_empty(), "{}", said.join("\n"));
            let file = std::env::temp_dir().join(format!("bpfasm-data-{}-{tool}.s", std::process::id()));
            let object = file.with_extension("o");
            std::fs::write(&file, &text).expect("a file");
            let path = |file: &PathBuf| file.to_str().expect("UTF-8").to_string();
            let (source, target) = (path(&file), path(&object));
            match tool {
                "bpf-as" => output(tool, &[gnu, &source, "-o", &target]),
                _ => output(tool, &["-triple", llvm, "-filetype=obj", &source, "-o", &target]),
            };
            let theirs = meaning(&std::fs::read(&object).expect("an object"));
            assert_eq!(meaning(&compiled.elf.expect("an object")), theirs, "{tool} {llvm}");
            std::fs::remove_file(file).expect("it is there");
            std::fs::remove_file(object).expect("it is there");
        }
    }
}

/// Sections as both assemblers make them.
const SECTIONS: &[&str] = &[
    "a,\"6\"",
    "b,\"0x3\"",
    "c,\"aw\",@0x70000001",
    "d,\"aw\",@note",
    "e,\"axG\",@progbits,pair,comdat",
    "f,\"a?\"",
    "g,\"awT\",%progbits",
    "h,\"aMS\",@progbits,1",
    "i,\"e\"",
    "j,\"aR\"",
    ".init_array",
    ".fini_array.5",
    ".preinit_array",
    "\"k\",\"\",\"progbits\"",
];

#[test]
fn sections_are_what_other_assemblers_make_of_them() {
    let text: String = SECTIONS.iter().map(|section| format!("\t.section {section}\n\t.byte 1\n")).collect();
    let sections = |file: &[u8]| {
        let elf = Elf::parse(file).expect("a file");
        let one = |s: &goblin::elf::SectionHeader| {
            let name = elf.shdr_strtab.get_at(s.sh_name).unwrap_or("").to_string();
            (name, s.sh_type, s.sh_flags, s.sh_size)
        };
        // Beside these each assembler has its own.
        let written = |name: &str| name.len() == 1 || name.contains("_array");
        let mut all: Vec<_> = elf.section_headers.iter().map(one).filter(|s| written(&s.0)).collect();
        all.sort();
        all
    };
    let ours = sections(&built(&text, Endian::Little));
    assert_eq!(ours.len(), SECTIONS.len());
    let file = std::env::temp_dir().join(format!("bpfasm-sections-{}.s", std::process::id()));
    let object = file.with_extension("o");
    std::fs::write(&file, &text).expect("a file");
    let (source, target) = (file.to_str().expect("UTF-8"), object.to_str().expect("UTF-8"));
    for (tool, args) in [
        ("llvm-mc-19", &["-triple", "bpfel", "-filetype=obj", source, "-o", target][..]),
        ("bpf-as", &["-EL", source, "-o", target]),
    ] {
        if have(tool) {
            output(tool, args);
            assert_eq!(ours, sections(&std::fs::read(&object).expect("an object")), "{tool}");
            std::fs::remove_file(&object).expect("it is there");
        }
    }
    std::fs::remove_file(file).expect("it is there");
}

/// It ends where GNU as, which fills sections up to their alignment, has nothing to add.
const ROOM: &str = "\t.data\n\t.byte 1, 2\n\t.balignw 8, 0x368d\n\t.long 3\n\t.p2alignl 3, 0x11223344\n\t.byte 1, 2\n\
                    \t.p2alignw 3\n\t.uleb128 2f-1f\n1:\t.byte 1\n2:\t.balignw 8, 0x368d, 6\n\t.quad 5\n\t.balignl 16, 7\n";

#[test]
fn room_is_filled_with_wholes() {
    let file = std::env::temp_dir().join(format!("bpfasm-room-{}.s", std::process::id()));
    let object = file.with_extension("o");
    std::fs::write(&file, ROOM).expect("a file");
    let (source, target) = (file.to_str().expect("UTF-8"), object.to_str().expect("UTF-8"));
    for (endian, llvm, gnu) in [(Endian::Little, "bpfel", "-EL"), (Endian::Big, "bpfeb", "-EB")] {
        let llvm = ["-triple", llvm, "-filetype=obj", source, "-o", target];
        for (tool, args) in [("llvm-mc-19", &llvm[..]), ("bpf-as", &[gnu, source, "-o", target])] {
            if have(tool) {
                output(tool, args);
                let theirs = meaning(&std::fs::read(&object).expect("an object"));
                assert_eq!(meaning(&built(ROOM, endian)), theirs, "{tool} {endian:?}");
                std::fs::remove_file(&object).expect("it is there");
            }
        }
    }
    std::fs::remove_file(file).expect("it is there");
    let code = |text: &str| {
        let (_, compiled) = through_as("test.s", text, Endian::Little);
        compiled.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>()
    };
    // Where the length is known at once, and where it is not.
    for before in ["\t.data\n", "\t.data\n\t.uleb128 2f-1f\n1:\t.byte 1, 1\n2:\t.byte 2\n"] {
        assert_eq!(code(&format!("{before}\t.byte 1\n\t.balignw 8, 0x1234\n")), ["E1104"], "{before}");
        assert_eq!(code(&format!("{before}\t.byte 1, 2, 3\n\t.balignl 2, 5, 0\n")), [""; 0], "{before}");
    }
    assert_eq!(code("\t.section x, #alloc\n\t.byte 1\n"), ["E1102"]);
}

#[test]
fn what_other_assemblers_take_and_this_does_not_has_a_reason() {
    let missing = ".incbin \"no-such-file\"";
    let sections = [".section a,\"ao\",@progbits,.text", ".section a,\"ax\",@progbits,unique,1"];
    let others = [".symver f, f@V1", ".weakref a, f", ".end", ".version \"1\"", ".subsection 1", missing];
    for line in sections.into_iter().chain(others) {
        let (_, compiled) = through_as("test.s", &format!("{line}\nexit\n"), Endian::Little);
        let said = compiled.diagnostics.first().expect("an error");
        assert!(compiled.elf.is_none(), "{line}");
        assert!(!said.help.is_empty() || said.message.contains("no-such-file"), "{line}: {}", said.message);
        // Only what would be taken is suggested.
        assert!(said.help.iter().all(|help| help.edits.is_empty()), "{line}");
    }
}

/// Every form with an immediate, for LLVM and for GNU as.
const IMMEDIATES: [&str; 2] = [
    "r1 = V|r1 += V|w1 = V|w1 += V|r1 <<= V|if r1 == V goto +0|if w1 == V goto +0|if r1 s> V goto +0|if r1 & V goto +0|\
     *(u64 *)(r1 + 0) = V|*(u32 *)(r1 + 0) = V|*(u16 *)(r1 + 0) = V|*(u8 *)(r1 + 0) = V|r0 = *(u32 *)skb[V]|r1 = V ll",
    "mov %r1, V|add %r1, V|mov32 %r1, V|add32 %r1, V|jeq %r1, V, +0|jsgt %r1, V, +0|jeq32 %r1, V, +0|\
     stdw [%r1+0], V|stw [%r1+0], V|sth [%r1+0], V|stb [%r1+0], V|ldabsw V|lddw %r1, V",
];

#[test]
fn immediates_are_what_other_assemblers_make_of_them() {
    let values =
        ["0x7fffffff", "0x80000000", "0xffffffff", "4294967295", "-0x80000000", "0xffffffffffffffff"];
    let more = ["0xffffffff80000000", "256", "-129", "65536", "-32769", "limit"];
    for (forms, tool) in IMMEDIATES.iter().zip(["llvm-mc-19", "bpf-as"]) {
        let lines =
            values.iter().chain(&more).flat_map(|value| forms.split('|').map(|f| f.replace('V', value)));
        let text = format!(".set limit, 0x80000000\n.text\n{}\n", lines.collect::<Vec<_>>().join("\n"));
        let (_, compiled) = through_as("test.s", &text, Endian::Little);
        assert!(compiled.errors == 0 && compiled.diagnostics.iter().all(|d| d.code == "E1114"), "{tool}");
        for (endian, llvm, gnu) in [(Endian::Little, "bpfel", "-EL"), (Endian::Big, "bpfeb", "-EB")] {
            if !have(tool) {
                continue;
            }
            let file = std::env::temp_dir().join(format!("bpfasm-imm-{}-{tool}.s", std::process::id()));
            let object = file.with_extension("o");
            std::fs::write(&file, &text).expect("a file");
            let path = |file: &PathBuf| file.to_str().expect("UTF-8").to_string();
            let (source, target) = (path(&file), path(&object));
            match tool {
                "bpf-as" => output(tool, &[gnu, &source, "-o", &target]),
                _ => output(tool, &["-triple", llvm, "-mcpu=v4", "-filetype=obj", &source, "-o", &target]),
            };
            let theirs = std::fs::read(&object).expect("an object");
            assert_eq!(meaning(&built(&text, endian)), meaning(&theirs), "{tool}");
            std::fs::remove_file(file).expect("it is there");
            std::fs::remove_file(object).expect("it is there");
        }
    }
}

#[test]
fn an_immediate_that_becomes_another_number_is_told() {
    let said = |line: &str| {
        let (_, compiled) = through_as("test.s", &format!("{line}\nexit\n"), Endian::Little);
        let told: Vec<_> = compiled.diagnostics.iter().map(|d| (d.code, d.message.clone())).collect();
        (compiled.elf.is_some(), told)
    };
    let warned = |message: &str| (true, vec![("E1114", message.to_string())]);
    assert_eq!(said("r1 = 0xffffffff"), warned("4294967295 becomes -1 here"));
    assert_eq!(said("if r1 > 0x80000000 goto +0"), warned("2147483648 becomes -2147483648 here"));
    assert_eq!(said("*(u8 *)(r1 + 0) = 256"), warned("256 becomes 0 here"));
    assert_eq!(said("*(u16 *)(r1 + 0) = -32769"), warned("-32769 becomes 32767 here"));
    for line in [
        "w1 = 0xffffffff",
        "*(u32 *)(r1 + 0) = 0xffffffff",
        "r1 = 0xffffffffffffffff",
        "r1 = -1",
        "r1 = 0xffffffff ll",
    ] {
        assert_eq!(said(line), (true, vec![]), "{line}");
    }
    for line in
        ["r1 = 0x100000000", "w1 = -0x80000001", "*(u8 *)(r1 + 0) = 0x100000000", "r1 = 0x8000000000000000"]
    {
        let (made, told) = said(line);
        assert!(!made && told[0].0 == "E1104", "{line}: {told:?}");
    }
}

#[test]
fn every_instruction_of_clang_is_one() {
    if !have("clang-19") {
        return;
    }
    let text = output("clang-19", &["-target", "bpfel", "-mcpu=v4", "-O2", "-S", "-w", "-o", "-", "data.c"]);
    let file = built(&String::from_utf8(text).expect("UTF-8"), Endian::Little);
    for (name, bytes) in meaning(&file).sections.iter().filter(|(name, _)| name == "tc" || name == ".text") {
        let insns = Insn::decode_all(bytes, Endian::Little).expect("whole");
        assert!(insns.iter().all(|insn| insn.form().is_some()), "{name}");
    }
}
