//! Lints about what is declared and never named.

use std::collections::HashSet;

use super::Expander;
use crate::diag::{Diagnostic, FileId, Span, code};
use crate::lang::ast::{Item, ItemKind, Room};
use crate::lint::mentions;
use crate::object::Linkage;

impl<'a> Expander<'a> {
    /// Reports declarations of the file itself that nothing names, and imports of which nothing is used. A file
    /// without a program is there for others, one with a `btf` block says what an object has, and a name that begins
    /// with `_` is meant to be unused.
    pub(super) fn unused(&mut self, items: &[&'a Item]) {
        const ROOT: FileId = FileId(0);
        let own = || items.iter().filter(|item| item.span.file == ROOT);
        let is_program = |kind: &ItemKind| matches!(kind, ItemKind::Func(func) if func.section.is_some());
        if self.diagnostics.errors() > 0 || self.given.is_some() || !own().any(|item| is_program(&item.kind))
        {
            return;
        }
        let used = self.names.used();
        for item in own() {
            let (code, name, what) = match &item.kind {
                ItemKind::Macro(d) => (code::UNUSED_MACRO, d.name, "macro"),
                ItemKind::Func(d)
                    if d.section.is_none() && d.symbol.linkage(Linkage::Static) == Linkage::Static =>
                {
                    (code::UNUSED_FUNC, d.name, "function")
                }
                ItemKind::Map(d) => (code::UNUSED_MAP, d.name, "map"),
                ItemKind::Var(d) if !matches!(d.room, Room::StructOps | Room::StructOpsLink) => {
                    (code::UNUSED_VARIABLE, d.name, "variable")
                }
                ItemKind::Import(quoted) => {
                    self.unused_import(*quoted, items, &used);
                    continue;
                }
                _ => continue,
            };
            let text = self.text(name);
            // What an `@if` has left out may name it, too.
            if used.contains(&name) || text.starts_with('_') || self.mentioned(text, 2) {
                continue;
            }
            let d = Diagnostic::warning(code, format!("nothing names {what} `{text}`"), name);
            self.error(d.help(format!("take it out, or call it `_{text}` where it is meant to be so")));
        }
    }

    /// Whether the user's files have that word so many times.
    fn mentioned(&self, word: &str, times: usize) -> bool {
        let texts = self.sources.iter().filter(|source| !source.is_library());
        texts.map(|source| mentions(&source.text, word).take(times).count()).sum::<usize>() >= times
    }

    /// Reports an import if none of the names of the module, and of those that it imports, is used.
    fn unused_import(&mut self, quoted: Span, items: &[&'a Item], used: &HashSet<Span>) {
        let module = |quoted: Span| {
            let name = format!("<{}>", self.text(quoted).trim_matches('"'));
            (0..)
                .map(FileId)
                .zip(self.sources.iter())
                .find(|(_, source)| source.name == name)
                .map(|(id, _)| id)
        };
        let Some(first) = module(quoted) else { return };
        let mut reached = vec![first];
        let mut next = 0;
        while let Some(file) = reached.get(next).copied() {
            next += 1;
            for item in items.iter().filter(|item| item.span.file == file) {
                if let ItemKind::Import(quoted) = item.kind
                    && let Some(id) = module(quoted)
                    && !reached.contains(&id)
                {
                    reached.push(id);
                }
            }
        }
        let within = |name: &Span| reached.contains(&name.file);
        if used.iter().any(within)
            || self.names.places().filter(|(_, p)| within(p)).any(|(n, _)| self.mentioned(n, 1))
        {
            return;
        }
        let d = Diagnostic::warning(
            code::UNUSED_IMPORT,
            format!("nothing of {} is used", self.text(quoted)),
            quoted,
        );
        self.error(d.help("take the import out"));
    }
}
