//! A program that the verifier refused.

use super::missing;
use super::report::{Report, parse};
use crate::load::Layout;
use bpfasm_asm::object::{Func, Object};
use nix::errno::Errno;
use std::fmt;

/// A program that the verifier refused: what it said, and where in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The program.
    pub prog: String,
    /// Its section.
    pub section: String,
    /// What `BPF_PROG_LOAD` returned.
    pub errno: Errno,
    /// The instruction to blame, where the log names one.
    pub insn: Option<RejectedInsn>,
    /// Where that instruction is in the source.
    pub place: Option<Place>,
    /// The log, taken apart.
    pub report: Report,
    /// The whole log as the kernel wrote it, but for the names of what it does not have.
    pub log: String,
}

/// An instruction of a loaded program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedInsn {
    /// Its slot in the program as loaded; the number that the log prints.
    pub slot: usize,
    /// Index of its function in [`Object::funcs`].
    pub func: usize,
    /// Name of its function.
    pub func_name: String,
    /// Its index in the function's instructions.
    pub index: usize,
}

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the object names it.
    pub file: String,
    /// Line number from 1.
    pub line: u32,
    /// Column number from 1; 0 where unknown.
    pub column: u32,
    /// The text of the line.
    pub text: String,
}

impl Rejection {
    /// From a log and the layout of the program that it is about, and what an instruction asked for in vain, and why, by
    /// function and index.
    #[must_use]
    pub fn new(
        object: &Object,
        prog: &Func,
        layout: &Layout,
        why: &dyn Fn(usize, usize) -> Option<(String, String)>,
        errno: Errno,
        log: String,
    ) -> Rejection {
        let why = |slot| layout.locate(object, slot).and_then(|(func, insn)| why(func, insn));
        let log = missing::named(object, &why, log);
        let report = parse(&log);
        let insn = report.insn.and_then(|slot| {
            let (func, index) = layout.locate(object, slot)?;
            Some(RejectedInsn { slot, func, func_name: object.funcs.get(func)?.name.clone(), index })
        });
        let place = insn
            .as_ref()
            .and_then(|i| place_of(object, i.func, i.index))
            .or_else(|| place_in_log(&report).filter(|_| insn.is_some()));
        Rejection { prog: prog.name.clone(), section: prog.section.clone(), errno, insn, place, report, log }
    }

    /// What the verifier said at the end, in one line.
    #[must_use]
    pub fn reason(&self) -> String {
        if self.report.reason.is_empty() {
            self.errno.desc().to_owned()
        } else {
            self.report.reason.join("; ")
        }
    }
}

/// Where in the source an instruction of a function is, as the object says.
#[must_use]
pub fn place_of(object: &Object, func: usize, index: usize) -> Option<Place> {
    let line = object.funcs.get(func)?.lines.iter().take_while(|l| l.insn as usize <= index).last()?;
    Some(Place {
        file: object.files.get(line.file as usize)?.clone(),
        line: line.line,
        column: line.column,
        text: object.texts.get(line.text).unwrap_or_default().to_string(),
    })
}

/// Where the log says that it is.
fn place_in_log(report: &Report) -> Option<Place> {
    let source = report.source.as_ref()?;
    Some(Place { file: source.file.clone()?, line: source.line?, column: 0, text: source.text.clone() })
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}: ", place.file, place.line)?;
        }
        write!(f, "program `{}` is refused", self.prog)?;
        if let Some(insn) = &self.insn {
            write!(f, " at instruction {}", insn.slot)?;
        }
        write!(f, ": {}", self.reason())
    }
}
