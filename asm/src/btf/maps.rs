//! Maps as BTF describes them: section `.maps`, a variable for each map, a struct for its definition.
//!
//! The convention is libbpf's: a number is a pointer to an array of so many `int`, a type is a pointer to it,
//! and a number beyond 32 bits is an enum with that value (`__uint`, `__type`, `__ulong` of `bpf_helpers.h`).

use std::collections::HashMap;

use super::{
    Btf, Builder, Enumerator, Error, IntEncoding, Kind, Member, Param, SecInfo, Type, TypeId, VarLinkage,
};
use crate::object::Map;
use crate::uapi::MapType;

/// Name of the section.
pub const SECTION: &str = ".maps";
/// `LIBBPF_PIN_BY_NAME`.
const PIN_BY_NAME: u32 = 1;
/// Size of a pointer in bytes; each member is one, and none is ever filled in.
const POINTER: u32 = 8;

/// Adds section `.maps` with all maps; without maps nothing.
///
/// A key or value is described by its type where the type has the right size, else by its size.
///
/// # Errors
/// [`Error::TooMuch`] for more maps than 32 bits can count.
pub fn declare(btf: &mut Btf, maps: &[Map]) -> Result<(), Error> {
    let described = || maps.iter().filter(|map| map.legacy.is_none());
    if described().next().is_none() {
        return Ok(());
    }
    let mut types = Builder::from(std::mem::take(btf));
    let mut vars = vec![];
    let mut end = 0u32;
    for map in described() {
        let (ty, size) = definition(&mut types, map);
        let room =
            map.values.iter().map(|(index, _)| *index).max().map_or(Some(0), |last| last.checked_add(1));
        let size = room.and_then(|n| n.checked_mul(POINTER)?.checked_add(size));
        let size = size.ok_or(Error::TooMuch { what: "the values of a map" })?;
        let linkage = VarLinkage::GLOBAL;
        let var = types.add(Type::named(&map.name, Kind::Var { ty, linkage }));
        vars.push(SecInfo { var, offset: end, size });
        end = end.checked_add(size).ok_or(Error::TooMuch { what: "the maps" })?;
    }
    types.add(Type::named(SECTION, Kind::DataSec { size: end, vars }));
    *btf = types.finish();
    Ok(())
}

/// The struct of a map's definition, and its size in bytes.
fn definition(types: &mut Builder, map: &Map) -> (TypeId, u32) {
    let mut members: Vec<Member> = vec![];
    let mut size = 0u32;
    let mut member = |name: &str, ty| {
        members.push(Member { name: name.into(), ty, bit_offset: size * 8, bit_size: 0 });
        size += POINTER;
    };
    member("type", number(types, map.kind.0));
    let sized = [("key", map.key, map.key_size), ("value", map.value, map.value_size)];
    for (name, ty, bytes) in sized {
        // Loaders know that maps in maps take four bytes.
        if name == "value" && map.inner.is_some() {
            continue;
        }
        match ty.filter(|ty| types.btf().size_of(*ty) == Some(bytes)) {
            Some(ty) => member(name, types.intern(Type::anonymous(Kind::Ptr(ty)))),
            None if bytes != 0 => member(&format!("{name}_size"), number(types, bytes)),
            None => {}
        }
    }
    let pinning = if map.pin_by_name { PIN_BY_NAME } else { 0 };
    for (name, value) in [("max_entries", map.max_entries), ("map_flags", map.flags), ("pinning", pinning)] {
        if value != 0 {
            member(name, number(types, value));
        }
    }
    if let Some(node) = map.numa_node {
        member("numa_node", number(types, node));
    }
    match u32::try_from(map.extra) {
        Ok(0) => {}
        Ok(extra) => member("map_extra", number(types, extra)),
        Err(_) => member("map_extra", long_number(types, map.extra)),
    }
    // The last member, so that the values may follow.
    if let Some(values) = values(types, map) {
        members.push(Member { name: "values".into(), ty: values, bit_offset: size * 8, bit_size: 0 });
    }
    (types.intern(Type::anonymous(Kind::Struct { size, members, bitfields: false })), size)
}

/// `__array(values, …)`: an array of pointers to maps of a definition, or to programs.
fn values(types: &mut Builder, map: &Map) -> Option<TypeId> {
    let to = match &map.inner {
        Some(inner) => definition(types, inner).0,
        None if map.values.is_empty() => return None,
        None => {
            let int = int(4, IntEncoding::SIGNED);
            let ret = types.intern(Type::named("int", int));
            let ty = types.intern(Type::anonymous(Kind::Ptr(TypeId::VOID)));
            let params = vec![Param { name: String::new(), ty }];
            types.intern(Type::anonymous(Kind::FuncProto { ret, params }))
        }
    };
    let elem = types.intern(Type::anonymous(Kind::Ptr(to)));
    let index = array_index(types);
    Some(types.intern(Type::anonymous(Kind::Array { elem, index, len: 0 })))
}

fn int(size: u32, encoding: IntEncoding) -> Kind {
    Kind::Int { size, encoding, offset: 0, bits: u8::try_from(size * 8).unwrap_or(0) }
}

fn array_index(types: &mut Builder) -> TypeId {
    types.intern(Type::named("__ARRAY_SIZE_TYPE__", int(4, IntEncoding::UNSIGNED)))
}

/// `__uint`: a pointer to an array of so many `int`.
///
/// The kernel refuses arrays of 4 GiB and more; only the number counts, so bytes take the place of `int` there.
fn number(types: &mut Builder, value: u32) -> TypeId {
    let elem = match value.checked_mul(4) {
        Some(_) => Type::named("int", int(4, IntEncoding::SIGNED)),
        None => Type::named("char", int(1, IntEncoding::SIGNED)),
    };
    let elem = types.intern(elem);
    let index = array_index(types);
    let array = types.intern(Type::anonymous(Kind::Array { elem, index, len: value }));
    types.intern(Type::anonymous(Kind::Ptr(array)))
}

/// `__ulong`: an enum with one value.
fn long_number(types: &mut Builder, value: u64) -> TypeId {
    let value = i64::from_ne_bytes(value.to_ne_bytes());
    let values = vec![Enumerator { name: format!("__unique_value_{value:x}"), value }];
    types.intern(Type::anonymous(Kind::Enum64 { size: 8, signed: false, values }))
}

/// The maps that section `.maps` describes, each with the place of its variable; without that section none.
#[must_use]
pub fn read(btf: &Btf) -> Vec<(Map, &SecInfo)> {
    let Some(Kind::DataSec { vars, .. }) = btf.datasec(SECTION).and_then(|id| btf.get(id)).map(|t| &t.kind)
    else {
        return vec![];
    };
    vars.iter().map(|info| (read_one(btf, info.var), info)).collect()
}

/// The map that a variable of section `.maps` describes. What is not understood of it stands in
/// [`Map::unknown`].
fn read_one(btf: &Btf, var: TypeId) -> Map {
    let unknown = |what: &str| Some(what.to_string());
    let Some(Type { name, kind: Kind::Var { ty, .. } }) = btf.get(var) else {
        return Map { unknown: unknown("its description is no variable"), ..Map::default() };
    };
    let mut map = Map { name: name.clone(), ..Map::default() };
    if let Err(what) = read_definition(btf, *ty, true, &mut map) {
        map.unknown = unknown(what);
    }
    map
}

/// The definition of a map; of an inner one, too, where that is wanted.
fn read_definition(btf: &Btf, ty: TypeId, with_inner: bool, map: &mut Map) -> Result<(), &'static str> {
    let Some(Kind::Struct { members, .. }) = btf.resolved(ty) else {
        return Err("its definition is not a struct");
    };
    for m in members {
        let as_number = || read_number(btf, m.ty).ok_or("a number is not described as one");
        let as_type = || read_type(btf, m.ty).ok_or("a type has no known size");
        match m.name.as_str() {
            "type" => map.kind = MapType(as_number()?),
            "key_size" => map.key_size = as_number()?,
            "value_size" => map.value_size = as_number()?,
            "key" => (map.key, map.key_size) = as_type().map(|(ty, size)| (Some(ty), size))?,
            "value" => (map.value, map.value_size) = as_type().map(|(ty, size)| (Some(ty), size))?,
            "max_entries" => map.max_entries = as_number()?,
            "map_flags" => map.flags = as_number()?,
            "numa_node" => map.numa_node = Some(as_number()?),
            "pinning" => map.pin_by_name = as_number()? == PIN_BY_NAME,
            "map_extra" => {
                map.extra = read_long(btf, m.ty).ok_or("map_extra is not a number")?;
            }
            "values" if with_inner => {
                let Some(to) = read_values(btf, m.ty) else {
                    return Err("its values are no array of pointers");
                };
                if matches!(btf.resolved(to), Some(Kind::Struct { .. })) {
                    let mut inner = Map::default();
                    read_definition(btf, to, false, &mut inner)?;
                    map.inner = Some(Box::new(inner));
                    map.value_size = POINTER / 2;
                }
            }
            "values" => return Err("its inner maps hold maps themselves"),
            _ => return Err("its definition has a member that is not known"),
        }
    }
    Ok(())
}

/// What the values point to.
fn read_values(btf: &Btf, ty: TypeId) -> Option<TypeId> {
    let Kind::Array { elem, .. } = btf.resolved(ty)? else { return None };
    let Kind::Ptr(to) = btf.resolved(*elem)? else { return None };
    Some(*to)
}

/// Where the initial values of maps stand in their definitions, in bytes, by the name of the map.
pub(crate) fn values_of(btf: &Btf) -> HashMap<&str, u32> {
    let Some(Kind::DataSec { vars, .. }) = btf.datasec(SECTION).and_then(|id| btf.get(id)).map(|t| &t.kind)
    else {
        return HashMap::new();
    };
    let place = |info: &SecInfo| {
        let Some(Type { name, kind: Kind::Var { ty, .. } }) = btf.get(info.var) else { return None };
        let Kind::Struct { members, .. } = btf.resolved(*ty)? else { return None };
        let values = members.last().filter(|m| m.name == "values")?;
        Some((name.as_str(), values.bit_offset / 8))
    };
    vars.iter().filter_map(place).collect()
}

fn read_number(btf: &Btf, ty: TypeId) -> Option<u32> {
    let Kind::Ptr(to) = btf.resolved(ty)? else { return None };
    let Kind::Array { len, .. } = btf.resolved(*to)? else { return None };
    Some(*len)
}

fn read_type(btf: &Btf, ty: TypeId) -> Option<(TypeId, u32)> {
    let Kind::Ptr(to) = btf.resolved(ty)? else { return None };
    Some((*to, btf.size_of(*to)?))
}

fn read_long(btf: &Btf, ty: TypeId) -> Option<u64> {
    match btf.resolved(ty)? {
        Kind::Enum { values, .. } | Kind::Enum64 { values, .. } => {
            Some(u64::from_ne_bytes(values.first()?.value.to_ne_bytes()))
        }
        _ => read_number(btf, ty).map(u64::from),
    }
}
