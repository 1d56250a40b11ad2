//! Tables of functions for the kernel (struct_ops): a variable of the object as the kernel lays its struct out.

use std::rc::Rc;

use thiserror::Error;

use super::Wrong;
use super::alike::{members, same_kind};
use super::types::Types;
use crate::btf::{Btf, Kind, Scan, Type, TypeId};

/// What the name of the struct around a table begins with, in a kernel.
pub const AROUND: &str = "bpf_struct_ops_";

/// A table as a kernel takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The struct around it, with all values but those of functions.
    pub bytes: Vec<u8>,
    /// Its functions.
    pub entries: Vec<Entry>,
}

/// A function in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The program: index in [`Object::funcs`](crate::object::Object::funcs).
    pub func: usize,
    /// Which member of the kernel's struct it is.
    pub member: u32,
    /// Where the kernel wants its descriptor: bytes from the start of [`Table::bytes`].
    pub offset: usize,
}

/// A variable that is a table.
#[derive(Debug, Clone, Copy)]
pub struct Local<'o> {
    /// The object's types.
    pub types: &'o Btf,
    /// Its type.
    pub ty: TypeId,
    /// Its bytes.
    pub bytes: &'o [u8],
    /// The functions that it names, by their places in it.
    pub funcs: &'o [(u32, usize)],
}

/// The struct around tables of a kind, in a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Kernel<'t, 'k> {
    /// The kernel's types.
    pub types: &'t Scan<'k>,
    /// The struct around the table.
    pub around: TypeId,
    /// The table's own.
    pub table: TypeId,
}

/// A table that no kernel, or not this one, takes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// A member that the kernel does not have, with a value.
    #[error("this kernel has no member `{0}` in it")]
    Missing(String),
    /// A member that is something else there.
    #[error("member `{0}` is of another kind or size in this kernel")]
    Other(String),
    /// A bit field.
    #[error("member `{0}` is a bit field, which has no place in such a table")]
    Bits(String),
    /// A function where the kernel has none.
    #[error("member `{0}` is no function in this kernel")]
    NoFunction(String),
    /// A function whose place is no member.
    #[error("it names a function at byte {0}, where no member begins")]
    Nowhere(u32),
    /// The kernel's struct around it has no place for it.
    #[error("the kernel's struct around it has no place for it")]
    Around,
    /// Types that are not what they should be.
    #[error(transparent)]
    Types(#[from] Wrong),
}

impl<'k> Types for &Scan<'k> {
    type Name = &'k str;
    type Ref = Rc<Type<&'k str>>;

    fn get(&self, id: TypeId) -> Result<Option<Self::Ref>, Wrong> {
        if id == TypeId::VOID {
            return Ok(None);
        }
        Scan::get(self, id).map_err(Wrong::Kernel)?.map(|ty| Some(Rc::new(ty))).ok_or(Wrong::NoKernelType(id))
    }

    fn pointer(&self) -> u32 {
        if self.is_32_bit() { 4 } else { 8 }
    }
}

/// Lays a table out as the kernel does: each member goes to the one of its name.
///
/// # Errors
/// Why this kernel cannot take it.
pub fn table(local: &Local<'_>, kernel: &Kernel<'_, '_>) -> Result<Table, TableError> {
    let (ours, theirs) = (local.types, kernel.types);
    let around = Types::get(&theirs, kernel.around)?;
    let place = around.as_ref().and_then(|ty| members(&ty.kind)?.iter().find(|m| m.ty == kernel.table));
    let place = place.ok_or(TableError::Around)?;
    let start = bytes(place.bit_offset / 8);
    let size = bytes((&theirs).size(kernel.around)?);
    let table = Types::get(&theirs, kernel.table)?;
    let known = table.as_ref().and_then(|ty| members(&ty.kind)).unwrap_or_default();

    let own = (&ours).resolve(local.ty)?.1.and_then(|ty| members(&ty.kind)).unwrap_or_default();
    let mut laid = Table { bytes: vec![0; size], entries: vec![] };
    let mut named: Vec<(u32, usize)> = local.funcs.to_vec();
    for member in own {
        let name = || member.name.clone();
        let from = member.bit_offset / 8;
        let len = bytes((&ours).size(member.ty)?);
        let value = local.bytes.get(bytes(from)..).and_then(|rest| rest.get(..len)).unwrap_or_default();
        let func = named.iter().position(|(at, _)| *at == from).map(|at| named.swap_remove(at).1);
        let Some((index, to)) = (0u32..).zip(known).find(|(_, k)| k.name == member.name) else {
            if func.is_some() || value.iter().any(|b| *b != 0) {
                return Err(TableError::Missing(name()));
            }
            continue;
        };
        if member.bit_size != 0 || to.bit_size != 0 {
            return Err(TableError::Bits(name()));
        }
        let ((_, mine), (_, there)) = ((&ours).resolve(member.ty)?, (&theirs).resolve(to.ty)?);
        if !same_kind(mine.map(|ty| &ty.kind), there.as_ref().map(|ty| &ty.kind)) {
            return Err(TableError::Other(name()));
        }
        let offset = start + bytes(to.bit_offset / 8);
        if let Some(Kind::Ptr(pointed)) = there.as_ref().map(|ty| &ty.kind) {
            let Some(func) = func else { continue };
            let proto = (&theirs).resolve(*pointed)?.1;
            if !matches!(proto.as_ref().map(|ty| &ty.kind), Some(Kind::FuncProto { .. })) {
                return Err(TableError::NoFunction(name()));
            }
            laid.entries.push(Entry { func, member: index, offset });
        } else if func.is_some() {
            return Err(TableError::NoFunction(name()));
        } else {
            let room = laid.bytes.get_mut(offset..).and_then(|rest| rest.get_mut(..len));
            match room {
                Some(room) if bytes((&theirs).size(to.ty)?) == len && value.len() == len => {
                    room.copy_from_slice(value);
                }
                _ => return Err(TableError::Other(name())),
            }
        }
    }
    match named.first() {
        Some((at, _)) => Err(TableError::Nowhere(*at)),
        None => Ok(laid),
    }
}

/// A number of bytes as an index.
fn bytes(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::{IntEncoding, Member};
    use crate::isa::Endian;

    /// Name, type and place of members.
    type Members<'a> = &'a [(&'a str, u32, u32)];
    /// Places of functions.
    type Funcs<'a> = &'a [(u32, usize)];

    /// Types 1 to 6: `u32`, `u64`, a function, pointers to a number and to the function; then a struct of these members,
    /// and one around it with 8 bytes before.
    fn types(members: Members, size: u32) -> Btf {
        let int = |size: u32, bits| Kind::Int { size, encoding: IntEncoding::UNSIGNED, offset: 0, bits };
        let member = |(name, ty, at): &(&str, u32, u32)| Member {
            name: (*name).into(),
            ty: TypeId(*ty),
            bit_offset: at * 8,
            bit_size: 0,
        };
        let mut btf = Btf::default();
        btf.add(Type::named("u32", int(4, 32)));
        btf.add(Type::named("u64", int(8, 64)));
        btf.add(Type::anonymous(Kind::FuncProto { ret: TypeId(1), params: vec![] }));
        btf.add(Type::anonymous(Kind::Ptr(TypeId(1))));
        btf.add(Type::anonymous(Kind::Ptr(TypeId(3))));
        btf.add(Type::anonymous(Kind::Const(TypeId(1))));
        let members = members.iter().map(member).collect();
        btf.add(Type::named("ops", Kind::Struct { size, members, bitfields: false }));
        let data = Member { name: "data".into(), ty: TypeId(7), bit_offset: 64, bit_size: 0 };
        let around = Kind::Struct { size: size + 8, members: vec![data], bitfields: false };
        btf.add(Type::named("bpf_struct_ops_ops", around));
        btf
    }

    fn laid(local: &Btf, bytes: &[u8], funcs: Funcs, kernel: &Btf) -> Result<Table, String> {
        let encoded = kernel.encode(Endian::Little).expect("encoded");
        let scan = Scan::new(&encoded).expect("types");
        let local = Local { types: local, ty: TypeId(7), bytes, funcs };
        let kernel = Kernel { types: &scan, around: TypeId(8), table: TypeId(7) };
        table(&local, &kernel).map_err(|e| e.to_string())
    }

    #[test]
    fn members_go_where_those_of_their_names_are() {
        let local = types(&[("first", 5, 0), ("flags", 6, 8), ("gone", 2, 16), ("second", 5, 24)], 32);
        let kernel = types(&[("new", 2, 0), ("second", 5, 8), ("flags", 1, 16), ("first", 5, 24)], 32);
        let mut bytes = [0; 32];
        bytes[8] = 7;
        let table = laid(&local, &bytes, &[(0, 10), (24, 11)], &kernel).expect("a table");
        let mut wanted = vec![0; 40];
        wanted[8 + 16] = 7;
        assert_eq!(table.bytes, wanted);
        let entry = |func, member, offset| Entry { func, member, offset };
        assert_eq!(table.entries, [entry(10, 3, 32), entry(11, 1, 16)]);

        bytes[16] = 1;
        assert_eq!(laid(&local, &bytes, &[], &kernel), Err("this kernel has no member `gone` in it".into()));
    }

    #[test]
    fn what_the_kernel_has_otherwise_is_refused() {
        let kernel = types(&[("a", 1, 0), ("f", 4, 8), ("g", 5, 16)], 24);
        let cases: [(Members, Funcs, &str); 6] = [
            (&[("a", 2, 0)], &[], "member `a` is of another kind or size in this kernel"),
            (&[("a", 5, 0)], &[(0, 1)], "member `a` is of another kind or size in this kernel"),
            (&[("f", 5, 0)], &[(0, 1)], "member `f` is no function in this kernel"),
            (&[("h", 5, 0)], &[(0, 1)], "this kernel has no member `h` in it"),
            (&[("g", 5, 0)], &[(4, 1)], "it names a function at byte 4, where no member begins"),
            (&[("a", 1, 0)], &[(0, 1)], "member `a` is no function in this kernel"),
        ];
        for (members, funcs, said) in cases {
            assert_eq!(laid(&types(members, 24), &[0; 24], funcs, &kernel), Err(said.into()), "{members:?}");
        }
        // A pointer that names no function is nothing.
        assert_eq!(laid(&types(&[("f", 5, 0)], 24), &[0; 24], &[], &kernel).expect("a table").entries, []);
    }
}
