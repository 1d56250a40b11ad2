//! Text to bytes.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::scalar::{found, put_bits};
use super::shape::{Field, Scalar, Shape, fields, shape};
use super::{MAX_DEPTH, MAX_SIZE, ValueError};
use crate::btf::{Btf, Member, Type, TypeId};
use crate::escape::unescape;
use crate::isa::Endian;

/// The bytes of a value, as many as the type has.
///
/// # Errors
/// What was expected, with an example.
pub fn parse(btf: &Btf, ty: TypeId, text: &str, endian: Endian) -> Result<Vec<u8>, ValueError> {
    let size = btf.size_of(ty).filter(|s| *s <= MAX_SIZE).and_then(|s| usize::try_from(s).ok());
    let Some(size) = size else { return Err(unwritable(btf, ty)) };
    let mut bytes = vec![0; size];
    let mut parser = Parser { btf, endian, text, at: 0 };
    parser.value(ty, &mut bytes, MAX_DEPTH)?;
    parser.blanks();
    match parser.rest() {
        "" => Ok(bytes),
        rest => Err(ValueError::Expected {
            at: parser.at,
            expected: "the end of the value".into(),
            example: text.get(..parser.at).unwrap_or_default().trim().into(),
            found: found(rest),
        }),
    }
}

fn unwritable(btf: &Btf, ty: TypeId) -> ValueError {
    let what = match btf.get(ty) {
        Some(Type { name, .. }) if !name.is_empty() => format!("type `{name}`"),
        Some(_) => format!("type {}", ty.0),
        None => "type void".into(),
    };
    ValueError::Type { what }
}

struct Parser<'a> {
    btf: &'a Btf,
    endian: Endian,
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Whether this character comes next; it is taken.
    fn take(&mut self, c: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn expected<T>(&self, expected: impl Into<String>, example: impl Into<String>) -> Result<T, ValueError> {
        let (expected, example) = (expected.into(), example.into());
        Err(ValueError::Expected { at: self.at, expected, example, found: found(self.peek()) })
    }

    /// What comes next, up to a blank, a comma or a bracket; a quoted text with its quotes.
    fn peek(&self) -> &'a str {
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let mut escaped = false;
            for (i, c) in rest.char_indices().skip(1) {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    c if c == quote => return rest.get(..=i).unwrap_or(rest),
                    _ => {}
                }
            }
            return rest;
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}'));
        match rest.get(..end.unwrap_or(rest.len())) {
            Some("") => rest.get(..rest.chars().next().map_or(0, char::len_utf8)).unwrap_or_default(),
            Some(word) => word,
            None => rest,
        }
    }

    /// What comes next, read by `read`; taken where that succeeds.
    fn word<T>(
        &mut self,
        (expected, example): (&'static str, &'static str),
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ValueError> {
        self.blanks();
        match read(self.peek()) {
            Some(value) => {
                self.at += self.peek().len();
                Ok(value)
            }
            None => self.expected(expected, example),
        }
    }

    fn scalar(&mut self, scalar: &Scalar) -> Result<u128, ValueError> {
        self.blanks();
        let value = scalar.read(self.peek(), self.at)?;
        self.at += self.peek().len();
        Ok(value)
    }

    fn value(&mut self, ty: TypeId, out: &mut [u8], depth: usize) -> Result<(), ValueError> {
        let depth = depth.checked_sub(1).ok_or(ValueError::Depth { at: self.at })?;
        match shape(self.btf, ty) {
            Shape::Scalar(scalar) => {
                let value = self.scalar(&scalar)?;
                scalar.store(out, 0, self.endian, value);
            }
            Shape::Ip4 => {
                let ip: Ipv4Addr = self.word(("an IPv4 address", "10.9.0.1"), |w| w.parse().ok())?;
                fill(out, &ip.octets());
            }
            Shape::Ip6 => {
                let ip: Ipv6Addr = self.word(("an IPv6 address", "fe80::1"), |w| w.parse().ok())?;
                fill(out, &ip.octets());
            }
            Shape::Mac => {
                let mac = self.word(("a MAC address", "aa:bb:cc:dd:ee:ff"), mac)?;
                fill(out, &mac);
            }
            Shape::Text => self.string(out)?,
            Shape::Array(elem, size, len) => self.array(elem, (size, len), out, depth)?,
            Shape::Prefix(members) => {
                self.blanks();
                if self.rest().starts_with('{') {
                    self.members(ty, members, out, depth)?;
                } else {
                    self.prefix(out)?;
                }
            }
            Shape::Struct(members) => self.members(ty, members, out, depth)?,
            Shape::Other => return Err(unwritable(self.btf, ty)),
        }
        Ok(())
    }

    fn string(&mut self, out: &mut [u8]) -> Result<(), ValueError> {
        let between =
            |w: &str| unescape(w.strip_prefix('"')?.strip_suffix('"').filter(|_| w.len() > 1)?).ok();
        self.blanks();
        let at = self.at;
        let bytes = self.word(("a string", "\"eth0\""), between)?;
        if bytes.len() > out.len() {
            let (len, max) = (bytes.len(), out.len());
            return Err(ValueError::TooLong { at, what: "the string", len, max });
        }
        fill(out, &bytes);
        Ok(())
    }

    fn array(
        &mut self,
        elem: TypeId,
        (size, len): (u32, u32),
        out: &mut [u8],
        depth: usize,
    ) -> Result<(), ValueError> {
        let max = usize::try_from(len).unwrap_or(usize::MAX);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if !self.take('[') {
            return self.expected(format!("an array of {max}"), "[1, 2, 3]");
        }
        let mut count = 0usize;
        while !self.take(']') {
            if count > 0 && !self.take(',') {
                return self.expected("a comma or the end of the array", "[1, 2, 3]");
            }
            if count >= max {
                let at = self.at;
                return Err(ValueError::TooLong { at, what: "the array", len: count + 1, max });
            }
            let start = count.saturating_mul(size);
            match out.get_mut(start..start.saturating_add(size)) {
                Some(one) => self.value(elem, one, depth)?,
                None => return Err(unwritable(self.btf, elem)),
            }
            count += 1;
        }
        Ok(())
    }

    fn members(
        &mut self,
        ty: TypeId,
        members: &[Member],
        out: &mut [u8],
        depth: usize,
    ) -> Result<(), ValueError> {
        let btf = self.btf;
        let all = fields(btf, ty, members, false);
        let example = || format!("{{{}: …}}", all.first().map_or("", |f| f.name));
        if !self.take('{') {
            return self.expected("a struct", example());
        }
        // What has been given: first and last bit, and the name.
        let mut given: Vec<(u64, u64, &str)> = vec![];
        while !self.take('}') {
            if !given.is_empty() && !self.take(',') {
                return self.expected("a comma or the end of the struct", example());
            }
            self.blanks();
            let at = self.at;
            let word = self.rest();
            let end = word.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(word.len());
            let name = word.get(..end).unwrap_or_default();
            if name.is_empty() {
                return self.expected("the name of a member", example());
            }
            let Some(field) = all.iter().find(|f| f.name == name) else {
                let names: Vec<_> = all.iter().map(|f| f.name).collect();
                return Err(ValueError::Member { at, name: name.into(), members: names.join(", ") });
            };
            self.at += name.len();
            if !self.take(':') {
                return self.expected("a colon", example());
            }
            let bits = match field.bit_size {
                0 => u64::from(btf.size_of(field.ty).unwrap_or(0)) * 8,
                bits => u64::from(bits),
            };
            let start = u64::from(field.bit_offset);
            let same = |(a, b, n): &&(u64, u64, &str)| start < *b && *a < start + bits || *n == name;
            if let Some((_, _, other)) = given.iter().find(same) {
                return Err(ValueError::Overlap { at, name: name.into(), other: (*other).into() });
            }
            given.push((start, start + bits, name));
            self.member(field, out, depth)?;
        }
        Ok(())
    }

    fn member(&mut self, field: &Field, out: &mut [u8], depth: usize) -> Result<(), ValueError> {
        if let Some(scalar) = Scalar::of_bit_field(self.btf, field) {
            let value = self.scalar(&scalar)?;
            scalar.store(out, u64::from(field.bit_offset), self.endian, value);
            return Ok(());
        }
        let start = usize::try_from(field.bit_offset / 8).ok();
        let size = self.btf.size_of(field.ty).and_then(|s| usize::try_from(s).ok());
        let range = start.zip(size).and_then(|(start, size)| Some(start..start.checked_add(size)?));
        match range.and_then(|range| out.get_mut(range)) {
            Some(one) => self.value(field.ty, one, depth),
            None => Err(unwritable(self.btf, field.ty)),
        }
    }

    fn prefix(&mut self, out: &mut [u8]) -> Result<(), ValueError> {
        let Some((_, address)) = out.split_at_mut_checked(4) else { return Ok(()) };
        let is_ip4 = address.len() == 4;
        let expected = match is_ip4 {
            true => ("an IPv4 prefix", "10.9.0.1/32"),
            false => ("an IPv6 prefix", "fe80::/10"),
        };
        self.blanks();
        let at = self.at;
        let (bytes, len) = self.word(expected, |word| {
            let (ip, len) = word.split_once('/')?;
            let bytes = match is_ip4 {
                true => ip.parse::<Ipv4Addr>().ok()?.octets().to_vec(),
                false => ip.parse::<Ipv6Addr>().ok()?.octets().to_vec(),
            };
            let digits = !len.is_empty() && len.bytes().all(|b| b.is_ascii_digit());
            Some((bytes, len.parse::<u32>().ok().filter(|_| digits)?))
        })?;
        let max = address.len() * 8;
        let bits = usize::try_from(len).unwrap_or(usize::MAX);
        if bits > max {
            return Err(ValueError::TooLong { at, what: "the prefix length", len: bits, max });
        }
        fill(address, &bytes);
        put_bits(out, 0, 32, self.endian, u128::from(len));
        Ok(())
    }
}

/// Copies to the front.
fn fill(out: &mut [u8], bytes: &[u8]) {
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
}

fn mac(text: &str) -> Option<[u8; 6]> {
    let mut out = [0; 6];
    let mut pairs = text.split(':');
    for byte in &mut out {
        let pair = pairs.next().filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(out)
}
