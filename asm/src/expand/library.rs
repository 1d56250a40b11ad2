//! The library that is built in: modules of `programs/lib`, by name.

use std::sync::OnceLock;

use crate::packed::Packed;
use crate::sort::Sort;

// Name and text of every module, sorted by name; the build script writes this.
include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// The names of all modules, sorted.
pub fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

/// The text of a module.
#[must_use]
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|m| m.0 == name).map(|m| m.1.text())
}

/// The module that defines a name; looked for as text, so only to help somebody who forgot an import.
#[must_use]
pub fn defining(name: &str) -> Option<&'static str> {
    named(name).next().map(|entry| entry.module)
}

/// The module that defines something of that name which can stand for a macro, a type, or whatever else is looked for.
pub(super) fn defining_a(what: &str, name: &str) -> Option<&'static str> {
    named(name).find(|entry| entry.is_a(what)).map(|entry| entry.module)
}

fn named(name: &str) -> impl Iterator<Item = &'static Entry> {
    let index = index();
    let at = index.partition_point(|entry| entry.name < name);
    index[at..].iter().take_while(move |entry| entry.name == name)
}

/// The names of all that can stand for it, sorted.
pub(super) fn names(what: &str) -> impl Iterator<Item = &'static str> {
    index().iter().filter(move |entry| entry.is_a(what)).map(|entry| entry.name)
}

/// What a module defines: its keyword and name.
struct Entry {
    name: &'static str,
    word: &'static str,
    module: &'static str,
}

impl Entry {
    fn is_a(&self, what: &str) -> bool {
        match what {
            "macro" => self.word == "macro",
            "type" => matches!(self.word, "struct" | "union" | "enum" | "type"),
            "name" => self.word != "macro",
            // The library has no maps, functions and programs.
            _ => false,
        }
    }
}

/// All that the library defines, sorted by name; made when somebody first asks.
fn index() -> &'static [Entry] {
    static INDEX: OnceLock<Vec<Entry>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let entries = |(module, text): &'static (&str, Packed)| {
            text.text().lines().filter_map(defined).map(|(word, name)| Entry { name, word, module })
        };
        let mut all: Vec<Entry> = MODULES.iter().flat_map(entries).collect();
        all.order_by_key(|entry| entry.name);
        all
    })
}

/// What a line defines.
fn defined(line: &'static str) -> Option<(&'static str, &'static str)> {
    let (word, rest) = line.split_once(' ')?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    matches!(word, "const" | "struct" | "union" | "enum" | "type" | "macro").then_some((word, &rest[..end]))
}
