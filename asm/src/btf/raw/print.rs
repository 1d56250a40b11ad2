//! Types to text.

use super::{ANONYMOUS, Btf, ENCODINGS, Kind, LINKAGES};
use crate::btf::text::{Piece, put};
use crate::btf::{Enumerator, Type, TypeId};
use crate::text::Text;

/// All types as text.
#[must_use]
pub fn print<S: AsRef<str>>(btf: &Btf<S>) -> String {
    let mut out = Text::default();
    for (id, _) in btf.iter() {
        print_type(&mut out, btf, id);
    }
    out.into()
}

/// Appends the lines of one type; nothing where the number is not in use.
pub fn print_type<S: AsRef<str>>(out: &mut Text, btf: &Btf<S>, id: TypeId) {
    if let Some(ty) = btf.get(id) {
        lines(out, btf, id, ty);
    }
}

fn lines<S: AsRef<str>>(out: &mut Text, btf: &Btf<S>, id: TypeId, ty: &Type<S>) {
    put!(out, "[", id, "] ", ty.kind.word(), " ");
    name(out, ty.name.as_ref());
    match &ty.kind {
        Kind::Int { size, encoding, offset, bits } => {
            put!(out, " size=", *size, " bits_offset=", *offset, " nr_bits=", *bits);
            word(out, " encoding=", encoding.0, &ENCODINGS);
        }
        Kind::Ptr(to) | Kind::Typedef(to) | Kind::Volatile(to) | Kind::Const(to) | Kind::Restrict(to) => {
            put!(out, " type_id=", *to)
        }
        Kind::Array { elem, index, len } => {
            put!(out, " type_id=", *elem, " index_type_id=", *index, " nr_elems=", *len);
        }
        Kind::Struct { size, members, bitfields } | Kind::Union { size, members, bitfields } => {
            put!(out, " size=", *size, " vlen=", members.len());
            // A bit field tells that the flag is set.
            if *bitfields != members.iter().any(|m| m.bit_size != 0) {
                put!(out, " kind_flag=", u8::from(*bitfields));
            }
            for m in members {
                member_name(out, m.name.as_ref());
                put!(out, " type_id=", m.ty, " bits_offset=", m.bit_offset);
                if m.bit_size != 0 {
                    put!(out, " bitfield_size=", m.bit_size);
                }
            }
        }
        Kind::Enum { size, signed, values } => {
            enum_head(out, *size, *signed, values);
            for v in values {
                member_name(out, v.name.as_ref());
                put!(out, " val=", v.value);
            }
        }
        Kind::Enum64 { size, signed, values } => {
            enum_head(out, *size, *signed, values);
            for v in values {
                member_name(out, v.name.as_ref());
                match signed {
                    true => put!(out, " val=", v.value, "LL"),
                    false => put!(out, " val=", v.value.cast_unsigned(), "ULL"),
                }
            }
        }
        Kind::Fwd { union } => out.push_str(if *union { " fwd_kind=union" } else { " fwd_kind=struct" }),
        Kind::Func { proto, linkage } => {
            put!(out, " type_id=", *proto);
            word(out, " linkage=", u32::from(linkage.0), &LINKAGES);
        }
        Kind::FuncProto { ret, params } => {
            put!(out, " ret_type_id=", *ret, " vlen=", params.len());
            for p in params {
                member_name(out, p.name.as_ref());
                put!(out, " type_id=", p.ty);
            }
        }
        Kind::Var { ty, linkage } => {
            put!(out, " type_id=", *ty, ",");
            word(out, " linkage=", linkage.0, &LINKAGES);
        }
        Kind::DataSec { size, vars } => {
            put!(out, " size=", *size, " vlen=", vars.len());
            for v in vars {
                put!(out, "\n\ttype_id=", v.var, " offset=", v.offset, " size=", v.size);
                if let Some(var) = btf.get(v.var) {
                    put!(out, " (", var.kind.word(), " ");
                    name(out, var.name.as_ref());
                    out.push_str(")");
                }
            }
        }
        Kind::Float { size } => put!(out, " size=", *size),
        Kind::DeclTag { ty, component, attribute } => {
            put!(out, " type_id=", *ty, " component_idx=", *component);
            flag(out, *attribute);
        }
        Kind::TypeTag { ty, attribute } => {
            put!(out, " type_id=", *ty);
            flag(out, *attribute);
        }
    }
    out.push_str("\n");
}

fn enum_head<S>(out: &mut Text, size: u32, signed: bool, values: &[Enumerator<S>]) {
    let encoding = if signed { "SIGNED" } else { "UNSIGNED" };
    put!(out, " encoding=", encoding, " size=", size, " vlen=", values.len());
}

fn flag(out: &mut Text, attribute: bool) {
    if attribute {
        out.push_str(" kind_flag=1");
    }
}

/// A value by its name, or the number where it has none.
fn word<T: Copy + PartialEq + Piece>(out: &mut Text, key: &str, value: T, names: &[(T, &str)]) {
    match names.iter().find(|(v, _)| *v == value) {
        Some((_, name)) => put!(out, key, *name),
        None => put!(out, key, value),
    }
}

fn member_name(out: &mut Text, text: &str) {
    out.push_str("\n\t");
    name(out, text);
}

/// A name in quotes. Quotes, backslashes and control characters are escaped, and so is the name that looks like none.
fn name(out: &mut Text, text: &str) {
    out.push_str("'");
    let rest = match text {
        "" => {
            out.push_str(ANONYMOUS);
            ""
        }
        ANONYMOUS => {
            out.push_str("\\x28");
            &text[1..]
        }
        _ => text,
    };
    let plain = |c: &char| !matches!(c, '\'' | '\\') && !c.is_control();
    if rest.bytes().all(|b| matches!(b, b' '..=b'~' if b != b'\'' && b != b'\\')) {
        put!(out, rest);
    } else {
        for c in rest.chars() {
            match c {
                '\'' | '\\' => put!(out, "\\", &*c.encode_utf8(&mut [0; 4])),
                c if plain(&c) => out.push_str(c.encode_utf8(&mut [0; 4])),
                c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| {
                    out.push_str("\\x");
                    out.byte(byte);
                }),
            }
        }
    }
    out.push_str("'");
}
