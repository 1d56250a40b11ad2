//! What is missing where an instruction is poisoned, for those who come to it.

use std::fmt::Write;

use super::Fitter;
use super::alike::{Pair, enumerators, members};
use super::path::{Path, Step, is_type};
use super::types::{Decoded, Types};
use crate::btf::{Kind, Type, TypeId, essential};
use crate::diag::nearest;
use crate::object::{CoreRelo, Object};

/// How deep members without names are looked into.
const MAX_DEPTH: usize = 8;
/// And how many names are looked at.
const MAX_NAMES: usize = 1 << 16;

/// What a relocation asks, as source says it: `core(task_struct.pid)`.
pub(super) fn text(object: &Object, relo: &CoreRelo) -> String {
    let types = &object.btf;
    let mut text = format!("{}(", relo.kind.function().unwrap_or("core"));
    text += types.get(relo.ty).map_or("void", |ty| &ty.name);
    for step in Path::of(&types, relo).map(|path| path.steps).unwrap_or_default() {
        let _ = match step {
            Step::Named(ty, which) => write!(text, ".{}", part(types.get(ty), which)),
            Step::Element(_, 0) if !text.contains('.') => Ok(()),
            Step::Element(_, number) => write!(text, "[{number}]"),
        };
    }
    text + ")"
}

/// The name of a member or value.
fn part<S: AsRef<str>>(ty: Option<&Type<S>>, which: usize) -> &str {
    let name = ty.and_then(|ty| match &ty.kind {
        kind if members(kind).is_some() => members(kind)?.get(which).map(|m| m.name.as_ref()),
        kind => enumerators(kind)?.get(which).map(|v| v.name.as_ref()),
    });
    name.unwrap_or_default()
}

/// `struct task_struct`.
fn named<S>(kind: &Kind<S>, name: &str) -> String {
    let word = match kind {
        Kind::Struct { .. } => "struct ",
        Kind::Union { .. } => "union ",
        Kind::Enum { .. } | Kind::Enum64 { .. } => "enum ",
        _ => "",
    };
    match name {
        "" => format!("a {}without a name", if word.is_empty() { "type " } else { word }),
        name => format!("`{word}{name}`"),
    }
}

/// A name without what tells its variants apart.
fn plain(name: &str) -> &str {
    name.get(..essential(name.as_bytes()).len()).unwrap_or(name)
}

/// `; there is …`, where a name is like one.
fn instead<'n>(name: &str, all: impl IntoIterator<Item = &'n str>) -> String {
    nearest(name, all).map_or_else(String::new, |near| format!("; there is `{near}`"))
}

impl Fitter<'_, '_> {
    /// Why an instruction is poisoned: what it asks for, and what the kernel lacks.
    #[must_use]
    pub fn why(&self, func: usize, insn: usize) -> Option<(String, String)> {
        let relo = self.object.funcs.get(func)?.core.iter().find(|relo| relo.insn == insn)?;
        Some((text(self.object, relo), self.missing(relo)?))
    }

    fn missing(&self, relo: &CoreRelo) -> Option<String> {
        let local = &self.object.btf;
        let root = local.get(relo.ty)?;
        let Some((place, id)) = self.candidates.get(&relo.ty).and_then(|all| all.last()) else {
            return Some(self.no_type(root));
        };
        let kernel = self.kernel.get(*place)?;
        let found = kernel.get(*id).ok()??;
        let path = Path::of(&local, relo).ok()?;
        if is_type(relo.kind) {
            return Some(format!("{} of this kernel is another", named(&found.kind, found.name)));
        }
        let pair = Pair { local: &local, kernel, left: &self.left };
        // The type that the steps before lead to.
        let mut at = *id;
        for (n, step) in path.steps.iter().enumerate() {
            let before = Path { steps: path.steps[..=n].to_vec(), ..path.clone() };
            match pair.follow(&before, relo.kind, *id).ok()? {
                Some(found) => at = behind(kernel, found.steps.last()?)?,
                None => return self.no_step(kernel, at, step),
            }
        }
        let sizes = (local.size_of(behind_local(local, path.steps.last()?)?)?, kernel.size(at).ok()?);
        Some(format!(
            "the field has {} bytes in this kernel, not {}, and a sign, or is no number: a load of another size would \
             not give its value",
            sizes.1, sizes.0
        ))
    }

    fn no_type(&self, root: &Type) -> String {
        let kinds = super::kinds(&root.kind);
        let scans = self.kernel.iter().map(|types| &types.scan);
        let names = scans.flat_map(|scan| {
            scan.heads().filter(|head| kinds.contains(&head.kind)).filter_map(|head| scan.name(&head))
        });
        let name = plain(&root.name);
        format!("this kernel has no {}{}", named(&root.kind, name), instead(name, names))
    }

    /// What the kernel's type lacks.
    fn no_step(&self, kernel: &Decoded<'_>, at: TypeId, step: &Step) -> Option<String> {
        let ty = kernel.resolve(at).ok()?.1?;
        let whose = format!("{} of this kernel", named(&ty.kind, ty.name));
        Some(match step {
            Step::Named(local, which) => {
                let wanted = part(self.object.btf.get(*local), *which);
                let mut names = vec![];
                collect(kernel, &ty, MAX_DEPTH, &mut names);
                if names.contains(&wanted) {
                    return Some(format!("`{wanted}` in {whose} is of another kind"));
                }
                let (what, wanted) = match enumerators(&ty.kind) {
                    Some(_) => ("value", plain(wanted)),
                    None => ("field", wanted),
                };
                format!("{whose} has no {what} `{wanted}`{}", instead(wanted, names))
            }
            Step::Element(_, number) => match &ty.kind {
                Kind::Array { len, .. } => {
                    format!("the array has {len} elements in this kernel, none {number}")
                }
                _ => format!("{whose} is no array"),
            },
        })
    }
}

/// The names of members and values, with those of members without names.
fn collect<'k>(kernel: &Decoded<'k>, ty: &Type<&'k str>, depth: usize, names: &mut Vec<&'k str>) {
    names.extend(enumerators(&ty.kind).into_iter().flatten().map(|value| value.name));
    for member in members(&ty.kind).into_iter().flatten() {
        match kernel.resolve(member.ty) {
            Ok((_, Some(within))) if member.name.is_empty() && depth > 0 && names.len() < MAX_NAMES => {
                collect(kernel, &within, depth - 1, names);
            }
            _ => names.push(member.name),
        }
    }
}

/// The type that a step leads to.
fn behind(kernel: &Decoded<'_>, step: &Step) -> Option<TypeId> {
    match step {
        Step::Element(ty, _) => Some(*ty),
        Step::Named(ty, which) => members(&kernel.get(*ty).ok()??.kind)?.get(*which).map(|member| member.ty),
    }
}

fn behind_local(local: &crate::btf::Btf, step: &Step) -> Option<TypeId> {
    match step {
        Step::Element(ty, _) => Some(*ty),
        Step::Named(ty, which) => members(&local.get(*ty)?.kind)?.get(*which).map(|member| member.ty),
    }
}
