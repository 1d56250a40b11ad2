//! The diagnostics of one run.

use super::{Diagnostic, Severity};
use crate::lint::{Level, Levels, Lint};
use crate::sort::Sort;

/// What was found so far. Beyond a number that nobody reads, errors and warnings are only counted, so that a file of
/// a million mistakes takes neither memory nor time for them.
#[derive(Debug, Default)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    levels: Levels,
    errors: usize,
    /// Errors that are warnings of a denied lint.
    denied: usize,
    warnings: usize,
}

/// What a run has to say, in the order of the source.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is told.
    pub kept: Vec<Diagnostic>,
    /// How many errors there were, those included that are not told.
    pub errors: usize,
    /// How many warnings there were, likewise.
    pub warnings: usize,
}

impl Diagnostics {
    /// How many errors are kept, and how many warnings.
    pub const MOST: usize = 200;

    /// None yet; lints have these levels.
    #[must_use]
    pub fn new(levels: Levels) -> Self {
        Self { levels, ..Self::default() }
    }

    /// Adds one. A warning is a lint's, whose level says what becomes of it.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        let mut count = &mut self.errors;
        if diagnostic.severity == Severity::Warning {
            count = &mut self.warnings;
            let lint = Lint::of_warning(diagnostic.code);
            debug_assert!(lint.is_some(), "{} has no lint", diagnostic.code);
            let level = lint.map_or(Level::Warn, |lint| self.levels.get(lint));
            if level == Level::Allow {
                return;
            }
            if level == Level::Deny {
                diagnostic.severity = Severity::Error;
                count = &mut self.denied;
            }
            if let Some(lint) = lint {
                diagnostic.lint = Some(lint.name);
                diagnostic.notes.push(format!("lint `{0}`: see `bpfasm explain {0}`", lint.name));
            }
        }
        *count += 1;
        if *count <= Self::MOST {
            diagnostic.shorten();
            self.kept.push(diagnostic);
        }
    }

    /// Adds errors that were gathered apart; of warnings it takes none.
    pub fn append(&mut self, other: Diagnostics) {
        let told = other.kept.len();
        other.kept.into_iter().for_each(|diagnostic| self.push(diagnostic));
        self.errors += other.errors - told;
    }

    /// Takes errors back that another one makes clear.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Diagnostic) -> bool) {
        let before = self.kept.len();
        self.kept.retain(|d| d.severity != Severity::Error || keep(d));
        self.errors -= before - self.kept.len();
    }

    /// Whether a further error would only be counted: then there is no need to look for its mend.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.errors >= Self::MOST
    }

    /// How many errors there are, without those of denied lints.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Whether a lint's warnings are told.
    #[must_use]
    pub fn tells(&self, code: &str) -> bool {
        Lint::of_warning(code).is_some_and(|lint| self.levels.get(lint) != Level::Allow)
    }

    /// Changes those that are kept, before they are told.
    pub(crate) fn settle(&mut self, with: impl Fn(&mut Diagnostic)) {
        self.kept.iter_mut().for_each(with);
    }

    /// Those that are kept.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.kept.iter()
    }

    /// All of them, sorted by where the user wrote what they are about.
    #[must_use]
    pub fn finish(self) -> Findings {
        let Self { mut kept, errors, denied, warnings, .. } = self;
        kept.order_by_key(|d| d.expansion.last().map_or(d.primary.span, |(span, _)| *span));
        Findings { kept, errors: errors + denied, warnings }
    }
}
