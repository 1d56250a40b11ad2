//! Types as BTF, named as C names them.

use std::collections::HashMap;

use crate::btf::{Btf, Builder, Enumerator, FuncLinkage, IntEncoding, Kind, Member, Param, Type, TypeId};
use crate::expand::{BUILTINS, Class, FieldTy, PlainFunc, Program, Ty, TyId, Types};
use crate::object::Linkage;
use crate::uapi::section;

/// Writes types where they are used for the first time.
pub(super) struct TypeWriter<'a> {
    pub(super) types: &'a Types,
    pub(super) builder: Builder,
    ids: HashMap<TyId, TypeId>,
    /// Structs and, where true, unions by name.
    named: HashMap<(&'a str, bool), TyId>,
    /// Structs that have no members yet.
    pending: Vec<(TypeId, usize)>,
}

impl<'a> TypeWriter<'a> {
    pub(super) fn new(types: &'a Types) -> Self {
        let mut named = HashMap::new();
        for (id, ty) in types.iter() {
            if let Ty::Struct(index) = ty {
                let layout = &types.structs[*index];
                named.entry((layout.name.as_str(), layout.union)).or_insert(id);
            }
        }
        Self { types, builder: Builder::default(), ids: HashMap::new(), named, pending: vec![] }
    }

    pub(super) fn finish(mut self) -> Btf {
        let types = self.types;
        while let Some((id, index)) = self.pending.pop() {
            let members = types.structs[index].fields.iter().map(|field| self.member(field)).collect();
            self.builder.replace(id, self.layout(index, members));
            let layout = &types.structs[index];
            self.tag(id, layout.tags.iter().map(|tag| (None, tag)));
            let fields = layout.fields.iter().enumerate();
            self.tag(id, fields.flat_map(|(i, field)| field.tags.iter().map(move |tag| (Some(i), tag))));
        }
        self.builder.finish()
    }

    /// The BTF type of a type.
    pub(super) fn id(&mut self, ty: TyId) -> TypeId {
        if let Some(id) = self.ids.get(&ty) {
            return *id;
        }
        let id = match self.types.named(ty).clone() {
            Ty::Builtin(index) => self.builtin(BUILTINS[index].name),
            Ty::Pointer(to) => {
                let to = to.map_or(TypeId::VOID, |to| self.id(to));
                self.builder.intern(Type::anonymous(Kind::Ptr(to)))
            }
            Ty::Forward(name, union) => match self.named.get(&(name.as_str(), union)) {
                Some(declared) => return self.id(*declared),
                None => self.builder.intern(Type::named(name, Kind::Fwd { union })),
            },
            Ty::Array(elem, len) => {
                let elem = self.id(elem);
                self.array(elem, len)
            }
            Ty::Struct(index) => return self.structure(ty, index),
            Ty::Enum(index) => self.enumeration(index),
            Ty::Tag(tag, to) => {
                let to = match to.map(|to| self.types.named(to).clone()) {
                    // The kernel wants a struct behind a tag, not the name of one.
                    Some(Ty::Forward(name, union)) => self.structure_named(&name, union),
                    _ => to.map_or(TypeId::VOID, |to| self.id(to)),
                };
                self.builder.intern(Type::named(tag, Kind::TypeTag { ty: to, attribute: false }))
            }
            Ty::Alias(name, of, tags) => {
                let of = self.id(of);
                let id = self.typedef(&name, of);
                self.tag(id, tags.iter().map(|tag| (None, tag)));
                id
            }
            Ty::Func(params, result) => {
                let ret = result.map_or(TypeId::VOID, |ty| self.id(ty));
                let param = |(name, ty): (String, TyId)| Param { name, ty: self.id(ty) };
                let params = params.into_iter().map(param).collect();
                self.builder.intern(Type::anonymous(Kind::FuncProto { ret, params }))
            }
            Ty::Foreign(name, size, true) => self.builder.intern(Type::named(name, Kind::Float { size })),
            Ty::Foreign(name, size, false) => self.int(&name, size, IntEncoding::UNSIGNED),
        };
        self.ids.insert(ty, id);
        id
    }

    /// The number of a struct. Its members come later: they may point to it, and to any depth of others.
    fn structure(&mut self, ty: TyId, index: usize) -> TypeId {
        let id = self.builder.add(self.layout(index, vec![]));
        self.ids.insert(ty, id);
        self.pending.push((id, index));
        id
    }

    fn layout(&self, index: usize, members: Vec<Member>) -> Type {
        let layout = &self.types.structs[index];
        let size = layout.size;
        let bitfields = !members.is_empty() && layout.fields.iter().any(|field| field.bits.is_some());
        Type::named(
            &layout.name,
            match layout.union {
                true => Kind::Union { size, members, bitfields },
                false => Kind::Struct { size, members, bitfields },
            },
        )
    }

    fn member(&mut self, field: &FieldTy) -> Member {
        Member {
            name: field.name.clone(),
            ty: self.id(field.ty),
            bit_offset: field.bits.map_or(field.offset.saturating_mul(8), |bits| bits.offset),
            // At most 64.
            bit_size: field.bits.map_or(0, |bits| u8::try_from(bits.size).unwrap_or(0)),
        }
    }

    fn enumeration(&mut self, index: usize) -> TypeId {
        let types = self.types;
        let layout = &types.enums[index];
        let (size, signed) = (types.size(layout.base), types.class(layout.base) == Some(Class::Signed));
        // As 64 bits; those of 64 bits without a sign are meant modulo 2⁶⁴.
        let value = |v: &i128| {
            i64::try_from(*v).or_else(|_| u64::try_from(*v).map(u64::cast_signed)).unwrap_or_default()
        };
        let one = |(name, v): &(String, i128)| Enumerator { name: name.clone(), value: value(v) };
        let values = layout.values.iter().map(one).collect();
        let kind = match size {
            8 => Kind::Enum64 { size, signed, values },
            _ => Kind::Enum { size, signed, values },
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
        let global = func.symbol.linkage == Linkage::Global;
        let (ret, params) = match &func.section {
            Some(section) => {
                let int = self.int("int", 4, IntEncoding::SIGNED);
                let ctx = section::parse(section).map_or("", |s| s.def.ctx);
                (int, vec![self.context(ctx)])
            }
            None => {
                let ret = func.result.map_or(TypeId::VOID, |ty| self.id(ty));
                // The kernel looks at what arguments of a global function point to.
                let mut id = |ty| if global { self.whole(ty) } else { self.id(ty) };
                let param = |(name, ty): &(String, TyId)| Param { name: name.clone(), ty: id(*ty) };
                (ret, func.params.iter().map(param).collect())
            }
        };
        let proto = self.builder.intern(Type::anonymous(Kind::FuncProto { ret, params }));
        let linkage = if global { FuncLinkage::GLOBAL } else { FuncLinkage::STATIC };
        let id = self.builder.add(Type::named(&func.symbol.name, Kind::Func { proto, linkage }));
        self.tag(id, func.tags.iter().map(|(param, tag)| (*param, tag)));
        id
    }

    /// Declaration tags of something or, with numbers, of its parts.
    pub(super) fn tag<'t>(&mut self, ty: TypeId, tags: impl Iterator<Item = (Option<usize>, &'t String)>) {
        for (part, tag) in tags {
            self.contained(tag);
            let component = part.and_then(|n| i32::try_from(n).ok()).unwrap_or(-1);
            self.builder.intern(Type::named(tag, Kind::DeclTag { ty, component, attribute: false }));
        }
    }

    /// What a list or tree holds, `contains:TYPE:FIELD`, is a type of the object too: the kernel looks for it there.
    pub(super) fn contained(&mut self, tag: &str) {
        let named = tag.strip_prefix("contains:").and_then(|rest| rest.split_once(':'));
        if let Some(ty) = named.and_then(|(name, _)| self.named.get(&(name, false)).copied()) {
            self.id(ty);
        }
    }

    /// The struct or union of that name; where the source does not declare it, an empty one.
    pub(super) fn structure_named(&mut self, name: &str, union: bool) -> TypeId {
        if let Some(ty) = self.named.get(&(name, union)) {
            return self.id(*ty);
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

/// Declaration tags of variables and maps, which have their VARs by now.
pub(super) fn tag_variables(program: &Program, btf: &mut Btf) {
    let vars = program.data.iter().flat_map(|section| &section.vars).map(|var| (&var.symbol.name, &var.tags));
    let tagged: HashMap<&String, &Vec<String>> = program
        .maps
        .iter()
        .map(|map| (&map.symbol.name, &map.tags))
        .chain(vars)
        .filter(|(_, tags)| !tags.is_empty())
        .collect();
    if tagged.is_empty() {
        return;
    }
    let found: Vec<_> = btf
        .iter()
        .filter(|(_, ty)| matches!(ty.kind, Kind::Var { .. }))
        .filter_map(|(id, ty)| Some((id, *tagged.get(&ty.name)?)))
        .collect();
    for (ty, tags) in found {
        for tag in tags {
            btf.add(Type::named(tag, Kind::DeclTag { ty, component: -1, attribute: false }));
        }
    }
}
