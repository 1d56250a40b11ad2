//! Types to C, item by item.

use std::fmt::Write;

use super::names::{self, Names};
use super::order::{Order, index};
use super::{
    Blob, ENUM, ENUM64, Entry, Error, FWD, Member, Name, STRUCT, TYPEDEF, TypeId, UNION, View, place,
};
use crate::btf::blob::List;
use crate::btf::text::put;
use crate::btf::{Enumerator, IntEncoding, Param};
use crate::sort::Sort;
use crate::text::Text;

/// How deep anonymous types and prototypes may stand in one another.
const MAX_DEPTH: usize = 64;

/// How often a part may be written, at the most, on average: anonymous types stand wherever they are used.
const MAX_COPIES: usize = 64;

/// A gap up to this many bits is filled with unnamed bit fields.
const MAX_GAP: u64 = 1024;

/// Types being printed.
pub struct Printer<'a> {
    pub(super) blob: &'a Blob<'a>,
    order: Order<'a>,
    names: Names<'a>,
    /// How many items have been printed.
    at: usize,
    /// Structs and unions whose names have been declared, by number.
    declared: Vec<bool>,
    /// Those that the item at hand must declare first.
    forwards: Vec<TypeId>,
    /// How many parts may still be written.
    budget: usize,
    pub(super) depth: usize,
    item: Text,
    /// An empty one, whose memory is used again.
    spare: Declarator<'a>,
}

/// What stands between a type and the name that is declared.
pub(super) enum Piece<'a> {
    /// `*`, with what is said of the pointer.
    Pointer(Qualifiers<'a>),
    /// A parenthesis that opens.
    Open,
}

/// What is said of a type, besides.
#[derive(Default, Clone)]
pub(super) struct Qualifiers<'a> {
    is_const: bool,
    is_volatile: bool,
    is_restrict: bool,
    /// Tags, and whether they are attributes.
    tags: Vec<(&'a str, bool)>,
}

impl<'a> Printer<'a> {
    /// Prepares to print some types, and all that they need.
    ///
    /// # Errors
    /// A type that contains itself.
    pub fn new(blob: &'a Blob<'a>, roots: impl IntoIterator<Item = TypeId>) -> Result<Self, Error> {
        let printed = |id: &TypeId| match blob.kind(*id) {
            (ENUM | ENUM64, is_named) => {
                let has_values =
                    |ty: Entry| matches!(ty.view(), View::Enum { values, .. } if !values.is_empty());
                is_named || blob.get(*id).is_some_and(has_values)
            }
            (STRUCT | UNION, is_named) => is_named,
            (kind, _) => matches!(kind, TYPEDEF | FWD),
        };
        Self::of(blob, roots.into_iter().filter(printed))
    }

    /// The same of any types: those that C has no definition of bring what they need.
    ///
    /// # Errors
    /// A type that contains itself.
    pub fn of(blob: &'a Blob<'a>, roots: impl IntoIterator<Item = TypeId>) -> Result<Self, Error> {
        Ok(Self {
            order: Order::new(blob, roots.into_iter())?,
            names: Names::new(blob),
            blob,
            at: 0,
            declared: vec![false; blob.len() + 1],
            forwards: vec![],
            budget: blob.parts().saturating_mul(MAX_COPIES).saturating_add(1024),
            depth: 0,
            item: Text::default(),
            spare: Declarator::default(),
        })
    }

    /// Appends the next item, and what must be declared before it; false where all have been printed.
    ///
    /// # Errors
    /// A type that is nested too deep, or whose anonymous parts are used too often.
    pub fn next(&mut self, out: &mut Text) -> Result<bool, Error> {
        let Some(id) = self.order.items.get(self.at).copied() else { return Ok(false) };
        self.at += 1;
        let Some(ty) = self.blob.get(id) else { return Ok(true) };
        let mut item = std::mem::take(&mut self.item);
        item.clear();
        self.definition(&mut item, id, &ty)?;
        for forward in std::mem::take(&mut self.forwards) {
            if let (false, Some(ty)) = (self.declare(forward), self.blob.get(forward)) {
                let word = if is_union(ty.view()) { "union " } else { "struct " };
                put!(out, word, self.names.of(forward, &ty), ";\n\n");
            }
        }
        if !item.is_empty() {
            out.push_bytes(item.as_bytes());
            out.push_str(";\n\n");
        }
        self.item = item;
        Ok(true)
    }

    /// An item, the semicolon apart.
    fn definition(&mut self, out: &mut Text, id: TypeId, ty: &Entry<'a>) -> Result<(), Error> {
        match ty.view() {
            View::Typedef(to) => {
                let name = self.names.of(id, ty).to_string();
                out.push_str("typedef ");
                self.declaration(out, to, &name, 0)
            }
            View::Record { .. } => {
                self.declare(id);
                self.record(out, id, ty, 0)
            }
            View::Enum { .. } => {
                let is_elsewhere = index(id).and_then(|at| self.order.used.get(at)) == Some(&true);
                match is_elsewhere && !ty.is_named {
                    true => Ok(()),
                    false => self.enumeration(out, id, ty, 0),
                }
            }
            View::Fwd { .. } => {
                self.forwards.push(self.names.meant(id));
                Ok(())
            }
            View::Int { size, encoding, .. } => {
                self.number(out, size, encoding, self.names.of(id, ty));
                Ok(())
            }
            View::Float { size } => {
                // eBPF has no such numbers: their bytes will do.
                bytes(out, size, self.names.of(id, ty));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A typedef of an integer whose name C does not know.
    fn number(&self, out: &mut Text, size: u32, encoding: IntEncoding, name: &str) {
        match names::number(size, encoding) {
            Some(number) => put!(out, "typedef ", number, " ", name),
            None => bytes(out, size, name),
        }
    }

    /// A type and the name that is declared with it, which may be empty.
    pub(super) fn declaration(
        &mut self,
        out: &mut Text,
        ty: TypeId,
        name: &str,
        level: usize,
    ) -> Result<(), Error> {
        let mut declarator = self.declarator(ty, level)?;
        declarator.qualifiers.write_before(out);
        self.base(out, declarator.base, level)?;
        declarator.write(out, name);
        declarator.pieces.clear();
        declarator.suffix.clear();
        self.spare = Declarator { qualifiers: Qualifiers::default(), ..declarator };
        Ok(())
    }

    /// Pointers, arrays and functions around a type.
    pub(super) fn declarator(&mut self, ty: TypeId, level: usize) -> Result<Declarator<'a>, Error> {
        let mut d = Declarator { base: ty, ..std::mem::take(&mut self.spare) };
        let blob = self.blob;
        while let Some(ty) = blob.get(d.base) {
            let view = ty.view();
            let is_pointer = matches!(d.pieces.last(), Some(Piece::Pointer(_)));
            if is_pointer && matches!(view, View::Array { .. } | View::FuncProto { .. }) {
                d.pieces.push(Piece::Open);
                d.suffix.push_str(")");
            }
            let next = match view {
                View::Const(to) => {
                    d.qualifiers.is_const = true;
                    to
                }
                View::Volatile(to) => {
                    d.qualifiers.is_volatile = true;
                    to
                }
                View::Restrict(to) => {
                    d.qualifiers.is_restrict = true;
                    to
                }
                View::TypeTag { ty: to, attribute } => {
                    d.qualifiers.tags.push((blob.name(ty.name()), attribute));
                    to
                }
                View::Ptr(to) => {
                    d.pieces.push(Piece::Pointer(std::mem::take(&mut d.qualifiers)));
                    to
                }
                View::Array { elem, len } => {
                    put!(&mut d.suffix, "[", len, "]");
                    elem
                }
                View::FuncProto { ret, params } => {
                    d.qualifiers = Qualifiers::default();
                    self.parameters(&mut d.suffix, d.base, params, level)?;
                    ret
                }
                // A name that is none stands for what it means.
                View::Typedef(to) if !ty.is_named => to,
                _ => break,
            };
            self.spend(d.base)?;
            d.base = next;
        }
        Ok(d)
    }

    fn parameters(
        &mut self,
        out: &mut Text,
        id: TypeId,
        params: List<'a, Param<Name>>,
        level: usize,
    ) -> Result<(), Error> {
        let (blob, last) = (self.blob, params.len());
        let is_void = |p: &Param<Name>| p.ty == TypeId::VOID && blob.name(p.name).is_empty();
        if params.is_empty() || last == 1 && params.get(0).as_ref().is_some_and(is_void) {
            out.push_str("(void)");
            return Ok(());
        }
        self.enter(id)?;
        out.push_str("(");
        for (i, param) in params.enumerate() {
            self.spend(id)?;
            if i > 0 {
                out.push_str(", ");
            }
            match i + 1 == last && is_void(&param) {
                true => out.push_str("..."),
                false => self.declaration(out, param.ty, &names::member(blob.name(param.name)), level)?,
            }
        }
        out.push_str(")");
        self.depth -= 1;
        Ok(())
    }

    /// What stands innermost in a declaration.
    pub(super) fn base(&mut self, out: &mut Text, id: TypeId, level: usize) -> Result<(), Error> {
        let Some(ty) = self.blob.get(id) else {
            out.push_str("void");
            return Ok(());
        };
        let is_anonymous = !ty.is_named;
        let view = ty.view();
        match view {
            View::Record { .. } if is_anonymous => self.record(out, id, &ty, level)?,
            View::Enum { .. } if is_anonymous => self.enumeration(out, id, &ty, level)?,
            View::Record { .. } | View::Fwd { .. } => {
                let meant = self.names.meant(id);
                if index(meant).and_then(|at| self.declared.get(at)) == Some(&false) {
                    self.forwards.push(meant);
                }
                let word = if is_union(view) { "union " } else { "struct " };
                put!(out, word, self.blob.get(meant).map_or("", |ty| self.names.of(meant, &ty)));
            }
            View::Enum { .. } => put!(out, "enum ", self.names.of(id, &ty)),
            View::Int { size, encoding, .. } if is_anonymous => {
                put!(out, names::number(size, encoding).unwrap_or("unsigned char"));
            }
            View::Int { .. } | View::Typedef(_) => put!(out, self.names.of(id, &ty)),
            View::Float { .. } if !is_anonymous => put!(out, self.names.of(id, &ty)),
            _ => out.push_str("void"),
        }
        Ok(())
    }

    /// A struct or union with its members.
    fn record(&mut self, out: &mut Text, id: TypeId, ty: &Entry<'a>, level: usize) -> Result<(), Error> {
        let View::Record { is_union, size, members } = ty.view() else { return Ok(()) };
        self.enter(id)?;
        out.push_str(if is_union { "union " } else { "struct " });
        if ty.is_named {
            put!(out, self.names.of(id, ty), " ");
        }
        out.push_str("{\n");
        let shape = self.order.shape(id);
        let (total, align) = (u64::from(size) * 8, u64::from(shape.align.max(1)) * 8);
        let blob = self.blob;
        let mut order: Vec<Member<Name>> = vec![];
        // Rust has them in another order than they stand.
        if !is_union && !members.is_sorted_by_key(|m| place(blob, &m).0) {
            order.extend(members);
            order.order_by_key(|m| place(blob, m).0);
        }
        let in_order = members.take(if order.is_empty() { members.len() } else { 0 });
        let mut at = 0;
        let mut largest = 0;
        for (i, member) in in_order.chain(order).enumerate() {
            self.spend(id)?;
            let (offset, bits) = place(blob, &member);
            let (offset, of) = (u64::from(offset), self.order.shape(member.ty));
            let natural = match (is_union, bits) {
                (true, _) => 0,
                (false, 0) => round_up(at, if shape.packed { 8 } else { u64::from(of.align.max(1)) * 8 }),
                (false, bits) => {
                    let unit = (u64::from(of.size) * 8).max(8);
                    let crosses = at / unit != (at + u64::from(bits) - 1) / unit;
                    if crosses && !shape.packed { round_up(at, unit) } else { at }
                }
            };
            if offset < at || is_union && offset != 0 {
                indent(out, level + 1);
                let _ = writeln!(
                    out,
                    "/* `{}` overlaps, at bit {offset} */",
                    names::member(blob.name(member.name))
                );
                continue;
            }
            if natural != offset {
                gap(out, at, offset, level + 1);
            }
            indent(out, level + 1);
            self.member(out, &member, i, level + 1)?;
            if bits != 0 {
                put!(out, ": ", bits);
            }
            out.push_str(";\n");
            let len = if bits == 0 { u64::from(of.size) * 8 } else { u64::from(bits) };
            largest = largest.max(len);
            if !is_union {
                at = offset + len;
            }
        }
        let end = if is_union { largest } else { at };
        if round_up(end, align) < total {
            match is_union {
                true => pad(out, 0, total / 8, level + 1),
                false => gap(out, end, total, level + 1),
            }
        }
        indent(out, level);
        out.push_str("}");
        if shape.packed {
            out.push_str(" __attribute__((packed))");
        }
        self.depth -= 1;
        Ok(())
    }

    /// A member. Where it has no name, and C would not see a member in it, it gets one.
    fn member(
        &mut self,
        out: &mut Text,
        member: &Member<Name>,
        at: usize,
        level: usize,
    ) -> Result<(), Error> {
        let name = self.blob.name(member.name);
        match name.is_empty() && !self.is_anonymous_record(member.ty) {
            true => self.declaration(out, member.ty, &format!("__anon{at}"), level),
            false if name.is_empty() => self.declaration(out, member.ty, "", level),
            false => self.declaration(out, member.ty, &names::member(name), level),
        }
    }

    /// Whether C takes the members of this type for those of the struct around it.
    fn is_anonymous_record(&self, mut id: TypeId) -> bool {
        while let Some(ty) = self.blob.get(id) {
            id = match ty.view() {
                View::Const(to) | View::Volatile(to) | View::TypeTag { ty: to, .. } => to,
                View::Record { .. } => return !ty.is_named,
                _ => return false,
            };
        }
        false
    }

    /// An enum with its values.
    fn enumeration(&mut self, out: &mut Text, id: TypeId, ty: &Entry<'a>, level: usize) -> Result<(), Error> {
        let View::Enum { size, signed, is_wide, values } = ty.view() else { return Ok(()) };
        let suffix = if is_wide { ["LL", "ULL"] } else { ["", ""] };
        let is_anonymous = !ty.is_named;
        if is_anonymous && values.is_empty() {
            let encoding = IntEncoding(u8::from(signed));
            out.push_str(names::number(size, encoding).unwrap_or("unsigned char"));
            return Ok(());
        }
        out.push_str("enum ");
        if !is_anonymous {
            put!(out, self.names.of(id, ty), " ");
        }
        out.push_str("{\n");
        if values.is_empty() {
            // C has no enum without values.
            let name = format!("{}___none", self.names.of(id, ty));
            indent(out, level + 1);
            put!(out, &*name, ",\n");
        }
        for Enumerator { name, value } in values {
            self.spend(id)?;
            indent(out, level + 1);
            put!(out, &*self.names.ordinary.unique(self.blob.name(name)), " = ");
            match (signed, value) {
                (true, i64::MIN) => put!(out, "-", i64::MAX, "LL - 1"),
                (true, value) => put!(out, value, suffix[0]),
                (false, value) => put!(out, value.cast_unsigned(), suffix[1]),
            }
            out.push_str(",\n");
        }
        indent(out, level);
        out.push_str("}");
        let fits = |v: Enumerator<Name>| match signed {
            true => i32::try_from(v.value).is_ok(),
            false => u32::try_from(v.value).is_ok(),
        };
        out.push_str(match size {
            1 => " __attribute__((mode(byte)))",
            2 => " __attribute__((mode(HI)))",
            8 if { values }.all(fits) => " __attribute__((mode(DI)))",
            _ => "",
        });
        Ok(())
    }

    /// Notes that a name is declared; whether it was.
    fn declare(&mut self, id: TypeId) -> bool {
        let slot = index(id).and_then(|at| self.declared.get_mut(at));
        slot.is_none_or(|declared| std::mem::replace(declared, true))
    }

    pub(super) fn enter(&mut self, id: TypeId) -> Result<(), Error> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(Error::C { id, what: "types without a name are nested too deep in it" }),
            false => Ok(()),
        }
    }

    pub(super) fn spend(&mut self, id: TypeId) -> Result<(), Error> {
        let too_long =
            Error::C { id, what: "types without a name are used in it over and over: it is too long" };
        self.budget = self.budget.checked_sub(1).ok_or(too_long)?;
        Ok(())
    }
}

/// What stands around a type in a declaration.
#[derive(Default)]
pub(super) struct Declarator<'a> {
    /// The type at the end of all pointers, arrays and functions.
    pub base: TypeId,
    /// What is said of that type.
    pub qualifiers: Qualifiers<'a>,
    /// What stands before the name, the last first.
    pub pieces: Vec<Piece<'a>>,
    /// What stands behind the name.
    suffix: Text,
}

impl Declarator<'_> {
    /// Appends what follows the type.
    pub fn write(&self, out: &mut Text, name: &str) {
        self.qualifiers.write_tags(out);
        if !(name.is_empty() && self.pieces.is_empty() && self.suffix.is_empty()) {
            out.push_str(" ");
        }
        for piece in self.pieces.iter().rev() {
            match piece {
                Piece::Open => out.push_str("("),
                Piece::Pointer(qualifiers) => {
                    out.push_str("*");
                    qualifiers.write_before(out);
                    if qualifiers.is_restrict {
                        out.push_str("restrict ");
                    }
                    if !qualifiers.tags.is_empty() {
                        qualifiers.write_tags(out);
                        out.push_str(" ");
                    }
                }
            }
        }
        put!(out, name);
        if name.is_empty() && out.as_bytes().ends_with(b" ") && !self.suffix.is_empty() {
            out.truncate(out.len() - 1);
        }
        out.push_bytes(self.suffix.as_bytes());
    }
}

impl Qualifiers<'_> {
    pub fn write_before(&self, out: &mut Text) {
        if self.is_const {
            out.push_str("const ");
        }
        if self.is_volatile {
            out.push_str("volatile ");
        }
    }

    fn write_tags(&self, out: &mut Text) {
        for (name, is_attribute) in self.tags.iter().rev() {
            let _ = match is_attribute {
                false => write!(out, " __attribute__((btf_type_tag({name:?})))"),
                true if is_attribute_text(name) => write!(out, " __attribute__(({name}))"),
                true => Ok(()),
            };
        }
    }
}

/// Whether an attribute can stand in the text as it is.
fn is_attribute_text(name: &str) -> bool {
    let mut depth = 0usize;
    let balanced = name.bytes().all(|b| match b {
        b'(' => {
            depth += 1;
            true
        }
        b')' => {
            depth = depth.wrapping_sub(1);
            depth != usize::MAX
        }
        b => b.is_ascii_alphanumeric() || b"_, ".contains(&b),
    });
    balanced && depth == 0 && !name.is_empty()
}

pub(super) fn is_union(view: View) -> bool {
    matches!(view, View::Record { is_union: true, .. } | View::Fwd { is_union: true })
}

fn indent(out: &mut Text, level: usize) {
    out.tabs(level);
}

fn round_up(at: u64, unit: u64) -> u64 {
    at.div_ceil(unit) * unit
}

/// A type that is nothing but bytes.
fn bytes(out: &mut Text, size: u32, name: &str) {
    put!(out, "typedef struct {\n\tunsigned char bytes[", size, "];\n} ", name);
}

/// Fills bits `from..to` of a struct.
fn gap(out: &mut Text, from: u64, to: u64, level: usize) {
    let mut at = from;
    if to - from > MAX_GAP {
        let start = round_up(from, 8);
        if start > from {
            bits(out, start - from, level);
        }
        pad(out, start / 8, (to - start) / 8, level);
        at = to / 8 * 8;
    }
    while at < to {
        let end = to.min((at / 64 + 1) * 64);
        bits(out, end - at, level);
        at = end;
    }
}

/// A member of so many bytes that nobody uses.
fn pad(out: &mut Text, at: u64, bytes: u64, level: usize) {
    indent(out, level);
    put!(out, "unsigned char __pad", at, "[", bytes, "];\n");
}

fn bits(out: &mut Text, count: u64, level: usize) {
    indent(out, level);
    put!(out, "long: ", count, ";\n");
}
