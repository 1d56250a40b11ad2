//! Text that directives make out of text, and which place of the source each part of it comes from.
//!
//! Places in the source are counted on from it into the texts that are made: the first byte of each has a number that
//! no other byte has. So a statement is read alike wherever it stands, and only where a diagnostic
//! is told are its places looked up.

use std::cell::OnceCell;

use crate::diag::{Diagnostic, FileId, Span};

/// How many bytes may be read of texts that were made, again and again in repetitions.
pub(super) const MOST_TEXT: u64 = 64 << 20;

/// Texts that live as long as the source.
#[derive(Debug, Default)]
pub(super) struct Arena {
    text: OnceCell<String>,
    next: OnceCell<Box<Arena>>,
}

impl Arena {
    /// Keeps a text in the last, empty place; gives it, and the next place.
    pub fn keep(&self, text: String) -> (&str, &Arena) {
        (self.text.get_or_init(|| text), self.next.get_or_init(Box::default))
    }
}

impl Drop for Arena {
    /// One after the other: there may be a million.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut arena) = next {
            next = arena.next.take();
        }
    }
}

/// A text that was made.
#[derive(Debug)]
pub(super) struct Made {
    /// The number of its first byte.
    pub base: u32,
    pub source: Source,
    /// The statement that made it, and what this used.
    pub used: (u32, u32),
    pub name: String,
}

/// Where a text comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// A file as it is.
    File(FileId),
    /// Pieces of texts that were there before.
    Pieces(Vec<Piece>),
}

/// A part of a text: from where it begins in it up to the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub at: u32,
    /// Where it comes from.
    pub from: (u32, u32),
    /// Whether it is the same text; otherwise it stands in place of that.
    pub same: bool,
}

/// All texts that were made, in order.
#[derive(Debug, Default)]
pub(super) struct Texts(pub Vec<Made>);

impl Texts {
    fn of(&self, at: u32) -> Option<&Made> {
        self.0.get(self.0.partition_point(|made| made.base <= at).checked_sub(1)?)
    }

    /// The place in a file that a place comes from.
    pub fn place(&self, root: FileId, (mut start, mut end): (u32, u32)) -> Span {
        // Each text is made of earlier ones.
        while let Some(made) = self.of(start) {
            let (from, to) = (start - made.base, end.saturating_sub(made.base));
            match &made.source {
                Source::File(file) => return Span { file: *file, start: from, end: to.max(from) },
                Source::Pieces(pieces) => {
                    let first = piece(pieces, from);
                    let last = piece(pieces, to.saturating_sub(1).max(from));
                    let at = |piece: Piece, offset: u32| piece.from.0 + (offset - piece.at);
                    start = if first.same { at(first, from) } else { first.from.0 };
                    end = if last.same { at(last, to.max(from)) } else { last.from.1 };
                    end = end.max(start);
                }
            }
        }
        Span { file: root, start, end }
    }

    /// Puts places of files into a diagnostic, and how its text came to be.
    pub fn settle(&self, diagnostic: &mut Diagnostic) {
        if self.0.is_empty() {
            return;
        }
        let root = diagnostic.primary.span.file;
        let settled = |span: Span| self.place(root, (span.start, span.end));
        let mut at = diagnostic.primary.span.start;
        while let Some(made) = self.of(at) {
            diagnostic.expansion.push((self.place(root, made.used), made.name.clone()));
            at = made.used.0;
        }
        // What would have to change is seldom what stands there.
        let is_made = |span: &Span| self.of(span.start).is_some();
        for help in diagnostic.help.iter_mut().filter(|h| h.edits.iter().any(|(span, _)| is_made(span))) {
            let texts = help.edits.drain(..).map(|(_, text)| format!("`{text}`")).collect::<Vec<_>>();
            help.message = format!("{}: {}", help.message, texts.join(", "));
        }
        diagnostic.primary.span = settled(diagnostic.primary.span);
        for label in &mut diagnostic.secondary {
            label.span = settled(label.span);
        }
    }
}

/// The piece that holds this byte.
fn piece(pieces: &[Piece], at: u32) -> Piece {
    let last = pieces.partition_point(|piece| piece.at <= at).saturating_sub(1);
    pieces.get(last).copied().unwrap_or(Piece { at: 0, from: (0, 0), same: false })
}
