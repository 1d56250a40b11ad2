//! What the kernel made of each instruction of a program that was given to it.
//!
//! The kernel keeps track of the source line of each instruction while it puts others in and leaves some out. So a
//! program is loaded with the numbers of its instructions as those of lines, and the kernel itself tells which became
//! what, and where the machine code for it begins.

use bpfasm_asm::btf::{Builder, FuncLinkage, IntEncoding, Kind, Type};
use bpfasm_asm::dump::{Step, Steps};
use bpfasm_asm::object::{Func, Line, Object};

use super::Program;
use super::machine;

/// An object whose lines are the numbers of its instructions, and whose files are the numbers of its functions.
#[must_use]
pub fn numbered(object: &Object) -> Object {
    let mut object = object.clone();
    object.files = (0..object.funcs.len()).map(|number| number.to_string()).collect();
    // Lines are told of functions with a type only.
    let mut types = Builder::from(std::mem::take(&mut object.btf));
    for (file, func) in (0..).zip(&mut object.funcs) {
        if func.btf.is_none() {
            let int = Kind::Int { size: 4, encoding: IntEncoding::SIGNED, offset: 0, bits: 32 };
            let ret = types.intern(Type::named("int", int));
            let proto = types.add(Type::anonymous(Kind::FuncProto { ret, params: vec![] }));
            let name: String = func
                .name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' })
                .collect();
            func.btf = Some(types.add(Type::named(name, Kind::Func { proto, linkage: FuncLinkage::STATIC })));
        }
        let count = u32::try_from(func.insns.len()).unwrap_or(u32::MAX);
        func.lines = (0..count).map(|insn| Line { insn, file, line: insn + 1, column: 0, text: 0 }).collect();
    }
    object.btf = types.finish();
    object
}

impl Program {
    /// Its functions step by step: where it was loaded as the [`numbered`] form of an object, by that object's
    /// instructions, else by the lines that it has. Machine code only if that is wanted.
    #[must_use]
    pub fn steps<'a>(&'a self, given: Option<&'a Object>, with_machine: bool) -> Vec<Steps<'a>> {
        let code = if with_machine { machine::functions(&self.code) } else { vec![] };
        let funcs = self.object.funcs.iter().zip(&self.line_addresses).enumerate();
        let one = |(index, (func, addresses)): (usize, (&'a Func, &Vec<u64>))| {
            let places = || func.lines.iter().filter_map(|line| self.number(line));
            let of = given.and_then(|object| Some((object, object.funcs.get(places().next()?.0)?)));
            let code = code.get(index);
            let mut steps: Vec<Step> = vec![];
            let mut next = 0;
            for (at, line) in func.lines.iter().enumerate() {
                let place = of.and(self.number(line)).map(|(_, insn)| insn);
                // What the kernel has left out.
                if let Some(place) = place {
                    let start = usize::try_from(line.insn).unwrap_or(usize::MAX);
                    steps.extend((next..place).map(|gone| Step {
                        given: Some(gone),
                        ran: start..start,
                        machine: vec![],
                    }));
                    next = place + 1;
                }
                let begin = |line: &Line| usize::try_from(line.insn).unwrap_or(usize::MAX);
                let end = func.lines.get(at + 1).map_or(func.insns.len(), begin);
                let machine = code.map_or(vec![], |code| code.between(addresses, at));
                // Of lines at one instruction, the last one holds.
                let start = begin(line).min(end);
                steps.push(Step { given: place, ran: start..end, machine });
            }
            if let Some((_, of)) = of {
                let end = func.insns.len();
                steps.extend((next..of.insns.len()).map(|gone| Step {
                    given: Some(gone),
                    ran: end..end,
                    machine: vec![],
                }));
            }
            // What stands before the first line.
            let first = steps.first().map_or(func.insns.len(), |step| step.ran.start);
            if first > 0 {
                let machine = code.map_or(vec![], |code| code.before(addresses));
                steps.insert(0, Step { given: None, ran: 0..first, machine });
            }
            Steps { given: of, ran: (&self.object, func), steps }
        };
        funcs.map(one).collect()
    }

    /// The function and the instruction that a numbered line means.
    fn number(&self, line: &Line) -> Option<(usize, usize)> {
        let file = self.object.files.get(usize::try_from(line.file).ok()?)?;
        Some((file.parse().ok()?, usize::try_from(line.line.checked_sub(1)?).ok()?))
    }
}
