//! Lines of text, piece by piece: `write!` takes three times as long.

use crate::text::Text;

/// Appends pieces one after the other.
macro_rules! put {
    ($out:expr, $($piece:expr),+) => {{ $($crate::btf::text::Piece::put(&$piece, $out);)+ }};
}
pub(super) use put;

/// A piece of a line: a text, or a number in decimal.
pub(super) trait Piece {
    fn put(&self, out: &mut Text);
}

impl Piece for &str {
    fn put(&self, out: &mut Text) {
        out.push_str(self);
    }
}

impl Piece for u64 {
    fn put(&self, out: &mut Text) {
        out.decimal(*self);
    }
}

impl Piece for i64 {
    fn put(&self, out: &mut Text) {
        if *self < 0 {
            out.push_str("-");
        }
        self.unsigned_abs().put(out);
    }
}

impl Piece for i32 {
    fn put(&self, out: &mut Text) {
        i64::from(*self).put(out);
    }
}

impl Piece for usize {
    fn put(&self, out: &mut Text) {
        u64::try_from(*self).unwrap_or(u64::MAX).put(out);
    }
}

impl Piece for u32 {
    fn put(&self, out: &mut Text) {
        u64::from(*self).put(out);
    }
}

impl Piece for u8 {
    fn put(&self, out: &mut Text) {
        u64::from(*self).put(out);
    }
}

impl Piece for super::TypeId {
    fn put(&self, out: &mut Text) {
        self.0.put(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_by_format() {
        let near = |n: u64| [n.wrapping_sub(1), n, n.wrapping_add(1)];
        for number in (0..20).map(|exponent| 10u64.pow(exponent)).chain([0, 55, 1 << 63]).flat_map(near) {
            let mut out = Text::default();
            put!(&mut out, number, " ", number.cast_signed());
            assert_eq!(out.as_str(), format!("{number} {}", number.cast_signed()));
        }
    }
}
