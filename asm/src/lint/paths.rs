//! Lints about what a function's paths do: registers, pointers, the stack. What they say is true on every path that
//! leads to the place, so a program that the kernel takes gives none of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::graph::graph;
use super::helper;
use super::state::{Maps, PacketAt, State, Value};
use crate::diag::{Diagnostic, Span, code};
use crate::expand::{PlainFunc, Program};
use crate::flow::Graph;
use crate::isa::Insn;
use crate::object::Symbol;
use crate::uapi::{ProgType, section};

/// What the kernel gives a function (`MAX_BPF_STACK`).
const STACK: i32 = 512;

/// What a function is looked at with.
pub(super) struct Paths<'a> {
    func: &'a PlainFunc,
    graph: Graph,
    maps: &'a Maps,
    license: Option<&'a str>,
    program: Option<ProgType>,
    packet: PacketAt,
    /// Whether r0 is to be set at `exit`.
    result: bool,
    entry: State,
    /// Found so far: the instruction, where it is about one, and what to say.
    found: Vec<(Option<usize>, Diagnostic)>,
    /// Registers that were reported, by what destroyed them.
    reported: BTreeSet<(u8, Value)>,
    /// What was said about the code of a line, by the line that the user wrote, the code's place and the lint's code:
    /// for the first instruction that came of it, not for each round of a loop.
    told: BTreeMap<(Span, Span, &'static str), usize>,
    plain: &'a Program,
    stack: Stack,
}

/// What happens to a function's stack, whatever the order.
#[derive(Default)]
struct Stack {
    /// Its bytes that something writes, from r10 − 512 on.
    written: Vec<bool>,
    /// Reads: the instruction, the offset from r10, and how many bytes.
    reads: Vec<(usize, i32, u32)>,
    /// Whether its address went where it is not followed.
    escaped: bool,
}

/// What a function is part of.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// The program.
    pub(super) program: &'a Program,
    /// Kind and key size of each map.
    pub(super) maps: &'a Maps,
    /// The licence.
    pub(super) license: Option<&'a str>,
    /// Whether something takes the function's address: then its arguments are not those of its calls.
    pub(super) callback: bool,
}

/// Looks at a function; gives each finding with the index of the instruction that it is about.
pub(super) fn check(func: &PlainFunc, around: Around) -> Vec<(Option<usize>, Diagnostic)> {
    let Some(graph) = graph(func) else { return vec![] };
    let section = func.section.as_deref().map(section::parse);
    let def = section.flatten().map(|section| section.def);
    let program = def.map(|def| def.prog_type);
    // Where the kernel's struct has the start of the packet.
    let packet = match def.map(|def| def.ctx) {
        Some("xdp_md") => Some(0),
        Some("__sk_buff") => Some(76),
        _ => None,
    };
    let arguments = match (&func.section, program) {
        // It stands for a function of any kind; and a section that nobody knows may be anything.
        (Some(_), Some(ProgType::EXT) | None) => 5,
        (Some(_), Some(_)) => 1,
        (None, _) if around.callback || func.params.is_empty() => 5,
        (None, _) => func.params.len().min(5),
    };
    let entry = State::entry((1 << (arguments + 1)) - 2, packet.is_some());
    // Programs of these types may have none; of what type is a section that nobody knows?
    let no_result = matches!(program, None | Some(ProgType::STRUCT_OPS | ProgType::LSM | ProgType::EXT));
    let result = if func.section.is_some() { !no_result } else { func.result.is_some() };
    let Around { maps, license, program: plain, .. } = around;
    let stack = Stack { written: vec![false; 512], ..Stack::default() };
    let (found, reported, told) = (vec![], BTreeSet::new(), BTreeMap::new());
    let mut paths = Paths {
        func,
        graph,
        maps,
        license,
        program,
        packet,
        result,
        entry,
        found,
        reported,
        told,
        plain,
        stack,
    };
    paths.run();
    paths.found
}

impl<'f> Paths<'f> {
    fn run(&mut self) {
        let loops = self.graph.has_loops();
        let mut before: Vec<Option<State>> = vec![None; self.graph.len()];
        before[0] = Some(self.entry);
        if loops {
            self.settle(&mut before);
        }
        // Without loops, all that leads to a block stands before it.
        for block in 0..before.len() {
            if let Some(mut state) = before[block] {
                for (at, insn) in self.insns(block) {
                    self.look(at, &insn, &state);
                    self.step(at, &insn, &mut state);
                }
                self.pass_on(block, &state, &mut before, |_| ());
            }
        }
        let reached: Vec<bool> = before.iter().map(Option::is_some).collect();
        self.unreachable(&reached);
        if loops {
            self.endless(&reached);
        }
        self.unwritten();
        if self.func.insns.code().last().is_some_and(|last| !last.ends()) && reached.last() == Some(&true) {
            let message = format!("`{}` runs off its end", self.func.name);
            let d = Diagnostic::warning(code::FALL_OFF, message, self.func.end).label("reached here");
            let d = self.with(d, self.func.insns.len() - 1, self.func.end, "control goes on behind this");
            self.found.push((None, d.help("end it with `exit`, or a jump")));
        }
    }

    /// Works out the state before each block; none where no path leads there.
    fn settle(&mut self, before: &mut [Option<State>]) {
        // The first block first: mostly, control goes forward.
        let mut waiting = BinaryHeap::from([Reverse(0)]);
        while let Some(Reverse(block)) = waiting.pop() {
            let Some(mut state) = before[block] else { continue };
            for (at, insn) in self.insns(block) {
                self.step(at, &insn, &mut state);
            }
            self.pass_on(block, &state, before, |next| waiting.push(Reverse(next)));
        }
    }

    /// Takes the state behind a block to those that may follow, and names those for which that is new.
    fn pass_on(
        &mut self,
        block: usize,
        state: &State,
        before: &mut [Option<State>],
        mut changed: impl FnMut(usize),
    ) {
        for next in self.graph.next(block) {
            match &mut before[next] {
                None => before[next] = Some(*state),
                Some(known) => {
                    let (new, lost) = known.join(state);
                    self.stack.escaped |= lost;
                    if !new {
                        continue;
                    }
                }
            }
            changed(next);
        }
    }

    /// The instructions of a block, each with its index.
    fn insns(&self, block: usize) -> impl Iterator<Item = (usize, Insn)> + use<'f> {
        let range = self.graph.insns(block);
        let code = self.func.insns.code().iter_from(range.start);
        range.zip(code)
    }

    fn insn(&self, at: usize) -> Insn {
        self.func.insns.code().get(at).unwrap_or_default()
    }

    fn span(&self, at: usize) -> Span {
        self.func.insns.places()[at].span
    }

    /// What an instruction does to registers.
    fn step(&self, at: usize, insn: &Insn, state: &mut State) {
        let value = state.value(insn.src);
        match insn.code & 7 {
            // Loads of 64 bits, and from packets as of old.
            0 if insn.code == 0x18 => state.write(
                insn.dst,
                match self.func.symbol(at) {
                    Some(Symbol::Map(map)) => Value::Map(number(map)),
                    _ => Value::Unknown,
                },
            ),
            0 => state.call(number(at), Some(Value::Unknown)),
            1 => {
                let word = insn.code == 0x61 && value == Value::Context && Some(insn.off) == self.packet;
                state.write(insn.dst, if word { Value::Packet } else { Value::Unknown });
            }
            3 if insn.code & 0xe0 == 0xc0 => {
                state.looked_at(value);
                match insn.imm {
                    0x100 => state.write(insn.dst, Value::Unknown),
                    0xf1 => state.write(0, Value::Unknown),
                    imm if imm & 1 != 0 => state.write(insn.src, Value::Unknown),
                    _ => {}
                }
            }
            // Stored, it may be looked at under another name.
            3 => state.looked_at(value),
            4 | 7 => arithmetic(insn, state),
            5 | 6 => match insn.code {
                0x85 => self.call(at, insn, state),
                0x05 | 0x06 | 0x95 | 0xe5 => {}
                _ => {
                    state.looked_at(state.value(insn.dst));
                    if insn.code & 8 != 0 {
                        state.looked_at(value);
                        state.compared = true;
                    }
                }
            },
            _ => {}
        }
    }

    fn call(&self, at: usize, insn: &Insn, state: &mut State) {
        if insn.src != 0 {
            // What is called may look for itself, and compare.
            for reg in 1..6 {
                state.looked_at(state.value(reg));
            }
            state.compared = true;
            return state.call(number(at), Some(Value::Unknown));
        }
        let map = match state.value(1) {
            Value::Map(map) => self.maps.get(map as usize).map(|map| map.0),
            _ => None,
        };
        let result = match helper::may_give_null(insn.imm, map) {
            _ if helper::gives_nothing(insn.imm) => None,
            true => Some(Value::MaybeNull(number(at))),
            false => Some(Value::Unknown),
        };
        state.call(number(at), result);
    }

    // What is wrong.

    fn report(&mut self, at: usize, diagnostic: Diagnostic) {
        if self.is_first(at, diagnostic.code) {
            self.found.push((Some(at), diagnostic));
        }
    }

    /// Whether nothing has been said yet under this code about other instructions of the same line.
    fn is_first(&mut self, at: usize, code: &'static str) -> bool {
        let place = &self.func.insns.places()[at];
        let line = (self.plain.origin(place), place.span, code);
        *self.told.entry(line).or_insert(at) == at
    }

    /// Looks at an instruction before it is done.
    fn look(&mut self, at: usize, insn: &Insn, state: &State) {
        let source = insn.code & 8 != 0;
        match insn.code & 7 {
            0 if insn.code == 0x18 => {}
            0 => {
                self.read(at, 6, state);
                if insn.code & 0xe0 == 0x40 {
                    self.read(at, insn.src, state);
                }
            }
            1 => {
                self.read(at, insn.src, state);
                self.access(at, insn, insn.src, state, false);
            }
            // `nospec`.
            2 if insn.code == 0xc2 => {}
            2 | 3 => {
                let load = insn.code & 0xe0 == 0xc0 && insn.imm == 0x100;
                if insn.code & 7 == 3 && !load {
                    self.read(at, insn.src, state);
                    self.stack.escaped |= matches!(state.value(insn.src), Value::Stack(_));
                }
                if insn.code & 0xe7 == 0xc3 && insn.imm == 0xf1 {
                    self.read(at, 0, state);
                }
                let base = if load { insn.src } else { insn.dst };
                self.read(at, base, state);
                self.access(at, insn, base, state, !load);
            }
            4 | 7 => self.look_at_arithmetic(at, insn, state),
            _ => match insn.code {
                0x85 => self.look_at_call(at, insn, state),
                0x95 if !self.result => {}
                0x95 if state.is_set(0) => {}
                0x95 => self.unset_result(at, state),
                0x05 | 0x06 | 0xe5 => {}
                _ => {
                    self.read(at, insn.dst, state);
                    if source {
                        self.read(at, insn.src, state);
                    }
                }
            },
        }
    }

    fn look_at_arithmetic(&mut self, at: usize, insn: &Insn, state: &State) {
        let (operation, source, width) =
            (insn.code & 0xf0, insn.code & 8 != 0, if insn.code & 7 == 7 { 64 } else { 32 });
        if operation != 0xb0 {
            self.read(at, insn.dst, state);
        }
        if source && operation != 0xd0 && operation != 0x80 {
            self.read(at, insn.src, state);
        }
        // What is not followed: any sum but with a constant.
        let stack = |reg| matches!(state.value(reg), Value::Stack(_));
        let copied = insn.code == 0xbf && insn.off == 0 || insn.code == 0x07;
        self.stack.escaped |= !copied && (source && stack(insn.src) || operation != 0xb0 && stack(insn.dst));
        match operation {
            0x60 | 0x70 | 0xc0 if !source && !(0..width).contains(&insn.imm) => {
                self.shift(at, width, insn.imm);
            }
            0x30 | 0x90 if !source && insn.imm == 0 => self.division(at),
            _ => {}
        }
    }

    fn shift(&mut self, at: usize, width: i32, by: i32) {
        if self.is_first(at, code::SHIFT_WIDTH) {
            let message = format!("this shifts {width} bits by {by}");
            let d = Diagnostic::warning(code::SHIFT_WIDTH, message, self.span(at));
            self.report(at, d.note(format!("the kernel takes 0 to {}", width - 1)));
        }
    }

    fn division(&mut self, at: usize) {
        if self.is_first(at, code::ZERO_DIVISION) {
            let d = Diagnostic::warning(code::ZERO_DIVISION, "this divides by zero", self.span(at));
            self.report(at, d.note("the kernel refuses a division by the constant 0"));
        }
    }

    /// A register that is read must have been written.
    #[inline]
    fn read(&mut self, at: usize, reg: u8, state: &State) {
        if !state.is_set(reg) {
            self.unset(at, reg, state.value(reg));
        }
    }

    #[inline(never)]
    fn unset(&mut self, at: usize, reg: u8, value: Value) {
        if !self.reported.insert((reg, value)) {
            return;
        }
        let span = self.span(at);
        let d = match value {
            Value::Destroyed(call) => {
                let d = Diagnostic::warning(
                    code::UNINIT,
                    format!("r{reg} is read, but a call has destroyed it"),
                    span,
                );
                let d = self.with(d, call as usize, span, "here");
                match reg {
                    0 => d.help("this helper gives nothing: set r0 behind it"),
                    _ => d.help("calls keep r6 to r9 only: copy what is needed into one of them before"),
                }
            }
            _ => Diagnostic::warning(
                code::UNINIT,
                format!("r{reg} is read before anything is written to it"),
                span,
            ),
        };
        let insn = self.insn(at);
        let d = match insn.code {
            0x85 => d.label(format!("argument {reg} of `{}`", helper::name(insn.imm))),
            _ => d,
        };
        self.report(at, d);
    }

    fn unset_result(&mut self, at: usize, state: &State) {
        let span = self.span(at);
        let what = if self.func.section.is_some() { "program" } else { "function" };
        let mut d =
            Diagnostic::warning(code::UNSET_RESULT, format!("the {what} ends here, and r0 is not set"), span);
        if let Value::Destroyed(call) = state.value(0) {
            d = self.with(d, call as usize, span, "this helper gives nothing");
        }
        self.report(at, d.help("set the result before: `w0 = 0`"));
    }

    /// Adds the place of another instruction, where that helps.
    fn with(&self, diagnostic: Diagnostic, other: usize, span: Span, text: &str) -> Diagnostic {
        let place = self.span(other);
        if place.file == span.file && place != span { diagnostic.also(place, text) } else { diagnostic }
    }

    /// A load or store through a register.
    fn access(&mut self, at: usize, insn: &Insn, base: u8, state: &State, store: bool) {
        let size: u8 = [4, 2, 1, 8][usize::from(insn.code >> 3 & 3)];
        match state.value(base) {
            Value::Stack(offset) => {
                let start = offset.saturating_add(insn.off.into());
                let end = start.saturating_add(size.into());
                if start < -STACK || end > 0 {
                    self.outside(at, start, size);
                } else if store {
                    self.write_stack(start, size.into());
                } else {
                    self.stack.reads.push((at, start, size.into()));
                }
            }
            Value::MaybeNull(call) => self.maybe_null(at, base, call),
            Value::Packet if !state.compared => self.beyond_packet(at, base),
            _ => {}
        }
    }

    fn maybe_null(&mut self, at: usize, base: u8, call: u32) {
        if self.is_first(at, code::NULL_POINTER) {
            let span = self.span(at);
            let name = helper::name(self.insn(call as usize).imm);
            let d = Diagnostic::warning(code::NULL_POINTER, format!("r{base} may be null here"), span);
            let d = self.with(d, call as usize, span, &format!("`{name}` may give null"));
            self.report(at, d.help(format!("look first: `if r{base} == 0 goto .none`")));
        }
    }

    fn beyond_packet(&mut self, at: usize, base: u8) {
        if !self.is_first(at, code::PACKET_BOUNDS) {
            return;
        }
        let message = format!("r{base} points into the packet, whose length nothing has looked at");
        let d = Diagnostic::warning(code::PACKET_BOUNDS, message, self.span(at));
        self.report(
            at,
            d.help(
                "compare with `data_end` first: `bounds! r7, 14, r6, else=.pass`, of the module \"macros\"",
            ),
        );
    }

    fn outside(&mut self, at: usize, start: i32, size: u8) {
        if !self.is_first(at, code::STACK_BOUNDS) {
            return;
        }
        let span = self.span(at);
        let sign = if start < 0 { '-' } else { '+' };
        let message =
            format!("{} at r10 {sign} {} lie outside of the stack", bytes(size.into()), start.unsigned_abs());
        let d = Diagnostic::warning(code::STACK_BOUNDS, message, span);
        self.report(at, d.note("the stack of a function is the 512 bytes below r10"));
    }

    fn write_stack(&mut self, start: i32, size: u32) {
        for byte in start..start.saturating_add_unsigned(size) {
            if let Some(place) =
                usize::try_from(byte + STACK).ok().and_then(|at| self.stack.written.get_mut(at))
            {
                *place = true;
            }
        }
    }

    fn look_at_call(&mut self, at: usize, insn: &Insn, state: &State) {
        let stack = |reg| match state.value(reg) {
            Value::Stack(offset) => Some(offset),
            _ => None,
        };
        if insn.src != 0 {
            self.stack.escaped |= (1..6).any(|reg| stack(reg).is_some());
            return;
        }
        let count = helper::arguments(insn.imm);
        for reg in 1..=count {
            self.read(at, reg, state);
        }
        // Lookups and their kind read the key and write nothing.
        let key = match (insn.imm, state.value(1)) {
            (1..=3, Value::Map(map)) => self.maps.get(map as usize).map(|map| map.1),
            _ => None,
        };
        for reg in 1..6 {
            match (reg, stack(reg), key) {
                (_, None, _) => {}
                (2, Some(offset), Some(size)) => self.stack.reads.push((at, offset, size)),
                _ => self.stack.escaped = true,
            }
        }
        self.look_at_helper(at);
    }

    fn look_at_helper(&mut self, at: usize) {
        let number = self.insn(at).imm;
        let (span, name) = (self.span(at), helper::name(number));
        if helper::is_gpl_only(number) && !self.license.is_some_and(helper::is_gpl_compatible) {
            let message = format!("`{name}` is for programs with a GPL-compatible licence");
            let d = Diagnostic::warning(code::GPL_HELPER, message, span);
            let d = match self.license {
                Some(license) => d.note(format!("the licence here is \"{license}\"")),
                None => d.note("no licence is given here"),
            };
            self.report(
                at,
                d.help("where that is true, write `license \"GPL\"` or \"Dual MIT/GPL\" at the top"),
            );
        }
        if let Some(who) = self.program.and_then(|program| helper::not_for(number, program)) {
            let section = self.func.section.as_deref().unwrap_or_default();
            let message = format!("programs in `{section}` have no `{name}`");
            self.report(
                at,
                Diagnostic::warning(code::WRONG_HELPER, message, span).note(format!("it is for {who}")),
            );
        }
        if let Some(newer) = helper::replacement(number) {
            let d = Diagnostic::warning(
                code::OLD_HELPER,
                format!("`{name}` is kept for old programs only"),
                span,
            );
            self.report(at, d.help(format!("newer kernels have {newer}")));
        }
    }

    fn unreachable(&mut self, reached: &[bool]) {
        let mut before = true;
        for (block, here) in reached.iter().enumerate() {
            if before && !here {
                let at = self.graph.insns(block).start;
                let span = self.span(at);
                let d = Diagnostic::warning(code::UNREACHABLE, "no path leads here", span);
                let d = match at.checked_sub(1) {
                    Some(last) => self.with(d, last, span, "nothing goes on behind this"),
                    None => d,
                };
                self.report(at, d.note("the kernel refuses a program with such an instruction"));
            }
            before = *here;
        }
    }

    /// Reports a loop from which no path leads to an end.
    fn endless(&mut self, reached: &[bool]) {
        // A kernel function may end the program: `bpf_throw`.
        let throws = |at: usize| self.insn(at).code == 0x85 && self.insn(at).src == 2;
        let ends =
            |block: usize| self.graph.next(block).next().is_none() || self.graph.insns(block).any(throws);
        let mut ending: Vec<bool> = (0..self.graph.len()).map(ends).collect();
        const TURNS: usize = 50;
        for turn in 0.. {
            let mut changed = false;
            for block in (0..ending.len()).rev() {
                if !ending[block] && self.graph.next(block).any(|next| ending[next]) {
                    ending[block] = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
            if turn == TURNS {
                return;
            }
        }
        let lost = |block: &usize| reached[*block] && !ending[*block];
        let back = |block: &usize| self.graph.next(*block).any(|next| next <= *block);
        let found = (0..ending.len()).filter(lost).find(back).map(|block| self.graph.insns(block).end - 1);
        if let Some(at) = found {
            let d = Diagnostic::warning(code::ENDLESS_LOOP, "nothing leads out of this loop", self.span(at));
            self.report(at, d.help("count its turns, and leave it with a conditional jump"));
        }
    }

    fn unwritten(&mut self) {
        let Stack { written, reads, escaped } = std::mem::take(&mut self.stack);
        if escaped {
            return;
        }
        for (at, start, size) in reads {
            let first = usize::try_from(start + STACK).unwrap_or(0);
            let range = first..first.saturating_add(size as usize).min(written.len());
            if range.is_empty() || written[range].contains(&true) || !self.is_first(at, code::UNWRITTEN_STACK)
            {
                continue;
            }
            let message =
                format!("{} at r10 - {} read, but never written", bytes(size), start.unsigned_abs());
            self.report(at, Diagnostic::warning(code::UNWRITTEN_STACK, message, self.span(at)));
        }
    }
}

/// What arithmetic does to registers.
fn arithmetic(insn: &Insn, state: &mut State) {
    let (value, wide) = (state.value(insn.src), insn.code & 7 == 7);
    let now = match (insn.code & 0xf8, state.value(insn.dst)) {
        // A copy.
        (0xb8, _) if wide && insn.off == 0 => match value {
            Value::Destroyed(_) => Value::Unknown,
            value => value,
        },
        // The distance of two pointers may be what is compared.
        (0x18, _) => {
            state.compared |= value == Value::Packet || state.value(insn.dst) == Value::Packet;
            Value::Unknown
        }
        (0x00, Value::Stack(offset)) if wide => {
            offset.checked_add(insn.imm).map_or(Value::Unknown, Value::Stack)
        }
        (0x00 | 0x08, Value::Packet) if wide => Value::Packet,
        _ => Value::Unknown,
    };
    state.write(insn.dst, now);
}

/// The number of a map or an instruction; there are far fewer than 2³².
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// So many bytes.
fn bytes(count: u32) -> String {
    if count == 1 { "1 byte".to_string() } else { format!("{count} bytes") }
}
