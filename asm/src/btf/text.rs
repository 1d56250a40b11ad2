//! Lines of text, piece by piece: `write!` takes three times as long.

use crate::bytes::append_text;

/// Appends pieces one after the other.
macro_rules! put {
    ($out:expr, $($piece:expr),+) => {{ $($crate::btf::text::Piece::put(&$piece, $out);)+ }};
}
pub(super) use put;

/// A piece of a line: a text, or a number in decimal.
pub(super) trait Piece {
    fn put(&self, out: &mut String);
}

impl Piece for &str {
    #[inline]
    fn put(&self, out: &mut String) {
        append_text(out, self);
    }
}

/// The digits of the numbers below 100, two for each.
const PAIRS: &str = "\
    0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

impl Piece for u64 {
    fn put(&self, out: &mut String) {
        if *self >= 100 {
            (*self / 100).put(out);
        }
        let at = usize::try_from(*self % 100).unwrap_or_default() * 2;
        // The first digit of all may be alone. Each length is one that the compiler knows.
        match *self < 10 {
            true => out.push_str(&PAIRS[at + 1..at + 2]),
            false => out.push_str(&PAIRS[at..at + 2]),
        }
    }
}

impl Piece for i64 {
    fn put(&self, out: &mut String) {
        if *self < 0 {
            out.push('-');
        }
        self.unsigned_abs().put(out);
    }
}

impl Piece for i32 {
    fn put(&self, out: &mut String) {
        i64::from(*self).put(out);
    }
}

impl Piece for usize {
    fn put(&self, out: &mut String) {
        u64::try_from(*self).unwrap_or(u64::MAX).put(out);
    }
}

impl Piece for u32 {
    fn put(&self, out: &mut String) {
        u64::from(*self).put(out);
    }
}

impl Piece for u8 {
    fn put(&self, out: &mut String) {
        u64::from(*self).put(out);
    }
}

impl Piece for super::TypeId {
    fn put(&self, out: &mut String) {
        self.0.put(out);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_written_as_by_format() {
        let near = |n: u64| [n.wrapping_sub(1), n, n.wrapping_add(1)];
        for number in (0..20).map(|exponent| 10u64.pow(exponent)).chain([0, 55, 1 << 63]).flat_map(near) {
            let mut out = String::new();
            put!(&mut out, number, " ", number.cast_signed());
            assert_eq!(out, format!("{number} {}", number.cast_signed()));
        }
    }
}
