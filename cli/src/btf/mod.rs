//! `bpfasm btf`: types as text, as C and as JSON.

mod from;
mod json;
mod min;
mod show;

use bpfasm_asm::btf::{self, Blob, Btf, TypeId, c, raw};
use bpfasm_asm::diag::nearest;
use bpfasm_asm::text::Text;

use crate::args::{BtfArgs, BtfCommand, BtfDumpArgs, BtfFormat};
use crate::fail::{Code, Failure};
use crate::out;
use from::From;

/// Types whose names stay in the bytes that they were decoded from.
type Types<'a> = Btf<&'a str>;

/// How much text is written at a time.
const CHUNK: usize = 1 << 16;

/// `bpfasm btf`.
pub fn btf(args: &BtfArgs) -> Result<(), Failure> {
    match &args.command {
        BtfCommand::Dump(args) => dump(args),
        BtfCommand::Show(args) => show::show(args),
        BtfCommand::Min(args) => min::min(args),
    }
}

fn dump(args: &BtfDumpArgs) -> Result<(), Failure> {
    let (words, format) = match args.from.as_slice() {
        // As bpftool has it.
        [words @ .., format, name] if format == "format" && !words.is_empty() => match name.as_str() {
            "raw" => (words, BtfFormat::Raw),
            "c" => (words, BtfFormat::C),
            _ => return Err(Failure::new(Code::Usage, format!("there is no format `{name}`: raw, c"))),
        },
        words => (words, args.format),
    };
    let from = From::read(words, args.base.as_deref())?;
    let (blob, own) = from.blob()?;
    let mut roots = vec![];
    for name in &args.root {
        roots.extend(named(&blob, name)?);
    }
    if args.root.is_empty() {
        roots.extend_from_slice(&from.roots);
    }
    let last = u32::try_from(blob.len()).unwrap_or(u32::MAX);
    let all = || (if args.full { 1 } else { own }..=last).map(TypeId);
    let wrong = |error: btf::Error| Failure::new(Code::Input, format!("{}: {error}", from.name));
    match (format, args.json) {
        (BtfFormat::C, true) => {
            return Err(Failure::new(Code::Usage, "C is no JSON: leave out --json or --format c"));
        }
        (BtfFormat::C, false) => {
            let mut printer = match roots.is_empty() {
                true => c::Printer::new(&blob, all()),
                false => c::Printer::of(&blob, roots),
            }
            .map_err(wrong)?;
            let mut text = Text::from(c::HEAD);
            while printer.next(&mut text).map_err(wrong)? {
                flush(&mut text, CHUNK)?;
            }
            text.push_str(c::TAIL);
            flush(&mut text, 0)?;
            std::mem::forget(printer);
        }
        (BtfFormat::Raw, is_json) => {
            let types = blob.decode().map_err(wrong)?.btf;
            let ids: &mut dyn Iterator<Item = TypeId> =
                if roots.is_empty() { &mut all() } else { &mut roots.into_iter() };
            let mut text = Text::from(if is_json { "{\"types\":[" } else { "" });
            for (i, id) in ids.enumerate() {
                match is_json {
                    true => {
                        text.push_str(if i > 0 { ",\n" } else { "\n" });
                        if let Some(value) = json::raw(&types, id) {
                            text.push_str(&value.to_string());
                        }
                    }
                    false => raw::print_type(&mut text, &types, id),
                }
                flush(&mut text, CHUNK)?;
            }
            text.push_str(if is_json { "\n]}\n" } else { "" });
            flush(&mut text, 0)?;
            // A hundred thousand lists need not be given back one by one.
            std::mem::forget(types);
        }
    }
    Ok(())
}

/// Writes text that has grown beyond a size.
fn flush(text: &mut Text, limit: usize) -> Result<(), Failure> {
    if text.len() > limit {
        out::bytes(text.as_bytes())?;
        text.clear();
    }
    Ok(())
}

/// The types that a name or a number means: of one name, there may be a struct and a function.
fn named(blob: &Blob, text: &str) -> Result<Vec<TypeId>, Failure> {
    let number = text.parse().ok().map(TypeId).filter(|id| blob.get(*id).is_some());
    if let Some(id) = number {
        return Ok(vec![id]);
    }
    let (word, name) = match text.split_once(' ') {
        Some((word, name)) if ["struct", "union", "enum", "typedef", "func", "var"].contains(&word) => {
            (Some(word.to_ascii_uppercase()), name.trim())
        }
        _ => (None, text),
    };
    let is_wanted = |kind: &str| word.as_ref().is_none_or(|word| kind == word || kind == format!("{word}64"));
    let wanted = || blob.iter().filter(|(_, t)| is_wanted(t.word_of_kind()));
    let found: Vec<TypeId> =
        wanted().filter(|(_, t)| blob.name(t.name()) == name).map(|(id, _)| id).collect();
    if found.is_empty() || name.is_empty() {
        let near = nearest(name, wanted().map(|(_, t)| blob.name(t.name())));
        let near = near.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
        return Err(Failure::new(Code::Usage, format!("there is no type `{text}`{near}")));
    }
    Ok(found)
}
