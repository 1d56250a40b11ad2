//! Types as JSON, with the names that bpftool gives.

use bpfasm_asm::btf::{Enumerator, Kind, Member, TypeId};
use serde_json::{Map, Value, json};

use super::Types;

/// A type, with all that BTF holds of it.
pub fn raw(types: &Types, id: TypeId) -> Option<Value> {
    let ty = types.get(id)?;
    let name = |name: &str| if name.is_empty() { "(anon)".to_string() } else { name.to_string() };
    let mut all = Map::new();
    let mut add = |key: &str, value: Value| {
        all.insert(key.to_string(), value);
    };
    add("id", json!(id.0));
    add("kind", json!(ty.kind.word()));
    add("name", json!(name(ty.name)));
    let linkage = |n: u32| match n {
        0 => json!("static"),
        1 => json!("global"),
        2 => json!("extern"),
        n => json!(n),
    };
    match &ty.kind {
        Kind::Int { size, encoding, offset, bits } => {
            add("size", json!(size));
            add("bits_offset", json!(offset));
            add("nr_bits", json!(bits));
            let encoding = match encoding.0 {
                0 => json!("(none)"),
                1 => json!("SIGNED"),
                2 => json!("CHAR"),
                4 => json!("BOOL"),
                n => json!(n),
            };
            add("encoding", encoding);
        }
        Kind::Ptr(to) | Kind::Typedef(to) | Kind::Volatile(to) | Kind::Const(to) | Kind::Restrict(to) => {
            add("type_id", json!(to.0))
        }
        Kind::Array { elem, index, len } => {
            add("type_id", json!(elem.0));
            add("index_type_id", json!(index.0));
            add("nr_elems", json!(len));
        }
        Kind::Struct { size, members, bitfields } | Kind::Union { size, members, bitfields } => {
            let member = |m: &Member<&str>| {
                let mut all = json!({ "name": name(m.name), "type_id": m.ty.0, "bits_offset": m.bit_offset });
                if m.bit_size != 0 {
                    all["bitfield_size"] = json!(m.bit_size);
                }
                all
            };
            add("size", json!(size));
            add("vlen", json!(members.len()));
            if *bitfields {
                add("kind_flag", json!(1));
            }
            add("members", members.iter().map(member).collect());
        }
        Kind::Enum { size, signed, values } | Kind::Enum64 { size, signed, values } => {
            let value = |v: &Enumerator<&str>| match signed {
                true => json!({ "name": name(v.name), "val": v.value }),
                false => json!({ "name": name(v.name), "val": v.value.cast_unsigned() }),
            };
            add("encoding", json!(if *signed { "SIGNED" } else { "UNSIGNED" }));
            add("size", json!(size));
            add("vlen", json!(values.len()));
            add("values", values.iter().map(value).collect());
        }
        Kind::Fwd { union } => add("fwd_kind", json!(if *union { "union" } else { "struct" })),
        Kind::Func { proto, linkage: of } => {
            add("type_id", json!(proto.0));
            add("linkage", linkage(of.0.into()));
        }
        Kind::FuncProto { ret, params } => {
            add("ret_type_id", json!(ret.0));
            add("vlen", json!(params.len()));
            let params = params.iter().map(|p| json!({ "name": name(p.name), "type_id": p.ty.0 }));
            add("params", params.collect());
        }
        Kind::Var { ty, linkage: of } => {
            add("type_id", json!(ty.0));
            add("linkage", linkage(of.0));
        }
        Kind::DataSec { size, vars } => {
            add("size", json!(size));
            add("vlen", json!(vars.len()));
            let vars = vars.iter().map(|v| json!({ "type_id": v.var.0, "offset": v.offset, "size": v.size }));
            add("vars", vars.collect());
        }
        Kind::Float { size } => add("size", json!(size)),
        Kind::DeclTag { ty, component, attribute } => {
            add("type_id", json!(ty.0));
            add("component_idx", json!(component));
            if *attribute {
                add("kind_flag", json!(1));
            }
        }
        Kind::TypeTag { ty, attribute } => {
            add("type_id", json!(ty.0));
            if *attribute {
                add("kind_flag", json!(1));
            }
        }
    }
    Some(Value::Object(all))
}
