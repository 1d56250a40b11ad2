//! What became of each instruction of a program: what was given, what the kernel runs in its place, and as what machine
//! code.

use std::io::{self, Write};
use std::ops::Range;

use super::item::{Item, Reference, items};
use super::out::Out;
use super::view::{BOLD, CYAN, GREEN, GREY, PLAIN, RED, REFERENCES, View, as_u64};
use super::words::{reference, seen, source};
use crate::isa::SLOT;
use crate::object::{Func, Line, Object};
use crate::text::Text;

/// One function, before and after.
#[derive(Debug, Clone)]
pub struct Steps<'a> {
    /// As it was given, with its object; nothing where only the kernel has it.
    pub given: Option<(&'a Object, &'a Func)>,
    /// As the kernel runs it, with its object.
    pub ran: (&'a Object, &'a Func),
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// What belongs to one instruction that was given, or to one source line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// The instruction that was given: its index.
    pub given: Option<usize>,
    /// The instructions that run: indices. Empty where the kernel has left it out.
    pub ran: Range<usize>,
    /// The machine code.
    pub machine: Vec<Machine>,
}

/// An instruction of the machine, or bytes of which nobody knows what they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machine {
    /// Bytes from the start of the function.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its text; empty without a disassembler for this machine.
    pub text: String,
}

/// An instruction in a step.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// What there is to say about it.
    pub item: Item<'a>,
    /// The slot that it was given at; nothing for what the kernel has put in.
    pub given: Option<usize>,
    /// The slot that it runs at; nothing for what the kernel has left out, or has put something in the place of.
    pub ran: Option<usize>,
}

impl<'a> Steps<'a> {
    /// The source line that each step begins with, its instructions, and its machine code.
    pub fn iter(&self) -> impl Iterator<Item = (Option<(&'a Object, &'a Line)>, Vec<Told<'a>>, &[Machine])> {
        let given: Vec<Item> = self.given.map_or(vec![], |(object, func)| items(object, func).collect());
        let ran: Vec<Item> = items(self.ran.0, self.ran.1).collect();
        self.steps.iter().map(move |step| {
            let ran = &ran[step.ran.clone()];
            let was = step.given.and_then(|at| given.get(at));
            let kept = was.and_then(|was| ran.iter().position(|is| is_same(was, is)));
            let added = |(at, is): (usize, &Item<'a>)| {
                let was = was.filter(|_| kept == Some(at));
                // The kernel knows fewer names.
                let item = was.filter(|was| was.to.is_some()).unwrap_or(is);
                Told { item: *item, given: was.map(|was| was.slot), ran: Some(is.slot) }
            };
            let gone = was.filter(|_| kept.is_none());
            let gone = gone.map(|was| Told { item: *was, given: Some(was.slot), ran: None });
            let told = gone.into_iter().chain(ran.iter().enumerate().map(added)).collect();
            let line = match (self.given, was) {
                (Some((object, _)), _) => was.and_then(|was| was.line).map(|line| (object, line)),
                (None, _) => ran.first().and_then(|is| is.line).map(|line| (self.ran.0, line)),
            };
            (line, told, step.machine.as_slice())
        })
    }
}

/// Whether an instruction runs as it was given. What it names may have another name, or none, in the kernel.
fn is_same(was: &Item, is: &Item) -> bool {
    let names = match (was.to.and(was.reference()), is.to.and(is.reference())) {
        (Some(Reference::Map(_)), Some(Reference::Map(_))) => true,
        (Some(Reference::Func(_)), Some(Reference::Func(_))) => true,
        (Some(Reference::Data { offset: a, .. }), Some(Reference::Data { offset: b, .. })) => a == b,
        (Some(Reference::Extern(a)), Some(Reference::Extern(b))) => a.name == b.name,
        (None, None) => return text(was) == text(is),
        _ => false,
    };
    names && (was.insn.code, was.insn.dst) == (is.insn.code, is.insn.dst)
}

/// The text, without the slot that it jumps to: that is another one behind what the kernel has put in.
fn text(item: &Item) -> String {
    let text = item.to_string();
    let label = item.target.map(|slot| format!(".l{slot}"));
    label.and_then(|label| text.strip_suffix(&label).map(str::to_string)).unwrap_or(text)
}

impl View {
    /// Lists functions step by step. Two columns of slots: those that were given, and those that run. `-` marks what does
    /// not run as it was given, `+` what the kernel has put in.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write_steps(&self, funcs: &[Steps], to: &mut dyn Write) -> io::Result<()> {
        let mut out = Out::new(to);
        for (i, func) in funcs.iter().enumerate() {
            if i > 0 {
                out.end()?;
            }
            let (_, shown) = func.given.unwrap_or(func.ran);
            self.colour(&mut out, BOLD);
            out.push_str(&format!("section {}: {}", seen(&shown.section), seen(&shown.name)));
            self.colour(&mut out, PLAIN);
            out.end()?;
            let mut last = None;
            for (line, told, machine) in func.iter() {
                if let Some((object, line)) = line.filter(|_| self.source)
                    && last.replace((line.file, line.line)) != Some((line.file, line.line))
                {
                    self.colour(&mut out, CYAN);
                    out.text("; ");
                    let _ = source(&mut *out, object, line);
                    self.colour(&mut out, PLAIN);
                    out.end()?;
                }
                for told in &told {
                    self.told(&mut out, func, told)?;
                }
                for machine in machine {
                    self.machine(&mut out, machine)?;
                }
            }
        }
        out.flush()
    }

    fn told(&self, out: &mut Out, func: &Steps, told: &Told) -> io::Result<()> {
        let (sign, colour) = match (told.given, told.ran) {
            (Some(_), None) => ('-', RED),
            (None, Some(_)) if func.given.is_some() => ('+', GREEN),
            _ => (' ', ""),
        };
        let column = |out: &mut Out, slot: Option<usize>| match slot {
            Some(slot) => out.right::<10>(as_u64(slot), 6),
            None => out.blanks(6),
        };
        if func.given.is_some() {
            self.colour(out, GREY);
            column(out, told.given);
            self.colour(out, colour);
            out.push_str(&format!(" {sign}"));
        }
        self.colour(out, GREY);
        column(out, told.ran);
        out.text(if told.ran.is_some() { ":  " } else { "   " });
        if self.bytes {
            if told.ran.is_some() {
                out.hex(told.item.insn.slot(told.item.object().endian));
            } else {
                out.blanks(3 * SLOT);
            }
            out.text(" ");
        }
        self.colour(out, PLAIN);
        self.colour(out, colour);
        let start = out.len();
        told.item.write(out, &mut Text::default());
        self.colour(out, PLAIN);
        if told.item.has_reference() {
            let written = out.len() - start;
            out.blanks(REFERENCES.saturating_sub(written).max(2));
            self.colour(out, GREEN);
            out.text("; ");
            let _ = reference(&mut **out, &told.item);
            self.colour(out, PLAIN);
        }
        out.end()
    }

    /// `       1f:  48 8b 7f 00           movq (%rdi), %rdi`.
    fn machine(&self, out: &mut Out, machine: &Machine) -> io::Result<()> {
        /// The bytes of most instructions.
        const USUAL: usize = 10;
        self.colour(out, GREY);
        out.push_str(&format!("{:>24x}:  ", machine.offset));
        for byte in &machine.bytes {
            out.byte(*byte);
            out.text(" ");
        }
        self.colour(out, PLAIN);
        if !machine.text.is_empty() {
            out.blanks(3 * USUAL.saturating_sub(machine.bytes.len()) + 1);
            out.push_str(&machine.text);
        }
        out.trim();
        out.end()
    }
}
