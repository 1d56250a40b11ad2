//! `dialect "gnu"`: whose text a file is, where tools differ.

use crate::isa::Dialect;

/// The dialects that a file can ask for.
pub(super) const DIALECTS: &[(&str, Dialect)] = &[("gnu", Dialect::Gnu), ("llvm", Dialect::Llvm)];

/// The dialect that a text asks for in its first declaration. Only there, because it says what comments are.
pub(crate) fn of(text: &str) -> Option<Dialect> {
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.trim_start();
        rest = if rest.starts_with("//") {
            rest.split_once('\n')?.1
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/")?.1
        } else {
            break;
        };
    }
    let name = rest.strip_prefix("dialect")?.trim_start_matches([' ', '\t']).strip_prefix('"')?;
    let name = name.split_once('"')?.0;
    DIALECTS.iter().find(|dialect| dialect.0 == name).map(|dialect| dialect.1)
}
