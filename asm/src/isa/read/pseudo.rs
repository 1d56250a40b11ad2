//! Pseudo-C, as LLVM, the kernel and GNU as (`-mdialect=pseudoc`) spell it.

use super::super::form::LD_IMM64;
use super::super::{AluOp, AtomicOp, Cond, Rhs, Size, Swap, Syntax, Width};
use super::cursor::{Cursor, Read, Register, piece};
use super::{Dialect, Number, Piece, Reading, To, Wrong};
use Width::{W32, W64};

impl Cursor<'_> {
    /// Takes an instruction in any spelling.
    pub(super) fn instruction(&mut self) -> Read<Reading> {
        if self.peek() == b'*' {
            return self.store();
        }
        let start = self.at;
        if let Some(register) = self.register()? {
            return self.assignment(start, register);
        }
        let word = self.word();
        self.at += word.len();
        match word {
            "if" => self.condition(),
            "goto" => self.jump(Syntax::Goto),
            "gotol" => self.jump(Syntax::Gotol),
            "may_goto" => self.jump(Syntax::MayGoto),
            "call" => self.call(),
            "exit" => Ok(Reading::new(Syntax::Exit)),
            "nospec" => Ok(Reading::new(Syntax::Nospec)),
            "lock" => self.lock(),
            "gotox" => self.by_register(Syntax::Gotox),
            "callx" => self.by_register(Syntax::CallX),
            "store_release" => self.store_release(),
            "ld_pseudo" => self.load_pseudo(),
            _ => match self.gnu(word)? {
                Some(reading) => Ok(reading),
                None => Err(self.error(start, Wrong::Mnemonic)),
            },
        }
    }

    // Assignments.

    fn assignment(&mut self, start: usize, dst: Register) -> Read<Reading> {
        self.blanks();
        let Some(op) = self.assignment_operator() else {
            return Err(self.expected("`=`, `+=` or another assignment"));
        };
        self.blanks();
        if op == AluOp::Mov
            && let Some(reading) = self.moved(start, dst)?
        {
            return Ok(reading);
        }
        let (width, number) = dst;
        let at = self.at;
        if let Some((other, src)) = self.register()? {
            let width = match (width, other) {
                (W64, W32) if op == AluOp::Mov && self.dialect == Dialect::Llvm => W32,
                _ if width == other => width,
                _ => return Err(self.error(at, Wrong::Width(width))),
            };
            return Ok(Reading { dst: number, src, ..Reading::new(Syntax::Alu(op, width, Rhs::Reg)) });
        }
        let imm = self.number()?;
        let ll = op == AluOp::Mov && self.keyword("ll");
        let wide = ll || op == AluOp::Mov && self.code == Some(LD_IMM64);
        if wide && width == W32 {
            return Err(self.error(start, Wrong::Width(W64)));
        }
        let syntax = if wide { Syntax::LoadImm64(0) } else { Syntax::Alu(op, width, Rhs::Imm) };
        Ok(Reading { dst: number, imm, ll, ..Reading::new(syntax) })
    }

    fn assignment_operator(&mut self) -> Option<AluOp> {
        let len = self.rest().iter().take(4).position(|b| *b == b'=')? + 1;
        if len == 1 && self.nth(1) == b'=' {
            return None;
        }
        let start = self.at;
        self.at += len;
        AluOp::from_text(self.since(start))
    }

    /// What only `=` has on its right side. None if it is a register or a number.
    fn moved(&mut self, start: usize, dst: Register) -> Read<Option<Reading>> {
        let reading = match self.peek() {
            b'*' => self.load(start, dst)?,
            b'&' => self.percpu(start, dst)?,
            b'-' => return self.negated(dst),
            b'(' => return self.sign_extended(dst),
            b'a'..=b'z' => return self.applied(start, dst),
            _ => return Ok(None),
        };
        Ok(Some(reading))
    }

    /// `r1 = *(u32 *)(r2 + 8)` and `r0 = *(u8 *)skb[14]`.
    fn load(&mut self, start: usize, (width, dst): Register) -> Read<Reading> {
        let place = self.at;
        self.at += 1;
        self.expect(b'(', "a size, such as `(u32 *)`")?;
        let (size, signed) = self.pointer()?;
        if self.keyword("skb") {
            if (width, dst) != (W64, 0) {
                return Err(self.error(start, Wrong::Tied(W64, 0)));
            }
            if signed {
                return Err(self.error(place, Wrong::Form));
            }
            return self.packet(size);
        }
        if width == W32 && (signed || size == Size::DW) {
            return Err(self.error(start, Wrong::Width(W64)));
        }
        let (src, off) = self.address()?;
        Ok(Reading { dst, src, off, ..Reading::new(Syntax::Load(size, signed)) })
    }

    /// `[14]`, `[r2]`, `[r2 + 14]`.
    fn packet(&mut self, size: Size) -> Read<Reading> {
        self.expect(b'[', "`[`")?;
        self.blanks();
        let at = self.at;
        let reading = match self.register()? {
            Some((W64, src)) => {
                Reading { src, imm: self.offset(b']')?, ..Reading::new(Syntax::LoadInd(size)) }
            }
            Some((W32, _)) => return Err(self.error(at, Wrong::Width(W64))),
            None => Reading { imm: self.number()?, ..Reading::new(Syntax::LoadAbs(size)) },
        };
        self.expect(b']', "`]`")?;
        Ok(reading)
    }

    /// `r1 = &(void __percpu *)(r2)`, the kernel's own.
    fn percpu(&mut self, start: usize, (width, dst): Register) -> Read<Reading> {
        if width == W32 {
            return Err(self.error(start, Wrong::Width(W64)));
        }
        self.at += 1;
        self.expect(b'(', "`(void __percpu *)`")?;
        let cast = self.keyword("void") && self.keyword("__percpu") && self.eat(b'*') && self.eat(b')');
        if !cast {
            return Err(self.expected("`(void __percpu *)`"));
        }
        self.expect(b'(', "`(`")?;
        let src = self.wide_register()?;
        self.expect(b')', "`)`")?;
        Ok(Reading { dst, src, ..Reading::new(Syntax::MovPercpu) })
    }

    /// `r1 = -r1`. None if a number is negative.
    fn negated(&mut self, (width, dst): Register) -> Read<Option<Reading>> {
        let start = self.at;
        self.at += 1;
        self.blanks();
        let at = self.at;
        let Some((other, src)) = self.register()? else {
            self.at = start;
            return Ok(None);
        };
        if other != width {
            return Err(self.error(at, Wrong::Width(width)));
        }
        // The kernel prints field `dst` twice.
        if self.code == Some(0x8f) && self.dialect == Dialect::Kernel {
            return Err(self.error(at, Wrong::Lost("the source register of `8f`")));
        }
        if src == dst && self.code != Some(0x8f) {
            return Ok(Some(Reading { dst, ..Reading::new(Syntax::Neg(width, Rhs::Imm)) }));
        }
        if width == W32 {
            return Err(self.error(at, Wrong::Tied(width, dst)));
        }
        Ok(Some(Reading { dst, src, ..Reading::new(Syntax::Neg(width, Rhs::Reg)) }))
    }

    /// `r1 = (s8)r2`. None if it is an expression.
    fn sign_extended(&mut self, (width, dst): Register) -> Read<Option<Reading>> {
        let start = self.at;
        self.at += 1;
        self.blanks();
        let bits = match self.word() {
            "s8" => 8,
            "s16" => 16,
            "s32" => 32,
            _ => {
                self.at = start;
                return Ok(None);
            }
        };
        self.at += self.word().len();
        self.expect(b')', "`)`")?;
        self.blanks();
        let at = self.at;
        let (other, src) = self.some_register()?;
        if other != width {
            return Err(self.error(at, Wrong::Width(width)));
        }
        Ok(Some(Reading { dst, src, ..Reading::new(Syntax::MovSx(width, bits)) }))
    }

    /// What begins with a word: byte swaps, and what looks like a function. None if it is a number's name.
    fn applied(&mut self, start: usize, dst: Register) -> Read<Option<Reading>> {
        let word = self.word();
        if let Some((swap, bits)) = swap(word) {
            let from = self.at;
            self.at += word.len();
            self.blanks();
            let at = self.at;
            let Some(src) = self.register()? else {
                self.at = from;
                return Ok(None);
            };
            if dst.0 == W32 && bits == 64 {
                return Err(self.error(start, Wrong::Width(W64)));
            }
            if src != dst {
                return Err(self.error(at, Wrong::Tied(dst.0, dst.1)));
            }
            return Ok(Some(Reading { dst: dst.1, ..Reading::new(Syntax::Swap(swap, bits)) }));
        }
        let called = self.nth(word.len()) == b'(';
        let reading = match Function::of(word) {
            Some(function) if called => {
                self.at += word.len() + 1;
                self.function(start, dst, function)?
            }
            None if called && word == "addr_space_cast" => {
                self.at += word.len() + 1;
                self.addr_space_cast(start, dst)?
            }
            // bpftool: `map[id:5][0]+4`, `subprog[+3]`.
            None if self.dialect == Dialect::Kernel && self.nth(word.len()) == b'[' => {
                let at = self.at;
                self.at += self.rest().iter().take_while(|b| !b.is_ascii_whitespace()).count();
                let imm = Number { at: piece(at, self.at), int: None };
                Reading { dst: dst.1, imm, ..Reading::new(Syntax::LoadImm64(0)) }
            }
            _ => return Ok(None),
        };
        Ok(Some(reading))
    }

    /// The arguments of what looks like a function, and its result.
    fn function(&mut self, start: usize, dst: Register, function: Function) -> Read<Reading> {
        let Function { kind, size, cast } = function;
        let place = self.at;
        let (size, (base, off)) = if cast {
            self.expect(b'(', "a place, such as `(u32 *)(r1 + 16)`")?;
            let (found, signed) = self.pointer()?;
            if signed || size.is_some_and(|size| size != found) {
                return Err(self.error(place, Wrong::Form));
            }
            (found, self.address()?)
        } else {
            (size.unwrap_or(Size::DW), self.sum(b',')?)
        };
        let width = size.width();
        self.wide_enough(start, dst, size)?;
        if kind == Kind::LoadAcquire {
            self.expect(b')', "`)`")?;
            let syntax = Syntax::LoadAcquire(size);
            return Ok(Reading { dst: dst.1, src: base, off, ..Reading::new(syntax) });
        }
        if kind == Kind::CmpXchg {
            self.expect(b',', "`,`")?;
            self.blanks();
            let at = self.at;
            let old = self.some_register()?;
            self.wide_enough(at, old, size)?;
            for (at, register) in [(start, dst), (at, old)] {
                if register.1 != 0 {
                    return Err(self.error(at, Wrong::Tied(width, 0)));
                }
            }
        }
        self.expect(b',', "`,`")?;
        self.blanks();
        let at = self.at;
        let value = self.some_register()?;
        self.wide_enough(at, value, size)?;
        self.expect(b')', "`)`")?;
        let syntax = match kind {
            Kind::CmpXchg => Syntax::CmpXchg(size),
            // The old value comes back in the register that gave the new one.
            _ if dst.1 != value.1 => return Err(self.error(start, Wrong::Tied(width, value.1))),
            Kind::Fetch(op) => Syntax::Fetch(op, size),
            _ => Syntax::Xchg(size),
        };
        Ok(Reading { dst: base, src: value.1, off, ..Reading::new(syntax) })
    }

    /// 8 bytes take the 64-bit name of a register, less take both.
    fn wide_enough(&self, at: usize, (width, _): Register, size: Size) -> Read<()> {
        if width == W32 && size == Size::DW { Err(self.error(at, Wrong::Width(W64))) } else { Ok(()) }
    }

    /// `r2, 0, 1)`: to which address space, and from which.
    fn addr_space_cast(&mut self, start: usize, (width, dst): Register) -> Read<Reading> {
        self.wide_enough(start, (width, dst), Size::DW)?;
        let src = self.wide_register()?;
        self.expect(b',', "`,`")?;
        let (at, to) = self.address_space()?;
        self.expect(b',', "`,`")?;
        let (_, from) = self.address_space()?;
        // Each has 16 bits; the whole is the field as it is stored.
        let both = i128::from((to << 16 | from).cast_signed());
        let imm = Number { at: piece(at, self.at), int: Some(both) };
        self.expect(b')', "`)`")?;
        Ok(Reading { dst, src, imm, ..Reading::new(Syntax::AddrSpaceCast) })
    }

    fn address_space(&mut self) -> Read<(usize, u32)> {
        self.blanks();
        let at = self.at;
        let int = self.number()?.int.and_then(|int| u16::try_from(int).ok());
        match int {
            Some(int) => Ok((at, int.into())),
            None => Err(self.error(at, Wrong::Expected("the number of an address space, 0 to 65535"))),
        }
    }

    // Places in memory.

    /// `u32 *)` of a cast, whose parenthesis has been taken: the size, and whether it has a sign.
    fn pointer(&mut self) -> Read<(Size, bool)> {
        self.blanks();
        // The kernel has no name for s64.
        let null = self.code == Some(0x99) && self.rest().starts_with(b"(null)");
        let (found, len) = match self.word() {
            _ if null => (Some((Size::DW, true)), 6),
            word => (Size::from_any_text(word), word.len()),
        };
        let Some(found) = found else {
            return Err(self.expected("a size: u8, u16, u32, u64, s8, s16, s32 or s64"));
        };
        self.at += len;
        self.expect(b'*', "`*)`")?;
        self.expect(b')', "`)`")?;
        Ok(found)
    }

    /// `(r1 + 8)`.
    fn address(&mut self) -> Read<(u8, Number)> {
        self.expect(b'(', "`(`")?;
        let sum = self.sum(b')')?;
        self.expect(b')', "`)`")?;
        Ok(sum)
    }

    /// `r1 + 8`, up to a closing byte.
    pub(super) fn sum(&mut self, close: u8) -> Read<(u8, Number)> {
        let register = self.wide_register()?;
        Ok((register, self.offset(close)?))
    }

    /// What is added to a register, with its sign.
    fn offset(&mut self, close: u8) -> Read<Number> {
        self.blanks();
        match self.peek() {
            b'+' | b'-' => self.number(),
            byte if byte == close => Ok(Number::ABSENT),
            _ => Err(self.expected("`+`, `-` or the end of the address")),
        }
    }

    /// `*(u32 *)(r1 + 8) = r2`.
    fn store(&mut self) -> Read<Reading> {
        let (size, dst, off) = self.place()?;
        self.expect(b'=', "`=`")?;
        self.blanks();
        let at = self.at;
        match self.register()? {
            Some((W32, _)) if size == Size::DW => Err(self.error(at, Wrong::Width(W64))),
            Some((_, src)) => Ok(Reading { dst, src, off, ..Reading::new(Syntax::Store(size, Rhs::Reg)) }),
            None => {
                let imm = self.number()?;
                Ok(Reading { dst, imm, off, ..Reading::new(Syntax::Store(size, Rhs::Imm)) })
            }
        }
    }

    /// `*(u32 *)(r1 + 8)`, of no sign.
    fn place(&mut self) -> Read<(Size, u8, Number)> {
        let start = self.at;
        self.expect(b'*', "a place in memory")?;
        self.expect(b'(', "a size, such as `(u32 *)`")?;
        let (size, signed) = self.pointer()?;
        if signed {
            return Err(self.error(start, Wrong::Form));
        }
        let (base, off) = self.address()?;
        Ok((size, base, off))
    }

    /// `lock *(u32 *)(r1 + 8) += r2`.
    fn lock(&mut self) -> Read<Reading> {
        self.blanks();
        let (size, dst, off) = self.place()?;
        self.blanks();
        let at = self.at;
        let Some(op) = self.assignment_operator().and_then(AtomicOp::from_assignment) else {
            self.at = at;
            return Err(self.expected("`+=`, `|=`, `&=` or `^=`"));
        };
        self.blanks();
        let at = self.at;
        match self.some_register()? {
            (W32, _) if size == Size::DW => Err(self.error(at, Wrong::Width(W64))),
            (_, src) => Ok(Reading { dst, src, off, ..Reading::new(Syntax::Lock(op, size)) }),
        }
    }

    /// `store_release((u32 *)(r1 + 8), w2)`.
    fn store_release(&mut self) -> Read<Reading> {
        self.expect(b'(', "`(`")?;
        let start = self.at;
        self.expect(b'(', "a place, such as `(u32 *)(r1 + 16)`")?;
        let (size, signed) = self.pointer()?;
        if signed {
            return Err(self.error(start, Wrong::Form));
        }
        let (dst, off) = self.address()?;
        self.expect(b',', "`,`")?;
        self.blanks();
        let at = self.at;
        let (width, src) = self.some_register()?;
        if width == W32 && size == Size::DW {
            return Err(self.error(at, Wrong::Width(W64)));
        }
        self.expect(b')', "`)`")?;
        Ok(Reading { dst, src, off, ..Reading::new(Syntax::StoreRelease(size)) })
    }

    /// `ld_pseudo r1, 1, 27`.
    fn load_pseudo(&mut self) -> Read<Reading> {
        let dst = self.wide_register()?;
        self.expect(b',', "`,`")?;
        self.blanks();
        let at = self.at;
        let kind = self.number()?.int.and_then(|kind| u8::try_from(kind).ok()).filter(|kind| *kind < 16);
        let Some(kind) = kind else {
            return Err(self.error(at, Wrong::Expected("the kind of a 64-bit load, 0 to 6")));
        };
        self.expect(b',', "`,`")?;
        let imm = self.number()?;
        Ok(Reading { dst, imm, ..Reading::new(Syntax::LoadImm64(kind)) })
    }

    // Jumps and calls.

    /// `if r1 > r2 goto +5`.
    fn condition(&mut self) -> Read<Reading> {
        let (width, dst) = self.some_register()?;
        self.blanks();
        let Some(cond) = self.comparison() else {
            return Err(self.expected("a comparison: == != > >= < <= s> s>= s< s<= &"));
        };
        self.blanks();
        let at = self.at;
        let mut reading = match self.register()? {
            Some((other, src)) if other == width => {
                Reading { dst, src, ..Reading::new(Syntax::If(cond, width, Rhs::Reg)) }
            }
            Some(_) => return Err(self.error(at, Wrong::Width(width))),
            None => {
                let imm = self.number()?;
                Reading { dst, imm, ..Reading::new(Syntax::If(cond, width, Rhs::Imm)) }
            }
        };
        if !self.keyword("goto") {
            return Err(self.expected("`goto`"));
        }
        (reading.to, reading.place) = self.target()?;
        Ok(reading)
    }

    fn comparison(&mut self) -> Option<Cond> {
        let start = self.at;
        self.at += usize::from(self.peek() == b's');
        let operator = |b: &&u8| matches!(b, b'=' | b'!' | b'<' | b'>' | b'&');
        self.at += self.rest().iter().take_while(operator).count();
        let cond = Cond::from_text(self.since(start));
        self.at = if cond.is_some() { self.at } else { start };
        cond
    }

    fn jump(&mut self, syntax: Syntax) -> Read<Reading> {
        let (to, place) = self.target()?;
        Ok(Reading { to, place, ..Reading::new(syntax) })
    }

    fn by_register(&mut self, syntax: Syntax) -> Read<Reading> {
        Ok(Reading { dst: self.wide_register()?, ..Reading::new(syntax) })
    }

    /// Where a jump goes, and `<f+0x38>` behind it.
    pub(super) fn target(&mut self) -> Read<(To, Piece)> {
        const WHAT: &str = "a label or a distance, such as `+5`";
        self.blanks();
        let to = if self.peek().is_ascii_digit()
            && let Some(local) = self.local()
        {
            local
        } else if self.distance() {
            To::Slots(self.number()?)
        } else {
            let start = self.at;
            if self.register()?.is_some() {
                return Err(self.error(start, Wrong::Expected(WHAT)));
            }
            match self.name() {
                Some(name) => {
                    self.blanks();
                    if matches!(self.peek(), b'+' | b'-') {
                        self.at = start;
                        To::Slots(self.number()?)
                    } else {
                        To::Label(name)
                    }
                }
                None => return Err(self.expected(WHAT)),
            }
        };
        self.blanks();
        let place = self.place_name();
        Ok((to, place))
    }

    /// Whether a number of slots follows; takes `pc` before it.
    fn distance(&mut self) -> bool {
        if self.word() == "pc" {
            let signed = self.rest()[2..].iter().find(|b| **b != b' ');
            if matches!(signed, Some(b'+' | b'-')) {
                self.at += 2;
                return true;
            }
        }
        matches!(self.peek(), b'0'..=b'9' | b'+' | b'-' | b'(')
    }

    /// `1f`, `12b`.
    fn local(&mut self) -> Option<To> {
        let rest = self.rest();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let forward = *rest.get(digits)? == b'f';
        let after = rest.get(digits + 1).copied().unwrap_or(0);
        if !forward && rest[digits] != b'b' || super::cursor::is_name(after) {
            return None;
        }
        let number = rest[..digits]
            .iter()
            .try_fold(0u32, |n, digit| n.checked_mul(10)?.checked_add(u32::from(digit - b'0')))?;
        let at = piece(self.at, self.at + digits + 1);
        self.at += digits + 1;
        Some(To::Local(at, number, forward))
    }

    /// Takes `<f+0x38>`; empty if it does not stand here.
    fn place_name(&mut self) -> Piece {
        let rest = self.rest();
        match rest.iter().position(|b| matches!(b, b'>' | b'\n')) {
            Some(end) if self.peek() == b'<' && rest[end] == b'>' => {
                let place = piece(self.at + 1, self.at + end);
                self.at += end + 1;
                place
            }
            _ => Piece::default(),
        }
    }

    fn call(&mut self) -> Read<Reading> {
        self.blanks();
        let start = self.at;
        // GNU as: `call %r2`.
        if self.peek() == b'%' {
            self.percent = true;
            return self.by_register(Syntax::CallX);
        }
        if self.code == Some(0x8d) {
            return Err(self.error(start, Wrong::Lost("the register of `callx`")));
        }
        let pc = self.word() == "pc";
        let (syntax, to) = if pc && self.distance() {
            let distance = self.number()?;
            (Syntax::CallLocal, To::Distance(distance, self.hash_name()))
        } else if matches!(self.peek(), b'0'..=b'9' | b'+' | b'-' | b'(') {
            (Syntax::CallHelper, To::Number(self.number()?))
        } else {
            self.callee(start)?
        };
        let place = self.place_name_after_blanks();
        Ok(Reading { to, place, ..Reading::new(syntax) })
    }

    fn place_name_after_blanks(&mut self) -> Piece {
        let end = self.at;
        self.blanks();
        let place = self.place_name();
        if place.is_empty() {
            self.at = end;
        }
        place
    }

    /// A callee that begins with a name.
    fn callee(&mut self, start: usize) -> Read<(Syntax, To)> {
        if self.rest().starts_with(b"kernel-function#") {
            self.at += 16;
            return Ok((Syntax::CallKfunc, To::Kfunc(self.number()?)));
        }
        let Some(name) = self.name() else {
            return Err(self.expected("the name or number of what is called"));
        };
        if self.peek() == b'#' && matches!(self.dialect, Dialect::Kernel | Dialect::Native) {
            self.at += 1;
            return Ok((Syntax::CallHelper, To::Numbered(name, self.number()?)));
        }
        let kind = self.since(start);
        self.blanks();
        if self.peek().is_ascii_digit() && kind == "helper" {
            return Ok((Syntax::CallHelper, To::Helper(self.number()?)));
        }
        if self.peek().is_ascii_digit() && kind == "kfunc" {
            return Ok((Syntax::CallKfunc, To::Kfunc(self.number()?)));
        }
        if matches!(self.peek(), b'+' | b'-') {
            self.at = start;
            return Ok((Syntax::CallHelper, To::Name(self.number()?.at)));
        }
        Ok((Syntax::CallHelper, To::Name(name)))
    }

    /// `#bpf_prog_0123_name` of the kernel; empty if it does not stand here.
    fn hash_name(&mut self) -> Piece {
        if self.peek() != b'#' || self.dialect != Dialect::Kernel {
            return Piece::default();
        }
        self.at += 1;
        self.name().unwrap_or_default()
    }
}

/// What looks like a function.
#[derive(Debug, Clone, Copy)]
struct Function {
    kind: Kind,
    /// The size, where its name says it.
    size: Option<Size>,
    /// Whether its place has a cast.
    cast: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fetch(AtomicOp),
    Xchg,
    CmpXchg,
    LoadAcquire,
}

impl Function {
    fn of(word: &str) -> Option<Function> {
        let (kind, size, cast) = match word {
            "load_acquire" => (Kind::LoadAcquire, None, true),
            "xchg32_32" => (Kind::Xchg, Some(Size::W), false),
            "xchg_64" => (Kind::Xchg, Some(Size::DW), false),
            "cmpxchg32_32" => (Kind::CmpXchg, Some(Size::W), false),
            "cmpxchg_64" => (Kind::CmpXchg, Some(Size::DW), false),
            _ => {
                let word = word.strip_prefix("atomic")?;
                let (size, word) = match word.strip_prefix("64") {
                    Some(word) => (Some(Size::DW), word),
                    None => (None, word),
                };
                let kind = match word {
                    "_xchg" => Kind::Xchg,
                    "_cmpxchg" => Kind::CmpXchg,
                    _ => Kind::Fetch(AtomicOp::from_text(word.strip_prefix("_fetch_")?)?),
                };
                (kind, size, true)
            }
        };
        Some(Function { kind, size, cast })
    }
}

/// `be16` and its relatives.
fn swap(word: &str) -> Option<(Swap, u8)> {
    let (swap, bits) = Swap::ALL.iter().find_map(|swap| Some((*swap, word.strip_prefix(swap.text())?)))?;
    match bits {
        "16" => Some((swap, 16)),
        "32" => Some((swap, 32)),
        "64" => Some((swap, 64)),
        _ => None,
    }
}
