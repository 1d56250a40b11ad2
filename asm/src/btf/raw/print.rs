//! Types to text.

use std::fmt::Write;

use super::{ANONYMOUS, Btf, ENCODINGS, Kind, LINKAGES};
use crate::btf::{Enumerator, Member, Type, TypeId};

/// All types as text.
#[must_use]
pub fn print<S: AsRef<str>>(btf: &Btf<S>) -> String {
    let mut out = String::new();
    for (id, _) in btf.iter() {
        print_type(&mut out, btf, id);
    }
    out
}

/// Appends the lines of one type; nothing where the number is not in use.
pub fn print_type<S: AsRef<str>>(out: &mut String, btf: &Btf<S>, id: TypeId) {
    if let Some(ty) = btf.get(id) {
        // Writing to a string cannot fail.
        let _ = lines(out, btf, id, ty);
    }
}

fn lines<S: AsRef<str>>(out: &mut String, btf: &Btf<S>, id: TypeId, ty: &Type<S>) -> std::fmt::Result {
    write!(out, "[{}] {} ", id.0, ty.kind.word())?;
    name(out, ty.name.as_ref())?;
    match &ty.kind {
        Kind::Int { size, encoding, offset, bits } => {
            write!(out, " size={size} bits_offset={offset} nr_bits={bits}")?;
            word(out, " encoding=", encoding.0, &ENCODINGS)?;
        }
        Kind::Ptr(to) | Kind::Typedef(to) | Kind::Volatile(to) | Kind::Const(to) | Kind::Restrict(to) => {
            write!(out, " type_id={}", to.0)?
        }
        Kind::Array { elem, index, len } => {
            write!(out, " type_id={} index_type_id={} nr_elems={len}", elem.0, index.0)?;
        }
        Kind::Struct { size, members, bitfields } | Kind::Union { size, members, bitfields } => {
            write!(out, " size={size} vlen={}", members.len())?;
            // A bit field tells that the flag is set.
            if *bitfields != members.iter().any(|m| m.bit_size != 0) {
                write!(out, " kind_flag={}", u8::from(*bitfields))?;
            }
            for member in members {
                self::member(out, member)?;
            }
        }
        Kind::Enum { size, signed, values } => {
            enum_head(out, *size, *signed, values)?;
            for v in values {
                member_name(out, v.name.as_ref())?;
                write!(out, " val={}", v.value)?;
            }
        }
        Kind::Enum64 { size, signed, values } => {
            enum_head(out, *size, *signed, values)?;
            for v in values {
                member_name(out, v.name.as_ref())?;
                match signed {
                    true => write!(out, " val={}LL", v.value)?,
                    false => write!(out, " val={}ULL", v.value.cast_unsigned())?,
                }
            }
        }
        Kind::Fwd { union } => out.push_str(if *union { " fwd_kind=union" } else { " fwd_kind=struct" }),
        Kind::Func { proto, linkage } => {
            write!(out, " type_id={}", proto.0)?;
            word(out, " linkage=", u32::from(linkage.0), &LINKAGES)?;
        }
        Kind::FuncProto { ret, params } => {
            write!(out, " ret_type_id={} vlen={}", ret.0, params.len())?;
            for p in params {
                member_name(out, p.name.as_ref())?;
                write!(out, " type_id={}", p.ty.0)?;
            }
        }
        Kind::Var { ty, linkage } => {
            write!(out, " type_id={},", ty.0)?;
            word(out, " linkage=", linkage.0, &LINKAGES)?;
        }
        Kind::DataSec { size, vars } => {
            write!(out, " size={size} vlen={}", vars.len())?;
            for v in vars {
                write!(out, "\n\ttype_id={} offset={} size={}", v.var.0, v.offset, v.size)?;
                if let Some(var) = btf.get(v.var) {
                    write!(out, " ({} ", var.kind.word())?;
                    name(out, var.name.as_ref())?;
                    out.push(')');
                }
            }
        }
        Kind::Float { size } => write!(out, " size={size}")?,
        Kind::DeclTag { ty, component, attribute } => {
            write!(out, " type_id={} component_idx={component}", ty.0)?;
            flag(out, *attribute);
        }
        Kind::TypeTag { ty, attribute } => {
            write!(out, " type_id={}", ty.0)?;
            flag(out, *attribute);
        }
    }
    out.push('\n');
    Ok(())
}

fn member<S: AsRef<str>>(out: &mut String, member: &Member<S>) -> std::fmt::Result {
    member_name(out, member.name.as_ref())?;
    write!(out, " type_id={} bits_offset={}", member.ty.0, member.bit_offset)?;
    match member.bit_size {
        0 => Ok(()),
        bits => write!(out, " bitfield_size={bits}"),
    }
}

fn enum_head<S>(out: &mut String, size: u32, signed: bool, values: &[Enumerator<S>]) -> std::fmt::Result {
    let encoding = if signed { "SIGNED" } else { "UNSIGNED" };
    write!(out, " encoding={encoding} size={size} vlen={}", values.len())
}

fn flag(out: &mut String, attribute: bool) {
    if attribute {
        out.push_str(" kind_flag=1");
    }
}

/// A value by its name, or the number where it has none.
fn word<T: Copy + PartialEq + std::fmt::Display>(
    out: &mut String,
    key: &str,
    value: T,
    names: &[(T, &str)],
) -> std::fmt::Result {
    out.push_str(key);
    match names.iter().find(|(v, _)| *v == value) {
        Some((_, name)) => out.write_str(name),
        None => write!(out, "{value}"),
    }
}

fn member_name(out: &mut String, text: &str) -> std::fmt::Result {
    out.push_str("\n\t");
    name(out, text)
}

/// A name in quotes. Quotes, backslashes and control characters are escaped, and so is the name that looks like none.
fn name(out: &mut String, text: &str) -> std::fmt::Result {
    out.push('\'');
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
        out.push_str(rest);
    } else {
        for c in rest.chars() {
            match c {
                '\'' | '\\' => out.extend(['\\', c]),
                c if plain(&c) => out.push(c),
                c => c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|b| write!(out, "\\x{b:02x}"))?,
            }
        }
    }
    out.push('\'');
    Ok(())
}
