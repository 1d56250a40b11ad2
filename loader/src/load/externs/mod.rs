//! What an object takes from the kernel: values of its configuration, addresses, variables and functions.

mod kconfig;
mod types;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use bpfasm_asm::btf::{Kind, TypeId, Wanted, essential};
use bpfasm_asm::diag::nearest;
use bpfasm_asm::fit;
use bpfasm_asm::object::{Extern, ExternKind, Object, Symbol};

use super::Layout;
use super::target::mean;
use crate::error::{Error, Result};
use crate::kernel::{Found, KernelTypes, Symbols, kind};

/// How many typedefs and modifiers a type may stand behind, as in the kernel.
const LONGEST: usize = 32;

/// What the kernel has for an extern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An address.
    Address(u64),
    /// A variable or function by its type: the number, what has it, and which of [`Externs::fds`] that is.
    Typed { id: TypeId, fd: RawFd, index: i16 },
    /// None: a weak one that is not there.
    Missing,
}

/// What the kernel has for the externs of an object.
#[derive(Debug, Default)]
pub(super) struct Externs<'k> {
    /// By index in [`Object::externs`]; nothing for those that no program uses.
    places: Vec<Option<Place>>,
    /// The BTF of modules whose functions are called. None is at index 0, which stands for the kernel's own.
    fds: Vec<RawFd>,
    /// They stay open as long.
    modules: PhantomData<BorrowedFd<'k>>,
}

impl<'k> Externs<'k> {
    /// Finds what programs of these layouts use. Values of the configuration become a data section of the object, and
    /// all types become such that the kernel takes them.
    pub(super) fn resolve(
        object: &mut Cow<'_, Object>,
        layouts: &[Layout],
        kernel: &KernelTypes<'k>,
        sought: &Wanted,
    ) -> Result<Self> {
        let is_kernels = |ext: &Extern| matches!(ext.kind, ExternKind::Ksym | ExternKind::Kconfig);
        if !object.externs.iter().any(is_kernels) {
            return Ok(Self::default());
        }
        let used: BTreeSet<usize> = used(object, layouts).collect();
        let object = object.to_mut();
        kconfig::resolve(object, &used)?;
        let mut externs = Self { places: vec![None; object.externs.len()], ..Self::default() };
        let ksyms = used.into_iter().filter(|index| object.externs[*index].kind == ExternKind::Ksym);
        let (typed, untyped): (Vec<_>, Vec<_>) = ksyms.partition(|index| is_typed(object, *index));
        externs.addresses(object, &untyped)?;
        externs.typed(object, &typed, kernel, sought)?;
        types::fit(object);
        Ok(externs)
    }

    /// What an extern has become.
    pub(super) fn get(&self, index: usize) -> Option<Place> {
        self.places.get(index).copied().flatten()
    }

    /// What calls of functions count in (`fd_array`); empty where all of these are the kernel's own.
    pub(super) fn fds(&self) -> &[RawFd] {
        &self.fds
    }

    /// Looks addresses up in the kernel's table of symbols.
    fn addresses(&mut self, object: &Object, wanted: &[usize]) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let symbols = Symbols::read();
        for (address, kind, name) in symbols.all() {
            // What the compiler had to tell apart from another of the same name.
            let plain = name.split_once(".llvm.").filter(|_| kind == "d").map_or(name, |(plain, _)| plain);
            let Some(index) = wanted.iter().find(|index| object.externs[**index].name == plain) else {
                continue;
            };
            match self.places[*index].replace(Place::Address(address)) {
                Some(before) if before != Place::Address(address) => {
                    return Err(missing(
                        &object.externs[*index],
                        "the kernel has more than one of this name",
                    ));
                }
                _ => {}
            }
        }
        for index in wanted.iter().copied().filter(|index| self.places[*index].is_none()).collect::<Vec<_>>()
        {
            let ext = &object.externs[index];
            let names = || symbols.all().map(|(_, _, name)| name);
            self.places[index] = Some(absent(ext, || mean(nearest(&ext.name, names())))?);
        }
        Ok(())
    }

    /// Looks variables and functions up in the types of the kernel and of its modules.
    fn typed(
        &mut self,
        object: &Object,
        wanted: &[usize],
        kernel: &KernelTypes<'k>,
        sought: &Wanted,
    ) -> Result<()> {
        for index in wanted {
            let ext = &object.externs[*index];
            let (name, kind) = name(object, *index);
            let place = match kernel.find(sought, name, kind, None)? {
                Some(found) if !is_same(object, ext, &found)? => match ext.weak && kind == kind::FUNC {
                    true => Place::Missing,
                    false => return Err(missing(ext, "the kernel has it with another type")),
                },
                Some(found) => {
                    let module = found.module.map(|module| module.fd());
                    let fd = module.map_or(0, |fd| fd.as_raw_fd());
                    Place::Typed { id: found.id, fd, index: module.map_or(Ok(0), |fd| self.index(ext, fd))? }
                }
                None => absent(ext, || mean(nearest(name, kernel.names(kind))))?,
            };
            self.places[*index] = Some(place);
        }
        Ok(())
    }

    /// At which index of `fd_array` a module stands.
    fn index(&mut self, ext: &Extern, module: BorrowedFd<'k>) -> Result<i16> {
        if self.fds.is_empty() {
            self.fds.push(0);
        }
        let raw = module.as_raw_fd();
        let at = self.fds.iter().skip(1).position(|known| *known == raw).map_or(self.fds.len(), |at| at + 1);
        if at == self.fds.len() {
            self.fds.push(raw);
        }
        i16::try_from(at).map_err(|_| missing(ext, "functions of too many modules are called"))
    }
}

/// Wants the types of what programs of these layouts use.
pub(super) fn want<'o>(object: &'o Object, layouts: &[Layout], wanted: &mut Wanted<'o>) {
    for index in used(object, layouts) {
        if object.externs[index].kind == ExternKind::Ksym && is_typed(object, index) {
            let (name, kind) = name(object, index);
            wanted.add(name, &[kind]);
        }
    }
}

/// The externs that programs use, with those that are used more than once.
fn used(object: &Object, layouts: &[Layout]) -> impl Iterator<Item = usize> {
    let funcs = layouts.iter().flat_map(|l| &l.parts).filter_map(|part| object.funcs.get(part.func));
    funcs.flat_map(|func| &func.refs).filter_map(|r| match r.to {
        Symbol::Extern(index) if index < object.externs.len() => Some(index),
        _ => None,
    })
}

/// Whether an extern is found by its type: a function, or a variable that has a type.
fn is_typed(object: &Object, index: usize) -> bool {
    let ty = object.externs[index].btf.and_then(|id| object.btf.get(id));
    match ty.map(|ty| &ty.kind) {
        Some(Kind::Func { .. }) => true,
        Some(Kind::Var { ty, .. }) => object.btf.resolve(*ty) != TypeId::VOID,
        _ => false,
    }
}

/// What the kernel calls it, and its kind. Of a function there may be several declarations, told apart by what follows
/// `___`.
fn name(object: &Object, index: usize) -> (&str, u32) {
    let ext = &object.externs[index];
    match ext.btf.and_then(|id| object.btf.get(id)).map(|ty| &ty.kind) {
        Some(Kind::Func { .. }) => {
            let name = ext.name.get(..essential(ext.name.as_bytes()).len()).unwrap_or(&ext.name);
            (name, kind::FUNC)
        }
        _ => (&ext.name, kind::VAR),
    }
}

/// Whether the kernel's variable or function has the type that the object says.
fn is_same(object: &Object, ext: &Extern, found: &Found) -> Result<bool> {
    let of = |kind: &Kind| match kind {
        Kind::Func { proto: ty, .. } | Kind::Var { ty, .. } => Some(*ty),
        _ => None,
    };
    let wrong = |e: &dyn std::fmt::Display| missing(ext, &e.to_string());
    let local = ext.btf.and_then(|id| object.btf.get(id)).and_then(|ty| of(&ty.kind));
    let get = |id| found.scan.get::<String>(id).map_err(|e| wrong(&e));
    let theirs = get(found.id)?.and_then(|ty| of(&ty.kind));
    let Some((local, mut theirs)) = local.zip(theirs) else { return Ok(false) };
    for _ in 0..LONGEST {
        match get(theirs)?.and_then(|ty| ty.kind.alias()) {
            Some(next) => theirs = next,
            None => break,
        }
    }
    fit::is_compatible(object, object.btf.resolve(local), found.scan, theirs).map_err(|e| wrong(&e))
}

/// An extern that the kernel does not have: an error but for weak ones.
fn absent(ext: &Extern, near: impl FnOnce() -> String) -> Result<Place> {
    match ext.weak {
        true => Ok(Place::Missing),
        false => Err(missing(ext, &format!("neither this kernel nor a module of it has it{}", near()))),
    }
}

fn missing(ext: &Extern, what: &str) -> Error {
    Error::Extern { name: ext.name.clone(), what: what.to_owned() }
}
