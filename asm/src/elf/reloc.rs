//! Where everything stands in a file, and the relocation that a reference gets by itself: that of clang.
//!
//! What is global is named by its own symbol. What is static is named by its section's, and its place is added; a
//! static function is called in its own section without a relocation.

use std::collections::HashMap;

use super::{CALL, Error, PSEUDO_CALL, R_BPF_64_32, R_BPF_64_64};
use crate::btf::{Btf, Kind, maps};
use crate::isa::form::LD_IMM64;
use crate::isa::{Insn, SLOT};
use crate::object::{Anchor, ExternKind, Func, Linkage, Map, Object, Place, Symbol};
use crate::sort::Sort;

/// Where everything stands; a reader and a writer of the same object see the same.
#[derive(Debug, Default)]
pub(super) struct Layout<'o> {
    /// Sections of code: name, length in bytes and first function.
    pub code: Vec<(&'o str, u64, usize)>,
    /// For each function its section of code, and its start in bytes.
    pub funcs: Vec<(usize, u64)>,
    /// Sections of maps: name, length in bytes and first map.
    pub map_sections: Vec<(&'o str, u64, usize)>,
    /// For each map its section of maps, and its place there.
    pub maps: Vec<(usize, Place)>,
    /// For each data section offset, size and number of its global variables, by offset.
    data: Vec<Vec<(u32, u32, usize)>>,
}

/// What an instruction holds, and the symbol and the type of its relocation.
pub(super) type Usual = (i32, Option<(Anchor, u32)>);

/// What is wrong with a name for nothing.
pub(super) const MISSING: &str = "it refers to something that is not there";
const FAR: &str = "what it refers to is too far away";

impl<'o> Layout<'o> {
    pub fn new(object: &'o Object) -> Result<Self, Error> {
        let mut layout = Self::default();
        layout.place_functions(object)?;
        layout.place_maps(object)?;
        for data in &object.data {
            let global = data
                .vars
                .iter()
                .enumerate()
                .filter(|(_, v)| v.linkage == Linkage::Global && !v.name.is_empty());
            let mut vars: Vec<_> = global.map(|(i, v)| (v.offset, v.size, i)).collect();
            vars.order_by_key(|(offset, ..)| *offset);
            layout.data.push(vars);
        }
        Ok(layout)
    }

    fn place_functions(&mut self, object: &'o Object) -> Result<(), Error> {
        let mut latest: HashMap<&str, usize> = HashMap::new();
        for (index, func) in object.funcs.iter().enumerate() {
            let name = func.section.as_str();
            let code = match latest.get(name).filter(|_| !func.apart) {
                Some(code) => *code,
                None => {
                    self.code.push((name, 0, index));
                    latest.insert(name, self.code.len() - 1);
                    self.code.len() - 1
                }
            };
            let end = &mut self.code[code].1;
            self.funcs.push((code, *end));
            let end_of =
                |start: u64| start.checked_add(u64::try_from(func.slots() * SLOT + func.tail.len()).ok()?);
            *end = end_of(*end).ok_or(Error::TooBig { what: "a section of code" })?;
        }
        Ok(())
    }

    fn place_maps(&mut self, object: &'o Object) -> Result<(), Error> {
        let sizes = sizes(&object.btf);
        let mut sections: HashMap<&str, usize> = HashMap::new();
        for (index, map) in object.maps.iter().enumerate() {
            let name = map.legacy.as_ref().map_or(maps::SECTION, |legacy| legacy.section.as_str());
            let section = *sections.entry(name).or_insert_with(|| {
                self.map_sections.push((name, 0, index));
                self.map_sections.len() - 1
            });
            let end = &mut self.map_sections[section].1;
            let place = match map.place {
                Some(place) => place,
                None => usual_place(map, *end, &sizes)?,
            };
            *end = (*end).max(u64::from(place.offset) + u64::from(place.size));
            self.maps.push((section, place));
        }
        Ok(())
    }

    /// What an instruction at a place of a section of code holds for what it names, and its relocation.
    pub fn usual(
        &self,
        object: &Object,
        (code, at): (usize, u64),
        to: Symbol,
        insn: &Insn,
    ) -> Result<Usual, &'static str> {
        let load = insn.code == LD_IMM64 && insn.hi.is_some();
        let call = insn.code == CALL && insn.src == PSEUDO_CALL;
        let fits = match to {
            Symbol::Func(_) | Symbol::Extern(_) => load || call,
            Symbol::Map(_) | Symbol::Data(..) => load,
            Symbol::Unknown => return Err("it has no relocation"),
        };
        if !fits {
            return Err("a reference needs a 64-bit immediate load, or a call for a function");
        }
        let small = |n: u64| i32::try_from(n).map_err(|_| FAR);
        let loaded = |anchor, imm| Ok((imm, Some((anchor, R_BPF_64_64))));
        match to {
            Symbol::Func(target) if call => {
                let (to_code, start) = *self.funcs.get(target).ok_or(MISSING)?;
                let func = object.funcs.get(target).ok_or(MISSING)?;
                if named(func) {
                    return Ok((-1, Some((Anchor::Func(target), R_BPF_64_32))));
                }
                let slots = |bytes: u64| i64::try_from(bytes / 8).map_err(|_| FAR);
                let distance = match to_code == code {
                    true => slots(start)? - slots(at)? - 1,
                    false => slots(start)? - 1,
                };
                let reloc = (to_code != code).then_some((self.anchor(Anchor::Code(target)), R_BPF_64_32));
                Ok((i32::try_from(distance).map_err(|_| FAR)?, reloc))
            }
            Symbol::Extern(index) => {
                let external = object.externs.get(index).ok_or(MISSING)?;
                // What a listing adds to a symbol of another object stays; nothing else has an offset. A call is as
                // compilers leave it; whoever finds the function in the kernel says so here.
                let (imm, kind) = match (call, external.kind) {
                    (true, _) => (-1, R_BPF_64_32),
                    (false, ExternKind::Object) => (insn.imm, R_BPF_64_64),
                    (false, _) => (0, R_BPF_64_64),
                };
                Ok((imm, Some((Anchor::Extern(index), kind))))
            }
            // An instruction holds 32 bits, which count as they are.
            Symbol::Data(section, offset) => {
                let (anchor, base) = self.variable(section, offset).ok_or(MISSING)?;
                loaded(anchor, (offset - base).cast_signed())
            }
            _ => {
                let (anchor, addend) = self.address(object, to).ok_or(MISSING)?;
                loaded(anchor, small(addend)?)
            }
        }
    }

    /// The symbol for a place in data, and where it stands: a global variable, so that listings show it, else the
    /// section.
    fn variable(&self, section: usize, offset: u32) -> Option<(Anchor, u32)> {
        let vars = self.data.get(section)?;
        let last = vars.partition_point(|(at, ..)| *at <= offset).checked_sub(1);
        let var = last.and_then(|i| vars.get(i)).filter(|(at, size, _)| offset - at < *size);
        Some(var.map_or((Anchor::Data(section), 0), |(at, _, var)| (Anchor::Var(section, *var), *at)))
    }

    /// The same symbol by the first number that stands for it: a section is that of all its functions or maps.
    pub fn anchor(&self, anchor: Anchor) -> Anchor {
        let first = match anchor {
            Anchor::Code(func) => self.funcs.get(func).map(|(code, _)| Anchor::Code(self.code[*code].2)),
            Anchor::Maps(map) => {
                self.maps.get(map).map(|(section, _)| Anchor::Maps(self.map_sections[*section].2))
            }
            _ => None,
        };
        first.unwrap_or(anchor)
    }

    /// The symbol of what stands at an address, and the bytes from it.
    pub fn address(&self, object: &Object, to: Symbol) -> Option<(Anchor, u64)> {
        Some(match to {
            Symbol::Map(index) => {
                let map = object.maps.get(index)?;
                match map.linkage == Linkage::Global && !map.name.is_empty() {
                    true => (Anchor::Map(index), 0),
                    false => (self.anchor(Anchor::Maps(index)), self.maps.get(index)?.1.offset.into()),
                }
            }
            Symbol::Extern(index) => (Anchor::Extern(index), 0),
            Symbol::Func(index) => match named(object.funcs.get(index)?) {
                true => (Anchor::Func(index), 0),
                false => (self.anchor(Anchor::Code(index)), self.funcs.get(index)?.1),
            },
            Symbol::Data(section, offset) => {
                let (anchor, base) = self.variable(section, offset)?;
                (anchor, (offset - base).into())
            }
            Symbol::Unknown => return None,
        })
    }
}

/// Whether a function is named by its own symbol.
fn named(func: &Func) -> bool {
    func.linkage == Linkage::Global && !func.name.is_empty()
}

/// How long the BTF says that each map's definition is, by name.
pub(super) fn sizes(btf: &Btf) -> HashMap<&str, u32> {
    let Some(Kind::DataSec { vars, .. }) =
        btf.datasec(maps::SECTION).and_then(|id| btf.get(id)).map(|t| &t.kind)
    else {
        return HashMap::new();
    };
    vars.iter().filter_map(|v| Some((btf.get(v.var)?.name.as_str(), v.size))).collect()
}

/// Where a map stands behind those before it, which end at `end`.
pub(super) fn usual_place(map: &Map, end: u64, sizes: &HashMap<&str, u32>) -> Result<Place, Error> {
    let too_big = |_| Error::TooBig { what: "the section of maps" };
    Ok(match &map.legacy {
        Some(legacy) => Place {
            offset: u32::try_from(end).map_err(too_big)?,
            size: u32::try_from(legacy.bytes.len()).map_err(too_big)?,
        },
        None => Place {
            offset: u32::try_from(end.next_multiple_of(8)).map_err(too_big)?,
            size: sizes.get(map.name.as_str()).copied().unwrap_or(0),
        },
    })
}
