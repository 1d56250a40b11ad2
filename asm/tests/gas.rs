//! `.s` files: directives, symbols, expressions, mistakes. What clang and other assemblers make of them is in
//! `gas_peers.rs`.

mod common;

use bpfasm_asm::assemble::{Compiled, Dialect, Options, compile};
use bpfasm_asm::diag::{Severity, Sources};
use bpfasm_asm::elf;
use bpfasm_asm::isa::{Endian, Insn};
use common::through_as;
use goblin::elf::Elf;
use proptest::prelude::*;

/// The file that a text describes; what is wrong with it as text.
fn built(text: &str, endian: Endian) -> Vec<u8> {
    let (sources, compiled) = through_as("test.s", text, endian);
    let Compiled { elf, diagnostics, .. } = compiled;
    let show = |d| bpfasm_asm::diag::render(d, &sources, bpfasm_asm::diag::Style::default());
    elf.unwrap_or_else(|| panic!("{}", diagnostics.iter().map(show).collect::<Vec<_>>().join("\n")))
}

/// The bytes of a section.
fn section(file: &[u8], name: &str) -> Vec<u8> {
    let elf = Elf::parse(file).expect("a file");
    let found = elf.section_headers.iter().find(|s| elf.shdr_strtab.get_at(s.sh_name) == Some(name));
    let found = found.unwrap_or_else(|| panic!("no section {name}"));
    file[found.file_range().unwrap_or(0..0)].to_vec()
}

/// Symbols as name, info, section, value, size.
fn symbols(file: &[u8]) -> Vec<(String, u8, usize, u64, u64)> {
    let elf = Elf::parse(file).expect("a file");
    let name = |s: &goblin::elf::Sym| elf.strtab.get_at(s.st_name).unwrap_or("").to_string();
    elf.syms.iter().skip(1).map(|s| (name(&s), s.st_info, s.st_shndx, s.st_value, s.st_size)).collect()
}

/// Relocations of all sections as offset, type, symbol.
fn relocations(file: &[u8]) -> Vec<(u64, u32, usize)> {
    let elf = Elf::parse(file).expect("a file");
    let all = elf.shdr_relocs.iter().flat_map(|(_, relocs)| relocs.iter());
    all.map(|r| (r.r_offset, r.r_type, r.r_sym)).collect()
}

fn data(text: &str) -> Vec<u8> {
    section(&built(&format!(".data\n{text}\n"), Endian::Little), ".data")
}

fn codes(text: &str) -> Vec<&'static str> {
    let (_, compiled) = through_as("test.s", text, Endian::Little);
    compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| d.code).collect()
}

#[test]
fn numbers_and_strings() {
    assert_eq!(data(".byte 1, -1, 0xff, 'a', '\\n', 0b101, 017"), [1, 255, 255, 97, 10, 5, 15]);
    assert_eq!(data(".short 0x102; .long 3; .quad -2"), [&[2u8, 1, 3, 0, 0, 0, 254][..], &[255; 7]].concat());
    let big = section(&built(".data\n.short 0x102\n.long 3\n.quad 5\n", Endian::Big), ".data");
    assert_eq!(big, [1, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 5]);
    assert_eq!(data(".ascii \"a\\tb\" \"c\"\n.asciz \"\\101\\x42\", \"#;//\""), *b"a\tbcAB\0#;//\0");
    assert_eq!(
        data(".zero 2\n.skip 1, 7\n.fill 2, 2, 0x1234\n.p2align 3\n.byte 9"),
        [0, 0, 7, 0x34, 0x12, 0x34, 0x12, 0, 9]
    );
    assert_eq!(data(".uleb128 300\n.sleb128 -2, 64"), [0xac, 2, 0x7e, 0xc0, 0]);
    assert_eq!(data(".byte 1 /* two\n lines */ + 2 // three\n.byte 4 # five"), [3, 4]);
}

#[test]
fn align_counts_as_its_author_does() {
    assert_eq!(data(".byte 1\n.align 2\n.byte 2"), [1, 0, 2]);
    assert_eq!(data(".byte 1\n.align 2\n.byte 2\n.ident \"GCC: (Debian) 12\""), [1, 0, 0, 0, 2]);
    assert_eq!(codes(".data\n.align 3"), ["E1104"]);
}

#[test]
fn expressions_bind_as_in_gnu_as() {
    assert_eq!(data(".byte 1 + 2 * 3, 1 << 2 + 1, 7 & 3 + 1, (1 + 2) * 3"), [7, 5, 4, 9]);
    assert_eq!(data(".byte -1 + 2, ~0 & 15, !0, 2 == 2, 7 % 4, 5 - 2 - 1"), [1, 15, 1, 255, 3, 2]);
    assert_eq!(data("a: .long 1\nb:\n.set c, b - a\n.byte c, c * 2, . - a"), [1, 0, 0, 0, 4, 8, 6]);
    // Distances are known before their symbols are.
    assert_eq!(data(".byte b - a\na: .zero 5\nb:"), [5, 0, 0, 0, 0, 0]);
}

#[test]
fn lengths_that_depend_on_what_follows() {
    let long = format!(".uleb128 end - begin\nbegin: .zero {}\nend: .byte 1\n", 300);
    let bytes = data(&long);
    assert_eq!(bytes[..2], [0xac, 2]);
    assert_eq!(bytes.len(), 2 + 300 + 1);
    // What is aligned behind it moves with it.
    let aligned = data(".uleb128 end - begin\n.p2align 2\nbegin: .zero 4\nend: .long begin");
    assert_eq!(aligned[..4], [4, 0, 0, 0]);
    assert_eq!(aligned[8..], [4, 0, 0, 0]);
}

#[test]
fn labels() {
    let text = "\
        .text\n1: r0 = 0\n goto 1f\n goto 1b\n1: if r0 == 0 goto 1b\n goto .Lend\nLBB0_1: goto LBB0_1\n.Lend: exit\n \
        goto .Lend+8\n exit\n";
    let file = built(text, Endian::Little);
    let insns = Insn::decode_all(&section(&file, ".text"), Endian::Little).expect("whole");
    let jumps: Vec<i16> = insns.iter().map(|insn| insn.off).collect();
    assert_eq!(jumps, [0, 1, -3, -1, 1, -1, 0, -1, 0]);
    // None of them is the program's.
    assert_eq!(symbols(&file), vec![]);
}

#[test]
fn symbols_and_relocations() {
    let text = "\
        .file \"x.c\"\n.text\n.globl f\n.type f, @function\nf: r1 = map ll\n r2 = .Lstring+1 ll\n call g\n call other\n call f\n exit\n\
        g: exit\n.size f, g-f\n.hidden f\n.weak w\n.set alias, f\n.globl alias\n.local room\n.comm room, 6, 4\n\
        .section .rodata.str1.1, \"aMS\", @progbits, 1\n.asciz \"a\"\n.Lstring: .asciz \"b\"\n\
        .section .BTF, \"\", @progbits\n.long room, map, g\n.quad w\n";
    for endian in common::BOTH {
        let file = built(text, endian);
        let found = symbols(&file);
        let names: Vec<&str> = found.iter().map(|s| s.0.as_str()).collect();
        assert_eq!(names, ["x.c", "", ".Lstring", "g", "room", "", "f", "map", "other", "w", "alias"]);
        let f = found.iter().find(|s| s.0 == "f").expect("f");
        assert_eq!((f.1, f.3, f.4), (0x12, 0, 64));
        let alias = found.iter().find(|s| s.0 == "alias").expect("alias");
        assert_eq!((alias.1, alias.3, alias.4), (0x12, 0, 64));
        let kinds: Vec<(u64, u32)> = relocations(&file).iter().map(|r| (r.0, r.1)).collect();
        assert_eq!(kinds, [(0, 1), (16, 1), (40, 10), (48, 10), (0, 4), (4, 3), (8, 3), (12, 2)]);
        let code = Insn::decode_all(&section(&file, ".text"), endian).expect("whole");
        let imms: Vec<(u8, i32)> = code.iter().map(|insn| (insn.src, insn.imm)).collect();
        // A local call needs no relocation; the address of a string in a merged section keeps its symbol.
        assert_eq!(imms[..5], [(0, 0), (0, 1), (1, 3), (1, -1), (1, -1)]);
    }
}

#[test]
fn instructions_in_every_spelling() {
    let text = ".text\n mov %r1, 5; r2 s>>= 1 ; r2s>>=1\n if r1s>-1 goto 1f # x\n w0 = w1\n ldxw %r1, [%r2+8] // y\n1: exit";
    let file = built(text, Endian::Little);
    let insns = Insn::decode_all(&section(&file, ".text"), Endian::Little).expect("whole");
    assert_eq!(insns.iter().map(|i| i.code).collect::<Vec<_>>(), [0xb7, 0xc7, 0xc7, 0x65, 0xbc, 0x61, 0x95]);
}

#[test]
fn whose_language_it_is() {
    assert_eq!(Dialect::detect("a.s", "prog"), Dialect::Gas);
    assert_eq!(Dialect::detect("dir.d/A.S", ""), Dialect::Gas);
    assert_eq!(Dialect::detect("-", "# hello\n\n\t.text\n"), Dialect::Gas);
    assert_eq!(Dialect::detect("-", "// hello\nlicense \"GPL\"\n"), Dialect::Bpfasm);
    assert_eq!(Dialect::detect("a.bpfasm", ".text"), Dialect::Bpfasm);
    let mut sources = Sources::default();
    let root = sources.add("x", "exit");
    let options = Options { dialect: Some(Dialect::Gas), ..Options::default() };
    assert!(compile(&mut sources, root, &options).elf.is_some());
}

#[test]
fn a_symbol_may_be_called_like_a_section() {
    let file = built(".section xdp, \"ax\"\n.globl xdp\nxdp: exit\n.data\n.long .text\n", Endian::Little);
    assert!(symbols(&file).iter().any(|s| s.0 == "xdp" && s.1 == 0x10));
    assert_eq!(relocations(&file).len(), 1);
}

#[test]
fn mistakes_are_told_one_by_one() {
    assert_eq!(codes(".data\n.byte 256\n.foo\n.zero -1\n"), ["E1104", "E1101", "E1104"]);
    assert_eq!(codes(".text\nr1 = 5 )\nr77 = 1\ngoto x\nexit exit\n"), ["E0401", "E0402", "E1106", "E0401"]);
    assert_eq!(codes(".text\ngoto x\n"), ["E1106"]);
    assert_eq!(codes(".data\n.p2align 60\n.org 5\n.org 2\n.byte 1/0\n"), ["E1104", "E1103", "E1103"]);
    assert_eq!(codes(".bss\n exit\n .byte 1\n .long x"), ["E1110", "E1110", "E1110"]);
    assert_eq!(codes(".data\na: .long b - a\n.section o,\"aw\"\nb:\n"), ["E1108"]);
    assert_eq!(codes(".set a, b\n.set b, a\n.data\n.long a\n"), ["E1108"]);
    assert_eq!(codes(".set a, b - c\n.set b, a\n.data\n.long a, b\n"), ["E1108", "E1108"]);
    assert_eq!(
        codes(".bss\n.fill 0x7fffffffffffffff, 0\n.fill 0xfffffff, 8, 1\n.p2align 31\n"),
        ["E1110", "E1111"]
    );
    assert_eq!(codes(".data\n.zero 0x7fffffffffffffff\n.fill 0x7fffffffffffffff, 8\n"), ["E1111", "E1111"]);
}

#[test]
fn the_object_is_read_back() {
    let text = include_str!("gas/maps.clang-19.s");
    let file = built(text, Endian::Little);
    let object = elf::read(&file).expect("an object");
    assert_eq!(object.programs().count(), 3);
    assert_eq!(object.maps.len(), 6);
}

/// Words of the language, to be put together at random.
const WORDS: &[&str] = &[
    ".section",
    ".text",
    ".data",
    "xdp",
    ",",
    "\"ax\"",
    "@progbits",
    ".globl",
    "f",
    ":",
    "r1",
    "=",
    "ll",
    "goto",
    "1f",
    "1b",
    "1:",
    ".long",
    ".uleb128",
    "f-g",
    "g",
    "+",
    "-",
    "(",
    ")",
    "5",
    "0x",
    "'",
    "\"",
    "\\",
    ";",
    "#",
    "//",
    "/*",
    "*/",
    "\n",
    ".size",
    ".set",
    ".p2align",
    "3",
    ".org",
    ".loc",
    ".file",
    "1",
    ".cfi_startproc",
    ".cfi_endproc",
    ".comm",
    ".popsection",
    ".pushsection",
    ".previous",
    "exit",
    "call",
    "*(u8 *)(r1 + 0)",
    "é",
    "\u{feff}",
    "\0",
    ".ident",
    ".addrsig_sym",
    ".addrsig",
    ".weak",
    ".local",
    ".",
    "-0x80000000",
    "18446744073709551615",
    ".zero",
    "if",
    "==",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn never_panics_on_words(picks in proptest::collection::vec(0..WORDS.len(), 0..60), blanks in any::<bool>()) {
        let text = picks.iter().map(|i| WORDS[*i]).collect::<Vec<_>>().join(if blanks { " " } else { "" });
        let _ = through_as("test.s", &text, Endian::Little);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn never_panics_on_changed_text(at in 0usize..20_000, len in 0usize..20, word in 0..WORDS.len()) {
        let mut text = include_str!("gas/maps.clang-19.s").to_string();
        let boundary = |mut at: usize| { while !text.is_char_boundary(at) { at -= 1; } at };
        let at = boundary(at.min(text.len()));
        let end = boundary((at + len).min(text.len())).max(at);
        text.replace_range(at..end, WORDS[word]);
        let (_, compiled) = through_as("test.s", &text, Endian::Big);
        if let Some(file) = compiled.elf {
            let _ = elf::read(&file);
        } else {
            prop_assert!(compiled.errors > 0);
        }
    }
}

#[test]
fn two_semicolons_begin_a_remark_and_hide_no_statement() {
    let code = |text: &str| section(&built(text, Endian::Little), ".text").len() / 8;
    assert_eq!(code(";; What follows is all\n\t;;; of it: two\nexit\nexit ;; exit\n"), 3);
    assert_eq!(code(";; exit\n;; again: exit\n;; .quad 1\n"), 3);
    assert_eq!(codes("exit ;; of this line\n"), ["E0401"]);
}

#[test]
fn blocks_that_inline_assembly_names_are_symbols() {
    let text = "f:\nif r1 == 0 goto LBB0_1\n#APP\nif r1 == 1 goto LBB0_2\n#NO_APP\nLBB0_1:\nexit\nLBB0_2:\nexit\n.addrsig\n";
    let file = built(text, Endian::Little);
    let names: Vec<_> = symbols(&file).into_iter().map(|symbol| symbol.0).collect();
    assert!(names.contains(&"LBB0_2".to_string()) && !names.contains(&"LBB0_1".to_string()), "{names:?}");
}
