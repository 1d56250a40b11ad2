//! Numbers: bits to text and back.

use super::ValueError;
use super::shape::{Scalar, ScalarKind};
use crate::escape::unescape;
use crate::isa::Endian;

/// The lowest `bits` bits set.
fn mask(bits: u32) -> u128 {
    u128::MAX.checked_shr(128u32.saturating_sub(bits)).unwrap_or(0)
}

/// Reads `bits` bits that begin at bit `at`. Bits are counted from the least significant end of each byte on
/// little endian, from the most significant end on big endian, as BTF does. What lies outside is zero.
pub(crate) fn get_bits(bytes: &[u8], at: u64, bits: u32, endian: Endian) -> u128 {
    let mut value = 0u128;
    for i in 0..bits.min(128) {
        let (byte, shift, weight) = bit(at, i, bits, endian);
        let set = byte.and_then(|b| bytes.get(b)).is_some_and(|b| b >> shift & 1 == 1);
        value |= u128::from(set) << weight;
    }
    value
}

/// The reverse of [`get_bits`].
pub(crate) fn put_bits(bytes: &mut [u8], at: u64, bits: u32, endian: Endian, value: u128) {
    for i in 0..bits.min(128) {
        let (byte, shift, weight) = bit(at, i, bits, endian);
        if let Some(b) = byte.and_then(|b| bytes.get_mut(b)) {
            *b = *b & !(1 << shift) | u8::from(value >> weight & 1 == 1) << shift;
        }
    }
}

/// The `i`th bit of a field: its byte, its place in the byte and its weight in the number.
fn bit(at: u64, i: u32, bits: u32, endian: Endian) -> (Option<usize>, u32, u32) {
    let place = at + u64::from(i);
    let in_byte = u32::try_from(place % 8).unwrap_or(0);
    let byte = usize::try_from(place / 8).ok();
    match endian {
        Endian::Little => (byte, in_byte, i),
        Endian::Big => (byte, 7 - in_byte, bits.min(128) - 1 - i),
    }
}

impl Scalar<'_> {
    /// A number that is not a bit field fills its bytes in its own order.
    pub fn load(&self, bytes: &[u8], at: u64, endian: Endian) -> u128 {
        get_bits(bytes, at + u64::from(self.shift), self.bits, self.order.unwrap_or(endian))
    }

    /// The reverse of [`Self::load`].
    pub fn store(&self, bytes: &mut [u8], at: u64, endian: Endian, value: u128) {
        put_bits(bytes, at + u64::from(self.shift), self.bits, self.order.unwrap_or(endian), value);
    }

    /// The text of a number.
    pub fn show(&self, value: u128) -> String {
        match self.what {
            ScalarKind::Bool if value < 2 => (value == 1).to_string(),
            ScalarKind::Char => match u8::try_from(value) {
                Ok(c @ (b'\'' | b'\\')) => format!("'\\{}'", char::from(c)),
                Ok(c) if (b' '..=b'~').contains(&c) => format!("'{}'", char::from(c)),
                _ => self.number(value),
            },
            ScalarKind::Pointer => format!("{value:#x}"),
            ScalarKind::Float if self.bits == 32 => {
                format!("{:?}", f32::from_bits(u32::try_from(value).unwrap_or(0)))
            }
            ScalarKind::Float => format!("{:?}", f64::from_bits(u64::try_from(value).unwrap_or(0))),
            ScalarKind::Enum(values) => {
                let name = values.iter().find(|v| self.enum_bits(v.value) == value && is_name(&v.name));
                name.map_or_else(|| self.number(value), |v| v.name.clone())
            }
            ScalarKind::Bool | ScalarKind::Number => self.number(value),
        }
    }

    fn number(&self, value: u128) -> String {
        if self.signed && value >> (self.bits - 1) & 1 == 1 {
            format!("-{}", (value ^ mask(self.bits)) + 1)
        } else {
            value.to_string()
        }
    }

    fn enum_bits(&self, value: i64) -> u128 {
        u128::from_ne_bytes(i128::from(value).to_ne_bytes()) & mask(self.bits)
    }

    /// The bits of a text.
    pub fn read(&self, text: &str, at: usize) -> Result<u128, ValueError> {
        match self.what {
            ScalarKind::Bool if text == "true" => return Ok(1),
            ScalarKind::Bool if text == "false" => return Ok(0),
            ScalarKind::Float => return self.float(text, at),
            ScalarKind::Enum(values) => {
                if let Some(v) = values.iter().find(|v| v.name == text) {
                    return Ok(self.enum_bits(v.value));
                }
            }
            _ => {}
        }
        if self.order.is_some()
            && self.bits == 32
            && let Ok(ip) = text.parse::<std::net::Ipv4Addr>()
        {
            return Ok(u128::from(u32::from(ip)));
        }
        let Some((negative, size)) = number(text) else { return Err(self.expected(text, at)) };
        let top = match self.what {
            ScalarKind::Bool => 1,
            _ if self.signed => mask(self.bits - 1) + u128::from(negative),
            _ => mask(self.bits),
        };
        if size > top || negative && !self.signed && size != 0 {
            let (min, max) = match (self.what, self.signed) {
                (ScalarKind::Bool, _) => ("0".into(), "1".into()),
                (_, true) => (format!("-{}", mask(self.bits - 1) + 1), mask(self.bits - 1).to_string()),
                (_, false) => ("0".into(), mask(self.bits).to_string()),
            };
            return Err(ValueError::Range { at, text: text.into(), min, max });
        }
        Ok(if negative { size.wrapping_neg() & mask(self.bits) } else { size })
    }

    fn float(&self, text: &str, at: usize) -> Result<u128, ValueError> {
        let bits = match self.bits {
            32 => text.parse::<f32>().map(|f| u128::from(f.to_bits())),
            _ => text.parse::<f64>().map(|f| u128::from(f.to_bits())),
        };
        bits.map_err(|_| self.expected(text, at))
    }

    fn expected(&self, text: &str, at: usize) -> ValueError {
        let (expected, example) = match self.what {
            ScalarKind::Bool => ("true or false".into(), "true".into()),
            ScalarKind::Char => ("a character".into(), "'a'".into()),
            ScalarKind::Float => ("a floating-point number".into(), "1.5".into()),
            ScalarKind::Pointer => ("an address".into(), "0x1000".into()),
            ScalarKind::Number if self.bits == 32 && self.order.is_some() => {
                ("a number or an IPv4 address".into(), "10.9.0.1".into())
            }
            ScalarKind::Number => ("a number".into(), if self.signed { "-1" } else { "42" }.into()),
            ScalarKind::Enum(values) => {
                let names: Vec<_> = values.iter().take(8).map(|v| v.name.as_str()).collect();
                let more = if values.len() > names.len() { ", …" } else { "" };
                let example = names.first().map_or_else(|| "1".into(), |n| (*n).into());
                (format!("a number or one of {}{more}", names.join(", ")), example)
            }
        };
        ValueError::Expected { at, expected, example, found: found(text) }
    }
}

/// Whether the name of an enum's value can be read back as one.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A text as it stands in a message.
pub(super) fn found(text: &str) -> String {
    match text.chars().count() {
        0 => "nothing".into(),
        n if n > 40 => format!("`{}…`", text.chars().take(40).collect::<String>()),
        _ => format!("`{text}`"),
    }
}

/// Sign and size of a number.
fn number(text: &str) -> Option<(bool, u128)> {
    if let Some(c) = text.strip_prefix('\'') {
        let bytes = unescape(c.strip_suffix('\'')?).ok()?;
        return match bytes.as_slice() {
            [one] => Some((false, u128::from(*one))),
            _ => None,
        };
    }
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (radix, digits) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, text.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, text.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, text.get(2..)?),
        _ => (10, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    Some((negative, u128::from_str_radix(&digits, radix).ok()?))
}

/// The text of bytes between quotes.
pub(super) fn escape(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                '\0' => out.push_str("\\0"),
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                c if c.is_control() => {
                    let mut buffer = [0; 4];
                    for b in c.encode_utf8(&mut buffer).bytes() {
                        out.push_str(&format!("\\x{b:02x}"));
                    }
                }
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            out.push_str(&format!("\\x{b:02x}"));
        }
    }
    out
}
