//! References: what stands in the instruction and what in the relocation.

use std::borrow::Cow;

use super::{CALL, Error, PSEUDO_CALL, R_BPF_64_32, R_BPF_64_64};
use crate::isa::form::LD_IMM64;
use crate::isa::{Endian, Insn, SLOT};
use crate::object::{ExternKind, Func, Linkage, Object, Ref, Symbol};

/// Where everything is in the file; symbols by their index.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Sections of code.
    pub code: Vec<Code>,
    /// For each function its section of code, start in slots and symbol.
    funcs: Vec<(usize, usize, usize)>,
    /// For each data section its own symbol, and offset, size and symbol of its global variables, by offset.
    pub data: Vec<(usize, Vec<Place>)>,
    /// The symbol of each map.
    pub maps: Vec<usize>,
    /// The symbol of each extern.
    pub externs: Vec<usize>,
}

/// A variable: offset, size and symbol.
pub(super) type Place = (u32, u32, usize);

/// A section of code.
#[derive(Debug)]
pub(super) struct Code {
    pub name: String,
    /// Its number in the file.
    pub number: u16,
    /// Its own symbol.
    pub symbol: usize,
    /// Its functions and where they begin, in slots.
    pub funcs: Vec<(usize, usize)>,
    /// Its length in slots.
    pub slots: usize,
}

/// A relocation: offset in bytes from the start of the section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reloc {
    pub offset: u64,
    pub symbol: usize,
    pub kind: u32,
}

impl Places {
    /// Notes a section of code.
    pub fn code(&mut self, name: &str, number: u16, symbol: usize) -> usize {
        self.code.push(Code { name: name.into(), number, symbol, funcs: vec![], slots: 0 });
        self.code.len() - 1
    }

    /// The section's number in the file, and where its next function begins, in slots.
    pub fn next(&self, code: usize) -> (u16, usize) {
        self.code.get(code).map_or((0, 0), |c| (c.number, c.slots))
    }

    /// Notes a function at the end of its section.
    pub fn func(&mut self, code: usize, func: &Func, symbol: usize) {
        if let Some(place) = self.code.get_mut(code) {
            place.funcs.push((self.funcs.len(), place.slots));
            self.funcs.push((code, place.slots, symbol));
            place.slots += func.slots();
        }
    }

    /// The symbol of what stands at an address, and the bytes from it.
    pub fn address(&self, to: Symbol) -> Option<(usize, u64)> {
        Some(match to {
            Symbol::Map(map) => (*self.maps.get(map)?, 0),
            Symbol::Extern(index) => (*self.externs.get(index)?, 0),
            Symbol::Func(func) => (self.funcs.get(func)?.2, 0),
            Symbol::Data(section, offset) => (self.data.get(section)?.0, u64::from(offset)),
            Symbol::Unknown => return None,
        })
    }

    /// The section of a function: its index and its number in the file.
    pub fn section_of(&self, func: usize) -> Option<(usize, u16)> {
        let (code, ..) = self.funcs.get(func)?;
        Some((*code, self.code.get(*code)?.number))
    }
}

/// The bytes of a function; its relocations are appended.
pub(super) fn encode<'a>(
    object: &Object,
    index: usize,
    func: &'a Func,
    places: &Places,
    relocs: &mut Vec<Reloc>,
) -> Result<Cow<'a, [u8]>, Error> {
    if func.refs.is_empty() && object.endian == Endian::Little {
        return Ok(func.insns.as_bytes().into());
    }
    let (code, start, _) = places.funcs.get(index).copied().unwrap_or_default();
    let mut insns = func.insns.clone();
    let mut last = 0;
    for r in &func.refs {
        let wrong = |what| Error::Ref { func: func.name.clone(), insn: r.insn, what };
        if r.insn < last {
            return Err(wrong("its references are out of order"));
        }
        last = r.insn;
        let mut insn = insns.get(r.insn).ok_or_else(|| wrong("a reference lies beyond the end"))?;
        let slot = start + insns.slot_of(r.insn);
        if let Some((symbol, kind)) = fill(object, places, (code, slot), r, &mut insn).map_err(wrong)? {
            relocs.push(Reloc { offset: super::layout::len64(slot * SLOT)?, symbol, kind });
        }
        insns.set(r.insn, insn);
    }
    Ok(insns.into_bytes(object.endian).into())
}

/// Fills in what the instruction itself holds, and tells symbol and type of the relocation that it needs.
fn fill(
    object: &Object,
    places: &Places,
    (code, slot): (usize, usize),
    r: &Ref,
    insn: &mut Insn,
) -> Result<Option<(usize, u32)>, &'static str> {
    let load = insn.code == LD_IMM64 && insn.hi.is_some();
    let call = insn.code == CALL && insn.src == PSEUDO_CALL;
    let fits = match r.to {
        Symbol::Func(_) | Symbol::Extern(_) => load || call,
        Symbol::Map(_) | Symbol::Data(..) => load,
        Symbol::Unknown => false,
    };
    if !fits {
        return Err("a reference needs a 64-bit immediate load, or a call for a function");
    }
    let missing = "it refers to something that is not there";
    let (symbol, kind, imm) = match r.to {
        Symbol::Unknown => return Err(missing),
        Symbol::Map(map) => (*places.maps.get(map).ok_or(missing)?, R_BPF_64_64, 0),
        Symbol::Extern(index) => {
            let symbol = *places.externs.get(index).ok_or(missing)?;
            if load {
                // What a listing adds to a symbol of another object stays; nothing else has an offset.
                let other = object.externs.get(index).is_some_and(|e| e.kind == ExternKind::Object);
                (symbol, R_BPF_64_64, if other { insn.imm } else { 0 })
            } else {
                // As compilers leave it; whoever finds the function in the kernel says so here.
                (symbol, R_BPF_64_32, -1)
            }
        }
        Symbol::Data(section, offset) => {
            let (own, vars) = places.data.get(section).ok_or(missing)?;
            // A global variable by its name, so that listings show it; else the section and the offset.
            let last = vars.partition_point(|(at, ..)| *at <= offset).checked_sub(1);
            let var = last.and_then(|i| vars.get(i)).filter(|(at, size, _)| offset - at < *size);
            let (symbol, base) = var.map_or((*own, 0), |(at, _, symbol)| (*symbol, *at));
            (symbol, R_BPF_64_64, (offset - base).cast_signed())
        }
        Symbol::Func(target) => {
            let (to_code, to_slot, own) = *places.funcs.get(target).ok_or(missing)?;
            let to = object.funcs.get(target).ok_or(missing)?;
            let distance = |from: usize| -> Option<i32> {
                let (to, from) = (i64::try_from(to_slot).ok()?, i64::try_from(from).ok()?);
                i32::try_from(to - from).ok()
            };
            let far = "the function is too far away";
            if call && to_code == code {
                insn.imm = distance(slot + 1).ok_or(far)?;
                return Ok(None);
            }
            let section = places.code.get(to_code).ok_or(missing)?.symbol;
            match (to.linkage, call) {
                (Linkage::Global, true) => (own, R_BPF_64_32, -1),
                (Linkage::Global, false) => (own, R_BPF_64_64, 0),
                (Linkage::Static, true) => (section, R_BPF_64_32, distance(1).ok_or(far)?),
                (Linkage::Static, false) => {
                    let bytes = distance(0).and_then(|d| d.checked_mul(8)).ok_or(far)?;
                    (section, R_BPF_64_64, bytes)
                }
            }
        }
    };
    insn.imm = imm;
    if load {
        insn.src = 0;
        insn.hi = Some(0);
    }
    Ok(Some((symbol, kind)))
}
