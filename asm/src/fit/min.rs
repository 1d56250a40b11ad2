//! A kernel's types, cut to what objects look at.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::rc::Rc;

use super::alike::members as members_of;
use super::path::{Path, Step};
use super::types::Types;
use super::{Error, Fitter, want};
use crate::btf::{Btf, Kind, Scan, Type, TypeId, Wanted};
use crate::object::{CoreKind, Object};

/// A type: in which of the kernel's types it stands, and its number there.
type Place = (usize, TypeId);

/// Cuts the types of a kernel, and of modules where these have what it lacks, to what the relocations of objects come
/// to look at: types, members, values. Objects fit themselves to the outcome as they do to the whole, but for numbers
/// of the kernel's types, which change.
///
/// # Errors
/// The object, by its index, that does not fit, and why.
pub fn cut(
    objects: &[&Object],
    vmlinux: &Rc<Scan<'_>>,
    modules: &[Rc<Scan<'_>>],
) -> Result<Btf, (usize, Error)> {
    let mut looked: BTreeMap<Place, Type> = BTreeMap::new();
    let mut names = HashSet::new();
    for (index, object) in objects.iter().enumerate() {
        let funcs: Vec<usize> = (0..object.funcs.len()).collect();
        let mut wanted = Wanted::default();
        want(object, &funcs, &mut wanted);
        vmlinux.find(&mut wanted);
        let made =
            Fitter::new(object, &funcs, vmlinux.clone(), &wanted, || Ok::<_, Infallible>(modules.to_vec()));
        let Ok(mut fitter) = made;
        for func in &funcs {
            fitter.patches(*func).map_err(|error| (index, error))?;
        }
        fitter.looked(&mut looked);
        members(object, &mut names);
    }
    // Its size is that of a pointer.
    if let Some(long) = vmlinux.long()
        && let Ok(Some(ty)) = vmlinux.get(long.id)
    {
        looked.entry((0, long.id)).or_insert(ty);
    }
    Ok(renumbered(looked, &names))
}

/// The names of the members that an object asks for.
fn members(object: &Object, names: &mut HashSet<String>) {
    let relos = || object.funcs.iter().flat_map(|func| &func.core);
    for relo in relos().filter(|relo| relo.kind != CoreKind::TYPE_MATCHES) {
        let Ok(path) = Path::of(&&object.btf, relo) else { continue };
        for step in &path.steps {
            let Step::Named(id, which) = step else { continue };
            let ty = Types::get(&&object.btf, *id).ok().flatten();
            let member = ty.and_then(|ty| members_of(&ty.kind)?.get(*which));
            names.extend(member.map(|member| member.name.clone()));
        }
    }
    // Whether types match is asked of all that they hold.
    let mut todo: Vec<TypeId> =
        relos().filter(|relo| relo.kind == CoreKind::TYPE_MATCHES).map(|relo| relo.ty).collect();
    let mut seen = HashSet::new();
    while let Some(id) = todo.pop() {
        let Some(ty) = object.btf.get(id).filter(|_| seen.insert(id)) else { continue };
        names.extend(members_of(&ty.kind).into_iter().flatten().map(|member| member.name.clone()));
        refs(&mut ty.kind.clone(), |id| todo.push(*id));
    }
}

/// The types with new numbers, in their order. What refers to a type that is not among them refers to none: a member
/// goes, all else is left with `void`.
fn renumbered(types: BTreeMap<Place, Type>, names: &HashSet<String>) -> Btf {
    let number = (1..).map(TypeId);
    let numbers: BTreeMap<Place, TypeId> = types.keys().copied().zip(number).collect();
    let mut btf = Btf::default();
    for ((place, _), mut ty) in types {
        // A module refers to types of the kernel by their own numbers.
        let new = |id: TypeId| numbers.get(&(place, id)).or_else(|| numbers.get(&(0, id))).copied();
        if let Kind::Struct { members, .. } | Kind::Union { members, .. } = &mut ty.kind {
            members.retain(|member| {
                (member.name.is_empty() || names.contains(&member.name)) && new(member.ty).is_some()
            });
        }
        refs(&mut ty.kind, |id| *id = new(*id).unwrap_or(TypeId::VOID));
        btf.add(ty);
    }
    btf
}

/// All the types that a type refers to.
fn refs(kind: &mut Kind, mut each: impl FnMut(&mut TypeId)) {
    match kind {
        Kind::Ptr(ty)
        | Kind::Typedef(ty)
        | Kind::Volatile(ty)
        | Kind::Const(ty)
        | Kind::Restrict(ty)
        | Kind::Func { proto: ty, .. }
        | Kind::Var { ty, .. }
        | Kind::DeclTag { ty, .. }
        | Kind::TypeTag { ty, .. } => each(ty),
        Kind::Array { elem, index, .. } => {
            each(elem);
            each(index);
        }
        Kind::Struct { members, .. } | Kind::Union { members, .. } => {
            members.iter_mut().for_each(|member| each(&mut member.ty));
        }
        Kind::FuncProto { ret, params } => {
            each(ret);
            params.iter_mut().for_each(|param| each(&mut param.ty));
        }
        Kind::DataSec { vars, .. } => vars.iter_mut().for_each(|var| each(&mut var.var)),
        Kind::Int { .. }
        | Kind::Enum { .. }
        | Kind::Enum64 { .. }
        | Kind::Fwd { .. }
        | Kind::Float { .. } => {}
    }
}

impl Fitter<'_, '_> {
    /// Adds all types of the kernel that were looked at.
    fn looked(&self, into: &mut BTreeMap<Place, Type>) {
        for (place, types) in self.kernel.iter().enumerate() {
            for id in types.known() {
                let place = if types.scan.base_of(id).is_some() { 0 } else { place };
                // It was understood before.
                into.extend(types.scan.get(id).ok().flatten().map(|ty| ((place, id), ty)));
            }
        }
    }
}
