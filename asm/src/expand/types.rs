//! Types with their layout, as C lays them out.

use std::collections::HashMap;

use super::Reported;
use super::names::written;
use crate::diag::Span;
use crate::isa::{Endian, Size};

/// The number of a type in [`Types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TyId(pub usize);

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ty {
    /// One of [`BUILTINS`], by its index.
    Builtin(usize),
    /// A pointer; `None`: to `void`.
    Pointer(Option<TyId>),
    /// What a pointer to a struct points to: its name is enough.
    Forward(String, bool),
    /// An array: element and length; 0 for one at the end of a struct that has as many as there are.
    Array(TyId, u32),
    /// A struct or union, by its index in [`Types::structs`].
    Struct(usize),
    /// An enum, by its index in [`Types::enums`].
    Enum(usize),
    /// Another name for a type, and its declaration tags.
    Alias(String, TyId, Vec<String>),
    /// What a pointer with a tag points to; `None`: `void`.
    Tag(String, Option<TyId>),
    /// A function, to which there are pointers only: parameters and result.
    Func(Vec<(String, TyId)>, Option<TyId>),
    /// A number that no instruction takes, by its name in C and size in bytes: 16-byte integers, and floating
    /// point, where true.
    Foreign(String, u32, bool),
}

/// How the bytes of a built-in type are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// An unsigned number in the target's order.
    Unsigned,
    /// A signed number in the target's order.
    Signed,
    /// An unsigned number, most significant byte first.
    Big,
    /// True or false.
    Bool,
    /// A character.
    Char,
    /// Bytes that no single load takes.
    Bytes,
}

/// A built-in type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its size in bytes.
    pub size: u32,
    /// Its alignment in bytes.
    pub align: u32,
    /// What it means.
    pub class: Class,
}

const fn builtin(name: &'static str, size: u32, align: u32, class: Class) -> Builtin {
    Builtin { name, size, align, class }
}

/// All built-in types.
pub const BUILTINS: &[Builtin] = &[
    builtin("u8", 1, 1, Class::Unsigned),
    builtin("u16", 2, 2, Class::Unsigned),
    builtin("u32", 4, 4, Class::Unsigned),
    builtin("u64", 8, 8, Class::Unsigned),
    builtin("s8", 1, 1, Class::Signed),
    builtin("s16", 2, 2, Class::Signed),
    builtin("s32", 4, 4, Class::Signed),
    builtin("s64", 8, 8, Class::Signed),
    builtin("be16", 2, 2, Class::Big),
    builtin("be32", 4, 4, Class::Big),
    builtin("be64", 8, 8, Class::Big),
    builtin("bool", 1, 1, Class::Bool),
    builtin("char", 1, 1, Class::Char),
    builtin("ip4", 4, 4, Class::Big),
    builtin("ip6", 16, 4, Class::Bytes),
    builtin("mac", 6, 1, Class::Bytes),
];

/// A struct or union with its layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructTy {
    /// Its name; empty for an anonymous one.
    pub name: String,
    /// Whether members lie over one another.
    pub union: bool,
    /// Size in bytes, padding at the end included.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Whether its fields are found anew in the kernel that loads the program.
    pub core: bool,
    /// Its declaration tags.
    pub tags: Vec<String>,
    /// Its members, in order; an anonymous one has an empty name.
    pub fields: Vec<FieldTy>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTy {
    /// Its name; empty for an anonymous struct or union.
    pub name: String,
    /// Its type.
    pub ty: TyId,
    /// Offset in bytes; of a bit field, that of its first byte.
    pub offset: u32,
    /// Where a bit field lies.
    pub bits: Option<Bits>,
    /// Its declaration tags.
    pub tags: Vec<String>,
}

/// Where a bit field lies. Bits are counted in the order of memory: on a little-endian target from the least
/// significant bit of the first byte, on a big-endian one from its most significant bit, as BTF counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bits {
    /// Bits before it from the start of its struct.
    pub offset: u32,
    /// Its width in bits.
    pub size: u32,
    /// The smallest unit that holds it whole and that one instruction loads: byte offset in the struct, and size.
    /// `None`: it lies across more than eight bytes.
    pub unit: Option<(u32, Size)>,
}

impl Bits {
    /// Finds the unit for a field of a struct of so many bytes: an aligned one, where the struct holds it.
    #[must_use]
    pub fn new(offset: u32, size: u32, within: u32) -> Self {
        let end = u64::from(offset) + u64::from(size);
        let holds = |start: u32, bytes: u32| {
            let after = u64::from(start) + u64::from(bytes);
            after * 8 >= end && after <= u64::from(within)
        };
        let units = || [Size::B, Size::H, Size::W, Size::DW].into_iter();
        let first = offset / 8;
        let aligned = units().map(|unit| (first / u32::from(unit.bytes()) * u32::from(unit.bytes()), unit));
        let last = u32::try_from(end.div_ceil(8)).unwrap_or(u32::MAX);
        let ending = units().map(|unit| (last.saturating_sub(u32::from(unit.bytes())).min(first), unit));
        let unit = aligned.chain(ending).find(|(start, unit)| holds(*start, u32::from(unit.bytes())));
        Self { offset, size, unit }
    }

    /// How far the unit, once loaded, is shifted to the right to have the field in its lowest bits.
    #[must_use]
    pub fn shift(&self, endian: Endian) -> Option<u32> {
        let (start, unit) = self.unit?;
        let before = self.offset - start * 8;
        Some(match endian {
            Endian::Little => before,
            Endian::Big => u32::from(unit.bytes()) * 8 - before - self.size,
        })
    }
}

/// An enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumTy {
    /// Its name; empty for an anonymous one.
    pub name: String,
    /// The type of its values, a built-in one.
    pub base: TyId,
    /// Its members with their values, as the target has them.
    pub values: Vec<(String, i128)>,
}

/// A part of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes from the start to it or, for a bit field, to the struct that it belongs to.
    pub(super) offset: u32,
    /// What stands there.
    pub(super) ty: TyId,
    /// Where a bit field lies.
    pub(super) bits: Option<Bits>,
}

impl Place {
    /// The start of a type.
    pub(super) fn of(ty: TyId) -> Self {
        Self { offset: 0, ty, bits: None }
    }

    /// Bytes from the start to it; of a bit field, to the unit that it lies in.
    pub(super) fn start(&self) -> u32 {
        let within = self.bits.map_or(0, |bits| bits.unit.map_or(bits.offset / 8, |unit| unit.0));
        self.offset.saturating_add(within)
    }
}

/// All types that were met.
#[derive(Debug, Default)]
pub struct Types {
    list: Vec<Ty>,
    index: HashMap<Ty, TyId>,
    /// Structs and unions.
    pub structs: Vec<StructTy>,
    /// Enums.
    pub enums: Vec<EnumTy>,
    /// Declared ones by the place of their name; `None` while one is being worked out.
    pub(super) by_name: HashMap<Span, Option<Result<TyId, Reported>>>,
}

impl Types {
    /// The type of a number, behind its other names.
    #[must_use]
    pub fn get(&self, id: TyId) -> &Ty {
        // An alias is made after what it stands for.
        let mut ty = self.named(id);
        while let Ty::Alias(_, of, _) = ty {
            ty = self.named(*of);
        }
        ty
    }

    /// The type of a number, as it was named.
    #[must_use]
    pub fn named(&self, id: TyId) -> &Ty {
        &self.list[id.0]
    }

    /// All types with their numbers, as they were named.
    pub fn iter(&self) -> impl Iterator<Item = (TyId, &Ty)> {
        self.list.iter().enumerate().map(|(i, ty)| (TyId(i), ty))
    }

    pub(super) fn add(&mut self, ty: Ty) -> TyId {
        *self.index.entry(ty).or_insert_with_key(|ty| {
            self.list.push(ty.clone());
            TyId(self.list.len() - 1)
        })
    }

    /// A built-in type by name.
    pub fn builtin(&mut self, name: &str) -> Option<TyId> {
        let index = BUILTINS.iter().position(|b| b.name == name)?;
        Some(self.add(Ty::Builtin(index)))
    }

    /// Size and alignment in bytes.
    #[must_use]
    pub fn layout(&self, id: TyId) -> (u32, u32) {
        match self.get(id) {
            Ty::Builtin(b) => (BUILTINS[*b].size, BUILTINS[*b].align),
            Ty::Pointer(_) => (8, 8),
            Ty::Forward(..) | Ty::Func(..) | Ty::Tag(..) => (0, 1),
            Ty::Enum(e) => self.layout(self.enums[*e].base),
            Ty::Foreign(_, size, _) => (*size, *size),
            Ty::Alias(_, of, _) => self.layout(*of),
            // Checked when the array was made.
            Ty::Array(elem, len) => {
                let (size, align) = self.layout(*elem);
                (size.saturating_mul(*len), align)
            }
            Ty::Struct(s) => (self.structs[*s].size, self.structs[*s].align),
        }
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self, id: TyId) -> u32 {
        self.layout(id).0
    }

    /// What a person calls it.
    #[must_use]
    pub fn name(&self, id: TyId) -> String {
        let or = |name: &str, shape: &str| if name.is_empty() { shape.to_string() } else { name.to_string() };
        match self.named(id) {
            Ty::Builtin(b) => BUILTINS[*b].name.to_string(),
            Ty::Pointer(Some(to)) => format!("*{}", self.name(*to)),
            Ty::Pointer(None) => "*void".to_string(),
            Ty::Forward(name, _) | Ty::Alias(name, ..) | Ty::Foreign(name, ..) => name.clone(),
            Ty::Array(..) => self.array_name(id),
            Ty::Struct(s) => {
                let shape = if self.structs[*s].union { "union { … }" } else { "struct { … }" };
                or(&self.structs[*s].name, shape)
            }
            Ty::Enum(e) => or(&self.enums[*e].name, "enum { … }"),
            Ty::Tag(tag, to) => {
                format!("{tag} {}", to.map_or_else(|| "void".to_string(), |to| self.name(to)))
            }
            Ty::Func(..) => "func(…)".to_string(),
        }
    }

    /// `u8[2][3]`: the length of the whole stands first.
    fn array_name(&self, id: TyId) -> String {
        let (mut lengths, mut elem) = (String::new(), id);
        while let Ty::Array(of, len) = self.named(elem) {
            lengths += &if *len == 0 { "[]".to_string() } else { format!("[{len}]") };
            elem = *of;
        }
        self.name(elem) + &lengths
    }

    /// How the bytes of a number are meant; `None` for what is no number.
    #[must_use]
    pub fn class(&self, id: TyId) -> Option<Class> {
        match self.get(id) {
            Ty::Builtin(b) => Some(BUILTINS[*b].class).filter(|class| *class != Class::Bytes),
            Ty::Enum(e) => self.class(self.enums[*e].base),
            _ => None,
        }
    }

    /// The one load that takes a value of the type: its size, and whether it is signed.
    #[must_use]
    pub fn access(&self, id: TyId) -> Option<(Size, bool)> {
        let signed = match self.get(id) {
            Ty::Pointer(_) => false,
            _ => self.class(id)? == Class::Signed,
        };
        let size = Size::from_bytes(u64::from(self.size(id)))?;
        Some((size, signed && size != Size::DW))
    }

    /// The struct or union of that name, where its layout is known.
    #[must_use]
    pub fn declared(&self, name: &str, union: bool) -> Option<TyId> {
        let found = |s: &StructTy| s.name == name && s.union == union && !name.is_empty();
        let index = self.structs.iter().position(found)?;
        self.index.get(&Ty::Struct(index)).copied()
    }

    /// The least and the greatest value of a number, as its bytes are read in the order that they have.
    #[must_use]
    pub fn range(&self, id: TyId) -> (i128, i128) {
        let bits = 8 * self.size(id).min(8);
        match self.class(id) {
            Some(Class::Bool) => (0, 1),
            Some(Class::Signed) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            _ => (0, (1 << bits) - 1),
        }
    }

    /// Whether its bytes are a number, most significant byte first.
    #[must_use]
    pub fn is_big(&self, id: TyId) -> bool {
        self.class(id) == Some(Class::Big)
    }

    /// The path to what begins that many bytes into a type: `.a.b[2]`. `None`: nothing begins there.
    pub(super) fn path_to(&self, id: TyId, offset: u32) -> Option<String> {
        if offset == 0 { Some(String::new()) } else { self.path_within(id, offset) }
    }

    /// The same with at least one step, for a struct that has no name itself.
    fn path_within(&self, id: TyId, offset: u32) -> Option<String> {
        match self.get(id) {
            Ty::Array(elem, len) => {
                let size = self.size(*elem);
                let index = offset.checked_div(size).filter(|index| index < len)?;
                Some(format!("[{index}]{}", self.path_to(*elem, offset % size)?))
            }
            Ty::Struct(s) => self.structs[*s].fields.iter().filter(|f| f.bits.is_none()).find_map(|field| {
                let rest = offset.checked_sub(field.offset)?;
                if field.name.is_empty() {
                    return self.path_within(field.ty, rest);
                }
                Some(format!(".{}{}", written(&field.name), self.path_to(field.ty, rest)?))
            }),
            _ => None,
        }
    }

    /// The member of a struct, also within anonymous ones.
    pub(super) fn member(&self, structure: usize, name: &str) -> Option<Place> {
        self.structs[structure].fields.iter().find_map(|f| match self.get(f.ty) {
            // Where a bit field lies is counted from the start of its struct.
            _ if f.name == name => {
                let offset = if f.bits.is_some() { 0 } else { f.offset };
                Some(Place { offset, ty: f.ty, bits: f.bits })
            }
            Ty::Struct(inner) if f.name.is_empty() => {
                let place = self.member(*inner, name)?;
                Some(Place { offset: f.offset.saturating_add(place.offset), ..place })
            }
            _ => None,
        })
    }

    /// Appends the numbers of the members that lead to one, through anonymous ones; gives the struct that it
    /// belongs to.
    pub(super) fn member_indices(&self, structure: usize, name: &str, to: &mut Vec<usize>) -> Option<usize> {
        self.structs[structure].fields.iter().enumerate().find_map(|(i, f)| {
            to.push(i);
            let found = match self.get(f.ty) {
                _ if f.name == name => Some(structure),
                Ty::Struct(inner) if f.name.is_empty() => self.member_indices(*inner, name, to),
                _ => None,
            };
            if found.is_none() {
                to.pop();
            }
            found
        })
    }

    /// The names of all members, those of anonymous ones too.
    #[must_use]
    pub fn member_names(&self, structure: usize) -> Vec<&str> {
        let fields = self.structs[structure].fields.iter();
        fields
            .flat_map(|f| match self.get(f.ty) {
                Ty::Struct(inner) if f.name.is_empty() => self.member_names(*inner),
                _ if f.name.is_empty() => vec![],
                _ => vec![f.name.as_str()],
            })
            .collect()
    }
}
