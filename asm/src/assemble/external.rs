//! What is defined elsewhere, as BTF describes it.

use super::types::TypeWriter;
use crate::btf::{FuncLinkage, Kind, Param, SecInfo, Type, TypeId, VarLinkage};
use crate::expand::{ExternTy, PlainExtern, Program, Ty, TyId};
use crate::object::{Anchor, Extern, ExternKind, Reloc, Symbol};

/// For each extern its place in the object. As with compilers, what is not used is not there: whoever loads the
/// object looks for all that is.
pub(super) fn used(program: &Program) -> Vec<Option<usize>> {
    let mut used: Vec<bool> = program.externs.iter().map(|external| external.kept).collect();
    let mut note = |symbol: Symbol, reloc: Option<&Reloc>| {
        if let Symbol::Extern(index) = symbol {
            used[index] = true;
        }
        if let Some(Anchor::Extern(index)) = reloc.map(|reloc| reloc.base) {
            used[index] = true;
        }
    };
    for func in &program.funcs {
        func.refs.iter().for_each(|r| note(r.to, r.reloc.as_deref()));
    }
    let of_maps = program.maps.iter().flat_map(|map| &map.refs);
    for address in program.data.iter().flat_map(|data| &data.refs).chain(of_maps) {
        note(address.to, address.reloc.as_deref());
    }
    let mut next = 0..;
    used.into_iter().map(|used| if used { next.next() } else { None }).collect()
}

/// The externs that are used, as the `btf` block has them.
pub(super) fn given(program: &Program, used: &[Option<usize>]) -> Vec<Extern> {
    let used = program.externs.iter().zip(used).filter(|(_, used)| used.is_some());
    let external = |(plain, _): (&PlainExtern, _)| Extern {
        name: plain.symbol.name.clone(),
        kind: plain.kind,
        weak: plain.symbol.weak,
        hidden: plain.symbol.hidden,
        btf: plain.btf,
    };
    used.map(external).collect()
}

impl TypeWriter<'_> {
    /// The externs that are used, with a FUNC or VAR for each, and a DATASEC for those of the kernel. As compilers
    /// write it: sizes as of the types, offsets and the size of the whole left to the loader.
    pub(super) fn externs(&mut self, program: &Program, used: &[Option<usize>]) -> Vec<Extern> {
        let mut externs = vec![];
        let mut sizes = vec![];
        for (plain, _) in program.externs.iter().zip(used).filter(|(_, used)| used.is_some()) {
            let (kind, size) = match &plain.ty {
                ExternTy::Func(params, result) => {
                    let ret = result.map_or(TypeId::VOID, |ty| self.whole(ty));
                    let param =
                        |(name, ty): &(String, TyId)| Param { name: name.clone(), ty: self.whole(*ty) };
                    let params = params.iter().map(param).collect();
                    let proto = self.builder.intern(Type::anonymous(Kind::FuncProto { ret, params }));
                    (Kind::Func { proto, linkage: FuncLinkage::EXTERN }, 0)
                }
                ExternTy::Var(ty) => {
                    let size = ty.map_or(1, |ty| self.types.size(ty));
                    let ty = match ty {
                        Some(ty) => self.whole(*ty),
                        // `const void`: an address without a type.
                        None => self.builder.intern(Type::anonymous(Kind::Const(TypeId::VOID))),
                    };
                    (Kind::Var { ty, linkage: VarLinkage::EXTERN }, size)
                }
            };
            let btf = self.builder.add(Type::named(&plain.symbol.name, kind));
            self.tag(btf, plain.tags.iter().map(|(param, tag)| (*param, tag)));
            externs.push(Extern {
                name: plain.symbol.name.clone(),
                kind: plain.kind,
                weak: plain.symbol.weak,
                hidden: plain.symbol.hidden,
                btf: Some(btf),
            });
            sizes.push(size);
        }
        for section in [ExternKind::Kconfig, ExternKind::Ksym] {
            let of = externs.iter().zip(&sizes).filter(|(e, _)| e.kind == section);
            let info = |(e, size): (&Extern, &u32)| Some(SecInfo { var: e.btf?, offset: 0, size: *size });
            let vars: Vec<SecInfo> = of.filter_map(info).collect();
            if !vars.is_empty() {
                self.builder.add(Type::named(section.section(), Kind::DataSec { size: 0, vars }));
            }
        }
        externs
    }

    /// A type; a pointer to a struct with that struct, since loaders compare it with the kernel's, and a forward
    /// declaration is no struct to them.
    pub(super) fn whole(&mut self, ty: TyId) -> TypeId {
        let Ty::Pointer(Some(to)) = *self.types.get(ty) else { return self.id(ty) };
        let to = match self.types.get(to) {
            Ty::Forward(name, union) => {
                let (name, union) = (name.clone(), *union);
                self.structure_named(&name, union)
            }
            _ => self.whole(to),
        };
        self.builder.intern(Type::anonymous(Kind::Ptr(to)))
    }
}
