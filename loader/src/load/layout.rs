//! A program as the kernel takes it: the function itself, and after it each function that it calls, once.

use super::core::Core;
use super::externs::{Externs, Place};
use super::{LoadedData, LoadedMap};
use crate::error::{Error, Result};
use crate::sys::bpf::Map;
use crate::verifier::missing;
use bpfasm_asm::btf::Kind;
use bpfasm_asm::isa::Endian;
use bpfasm_asm::isa::Insn;
use bpfasm_asm::object::{DataKind, Func, Object, Symbol};
use bpfasm_asm::uapi::MapType;
use std::collections::BTreeSet;
use std::os::fd::{AsFd, AsRawFd, RawFd};

const LD_IMM64: u8 = 0x18;
const CALL: u8 = 0x85;
// Kinds in the src field of a 64-bit immediate load and of a call (include/uapi/linux/bpf.h).
const PSEUDO_MAP_FD: u8 = 1;
const PSEUDO_MAP_VALUE: u8 = 2;
const PSEUDO_BTF_ID: u8 = 3;
const PSEUDO_FUNC: u8 = 4;
const PSEUDO_CALL: u8 = 1;
const PSEUDO_KFUNC_CALL: u8 = 2;

/// Which function each slot of a loaded program is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The functions, in their order; the first is the program.
    pub parts: Vec<Part>,
}

/// One function in a loaded program. Counted in slots of 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Index in [`Object::funcs`].
    pub func: usize,
    /// Its first slot in the program.
    pub start: usize,
    /// Its length.
    pub slots: usize,
}

impl Layout {
    /// The program that this function is.
    pub(super) fn new(object: &Object, program: usize) -> Result<Layout> {
        let mut layout = Layout { parts: Vec::new() };
        let mut start = 0;
        // A function stands before what it calls, and that before what is called next, as other loaders have it.
        // Nothing calls an exception callback but the kernel.
        let mut todo: Vec<usize> = exception_callback(object, program).into_iter().chain([program]).collect();
        let mut seen = BTreeSet::new();
        while let Some(index) = todo.pop() {
            if !seen.insert(index) {
                continue;
            }
            let func = &object.funcs[index];
            let slots = func.slots();
            layout.parts.push(Part { func: index, start, slots });
            start += slots;
            for r in func.refs.iter().rev() {
                if let Symbol::Func(called) = r.to {
                    if called >= object.funcs.len() {
                        return Err(broken(func, r.insn, "it names a function that is not there"));
                    }
                    todo.push(called);
                }
            }
        }
        Ok(layout)
    }

    /// The length of the program in slots.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.parts.last().map_or(0, |p| p.start + p.slots)
    }

    /// The function that a slot of the program is from, and the index of the instruction in it.
    #[must_use]
    pub fn locate(&self, object: &Object, slot: usize) -> Option<(usize, usize)> {
        let part = self.parts.iter().find(|p| (p.start..p.start + p.slots).contains(&slot))?;
        let mut at = part.start;
        for (index, insn) in object.funcs.get(part.func)?.insns.iter().enumerate() {
            at += insn.slots();
            if slot < at {
                return Some((part.func, index));
            }
        }
        None
    }

    fn start_of(&self, func: usize) -> Option<usize> {
        self.parts.iter().find(|p| p.func == func).map(|p| p.start)
    }

    /// The bytes of the program, with everything that its references name filled in.
    pub(super) fn encode(&self, object: &Object, places: &Places<'_, '_>) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.slots() * 8);
        for part in &self.parts {
            let func = &object.funcs[part.func];
            let mut refs = func.refs.iter().peekable();
            let mut patches = places.core.patches(part.func).iter().peekable();
            let mut slot = part.start;
            for (index, mut insn) in func.insns.iter().enumerate() {
                let slots = insn.slots();
                if let Some(patch) = patches.next_if(|patch| patch.insn == index) {
                    insn = patch.becomes;
                }
                while let Some(r) = refs.next_if(|r| r.insn <= index) {
                    let resolved =
                        if r.insn == index { self.resolve(&mut insn, slot, r.to, places) } else { None };
                    resolved.ok_or_else(|| broken(func, r.insn, "its reference cannot be filled in"))?;
                }
                // Poison takes one slot, and so fills two of them.
                for _ in 0..slots / insn.slots() {
                    insn.encode(Endian::HOST, &mut bytes);
                }
                slot += slots;
            }
            if let Some(r) = refs.next() {
                return Err(broken(func, r.insn, "it has a reference but does not exist"));
            }
        }
        Ok(bytes)
    }

    /// Fills in one reference; nothing when instruction and symbol do not go together.
    fn resolve(&self, insn: &mut Insn, slot: usize, to: Symbol, places: &Places<'_, '_>) -> Option<()> {
        let wide = insn.code == LD_IMM64 && insn.hi.is_some();
        match to {
            Symbol::Map(map) if wide => {
                insn.src = PSEUDO_MAP_FD;
                insn.imm = *places.maps.get(map)?;
                insn.hi = Some(0);
            }
            Symbol::Data(section, offset) if wide => {
                insn.src = PSEUDO_MAP_VALUE;
                insn.imm = (*places.data.get(section)?)?;
                insn.hi = Some(offset.cast_signed());
            }
            Symbol::Func(func) if wide || insn.code == CALL => {
                // From the slot after this one; a wide load counts as if it were one slot.
                let distance = i64::try_from(self.start_of(func)?).ok()? - i64::try_from(slot).ok()? - 1;
                insn.imm = i32::try_from(distance).ok()?;
                insn.src = if wide { PSEUDO_FUNC } else { PSEUDO_CALL };
                insn.hi = wide.then_some(0);
            }
            Symbol::Extern(index) => match (places.externs.get(index)?, wide) {
                (Place::Address(address), true) => (insn.src, insn.imm, insn.hi) = halves(address),
                (Place::Missing, true) => (insn.src, insn.imm, insn.hi) = halves(0),
                (Place::Typed { id, fd, .. }, true) => {
                    (insn.src, insn.imm, insn.hi) = (PSEUDO_BTF_ID, id.0.cast_signed(), Some(fd));
                }
                (Place::Typed { id, index, .. }, false) if insn.code == CALL => {
                    (insn.src, insn.off, insn.imm) = (PSEUDO_KFUNC_CALL, index, id.0.cast_signed());
                }
                (Place::Missing, false) if insn.code == CALL => {
                    *insn = Insn { code: CALL, imm: missing::helper(index)?, ..Insn::default() };
                }
                _ => return None,
            },
            _ => return None,
        }
        Some(())
    }
}

/// A 64-bit immediate load of a plain number: its kind and both halves.
fn halves(number: u64) -> (u8, i32, Option<i32>) {
    let [a, b, c, d, e, f, g, h] = number.to_le_bytes();
    (0, i32::from_le_bytes([a, b, c, d]), Some(i32::from_le_bytes([e, f, g, h])))
}

/// The function that the kernel calls when the program throws: a tag of the program names it.
fn exception_callback(object: &Object, program: usize) -> Option<usize> {
    let id = object.funcs.get(program)?.btf?;
    let name = object.btf.types.iter().find_map(|ty| match ty.kind {
        Kind::DeclTag { ty: of, component: -1, .. } if of == id => {
            ty.name.strip_prefix("exception_callback:")
        }
        _ => None,
    })?;
    object.funcs.iter().position(|f| f.name == name)
}

/// The data sections that these programs use, by index.
pub(super) fn used_data(object: &Object, layouts: &[Layout]) -> BTreeSet<usize> {
    let funcs = layouts.iter().flat_map(|l| &l.parts).filter_map(|p| object.funcs.get(p.func));
    let refs = funcs.flat_map(|f| &f.refs);
    refs.filter_map(|r| if let Symbol::Data(section, _) = r.to { Some(section) } else { None }).collect()
}

/// The descriptors that references become.
#[derive(Debug)]
pub(super) struct Places<'a, 'k> {
    maps: Vec<i32>,
    data: Vec<Option<i32>>,
    externs: &'a Externs<'a>,
    pub(super) core: &'a Core<'a, 'k>,
}

impl<'a, 'k> Places<'a, 'k> {
    pub(super) fn new(
        object: &Object,
        maps: &[LoadedMap],
        sections: &[LoadedData],
        externs: &'a Externs<'a>,
        core: &'a Core<'a, 'k>,
    ) -> Self {
        let fd = |map: &Map| map.as_fd().as_raw_fd();
        // Variables of an arena stand at its start.
        let arena = maps.iter().find(|m| m.map.kind() == MapType::ARENA).map(|m| fd(&m.map));
        let kinds = object.data.iter().map(|data| data.kind);
        let mut data: Vec<_> = kinds.map(|k| arena.filter(|_| k == DataKind::Arena)).collect();
        for section in sections {
            data[section.index] = Some(fd(&section.map));
        }
        Places { maps: maps.iter().map(|m| m.map.as_fd().as_raw_fd()).collect(), data, externs, core }
    }

    /// What calls of functions of modules count in.
    pub(super) fn fds(&self) -> &[RawFd] {
        self.externs.fds()
    }
}

fn broken(func: &Func, insn: usize, what: &'static str) -> Error {
    Error::Object { func: func.name.clone(), insn, what }
}
