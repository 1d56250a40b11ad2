//! Source text to an [`Object`]: [`compile`] takes it through all stages, and [`Stream`] takes a large file of bare
//! instructions piece by piece.
//!
//! The stage that stands here makes an object of plain items: jumps are resolved, sections laid out, types and
//! lines written down.

mod calls;
mod core;
mod data;
mod dialect;
mod external;
mod level;
mod lines;
mod numbers;
mod options;
mod stream;
mod types;

use crate::btf;
use crate::diag::{Diagnostic, Diagnostics, FileId, Findings, Sources, Span, code};
use crate::elf::{self, CALL, PSEUDO_CALL};
use crate::expand::{self, Plain, PlainFunc, Program, Side};
use crate::gas;
use crate::isa::{Code, Cpu, Endian, Insn, Syntax};
use crate::lang::ast::{File, ItemKind};
use crate::lint;
use crate::listing;
use crate::object::{CoreRelo, Func, Map, Object, TEXT};

pub use crate::gas::Stream as GasStream;
pub use dialect::Dialect;
pub use options::{Files, NoFiles, Options};
pub use stream::{LARGE, NotPlain, Stream};

use lines::Lines;
use numbers::Numbers;
use types::TypeWriter;

/// What became of a source text.
#[derive(Debug)]
pub struct Compiled {
    /// The object, where there was no error and `elf` does not describe it.
    pub object: Option<Object>,
    /// The byte order that it was built for.
    pub endian: Endian,
    /// The program before its jumps were resolved.
    pub program: Program,
    /// The syntax trees: the file itself, then what it imports.
    pub files: Vec<(FileId, File)>,
    /// Whether the file has no declarations: bare instructions, whose section [`Options::section`] gives.
    pub bare: bool,
    /// The bytes of the object file, where the source describes them itself.
    pub elf: Option<Vec<u8>>,
    /// What is to say about it, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
    /// How many errors there are; not all of very many stand in `diagnostics`.
    pub errors: usize,
    /// How many warnings there are, likewise.
    pub warnings: usize,
}

/// Takes a source text through all stages.
#[must_use]
pub fn compile(sources: &mut Sources, root: FileId, options: &Options) -> Compiled {
    let endian = options.endian;
    let mut diagnostics = Diagnostics::new(options.lints);
    let source = sources.get(root);
    match options.dialect.unwrap_or_else(|| Dialect::detect(&source.name, &source.text)) {
        Dialect::Bpfasm => {}
        Dialect::Listing => return from_listing(sources, root, options, diagnostics),
        dialect @ (Dialect::Gas | Dialect::Llvm | Dialect::Gnu) => {
            let tool = match dialect {
                Dialect::Llvm => Some(gas::Tool::Llvm),
                Dialect::Gnu => Some(gas::Tool::Gnu),
                _ => None,
            };
            let elf = gas::assemble(sources, root, tool, endian, options.files, &mut diagnostics);
            let Findings { kept, errors, warnings } = diagnostics.finish();
            let elf = elf.filter(|_| errors == 0);
            let program = Program::default();
            let (bare, files) = (false, vec![]);
            return Compiled {
                object: None,
                endian,
                program,
                files,
                bare,
                elf,
                diagnostics: kept,
                errors,
                warnings,
            };
        }
    }
    let files = expand::load(sources, root, options, &mut diagnostics);
    let endian = byte_order(&files, endian, &mut diagnostics);
    let options = &Options { endian, ..*options };
    let mut program = expand::expand(sources, &files, options.files, endian, &mut diagnostics);
    let mut bare = false;
    for func in program.funcs.iter_mut().filter(|func| func.bare) {
        bare = true;
        func.section = options.section.map(str::to_string);
    }
    // Jumps are resolved where the rest is sound: else distances mean nothing.
    let object = (diagnostics.errors() == 0).then(|| assemble(&program, sources, options, &mut diagnostics));
    if diagnostics.errors() == 0 {
        lint::check(&program, sources, &mut diagnostics);
    }
    let Findings { kept, errors, warnings } = diagnostics.finish();
    let object = object.filter(|_| errors == 0);
    Compiled { object, endian, program, files, bare, elf: None, diagnostics: kept, errors, warnings }
}

/// The byte order that a file asks for, else the one that is given.
fn byte_order(files: &[(FileId, File)], given: Endian, diagnostics: &mut Diagnostics) -> Endian {
    let items = files.iter().flat_map(|(_, file)| &file.items);
    let mut asked = items.filter_map(|item| match item.kind {
        ItemKind::Endian(order) => Some((order, item.span)),
        _ => None,
    });
    let Some((order, first)) = asked.next() else { return given };
    for (_, span) in asked {
        let d = Diagnostic::error(code::SYNTAX, "the byte order is given twice", span);
        diagnostics.push(d.also(first, "first here"));
    }
    order
}

/// A listing is an object without a program.
fn from_listing(
    sources: &Sources,
    root: FileId,
    options: &Options,
    mut diagnostics: Diagnostics,
) -> Compiled {
    let Options { endian, section, maps, .. } = *options;
    let object = listing::read(sources, root, &listing::Context { endian, section, maps }, &mut diagnostics);
    let Findings { kept, errors, warnings } = diagnostics.finish();
    // What names no section takes the one that is given, as bare instructions do.
    let bare = !sources.get(root).text.contains("Disassembly of section ");
    let (program, files) = (Program::default(), vec![]);
    let object = object.filter(|_| errors == 0);
    Compiled { object, endian, program, files, bare, elf: None, diagnostics: kept, errors, warnings }
}

fn assemble(
    program: &Program,
    sources: &Sources,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Object {
    let endian = options.endian;
    let (license, version) = (program.license.clone(), program.version);
    let mut object = Object { endian, license, version, ..Object::default() };
    let given = program.given.as_ref();
    let mut types = TypeWriter::new(&program.types);
    let numbers = Numbers::new(program);
    for map in &program.maps {
        object.maps.push(plain_map(program, &mut types, &numbers, map));
    }
    object.data = data::sections(program, &mut types, &numbers);
    let cpu = options.cpu.or(program.cpu);
    let mut assembler =
        Assembler { program, sources, numbers, cpu, lines: Lines::new(sources), calls: vec![], diagnostics };
    for (number, func) in program.funcs.iter().enumerate() {
        let described = !func.bare || options.describe;
        let btf = match given {
            Some(_) => func.btf,
            None => described.then(|| types.func(func)),
        };
        let core = types.core(func);
        object.funcs.push(assembler.func(number, func, btf, core));
    }
    assembler.calls_by_distance(&mut object.funcs);
    object.externs = match given {
        Some(_) => external::given(program, &assembler.numbers.externs),
        None => types.externs(program, &assembler.numbers.externs),
    };
    (object.files, object.texts) = assembler.lines.finish(&program.files);
    if let Some(given) = given {
        object.btf.clone_from(given);
        elf::take_hooks(&mut object);
        return object;
    }
    object.btf = types.finish();
    let declared = btf::data::declare(&mut object.btf, &object.data)
        .and_then(|()| btf::maps::declare(&mut object.btf, &object.maps));
    types::tag_variables(program, &mut object.btf);
    if let Err(error) = declared {
        let d = Diagnostic::error(
            code::TYPE,
            format!("these types cannot be described: {error}"),
            Span::default(),
        );
        diagnostics.push(d);
    }
    object
}

fn plain_map(program: &Program, types: &mut TypeWriter, numbers: &Numbers, map: &expand::PlainMap) -> Map {
    let inner = map.inner.as_ref().map(|inner| Box::new(plain_map(program, types, numbers, inner)));
    let mut side = |ty: Option<expand::TyId>, none| Side {
        size: ty.map_or(none, |ty| program.types.size(ty)),
        ty: ty.map(|ty| types.id(ty)),
    };
    // A map in a map is a number of four bytes.
    let of_map = if inner.is_some() { 4 } else { 0 };
    let [key, value] = map.given.unwrap_or_else(|| [side(map.key, 0), side(map.value, of_map)]);
    Map {
        name: map.symbol.name.clone(),
        linkage: map.symbol.linkage,
        weak: map.symbol.weak,
        hidden: map.symbol.hidden,
        kind: map.kind,
        key_size: key.size,
        value_size: value.size,
        max_entries: map.entries,
        flags: map.flags,
        extra: map.extra,
        numa_node: map.numa_node,
        key: key.ty,
        value: value.ty,
        pin_by_name: map.pin_by_name,
        inner,
        values: map.values.iter().map(|(index, to)| (*index, numbers.symbol(*to))).collect(),
        refs: map.refs.iter().map(|plain| data::address(numbers, plain)).collect(),
        place: map.place,
        legacy: map.legacy.clone(),
        bytes: map.bytes.clone(),
        unknown: map.unknown.clone(),
    }
}

struct Assembler<'a> {
    program: &'a Program,
    sources: &'a Sources,
    /// What things are in the object.
    numbers: Numbers,
    /// The level of the instruction set that code may use.
    cpu: Option<Cpu>,
    /// Where instructions come from.
    lines: Lines<'a>,
    /// Calls of a place that no name stands for: function, instruction and its slot.
    calls: Vec<(usize, usize, i64)>,
    diagnostics: &'a mut Diagnostics,
}

impl Assembler<'_> {
    fn func(
        &mut self,
        number: usize,
        func: &PlainFunc,
        btf: Option<btf::TypeId>,
        core: Vec<CoreRelo>,
    ) -> Func {
        let (mut insns, mut lines) = (func.insns.code().clone(), vec![]);
        for (at, insn) in func.insns.code().iter().enumerate() {
            // Of most instructions there is nothing to ask: only jumps and calls have these classes.
            if self.cpu.is_none() && !matches!(insn.code & 7, 5 | 6) {
                continue;
            }
            if let Some(plain) = func.insns.get(at) {
                insns.set(at, self.resolve(func, &plain, at));
            }
            if insn.code == CALL && insn.src == PSEUDO_CALL && func.references(at).is_empty() {
                self.calls.push((number, at, slot(func.insns.code(), at)));
            }
        }
        for (relo, _) in core.iter().zip(&func.core).filter(|(_, plain)| !plain.literal) {
            if let Some(mut insn) = insns.get(relo.insn) {
                core::fill(relo, &mut insn);
                insns.set(relo.insn, insn);
            }
        }
        let refs = func.refs.iter().map(|r| self.numbers.reference(r)).collect();
        self.lines.said(&func.lines, &mut lines);
        if btf.is_some() && func.lines.is_empty() && self.program.given.is_none() {
            lines.reserve_exact(func.insns.len());
            self.lines.begin();
            for (at, place) in func.insns.places().iter().enumerate() {
                self.lines.note(self.program.origin(place), at, &mut lines);
            }
        }
        let section = func.section.clone().unwrap_or_else(|| TEXT.to_string());
        Func {
            name: func.symbol.name.clone(),
            section,
            apart: func.apart,
            hook: func.hook.clone(),
            linkage: func.symbol.linkage,
            weak: func.symbol.weak,
            hidden: func.symbol.hidden,
            labels: func.further.clone(),
            btf,
            insns,
            refs,
            lines,
            core,
            tail: func.tail.clone(),
        }
    }

    /// Fills in the distance of a jump.
    fn resolve(&mut self, func: &PlainFunc, plain: &Plain, i: usize) -> Insn {
        let (mut insn, code) = (plain.insn, func.insns.code());
        let form = insn.form();
        if let (Some(form), Some(limit)) =
            (form.filter(|form| self.cpu.is_some_and(|cpu| form.cpu > cpu)), self.cpu)
        {
            let d = level::above(form, limit, plain.place.span);
            self.report(plain, d);
        }
        let syntax = form.map(|f| f.syntax);
        let Some(label) = plain.target.map(|id| &func.labels[id.index()]) else {
            if !func.unchecked {
                self.check_distance(plain, syntax, i, code);
            }
            return insn;
        };
        // Labels that are not defined have been reported; this is not reached with one.
        let distance = slot(code, label.at.unwrap_or(i)) - slot(code, i) - 1;
        match (syntax, i16::try_from(distance), i32::try_from(distance)) {
            (Some(Syntax::Gotol), _, Ok(distance)) => insn.imm = distance,
            (Some(Syntax::Gotol), _, Err(_)) | (_, Err(_), _) => {
                let message = format!("`{}` is {} slots away", label.name, distance.unsigned_abs());
                let d = Diagnostic::error(code::DISTANCE, message, plain.place.span)
                    .also(label.span, "this label");
                let d = d.note("a jump reaches 32767 slots forward and 32768 back");
                let d = level::further(d, syntax, self.cpu, plain.place.span, self.sources);
                self.report(plain, d);
            }
            (_, Ok(distance), _) => insn.off = distance,
        }
        if label.at == Some(func.insns.len()) && !func.unchecked {
            let d = Diagnostic::error(code::TARGET, "no instruction follows this label", label.span);
            self.report(plain, d.also(plain.place.span, "this jump leads there"));
        }
        insn
    }

    /// A jump that is given as a number must lead to an instruction.
    fn check_distance(&mut self, plain: &Plain, syntax: Option<Syntax>, i: usize, code: &Code) {
        let Some(distance) = syntax.and_then(|syntax| syntax.distance(&plain.insn)) else { return };
        let (target, end) = (slot(code, i) + 1 + i64::from(distance), slot(code, code.len()));
        if usize::try_from(target).is_ok_and(|target| code.at_slot(target).is_some()) {
            return;
        }
        let message = if target < 0 || target >= end {
            "this jump leaves the function"
        } else {
            "this jump leads into the middle of a 64-bit load"
        };
        // The kernel says no, but text that shows such code must assemble.
        let d = Diagnostic::warning(code::TARGET, message, plain.place.span);
        self.report(plain, d.note(format!("it leads to slot {target}; the function has {end}")));
    }

    fn report(&mut self, plain: &Plain, diagnostic: Diagnostic) {
        let (expansion, _) = self.program.expansion(plain.place.chain, self.sources);
        self.diagnostics.push(Diagnostic { expansion, ..diagnostic });
    }
}

/// The first slot of an instruction, or the number of slots.
fn slot(code: &Code, index: usize) -> i64 {
    i64::try_from(code.slot_of(index)).unwrap_or(i64::MAX)
}
