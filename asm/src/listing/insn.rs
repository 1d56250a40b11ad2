//! A line of a listing to an instruction: bytes decide, then the opcode, then the text.

use super::{Context, Entry, Header, Relocation, Section, Tool};
use crate::diag::{Diagnostic, Diagnostics, Span, code};
use crate::isa::read::{Number, Piece, ReadError, To, Wrong, read};
use crate::isa::{AluOp, AtomicOp, Endian, Field, Form, Insn, Reading, Rhs, Size, Syntax, Width};
use crate::uapi::HelperId;

/// An instruction, and what it refers to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolved<'a> {
    pub(super) insn: Insn,
    pub(super) to: Refers<'a>,
}

/// What an instruction refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refers<'a> {
    Nothing,
    /// A symbol.
    Symbol(&'a str),
    /// The function at a slot of its own section.
    Slot(i64),
    /// The function at a slot of a section.
    Section(&'a str, i64),
}

/// What is said once about many lines: the first of them, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Many {
    pub(super) first: Option<Span>,
    pub(super) count: usize,
}

impl Many {
    fn note(&mut self, span: Span) {
        self.first.get_or_insert(span);
        self.count += 1;
    }
}

/// Turns the lines of a section into instructions.
pub(super) struct Resolver<'a, 'd> {
    pub(super) tool: Tool,
    pub(super) endian: Endian,
    pub(super) context: &'d Context<'a>,
    /// Where functions of this section may begin.
    pub(super) headers: &'d [Header<'a>],
    /// All sections with instructions.
    pub(super) sections: &'d [Section<'a>],
    /// Whether the tool knows instructions of cpu v4: the listing shows some.
    pub(super) knows_v4: bool,
    /// Whether the listing shows relocations.
    pub(super) relocations: bool,
    /// Lines that may hide a relocation.
    pub(super) hidden: Many,
    /// Lines whose text may be that of another instruction.
    pub(super) lossy: Many,
    pub(super) diagnostics: &'d mut Diagnostics,
}

impl<'a> Resolver<'a, '_> {
    /// The instruction of a line. None where something is wrong, which has been reported.
    pub(super) fn entry(&mut self, entry: &Entry<'a>) -> Option<Resolved<'a>> {
        let reading = text(entry, self.tool, entry.bytes.first().copied());
        let (insn, symbolic) = match (self.bytes(entry)?, reading) {
            (Some(insn), Ok(reading)) => {
                if !agrees(&insn, &reading, self.tool) {
                    let text = insn.display(crate::isa::Names { endian: self.endian, ..Default::default() });
                    let message = format!("the bytes are `{text}`, the text is another instruction");
                    return self.contradiction(message, entry.at);
                }
                (insn, self.symbolic(entry, &reading, Some(insn)))
            }
            (Some(insn), Err(error)) => {
                if let Wrong::Opcode { .. } = error.wrong
                    && self.tool.is_kernel()
                {
                    return self.contradiction(error.to_string(), entry.at);
                }
                (insn, None)
            }
            (None, Ok(_)) if entry.misprinted => {
                let message =
                    "the kernel that printed this does not know the instruction: it prints another one";
                return self.lost(message, entry.at, "a newer kernel, or the file that was loaded, has it");
            }
            (None, Ok(reading)) => match self.symbolic(entry, &reading, None) {
                Some(symbolic) => (Insn::default(), Some(symbolic)),
                None => (self.text(entry, &reading)?, None),
            },
            (None, Err(error)) => return self.unreadable(entry, error.wrong),
        };
        match symbolic {
            Some(symbolic) => symbolic,
            None => self.relocated(entry, insn),
        }
    }

    fn bytes(&mut self, entry: &Entry<'a>) -> Option<Option<Insn>> {
        if entry.bytes.is_empty() {
            return Some(None);
        }
        match Insn::decode(&entry.bytes, self.endian) {
            Some((insn, len)) if len == entry.bytes.len() => Some(Some(insn)),
            _ => {
                let d = Diagnostic::error(
                    code::LISTING_LINE,
                    "these bytes are no single instruction",
                    entry.span,
                );
                self.diagnostics.push(d.note("an instruction has 8 bytes, a 64-bit load 16"));
                None
            }
        }
    }

    fn contradiction<T>(&mut self, message: String, span: Span) -> Option<T> {
        self.diagnostics.push(Diagnostic::error(code::LISTING_CONTRADICTION, message, span));
        None
    }

    fn lost<T>(&mut self, message: &str, span: Span, help: impl Into<String>) -> Option<T> {
        self.diagnostics.push(Diagnostic::error(code::LISTING_LOST, message, span).help(help));
        None
    }

    /// A line without bytes whose text is no instruction.
    fn unreadable<T>(&mut self, entry: &Entry, wrong: Wrong) -> Option<T> {
        // `call #0`, `call <error>#12`, `call 0xffffffff81123450#12`.
        if entry.text.starts_with("(85) call ") && entry.text.contains('#') {
            let message = "this does not say the name of what is called";
            return self.lost(message, entry.at, "`bpftool prog dump xlated opcodes` shows the bytes");
        }
        // Signed divisions by a number that may be 0 or -1, blinded constants.
        if matches!(wrong, Wrong::Register) && self.tool == Tool::Xlated {
            let message = "the kernel has put a register of its own here, which programs do not have";
            return self.lost(message, entry.at, "`bpftool prog dump xlated opcodes` shows the bytes");
        }
        // `<invalid CO-RE relocation>`
        if entry.text.starts_with("<invalid ") {
            let message = "libbpf took an instruction out of the log";
            return self.lost(message, entry.at, "the log as the kernel wrote it has the instruction");
        }
        let unknown = entry.text.contains("unknown") || entry.text.starts_with("BUG_");
        if unknown || matches!(wrong, Wrong::Lost(_)) {
            let message = match wrong {
                Wrong::Lost(_) => wrong.to_string(),
                _ => "the tool that printed this does not know the instruction".to_string(),
            };
            return self.lost(&message, entry.at, "print the listing with the bytes of the instructions");
        }
        if let Wrong::Opcode { .. } = wrong {
            return self.contradiction(wrong.to_string(), entry.at);
        }
        let message = format!("this line is no instruction: {wrong}");
        self.diagnostics.push(Diagnostic::error(code::LISTING_LINE, message, entry.at));
        None
    }

    /// The instruction of a line that shows no bytes.
    fn text(&mut self, entry: &Entry<'a>, reading: &Reading) -> Option<Insn> {
        let mut reading = *reading;
        match (reading.syntax, self.tool) {
            (Syntax::LoadInd(_), Tool::Llvm) if reading.imm.at.is_empty() => {
                let message = "llvm-objdump leaves out what is added to the register";
                return self.lost(message, entry.at, "without `--no-show-raw-insn` the bytes say it");
            }
            // bpf-objdump printed each atomic operation so, llvm-objdump without `w` those that fetch.
            (Syntax::Lock(AtomicOp::Add, size), Tool::Llvm | Tool::Gnu)
                if self.tool == Tool::Gnu || size == Size::W && !entry.text.contains("= w") =>
            {
                let message = "older tools print other atomic operations in the same way";
                return self.lost(
                    message,
                    entry.at,
                    "without `--no-show-raw-insn` the bytes say which one it is",
                );
            }
            // Older ones do not look at `imm`, or not at all of it, or take the register from there.
            (Syntax::Lock(AtomicOp::Add, _), Tool::Llvm | Tool::Xlated) | (Syntax::CallX, _) => {
                self.lossy.note(entry.at);
            }
            (Syntax::LoadImm64(2 | 6), Tool::Llvm) => {
                let message = "llvm-objdump leaves out the upper half";
                return self.lost(message, entry.at, "without `--no-show-raw-insn` the bytes say it");
            }
            // Older ones do not look at `off`, which makes others of these.
            (
                Syntax::Alu(AluOp::Mov, _, Rhs::Reg) | Syntax::Alu(AluOp::Div | AluOp::Mod, ..),
                Tool::Llvm | Tool::Gnu | Tool::Xlated,
            ) if self.tool == Tool::Gnu || !self.knows_v4 => {
                self.lossy.note(entry.at);
            }
            // The kernel prints the immediate of a comparison as 32 bits without a sign.
            (Syntax::If(_, Width::W64, Rhs::Imm), Tool::Xlated | Tool::Log) => {
                let int = reading.imm.int.and_then(|int| u32::try_from(int).ok());
                reading.imm.int = int.map(|imm| imm.cast_signed().into()).or(reading.imm.int);
            }
            _ => {}
        }
        reading.insn().or_else(|| {
            let d =
                Diagnostic::error(code::LISTING_LINE, "a number of this instruction does not fit", entry.at);
            self.diagnostics.push(d);
            None
        })
    }

    /// What a text names, where it names something: a map, or what is called.
    fn symbolic(
        &mut self,
        entry: &Entry<'a>,
        reading: &Reading,
        insn: Option<Insn>,
    ) -> Option<Option<Resolved<'a>>> {
        let call = |imm: i64| Form::of(Syntax::CallLocal).and_then(|form| form.insn(0, 0, 0, imm));
        let next = i64::from(entry.slot) + 1;
        Some(match reading.to {
            To::Numbered(name, number) => {
                let helper = |id: i64| {
                    let insn = Form::of(Syntax::CallHelper)?.insn(0, 0, 0, id)?;
                    Some(Resolved { insn, to: Refers::Nothing })
                };
                match name.of(entry.text) {
                    // A helper that the kernel does not have: libbpf leaves such a number where CO-RE fails.
                    "unknown" => helper(i64::try_from(number.int?).ok()?),
                    name => match HelperId::from_name(name) {
                        Some(id) => helper(id.0.into()),
                        None => Some(Resolved { insn: call(-1)?, to: Refers::Symbol(name) }),
                    },
                }
            }
            To::Distance(number, _) => {
                let distance = i64::try_from(number.int?).ok()?;
                Some(Resolved { insn: call(distance)?, to: Refers::Slot(next + distance) })
            }
            To::Number(number) if insn.is_none() => self.numbered(entry, number),
            _ => match reading.syntax {
                Syntax::LoadImm64(_) if self.tool.is_kernel() => {
                    return self.kernel_load(entry, reading, insn);
                }
                _ => return None,
            },
        })
    }

    /// `call 2` of an objdump without bytes: a helper, unless it could be something else.
    fn numbered(&mut self, entry: &Entry<'a>, number: Number) -> Option<Resolved<'a>> {
        let number = i32::try_from(number.int?).ok()?;
        let form = Form::of(if entry.relocation.is_some() { Syntax::CallLocal } else { Syntax::CallHelper })?;
        let insn = form.insn(0, 0, 0, number.into())?;
        if entry.relocation.is_some() {
            return self.relocated(entry, insn);
        }
        let target = i64::from(entry.slot) + 1 + i64::from(number);
        let begins = |header: &Header| i64::from(header.slot) == target && !is_label(header.name);
        let function = self.headers.iter().any(begins);
        let helper = u32::try_from(number).is_ok_and(|number| HelperId(number).name().is_some());
        if helper && !function {
            return Some(Resolved { insn, to: Refers::Nothing });
        }
        let message = "this does not say whether a helper, a function or a kernel function is called";
        self.lost(message, entry.at, "print the listing with bytes, and with relocations: `llvm-objdump -dr`")
    }

    /// A 64-bit load as the kernel prints it. None where it is a plain number.
    fn kernel_load(
        &mut self,
        entry: &Entry<'a>,
        reading: &Reading,
        insn: Option<Insn>,
    ) -> Option<Option<Resolved<'a>>> {
        let load =
            |imm: i64| Form::of(Syntax::LoadImm64(0)).and_then(|form| form.insn(reading.dst, 0, 0, imm));
        let next = i64::from(entry.slot) + 1;
        let named = |context: &Context<'a>, number: u64| {
            context.maps.iter().find(|map| map.0 == number).map(|map| map.1)
        };
        let piece = reading.imm.at;
        let Some(value) = reading.imm.int else {
            let text = piece.of(entry.text);
            if let Some(distance) = text.strip_prefix("subprog[").and_then(|rest| rest.strip_suffix(']')) {
                let distance: i64 = distance.parse().ok()?;
                return Some(load(0).map(|insn| Resolved { insn, to: Refers::Slot(next + distance) }));
            }
            let Some((id, addend)) = map_text(text) else {
                return Some(self.unreadable(entry, Wrong::Expected("a map or a number")));
            };
            let Some(name) = named(self.context, id) else {
                let message = format!("the listing does not say what map {id} is called");
                return Some(self.lost(&message, entry.at, format!("say it: `--map {id}=NAME`")));
            };
            return Some(load(addend).map(|insn| Resolved { insn, to: Refers::Symbol(name) }));
        };
        let value = i64::try_from(value).ok().or_else(|| u64::try_from(value).ok().map(u64::cast_signed))?;
        let number = value.cast_unsigned();
        if let Some(name) = named(self.context, number) {
            return Some(load(0).map(|insn| Resolved { insn, to: Refers::Symbol(name) }));
        }
        let state = entry.notes.iter().find_map(|notes| register(notes, reading.dst));
        let state = state.unwrap_or("");
        if state.starts_with("func") {
            return Some(load(0).map(|insn| Resolved { insn, to: Refers::Slot(next + value) }));
        }
        let pointer = state.starts_with("map_") || state.contains("ptr") || state.starts_with("mem");
        let scalar = state.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == 'P')
            || state.starts_with("scalar")
            || state.starts_with("inv");
        // Where the verifier says what it is, that counts; else what the number looks like.
        let address = pointer || !scalar && is_address(number);
        if !address {
            let load = load(value).map(|load| Resolved { insn: insn.unwrap_or(load), to: Refers::Nothing });
            return Some(load);
        }
        if let Some(rest) = state.strip_prefix("map_ptr(")
            && let Some((_, rest)) = rest.split_once("map=")
        {
            let name = rest.split([',', ')']).next().unwrap_or("");
            // The kernel cuts names at 15 bytes.
            if !name.is_empty() && name.len() < 15 {
                return Some(load(0).map(|insn| Resolved { insn, to: Refers::Symbol(name) }));
            }
        }
        let message = "this is an address in the kernel that printed the listing";
        let help = if number == 0 {
            "the log hides it; a log of a privileged user shows the address".to_string()
        } else {
            format!("say which map or variable it is: `--map {number:#x}=NAME`")
        };
        Some(self.lost(message, entry.at, help))
    }

    /// What a relocation line says about an instruction.
    fn relocated(&mut self, entry: &Entry<'a>, mut insn: Insn) -> Option<Resolved<'a>> {
        let syntax = insn.form().map(|form| form.syntax);
        let next = i64::from(entry.slot) + 1;
        let Some(Relocation { span, kind, symbol }) = entry.relocation.clone() else {
            if let Some(Syntax::CallLocal) = syntax {
                let target = next + i64::from(insn.imm);
                // Where no function begins, a relocation says where it is, and the listing hides that.
                let found = self.headers.iter().any(|header| i64::from(header.slot) == target);
                if found || self.relocations || self.tool.is_kernel() {
                    return Some(Resolved { insn, to: Refers::Slot(target) });
                }
            }
            // What a relocation adds to is small.
            let load = matches!(syntax, Some(Syntax::LoadImm64(0))) && insn.hi == Some(0) && insn.imm >= 0;
            if !self.tool.is_kernel() && !self.relocations && (load || syntax == Some(Syntax::CallLocal)) {
                self.hidden.note(entry.at);
            }
            return Some(Resolved { insn, to: Refers::Nothing });
        };
        let to = match (kind, syntax) {
            ("R_BPF_64_64" | "R_BPF_INSN_64", Some(Syntax::LoadImm64(0))) => {
                self.named(entry, symbol, insn)?
            }
            ("R_BPF_64_32" | "R_BPF_INSN_DISP32", Some(Syntax::CallLocal)) => {
                self.named(entry, symbol, insn)?
            }
            // A kernel function that the linker has not resolved.
            ("R_BPF_64_32" | "R_BPF_INSN_DISP32", Some(Syntax::CallKfunc)) => {
                insn.src = 1;
                Refers::Symbol(symbol)
            }
            ("R_BPF_64_64" | "R_BPF_INSN_64" | "R_BPF_64_32" | "R_BPF_INSN_DISP32", _) => {
                let message = format!("`{kind}` does not belong to this instruction");
                let d = Diagnostic::error(code::LISTING_CONTRADICTION, message, span);
                self.diagnostics.push(d.also(entry.span, "this instruction"));
                return None;
            }
            _ => {
                let message = format!("relocations of type `{kind}` are not known in code");
                self.diagnostics.push(Diagnostic::error(code::LISTING_LINE, message, span));
                return None;
            }
        };
        Some(Resolved { insn, to })
    }

    /// What the symbol of a relocation is: a section, in which the instruction says the slot, or something in one.
    fn named(&mut self, entry: &Entry<'a>, symbol: &'a str, insn: Insn) -> Option<Refers<'a>> {
        let (load, imm) = (insn.hi.is_some(), i64::from(insn.imm));
        let slot = if load { imm / 8 } else { imm + 1 };
        let section = Refers::Section(symbol, slot);
        let Some(shown) = self.sections.iter().find(|section| section.name == Some(symbol)) else {
            return Some(Refers::Symbol(symbol));
        };
        let mut functions = self.sections.iter().flat_map(|section| &section.headers);
        let first = shown.headers.iter().any(|header| header.name == symbol && header.slot == 0);
        // A map may be called like a section; neither is named so in C if there is a `.` or `/`.
        let other = match functions.any(|header| header.name == symbol) {
            true => !first,
            false => load && !symbol.contains(['.', '/']),
        };
        if slot == 0 && other {
            let message =
                format!("there is a section `{symbol}`, and this may be something else of that name");
            return self.lost(&message, entry.at, "give one of them another name");
        }
        Some(if slot == 0 && first { Refers::Symbol(symbol) } else { section })
    }
}

/// What the text of a line says, which has to be an instruction and nothing else.
pub(super) fn text(entry: &Entry, tool: Tool, code: Option<u8>) -> Result<Reading, ReadError> {
    let reading = read(entry.text, tool.dialect(), code)?;
    if reading.len == entry.text.len() {
        return Ok(reading);
    }
    Err(ReadError { at: Piece::default(), wrong: Wrong::Expected("the end of the instruction") })
}

/// Whether a name is one that compilers and objdump give to labels: `LBB0_12`, `L3`.
fn is_label(name: &str) -> bool {
    let name = name.trim_start_matches('.');
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let block = |rest: &str| rest.split_once('_').is_some_and(|(a, b)| number(a) && number(b));
    name.strip_prefix("LBB").is_some_and(block) || name.strip_prefix('L').is_some_and(number)
}

/// `map[id:5]`, `map[id:5][0]+4`, `map[idx:0]+4`: the number, and the offset in its value.
fn map_text(text: &str) -> Option<(u64, i64)> {
    let rest = text.strip_prefix("map[")?;
    let (number, rest) = rest.split_once(']')?;
    let number = number.strip_prefix("id:").or_else(|| number.strip_prefix("idx:"))?.parse().ok()?;
    let rest = rest.strip_prefix("[0]").unwrap_or(rest);
    let addend = if rest.is_empty() { 0 } else { rest.strip_prefix('+')?.parse().ok()? };
    Some((number, addend))
}

/// Whether a number looks like an address of a kernel: not like a small negative number, which is none.
fn is_address(number: u64) -> bool {
    // With page tables of five levels they begin with 0xff00.
    number >> 56 == 0xff && number.cast_signed() < -4095
}

/// What the verifier says a register holds: `R1=map_ptr(…)`, before Linux 6.7 `R1_w=…`.
fn register(notes: &str, number: u8) -> Option<&str> {
    let name = format!("R{number}");
    notes.split(' ').find_map(|word| {
        let rest = word.strip_prefix(name.as_str())?;
        rest.strip_prefix("_w=").or_else(|| rest.strip_prefix("_rw=")).or_else(|| rest.strip_prefix('='))
    })
}

/// Whether a text may be that of an instruction, with what tools leave out or print wrongly.
pub(super) fn agrees(insn: &Insn, reading: &Reading, tool: Tool) -> bool {
    let Some(read) = Form::of(reading.syntax) else { return true };
    // Two calls look alike, and the kernel replaces what is called.
    if read.code != insn.code {
        return false;
    }
    let Some(form) = insn.form() else { return true };
    let call = matches!(form.syntax, Syntax::CallHelper | Syntax::CallLocal | Syntax::CallKfunc);
    let load = matches!(form.syntax, Syntax::LoadImm64(_));
    // Older objdumps print newer atomic operations as others, and do not look at the `off` of moves and divisions.
    let atomic = matches!(insn.code, 0xc3 | 0xcb | 0xd3 | 0xdb);
    let plain =
        matches!(read.syntax, Syntax::Alu(AluOp::Mov | AluOp::Div | AluOp::Mod, ..)) && tool != Tool::Log;
    let same = form.syntax == read.syntax || call || load || atomic || plain || tool == Tool::Gnu;
    let holds = |field: Field, value: i64, found: i64| field != Field::Operand || value == found;
    // Older objdumps take the register of `callx` from another field.
    let callx = form.syntax == Syntax::CallX;
    let registers = (callx || holds(form.dst, reading.dst.into(), insn.dst.into()))
        && (load || holds(form.src, reading.src.into(), insn.src.into()));
    let off = match (form.off, reading.off.int, form.syntax) {
        (Field::Operand, Some(off), syntax)
            if !matches!(syntax, Syntax::CallKfunc) && reading.to == To::Nothing =>
        {
            off == i128::from(insn.off)
        }
        _ => true,
    };
    let low = |int: i128| u32::try_from(int & 0xffff_ffff) == Ok(insn.imm.cast_unsigned());
    let imm = match (form.syntax, reading.imm.int) {
        (Syntax::LoadInd(_), _) if reading.imm.at.is_empty() => true,
        (Syntax::LoadImm64(0), Some(int)) => {
            u64::try_from(int & i128::from(u64::MAX)) == Ok(insn.imm64().cast_unsigned())
        }
        (Syntax::LoadImm64(_), Some(int)) => low(int) || tool.is_kernel(),
        (_, Some(int)) if form.imm == Field::Operand && form.syntax == read.syntax && !call => {
            matches!(form.syntax, Syntax::Gotol) || low(int)
        }
        _ => true,
    };
    let to = match (reading.to, form.syntax) {
        (To::Slots(number), Syntax::Gotol) => number.int.is_none_or(|int| int == i128::from(insn.imm)),
        (To::Slots(number), _) => number.int.is_none_or(|int| int == i128::from(insn.off)),
        (To::Number(number) | To::Kfunc(number) | To::Distance(number, _), _) => number.int.is_none_or(low),
        _ => true,
    };
    same && registers && off && imm && to
}
