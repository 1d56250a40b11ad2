//! A loaded program as an [`Object`], so that whatever shows an object shows it, too.
//!
//! The kernel gives back the instructions that it runs, not those that it was given: it has put code in the place of
//! calls, offsets into its own structs in the place of those into contexts, and numbers of maps in the place of
//! descriptors (`bpf_insn_prepare_dump()` in `kernel/bpf/syscall.c`). What names a thing becomes a [`Ref`] again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::fd::{AsFd, BorrowedFd};

use bpfasm_asm::btf::{self, Btf, Kind as Type, Strings, TypeId};
use bpfasm_asm::elf;
use bpfasm_asm::isa::{Endian, Insn, Syntax};
use bpfasm_asm::object::{
    ARENA, Data, DataKind, Extern, ExternKind, Func, Line, Linkage, Map, Object, Ref, Symbol, TEXT, Var,
};
use bpfasm_asm::sort::Sort;
use bpfasm_asm::uapi::{HelperId, MapType, section};

use super::{Error, btf_bytes};
use crate::kernel::{BtfStore, KernelTypes, Symbols};
use crate::load::kernel_name;
use crate::sys::bpf::{self, Kind, MapInfo, NAME_LEN, ProgCode, ProgInfo, fd_by_id, map_info};

/// The helper that is a jump by then: its call alone holds a number, not an address.
const TAIL_CALL: HelperId = HelperId(12);
/// Whether calls of kernel functions may keep the number of the function's type in the place of its distance
/// (`bpf_jit_supports_far_kfunc_call()`).
const FAR: bool = !cfg!(any(target_arch = "x86_64", target_arch = "x86"));
/// How many bytes of text lines may have for each byte of the string table.
const LINE_FACTOR: usize = 64;

// Kinds in the src field of a 64-bit immediate load (include/uapi/linux/bpf.h).
const NUMBER: u8 = 0;
const MAP: u8 = 1;
const MAP_VALUE: u8 = 2;
const FUNC: u8 = 4;

/// A loaded program.
#[derive(Debug)]
pub struct Program {
    /// What the kernel says of it.
    pub info: ProgInfo,
    /// Its code as the kernel gives it.
    pub code: ProgCode,
    /// The same with names: its functions, in the kernel's order, the maps, the data and the types.
    pub object: Object,
    /// The first slot of each function.
    pub starts: Vec<usize>,
    /// For each line of each function where its machine code begins; 0 where that is not known.
    pub line_addresses: Vec<Vec<u64>>,
    /// What is not known of it, a line each.
    pub notes: Vec<String>,
}

/// Reads a program that is loaded.
///
/// # Errors
/// [`Error::Hidden`], [`Error::Broken`], and refusals of the kernel.
pub fn program(fd: BorrowedFd<'_>) -> Result<Program, Error> {
    let info = bpf::prog_info(fd)?;
    let code = bpf::prog_code(info.id)?;
    if code.xlated.is_empty() {
        return Err(Error::Hidden { id: info.id });
    }
    let insns = Insn::decode_all(&code.xlated, Endian::HOST)
        .map_err(|e| Error::Broken { id: info.id, what: e.to_string() })?;
    let mut reader = Reader { starts: vec![0], ..Reader::default() };
    reader.object.endian = Endian::HOST;
    reader.object.license = info.gpl_compatible.then(|| "GPL".into());
    let types = if info.btf_id == 0 { vec![] } else { btf_bytes(info.btf_id)? };
    let strings = match btf::decode::<String>(&types) {
        Ok(decoded) => {
            reader.object.btf = decoded.btf;
            Some(decoded.strings)
        }
        Err(_) if types.is_empty() => None,
        Err(e) => return Err(Error::Broken { id: info.id, what: format!("its types: {e}") }),
    };
    reader.slots(&insns);
    reader.maps(&info)?;
    reader.functions(&insns, &info, &code);
    reader.code(&insns, &Kernel::of(&insns));
    if let Some(strings) = strings {
        reader.lines(&code, |offset| strings.get(offset).map(std::borrow::Cow::into_owned), strings.len());
    }
    let mut notes = vec![
        "these are the instructions that the kernel runs: it has put code in the place of calls, and offsets into its \
         own structs in the place of those into contexts"
            .to_string(),
        "not kept by the kernel: CO-RE records, the licence's text, what the program is for beyond its type, first \
         values of maps; data is as it is now"
            .to_string(),
    ];
    if info.btf_id == 0 {
        notes.push("it was loaded without types: functions and variables have no names".into());
    }
    if reader.is_nameless {
        notes.push(
            "the kernel hides its addresses (kernel.kptr_restrict): its functions have no names".into(),
        );
    }
    let Reader { object, starts, line_addresses, .. } = reader;
    Ok(Program { info, code, object, starts, line_addresses, notes })
}

#[derive(Default)]
struct Reader {
    object: Object,
    starts: Vec<usize>,
    /// The slot of each instruction.
    slots: Vec<usize>,
    /// Numbers of maps whose descriptor, and whose value, instructions load.
    loaded: BTreeSet<u32>,
    addressed: BTreeSet<u32>,
    /// By number of the map: which of the object's maps and sections it is.
    maps: HashMap<u32, usize>,
    data: HashMap<u32, usize>,
    externs: BTreeMap<String, usize>,
    line_addresses: Vec<Vec<u64>>,
    is_nameless: bool,
}

impl Reader {
    /// Notes where instructions stand and what they load.
    fn slots(&mut self, insns: &[Insn]) {
        let mut slot = 0;
        for insn in insns {
            self.slots.push(slot);
            slot += insn.slots();
            match load(insn) {
                Some(MAP) => drop(self.loaded.insert(insn.imm.cast_unsigned())),
                Some(MAP_VALUE) => drop(self.addressed.insert(insn.imm.cast_unsigned())),
                _ => {}
            }
        }
    }

    /// Its maps; those that hold variables are data.
    fn maps(&mut self, info: &ProgInfo) -> Result<(), Error> {
        let ids: BTreeSet<u32> = info.map_ids.iter().copied().collect();
        for id in ids {
            let fd = fd_by_id(Kind::Map, id)?;
            let map = map_info(fd.as_fd())?;
            let described = |ty: TypeId| (map.btf_id == info.btf_id && ty != TypeId::VOID).then_some(ty);
            let section = described(map.btf_value).and_then(|ty| self.object.btf.get(ty));
            let section =
                section.filter(|ty| matches!(ty.kind, Type::DataSec { .. })).map(|ty| ty.name.clone());
            if section.is_some() || self.addressed.contains(&id) {
                let value = bpf::Map::from_fd(fd)?.lookup(&[0; 4], 0).ok().flatten();
                self.data.insert(id, self.object.data.len());
                self.object.data.push(data(&self.object.btf, &map, section, value));
            }
            if !self.data.contains_key(&id) || self.loaded.contains(&id) {
                self.maps.insert(id, self.object.maps.len());
                self.object.maps.push(Map {
                    name: whole_name(&self.object.btf, &map.name),
                    kind: map.kind,
                    key_size: map.key_size,
                    value_size: map.value_size,
                    max_entries: map.max_entries,
                    flags: map.flags,
                    extra: map.extra,
                    key: described(map.btf_key),
                    value: described(map.btf_value),
                    ..Map::default()
                });
            }
        }
        Ok(())
    }

    /// Where functions begin, and what they are called: by their types or, without types, by what is called.
    fn functions(&mut self, insns: &[Insn], info: &ProgInfo, code: &ProgCode) {
        let mut starts: BTreeMap<usize, Option<TypeId>> = BTreeMap::from([(0, None)]);
        for record in &code.funcs {
            if let Ok(at) = self.slots.binary_search(&record.insn_off.try_into().unwrap_or(usize::MAX)) {
                starts.insert(self.slots[at], Some(record.type_id));
            }
        }
        if code.funcs.is_empty() {
            let called = self.slots.iter().zip(insns).filter_map(|(slot, insn)| target(*slot, insn));
            let called = called.filter(|slot| self.slots.binary_search(slot).is_ok());
            starts.extend(called.map(|slot| (slot, None)).filter(|(slot, _)| *slot != 0));
        }
        for (index, ty) in starts.values().enumerate() {
            let named = ty.and_then(|ty| self.object.btf.get(ty)).filter(|ty| !ty.name.is_empty());
            let name = match (named, index) {
                (Some(ty), _) => ty.name.clone(),
                (None, 0) if info.name.is_empty() => format!("prog_{}", info.id),
                (None, 0) => info.name.clone(),
                (None, _) => format!("func_{index}"),
            };
            let global = matches!(
                named.map(|ty| &ty.kind),
                Some(Type::Func { linkage: btf::FuncLinkage::GLOBAL, .. })
            );
            self.object.funcs.push(Func {
                name,
                section: if index == 0 { section::of_type(info.kind) } else { TEXT.into() },
                linkage: if index == 0 || global { Linkage::Global } else { Linkage::Static },
                btf: *ty,
                ..Func::default()
            });
        }
        self.starts = starts.into_keys().collect();
    }

    /// The instructions, with references in the place of numbers.
    fn code(&mut self, insns: &[Insn], kernel: &Kernel) {
        self.is_nameless = kernel.base.is_none() && insns.iter().any(is_helper_call);
        for (at, insn) in insns.iter().enumerate() {
            let slot = self.slots[at];
            let index = self.starts.partition_point(|start| *start <= slot) - 1;
            let (insn, to) = self.named(slot, *insn, kernel);
            let func = &mut self.object.funcs[index];
            if let Some(to) = to {
                func.refs.push(Ref::new(func.insns.len(), to));
            }
            func.insns.push(insn);
        }
    }

    /// An instruction as it stands in an object, and what it names.
    fn named(&mut self, slot: usize, insn: Insn, kernel: &Kernel) -> (Insn, Option<Symbol>) {
        let plain = Insn { src: 0, imm: 0, hi: Some(0), ..insn };
        let id = insn.imm.cast_unsigned();
        let found = match (load(&insn), insn.form().map(|form| form.syntax)) {
            (Some(MAP), _) => self.maps.get(&id).map(|map| (plain, Symbol::Map(*map))),
            (Some(MAP_VALUE), _) => {
                let offset = insn.hi.unwrap_or(0).cast_unsigned();
                self.data.get(&id).map(|data| (plain, Symbol::Data(*data, offset)))
            }
            (Some(FUNC), _) => self.func_at(slot, &insn).map(|func| (plain, Symbol::Func(func))),
            (Some(NUMBER), _) => {
                let name = kernel.names.get(&insn.imm64().cast_unsigned());
                name.map(|name| (plain, self.external(name)))
            }
            (_, Some(Syntax::CallLocal)) | (None, None) if is_local_call(&insn) => {
                let call = Insn { imm: -1, off: 0, ..insn };
                self.func_at(slot, &insn).map(|func| (call, Symbol::Func(func)))
            }
            (_, Some(Syntax::CallHelper)) => match kernel.callee(&insn) {
                Some(name) => match HelperId::from_name(name) {
                    Some(HelperId(id)) => return (Insn { imm: id.cast_signed(), ..insn }, None),
                    None => Some((Insn { src: 1, imm: -1, ..insn }, self.external(name))),
                },
                None => None,
            },
            (_, Some(Syntax::CallKfunc)) => {
                let by_type = kernel.by_type.get(&id).map(String::as_str);
                let name = by_type.or_else(|| kernel.callee(&insn));
                name.map(|name| (Insn { src: 1, imm: -1, off: 0, ..insn }, self.external(name)))
            }
            _ => None,
        };
        found.map_or((insn, None), |(insn, to)| (insn, Some(to)))
    }

    /// The function that an instruction names by its distance or, where that is too far for the field, by its number.
    fn func_at(&self, slot: usize, insn: &Insn) -> Option<usize> {
        let by_distance = target(slot, insn).and_then(|target| self.starts.binary_search(&target).ok());
        let number = insn.hi.unwrap_or(insn.imm);
        by_distance.or_else(|| usize::try_from(number).ok().filter(|n| *n < self.starts.len()))
    }

    /// Something of the kernel's, by name.
    fn external(&mut self, name: &str) -> Symbol {
        if let Some(index) = self.externs.get(name) {
            return Symbol::Extern(*index);
        }
        let index = self.object.externs.len();
        self.externs.insert(name.into(), index);
        let declared = self.object.btf.find(name, |kind| match kind {
            Type::Func { linkage, .. } => *linkage == btf::FuncLinkage::EXTERN,
            Type::Var { linkage, .. } => *linkage == btf::VarLinkage::EXTERN,
            _ => false,
        });
        self.object.externs.push(Extern {
            name: name.into(),
            kind: ExternKind::Ksym,
            btf: declared,
            ..Extern::default()
        });
        Symbol::Extern(index)
    }

    /// Source lines, as far as their strings are there.
    fn lines(&mut self, code: &ProgCode, string: impl Fn(u32) -> Option<String>, room: usize) {
        let mut budget = room.saturating_mul(LINE_FACTOR);
        let mut files: HashMap<u32, u32> = HashMap::new();
        let mut texts = Strings::default();
        self.line_addresses = vec![vec![]; self.object.funcs.len()];
        for (number, record) in code.lines.iter().enumerate() {
            let slot = usize::try_from(record.insn_off).unwrap_or(usize::MAX);
            let Ok(at) = self.slots.binary_search(&slot) else { continue };
            let index = self.starts.partition_point(|start| *start <= slot) - 1;
            let first = self.slots.partition_point(|other| *other < self.starts[index]);
            let (Some(file), Some(text)) = (string(record.file_name_off), string(record.line_off)) else {
                continue;
            };
            let Some(left) = budget.checked_sub(file.len() + text.len()) else { break };
            budget = left;
            let Ok(text) = texts.add(&text) else { continue };
            let Ok(insn) = u32::try_from(at - first) else { break };
            let file = *files.entry(record.file_name_off).or_insert_with(|| {
                self.object.files.push(file);
                u32::try_from(self.object.files.len() - 1).unwrap_or(u32::MAX)
            });
            self.line_addresses[index].push(code.jited_lines.get(number).copied().unwrap_or(0));
            self.object.funcs[index].lines.push(Line {
                insn,
                file,
                line: record.line(),
                column: record.column(),
                text,
            });
        }
        self.object.texts = texts;
    }
}

/// What the kernel's own numbers mean.
#[derive(Default)]
struct Kernel {
    base: Option<u64>,
    /// By address.
    names: HashMap<u64, String>,
    /// Functions by their number in the kernel's types.
    by_type: HashMap<u32, String>,
}

impl Kernel {
    /// All that these instructions name.
    fn of(insns: &[Insn]) -> Self {
        let is_address = |insn: &&Insn| load(insn) == Some(NUMBER) && insn.hi != Some(0);
        let is_kfunc = |insn: &&Insn| insn.form().is_some_and(|form| form.syntax == Syntax::CallKfunc);
        let is_call = |insn: &&Insn| is_helper_call(insn) || is_kfunc(insn);
        if !insns.iter().any(|insn| is_address(&insn) || is_call(&insn)) {
            return Self::default();
        }
        let symbols = Symbols::read();
        let base = symbols.call_base();
        let addresses = insns.iter().filter(is_address).map(|insn| insn.imm64().cast_unsigned());
        let calls = insns.iter().filter(is_call).filter_map(|insn| callee(base, insn));
        let names = symbols.names(&addresses.chain(calls).collect());
        // Where kernel functions may be far away, their calls keep the number of their type.
        let unnamed = insns.iter().filter(is_kfunc).filter(|insn| insn.off == 0);
        let unnamed: BTreeSet<u32> = unnamed
            .filter(|insn| FAR || callee(base, insn).is_none_or(|address| !names.contains_key(&address)))
            .map(|insn| insn.imm.cast_unsigned())
            .collect();
        Self { base, names, by_type: if unnamed.is_empty() { HashMap::new() } else { functions(&unnamed) } }
    }

    /// The name of what is called.
    fn callee(&self, insn: &Insn) -> Option<&str> {
        let named = callee(self.base, insn).and_then(|address| self.names.get(&address)).map(String::as_str);
        let is_tail_call = insn.src == 0 && u32::try_from(insn.imm) == Ok(TAIL_CALL.0);
        named.or_else(|| TAIL_CALL.name().filter(|_| is_tail_call))
    }
}

/// The names of functions in the kernel's types.
fn functions(ids: &BTreeSet<u32>) -> HashMap<u32, String> {
    let store = BtfStore::running();
    let types = KernelTypes::new(&store);
    let Ok(scan) = types.vmlinux() else { return HashMap::new() };
    let name = |id: &u32| {
        let ty = scan.get(TypeId(*id)).ok()??;
        matches!(ty.kind, Type::Func { .. }).then_some((*id, ty.name))
    };
    ids.iter().filter_map(name).collect()
}

/// The kind of a 64-bit immediate load.
fn load(insn: &Insn) -> Option<u8> {
    insn.hi.map(|_| insn.src)
}

fn is_helper_call(insn: &Insn) -> bool {
    insn.form().is_some_and(|form| form.syntax == Syntax::CallHelper)
}

/// The kernel keeps the distance of a call in `off`, where instructions of the table have 0.
fn is_local_call(insn: &Insn) -> bool {
    Insn { off: 0, ..*insn }.form().is_some_and(|form| form.syntax == Syntax::CallLocal)
}

/// The address that a call of the kernel's leads to.
fn callee(base: Option<u64>, insn: &Insn) -> Option<u64> {
    base.map(|base| base.wrapping_add_signed(insn.imm.into()))
}

/// The slot of the function that an instruction calls or loads the address of.
fn target(slot: usize, insn: &Insn) -> Option<usize> {
    let distance = match load(insn) {
        Some(FUNC) => insn.imm,
        None if is_local_call(insn) => insn.off.into(),
        _ => return None,
    };
    slot.checked_add(1)?.checked_add_signed(distance.try_into().ok()?)
}

/// Variables, out of the map that holds them, with what they are now.
fn data(btf: &Btf, map: &MapInfo, section: Option<String>, value: Option<Vec<u8>>) -> Data {
    // Loaders call the map after its section, with a part of the file's name before it.
    let name = section.clone().unwrap_or_else(|| match map.kind {
        MapType::ARENA => ARENA.into(),
        _ => map.name.find('.').map_or(map.name.as_str(), |dot| &map.name[dot..]).into(),
    });
    let kind = elf::data_kind(&name);
    let bytes = value.unwrap_or_default();
    let described = section.and_then(|name| btf.datasec(&name)).and_then(|id| btf.get(id));
    let vars = match described.map(|ty| &ty.kind) {
        Some(Type::DataSec { vars, .. }) => vars.as_slice(),
        _ => &[],
    };
    let variable = |place: &btf::SecInfo| {
        let var = btf.get(place.var)?;
        let Type::Var { ty, linkage } = &var.kind else { return None };
        Some(Var {
            name: var.name.clone(),
            offset: place.offset,
            size: place.size,
            ty: Some(*ty),
            linkage: if *linkage == btf::VarLinkage::STATIC { Linkage::Static } else { Linkage::Global },
            ..Var::default()
        })
    };
    let mut vars: Vec<Var> = vars.iter().filter_map(variable).collect();
    vars.order_by_key(|var| var.offset);
    let (bytes, room) = match kind {
        DataKind::Bss => (vec![], u64::from(map.value_size)),
        _ => (bytes, 0),
    };
    Data { name, kind, bytes, room, align: 8, vars, ..Data::default() }
}

/// The whole name of a map whose name the kernel has cut: the one in the types that begins so.
fn whole_name(btf: &Btf, cut: &str) -> String {
    let section = btf.datasec(btf::maps::SECTION).and_then(|id| btf.get(id));
    let Some(Type::DataSec { vars, .. }) = section.map(|ty| &ty.kind) else { return cut.into() };
    let names = vars.iter().filter_map(|place| Some(btf.get(place.var)?.name.as_str()));
    let mut same = names.filter(|name| {
        let name = kernel_name(name);
        cut.len() == NAME_LEN - 1 && name.starts_with(cut) || name == cut
    });
    match (same.next(), same.next()) {
        (Some(name), None) => name.into(),
        _ => cut.into(),
    }
}
