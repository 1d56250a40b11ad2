//! One layout for source text. Works on tokens and on what stands between them, so that a construct it has never
//! heard of survives; and what it gives is compared with what it got before anybody sees it.
//!
//! - Where lines break is the author's choice, but for braces: those that span lines open at the end of one and close
//!   at the start of another.
//! - Four blanks for each brace; labels one step further out; continued lines one step further in.
//! - One blank around operators and behind commas, none inside parentheses.
//! - At most one empty line, and none at either end of a block.
//! - Comments stay as they are. Those behind code stand below each other: in bodies from column 45 on, elsewhere one
//!   blank behind the longest line of their run.

mod layout;
mod piece;
mod space;

use thiserror::Error;

use self::piece::{Piece, What};
use super::parser::parse;
use super::token::Kind;
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources};

/// Why a text is not formatted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// It has syntax errors.
    #[error("it has syntax errors")]
    Syntax(Vec<Diagnostic>),
    /// The result would not be the same program: a mistake in the formatter.
    #[error("formatting would change `{0}`, which is a mistake in bpfasm: please report it")]
    Changed(String),
}

/// The text in its one layout. Lines end as its first one does; a byte order mark goes.
///
/// # Errors
/// [`Refused`], and nothing is to be written then.
pub fn format(sources: &Sources, file: FileId) -> Result<String, Refused> {
    let wrong = errors(sources, file);
    if !wrong.is_empty() {
        return Err(Refused::Syntax(wrong));
    }
    let source = sources.get(file);
    let text = source.text.as_str();
    let pieces = piece::scan(file, text);
    let formatted = layout::lay_out(pieces.clone());
    let again = piece::scan(file, &formatted);
    if let Some(at) = difference(&pieces, &again) {
        return Err(Refused::Changed(at));
    }
    // The spellings of other tools know about blanks, too.
    let mut copy = Sources::default();
    let root = copy.add(source.name.as_str(), formatted.as_str());
    if let Some(first) = errors(&copy, root).first() {
        return Err(Refused::Changed(copy.line(first.primary.span).2.to_string()));
    }
    let windows = text.find('\n').is_some_and(|end| text[..end].ends_with('\r'));
    Ok(if windows { formatted.replace('\n', "\r\n") } else { formatted })
}

/// The syntax errors of a text.
fn errors(sources: &Sources, file: FileId) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    let _ = parse(sources, file, &mut diagnostics);
    if diagnostics.errors() > 0 { diagnostics.finish().kept } else { vec![] }
}

/// The first piece that two texts do not share. Line ends at braces mean nothing, and neither do blanks at the ends
/// of a comment's lines.
fn difference(before: &[Piece], after: &[Piece]) -> Option<String> {
    let (mut before, mut after) = (significant(before), significant(after));
    loop {
        match (before.next(), after.next()) {
            (None, None) => return None,
            (a, b) if a == b => {}
            (a, b) => return a.or(b).map(|(_, text)| text),
        }
    }
}

fn significant<'a>(pieces: &'a [Piece<'a>]) -> impl Iterator<Item = (What, String)> + 'a {
    let token = |p: &&Piece| matches!(p.what, What::Token(kind) if kind != Kind::Newline);
    pieces.iter().enumerate().filter_map(move |(i, piece)| {
        if piece.what == What::Token(Kind::Newline) {
            let before = pieces[..i].iter().rev().find(token);
            let after = pieces[i + 1..].iter().find(token);
            let open = before.is_none_or(|p| p.text == "{");
            let close = after.is_none_or(|p| p.text == "}");
            return (!open && !close).then(|| (piece.what, String::new()));
        }
        let types = piece.what == What::Token(Kind::Lines);
        let lines =
            piece.text.lines().map(str::trim).filter(|line| !(types && line.is_empty())).collect::<Vec<_>>();
        Some((piece.what, lines.join("\n")))
    })
}
