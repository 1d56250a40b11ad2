//! What variables hold, as source writes it: numbers, strings, and lists in braces of the parts that are not zero.

use super::names::{Names, word};
use super::usable::width;
use crate::btf::value::{get_bits, put_bits};
use crate::btf::{Btf, Enumerator, IntEncoding, Kind, Member, TypeId};
use crate::escape::escape;
use crate::expand::{BUILTINS, Class};
use crate::isa::Endian;
use crate::object::Object;

/// How far typedefs and modifiers are followed, and anonymous members into each other.
const DEPTH: u32 = 64;
/// The longest variable that is written as a value.
const LARGEST: usize = 1 << 16;
/// Columns of a line.
const WIDTH: usize = 100;

/// The value of a usable type that consists of these bytes; nothing where no value of it does.
pub(super) fn text(object: &Object, names: &Names, ty: TypeId, bytes: &[u8]) -> Option<String> {
    if bytes.len() > LARGEST {
        return None;
    }
    let (btf, endian) = (&object.btf, object.endian);
    // Names of members come for each element of an array.
    let budget = bytes.len() * 64 + 4096;
    let mut values = Values { btf, names, endian, made: vec![0; bytes.len()], budget };
    let value = values.value(ty, bytes, 0, DEPTH)?;
    // What stands between members, or in several of a union, is not said by them.
    (values.made == bytes).then(|| {
        let mut out = String::new();
        value.write(&mut out, 4, 0);
        out
    })
}

/// A value, or the parts of one.
enum Value {
    Text(String),
    Parts(Vec<(Option<String>, Value)>),
}

impl Value {
    /// Columns that it takes in one line.
    fn width(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Parts(parts) if parts.is_empty() => 2,
            Self::Parts(parts) => {
                let part = |(name, value): &(Option<String>, Value)| {
                    name.as_ref().map_or(0, |name| name.len() + 2) + value.width() + 2
                };
                parts.iter().map(part).sum::<usize>() + 2
            }
        }
    }

    /// In one line if it fits there; else parts with names each have one of their own.
    fn write(&self, out: &mut String, indent: usize, before: usize) {
        let parts = match self {
            Self::Text(text) => return out.push_str(text),
            Self::Parts(parts) if parts.is_empty() => return out.push_str("{}"),
            Self::Parts(parts) => parts,
        };
        let long = indent + before + self.width() > WIDTH;
        let newline = |out: &mut String, indent: usize| {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
        };
        out.push('{');
        let mut column = WIDTH;
        for (i, (name, value)) in parts.iter().enumerate() {
            let name = name.as_ref().map_or(String::new(), |name| format!("{name}: "));
            let needs = name.len() + value.width() + 2;
            if long && (!name.is_empty() || column + needs > WIDTH) {
                newline(out, indent + 4);
                column = indent + 4;
            } else {
                out.push(' ');
            }
            column += needs;
            out.push_str(&name);
            value.write(out, indent + 4, name.len());
            if i + 1 < parts.len() {
                out.push(',');
            }
        }
        if long {
            newline(out, indent);
        } else {
            out.push(' ');
        }
        out.push('}');
    }
}

/// What the language makes of a type.
enum Shape<'a> {
    /// A number, and the names of an enum.
    Number(Class, &'a [Enumerator]),
    Array(TypeId),
    Members(&'a [Member], bool),
    /// Nothing but zero can be written.
    Zero,
}

/// The shape of a type.
fn shape(btf: &Btf, id: TypeId, depth: u32) -> Option<Shape<'_>> {
    let depth = depth.checked_sub(1)?;
    let ty = btf.get(id)?;
    let class = |signed| if signed { Class::Signed } else { Class::Unsigned };
    Some(match &ty.kind {
        Kind::Int { size: size @ (1 | 2 | 4 | 8), encoding, offset: 0, bits }
            if size * 8 == u32::from(*bits) =>
        {
            let class = match *size {
                1 if encoding.0 & IntEncoding::BOOL.0 != 0 => Class::Bool,
                1 if ty.name == "char" => Class::Char,
                _ => class(encoding.0 & IntEncoding::SIGNED.0 != 0),
            };
            Shape::Number(class, &[])
        }
        Kind::Enum { signed, values, .. } | Kind::Enum64 { signed, values, .. } => {
            Shape::Number(class(*signed), values)
        }
        Kind::Array { elem, .. } => Shape::Array(*elem),
        Kind::Struct { members, .. } => Shape::Members(members, false),
        Kind::Union { members, .. } => Shape::Members(members, true),
        Kind::Int { .. } | Kind::Ptr(_) | Kind::Float { .. } => Shape::Zero,
        Kind::Typedef(of) => match (shape(btf, *of, depth)?, builtin(&ty.name)) {
            // Such a name means more than what it stands for. What the language has no such name for is as it is.
            (Shape::Number(_, values), Some((size, class)))
                if values.is_empty() && btf.size_of(id) == Some(size) =>
            {
                Shape::Number(class, &[])
            }
            (_, Some(_)) => return None,
            (shape, None) => shape,
        },
        kind => shape(btf, kind.alias()?, depth)?,
    })
}

/// The number that a typedef means by its name, `__be16` say.
fn builtin(name: &str) -> Option<(u32, Class)> {
    let name = name.strip_prefix("__").unwrap_or(name);
    BUILTINS.iter().find(|builtin| builtin.name == name).map(|builtin| (builtin.size, builtin.class))
}

struct Values<'a> {
    btf: &'a Btf,
    names: &'a Names,
    endian: Endian,
    /// What the value so far stands for.
    made: Vec<u8>,
    /// How much more text there may be, and work.
    budget: usize,
}

impl Values<'_> {
    /// The value that stands at a place of the variable.
    fn value(&mut self, ty: TypeId, bytes: &[u8], at: usize, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let is_zero = bytes.iter().all(|b| *b == 0);
        let value = match shape(self.btf, ty, DEPTH)? {
            Shape::Number(class, values) => {
                let text = self.number(class, values, bytes)?;
                self.made.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
                Value::Text(text)
            }
            _ if is_zero => Value::Parts(vec![]),
            Shape::Zero => return None,
            Shape::Array(elem) => self.array(elem, bytes, at, depth)?,
            Shape::Members(members, union) => {
                let mut parts = vec![];
                self.members((members, union), bytes, at, &mut parts, depth)?;
                Value::Parts(parts)
            }
        };
        self.budget = self.budget.checked_sub(if let Value::Text(text) = &value { text.len() } else { 2 })?;
        Some(value)
    }

    fn number(&self, class: Class, values: &[Enumerator], bytes: &[u8]) -> Option<String> {
        let mut wide = [0; 8];
        let big = class == Class::Big || self.endian == Endian::Big;
        match big {
            true => wide[8 - bytes.len()..].copy_from_slice(bytes),
            false => wide[..bytes.len()].copy_from_slice(bytes),
        }
        let number = if big { u64::from_be_bytes(wide) } else { u64::from_le_bytes(wide) };
        let unused = 64 - 8 * u32::try_from(bytes.len()).ok()?;
        let signed = (number << unused).cast_signed() >> unused;
        Some(match class {
            Class::Bool if number > 1 => return None,
            Class::Big => format!("be{}({number})", 8 * bytes.len()),
            Class::Char if (0x20..0x7f).contains(&number) && !matches!(number, 0x27 | 0x5c) => {
                format!("'{}'", char::from(u8::try_from(number).ok()?))
            }
            Class::Signed => self.named(values, signed.into()).unwrap_or_else(|| signed.to_string()),
            _ => self.named(values, number.into()).unwrap_or_else(|| number.to_string()),
        })
    }

    /// The member of an enum that source finds, and finds to be this number.
    fn named(&self, values: &[Enumerator], number: i128) -> Option<String> {
        let name =
            values.iter().map(|v| v.name.as_str()).find(|name| self.names.constant(name) == Some(number))?;
        word(name).map(|name| name.into_owned())
    }

    fn array(&mut self, elem: TypeId, bytes: &[u8], at: usize, depth: u32) -> Option<Value> {
        let len = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
        if let Shape::Number(Class::Char, _) = shape(self.btf, elem, DEPTH)?
            && len < bytes.len()
        {
            self.made.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
            return Some(Value::Text(format!("\"{}\"", escape(&bytes[..len]))));
        }
        let size = usize::try_from(self.btf.size_of(elem)?).ok().filter(|size| *size > 0)?;
        let elements = bytes.chunks_exact(size).take(len.div_ceil(size)).enumerate();
        let parts = elements.map(|(i, bytes)| Some((None, self.value(elem, bytes, at + i * size, depth)?)));
        parts.collect::<Option<_>>().map(Value::Parts)
    }

    /// The members that are not zero; of a union the first that says all of it.
    fn members(
        &mut self,
        (members, union): (&[Member], bool),
        bytes: &[u8],
        at: usize,
        parts: &mut Vec<(Option<String>, Value)>,
        depth: u32,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let range = at..at + bytes.len();
        let mut end = 0;
        for member in members {
            let bits = match width(self.btf, member) {
                0 => u64::from(self.btf.size_of(member.ty)?) * 8,
                bits => bits.into(),
            };
            let start = u64::from(member.bit_offset);
            let field = Field { member, start, bits: (member.bit_size != 0).then_some(bits) };
            let room = usize::try_from(start / 8).ok()?..usize::try_from((start + bits).div_ceil(8)).ok()?;
            let held = bytes.get(room)?;
            // Members that share their bytes with many others are not looked at without end.
            self.budget = self.budget.checked_sub(1 + held.len() / 16)?;
            let is_zero = match field.bits {
                Some(bits) => get_bits(bytes, start, u32::try_from(bits).ok()?, self.endian) == 0,
                None => held.iter().all(|b| *b == 0),
            };
            if is_zero {
                continue;
            }
            if union {
                self.budget = self.budget.checked_sub(bytes.len() / 16)?;
                let (known, before) = (parts.len(), self.made.get(range.clone())?.to_vec());
                let done = self.member(field, bytes, at, parts, depth);
                let made = self.made.get_mut(range.clone())?;
                if done.is_some() && made == bytes {
                    return Some(());
                }
                parts.truncate(known);
                made.copy_from_slice(&before);
            } else {
                // Nothing is written twice.
                if start < end {
                    return None;
                }
                end = start + bits;
                self.member(field, bytes, at, parts, depth)?;
            }
        }
        if union { None } else { Some(()) }
    }

    fn member(
        &mut self,
        Field { member, start, bits }: Field,
        bytes: &[u8],
        at: usize,
        parts: &mut Vec<(Option<String>, Value)>,
        depth: u32,
    ) -> Option<()> {
        let shape = shape(self.btf, member.ty, DEPTH)?;
        let value = if let Some(bits) = bits {
            let Shape::Number(class, _) = shape else { return None };
            let bits = u32::try_from(bits).ok().filter(|bits| *bits <= 64)?;
            let number = get_bits(bytes, start, bits, self.endian);
            put_bits(self.made.get_mut(at..)?, start, bits, self.endian, number);
            let number = i128::try_from(number).ok()?;
            let negative = matches!(class, Class::Signed | Class::Char) && number >> (bits - 1) & 1 == 1;
            Value::Text((if negative { number - (1 << bits) } else { number }).to_string())
        } else {
            let start = usize::try_from(start / 8).ok()?;
            let size = usize::try_from(self.btf.size_of(member.ty)?).ok()?;
            let held = bytes.get(start..start.checked_add(size)?)?;
            match shape {
                Shape::Members(members, union) if member.name.is_empty() => {
                    return self.members((members, union), held, at + start, parts, depth);
                }
                _ => self.value(member.ty, held, at + start, depth)?,
            }
        };
        let name = word(&member.name)?.into_owned();
        self.budget = self.budget.checked_sub(name.len())?;
        parts.push((Some(name), value));
        Some(())
    }
}

/// A member with its first bit and, for a bit field, how many it has.
#[derive(Clone, Copy)]
struct Field<'a> {
    member: &'a Member,
    start: u64,
    bits: Option<u64>,
}
