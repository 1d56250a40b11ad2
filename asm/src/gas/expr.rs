//! Expressions: numbers, symbols, and what adds up to them.

use super::Assembly;
use super::cursor::{Cursor, Res};
use super::symbol::{Place, Value};
use crate::diag::{Diagnostic, Span, code};

/// How deep parentheses and unary operators nest.
const NESTING: u32 = 128;

/// Operators with two operands: how they are written and how tightly they bind, as GNU as has it.
const OPERATORS: &[(&str, u8)] = &[
    ("||", 1),
    ("&&", 2),
    ("==", 3),
    ("!=", 3),
    ("<>", 3),
    ("<=", 3),
    (">=", 3),
    ("<<", 6),
    (">>", 6),
    ("<", 3),
    (">", 3),
    ("+", 4),
    ("-", 4),
    ("|", 5),
    ("^", 5),
    ("&", 5),
    ("!", 5),
    ("*", 6),
    ("/", 6),
    ("%", 6),
];

impl<'a> Assembly<'a, '_> {
    /// The expression that stands here.
    pub(super) fn expression(&mut self, c: &mut Cursor<'a>) -> Res<Value> {
        self.binary(c, 0, 0)
    }

    /// An expression that is a number by now.
    pub(super) fn absolute(&mut self, c: &mut Cursor<'a>) -> Res<i64> {
        c.blanks();
        let start = c.at;
        let value = self.expression(c)?;
        value.absolute().ok_or_else(|| {
            let d = Diagnostic::error(code::GAS_EXPRESSION, "this must be a number", c.span(start));
            Box::new(d.note("all symbols in it must be known by now, and their sections cancel out"))
        })
    }

    fn binary(&mut self, c: &mut Cursor<'a>, least: u8, depth: u32) -> Res<Value> {
        c.blanks();
        let start = c.at;
        let mut left = self.unary(c, depth)?;
        loop {
            c.blanks();
            let rest = c.text.as_bytes().get(c.at..c.end).unwrap_or_default();
            let Some((operator, binds)) =
                OPERATORS.iter().find(|(text, _)| rest.starts_with(text.as_bytes()))
            else {
                return Ok(left);
            };
            if *binds <= least {
                return Ok(left);
            }
            c.at += operator.len();
            let right = self.binary(c, *binds, depth + 1)?;
            left = self.apply(left, operator, right, c.span(start))?;
        }
    }

    fn unary(&mut self, c: &mut Cursor<'a>, depth: u32) -> Res<Value> {
        c.blanks();
        let start = c.at;
        if depth > NESTING {
            let d = Diagnostic::error(code::GAS_EXPRESSION, "an expression that nests too deep", c.here());
            return Err(Box::new(d));
        }
        let Some(operator @ (b'-' | b'+' | b'~' | b'!' | b'(')) = c.peek() else {
            return self.primary(c);
        };
        c.at += 1;
        if operator == b'(' {
            let value = self.binary(c, 0, depth + 1)?;
            c.expect(b')')?;
            return Ok(value);
        }
        let value = self.unary(c, depth + 1)?;
        if operator == b'+' {
            return Ok(value);
        }
        if operator == b'-' {
            return self.apply(Value::number(0), "-", value, c.span(start));
        }
        match value.absolute() {
            Some(number) if operator == b'~' => Ok(Value::number(!number)),
            Some(number) => Ok(Value::number(i64::from(number == 0))),
            None => Err(not_a_number(c.span(start))),
        }
    }

    fn primary(&mut self, c: &mut Cursor<'a>) -> Res<Value> {
        let start = c.at;
        match c.peek() {
            Some(b'0'..=b'9') => self.literal(c),
            Some(b'\'') => character(c),
            Some(b'.') if !c.nth(1).is_some_and(super::cursor::is_name) => {
                c.at += 1;
                Ok(Value::symbol(self.here(start)))
            }
            _ => {
                let name = c.expect_name("a number or a symbol")?;
                if let Some((_, modifier)) = name.split_once('@') {
                    let message = format!("`@{modifier}` means nothing for eBPF");
                    return Err(Box::new(Diagnostic::error(code::GAS_EXPRESSION, message, c.span(start))));
                }
                let symbol = self.symbols.intern(name, start);
                // What `.set` gave a number has it from here on, whatever it is set to later.
                Ok(match self.symbols.get(symbol).place {
                    Place::Equal(value) if value.absolute().is_some() => value,
                    _ => Value::symbol(symbol),
                })
            }
        }
    }

    /// A number, or a numeric label: `1f`, `1b`.
    fn literal(&mut self, c: &mut Cursor<'a>) -> Res<Value> {
        let start = c.at;
        let word = c.take_while(|b| b.is_ascii_alphanumeric());
        let wrong = |c: &Cursor| {
            let message = format!("`{word}` is no number");
            Box::new(Diagnostic::error(code::GAS_OPERAND, message, c.span(start)))
        };
        if let Some(digits) = word.strip_suffix(['f', 'b']).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))
            && let Ok(label) = digits.parse::<u32>()
        {
            return self.numeric(label, word.ends_with('f'), c.span(start)).map(Value::symbol);
        }
        let lower = word.as_bytes().get(1).map(u8::to_ascii_lowercase);
        let (digits, radix) = match (word.starts_with('0'), lower) {
            (true, Some(b'x')) => (&word[2..], 16),
            (true, Some(b'b')) => (&word[2..], 2),
            (true, Some(_)) => (&word[1..], 8),
            _ => (word, 10),
        };
        let value = u64::from_str_radix(digits, radix).map_err(|_| wrong(c))?;
        Ok(Value::number(value.cast_signed()))
    }

    fn apply(&self, left: Value, operator: &str, right: Value, span: Span) -> Res<Value> {
        let truth = |b: bool| if b { -1 } else { 0 };
        let sum = match operator {
            "+" => self.sum(left, right),
            "-" => self.sum(left, self.negated(right)),
            _ => {
                let (Some(a), Some(b)) = (left.absolute(), right.absolute()) else {
                    return Err(not_a_number(span));
                };
                let shift = u32::try_from(b).ok().filter(|b| *b < 64);
                let number = match operator {
                    "*" => a.wrapping_mul(b),
                    "/" | "%" if b == 0 => {
                        let d = Diagnostic::error(code::GAS_EXPRESSION, "a division by zero", span);
                        return Err(Box::new(d));
                    }
                    "/" => a.wrapping_div(b),
                    "%" => a.wrapping_rem(b),
                    "<<" => shift.map_or(0, |b| a << b),
                    // GNU as and LLVM shift zeros in here.
                    ">>" => shift.map_or(0, |b| (a.cast_unsigned() >> b).cast_signed()),
                    "|" => a | b,
                    "&" => a & b,
                    "^" => a ^ b,
                    "!" => a | !b,
                    "==" => truth(a == b),
                    "!=" | "<>" => truth(a != b),
                    "<" => truth(a < b),
                    "<=" => truth(a <= b),
                    ">" => truth(a > b),
                    ">=" => truth(a >= b),
                    "&&" => i64::from(a != 0 && b != 0),
                    _ => i64::from(a != 0 || b != 0),
                };
                Some(Value::number(number))
            }
        };
        sum.ok_or_else(|| {
            let d = Diagnostic::error(code::GAS_EXPRESSION, "this adds up to more than one symbol", span);
            Box::new(d.note("a value is a number, a symbol and a number, or the distance of two symbols"))
        })
    }

    fn negated(&self, value: Value) -> Value {
        Value { plus: value.minus, minus: value.plus, number: value.number.wrapping_neg() }
    }

    /// The sum, where it has no more than one symbol of each sign left.
    fn sum(&self, left: Value, right: Value) -> Option<Value> {
        let mut plus = [left.plus, right.plus];
        let mut minus = [left.minus, right.minus];
        let mut number = left.number.wrapping_add(right.number);
        for p in &mut plus {
            for m in &mut minus {
                if let (Some(a), Some(b)) = (*p, *m)
                    && let Some(distance) = self.distance(a, b)
                {
                    (*p, *m) = (None, None);
                    number = number.wrapping_add(distance);
                }
            }
        }
        let one = |[a, b]: [Option<_>; 2]| match (a, b) {
            (Some(_), Some(_)) => None,
            (a, b) => Some(a.or(b)),
        };
        Some(Value { plus: one(plus)?, minus: one(minus)?, number })
    }
}

/// `'a'`, also without the second quote.
fn character<'a>(c: &mut Cursor<'a>) -> Res<Value> {
    let start = c.at;
    let escaped = c.nth(1) == Some(b'\\');
    c.at += if escaped { 3 } else { 2 };
    let byte = c.text.as_bytes().get(c.at - 1).copied().filter(|_| c.at <= c.end);
    let byte = match byte {
        Some(b'n') if escaped => b'\n',
        Some(b't') if escaped => b'\t',
        Some(b'r') if escaped => b'\r',
        Some(b'b') if escaped => 8,
        Some(b'f') if escaped => 12,
        // Not as in C: to other assemblers `'\0'` is the digit.
        Some(b @ (b'\\' | b'\'' | b'"' | b'0'..=b'9')) if escaped => b,
        Some(b) if !escaped && b.is_ascii() => b,
        _ => {
            c.at = c.at.min(c.end);
            let d = Diagnostic::error(code::GAS_STRING, "a malformed character", c.span(start));
            return Err(Box::new(d));
        }
    };
    if c.peek() == Some(b'\'') {
        c.at += 1;
    }
    Ok(Value::number(byte.into()))
}

fn not_a_number(span: Span) -> Box<Diagnostic> {
    let d = Diagnostic::error(code::GAS_EXPRESSION, "only sums and differences may have symbols", span);
    Box::new(d)
}
