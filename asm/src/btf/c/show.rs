//! One type, with offsets, sizes and holes.

use crate::sort::Sort;
use std::fmt;

use super::{Blob, Error, Member, Name, Printer, TypeId, View, place};
use crate::btf::{Enumerator, SecInfo};
use crate::text::Text;

/// Where remarks stand, in columns.
const COLUMN: usize = 55;

/// A line of what is shown, and those within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A type, or a member or variable of it.
    Item {
        /// Its name; empty where it has none.
        name: String,
        /// Its declaration before the members that are shown.
        before: String,
        /// And behind them.
        after: String,
        /// Where it begins, in bits from the start of all; none of what is no member.
        offset: Option<u64>,
        /// In bytes, where it has a size.
        size: Option<u32>,
        /// The width of a bit field, else 0.
        bits: u8,
        /// The members that are shown.
        parts: Vec<Part>,
    },
    /// Bits that nothing uses.
    Hole {
        /// Where it begins, in bits from the start of all.
        offset: u64,
        /// How many bits.
        bits: u64,
    },
    /// A value of an enum.
    Value {
        /// Its name.
        name: String,
        /// The value.
        value: i128,
    },
}

/// A type, and the members of structs within so many levels down. Those without a name of their own are always shown.
///
/// # Errors
/// A type that contains itself, or that is too large to be shown.
pub fn show(blob: &Blob, id: TypeId, depth: usize) -> Result<Part, Error> {
    let mut printer = Printer::of(blob, [id])?;
    let Some(ty) = blob.get(id) else {
        return Err(Error::C { id, what: "there is no such type" });
    };
    let name = blob.name(ty.name());
    let size = blob.size_of(id);
    match ty.view() {
        View::Typedef(to) => printer.item("typedef ", to, name, (None, size), depth),
        View::Func(proto) => printer.item("", proto, name, (None, None), depth),
        View::Var(ty) => printer.item("", ty, name, (None, size), depth),
        View::DataSec { vars, .. } => {
            let part = |var: SecInfo| match blob.get(var.var).map(|ty| (ty.name(), ty.view())) {
                Some((name, View::Var(ty))) => {
                    let place = (Some(u64::from(var.offset) * 8), Some(var.size));
                    printer.item("", ty, blob.name(name), place, depth)
                }
                _ => Err(Error::C { id, what: "it names what is no variable" }),
            };
            let parts = vars.map(part).collect::<Result<_, _>>()?;
            let before = format!("section {name}");
            Ok(Part::Item {
                name: name.into(),
                before,
                after: String::new(),
                offset: None,
                size,
                bits: 0,
                parts,
            })
        }
        // The type itself is always shown with its members.
        _ => {
            let mut part = printer.item("", id, "", (None, size), depth.saturating_add(1))?;
            if let Part::Item { name: own, .. } = &mut part {
                *own = name.into();
            }
            Ok(part)
        }
    }
}

impl Printer<'_> {
    fn item(
        &mut self,
        word: &str,
        ty: TypeId,
        name: &str,
        (offset, size): (Option<u64>, Option<u32>),
        depth: usize,
    ) -> Result<Part, Error> {
        let blob = self.blob;
        self.enter(ty)?;
        self.spend(ty)?;
        let declarator = self.declarator(ty, 0)?;
        let mut before = Text::from(word);
        declarator.qualifiers.write_before(&mut before);
        let base = blob.get(declarator.base);
        let is_anonymous = base.is_some_and(|ty| !ty.is_named);
        let word = match base.map(|ty| ty.view()) {
            Some(View::Record { is_union, .. }) => Some(if is_union { "union" } else { "struct" }),
            Some(View::Enum { .. }) => Some("enum"),
            _ => None,
        };
        match word {
            Some(word) if is_anonymous => before.push_str(word),
            _ => self.base(&mut before, declarator.base, 0)?,
        }
        let mut after = Text::default();
        declarator.write(&mut after, name);
        // Behind a pointer, members are elsewhere.
        let parts = match declarator.pieces.is_empty() && (is_anonymous || depth > 0) {
            true => self.parts(declarator.base, offset.unwrap_or(0), depth.saturating_sub(1))?,
            false => vec![],
        };
        self.depth -= 1;
        if is_anonymous && parts.is_empty() && word.is_some() {
            // Nothing in it, or behind a pointer.
            before.push_str(if declarator.pieces.is_empty() { " {}" } else { " { … }" });
        }
        let (before, after) = (before.into(), after.into());
        Ok(Part::Item { name: name.into(), before, after, offset, size, bits: 0, parts })
    }

    /// The members of a struct that begins so many bits from the start, and the holes between; the values of an enum.
    fn parts(&mut self, id: TypeId, start: u64, depth: usize) -> Result<Vec<Part>, Error> {
        let blob = self.blob;
        let (size, members, is_union) = match blob.get(id).map(|ty| ty.view()) {
            Some(View::Record { is_union, size, members }) => (size, members, is_union),
            // A typedef of a struct is shown with what it means.
            Some(View::Typedef(_)) => return self.parts(blob.resolve(id), start, depth),
            Some(View::Enum { signed, values, .. }) => {
                let value = |v: i64| if signed { i128::from(v) } else { i128::from(v.cast_unsigned()) };
                let part = |v: Enumerator<Name>| Part::Value {
                    name: blob.name(v.name).into(),
                    value: value(v.value),
                };
                return Ok(values.map(part).collect());
            }
            _ => return Ok(vec![]),
        };
        let mut sorted: Vec<Member<Name>> = members.collect();
        if !is_union {
            sorted.order_by_key(|m| place(blob, m).0);
        }
        let mut parts = vec![];
        let mut at = 0;
        for member in sorted {
            let (offset, width) = place(blob, &member);
            let (offset, size) = (u64::from(offset), blob.size_of(member.ty));
            if offset > at {
                parts.push(Part::Hole { offset: start + at, bits: offset - at });
            }
            let place = (Some(start + offset), size);
            let mut part = self.item("", member.ty, blob.name(member.name), place, depth)?;
            if let Part::Item { bits, .. } = &mut part {
                *bits = width;
            }
            parts.push(part);
            let len = if width == 0 { u64::from(size.unwrap_or(0)) * 8 } else { u64::from(width) };
            at = at.max(offset + len);
        }
        if !is_union && u64::from(size) * 8 > at {
            parts.push(Part::Hole { offset: start + at, bits: u64::from(size) * 8 - at });
        }
        Ok(parts)
    }
}

impl Part {
    fn write(&self, f: &mut fmt::Formatter<'_>, level: usize) -> fmt::Result {
        let indent = "    ".repeat(level);
        match self {
            Part::Value { name, value } => writeln!(f, "{indent}{name} = {value},"),
            Part::Hole { offset, bits } => {
                let text = match bits % 8 {
                    0 => format!("{indent}// a hole of {} byte{}", bits / 8, plural(bits / 8)),
                    _ => format!("{indent}// a hole of {bits} bit{}", plural(*bits)),
                };
                writeln!(f, "{text:<COLUMN$} // {}", at(*offset, bits % 8 != 0))
            }
            Part::Item { before, after, offset, size, bits, parts, .. } => {
                let remark = match (offset, bits, size) {
                    (Some(offset), 0, size) => {
                        let size = size.map_or("-".to_string(), |size| size.to_string());
                        format!("// {} {size:>6}", at(*offset, false))
                    }
                    (Some(offset), bits, _) => {
                        format!("// {} {bits:>4} bit{}", at(*offset, true), plural(*bits))
                    }
                    (None, _, Some(size)) => format!("// {size} bytes{}", holes(parts)),
                    (None, ..) => String::new(),
                };
                let after = if *bits == 0 { after.clone() } else { format!("{after}: {bits}") };
                let end = if parts.is_empty() {
                    format!("{indent}{before}{after};")
                } else {
                    writeln!(f, "{indent}{before} {{")?;
                    parts.iter().try_for_each(|part| part.write(f, level + 1))?;
                    format!("{indent}}}{after};")
                };
                match remark.is_empty() {
                    true => writeln!(f, "{end}"),
                    false => writeln!(f, "{end:<COLUMN$} {remark}"),
                }
            }
        }
    }
}

/// An offset in bytes, and the bit of it.
fn at(bits: u64, with_bit: bool) -> String {
    match with_bit {
        true => format!("{:>6}:{}", bits / 8, bits % 8),
        false => format!("{:>6}", bits / 8),
    }
}

fn plural(count: impl Into<u64>) -> &'static str {
    if count.into() == 1 { "" } else { "s" }
}

/// How many holes there are.
fn holes(parts: &[Part]) -> String {
    let holes = parts.iter().filter_map(|part| match part {
        Part::Hole { bits, .. } => Some(bits),
        _ => None,
    });
    match (holes.clone().count(), holes.sum::<u64>() / 8) {
        (0, _) => String::new(),
        (1, bytes) => format!(", {bytes} of them in a hole"),
        (count, bytes) => format!(", {bytes} of them in {count} holes"),
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}
