//! A text in pieces: tokens, and the comments between them.

use super::super::lexer::Lexer;
use super::super::token::Kind;
use crate::diag::FileId;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A token; its text is empty if it ends a line.
    Token(Kind),
    /// A comment up to the end of its line.
    Line,
    /// A comment with an end of its own, perhaps over several lines.
    Block,
    /// Anything else that stands between tokens.
    Other,
}

/// A piece of a text.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    /// What it is.
    pub what: What,
    /// Its text.
    pub text: &'a str,
    /// Line ends before it, since the piece before.
    pub breaks: usize,
    /// Whether it touches the piece before.
    pub touches: bool,
    /// Where it starts on its line, in characters; a tab counts as four.
    pub column: usize,
}

impl Piece<'_> {
    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        matches!(self.what, What::Line | What::Block)
    }

    /// Its kind, if it is a token.
    pub fn kind(&self) -> Option<Kind> {
        match self.what {
            What::Token(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Takes a text apart. Only blanks and line ends are left out.
pub(super) fn scan(file: FileId, text: &str) -> Vec<Piece<'_>> {
    let mut scan = Scan { text, at: 0, line: 0, breaks: 0, touches: false, pieces: vec![] };
    let mut lexer = Lexer::new(file, text);
    while !lexer.done {
        lexer.line();
    }
    for token in lexer.tokens {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        match token.kind {
            Kind::Eof => scan.between(text.len()),
            // It stands before what is between it and the next token, such as a comment.
            Kind::Newline => scan.push(What::Token(Kind::Newline), scan.at),
            kind => {
                scan.between(start);
                scan.push(What::Token(kind), end);
            }
        }
    }
    scan.pieces
}

struct Scan<'a> {
    text: &'a str,
    /// The byte that is next.
    at: usize,
    /// Where its line begins.
    line: usize,
    breaks: usize,
    touches: bool,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Scan<'a> {
    fn push(&mut self, what: What, end: usize) {
        let text = self.text.get(self.at..end).unwrap_or_default();
        if what == What::Token(Kind::Newline) {
            self.pieces.push(Piece { what, text: "", breaks: 0, touches: true, column: 0 });
            return;
        }
        let before = self.text.get(self.line..self.at).unwrap_or_default();
        let column = before.chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
        let text = if what == What::Line { text.trim_end() } else { text };
        self.pieces.push(Piece { what, text, breaks: self.breaks, touches: self.touches, column });
        (self.breaks, self.touches) = (0, true);
        self.at = end.max(self.at);
    }

    /// Goes on to `end`, past blanks and comments.
    fn between(&mut self, end: usize) {
        while let Some(rest) = self.text.get(self.at..end).filter(|rest| !rest.is_empty()) {
            let blank = |c: char| c.is_ascii_whitespace() || c == '\u{feff}';
            let first = rest.chars().next().unwrap_or(' ');
            let line = rest.find('\n').unwrap_or(rest.len());
            if first == '\n' {
                self.breaks += 1;
                self.at += 1;
                (self.line, self.touches) = (self.at, false);
            } else if blank(first) {
                self.at += first.len_utf8();
                self.touches = false;
            } else if rest.starts_with("//") || first == '#' {
                self.push(What::Line, self.at + line);
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let len = comment.find("*/").map_or(rest.len(), |len| len + 4);
                self.push(What::Block, self.at + len);
            } else {
                let len =
                    rest.find(|c: char| c.is_ascii_whitespace() || "/#".contains(c)).unwrap_or(rest.len());
                self.push(What::Other, self.at + len.max(first.len_utf8()));
            }
        }
        // A token before which nothing was skipped.
        self.at = end.max(self.at);
    }
}
