//! What stands beside instructions, in words.

use std::borrow::Cow;
use std::fmt;

use super::core;
use super::item::{Item, Reference};
use crate::escape::escape;
use crate::object::{ExternKind, Line, Object};

/// Longer strings are cut.
const STRING: usize = 60;

/// What an instruction refers to, in words, and the CO-RE record for it.
pub(crate) fn reference(out: &mut impl fmt::Write, item: &Item) -> fmt::Result {
    let found = item.reference();
    match found {
        Some(Reference::Map(map)) => write!(out, "map, {}", map.kind)?,
        Some(Reference::Func(_)) => out.write_str("function")?,
        Some(Reference::Extern(external)) => out.write_str(match external.kind {
            ExternKind::Ksym => "of the kernel",
            ExternKind::Kconfig => "of the kernel's configuration",
            ExternKind::Object => "of another object",
            ExternKind::Common { .. } => "common",
            ExternKind::Absolute(_) => "absolute",
        })?,
        Some(Reference::Data { string: Some(string), .. }) => match string.char_indices().nth(STRING) {
            Some((end, _)) => write!(out, "\"{}\" …", seen(&string[..end]))?,
            None => write!(out, "\"{}\"", seen(string))?,
        },
        Some(Reference::Data { section, .. }) => write!(out, "in {}", seen(section))?,
        Some(Reference::Helper(id)) => write!(out, "helper {}", id.0)?,
        None => {}
    }
    if let Some(relo) = item.core {
        let between = if found.is_some() { "; " } else { "" };
        write!(out, "{between}{}", core::text(&item.object().btf, relo))?;
    }
    Ok(())
}

/// `prog.c:12  if (x)`: the source line that begins with an instruction.
pub(crate) fn source(out: &mut impl fmt::Write, object: &Object, line: &Line) -> fmt::Result {
    let path = usize::try_from(line.file).ok().and_then(|file| object.files.get(file));
    let path = path.map_or("", String::as_str);
    write!(out, "{}:{}", seen(path.rsplit('/').next().unwrap_or(path)), line.line)?;
    let text = object.texts.get(line.text).unwrap_or_default();
    let text = text.trim();
    if text.is_empty() { Ok(()) } else { write!(out, "  {}", seen(text)) }
}

/// Text of the file, without what a terminal would take for a command.
pub(crate) fn seen(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) { escape(text.as_bytes()).into() } else { text.into() }
}
