//! Diagnostics: what is wrong, where, and the mend. [`Sources`] holds the texts, and [`render()`] draws a
//! [`Diagnostic`] with its place in them.

pub mod code;
mod list;
mod nearest;
mod pages;
mod render;
mod source;

pub use list::{Diagnostics, Findings};
pub use nearest::nearest;
pub use pages::page;
pub use render::{Style, render};
pub use source::{FileId, Source, Sources, Span};

/// Texts of more bytes are shortened.
const LONG: usize = 2000;

/// The last start of a character that is not behind a byte.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// Built, but probably not what was meant.
    Warning,
}

/// One diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Its number, such as `E0107`.
    pub code: &'static str,
    /// The lint that it comes from; errors that are none of a lint's have none.
    pub lint: Option<&'static str>,
    /// One line: what is wrong.
    pub message: String,
    /// The place it is about, with a word on it (may be empty).
    pub primary: Label,
    /// Other places that belong to it.
    pub secondary: Vec<Label>,
    /// Facts that help to understand it.
    pub notes: Vec<String>,
    /// The mend: a sentence and, where it is certain, the edits.
    pub help: Vec<Help>,
    /// Where the macros were used that led here, innermost first: each use and the macro's name, with `!`, or
    /// that of a function of constants.
    pub expansion: Vec<(Span, String)>,
}

/// A place with a word on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The word; may be empty.
    pub text: String,
}

/// A suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// A sentence.
    pub message: String,
    /// Replacements that carry it out; empty where a person must decide.
    pub edits: Vec<(Span, String)>,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Error, code, message.into(), span)
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Warning, code, message.into(), span)
    }

    fn new(severity: Severity, code: &'static str, message: String, span: Span) -> Self {
        let primary = Label { span, text: String::new() };
        Self {
            severity,
            code,
            lint: None,
            message,
            primary,
            secondary: vec![],
            notes: vec![],
            help: vec![],
            expansion: vec![],
        }
    }

    /// Says something at the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds advice that a person must carry out.
    #[must_use]
    pub fn help(mut self, message: impl Into<String>) -> Self {
        self.help.push(Help { message: message.into(), edits: vec![] });
        self
    }

    /// Leaves the middle of what nobody reads to its end out, such as a name of a million letters.
    fn shorten(&mut self) {
        let labels =
            std::iter::once(&mut self.primary).chain(&mut self.secondary).map(|label| &mut label.text);
        let helps = self.help.iter_mut().map(|help| {
            if help.edits.iter().any(|(_, text)| text.len() > LONG) {
                help.edits.clear();
            }
            &mut help.message
        });
        let texts = std::iter::once(&mut self.message).chain(labels).chain(&mut self.notes).chain(helps);
        for text in texts.filter(|text| text.len() > LONG) {
            let (start, end) = (boundary(text, 200), boundary(text, text.len() - 200));
            text.replace_range(start..end, " … ");
        }
    }

    /// Adds a suggestion that replaces the text at a place.
    #[must_use]
    pub fn suggest(mut self, message: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.help.push(Help { message: message.into(), edits: vec![(span, replacement.into())] });
        self
    }
}
