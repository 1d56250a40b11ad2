//! The syntax tree to plain items: constants, layouts, views and macros are worked out here, and nothing is
//! left but declarations and instructions.

mod body;
mod decl;
mod eval;
mod frame;
pub mod library;
mod lower;
mod modules;
mod names;
mod plain;
mod text;
mod types;
mod views;

use std::collections::HashMap;

pub use modules::load;
pub use plain::{Chain, Label, LabelId, Plain, PlainData, PlainFunc, PlainMap, PlainVar, Program, SECTIONS};
pub use text::to_text;
pub use types::{BUILTINS, Builtin, Class, FieldTy, StructTy, Ty, TyId, Types};

use crate::diag::{Diagnostic, FileId, Sources, Span, code};
use crate::isa::Endian;
use crate::lang::ast::{File, ItemKind};

use body::Body;
use eval::Int;
use frame::Frame;
use names::{Def, Names};

/// An error that has been reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reported;

/// Works out a program; what could not be is left out, and a diagnostic says why.
#[must_use]
pub fn expand<'a>(
    sources: &'a Sources,
    files: &'a [(FileId, File)],
    endian: Endian,
    diagnostics: &mut Vec<Diagnostic>,
) -> Program {
    let names = Names::gather(sources, files, diagnostics);
    let mut expander = Expander {
        sources,
        names,
        endian,
        types: Types::default(),
        constants: HashMap::new(),
        frames: vec![],
        chain: None,
        body: Body::default(),
        program: Program::default(),
        strings: HashMap::new(),
        diagnostics,
    };
    expander.run(files);
    let Expander { mut program, types, .. } = expander;
    program.types = types;
    program
}

struct Expander<'a> {
    sources: &'a Sources,
    names: Names<'a>,
    endian: Endian,
    types: Types,
    /// Values of constants by the place of their names; `None` while one is worked out, or where it failed.
    constants: HashMap<Span, Option<Int>>,
    /// The body that is worked on, and the uses of macros within it.
    frames: Vec<Frame<'a>>,
    /// The uses of macros that led here.
    chain: Option<usize>,
    /// The function that is worked on.
    body: Body<'a>,
    program: Program,
    /// Offsets of strings in `.rodata`.
    strings: HashMap<Vec<u8>, u32>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Expander<'a> {
    fn run(&mut self, files: &'a [(FileId, File)]) {
        let items = || files.iter().flat_map(|(_, file)| &file.items);
        let mut license: Option<Span> = None;
        for item in items() {
            match &item.kind {
                ItemKind::License(span) => {
                    if let Some(first) = license {
                        let d = Diagnostic::error(code::LICENSE, "the licence is given twice", *span);
                        self.error(d.also(first, "first here"));
                    }
                    license = Some(*span);
                    self.license(*span);
                }
                ItemKind::Map(map) => self.map(map),
                ItemKind::Var(var) => self.variable(var),
                ItemKind::Func(func) => self.declare(func),
                // Constants and types are worked out where they are used, and checked where they are not.
                ItemKind::Const(_) | ItemKind::Struct(_) | ItemKind::Macro(_) | ItemKind::Import(_) => {}
            }
        }
        for item in items().filter(|i| !self.sources.get(i.span.file).is_library()) {
            match &item.kind {
                ItemKind::Const(c) => drop(self.constant(c)),
                ItemKind::Struct(s) => drop(self.named_type(s.name)),
                ItemKind::Macro(m) => self.check_macro(m),
                _ => {}
            }
        }
        let funcs = items().filter_map(|item| match &item.kind {
            ItemKind::Func(func) => Some(func),
            _ => None,
        });
        for (index, func) in funcs.enumerate() {
            self.function(index, func);
        }
    }

    fn text(&self, span: Span) -> &'a str {
        self.sources.slice(span)
    }

    /// Reports an error, with the macros that led to it.
    fn error(&mut self, diagnostic: Diagnostic) -> Reported {
        let expansion = self.program.expansion(self.chain);
        self.diagnostics.push(Diagnostic { expansion, ..diagnostic });
        Reported
    }

    /// Reports a name that stands for something else than what is needed.
    fn wrong_kind(&mut self, span: Span, found: &str, wanted: &str) -> Reported {
        let message = format!("expected {wanted}, but `{}` is {found}", self.text(span));
        self.error(Diagnostic::error(code::KIND, message, span))
    }
}
