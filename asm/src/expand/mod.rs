//! The syntax tree to plain items, with [`expand()`]: constants, layouts, views and macros are worked out here, and
//! nothing is left but declarations and instructions.

mod agree;
mod atomic;
mod body;
mod collections;
mod conditional;
mod constants;
mod control;
mod core;
mod decl;
mod declared;
mod definition;
mod eval;
mod external;
mod foreign;
mod frame;
mod given;
mod imported;
mod imports;
mod initial;
mod layout;
pub mod library;
mod lower;
mod modules;
mod names;
mod objects;
mod orders;
mod plain;
mod records;
mod sections;
mod text;
mod types;
mod unused;
mod views;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

pub use modules::load;
pub(crate) use names::written;
pub use plain::{
    Chain, ChainId, CoreTy, ExternTy, Label, LabelId, Origin, Plain, PlainCore, PlainData, PlainExtern,
    PlainFunc, PlainLine, PlainMap, PlainSymbol, PlainVar, Plains, Program, SECTIONS, Side,
};
pub use text::to_text;
pub use types::{BUILTINS, Bits, Builtin, Class, EnumTy, FieldTy, StructTy, Ty, TyId, Types};

use crate::assemble::Files;
use crate::btf::{Scan, TypeId};
use crate::diag::{Diagnostic, Diagnostics, FileId, Severity, Sources, Span, code};
use crate::isa::Endian;
use crate::lang::ast::{Const, Control, File, Item, ItemKind};
use crate::lang::words::bare;

use body::Body;
pub use conditional::Branches;
use control::Block;
use eval::Int;
use frame::{Frame, Mistake};
use given::{Given, Index};
use imports::BtfFiles;
use names::{Def, Names};

/// An error that has been reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reported;

/// Works out a program; what could not be is left out, and a diagnostic says why.
#[must_use]
pub fn expand<'a>(
    sources: &'a Sources,
    files: &'a [(FileId, File)],
    reader: &dyn Files,
    endian: Endian,
    diagnostics: &mut Diagnostics,
) -> Program {
    let mut reported = HashSet::new();
    let given = Given::read(sources, files, diagnostics);
    let index = given.as_ref().map(Index::new);
    let given_index = index.as_ref();
    let around = Around { sources, reader, given: given_index, endian };
    let branches = conditional::decide(&around, files, &mut reported, diagnostics);
    let items = conditional::items(files, &branches);
    let read = BtfFiles::read(sources, &items, reader, diagnostics);
    let scans = read.scan(diagnostics);
    let imports = imports::look_up(sources, &items, &read, &scans, diagnostics);
    let mut names = Names::gather(sources, &items, diagnostics);
    names.import(sources, &imports, diagnostics);
    let mut expander = Expander::new(&around, names, &scans, &items, diagnostics);
    expander.reported = reported;
    expander.run(&items);
    let Expander { mut program, types, .. } = expander;
    program.types = types;
    program.branches = branches;
    drop(index);
    program.given = given.map(|given| given.btf);
    program
}

/// What stands around a program.
struct Around<'a> {
    sources: &'a Sources,
    reader: &'a dyn Files,
    /// The `btf` block, where there is one.
    given: Option<&'a Index<'a>>,
    endian: Endian,
}

struct Expander<'a> {
    sources: &'a Sources,
    names: Names<'a>,
    /// The files that `import btf` names.
    scans: &'a [Option<Rc<Scan<'a>>>],
    /// The `btf` block.
    given: Option<&'a Index<'a>>,
    /// The numbers there of types that come from it.
    given_ids: HashMap<TyId, TypeId>,
    /// Types by file and number there; `None` while one is converted.
    btf_types: HashMap<(usize, TypeId), Option<Result<TyId, Reported>>>,
    endian: Endian,
    types: Types,
    /// Values of constants by the place of their names; `None` while one is worked out.
    constants: HashMap<Span, Option<Int>>,
    /// Section, offset and type of variables by the place of their names; `None` while one is worked out, or
    /// where it failed.
    variables: HashMap<Span, Option<(usize, u32, TyId)>>,
    /// Data sections by name and number, from 1.
    section_ids: HashMap<(String, u64), usize>,
    /// Section and number there of the symbols of `section` blocks, by the place of their names.
    symbols: HashMap<Span, (usize, usize)>,
    /// What the command line sets, by name.
    defines: HashMap<&'a str, &'a Const>,
    /// The calls of constant functions that led here: each call and the function's name.
    callers: Vec<(Span, Span)>,
    /// Calls of constant functions so far.
    calls: u64,
    /// Those before the outermost one that is worked on.
    calls_before: u64,
    /// Blocks that are arguments of the macros that are worked on.
    blocks: Vec<Block<'a>>,
    /// How many expressions and types are being worked out within each other.
    depth: u32,
    /// The body that is worked on, and the uses of macros within it.
    frames: Vec<Frame<'a>>,
    /// The uses of macros that led here.
    chain: Option<ChainId>,
    /// The function that is worked on.
    body: Body<'a>,
    program: Program,
    /// Offsets of strings in `.rodata`.
    strings: HashMap<Vec<u8>, u32>,
    /// Behind the declaration that an import should follow.
    import_place: Option<Span>,
    /// Modules of the library whose import somebody was told to add.
    suggested: Vec<&'static str>,
    /// What was reported: what stands in macros and loops is worked out many times.
    reported: HashSet<Mistake>,
    diagnostics: &'a mut Diagnostics,
}

/// How deep definitions may build on each other.
const DEPTH: u32 = 200;

impl<'a> Expander<'a> {
    fn new(
        &Around { sources, given, endian, .. }: &Around<'a>,
        mut names: Names<'a>,
        scans: &'a [Option<Rc<Scan<'a>>>],
        items: &[&'a Item],
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        let defines = items.iter().filter_map(|item| match &item.kind {
            ItemKind::Define(define) => Some((bare(sources.slice(define.name)), define)),
            _ => None,
        });
        if let Some(given) = given {
            names.describe(given);
        }
        Expander {
            sources,
            names,
            scans,
            given,
            given_ids: HashMap::new(),
            btf_types: HashMap::new(),
            endian,
            types: Types::default(),
            constants: HashMap::new(),
            variables: HashMap::new(),
            section_ids: SECTIONS
                .iter()
                .enumerate()
                .map(|(i, (name, _))| ((name.to_string(), 1), i))
                .collect(),
            symbols: HashMap::new(),
            defines: defines.collect(),
            callers: vec![],
            calls: 0,
            calls_before: 0,
            blocks: vec![],
            depth: 0,
            frames: vec![],
            chain: None,
            body: Body::default(),
            program: Program {
                data: SECTIONS.map(|(name, kind)| PlainData::new(name, kind)).into(),
                ..Program::default()
            },
            strings: HashMap::new(),
            import_place: None,
            suggested: vec![],
            reported: HashSet::new(),
            diagnostics,
        }
    }

    fn run(&mut self, items: &[&'a Item]) {
        let all = items;
        let items = || items.iter().copied();
        let user = || items().filter(|i| !self.sources.get(i.span.file).is_library());
        let heads = |item: &&Item| {
            matches!(item.kind, ItemKind::License(_) | ItemKind::Import(_) | ItemKind::Dialect(_))
        };
        self.import_place = user().rfind(heads).map(|item| item.span);
        self.sections(all);
        // In source order, so that what builds on others finds them worked out.
        for item in user().collect::<Vec<_>>() {
            match &item.kind {
                ItemKind::Const(c) => drop(self.constant(c.name, &c.value)),
                ItemKind::ConstFn(f) => self.check_function(f),
                ItemKind::Param(param) => drop(self.parameter(param)),
                ItemKind::Define(define) => self.check_define(define),
                ItemKind::Control(Control::Assert(condition, message)) => {
                    let _ = self.assert(condition, *message);
                }
                ItemKind::Control(Control::Message(severity, message)) => {
                    let _ = self.message(*severity, item.span, *message);
                }
                ItemKind::Struct(s) if s.fields.is_some() => {
                    let ty = self.structure(s, s.name);
                    self.agree(ty, s.name);
                }
                ItemKind::Enum(e) => {
                    let ty = self.enumeration(e, e.name);
                    self.agree(ty, e.name);
                }
                ItemKind::Alias(a) => {
                    let ty = self.alias(a, a.name);
                    self.agree(ty, a.name);
                }
                ItemKind::Macro(m) => self.check_macro(m),
                _ => {}
            }
        }
        for item in user() {
            if let ItemKind::Struct(declared) = &item.kind {
                self.check_collections(declared);
            }
        }
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
                ItemKind::Var(var) => drop(self.variable(var)),
                ItemKind::Func(func) => self.declare(func),
                ItemKind::Extern(external) => self.external(external),
                ItemKind::Cpu(level) => self.cpu(*level),
                ItemKind::Version(version) => self.version(item.span, version),
                // Those of the library are worked out where they are used.
                _ => {}
            }
        }
        self.addresses(all);
        let funcs = items().filter_map(|item| match &item.kind {
            ItemKind::Func(func) => Some(func),
            _ => None,
        });
        for (index, func) in funcs.enumerate() {
            self.function(index, func);
        }
        self.unused(&items().collect::<Vec<_>>());
    }

    /// What stands in a place; of a name in backticks, the name.
    fn text(&self, span: Span) -> &'a str {
        bare(self.word(span))
    }

    /// What stands in a place, to be compared with words of the language: a name in backticks is none.
    fn word(&self, span: Span) -> &'a str {
        self.sources.slice(span)
    }

    /// Counts an error in a macro or loop, whether it is told or known already.
    fn mistaken(&mut self) -> Reported {
        self.body.wrong += usize::from(self.frames.len() > 1);
        Reported
    }

    /// Counts a warning in a macro or loop; whether there were so many that this one is left.
    fn is_warned_enough(&mut self) -> bool {
        let repeated = self.frames.len() > 1;
        self.body.warned += usize::from(repeated);
        repeated && self.body.warned > body::WRONG
    }

    /// Reports an error or warning, with the macros that led to it.
    fn error(&mut self, diagnostic: Diagnostic) -> Reported {
        if diagnostic.severity == Severity::Error {
            self.mistaken();
        } else if self.is_warned_enough() {
            return Reported;
        }
        let nothing_there = matches!(diagnostic.code, code::UNKNOWN | code::FIELD | code::LABEL);
        if nothing_there && self.names.is_broken(self.text(diagnostic.primary.span)) {
            return Reported;
        }
        if !self.diagnostics.is_full() && !self.reported.insert(self.mistake(&diagnostic)) {
            return Reported;
        }
        let (mut expansion, calls) = self.shown_callers();
        let (uses, macros) = self.program.expansion(self.chain, self.sources);
        expansion.extend(uses);
        let mut diagnostic = match self.rounds() {
            Some(rounds) => diagnostic.note(rounds),
            None => diagnostic,
        };
        if macros > 0 {
            diagnostic =
                diagnostic.note(format!("{macros} more uses of macros lie between the last two below"));
        }
        if calls > 0 {
            diagnostic = diagnostic.note(format!("{calls} more calls of functions lie between those below"));
        }
        self.diagnostics.push(Diagnostic { expansion, ..diagnostic });
        Reported
    }

    /// Works out something that may lead to itself, to a bounded depth.
    fn deeper<T>(
        &mut self,
        span: Span,
        work: impl FnOnce(&mut Self) -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        if self.depth >= DEPTH {
            let d = Diagnostic::error(code::CYCLE, "definitions build on each other too deeply here", span);
            return Err(self.error(d.note(format!("at most {DEPTH} deep"))));
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    /// Reports a name that stands for something else than what is needed.
    fn wrong_kind(&mut self, span: Span, found: &str, wanted: &str) -> Reported {
        let message = format!("expected {wanted}, but `{}` is {found}", self.text(span));
        self.error(Diagnostic::error(code::KIND, message, span))
    }
}
