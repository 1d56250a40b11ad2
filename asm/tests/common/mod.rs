//! Source text to objects, for the tests of the language.
#![allow(dead_code, reason = "each test takes what it needs")]

use bpfasm_asm::assemble::{Compiled, Options, compile};
use bpfasm_asm::diag::{Severity, Sources, Style, render};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::{Data, Func, Line, Map, Object, Symbol};

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

/// An object as text in which nothing depends on the order of functions, which stand by sections in a file.
pub fn canonical(object: &Object) -> String {
    let mut lines = vec![];
    let name = |to: &Symbol| match to {
        Symbol::Func(f) => format!("function {}", object.funcs[*f].name),
        other => format!("{other:?}"),
    };
    for func in &object.funcs {
        let refs: Vec<_> = func.refs.iter().map(|r| (r.insn, name(&r.to))).collect();
        let place =
            |l: &Line| (l.insn, &object.files[l.file as usize], l.line, l.column, object.texts.get(l.text));
        let places: Vec<_> = func.lines.iter().map(place).collect();
        let func = Func { refs: vec![], lines: vec![], ..func.clone() };
        lines.push(format!("{}: {func:#?} {refs:#?} {places:#?}", func.name));
    }
    lines.sort();
    for map in &object.maps {
        let values: Vec<_> = map.values.iter().map(|(i, to)| (i, name(to))).collect();
        lines.push(format!("{:#?} {values:?}", Map { values: vec![], ..map.clone() }));
    }
    for data in &object.data {
        let refs: Vec<_> = data.refs.iter().map(|at| (at.offset, name(&at.to))).collect();
        lines.push(format!("{:#?} {refs:?}", Data { refs: vec![], ..data.clone() }));
    }
    let rest = (object.endian, &object.license, &object.externs, &object.btf);
    lines.push(format!("{rest:#?}"));
    lines.join("\n")
}

/// An object without where it came from.
pub fn bare(mut object: Object) -> Object {
    object.files.clear();
    object.funcs.iter_mut().for_each(|func| func.lines.clear());
    object.texts = Default::default();
    object
}
