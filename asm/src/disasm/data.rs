//! Data sections, as they are.

use std::fmt::Write;
use std::ops::Range;

use super::decl::{binding, renamed};
use super::names::{Names, quoted};
use super::{types, value};
use crate::bytes::hex;
use crate::elf::data_kind;
use crate::escape::escape;
use crate::object::{Data, DataKind, Form, Linkage, Object, Var};
use crate::sort::Sort;

/// Bytes in a line of hexadecimal numbers.
const LINE: usize = 16;

pub(super) fn sections(out: &mut String, object: &Object, names: &Names) {
    for (index, data) in object.data.iter().enumerate() {
        let _ = writeln!(out, "\n{} {{", head(data, names.sections[index]));
        let (mut lines, mut said) = (vec![], vec![]);
        for (var, name) in data.vars.iter().zip(&names.vars[index]) {
            let linkage = binding(var.linkage, Linkage::Global, var.weak, var.hidden);
            let as_symbol = renamed(name, &var.name);
            let text = match typed(object, names, data, var, &mut said) {
                Some(text) => format!("{linkage}{}{as_symbol}: {text}", name.text),
                None => format!("{linkage}{}[{}]{as_symbol}", name.text, var.size),
            };
            lines.push((var.offset, 0, text));
        }
        for address in &data.refs {
            lines.push((address.offset, 1, names.address(object, address)));
        }
        bytes(&mut lines, data, &said);
        lines.order_by_key(|(offset, order, _)| (*offset, *order));
        for (offset, _, text) in lines {
            let _ = writeln!(out, "    {offset}: {text}");
        }
        out.push_str("}\n");
    }
}

/// `u16 = 8080`: the type of a variable, and its value where there is one that is just these bytes, whose range goes to
/// `said`.
fn typed(
    object: &Object,
    names: &Names,
    data: &Data,
    var: &Var,
    said: &mut Vec<Range<usize>>,
) -> Option<String> {
    let id = var.ty.filter(|id| object.btf.size_of(*id) == Some(var.size))?;
    let mut text = types::layout(object, names, id)?;
    let start = usize::try_from(var.offset).ok()?;
    let range = start..start.checked_add(usize::try_from(var.size).ok()?)?;
    let held = data.bytes.get(range.clone()).filter(|bytes| bytes.iter().any(|b| *b != 0));
    let is_free = said.last().is_none_or(|last| last.end <= range.start);
    // Bytes in a row are read more easily as such.
    let is_bytes = matches!(text.split_once('['), Some(("u8" | "s8" | "__u8" | "__s8", _)));
    if let Some(held) = held.filter(|_| is_free && !is_bytes)
        && let Some(value) = value::text(object, names, id, held)
    {
        let _ = write!(text, " = {value}");
        said.push(range);
    }
    Some(text)
}

/// `section ".rodata" align 4 size 24`, with its kind where the name does not say it.
fn head(data: &Data, number: usize) -> String {
    let mut text = format!("section {}", quoted(&data.name));
    if number > 1 {
        let _ = write!(text, " as {number}");
    }
    let usual = data_kind(&data.name);
    if data.kind != usual || usual == DataKind::Other || data.form.is_some() {
        let _ = write!(text, " {}", data.kind.name());
    }
    if let Some(Form { kind, flags, entry }) = data.form {
        let _ = write!(text, "({kind}, {flags:#x}");
        let _ = if entry == 0 { write!(text, ")") } else { write!(text, ", {entry})") };
    }
    let _ = write!(text, " align {} size {}", data.align, data.size());
    text
}

/// The bytes that are not zero and not said by values, cut at variables and addresses.
fn bytes(lines: &mut Vec<(u32, u8, String)>, data: &Data, said: &[Range<usize>]) {
    let mut cuts: Vec<usize> = data
        .vars
        .iter()
        .flat_map(|v| [v.offset, v.offset.saturating_add(v.size)])
        .chain(data.refs.iter().flat_map(|r| [r.offset, r.offset.saturating_add(8)]))
        .filter_map(|offset| usize::try_from(offset).ok())
        .filter(|offset| *offset < data.bytes.len())
        .collect();
    cuts.push(data.bytes.len());
    cuts.order();
    let mut start = 0;
    for end in cuts {
        let mut at = start;
        let before = said.partition_point(|range| range.start <= start).checked_sub(1);
        if before.is_some_and(|before| said[before].contains(&start)) {
            at = end;
        }
        while at < end {
            let rest = &data.bytes[at..end];
            let (text, len) = piece(rest);
            if let (Some(text), Ok(offset)) = (text, u32::try_from(at)) {
                lines.push((offset, 2, text));
            }
            at += len;
        }
        start = start.max(end);
    }
}

/// The next line and how many bytes it is of: a string, or bytes; nothing for zeros.
fn piece(bytes: &[u8]) -> (Option<String>, usize) {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    if zeros > 0 {
        return (None, zeros);
    }
    let len = string(bytes);
    if len > 0 {
        return (Some(format!("\"{}\"", escape(&bytes[..len]))), len);
    }
    let mut len = 1;
    while len < LINE.min(bytes.len()) && string(&bytes[len..]) == 0 && !zeros_at(&bytes[len..]) {
        len += 1;
    }
    (Some(hex(&bytes[..len])), len)
}

/// Whether there is nothing but zeros, or so many that they are left out.
fn zeros_at(bytes: &[u8]) -> bool {
    bytes.iter().take(8).all(|b| *b == 0)
}

/// The length of the text that bytes begin with, with the zero at its end; 0 where it is too short to be meant as text.
fn string(bytes: &[u8]) -> usize {
    let plain = |b: &u8| matches!(b, b' '..=b'~' | b'\n' | b'\t' | b'\r' | 0x1b | 0x80..);
    let len = bytes.iter().take_while(|b| plain(b)).count();
    let ended = bytes.get(len) == Some(&0);
    let enough = if ended { len >= 3 } else { len >= 8 };
    if enough && str::from_utf8(&bytes[..len]).is_ok() { len + usize::from(ended) } else { 0 }
}
