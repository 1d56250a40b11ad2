//! Plain items as text: what `bpfasm expand` shows, and what assembles to the same instructions.

use std::fmt::Write;

use super::plain::{Plain, PlainFunc, Program};
use crate::diag::{FileId, Sources, Span};
use crate::isa::{Endian, Names};
use crate::lang::ast::{File, ItemKind};
use crate::object::Symbol;
use crate::uapi::HelperId;

/// The user's declarations as they are, and functions as plain instructions.
#[must_use]
pub fn to_text(program: &Program, sources: &Sources, files: &[(FileId, File)], endian: Endian) -> String {
    let mut out = String::new();
    let mut funcs = program.funcs.iter();
    for item in files.iter().flat_map(|(_, file)| &file.items) {
        let library = sources.get(item.span.file).is_library();
        match &item.kind {
            ItemKind::Macro(_) => {}
            ItemKind::Func(func) => {
                let head = Span { end: func.head.end, ..item.span };
                let Some(plain) = funcs.next() else { continue };
                let _ = writeln!(out, "\n{}", sources.slice(head));
                body(&mut out, program, plain, sources, endian);
            }
            _ if library => {}
            _ => {
                let _ = writeln!(out, "{}", sources.slice(item.span));
            }
        }
    }
    out
}

fn body(out: &mut String, program: &Program, func: &PlainFunc, sources: &Sources, endian: Endian) {
    let mut labels: Vec<(usize, &str)> =
        func.labels.iter().filter_map(|l| Some((l.at?, l.name.as_str()))).collect();
    labels.sort_by_key(|(at, _)| *at);
    let mut labels = labels.into_iter().peekable();
    for at in 0..=func.insns.len() {
        while let Some((_, name)) = labels.next_if(|(place, _)| *place == at) {
            let _ = writeln!(out, ".{name}:");
        }
        if let Some(plain) = func.insns.get(at) {
            let _ = writeln!(out, "    {}", line(program, func, plain, sources, endian));
        }
    }
    out.push_str("}\n");
}

/// One instruction, with the names of what it refers to.
fn line(program: &Program, func: &PlainFunc, plain: &Plain, sources: &Sources, endian: Endian) -> String {
    let target = plain.target.map(|id| format!(".{}", func.labels[id.0].name));
    let symbol = match plain.symbol {
        Some(Symbol::Map(map)) => Some(program.maps[map].name.clone()),
        Some(Symbol::Func(func)) => Some(program.funcs[func].name.clone()),
        Some(Symbol::Data(section, offset)) => Some(data(program, section, offset, plain, sources)),
        None => helper(plain),
    };
    let names = Names { target: target.as_deref(), symbol: symbol.as_deref(), endian };
    plain.insn.display(names).to_string()
}

fn helper(plain: &Plain) -> Option<String> {
    use crate::isa::Syntax;
    let is_call = plain.insn.form().is_some_and(|f| f.syntax == Syntax::CallHelper);
    let id = u32::try_from(plain.insn.imm).ok().filter(|_| is_call)?;
    HelperId(id).name().map(str::to_string)
}

fn data(program: &Program, section: usize, offset: u32, plain: &Plain, sources: &Sources) -> String {
    let data = &program.data[section];
    let holds =
        |v: &&super::PlainVar| (v.offset..v.offset + program.types.size(v.ty).max(1)).contains(&offset);
    match data.vars.iter().find(holds) {
        Some(var) if var.offset == offset => var.name.clone(),
        // A part of a variable: as it was written.
        Some(_) => {
            let text = sources.slice(plain.span);
            let part = text.split_once('=').map_or(text, |(_, value)| value);
            part.trim().trim_end_matches("ll").trim().to_string()
        }
        None => {
            let bytes = &data.bytes[offset as usize..];
            let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
            format!("\"{}\"", bytes[..end].escape_ascii())
        }
    }
}
