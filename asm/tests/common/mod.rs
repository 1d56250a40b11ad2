//! Source text to objects, for the tests of the language.
#![allow(dead_code, reason = "each test takes what it needs")]

use bpfasm_asm::assemble::{Compiled, Options, compile};
use bpfasm_asm::diag::{Severity, Sources, Style, render};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::Object;

/// Both byte orders.
pub const BOTH: [Endian; 2] = [Endian::Little, Endian::Big];

/// A program of these lines.
pub fn body(lines: &str) -> String {
    format!("prog p: \"socket\" {{\n{lines}\n}}\n")
}

/// Takes a text through all stages.
pub fn through(text: &str, endian: Endian) -> (Sources, Compiled) {
    through_as("test.bpfasm", text, endian)
}

/// The same for a text in a file of this name.
pub fn through_as(name: &str, text: &str, endian: Endian) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    let root = sources.add(name, text);
    let compiled = compile(&mut sources, root, &Options { endian, ..Options::default() });
    (sources, compiled)
}

/// The object of a text, or its diagnostics as a person reads them.
pub fn assemble(text: &str, endian: Endian) -> Result<Object, String> {
    let (sources, compiled) = through(text, endian);
    let rendered = || compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default()));
    compiled.object.ok_or_else(|| rendered().collect::<Vec<_>>().join("\n\n"))
}

/// The codes of a text's errors, in order.
pub fn errors(text: &str) -> Vec<&'static str> {
    let (_, compiled) = through(text, Endian::Little);
    compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| d.code).collect()
}

/// An object without where it came from.
pub fn bare(mut object: Object) -> Object {
    object.files.clear();
    object.funcs.iter_mut().for_each(|func| func.lines.clear());
    object.texts = Default::default();
    object
}
