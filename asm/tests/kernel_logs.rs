//! What the verifiers of kernels from 5.10 to 7.2 printed of our own programs comes back as these programs.
//!
//! Each file in `golden/kernels` has the logs of one kernel. A line `=== PROGRAM LEVEL RESULT CODES` stands before each:
//! the log level, whether the kernel took the program, and what the reader of listings says; `BLESS=1` writes the codes.

use std::path::{Path, PathBuf};

use bpfasm_asm::assemble::{Compiled, Dialect, Options, compile};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::isa::{Endian, Insn, Syntax};
use bpfasm_asm::object::{Object, Symbol};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/kernels")
}

fn compiled(name: &str, text: &str, options: &Options) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    let root = sources.add(name, text);
    let compiled = compile(&mut sources, root, options);
    (sources, compiled)
}

/// What an instruction refers to, by name; the kernel's numbers in its place are left out.
type Line = (Insn, Option<String>);

/// A program and the functions that it calls, in the order in which the loader puts them behind it.
fn loaded(object: &Object, name: &str) -> Vec<Line> {
    let first = object.funcs.iter().position(|func| func.name == name).expect("the program");
    let mut order = vec![first];
    let mut at = 0;
    while let Some(func) = order.get(at).copied() {
        for reference in &object.funcs[func].refs {
            if let Symbol::Func(called) = reference.to
                && !order.contains(&called)
            {
                order.push(called);
            }
        }
        at += 1;
    }
    order.into_iter().flat_map(|func| lines(object, func)).collect()
}

fn lines(object: &Object, func: usize) -> Vec<Line> {
    let func = &object.funcs[func];
    let line = |(at, insn): (usize, Insn)| {
        let symbol = func.refs.iter().find(|reference| reference.insn == at).map(|reference| reference.to);
        let name = symbol.and_then(|symbol| match symbol {
            Symbol::Map(at) => Some(object.maps[at].name.clone()),
            Symbol::Data(section, offset) => {
                let mut vars = object.data[section].vars.iter();
                vars.find(|var| var.offset == offset).map(|var| var.name.clone())
            }
            Symbol::Extern(at) => Some(object.externs[at].name.clone()),
            _ => None,
        });
        let call = matches!(insn.form().map(|form| form.syntax), Some(Syntax::CallLocal | Syntax::CallKfunc));
        match (symbol, call) {
            (Some(_), false) => (Insn { src: 0, imm: 0, hi: Some(0), ..insn }, name),
            (_, true) => (Insn { src: 0, imm: 0, off: 0, ..insn }, name),
            _ => (insn, name),
        }
    };
    func.insns.iter().enumerate().map(line).collect()
}

/// The addresses that a log prints where the program names something, with these names.
fn addresses<'a>(log: &str, program: &'a [Line]) -> Vec<(u64, &'a str)> {
    let mut slot = 0;
    let mut found = vec![];
    for (insn, name) in program {
        let shown = format!("{slot}: (18) r{} = 0x", insn.dst);
        if let Some(name) = name
            && let Some((_, rest)) = log.split_once(&shown)
        {
            let digits = rest.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap_or("");
            found.push((u64::from_str_radix(digits, 16).expect("an address"), name.as_str()));
        }
        slot += insn.slots();
    }
    found
}

/// The codes of what is said about a log, after a comparison of what was read with the program.
fn read(what: &str, log: &str, program: &[Line]) -> String {
    let maps = addresses(log, program);
    let options = Options {
        endian: Endian::Little,
        dialect: Some(Dialect::Listing),
        section: Some("xdp"),
        maps: &maps,
        ..Options::default()
    };
    let (sources, compiled) = compiled("log.txt", log, &options);
    let told: Vec<_> = compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default())).collect();
    let codes: Vec<_> = compiled.diagnostics.iter().map(|d| d.code).collect();
    let Some(object) = compiled.object else {
        assert!(compiled.errors > 0, "{what}");
        return codes.join(" ");
    };
    let ours: Vec<Line> = (0..object.funcs.len()).flat_map(|func| lines(&object, func)).collect();
    // What Linux 7.2 decided before is said.
    let rewritten = |insn: &Insn| codes.contains(&"E1005") && (insn.code, insn.imm) == (0x05, 0);
    for (at, (ours, theirs)) in ours.iter().zip(program).enumerate() {
        assert!(
            ours == theirs || rewritten(&ours.0),
            "{what} {at}: {ours:?}, not {theirs:?}\n{}",
            told.join("\n")
        );
    }
    let whole = ours.len() == program.len();
    assert!(whole || ours.len() < program.len() && codes.contains(&"E1008"), "{what}: {}", ours.len());
    codes.join(" ")
}

#[test]
fn logs_of_kernels_come_back_as_the_programs() {
    let source = std::fs::read_to_string(folder().join("programs.bpfasm")).expect("programs");
    let (_, programs) =
        compiled("programs.bpfasm", &source, &Options { endian: Endian::Little, ..Options::default() });
    let programs = programs.object.expect("they are right");
    for kernel in ["5.10", "6.1", "6.12", "6.18", "7.2"] {
        let path = folder().join(format!("{kernel}.txt"));
        let text = std::fs::read_to_string(&path).expect("logs");
        let mut now = String::new();
        let mut whole = 0;
        for part in text.split("=== ").skip(1) {
            let (head, log) = part.split_once('\n').expect("a log");
            let mut words = head.split(' ');
            let mut word = || words.next().expect("three words");
            let (name, level, result) = (word(), word(), word());
            let codes = read(&format!("{kernel} {head}"), log, &loaded(&programs, name));
            whole += usize::from(codes.is_empty());
            let head = format!("=== {name} {level} {result} {codes}");
            now += &format!("{}\n{log}", head.trim_end());
        }
        assert!(whole >= 4, "{kernel}: {whole} logs are whole");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &now).expect("written");
        }
        let changed = text.lines().zip(now.lines()).find(|(was, now)| was != now);
        assert!(changed.is_none() || std::env::var_os("BLESS").is_some(), "{kernel}: {changed:?}");
    }
}
