//! Types as BTF, named as C names them.

use std::collections::HashMap;

use crate::btf::{Btf, Builder, FuncLinkage, IntEncoding, Kind, Member, Param, Type, TypeId};
use crate::expand::{BUILTINS, PlainFunc, Ty, TyId, Types};
use crate::uapi::section;

/// Writes types where they are used for the first time.
pub(super) struct TypeWriter<'a> {
    pub(super) types: &'a Types,
    pub(super) builder: Builder,
    ids: HashMap<TyId, TypeId>,
}

impl<'a> TypeWriter<'a> {
    pub(super) fn new(types: &'a Types) -> Self {
        Self { types, builder: Builder::default(), ids: HashMap::new() }
    }

    pub(super) fn finish(self) -> Btf {
        self.builder.finish()
    }

    /// The BTF type of a type.
    pub(super) fn id(&mut self, ty: TyId) -> TypeId {
        if let Some(id) = self.ids.get(&ty) {
            return *id;
        }
        let id = match self.types.get(ty).clone() {
            Ty::Builtin(index) => self.builtin(BUILTINS[index].name),
            Ty::Pointer(to) => {
                let to = to.map_or(TypeId::VOID, |to| self.id(to));
                self.builder.intern(Type::anonymous(Kind::Ptr(to)))
            }
            Ty::Forward(name, union) => self.builder.intern(Type::named(name, Kind::Fwd { union })),
            Ty::Array(elem, len) => {
                let elem = self.id(elem);
                self.array(elem, len)
            }
            Ty::Struct(index) => self.structure(index),
        };
        self.ids.insert(ty, id);
        id
    }

    fn structure(&mut self, index: usize) -> TypeId {
        let layout = &self.types.structs[index];
        let member = |writer: &mut Self, field: &crate::expand::FieldTy| Member {
            name: field.name.clone(),
            ty: writer.id(field.ty),
            bit_offset: field.offset.saturating_mul(8),
            bit_size: 0,
        };
        let members = layout.fields.iter().map(|field| member(self, field)).collect();
        let (size, bitfields) = (layout.size, false);
        let kind = if layout.union {
            Kind::Union { size, members, bitfields }
        } else {
            Kind::Struct { size, members, bitfields }
        };
        self.builder.intern(Type::named(&layout.name, kind))
    }

    fn array(&mut self, elem: TypeId, len: u32) -> TypeId {
        let index = self.int("__ARRAY_SIZE_TYPE__", 4, IntEncoding::UNSIGNED);
        self.builder.intern(Type::anonymous(Kind::Array { elem, index, len }))
    }

    fn int(&mut self, name: &str, size: u32, encoding: IntEncoding) -> TypeId {
        let bits = u8::try_from(size * 8).unwrap_or(u8::MAX);
        self.builder.intern(Type::named(name, Kind::Int { size, encoding, offset: 0, bits }))
    }

    fn typedef(&mut self, name: &str, ty: TypeId) -> TypeId {
        self.builder.intern(Type::named(name, Kind::Typedef(ty)))
    }

    /// A built-in type: C's names, as the kernel's headers spell them.
    fn builtin(&mut self, name: &str) -> TypeId {
        const UNSIGNED: IntEncoding = IntEncoding::UNSIGNED;
        const SIGNED: IntEncoding = IntEncoding::SIGNED;
        let (typedef, base, size, encoding) = match name {
            "u8" => ("__u8", "unsigned char", 1, UNSIGNED),
            "u16" => ("__u16", "unsigned short", 2, UNSIGNED),
            "u32" => ("__u32", "unsigned int", 4, UNSIGNED),
            "u64" => ("__u64", "unsigned long long", 8, UNSIGNED),
            "s8" => ("__s8", "signed char", 1, SIGNED),
            "s16" => ("__s16", "short", 2, SIGNED),
            "s32" => ("__s32", "int", 4, SIGNED),
            "s64" => ("__s64", "long long", 8, SIGNED),
            "bool" => return self.int("_Bool", 1, IntEncoding::BOOL),
            "char" => return self.int("char", 1, SIGNED),
            "be16" | "be32" | "be64" => {
                let number = self.builtin(&name.replace("be", "u"));
                return self.typedef(&format!("__{name}"), number);
            }
            "ip4" => {
                let number = self.builtin("be32");
                return self.typedef(name, number);
            }
            _ => {
                let byte = self.builtin("u8");
                let bytes = self.array(byte, if name == "mac" { 6 } else { 16 });
                return self.typedef(name, bytes);
            }
        };
        let int = self.int(base, size, encoding);
        self.typedef(typedef, int)
    }

    /// The type of a function: a program takes a pointer to its context and gives an `int`.
    pub(super) fn func(&mut self, func: &PlainFunc) -> TypeId {
        let (ret, params, linkage) = match &func.section {
            Some(section) => {
                let int = self.int("int", 4, IntEncoding::SIGNED);
                let ctx = section::parse(section).map_or("", |s| s.def.ctx);
                (int, vec![self.context(ctx)], FuncLinkage::GLOBAL)
            }
            None => {
                let ret = func.result.map_or(TypeId::VOID, |ty| self.id(ty));
                let param = |(name, ty): &(String, TyId)| Param { name: name.clone(), ty: self.id(*ty) };
                (ret, func.params.iter().map(param).collect(), FuncLinkage::STATIC)
            }
        };
        let proto = self.builder.intern(Type::anonymous(Kind::FuncProto { ret, params }));
        self.builder.add(Type::named(&func.name, Kind::Func { proto, linkage }))
    }

    /// The struct or union of that name; where the source does not declare it, an empty one.
    pub(super) fn structure_named(&mut self, name: &str, union: bool) -> TypeId {
        let declared = self.types.iter().find(|(_, ty)| match ty {
            Ty::Struct(s) => self.types.structs[*s].name == name && self.types.structs[*s].union == union,
            _ => false,
        });
        if let Some((ty, _)) = declared {
            return self.id(ty);
        }
        let (size, members, bitfields) = (0, vec![], false);
        let kind = if union {
            Kind::Union { size, members, bitfields }
        } else {
            Kind::Struct { size, members, bitfields }
        };
        self.builder.intern(Type::named(name, kind))
    }

    /// `struct xdp_md *ctx`. The kernel knows the struct by its name, so where the source does not declare it
    /// an empty one will do.
    fn context(&mut self, name: &str) -> Param {
        let to = if name.is_empty() { TypeId::VOID } else { self.structure_named(name, false) };
        Param { name: "ctx".to_string(), ty: self.builder.intern(Type::anonymous(Kind::Ptr(to))) }
    }
}
