//! The program that the README shows.

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::isa::Endian;

#[test]
fn the_readmes_program_assembles_without_a_word() {
    let readme = include_str!("../../README.md");
    let text =
        readme.split("```bpfasm\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a code block");
    let mut sources = Sources::default();
    let root = sources.add("README.md", text);
    let compiled = compile(&mut sources, root, &Options { endian: Endian::Little, ..Options::default() });
    assert_eq!(compiled.diagnostics, vec![]);
    let object = compiled.object.expect("an object");
    assert_eq!(object.programs().map(|(_, f)| f.name.as_str()).collect::<Vec<_>>(), ["no_telnet"]);
}
