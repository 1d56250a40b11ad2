//! Plain items as text: what `bpfasm expand` shows, and what assembles to the same instructions.

use std::fmt::Write;

use super::conditional::items;
use super::modules::is_file;
use super::names::written;
use super::plain::{Plain, PlainFunc, Program};
use crate::bytes::bytes;
use crate::diag::{FileId, Sources, Span};
use crate::disasm;
use crate::escape::escape;
use crate::isa::{Endian, Insn, Names, Syntax};
use crate::lang::ast::{File, ItemKind, Param};
use crate::lang::words::bare;
use crate::object::{Anchor, Ref, Reloc, Symbol};
use crate::sort::Sort;
use crate::uapi::HelperId;

/// The user's declarations as they are, and functions as plain instructions.
#[must_use]
pub fn to_text(program: &Program, sources: &Sources, files: &[(FileId, File)], endian: Endian) -> String {
    let mut out = String::new();
    let mut funcs = program.funcs.iter();
    for item in items(files, &program.branches) {
        let library = sources.get(item.span.file).is_library();
        match &item.kind {
            ItemKind::Macro(_)
            | ItemKind::Control(_)
            | ItemKind::Define(_)
            | ItemKind::Broken(_)
            | ItemKind::NotImported => {}
            // What it declares stands here.
            ItemKind::Import(name) if is_file(sources.slice(*name)) => {}
            ItemKind::Param(param) if !library && let Some(value) = set(sources, files, param) => {
                let _ = writeln!(out, "param {} = {value}", sources.slice(param.name));
            }
            ItemKind::Func(func) => {
                let head = Span { end: func.head.end, ..item.span };
                let Some(plain) = funcs.next() else { continue };
                if !func.bare {
                    let _ = writeln!(out, "\n{}", sources.slice(head));
                }
                body(&mut out, program, plain, endian);
                if !func.bare {
                    out.push_str("}\n");
                }
            }
            _ if library => {}
            _ => {
                let _ = writeln!(out, "{}", sources.slice(item.span));
            }
        }
    }
    out
}

/// What the command line sets a parameter to.
fn set<'a>(sources: &'a Sources, files: &[(FileId, File)], param: &Param) -> Option<&'a str> {
    let name = bare(sources.slice(param.name));
    let mut items = files.iter().flat_map(|(_, file)| &file.items);
    items.find_map(|item| match &item.kind {
        // `-D NAME` means 1.
        ItemKind::Define(define) if bare(sources.slice(define.name)) == name => {
            Some(Some(sources.slice(define.value.span)).filter(|text| !text.is_empty()).unwrap_or("1"))
        }
        _ => None,
    })
}

fn body(out: &mut String, program: &Program, func: &PlainFunc, endian: Endian) {
    let mut labels: Vec<(usize, &str)> =
        func.labels.iter().filter_map(|l| Some((l.at?, l.name.as_str()))).collect();
    labels.order_by_key(|(at, _)| *at);
    let mut labels = labels.into_iter().peekable();
    let (mut lines, mut cores) = (func.lines.iter().peekable(), func.core.iter().peekable());
    let mut file = None;
    for further in &func.further {
        let _ = writeln!(out, "    {}", disasm::alias(further));
    }
    for at in 0..=func.insns.len() {
        while let Some((_, name)) = labels.next_if(|(place, _)| *place == at) {
            let _ = writeln!(out, ".{name}:");
        }
        if let Some(plain) = func.insns.get(at) {
            while let Some(line) = lines.next_if(|line| line.insn == at) {
                if file != Some(line.file) {
                    let _ = writeln!(out, "    @file \"{}\"", escape(&bytes(&program.files[line.file])));
                    file = Some(line.file);
                }
                let text = escape(&bytes(&line.text));
                let _ = writeln!(out, "    @line {}:{} \"{text}\"", line.line, line.column);
            }
            let mut value = None;
            while let Some(core) = cores.next_if(|core| core.insn == at) {
                match core.literal {
                    true => drop(writeln!(out, "    {}", core.text)),
                    false => value = Some(core.text.as_str()),
                }
            }
            let line = line(program, func, (at, &plain), value, endian);
            // Bytes name nothing by themselves.
            let said = |r: &&Ref| r.reloc.is_some() || line.starts_with("raw ");
            for r in func.references(at).iter().filter(said) {
                let _ = writeln!(out, "    {}", reloc(program, r));
            }
            let _ = writeln!(out, "    {line}");
        }
    }
    if !func.tail.is_empty() {
        let _ = writeln!(out, "    {}", disasm::raw(&func.tail));
    }
}

/// One instruction, with the names of what it refers to.
fn line(
    program: &Program,
    func: &PlainFunc,
    (at, plain): (usize, &Plain),
    core: Option<&str>,
    endian: Endian,
) -> String {
    let target = plain.target.map(|id| format!(".{}", func.labels[id.index()].name));
    let symbol = match func.symbol(at) {
        Some(Symbol::Map(map)) => Some(written(&program.maps[map].name).into_owned()),
        Some(Symbol::Func(func)) => Some(written(&program.funcs[func].name).into_owned()),
        Some(Symbol::Data(section, offset)) => Some(data(program, section, offset)),
        Some(Symbol::Extern(index)) => Some(external(&program.externs[index].name, plain)),
        Some(Symbol::Unknown) | None => callee(program, plain),
    };
    if symbol.is_none() && !plain.insn.text_is_exact() {
        return raw(plain, endian);
    }
    let names = Names { target: target.as_deref(), symbol: symbol.as_deref(), core, endian };
    plain.insn.display(names).to_string()
}

/// Something that is defined elsewhere; a helper may have the name, too.
fn external(name: &str, plain: &Plain) -> String {
    let call = plain.insn.hi.is_none();
    let written = written(name).into_owned();
    match (call, plain.insn.imm) {
        (true, _) if HelperId::from_name(name).is_some() => format!("kfunc {name}"),
        (true, _) | (false, 0) => written,
        (false, distance) => beside(written, distance.into()),
    }
}

/// A place so many bytes behind another.
fn beside(place: String, distance: i64) -> String {
    match distance {
        0 => place,
        n if n < 0 => format!("{place} - {}", n.unsigned_abs()),
        n => format!("{place} + {n}"),
    }
}

/// What a call without a symbol is of: a number alone is that of a helper.
fn callee(program: &Program, plain: &Plain) -> Option<String> {
    let imm = plain.insn.imm;
    match plain.insn.form()?.syntax {
        Syntax::CallHelper => {
            let name = HelperId(u32::try_from(imm).ok()?).name()?;
            let taken = program.funcs.iter().any(|f| f.name == name);
            Some(if taken { format!("helper {imm}") } else { name.to_string() })
        }
        Syntax::CallKfunc if plain.insn.off == 0 => Some(format!("kfunc {imm}")),
        Syntax::CallLocal => Some(format!("pc{imm:+}")),
        _ => None,
    }
}

fn raw(plain: &Plain, endian: Endian) -> String {
    let bytes = Insn::encode_all(&[plain.insn], endian);
    disasm::raw(&bytes)
}

/// A variable or a part of one, or a string; else from the start of the section, or from its first variable.
fn data(program: &Program, section: usize, offset: u32) -> String {
    let data = &program.data[section];
    if let Ok(at) = data.strings.binary_search_by_key(&offset, |(start, _)| *start) {
        let bytes = &data.strings[at].1;
        return format!("\"{}\"", bytes[..bytes.len() - 1].escape_ascii());
    }
    // Variables stand in the order of their offsets; one without a size may share its place with the next.
    let after = data.vars.partition_point(|var| var.offset <= offset);
    let path = data.vars[..after].iter().rev().find_map(|var| {
        let name = written(&var.name);
        match var.ty {
            Some(ty) => Some(format!("{name}{}", program.types.path_to(ty, offset - var.offset)?)),
            None if offset - var.offset >= var.size.max(1) => None,
            None => Some(beside(name.into_owned(), (offset - var.offset).into())),
        }
    });
    path.unwrap_or_else(|| {
        let (place, from) = match data.vars.first() {
            Some(var) if data.block.is_none() => (written(&var.name).into_owned(), var.offset),
            _ => (section_text(program, section), 0),
        };
        beside(place, i64::from(offset) - i64::from(from))
    })
}

/// `section(".rodata")`, or the second one of this name.
fn section_text(program: &Program, section: usize) -> String {
    let data = &program.data[section];
    let blocks = program.data.iter().filter(|other| other.name == data.name);
    let before = blocks.filter(|other| other.block.is_some() && other.block < data.block).count();
    let name = escape(&bytes(&data.name));
    if before == 0 { format!("section(\"{name}\")") } else { format!("section(\"{name}\", {})", before + 1) }
}

/// A relocation as it is written.
fn reloc(program: &Program, r: &Ref) -> String {
    let name = |index: usize| written(&program.funcs[index].name);
    let mut text = String::from("@reloc");
    match r.reloc.as_deref() {
        None => {}
        Some(&Reloc::NONE) => text.push_str(" none"),
        Some(reloc) => {
            let kind = reloc.name().map_or_else(|| reloc.kind.to_string(), str::to_string);
            let base = match reloc.base {
                Anchor::Nothing => "0".to_string(),
                Anchor::Func(index) => name(index).into_owned(),
                Anchor::Label(index, label) => format!("alias({}, {label})", name(index)),
                Anchor::Var(section, var) => written(&program.data[section].vars[var].name).into_owned(),
                Anchor::Map(index) => written(&program.maps[index].name).into_owned(),
                Anchor::Extern(index) => written(&program.externs[index].name).into_owned(),
                Anchor::Code(index) => format!("section({})", name(index)),
                Anchor::Data(index) => section_text(program, index),
                Anchor::Maps(index) => format!("section({})", written(&program.maps[index].name)),
            };
            let _ = write!(text, " {kind} {base}");
            if let Some(addend) = reloc.addend {
                let sign = if addend < 0 { '-' } else { '+' };
                let _ = write!(text, " {sign} {}", addend.unsigned_abs());
            }
            if reloc.within != 0 {
                let _ = write!(text, " within {}", reloc.within);
            }
        }
    }
    let to = match r.to {
        Symbol::Map(index) => written(&program.maps[index].name).into_owned(),
        Symbol::Data(section, offset) => data(program, section, offset),
        Symbol::Func(index) => name(index).into_owned(),
        Symbol::Extern(index) => written(&program.externs[index].name).into_owned(),
        Symbol::Unknown => return text,
    };
    let _ = write!(text, " to {to}");
    text
}
