//! A file and what it imports.

use super::library;
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span, code, nearest};
use crate::lang::ast::{File, ItemKind};
use crate::lang::parser::parse;

/// Parses a file and, once each, the modules that it imports, directly or not.
#[must_use]
pub fn load(sources: &mut Sources, root: FileId, diagnostics: &mut Diagnostics) -> Vec<(FileId, File)> {
    let mut files = vec![(root, parse(sources, root, diagnostics))];
    let mut seen: Vec<String> = vec![];
    let mut next = 0;
    while next < files.len() {
        let imports = files[next].1.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Import(name) => Some(*name),
            _ => None,
        });
        for span in imports.collect::<Vec<Span>>() {
            let quoted = sources.slice(span);
            let name = quoted.trim_matches('"').to_string();
            if seen.contains(&name) {
                continue;
            }
            match library::module(&name) {
                Some(text) => {
                    let file = sources.add(format!("<{name}>"), text);
                    files.push((file, parse(sources, file, diagnostics)));
                }
                None => diagnostics.push(no_module(&name, span)),
            }
            seen.push(name);
        }
        next += 1;
    }
    files
}

fn no_module(name: &str, span: Span) -> Diagnostic {
    let names = || library::MODULES.iter().map(|m| m.0);
    let d = Diagnostic::error(code::IMPORT, format!("the library has no module `{name}`"), span);
    match nearest(name, names()) {
        Some(near) => d.suggest(format!("did you mean `{near}`?"), span, format!("\"{near}\"")),
        None => d.note(format!("its modules are: {}", names().collect::<Vec<_>>().join(", "))),
    }
}
