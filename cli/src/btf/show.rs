//! `bpfasm btf show`: types with offsets, sizes and holes.

use bpfasm_asm::btf::c::{self, Part};
use serde_json::{Map, Value, json};

use super::from::From;
use super::named;
use crate::args::BtfShowArgs;
use crate::fail::{Code, Failure};
use crate::out;

/// `bpfasm btf show`.
pub fn show(args: &BtfShowArgs) -> Result<(), Failure> {
    let words: Vec<String> = match args.from.split_once(' ') {
        Some((word, rest)) => vec![word.into(), rest.trim().into()],
        None => vec![args.from.clone()],
    };
    let from = From::read(&words, args.base.as_deref())?;
    let (blob, _) = from.blob()?;
    let depth = if args.expand { usize::MAX } else { args.depth.unwrap_or(0) };
    let mut shown = vec![];
    for name in &args.names {
        for id in named(&blob, name)? {
            let part = c::show(&blob, id, depth);
            let part = part.map_err(|error| Failure::new(Code::Input, format!("{}: {error}", from.name)))?;
            shown.push((id, part));
        }
    }
    if args.json {
        let all = shown.iter().map(|(id, part)| {
            let mut value = object(part);
            value.insert("id".into(), json!(id.0));
            Value::Object(value)
        });
        return out::line(json!({ "types": all.collect::<Vec<_>>() }));
    }
    let texts: Vec<String> = shown.iter().map(|(_, part)| part.to_string()).collect();
    out::bytes(texts.join("\n").as_bytes())
}

fn object(part: &Part) -> Map<String, Value> {
    let value = match part {
        Part::Value { name, value } => json!({ "name": name, "value": number(*value) }),
        Part::Hole { offset, bits } => json!({ "hole": true, "bits_offset": offset, "bits": bits }),
        Part::Item { name, before, after, offset, size, bits, parts } => {
            let mut all = json!({ "name": name, "declaration": format!("{before}{after}"), "size": size });
            if let Some(offset) = offset {
                all["bits_offset"] = json!(offset);
            }
            if *bits != 0 {
                all["bitfield_size"] = json!(bits);
            }
            if !parts.is_empty() {
                all["members"] = parts.iter().map(|part| Value::Object(object(part))).collect();
            }
            all
        }
    };
    match value {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

/// A number that fits JSON's 64 bits, with or without a sign.
fn number(value: i128) -> Value {
    i64::try_from(value)
        .map_or_else(|_| json!(u64::try_from(value).unwrap_or(u64::MAX)), |value| json!(value))
}
