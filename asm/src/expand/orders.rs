//! Values in network and in host order that meet.

use super::body::Body;
use super::{ChainId, Expander};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::{AluOp, Cond, Endian, Insn, Rhs, Swap, Syntax, Width};

/// What the types of operands told while instructions were made.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Loads of values in network order, with their bytes; in order.
    loads: Vec<(usize, u32)>,
    /// Instructions whose immediate is in network order, with its bytes; in order.
    networks: Vec<(usize, u32)>,
    checks: Vec<Check>,
}

/// An instruction that is looked at when the function is known.
#[derive(Debug, Clone, Copy)]
struct Check {
    insn: usize,
    /// The constant, or the register that is stored.
    span: Span,
    /// Bytes of the place in network order that is stored to; 0 for a comparison.
    stored: u32,
    /// The use of a macro that it stands in.
    chain: Option<ChainId>,
}

impl Facts {
    /// An instruction loads a value that is in network order.
    pub(super) fn load(&mut self, insn: usize, bytes: u32) {
        self.loads.push((insn, bytes));
    }

    /// So many bytes of an instruction's immediate are in network order.
    pub(super) fn network(&mut self, insn: usize, bytes: u32) {
        self.networks.push((insn, bytes));
    }

    /// A comparison with a constant.
    pub(super) fn compare(&mut self, insn: usize, span: Span, chain: Option<ChainId>) {
        // Only what was loaded before can be meant; a loop that comes back here is seen, one that has not begun is
        // not.
        if !self.loads.is_empty() {
            self.checks.push(Check { insn, span, stored: 0, chain });
        }
    }

    /// A register is stored to a place of so many bytes in network order.
    pub(super) fn store(&mut self, insn: usize, span: Span, bytes: u32, chain: Option<ChainId>) {
        self.checks.push(Check { insn, span, stored: bytes, chain });
    }

    /// The bytes of what an instruction loads, if it is in network order.
    fn loaded(&self, insn: usize) -> Option<u32> {
        bytes_at(&self.loads, insn)
    }

    /// The bytes of an instruction's immediate, if it is in network order.
    fn immediate(&self, insn: usize) -> Option<u32> {
        bytes_at(&self.networks, insn)
    }
}

fn bytes_at(list: &[(usize, u32)], insn: usize) -> Option<u32> {
    list.binary_search_by_key(&insn, |entry| entry.0).ok().map(|i| list[i].1)
}

/// What is known of a register, and the instruction that made it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
    /// Nothing.
    #[default]
    Unknown,
    /// A value of so many bytes in network order.
    Network(u32, usize),
    /// One that was brought into host order.
    Host(u32, usize),
    /// A constant that nobody brought into network order.
    Number(i32, usize),
}

impl Order {
    /// What holds on both of two paths.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Order::Network(a, _), Order::Network(b, _)) | (Order::Host(a, _), Order::Host(b, _))
                if a == b =>
            {
                self
            }
            (Order::Number(a, _), Order::Number(b, _)) if a == b => self,
            _ => Order::Unknown,
        }
    }
}

type Registers = [Order; 11];

/// Whether a constant means something else when its bytes are swapped, as far as so many bytes can hold it.
fn matters(value: i64, bytes: u32) -> bool {
    let bits = 8 * bytes;
    let Ok(n) = u64::try_from(value) else { return false };
    n != 0 && (bits >= 64 || n >> bits == 0) && n.swap_bytes() >> (64 - bits) != n
}

/// The registers before each instruction; `None` where control does not come.
fn registers(body: &Body, endian: Endian) -> Vec<Option<Registers>> {
    let mut before: Vec<Option<Registers>> = vec![None; body.insns.len()];
    let mut work = vec![(0, Registers::default())];
    while let Some((at, state)) = work.pop() {
        let Some(known) = before.get_mut(at) else { continue };
        let joined = match known {
            None => state,
            Some(known) => std::array::from_fn(|i| known[i].join(state[i])),
        };
        if *known == Some(joined) {
            continue;
        }
        *known = Some(joined);
        let Some(insn) = body.insns.get(at) else { continue };
        let after = step(body, endian, at, insn.insn, joined);
        if let Some(target) = insn.target.and_then(|t| body.target(t)) {
            work.push((target, after));
        }
        if !insn.insn.ends() {
            work.push((at + 1, after));
        }
    }
    before
}

/// The registers behind an instruction.
fn step(body: &Body, endian: Endian, at: usize, insn: Insn, mut state: Registers) -> Registers {
    let Some(syntax) = insn.form().map(|f| f.syntax) else { return state };
    let facts = &body.orders;
    let old = |reg: u8| state.get(usize::from(reg)).copied().unwrap_or_default();
    let new = match syntax {
        Syntax::CallHelper | Syntax::CallLocal | Syntax::CallKfunc | Syntax::CallX => {
            state[..6].fill(Order::Unknown);
            return state;
        }
        Syntax::Alu(AluOp::Mov, width, Rhs::Reg) => match old(insn.src) {
            Order::Network(8, _) | Order::Host(8, _) if width == Width::W32 => Order::Unknown,
            order => order,
        },
        Syntax::Alu(AluOp::Mov, _, Rhs::Imm) if facts.immediate(at).is_none() => Order::Number(insn.imm, at),
        Syntax::Alu(AluOp::And | AluOp::Or | AluOp::Xor, _, Rhs::Imm) => match old(insn.dst) {
            order @ Order::Network(bytes, _) if facts.immediate(at) == Some(bytes) => order,
            order @ Order::Host(..) if facts.immediate(at).is_none() => order,
            _ => Order::Unknown,
        },
        Syntax::Swap(swap, bits) => {
            let swaps = swap == Swap::Be || swap == Swap::Bswap && endian == Endian::Little;
            match old(insn.dst) {
                Order::Network(bytes, _) if swaps && bytes * 8 == u32::from(bits) => Order::Host(bytes, at),
                Order::Host(bytes, _) if swaps && bytes * 8 == u32::from(bits) => Order::Network(bytes, at),
                _ => Order::Unknown,
            }
        }
        Syntax::Load(..) => facts.loaded(at).map_or(Order::Unknown, |bytes| Order::Network(bytes, at)),
        _ => Order::Unknown,
    };
    if let Some(slot) = syntax.written(&insn).and_then(|r| state.get_mut(usize::from(r))) {
        *slot = new;
    }
    state
}

impl<'a> Expander<'a> {
    /// A constant is stored to a place in network order.
    pub(super) fn stored_constant(&mut self, span: Span, value: i128, big: u32, bytes: u32) {
        let Ok(value) = i64::try_from(value) else { return };
        let d = match big {
            0 if matters(value, bytes) => {
                let message = "this place is in network byte order, the number is not";
                let d = Diagnostic::warning(code::HOST_ORDER, message, span);
                self.make_network(d, span, bytes, self.chain)
            }
            1.. if big != bytes && value != 0 => other_bytes("this place", bytes, big, span),
            _ => return,
        };
        self.error(d);
    }

    /// How a constant is brought into network order.
    fn make_network(&self, d: Diagnostic, span: Span, bytes: u32, chain: Option<ChainId>) -> Diagnostic {
        let function = format!("be{}", 8 * bytes);
        match chain {
            None => {
                let text = self.text(span);
                d.suggest(format!("`{function}` makes it so"), span, format!("{function}({text})"))
            }
            Some(_) => d.help(format!("make it with `{function}`")),
        }
    }

    /// Warns where it is certain that values in different orders meet.
    pub(super) fn check_orders(&mut self, body: &Body<'a>) {
        // Where a jump by a distance leads is not known here.
        let wild = |(at, insn): (usize, Insn)| {
            insn.form().is_none_or(|f| jumps(f.syntax)) && body.insns.target(at).is_none()
        };
        if body.orders.checks.is_empty() || body.insns.code().iter().enumerate().any(wild) {
            return;
        }
        let before = registers(body, self.endian);
        for check in &body.orders.checks {
            let Some(state) = before.get(check.insn).and_then(Option::as_ref) else { continue };
            let found = if check.stored > 0 {
                self.check_store(body, check, state)
            } else {
                self.check_compare(body, check, state)
            };
            if let Some(d) = found {
                let chain = std::mem::replace(&mut self.chain, check.chain);
                self.error(d);
                self.chain = chain;
            }
        }
    }

    fn check_compare(&self, body: &Body, check: &Check, state: &Registers) -> Option<Diagnostic> {
        let insn = body.insns.code().get(check.insn)?;
        let Some(Syntax::If(cond, width, _)) = insn.form().map(|f| f.syntax) else { return None };
        let network = body.orders.immediate(check.insn);
        let value = i64::from(insn.imm.cast_unsigned());
        let name = format!("{}{}", width.letter(), insn.dst);
        match (*state.get(usize::from(insn.dst))?, network) {
            (Order::Network(bytes, load), None) if matters(value, bytes) => {
                let message = format!("`{name}` is in network byte order, this number is not");
                let d = Diagnostic::warning(code::HOST_ORDER, message, check.span);
                let d = near(d, body, load, check.span, "loaded here");
                Some(match cond {
                    Cond::Eq | Cond::Ne | Cond::Set => self.make_network(d, check.span, bytes, check.chain),
                    _ => d.help(format!("swap it before: `{name} = be{} {name}`", 8 * bytes)),
                })
            }
            (Order::Network(bytes, load), Some(big)) if big != bytes && value != 0 => {
                let d = other_bytes(&format!("`{name}`"), bytes, big, check.span);
                Some(near(d, body, load, check.span, "loaded here"))
            }
            (Order::Host(_, swap), Some(big)) if matters(value, big) => {
                let message = format!("this number is in network byte order, `{name}` no more");
                let d = Diagnostic::warning(code::HOST_ORDER, message, check.span);
                Some(near(d, body, swap, check.span, "swapped here").help("compare it with the plain number"))
            }
            _ => None,
        }
    }

    fn check_store(&self, body: &Body, check: &Check, state: &Registers) -> Option<Diagnostic> {
        let insn = body.insns.code().get(check.insn)?;
        let place = "this place is in network byte order, the register is not";
        let d = Diagnostic::warning(code::HOST_ORDER, place, check.span);
        let function = format!("be{}", 8 * check.stored);
        match *state.get(usize::from(insn.src))? {
            Order::Number(value, at) if matters(i64::from(value), check.stored) => Some(
                near(d, body, at, check.span, "the number is made here")
                    .help(format!("make it with `{function}`")),
            ),
            Order::Host(bytes, swap) if bytes == check.stored => {
                let d = near(d, body, swap, check.span, "swapped here");
                Some(d.help(format!("swap it back: `r{reg} = {function} r{reg}`", reg = insn.src)))
            }
            _ => None,
        }
    }
}

/// A number in network order meets a place that has more or fewer bytes.
fn other_bytes(place: &str, bytes: u32, number: u32, span: Span) -> Diagnostic {
    let message = format!("{place} has {bytes} bytes in network order, this number has {number}");
    Diagnostic::warning(code::HOST_ORDER, message, span).help(format!("make it with `be{}`", 8 * bytes))
}

fn jumps(syntax: Syntax) -> bool {
    matches!(syntax, Syntax::If(..) | Syntax::Goto | Syntax::Gotol | Syntax::MayGoto | Syntax::Gotox)
}

/// Points at an earlier instruction, where it stands in the same file.
fn near(d: Diagnostic, body: &Body, insn: usize, span: Span, what: &str) -> Diagnostic {
    let place = body.insns.places()[insn].span;
    if place.file == span.file { d.also(place, what) } else { d }
}
