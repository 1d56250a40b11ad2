//! An [`Object`] into the kernel: maps, data, types and programs, with no call that it does not need.
//!
//! Nothing is asked of the kernel in advance. What is optional is tried, and left out when the kernel refuses:
//! types (BTF), `BPF_F_MMAPABLE`, before Linux 5.11 more locked memory. Whether a program is accepted is decided
//! by a load without a log; the log is fetched only after a failure, whole. Every descriptor closes when
//! [`Loaded`] is dropped, so a failure leaves nothing behind.

mod config;
pub(crate) mod core;
mod externs;
mod kind;
mod layout;
mod maps;
pub(crate) mod memlock;
mod names;
mod needs;
mod pin;
pub mod privileges;
mod prog;
mod struct_ops;
mod target;
mod types;
pub mod values;
pub mod verify;

pub use kind::ProgKind;
pub use layout::{Layout, Part};
pub use maps::{Difference, Differences, Existing};
pub(crate) use names::kernel_name;
pub use pin::{LINKS, Pins, Place};
pub use struct_ops::LoadedTable;

use crate::error::{Error, Result};
use crate::kernel::{BtfStore, KernelTypes};
use crate::sys::bpf::Map;
use bpfasm_asm::btf::Wanted;
use bpfasm_asm::elf;
use bpfasm_asm::fit;
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::{DataKind, Object};
use bpfasm_asm::uapi::{AttachType, ProgType};
use core::Core;
use externs::Externs;
use memlock::Memlock;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use target::Target;

/// How to load.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Values for variables, by name: as many bytes as the variable has, in the byte order of its type.
    pub config: Vec<(String, Vec<u8>)>,
    /// The programs to load, by name; empty: all but those whose section begins with `?`.
    pub programs: Vec<String>,
    /// The object's name, that of its file: the maps of its data sections are named by it.
    pub name: String,
    /// How many entries maps have, by name.
    pub max_entries: Vec<(String, u32)>,
    /// Maps that take the place of the object's, by the names of these.
    pub maps: Vec<(String, Arc<Existing>)>,
    /// Where maps are found and pinned that the object pins by their names; nothing: these are new, and not pinned.
    pub pin_root: Option<PathBuf>,
    /// A directory with the pins of maps from before: those that are what the object describes are taken.
    pub kept: Option<PathBuf>,
    /// A file with types in the place of the kernel's, for values that depend on these.
    pub btf: Option<PathBuf>,
    /// What programs are, by name, in the place of what their sections say.
    pub types: Vec<(String, ProgKind)>,
    /// The programs that programs attach to or take the place of a function in, by their own name.
    pub targets: Vec<(String, Arc<OwnedFd>)>,
    /// What the verifier shall tell of programs that it accepts, too: 2 every path with all states, +4 statistics; 0
    /// nothing.
    pub log_level: u32,
    /// Further flags of all programs (`BPF_F_*`).
    pub prog_flags: u32,
}

/// What was loaded. Dropping it closes everything; what is pinned or attached stays, if it was kept.
#[derive(Debug)]
pub struct Loaded {
    /// The maps, as in the object.
    pub maps: Vec<LoadedMap>,
    /// The data sections that the programs use.
    pub data: Vec<LoadedData>,
    /// The tables of functions for the kernel (struct_ops).
    pub tables: Vec<LoadedTable>,
    /// The programs.
    pub progs: Vec<LoadedProg>,
    /// The types, where there are some and the kernel took them.
    pub btf: Option<OwnedFd>,
    /// What was done otherwise than the object says: names cut, types left out.
    pub notes: Vec<String>,
    /// What was pinned since the object says so. It is taken back if it is not kept.
    pub pins: Pins,
}

/// A map in the kernel.
#[derive(Debug)]
pub struct LoadedMap {
    /// Its whole name.
    pub name: String,
    /// Its index in [`Object::maps`].
    pub index: usize,
    /// How many entries it was made with; for ring buffers, bytes.
    pub max_entries: u32,
    /// The descriptor, with access to the elements.
    pub map: Map,
    /// Whether it was there before.
    pub reused: bool,
    /// Its pin, where the object pins it by its name.
    pub pin: Option<PathBuf>,
}

/// A data section in the kernel: an array map with one element.
#[derive(Debug)]
pub struct LoadedData {
    /// Its name: `.bss`, `.data`, `.rodata`, `.rodata.str` …
    pub name: String,
    /// Its index in [`Object::data`].
    pub index: usize,
    /// Its kind.
    pub kind: DataKind,
    /// The descriptor, with access to the element; its key is four zero bytes.
    pub map: Map,
}

/// A program in the kernel.
#[derive(Debug)]
pub struct LoadedProg {
    /// Its whole name.
    pub name: String,
    /// Its section.
    pub section: String,
    /// Where it belongs: a section name again, its own unless the object names another.
    pub hook: String,
    /// Its index in [`Object::funcs`].
    pub index: usize,
    /// `enum bpf_prog_type`.
    pub kind: ProgType,
    /// What it was loaded for; 0 where the type has none.
    pub attach_type: AttachType,
    /// Its length in 8-byte slots, with the functions that it calls.
    pub slots: usize,
    /// Which function each slot is from.
    pub layout: Layout,
    /// The descriptor.
    pub fd: OwnedFd,
    /// What the verifier told, where it was asked.
    pub log: String,
}

impl AsFd for LoadedProg {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Loaded {
    /// The map of that name.
    #[must_use]
    pub fn map(&self, name: &str) -> Option<&LoadedMap> {
        self.maps.iter().find(|m| m.name == name)
    }

    /// The program of that name.
    #[must_use]
    pub fn prog(&self, name: &str) -> Option<&LoadedProg> {
        self.progs.iter().find(|p| p.name == name)
    }
}

/// Loads an object: its types, maps, data and programs, in this order.
///
/// # Errors
/// Any of [`Error`] but those about pins. Nothing stays in the kernel then.
pub fn load(object: &Object, options: &Options) -> Result<Loaded> {
    check_endian(object)?;
    let selected = prog::select(object, options)?;
    let layouts = selected.iter().map(|s| Layout::new(object, s.index)).collect::<Result<Vec<Layout>>>()?;
    needs::check(object, &layouts)?;

    let store = BtfStore::running();
    let kernel = KernelTypes::new(&store);
    let attaching: Vec<_> = selected.iter().map(|choice| choice.attaching(object, options)).collect();
    let mut sought = Wanted::default();
    attaching.iter().flatten().for_each(|attaching| attaching.want(&mut sought));
    externs::want(object, &layouts, &mut sought);
    let funcs = core::functions(&layouts);
    let file = options.btf.as_deref().map(BtfStore::file);
    let file = file.as_ref().map(KernelTypes::new);
    if file.is_none() {
        fit::want(object, &funcs, &mut sought);
    }
    let tables = struct_ops::tables(object);
    tables.iter().for_each(|table| table.want(&mut sought));
    if !sought.is_empty() {
        kernel.seek(&mut sought)?;
    }
    let targets = attaching.iter().map(|attaching| match attaching {
        Some(attaching) => attaching.find(&kernel, &sought),
        None => Ok(Target::default()),
    });
    let mut targets = targets.collect::<Result<Vec<_>>>()?;
    let mut object = elf::fit(object);
    let externs = Externs::resolve(&mut object, &layouts, &kernel, &sought)?;
    let object = &*object;
    let core = match &file {
        None => Core::resolve(object, &funcs, &kernel, &sought)?,
        Some(types) => Core::seek(object, &funcs, types)?,
    };
    let data = config::patched(object, &options.config)?;
    let tables = tables.iter().map(|table| table.find(object, &data, &kernel, &sought));
    let tables = tables.collect::<Result<Vec<_>>>()?;
    for (choice, target) in selected.iter().zip(&mut targets) {
        if let Some(table) = struct_ops::aim(object, choice, &tables)? {
            *target = table;
        }
    }

    let mut notes = Vec::new();
    let mut memlock = Memlock::default();
    let types = types::load(object, &mut memlock, &mut notes)?;
    let mut pins = Pins::default();
    let mut maker = maps::Maker {
        options,
        types: types.as_ref(),
        memlock: &mut memlock,
        notes: &mut notes,
        pins: &mut pins,
    };
    let maps = maker.maps(object)?;
    let used = layout::used_data(object, &layouts);
    maker.notes.extend(needs::notes(object, &used));
    let sections = maker.sections(object, &data, &used)?;
    let tables = struct_ops::make(tables, &mut maker)?;
    maps::fill_arenas(object, &data, &maps)?;

    let places = layout::Places::new(object, &maps, &sections, &externs, &core);
    let mut progs = Vec::with_capacity(selected.len());
    for ((choice, layout), target) in selected.iter().zip(layouts).zip(targets) {
        progs.push(prog::load(object, choice, layout, target, &places, types.as_ref(), &mut memlock)?);
    }
    maps::fill(object, &maps, &progs, &mut notes)?;
    let tables = struct_ops::fill(object, tables, &progs, &mut notes);
    let named = maps.iter().map(|m| &m.name).chain(progs.iter().map(|p| &p.name));
    notes.extend(names::note(named.map(String::as_str)));
    Ok(Loaded { maps, data: sections, tables, progs, btf: types.map(|t| t.fd), notes, pins })
}

fn check_endian(object: &Object) -> Result<()> {
    if object.endian == Endian::HOST {
        Ok(())
    } else {
        Err(Error::Endian { object: object.endian.name(), host: Endian::HOST.name() })
    }
}
