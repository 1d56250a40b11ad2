//! Bytes to text.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::MAX_DEPTH;
use super::scalar::{escape, get_bits};
use super::shape::{Scalar, Shape, fields, shape};
use crate::btf::{Btf, Member, TypeId};
use crate::isa::Endian;

/// The text of a value. Bytes that are not exactly one value of the type are shown as bytes, in hexadecimal.
#[must_use]
pub fn display(btf: &Btf, ty: TypeId, bytes: &[u8], endian: Endian) -> String {
    let fits = btf.size_of(ty).and_then(|s| usize::try_from(s).ok()) == Some(bytes.len());
    let mut show = Show { btf, endian, out: String::new(), left: bytes.len().saturating_mul(4) + 4096 };
    if fits {
        show.value(ty, bytes, MAX_DEPTH);
    } else {
        show.hex(bytes);
    }
    show.out
}

struct Show<'a> {
    btf: &'a Btf,
    endian: Endian,
    out: String,
    /// How many values may still be shown: structs without size could hold each other without end.
    left: usize,
}

impl Show<'_> {
    fn value(&mut self, ty: TypeId, bytes: &[u8], depth: usize) {
        let Some((depth, left)) = depth.checked_sub(1).zip(self.left.checked_sub(1)) else {
            self.out.push('…');
            return;
        };
        self.left = left;
        let text = match shape(self.btf, ty) {
            Shape::Scalar(scalar) => scalar.show(scalar.load(bytes, 0, self.endian)),
            Shape::Ip4 => ip4(bytes).to_string(),
            Shape::Ip6 => ip6(bytes).to_string(),
            Shape::Mac => {
                let pairs: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
                pairs.join(":")
            }
            Shape::Text => {
                let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
                format!("\"{}\"", escape(bytes.get(..end).unwrap_or(bytes)))
            }
            Shape::Array(elem, size, len) => return self.array(elem, (size, len), bytes, depth),
            Shape::Prefix(members) => match prefix(bytes, self.endian) {
                Some(text) => text,
                None => return self.members(ty, members, bytes, depth),
            },
            Shape::Struct(members) => return self.members(ty, members, bytes, depth),
            Shape::Other => return self.hex(bytes),
        };
        self.out.push_str(&text);
    }

    fn array(&mut self, elem: TypeId, (size, len): (u32, u32), bytes: &[u8], depth: usize) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.out.push('[');
        for i in 0..usize::try_from(len).unwrap_or(0) {
            if i > 0 {
                self.out.push_str(", ");
            }
            let start = i.saturating_mul(size);
            let one = bytes.get(start..start.saturating_add(size)).unwrap_or_default();
            self.value(elem, one, depth);
            if self.left == 0 {
                break;
            }
        }
        self.out.push(']');
    }

    fn members(&mut self, ty: TypeId, members: &[Member], bytes: &[u8], depth: usize) {
        self.out.push('{');
        for (i, field) in fields(self.btf, ty, members, true).iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.out.push_str(field.name);
            self.out.push_str(": ");
            match Scalar::of_bit_field(self.btf, field) {
                Some(scalar) => {
                    let value = scalar.load(bytes, u64::from(field.bit_offset), self.endian);
                    self.out.push_str(&scalar.show(value));
                }
                None => {
                    let start = usize::try_from(field.bit_offset / 8).unwrap_or(usize::MAX);
                    let size = self.btf.size_of(field.ty).and_then(|s| usize::try_from(s).ok());
                    let end = start.saturating_add(size.unwrap_or(0));
                    match bytes.get(start..end) {
                        Some(one) => self.value(field.ty, one, depth),
                        None => self.out.push('…'),
                    }
                }
            }
            if self.left == 0 {
                break;
            }
        }
        self.out.push('}');
    }

    fn hex(&mut self, bytes: &[u8]) {
        for (i, b) in bytes.iter().enumerate() {
            let gap = if i > 0 { " " } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(self.out, "{gap}{b:02x}");
        }
    }
}

fn ip4(bytes: &[u8]) -> Ipv4Addr {
    Ipv4Addr::from(<[u8; 4]>::try_from(bytes).unwrap_or_default())
}

fn ip6(bytes: &[u8]) -> Ipv6Addr {
    Ipv6Addr::from(<[u8; 16]>::try_from(bytes).unwrap_or_default())
}

/// Address and length of a prefix; nothing where the length is longer than the address.
fn prefix(bytes: &[u8], endian: Endian) -> Option<String> {
    let (_, address) = bytes.split_at_checked(4)?;
    let len = usize::try_from(get_bits(bytes, 0, 32, endian)).ok()?;
    if len > address.len() * 8 {
        return None;
    }
    Some(match address.len() {
        4 => format!("{}/{len}", ip4(address)),
        _ => format!("{}/{len}", ip6(address)),
    })
}
