//! Tables of functions for the kernel (struct_ops): each variable of their sections is a map of its own, whose value is
//! the kernel's struct.

use super::LoadedProg;
use super::maps::Maker;
use super::names::kernel_name;
use super::prog::Choice;
use super::target::{Target, mean};
use crate::error::{Error, Result};
use crate::kernel::{Found, KernelTypes, kind};
use crate::sys;
use crate::sys::bpf::{F_LINK, LinkCreate, LinkOptions, Map, MapBtf, MapCreate, link_create, map_create};
use bpfasm_asm::btf::{TypeId, Wanted, essential};
use bpfasm_asm::diag::nearest;
use bpfasm_asm::fit::{self, AROUND, Table};
use bpfasm_asm::object::{Data, DataKind, Object, Symbol, Var};
use bpfasm_asm::uapi::{AttachType, MapType, ProgType};
use std::borrow::Cow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// What the names of sections have whose tables are made only on demand.
const OPTIONAL: char = '?';
/// What they end with where a table takes effect by a link.
const LINK: &str = ".link";

/// A table of functions in the kernel (struct_ops): a map, which takes effect once it holds its value.
#[derive(Debug)]
pub struct LoadedTable {
    /// Its name.
    pub name: String,
    /// The index of its section in [`Object::data`].
    pub section: usize,
    /// The descriptor; its key is four zero bytes.
    pub map: Map,
    /// The value, with the programs in it.
    pub value: Vec<u8>,
    /// Whether it takes effect only by a link.
    pub link: bool,
}

impl LoadedTable {
    /// Lets it take effect: until its element is deleted or, where it has a link, as long as that is there.
    ///
    /// # Errors
    /// `EEXIST`: there is one of that name; `EINVAL`: the kernel does not take its values; `EPERM`.
    pub fn register(&self) -> sys::Result<Option<OwnedFd>> {
        self.map.update(&[0; 4], &self.value, 0)?;
        let link = self.link.then(|| {
            link_create(&LinkCreate {
                prog: self.map.as_fd(),
                target: sys::bpf::Target::None,
                attach_type: AttachType::STRUCT_OPS,
                flags: 0,
                options: LinkOptions::None,
            })
        });
        link.transpose()
    }
}

/// A table of the object's.
#[derive(Debug)]
pub(super) struct Ours<'o> {
    section: &'o Data,
    /// Which section it is.
    index: usize,
    var: &'o Var,
    /// The name of its struct in the kernel, and of the one around it.
    name: String,
    around: String,
}

/// A table as this kernel takes it.
#[derive(Debug)]
pub(super) struct Theirs<'o, 'k> {
    ours: &'o Ours<'o>,
    table: Table,
    /// The types of the table and of the struct around it.
    ty: TypeId,
    around: TypeId,
    /// The module that has them.
    module: Option<BorrowedFd<'k>>,
}

/// The tables that are made.
pub(super) fn tables(object: &Object) -> Vec<Ours<'_>> {
    let sections = object.data.iter().enumerate().filter(|(_, data)| data.kind == DataKind::StructOps);
    let made = sections.filter(|(_, section)| !section.name.starts_with(OPTIONAL));
    made.flat_map(|(index, section)| section.vars.iter().map(move |var| (index, section, var)))
        .map(|(index, section, var)| {
            let ty = var.ty.and_then(|ty| object.btf.get(object.btf.resolve(ty)));
            let name = ty.map_or("", |ty| ty.name.as_str());
            let name = name.get(..essential(name.as_bytes()).len()).unwrap_or(name).to_owned();
            Ours { section, index, var, around: format!("{AROUND}{name}"), name }
        })
        .collect()
}

/// Whether tables that are made have this function; nothing where no table has it.
pub(super) fn is_made_for(object: &Object, func: usize) -> Option<bool> {
    let sections = object.data.iter().filter(|data| data.kind == DataKind::StructOps);
    let mut naming = sections.filter(|d| d.refs.iter().any(|r| r.to == Symbol::Func(func))).peekable();
    naming.peek()?;
    Some(naming.any(|section| !section.name.starts_with(OPTIONAL)))
}

impl Ours<'_> {
    /// Wants the kernel's types of it.
    pub(super) fn want<'n>(&'n self, wanted: &mut Wanted<'n>) {
        wanted.add(&self.name, &[kind::STRUCT]);
        wanted.add(&self.around, &[kind::STRUCT]);
    }

    /// The functions that it names, by their places in it.
    fn funcs(&self) -> Result<Vec<(u32, usize)>> {
        let end = self.var.offset.saturating_add(self.var.size);
        let within = self.section.refs.iter().filter(|r| (self.var.offset..end).contains(&r.offset));
        let func = |r: &bpfasm_asm::object::Address| match r.to {
            Symbol::Func(func) => Ok((r.offset - self.var.offset, func)),
            _ => Err(self.fail(format!("byte {} is the address of no function", r.offset - self.var.offset))),
        };
        within.map(func).collect()
    }

    /// Finds it in the kernel. `data` are the bytes of all sections.
    pub(super) fn find<'o, 'k>(
        &'o self,
        object: &Object,
        data: &[Cow<'_, [u8]>],
        kernel: &KernelTypes<'k>,
        sought: &Wanted,
    ) -> Result<Theirs<'o, 'k>> {
        let ty = self.var.ty.filter(|_| !self.name.is_empty());
        let ty = ty.ok_or_else(|| self.fail("it is of no struct with a name".into()))?;
        let Some(around) = kernel.find(sought, &self.around, kind::STRUCT, None)? else {
            let tables = kernel.names(kind::STRUCT).filter_map(|name| name.strip_prefix(AROUND));
            let near = mean(nearest(&self.name, tables));
            return Err(self.fail(format!("this kernel takes no tables of `{}`{near}", self.name)));
        };
        let module = around.module.map(crate::kernel::Module::name);
        let found: Option<Found<'_, 'k>> = kernel.find(sought, &self.name, kind::STRUCT, module)?;
        let found = match found {
            Some(found) => found,
            // A module's table may be of a struct that the kernel itself has.
            None => kernel
                .find(sought, &self.name, kind::STRUCT, None)?
                .ok_or_else(|| self.fail(format!("this kernel has no struct `{}`", self.name)))?,
        };
        let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let section = data.get(self.index).map_or(&[][..], |bytes| bytes);
        let own = section.get(index(self.var.offset)..).unwrap_or_default();
        let local = fit::Local {
            types: &object.btf,
            ty,
            bytes: own.get(..index(self.var.size)).unwrap_or(own),
            funcs: &self.funcs()?,
        };
        let theirs = fit::Kernel { types: around.scan, around: around.id, table: found.id };
        let table = fit::table(&local, &theirs).map_err(|e| self.fail(e.to_string()))?;
        Ok(Theirs {
            ours: self,
            table,
            ty: found.id,
            around: around.id,
            module: around.module.map(crate::kernel::Module::fd),
        })
    }

    fn fail(&self, what: String) -> Error {
        Error::Table { name: self.var.name.clone(), what }
    }
}

/// What a program of a table is loaded for: the member that it stands in.
pub(super) fn aim<'k>(
    object: &Object,
    choice: &Choice,
    tables: &[Theirs<'_, 'k>],
) -> Result<Option<Target<'k>>> {
    if choice.kind.kind != ProgType::STRUCT_OPS {
        return Ok(None);
    }
    let places = tables.iter().flat_map(|t| t.table.entries.iter().map(move |entry| (t, entry)));
    let mut places = places.filter(|(_, entry)| entry.func == choice.index);
    let prog = || object.funcs[choice.index].name.clone();
    let Some((table, entry)) = places.next() else {
        let what =
            "no table of functions names it: a variable in section .struct_ops or .struct_ops.link".into();
        return Err(Error::Target { prog: prog(), what });
    };
    if let Some((other, _)) = places.find(|(t, e)| t.ty != table.ty || e.member != entry.member) {
        let (one, other) = (&table.ours.var.name, &other.ours.var.name);
        let what = format!("it stands for different functions in `{one}` and `{other}`: one program cannot");
        return Err(Error::Target { prog: prog(), what });
    }
    Ok(Some(Target { id: table.ty, of: table.module, member: Some(AttachType(entry.member)) }))
}

/// Makes the maps.
pub(super) fn make(
    tables: Vec<Theirs<'_, '_>>,
    maker: &mut Maker<'_>,
) -> Result<Vec<(LoadedTable, Vec<fit::Entry>)>> {
    let mut made = Vec::with_capacity(tables.len());
    for Theirs { ours, table, around, module, .. } in tables {
        let types =
            maker.types.ok_or_else(|| ours.fail("the kernel has refused the object's types".into()))?;
        let too_large = |_| ours.fail("it is larger than 4 GiB".into());
        let link = ours.section.name.ends_with(LINK);
        let name = kernel_name(&ours.var.name);
        let wanted = MapCreate {
            kind: MapType::STRUCT_OPS,
            key_size: 4,
            value_size: u32::try_from(table.bytes.len()).map_err(too_large)?,
            max_entries: 1,
            flags: if link { F_LINK } else { 0 },
            inner: None,
            numa_node: 0,
            name: &name,
            btf: Some(MapBtf { fd: types.fd.as_fd(), key: TypeId::VOID, value: TypeId::VOID }),
            extra: 0,
            kernel_value: Some((around, module)),
            token: None,
        };
        let map =
            maker.memlock.retry(|token| map_create(&MapCreate { token, ..wanted })).map_err(|source| {
                super::maps::refused(
                    format!("table `{}`", ours.var.name),
                    &ours.var.name,
                    wanted.kind,
                    source,
                )
            })?;
        let name = ours.var.name.clone();
        made.push((LoadedTable { name, section: ours.index, map, value: table.bytes, link }, table.entries));
    }
    Ok(made)
}

/// Fills in the programs.
pub(super) fn fill(
    object: &Object,
    tables: Vec<(LoadedTable, Vec<fit::Entry>)>,
    progs: &[LoadedProg],
    notes: &mut Vec<String>,
) -> Vec<LoadedTable> {
    let filled = tables.into_iter().map(|(mut table, entries)| {
        for entry in entries {
            let Some(prog) = progs.iter().find(|prog| prog.index == entry.func) else {
                let prog = object.funcs.get(entry.func).map_or("", |func| func.name.as_str());
                notes.push(format!("table `{}` goes without `{prog}`, which is not loaded", table.name));
                continue;
            };
            let fd = u64::from(prog.as_fd().as_raw_fd().cast_unsigned());
            if let Some(place) = table.value.get_mut(entry.offset..).and_then(|rest| rest.get_mut(..8)) {
                place.copy_from_slice(&fd.to_ne_bytes());
            }
        }
        table
    });
    filled.collect()
}
