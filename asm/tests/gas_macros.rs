//! Macros, repetitions, conditions and included files of `.s` files: what GNU as and LLVM make of them.

mod common;

use std::path::PathBuf;
use std::process::Command;

use bpfasm_asm::assemble::{Compiled, Dialect, Files, Options, compile};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::isa::{Endian, Insn};
use common::through_as;
use goblin::elf::Elf;

/// Text for `.data`, and its bytes. Each tool gives these or says no, and at least one gives them.
const GIVEN: &[(&str, &str)] = &[
    (".macro m\n.byte 65\n.endm\nm\nm", "AA"),
    (".macro m a b\n.ascii \"<\\a|\\b>\"\n.endm\nm 1, 2\nm 1 2\nm b=1\nm ,1", "<1|2><1|2><|1><|1>"),
    (
        ".macro m a,b\n.ascii \"<\\a|\\b>\"\n.endm\nm 1 + 2, 3\nm 1 -2\nm a&b c\nm \"x y\", z",
        "<1+2|3><1-2|><a&b|c><x y|z>",
    ),
    (".macro m a=7, b=\"x y\"\n.ascii \"<\\a|\\b>\"\n.endm\nm\nm 1\nm b=3", "<7|x y><1|x y><7|3>"),
    (".macro m a:req, r:vararg\n.ascii \"<\\a|\\r>\"\n.endm\nm 1, 2,3\nm 1", "<1|2,3><1|>"),
    (".macro m a\n.ascii \"\\a\\()x\"\n.endm\nm 5", "5x"),
    (
        ".macro i\n.ascii \"i\\@\"\n.endm\n.macro o\n.ascii \"a\\@\"\ni\n.ascii \"b\\@\"\n.endm\no\no",
        "a0i1b0a2i3b2",
    ),
    (".irp x,1,2\n.ascii \"\\x\\@\"\n.endr\n.macro n\n.ascii \"\\@\"\n.endm\nn", "10200"),
    (".macro m a\n.if \\a\n.byte 64+\\a\nm \\a-1\n.endif\n.endm\nm 3", "CBA"),
    (".macro m a\n.if \\a\n.byte 65\n.exitm\n.endif\n.byte 66\n.endm\nm 1\nm 0", "AB"),
    (".macro m\n.rept 3\n.byte 65\n.exitm\n.endr\n.byte 66\n.endm\nm", "AB"),
    (".macro o\n.macro i\n.byte 65\n.endm\ni\n.endm\no", "A"),
    (".macro m\n.byte 65\n.endm\n.purgem m\n.macro m\n.byte 66\n.endm\nm", "B"),
    (".macro m x\n.rept \\x\n.irp y,1,2\n.ascii \"\\x\\y\"\n.endr\n.endr\n.endm\nm 2", "21222122"),
    (".macro m x\nl\\x: .byte 65\n.endm\nm 1\nm 2\n.byte l2-l1+65", "AAB"),
    (".macro m x, y; .byte \\x; .byte \\y; .endm; m 65, 66", "AB"),
    (".macro exit\n.byte 65\n.endm\nexit", "A"),
    ("x: .macro m\n.byte 65\n.endm\nlab: m", "A"),
    (".set i,65\n.rept 3\n.byte i\n.set i,i+1\n.endr", "ABC"),
    (".rept 2\n.rept 2\n.byte 65\n.endr\n.byte 66\n.endr\n.rept 0\n.byte 67\n.endr", "AABAAB"),
    (".irp x,1,,2\n.ascii \"[\\x]\"\n.endr\n.irp x 1 2\n.ascii \"\\x\"\n.endr", "[1][][2]12"),
    (".irp x,\"a b\",c,\n.ascii \"[\\x]\"\n.endr", "[a b][c]"),
    (".irpc y,abc\n.ascii \"\\y;\"\n.endr\n.irpc y\n.ascii \"[\\y]\"\n.endr", "a;b;c;[]"),
    (".if 0\n.byte 65\n.elseif 0\n.byte 66\n.else\n.byte 67\n.endif", "C"),
    (".if 1\n.byte 65\n.elseif 1\n.byte 66\n.else\n.byte 67\n.endif", "A"),
    (".if 0\n.foo\n.if 1\n.else\n.bad\n.endif\n.else\n.byte 66\n.endif", "B"),
    (".ifdef x\n.byte 65\n.endif\nx:\n.ifdef x\n.byte 66\n.endif\n.ifndef y\n.byte 67\n.endif", "BC"),
    (".set z,1\n.ifdef z\n.byte 68\n.endif\n.globl y\n.ifdef y\n.byte 69\n.endif", "D"),
    (
        ".ifc a, a \n.byte 66\n.endif\n.ifnc a,b\n.byte 67\n.endif\n.ifb\n.byte 69\n.endif\n.ifnb x\n.byte 70\n.endif",
        "BCEF",
    ),
    (".ifeqs \"a\",\"a\"\n.byte 65\n.endif\n.ifnes \"a\",\"b\"\n.byte 66\n.endif", "AB"),
    (
        ".ifeq 0\n.byte 65\n.endif\n.ifgt 1\n.byte 67\n.endif\n.iflt -1\n.byte 69\n.endif\n.ifle 1\n.byte 70\n.endif",
        "ACE",
    ),
    ("a: .zero 3\nb:\n.if b - a == 3\n.byte 65\n.endif", "\0\0\0A"),
    (".if 1; .byte 65; .endif", "A"),
];

/// Text that both tools refuse, or divide in different ways, and what is said about it.
const REFUSED: &[(&str, &str)] = &[
    (".macro p a,b,c\n.endm\np (1,2),3", "E1112"),
    (".macro p a,b,c\n.endm\np (1 2) 3", "E1112"),
    (".macro p a,b,c\n.endm\np [1 2],3", "E1112"),
    (".macro p a,b,c\n.endm\np x : y", "E1112"),
    (".macro p a\n.endm\np 1,2", "E1112"),
    (".macro p a\n.endm\np b=2", "E1112"),
    (".macro p a:req\n.endm\np", "E1112"),
    (".macro p a,a\n.endm", "E1105"),
    (".macro p\n.endm\n.macro p\n.endm", "E1105"),
    (".macro p\n.byte 1", "E1112"),
    (".rept 2\n.byte 1", "E1112"),
    (".rept -1\n.endr", "E1104"),
    (".if 1", "E1112"),
    (".if x\n.error\n.else\n.error\n.endif", "E1103"),
    (".macro p\n.if 1\n.endm\np", "E1112"),
    (".else", "E1112"),
    (".endif", "E1112"),
    (".endm", "E1112"),
    (".endr", "E1112"),
    (".exitm", "E1112"),
    (".purgem p", "E1112"),
    (".altmacro", "E1112"),
    (".if 0\n.else\n.else\n.endif", "E1112"),
    (".macro p\np\n.endm\np", "E1112"),
    (".rept 0x7fffffffffffffff\n.endr", "E1111"),
    (".macro p\n.zero 1\np\np\n.endm\np", "E1112"),
    (".include \"x.s\"", "E1112"),
    (".error \"no\"", "E0604"),
    (".err", "E0604"),
];

fn data(text: &str) -> Result<String, Vec<&'static str>> {
    let (_, compiled) = through_as("test.s", &format!(".data\n{text}\n"), Endian::Little);
    let codes = || compiled.diagnostics.iter().map(|d| d.code).collect();
    compiled.elf.map(|file| data_of(&file)).ok_or_else(codes)
}

fn data_of(file: &[u8]) -> String {
    let elf = Elf::parse(file).expect("a file");
    let data = elf.section_headers.iter().find(|s| elf.shdr_strtab.get_at(s.sh_name) == Some(".data"));
    let range = data.and_then(goblin::elf::SectionHeader::file_range).unwrap_or(0..0);
    String::from_utf8_lossy(&file[range]).trim_end_matches('\0').to_string()
}

/// What a tool makes of the text; nothing where it says no.
fn of_tool(tool: &[&str], text: &str) -> Option<String> {
    let name = format!("bpfasm-macros-{}-{:?}", std::process::id(), std::thread::current().id());
    let source: PathBuf = std::env::temp_dir().join(name);
    let object = source.with_extension("o");
    std::fs::write(&source, format!(".data\n{text}\n")).expect("a file");
    let mut command = Command::new(tool[0]);
    let out = command.args(&tool[1..]).arg(&source).arg("-o").arg(&object).output().expect("the tool starts");
    let file = std::fs::read(&object).ok().filter(|_| out.status.success());
    let _ = std::fs::remove_file(object);
    std::fs::remove_file(source).expect("it is there");
    file.map(|file| data_of(&file))
}

fn tools() -> Vec<Vec<&'static str>> {
    let all = [vec!["llvm-mc-19", "-triple=bpfel", "-filetype=obj"], vec!["bpf-as", "-EL"]];
    let have = |tool: &Vec<&str>| {
        let found = Command::new(tool[0]).arg("--version").output().is_ok();
        assert!(found || std::env::var_os("BPFASM_NO_SKIP").is_none(), "not run: no {}", tool[0]);
        if !found {
            eprintln!("skipped: no {}", tool[0]);
        }
        found
    };
    all.into_iter().filter(have).collect()
}

#[test]
fn they_give_what_other_assemblers_give() {
    let tools = tools();
    for (text, expected) in GIVEN {
        // GNU as ends statements in other ways, LLVM takes some words only with a comma.
        let given: Vec<_> = tools.iter().filter_map(|tool| of_tool(tool, text)).collect();
        assert!(tools.len() < 2 || !given.is_empty(), "{text}");
        assert!(given.iter().all(|given| given == expected), "{text}: {given:?}");
        assert_eq!(data(text).as_deref(), Ok(*expected), "{text}");
    }
}

#[test]
fn they_are_refused_where_others_refuse_or_disagree() {
    let tools = tools();
    for (text, code) in REFUSED {
        assert_eq!(data(text), Err(vec![*code]), "{text}");
        // What never ends is no question for others.
        if text.contains("0x7fff") || text.contains("p\np\n") || text.contains("zero 1") {
            continue;
        }
        let given: Vec<_> = tools.iter().filter_map(|tool| of_tool(tool, text)).collect();
        let agree = given.len() == 2 && given[0] == given[1] && !given[0].is_empty();
        assert!(!agree, "{text}: {given:?}");
    }
}

/// What is said about a text, as a person reads it.
fn said(text: &str) -> String {
    let (sources, compiled) = through_as("test.s", text, Endian::Little);
    let told: Vec<_> = compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default())).collect();
    told.join("\n\n")
}

#[test]
fn places_are_those_of_the_source() {
    let text = "\t.text\n\t.macro\tload dst, value\n\t\\dst = \\value\n\t.endm\n\t.macro both value\n\tload r1, \\value\n\tload r12, 5\n\
                \t.endm\n\tboth 1\n\t.irp n, 2, x\n\t.data\n\t.byte 300, \\n\n\t.endr\n";
    let expected = "\
error[E0402]: there is no such register: they are r0 to r10 and w0 to w10
 --> test.s:3:2
  |
3 |     \\dst = \\value
  |     ^^^^
  |
note: in this use of `load`
 --> test.s:7:2
  |
7 |     load r12, 5
  |     ^^^^^^^^^^^
note: in this use of `both`
 --> test.s:9:2
  |
9 |     both 1
  |     ^^^^^^

error[E1104]: 300 does not fit into 1 byte
  --> test.s:12:8
   |
12 |     .byte 300, \\n
   |           ^^^
   |
note: in this use of `.irp`
  --> test.s:10:2
   |
10 |     .irp n, 2, x
   |     ^^^^^^^^^^^^";
    assert_eq!(said(text), expected);
}

/// Files that include each other.
#[derive(Debug)]
struct Folder;

impl Files for Folder {
    fn read(&self, from: &str, name: &str) -> Result<(String, Vec<u8>), String> {
        let text = match name {
            "a.inc" => ".macro two\n.byte 2\n.endm\n.include \"b.inc\"\n",
            "b.inc" => "/* b */ .byte 3\n.byte 999\n",
            "again.inc" => ".include \"again.inc\"\n",
            _ => return Err(format!("no {name} beside {from}")),
        };
        Ok((format!("dir/{name}"), text.as_bytes().to_vec()))
    }

    fn kernel_btf(&self) -> Result<Vec<u8>, String> {
        Err("none".to_string())
    }
}

fn including(text: &str) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    let root = sources.add("main.s", text);
    let compiled = compile(&mut sources, root, &Options { files: &Folder, ..Options::default() });
    (sources, compiled)
}

#[test]
fn files_are_included() {
    let (sources, compiled) =
        including(".data\n.byte 1\n.include \"a.inc\"\ntwo\n.include \"c.inc\"\n.include \"again.inc\"\n");
    let told: Vec<_> = compiled.diagnostics.iter().collect();
    let places: Vec<_> = told
        .iter()
        .map(|d| {
            (
                d.code,
                &*sources.get(d.primary.span.file).name,
                sources.position(d.primary.span),
                d.expansion.len(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("E1104", "dir/b.inc", (2, 7), 2),
            ("E1112", "main.s", (5, 10), 0),
            ("E1112", "dir/again.inc", (1, 1), 64),
        ]
    );
    assert!(told[1].message.ends_with("no c.inc beside main.s"), "{}", told[1].message);
    assert_eq!(sources.slice(told[0].primary.span), "999");
}

#[test]
fn instructions_come_from_macros() {
    let text = ".text\n.macro load dst, off=0, size=u64\n\\dst = *(\\size *)(r1 + \\off)\n.if \\off\nif \\dst == 0 goto .Lend\\@\n.endif\n\
                .Lend\\@:\n.endm\nload r2\nload r3, 8\nload w4, size=u32\n1: exit\ngoto 1b\n";
    let (_, compiled) = through_as("test.s", text, Endian::Little);
    let file = compiled.elf.expect("a file");
    let elf = Elf::parse(&file).expect("a file");
    let code = elf
        .section_headers
        .iter()
        .find(|s| elf.shdr_strtab.get_at(s.sh_name) == Some(".text"))
        .expect("code");
    let insns = Insn::decode_all(&file[code.file_range().expect("bytes")], Endian::Little).expect("whole");
    let short: Vec<_> = insns.iter().map(|i| (i.code, i.dst, i.off)).collect();
    assert_eq!(short, [(0x79, 2, 0), (0x79, 3, 8), (0x15, 3, 0), (0x61, 4, 0), (0x95, 0, 0), (0x05, 0, -2)]);
}

/// The codes of what is said about a text in this dialect, and the bytes of its data.
fn in_dialect(text: &str, dialect: Dialect) -> (Vec<&'static str>, String) {
    let mut sources = Sources::default();
    let root = sources.add("test.s", format!(".data\n{text}\n"));
    let options = Options { dialect: Some(dialect), endian: Endian::Little, ..Options::default() };
    let compiled = compile(&mut sources, root, &options);
    let codes = compiled.diagnostics.iter().map(|d| d.code).collect();
    (codes, compiled.elf.map(|file| data_of(&file)).unwrap_or_default())
}

/// Text that both tools take, in different ways: what LLVM gives, and what GNU as gives.
const APART: &[(&str, &str, &str)] = &[
    (".byte 65\n.align 2\n.byte 66", "A\0B", "A\0\0\0B"),
    (".byte 65\n.align 4\n.byte 66", "A\0\0\0B", "A\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0B"),
    (".byte 65\n.align 1\n.byte 66", "AB", "A\0B"),
];
/// Text that both take alike.
const ALIKE: &[(&str, &str)] = &[
    (".byte 65\n.p2align 2\n.byte 66", "A\0\0\0B"),
    (".byte 65\n.balign 2\n.byte 66", "A\0B"),
    (".byte 65\n.align 0\n.byte 66", "AB"),
    (".byte 65\n.p2align 3,67\n.byte 66", "ACCCCCCCB"),
    (".byte 65\n.balign 8,67,3\n.byte 66", "AB"),
];

#[test]
fn an_alignment_is_never_taken_in_silence_for_another() {
    let tools = tools();
    for (text, llvm, gnu) in APART {
        assert_eq!(in_dialect(text, Dialect::Llvm), (vec![], (*llvm).to_string()), "{text}");
        assert_eq!(in_dialect(text, Dialect::Gnu), (vec![], (*gnu).to_string()), "{text}");
        assert_eq!(in_dialect(text, Dialect::Gas), (vec!["E1115"], (*llvm).to_string()), "{text}");
        // Its registers tell whose it is.
        let with = format!("{text}\n.text\nmov %r0, 1\nexit");
        assert_eq!(in_dialect(&with, Dialect::Gas), (vec![], (*gnu).to_string()), "{text}");
        for tool in &tools {
            let expected = if tool[0] == "bpf-as" { gnu } else { llvm };
            assert_eq!(of_tool(tool, text).as_deref(), Some(*expected), "{tool:?} {text}");
        }
    }
    for (text, expected) in ALIKE {
        for dialect in [Dialect::Llvm, Dialect::Gnu, Dialect::Gas] {
            assert_eq!(in_dialect(text, dialect), (vec![], (*expected).to_string()), "{text}");
        }
        assert!(tools.iter().all(|tool| of_tool(tool, text).as_deref() == Some(*expected)), "{text}");
    }
    assert_eq!(in_dialect(".byte 65\n.align 3\n.byte 66", Dialect::Gnu).1, "A\0\0\0\0\0\0\0B");
    assert_eq!(in_dialect(".byte 65\n.align 3\n.byte 66", Dialect::Llvm).0, ["E1104"]);
}

#[test]
fn a_semicolon_separates_or_is_said_to() {
    for dialect in [Dialect::Llvm, Dialect::Gas] {
        assert_eq!(in_dialect(".byte 65 ; .byte 66", dialect), (vec![], "AB".to_string()));
        assert_eq!(in_dialect(".byte 65 ; the letter A", dialect).0, ["E0401"]);
    }
    // GNU as before 2.41 has comments there, later ones have statements.
    assert_eq!(in_dialect(".byte 65 ; .byte 66", Dialect::Gnu), (vec!["E1115"], "AB".to_string()));
    assert_eq!(in_dialect(".byte 65 ; the letter A\n.byte 66;\n", Dialect::Gnu), (vec![], "AB".to_string()));
    assert_eq!(in_dialect("size = 65\n.byte size", Dialect::Gnu), (vec![], "A".to_string()));
    assert_eq!(in_dialect("size = 65\n.byte size", Dialect::Llvm).0[0], "E0401");
}
