//! `@if` around declarations: which of them are there.

use std::collections::{HashMap, HashSet};

use super::frame::Mistake;
use super::imports::{BtfFiles, look_up};
use super::names::Names;
use super::{Around, Expander};
use crate::diag::{Diagnostics, FileId, Span};
use crate::lang::ast::{Control, File, Item, ItemKind};

/// The branch that is taken of each `@if` around declarations, by its place; none where it is not in here.
pub type Branches = HashMap<Span, usize>;

/// The declarations of all files that are there, in source order.
pub(super) fn items<'a>(files: &'a [(FileId, File)], branches: &Branches) -> Vec<&'a Item> {
    fn add<'a>(items: &'a [Item], branches: &Branches, all: &mut Vec<&'a Item>) {
        for item in items {
            match &item.kind {
                ItemKind::Control(Control::If(list)) => {
                    if let Some(at) = branches.get(&item.span) {
                        add(&list[*at].body, branches, all);
                    }
                }
                _ => all.push(item),
            }
        }
    }
    let mut all = vec![];
    files.iter().for_each(|(_, file)| add(&file.items, branches, &mut all));
    all
}

/// Decides every `@if` around declarations, in source order. A condition sees the declarations outside of all of
/// them, and those that the ones above it let in.
pub(super) fn decide(
    around: &Around,
    files: &[(FileId, File)],
    reported: &mut HashSet<Mistake>,
    diagnostics: &mut Diagnostics,
) -> Branches {
    let conditional = |item: &Item| matches!(item.kind, ItemKind::Control(Control::If(_)));
    if !files.iter().any(|(_, file)| file.items.iter().any(conditional)) {
        return Branches::default();
    }
    let items = items(files, &Branches::default());
    // What is wrong with declarations is reported when all are known.
    let unheard = &mut Diagnostics::default();
    let sources = around.sources;
    let read = BtfFiles::read(sources, &items, around.reader, unheard);
    let scans = read.scan(unheard);
    let imports = look_up(sources, &items, &read, &scans, unheard);
    let mut names = Names::gather(sources, &items, unheard);
    names.import(sources, &imports, unheard);
    let mut expander = Expander::new(around, names, &scans, &items, diagnostics);
    files.iter().for_each(|(_, file)| expander.decide(&file.items));
    *reported = expander.reported;
    expander.program.branches
}

impl<'a> Expander<'a> {
    fn decide(&mut self, items: &'a [Item]) {
        for item in items {
            let ItemKind::Control(Control::If(branches)) = &item.kind else { continue };
            // After an error, some names are better than none.
            let taken = self.taken(branches).unwrap_or(Some(0));
            let Some(at) = taken else { continue };
            self.program.branches.insert(item.span, at);
            for inner in &branches[at].body {
                // Names that are there twice are reported when all are known.
                self.names.add(self.sources, inner, &mut Diagnostics::default());
            }
            self.decide(&branches[at].body);
        }
    }
}
