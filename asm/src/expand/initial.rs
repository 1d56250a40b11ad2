//! What variables hold at first.

use std::net::Ipv6Addr;

use super::types::{Class, Place, Ty, TyId};
use super::{Expander, Reported};
use crate::btf::value::put_bits;
use crate::diag::{Diagnostic, Span, code};
use crate::isa::Endian;
use crate::lang::ast::{Arg, Expr, ExprKind};

/// Elements that are written into an array.
struct Elements<'a> {
    /// All that stands in the braces.
    value: &'a Expr,
    ty: TyId,
    elem: TyId,
    /// Bytes of an element.
    size: usize,
    /// How many the array has.
    room: usize,
    /// How many there are, for a message.
    given: String,
    /// The number of the next one.
    next: usize,
}

impl<'a> Expander<'a> {
    /// Writes what a variable of a type holds at first.
    pub(super) fn initial(&mut self, value: &'a Expr, ty: TyId, bytes: &mut [u8]) -> Result<(), Reported> {
        let parts = match &value.kind {
            ExprKind::Braces(parts) => Some(parts.as_slice()),
            _ => None,
        };
        match (self.types.get(ty).clone(), parts) {
            (Ty::Array(elem, _), None) if self.types.class(elem) == Some(Class::Char) => {
                self.initial_text(value, ty, bytes)
            }
            (Ty::Array(elem, _), Some(parts)) => self.initial_array(value, ty, elem, parts, bytes),
            (Ty::Struct(structure), Some(parts)) => self.initial_struct(ty, structure, parts, bytes),
            (Ty::Array(..) | Ty::Struct(_), None) => {
                let message = format!("`{}` begins as a list in braces", self.types.name(ty));
                let d = Diagnostic::error(code::TYPE, message, value.span);
                Err(self.error(
                    d.help("write its parts as `{ a, b }`, or leave the value out: it begins as zero"),
                ))
            }
            (Ty::Builtin(_), None) if self.types.class(ty).is_none() => {
                self.initial_address(value, ty, bytes)
            }
            _ if self.types.class(ty).is_some() && parts.is_none() => self.initial_number(value, ty, bytes),
            _ if self.types.class(ty).is_some() => {
                let message = format!("`{}` is one number, without braces", self.types.name(ty));
                Err(self.error(Diagnostic::error(code::TYPE, message, value.span)))
            }
            (_, Some([])) => Ok(()),
            _ => {
                let message = format!("a variable of type `{}` begins as zero", self.types.name(ty));
                Err(self.error(Diagnostic::error(code::TYPE, message, value.span)))
            }
        }
    }

    fn initial_array(
        &mut self,
        value: &'a Expr,
        ty: TyId,
        elem: TyId,
        parts: &'a [Arg],
        bytes: &mut [u8],
    ) -> Result<(), Reported> {
        let size = self.types.size(elem) as usize;
        let room = bytes.len().checked_div(size).unwrap_or(0);
        let looped = parts.iter().any(|part| matches!(part.value.kind, ExprKind::For(_)));
        let given = if looped { "more".to_string() } else { parts.len().to_string() };
        let mut elements = Elements { value, ty, elem, size, room, given, next: 0 };
        self.initial_elements(&mut elements, parts, bytes)
    }

    /// Writes elements one after the other, also those of loops.
    fn initial_elements(
        &mut self,
        elements: &mut Elements<'a>,
        parts: &'a [Arg],
        bytes: &mut [u8],
    ) -> Result<(), Reported> {
        let mut result = Ok(());
        for part in parts {
            if let Some(name) = part.name {
                let d = Diagnostic::error(code::FIELD, "the elements of an array have no names", name);
                result = Err(self.error(d));
                continue;
            }
            if let ExprKind::For(looped) = &part.value.kind {
                let head = Span { end: looped.to.span.end, ..part.value.span };
                let mut rounds = Ok(());
                let began = self.each_round(head, looped, &[], |e| {
                    rounds = rounds.and(e.initial_elements(elements, &looped.body, bytes));
                });
                result = result.and(began).and(rounds);
                continue;
            }
            let Elements { value, ty, elem, size, room, ref given, next } = *elements;
            let Some(bytes) = bytes.get_mut(next * size..(next + 1) * size).filter(|_| next < room) else {
                let message = format!("`{}` has {room} elements, these are {given}", self.types.name(ty));
                let d = Diagnostic::error(code::RANGE, message, part.value.span.to(value.span));
                let d =
                    Diagnostic { primary: crate::diag::Label { span: part.value.span, ..d.primary }, ..d };
                return Err(self.error(d));
            };
            elements.next += 1;
            if self.initial(&part.value, elem, bytes).is_err() {
                result = Err(Reported);
            }
        }
        result
    }

    fn initial_struct(
        &mut self,
        ty: TyId,
        structure: usize,
        parts: &'a [Arg],
        bytes: &mut [u8],
    ) -> Result<(), Reported> {
        let mut result = Ok(());
        // The bits that were written, which nothing writes again.
        let mut taken: Vec<(u64, u64, &'a Arg)> = vec![];
        for (i, part) in parts.iter().enumerate() {
            let place = match part.name {
                Some(name) => self.walk_field(ty, name),
                None => self.nth_field(ty, structure, i, part),
            };
            let Ok(place) = place else {
                result = Err(Reported);
                continue;
            };
            let (from, to) = self.bits_of(place);
            if let Some((.., other)) = taken.iter().find(|(a, b, _)| from < *b && *a < to) {
                let span = part.name.unwrap_or(part.value.span);
                let d = Diagnostic::error(code::DUPLICATE, "these bytes have a value already", span);
                result = Err(self.error(d.also(other.name.unwrap_or(other.value.span), "here")));
                continue;
            }
            taken.push((from, to, part));
            let written = if place.bits.is_some() {
                self.initial_bits(&part.value, place, bytes)
            } else {
                let start = place.offset as usize;
                let room =
                    bytes.get_mut(start..start + self.types.size(place.ty) as usize).ok_or(Reported)?;
                self.initial(&part.value, place.ty, room)
            };
            result = result.and(written);
        }
        result
    }

    /// Where a member without a name in front of it belongs: to the member of that place.
    fn nth_field(&mut self, ty: TyId, structure: usize, i: usize, part: &'a Arg) -> Result<Place, Reported> {
        let fields = &self.types.structs[structure].fields;
        let count = if self.types.structs[structure].union { fields.len().min(1) } else { fields.len() };
        if let Some(field) = fields.get(i).filter(|_| i < count) {
            let offset = if field.bits.is_some() { 0 } else { field.offset };
            return Ok(Place { offset, ty: field.ty, bits: field.bits });
        }
        let message = format!("`{}` takes {count} values by position", self.types.name(ty));
        Err(self.error(Diagnostic::error(code::RANGE, message, part.value.span)))
    }

    /// The first bit of a place, and the one behind it.
    fn bits_of(&self, place: Place) -> (u64, u64) {
        let start = u64::from(place.offset) * 8;
        match place.bits {
            Some(bits) => {
                let start = start + u64::from(bits.offset);
                (start, start + u64::from(bits.size))
            }
            None => (start, start + u64::from(self.types.size(place.ty)) * 8),
        }
    }

    fn initial_bits(&mut self, value: &'a Expr, place: Place, bytes: &mut [u8]) -> Result<(), Reported> {
        let int = self.int(value)?.value;
        let size = place.bits.map_or(0, |bits| bits.size);
        if !(1..=64).contains(&size) {
            let message = format!("a bit field of {size} bits takes no number");
            return Err(self.error(Diagnostic::error(code::RANGE, message, value.span)));
        }
        let (min, max) = match self.types.class(place.ty) {
            Some(Class::Signed | Class::Char) => (-(1i128 << (size - 1)), (1i128 << (size - 1)) - 1),
            _ => (0, (1i128 << size) - 1),
        };
        if int < min || int > max {
            let message = format!("these {size} bits hold {min} to {max}, not {int}");
            return Err(self.error(Diagnostic::error(code::RANGE, message, value.span)));
        }
        let (from, _) = self.bits_of(place);
        put_bits(bytes, from, size, self.endian, int.cast_unsigned());
        Ok(())
    }

    fn initial_number(&mut self, value: &'a Expr, ty: TyId, bytes: &mut [u8]) -> Result<(), Reported> {
        let int = self.int(value)?;
        if self.types.is_big(ty) && int.big as usize != bytes.len() && int.value != 0 {
            let name = self.types.name(ty);
            let function = format!("be{}", 8 * bytes.len());
            let message = match int.big {
                0 => format!("`{name}` is in network byte order, this number is not"),
                n => format!("`{name}` has {} bytes in network order, this number has {n}", bytes.len()),
            };
            let d = Diagnostic::error(code::BYTE_ORDER, message, value.span);
            let text = self.text(value.span);
            return Err(self.error(match int.big {
                0 => {
                    d.suggest(format!("`{function}` makes it so"), value.span, format!("{function}({text})"))
                }
                _ => d.help(format!("make it with `{function}`")),
            }));
        }
        let (min, max) = self.types.range(ty);
        if int.value < min || int.value > max {
            let message = format!("`{}` holds {min} to {max}, not {}", self.types.name(ty), int.value);
            return Err(self.error(Diagnostic::error(code::RANGE, message, value.span)));
        }
        let size = bytes.len();
        match self.endian {
            Endian::Little => bytes.copy_from_slice(&int.value.to_le_bytes()[..size]),
            Endian::Big => bytes.copy_from_slice(&int.value.to_be_bytes()[16 - size..]),
        }
        Ok(())
    }

    /// An address in quotes.
    fn initial_address(&mut self, value: &'a Expr, ty: TyId, bytes: &mut [u8]) -> Result<(), Reported> {
        let (what, example) = match bytes.len() {
            6 => ("an Ethernet address", "\"02:00:00:00:00:01\""),
            _ => ("an IPv6 address", "\"fe80::1\""),
        };
        let text = match value.kind {
            ExprKind::Str => self.plain_string(value.span)?,
            _ => String::new(),
        };
        let address = match bytes.len() {
            6 => mac(&text).map(|mac| mac.to_vec()),
            _ => text.parse::<Ipv6Addr>().ok().map(|address| address.octets().to_vec()),
        };
        let Some(address) = address.filter(|address| address.len() == bytes.len()) else {
            let message = format!("`{}` begins as {what}", self.types.name(ty));
            let d = Diagnostic::error(code::TYPE, message, value.span);
            return Err(self.error(d.help(format!("write it in quotes, such as {example}"))));
        };
        bytes.copy_from_slice(&address);
        Ok(())
    }

    fn initial_text(&mut self, value: &'a Expr, ty: TyId, bytes: &mut [u8]) -> Result<(), Reported> {
        let ExprKind::Str = value.kind else {
            let message = format!("`{}` begins as a string", self.types.name(ty));
            return Err(self.error(Diagnostic::error(code::TYPE, message, value.span)));
        };
        let text = self.string(value.span)?;
        let Some(room) = bytes.get_mut(..text.len()) else {
            let message = format!(
                "this needs {} bytes with its NUL, `{}` has {}",
                text.len(),
                self.types.name(ty),
                bytes.len()
            );
            return Err(self.error(Diagnostic::error(code::RANGE, message, value.span)));
        };
        room.copy_from_slice(&text);
        Ok(())
    }
}

/// Six bytes in hexadecimal, with colons between.
fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next().filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}
