//! Declarations: the licence, maps, externs.

use std::fmt::Write;

use super::names::{Name, Names, quoted};
use super::types;
use crate::btf::Kind;
use crate::btf::bytes::Out;
use crate::escape::escape;
use crate::object::{ExternKind, Legacy, Linkage, Map, Object, Place};
use crate::uapi::MapType;

pub(super) fn license(out: &mut String, object: &Object) {
    if let Some(license) = &object.license {
        let _ = writeln!(out, "license {}", quoted(license));
    }
    if let Some(version) = object.version {
        let _ = writeln!(out, "version {version:#x}");
    }
}

/// ` as "SYMBOL"`, where the name is not the symbol's.
pub(super) fn renamed(name: &Name, symbol: &str) -> String {
    if name.renamed { format!(" as {}", quoted(symbol)) } else { String::new() }
}

/// Words for the binding and visibility of a symbol, where they are not the usual ones.
pub(super) fn binding(linkage: Linkage, usual: Linkage, weak: bool, hidden: bool) -> String {
    let word = match linkage {
        _ if weak => "weak ",
        _ if linkage == usual => "",
        Linkage::Static => "static ",
        Linkage::Global => "global ",
    };
    format!("{}{word}", if hidden { "hidden " } else { "" })
}

pub(super) fn maps(out: &mut String, object: &Object, names: &Names) {
    if !object.maps.is_empty() {
        out.push('\n');
    }
    for (map, name) in object.maps.iter().zip(&names.maps) {
        out.push_str(&binding(map.linkage, Linkage::Global, map.weak, map.hidden));
        let _ =
            write!(out, "map {}{}: {}", name.text, renamed(name, &map.name), map_type(object, names, map));
        let values = map.values.iter().map(|(index, to)| format!("{index}: {}", names.symbol(object, *to)));
        let refs = map.refs.iter().map(|r| format!("{}: {}", r.offset, names.address(object, r)));
        let entries: Vec<_> = values.chain(refs).collect();
        if !entries.is_empty() {
            let _ = write!(out, " = {{ {} }}", entries.join(", "));
        }
        out.push('\n');
    }
}

/// How large a type can be.
const LARGEST: u32 = 1 << 30;

/// `hash<u32, flow>[64] { flags: 1 }`.
fn map_type(object: &Object, names: &Names, map: &Map) -> String {
    let mut text = map.kind.name().map_or_else(|| map.kind.0.to_string(), str::to_string);
    // Sizes that no type has stand in the bytes of the definition, or in the BTF.
    let typed = map.key_size.max(map.value_size) <= LARGEST;
    let key = (typed && map.key_size != 0).then(|| types::text(object, names, map.key, map.key_size));
    let value = match &map.inner {
        Some(inner) => Some(map_type(object, names, inner)),
        None => (typed && map.value_size != 0).then(|| types::text(object, names, map.value, map.value_size)),
    };
    let lone = matches!(map.kind, MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER);
    let _ = match (key, value) {
        (None, None) => Ok(()),
        (None, Some(value)) if lone => write!(text, "<{value}>"),
        // What is not said has no size.
        (None, Some(value)) => write!(text, "<u8[0], {value}>"),
        (Some(key), value) => write!(text, "<{key}, {}>", value.as_deref().unwrap_or("u8[0]")),
    };
    if map.max_entries != 0 {
        let _ = write!(text, "[{}]", map.max_entries);
    }
    let mut attributes = vec![];
    if map.flags != 0 {
        attributes.push(format!("flags: {:#x}", map.flags));
    }
    if map.extra != 0 {
        attributes.push(format!("map_extra: {:#x}", map.extra));
    }
    if let Some(node) = map.numa_node {
        attributes.push(format!("numa_node: {node}"));
    }
    if map.pin_by_name {
        attributes.push("pinning: by_name".into());
    }
    if let Some(Legacy { section, bytes }) = &map.legacy {
        attributes.push(format!("legacy: {}", quoted(section)));
        let fields = [map.kind.0, map.key_size, map.value_size, map.max_entries, map.flags];
        let mut usual = Out::new(object.endian);
        fields.iter().for_each(|field| usual.u32(*field));
        if usual.bytes != *bytes || !typed {
            attributes.push(format!("bytes: \"{}\"", escape(bytes)));
        }
    }
    if map.legacy.is_none() && !map.bytes.is_empty() {
        attributes.push(format!("bytes: \"{}\"", escape(&map.bytes)));
    }
    if let Some(Place { offset, size }) = map.place {
        attributes.push(format!("at: {offset}, size: {size}"));
    }
    if !attributes.is_empty() {
        let _ = write!(text, " {{ {} }}", attributes.join(", "));
    }
    text
}

pub(super) fn externs(out: &mut String, object: &Object, names: &Names) {
    if !object.externs.is_empty() {
        out.push('\n');
    }
    for (external, name) in object.externs.iter().zip(&names.externs) {
        let of = external.btf.and_then(|id| object.btf.get(id)).map(|ty| &ty.kind);
        let ty = match of {
            Some(Kind::Var { ty, .. }) => format!(": {}", types::text(object, names, Some(*ty), 0)),
            _ => String::new(),
        };
        let (kind, head) = match external.kind {
            ExternKind::Kconfig => ("kconfig", ty),
            ExternKind::Ksym if matches!(of, Some(Kind::Func { .. })) => ("kfunc", "()".into()),
            ExternKind::Ksym => ("ksym", String::new()),
            ExternKind::Object if matches!(of, Some(Kind::Var { .. })) => ("var", String::new()),
            ExternKind::Object => ("func", "()".into()),
            ExternKind::Common { size, align } => ("common", format!(" size {size} align {align}")),
            ExternKind::Absolute(number) => ("absolute", format!(" = {number:#x}")),
        };
        let words = binding(Linkage::Global, Linkage::Global, external.weak, external.hidden);
        let as_symbol = renamed(name, &external.name);
        let _ = writeln!(out, "extern {words}{kind} {}{as_symbol}{head}", name.text);
    }
}
