//! Types of what the kernel has, as the kernel takes them: it knows no types that are declared and not defined.

use bpfasm_asm::btf::{Btf, FuncLinkage, IntEncoding, Kind, SecInfo, Type, TypeId, VarLinkage};
use bpfasm_asm::object::{ExternKind, Object};

/// The variable in the place of functions, and the name of parameters that have none.
const STAND_IN: &str = "dummy_ksym";
/// What each stands for in their section.
const SIZE: u32 = 4;

/// Makes variables and functions of the kernel's to variables of the object's: a number each. Nothing but their section
/// refers to them. The numbers of all types stay.
pub(super) fn fit(object: &mut Object) {
    let btf = &mut object.btf;
    let Some(section) = btf.datasec(ExternKind::Ksym.section()) else { return };
    let Some(Kind::DataSec { vars, .. }) = btf.get(section).map(|ty| &ty.kind) else { return };
    let mut vars = vars.clone();
    let number = number(btf);
    let mut stand_in = None;
    for (at, var) in (0..).zip(&mut vars) {
        let id = var.var;
        match btf.get_mut(id).map(|ty| &mut ty.kind) {
            Some(Kind::Func { linkage, proto }) => {
                *linkage = FuncLinkage::GLOBAL;
                let proto = *proto;
                if let Some(Kind::FuncProto { params, .. }) = btf.get_mut(proto).map(|ty| &mut ty.kind) {
                    let nameless = params.iter_mut().filter(|p| p.name.is_empty() && p.ty != TypeId::VOID);
                    nameless.for_each(|param| param.name = STAND_IN.into());
                }
                let kind = Kind::Var { ty: number, linkage: VarLinkage::GLOBAL };
                var.var = *stand_in.get_or_insert_with(|| btf.add(Type::named(STAND_IN, kind)));
            }
            Some(Kind::Var { ty, linkage }) => (*ty, *linkage) = (number, VarLinkage::GLOBAL),
            _ => {}
        }
        *var = SecInfo { offset: SIZE * at, size: SIZE, ..*var };
    }
    let len = SIZE * u32::try_from(vars.len()).unwrap_or(0);
    if let Some(ty) = btf.get_mut(section) {
        ty.kind = Kind::DataSec { size: len, vars };
    }
}

/// The object's type of signed numbers of four bytes.
fn number(btf: &mut Btf) -> TypeId {
    let is = |kind: &Kind| matches!(kind, Kind::Int { size: SIZE, offset: 0, bits: 32, .. });
    let found = btf.iter().find(|(_, ty)| is(&ty.kind)).map(|(id, _)| id);
    let int = Kind::Int { size: SIZE, encoding: IntEncoding::SIGNED, offset: 0, bits: 32 };
    found.unwrap_or_else(|| btf.add(Type::named("int", int)))
}
