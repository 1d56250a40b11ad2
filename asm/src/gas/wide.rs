//! Numbers that are no integers of up to 8 bytes: `.octa`, `.float`, `.double`.

use super::Assembly;
use super::cursor::{Cursor, Res};
use crate::diag::{Diagnostic, code};
use crate::isa::Endian;

impl<'a> Assembly<'a, '_> {
    /// `.octa 0x0123456789abcdef0123456789abcdef`: literals of 16 bytes.
    pub(super) fn octa(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        self.literals(c, "a number of 16 bytes", |text| {
            let (digits, radix) = match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("0x") => (&text[2..], 16),
                Some("0b") => (&text[2..], 2),
                _ if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
                _ => (text, 10),
            };
            let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric());
            Some(u128::from_str_radix(digits, radix).ok().filter(|_| plain)?.to_le_bytes().to_vec())
        })
    }

    /// `.float 1.5, -2e3`; of 8 bytes `.double`. The nearest number that there is.
    pub(super) fn reals(&mut self, c: &mut Cursor<'a>, size: u8) -> Res<()> {
        self.literals(c, "a number such as `1.5`", |text| {
            // Of all that is no number, other assemblers take the one with all bits set.
            if size == 4 {
                let value = text.parse::<f32>().ok()?;
                let nan = if value.is_nan() { u32::MAX >> 1 } else { 0 };
                Some((value.to_bits() | nan).to_le_bytes().to_vec())
            } else {
                let value = text.parse::<f64>().ok()?;
                let nan = if value.is_nan() { u64::MAX >> 1 } else { 0 };
                Some((value.to_bits() | nan).to_le_bytes().to_vec())
            }
        })
    }

    /// Literals with commas between them, each as its bytes, the lowest first.
    fn literals(
        &mut self,
        c: &mut Cursor<'a>,
        what: &str,
        value: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> Res<()> {
        if c.done() {
            return Ok(());
        }
        loop {
            c.blanks();
            let start = c.at;
            let text = c.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-'));
            let Some(mut bytes) = value(text) else {
                let d = Diagnostic::error(code::GAS_OPERAND, format!("expected {what}"), c.span(start));
                return Err(Box::new(d));
            };
            if self.endian == Endian::Big {
                bytes.reverse();
            }
            self.bytes(&bytes, c.span(start))?;
            if !c.more()? {
                return Ok(());
            }
        }
    }
}
