//! A file of bare instructions is a program.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bpfasm_asm::assemble::{Compiled, Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::expand;
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::Linkage;

const TEXT: &str =
    "// two ways out\n\n    r1 = 5\nif r1 > 3 goto .out\ngoto +1\n.out: w0 = 2\nexit // done\n";

fn build(name: &str, text: &str, options: &Options) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    let root = sources.add(name, text);
    let compiled = compile(&mut sources, root, options);
    (sources, compiled)
}

#[test]
fn it_is_what_the_same_lines_are_in_braces() {
    let (_, bare) = build("dir/drop-all.v2.bpfasm", TEXT, &Options::default());
    let (_, braced) = build("p", &format!("prog p: \"xdp\" {{\n{TEXT}}}\n"), &Options::default());
    assert_eq!((&bare.diagnostics, bare.bare, braced.bare), (&vec![], true, false));
    let (bare, braced) = (bare.object.unwrap(), braced.object.unwrap());
    assert_eq!(bare.funcs[0].insns, braced.funcs[0].insns);
    let func = &bare.funcs[0];
    assert_eq!(
        (func.name.as_str(), func.section.as_str(), func.linkage),
        ("drop_all_v2", ".text", Linkage::Global)
    );
    assert!(bare.btf.types.is_empty() && func.lines.is_empty() && bare.files.is_empty(), "{bare:?}");
}

#[test]
fn section_and_description_come_from_outside() {
    let options = Options { section: Some("xdp"), describe: true, ..Options::default() };
    let (_, compiled) = build("1.bpfasm", TEXT, &options);
    let object = compiled.object.unwrap();
    let func = &object.funcs[0];
    assert_eq!((func.name.as_str(), func.section.as_str()), ("_1", "xdp"));
    assert_eq!((func.lines[0].line, func.lines[0].column), (3, 5));
    assert!(func.btf.is_some() && object.files == ["1.bpfasm"]);
}

#[test]
fn expanded_it_is_bare_again() {
    let (sources, compiled) = build("a", TEXT, &Options::default());
    let text = expand::to_text(&compiled.program, &sources, &compiled.files, Endian::HOST);
    let (_, again) = build("a", &text, &Options::default());
    assert_eq!(again.object, compiled.object, "{text}");
}

#[test]
fn a_declaration_makes_it_no_bare_file() {
    for text in ["r0 = 0\nexit\nmap m: array<u32, u32>[1]\n", "exit\nprog p: \"xdp\" {\nexit\n}\n"] {
        let (_, compiled) = build("a", text, &Options::default());
        let found: Vec<_> = compiled.diagnostics.iter().map(|d| (d.code, d.primary.span.start)).collect();
        assert_eq!(found, [("E0105", 0)], "{text}");
    }
    let (_, empty) = build("a", "// nothing\n", &Options::default());
    assert!(!empty.bare && empty.object.is_some());
}
