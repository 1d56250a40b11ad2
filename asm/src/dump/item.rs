//! What there is to say about each instruction.

use std::fmt::{self, Write};

use super::view::as_u64;
use crate::elf::CALL;
use crate::escape::escape;
use crate::isa::{self, Insn, Syntax};
use crate::object::{CoreRelo, Extern, Func, Line, Map, Object, Symbol};
use crate::text::Text;
use crate::uapi::HelperId;

/// Opcode classes of jumps.
const JMP: u8 = 5;
const JMP32: u8 = 6;

/// An instruction, and what stands beside it in the object.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    object: &'a Object,
    /// Its first slot in the function.
    pub slot: usize,
    /// The instruction.
    pub insn: Insn,
    /// The slot that it jumps to, if an instruction begins there.
    pub target: Option<usize>,
    /// What it names.
    pub to: Option<Symbol>,
    /// The source line that begins with it.
    pub line: Option<&'a Line>,
    /// The CO-RE record for it.
    pub core: Option<&'a CoreRelo>,
}

/// What an instruction refers to.
#[derive(Debug, Clone, Copy)]
pub enum Reference<'a> {
    /// A map.
    Map(&'a Map),
    /// A function of the object.
    Func(&'a str),
    /// Something that is defined elsewhere.
    Extern(&'a Extern),
    /// A place in a data section.
    Data {
        /// The section.
        section: &'a str,
        /// The variable that covers the place, and how many bytes into it the place is.
        variable: Option<(&'a str, u32)>,
        /// The place, in bytes from the start of the section.
        offset: u32,
        /// The text there, without the zero at its end.
        string: Option<&'a str>,
    },
    /// A helper of the kernel.
    Helper(HelperId),
}

/// The instructions of a function with all that is said of them.
pub fn items<'a>(object: &'a Object, func: &'a Func) -> impl Iterator<Item = Item<'a>> {
    let (mut refs, mut lines, mut core) = (&*func.refs, &*func.lines, &*func.core);
    let mut slot = 0;
    func.insns.iter().enumerate().map(move |(i, insn)| {
        let item = Item {
            object,
            slot,
            insn,
            target: target(slot, &insn).filter(|slot| func.insns.at_slot(*slot).is_some()),
            to: next_if(&mut refs, |r| r.insn == i).map(|r| r.to),
            line: next_if(&mut lines, |line| line.insn as usize == i),
            core: next_if(&mut core, |relo| relo.insn == i),
        };
        slot += insn.slots();
        item
    })
}

/// Takes the first of a list away where it is wanted.
#[inline]
fn next_if<'a, T>(list: &mut &'a [T], is_wanted: impl Fn(&T) -> bool) -> Option<&'a T> {
    let (first, rest) = list.split_first().filter(|(first, _)| is_wanted(first))?;
    *list = rest;
    Some(first)
}

/// The slot that an instruction jumps to, wherever that is.
#[inline]
pub(super) fn target(slot: usize, insn: &Insn) -> Option<usize> {
    // Most are no jumps.
    if matches!(insn.code & 7, JMP | JMP32) { jump(slot, insn) } else { None }
}

fn jump(slot: usize, insn: &Insn) -> Option<usize> {
    let distance = insn.form()?.syntax.distance(insn)?;
    (slot + 1).checked_add_signed(distance.try_into().ok()?)
}

impl<'a> Item<'a> {
    /// The object that it is of.
    #[must_use]
    pub fn object(&self) -> &'a Object {
        self.object
    }

    /// Whether there is anything that it refers to.
    #[must_use]
    pub fn has_reference(&self) -> bool {
        self.to.is_some() || self.core.is_some() || self.insn.code == CALL && self.reference().is_some()
    }

    /// What it refers to.
    #[must_use]
    pub fn reference(&self) -> Option<Reference<'a>> {
        let object = self.object;
        Some(match self.to {
            Some(Symbol::Map(map)) => Reference::Map(object.maps.get(map)?),
            Some(Symbol::Func(func)) => Reference::Func(&object.funcs.get(func)?.name),
            Some(Symbol::Extern(index)) => Reference::Extern(object.externs.get(index)?),
            Some(Symbol::Data(section, offset)) => place(object, section, offset)?,
            Some(Symbol::Unknown) => return None,
            // Most are no calls.
            None if self.insn.code != CALL => return None,
            None => match self.insn.form()?.syntax {
                Syntax::CallHelper => Reference::Helper(HelperId(u32::try_from(self.insn.imm).ok()?)),
                _ => return None,
            },
        })
    }

    /// Writes its text, with the names of what it refers to; `space` is used for names that must be made.
    pub fn write(&self, out: &mut Text, space: &mut Text) {
        space.clear();
        let mut names = isa::Names { endian: self.object.endian, ..isa::Names::default() };
        if let Some(target) = self.target {
            space.text(".l");
            space.decimal(as_u64(target));
            names.target = Some(space.as_str());
        } else if self.to.is_some() || self.insn.code == CALL {
            let _ = self.name(space);
            names.symbol = Some(space.as_str()).filter(|name| !name.is_empty());
        }
        self.insn.write(out, names);
    }

    /// What stands for the number in a load of an address, or in a call.
    fn name(&self, out: &mut Text) -> fmt::Result {
        match self.reference() {
            Some(Reference::Map(map)) => out.push_str(&map.name),
            Some(Reference::Func(name)) => out.push_str(name),
            Some(Reference::Extern(external)) => out.push_str(&external.name),
            Some(Reference::Data { section, variable, offset, .. }) => {
                let rest = if let Some((name, rest)) = variable {
                    out.push_str(name);
                    rest
                } else {
                    write!(out, "section(\"{}\")", escape(section.as_bytes()))?;
                    offset
                };
                if rest != 0 {
                    write!(out, " + {rest}")?;
                }
            }
            Some(Reference::Helper(id)) => out.push_str(id.name().unwrap_or_default()),
            None => match self.insn.form().map(|form| form.syntax) {
                Some(Syntax::CallLocal) => write!(out, "pc{:+}", self.insn.imm)?,
                Some(Syntax::CallKfunc) => write!(out, "kfunc {}", self.insn.imm)?,
                _ => {}
            },
        }
        Ok(())
    }
}

/// Its text, with the names of what it refers to.
impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text::default();
        self.write(&mut text, &mut Text::default());
        text.fmt(f)
    }
}

/// A place in a data section.
fn place(object: &Object, section: usize, offset: u32) -> Option<Reference<'_>> {
    let data = object.data.get(section)?;
    let variable = crate::disasm::covering(data, offset).and_then(|i| data.vars.get(i));
    let end = variable.map_or(u32::MAX, |var| var.offset.saturating_add(var.size));
    let range = usize::try_from(offset).ok()?..usize::try_from(end).ok()?.min(data.bytes.len());
    Some(Reference::Data {
        section: &data.name,
        variable: variable.map(|var| (var.name.as_str(), offset - var.offset)),
        offset,
        string: data.bytes.get(range).and_then(string),
    })
}

/// The text that bytes begin with, up to a zero.
fn string(bytes: &[u8]) -> Option<&str> {
    let len = bytes.iter().position(|byte| *byte == 0)?;
    let text = str::from_utf8(&bytes[..len]).ok()?;
    let seen = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
    (text.len() >= 2 && text.chars().all(seen)).then_some(text)
}
