//! Tokens to a syntax tree. Never stops at an error: what cannot be understood is reported and left out.

mod bare;
mod control;
mod elsewhere;
mod expr;
pub(crate) mod foreign;
mod habits;
mod item;
mod object;
mod run;
mod section;
mod stmt;
mod stray;
mod types;

use super::ast::{File, Item, ItemKind};
use super::lexer::Lexer;
use super::token::{Kind, Token};
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span, code};
use stray::Strays;

/// Parses one source text; always gives a tree, perhaps with holes, and says what is wrong.
#[must_use]
pub fn parse(sources: &Sources, file: FileId, diagnostics: &mut Diagnostics) -> File {
    let mut parser = Parser::new(sources, file, diagnostics);
    let mut tree = parser.file();
    parser.report_strays();
    tree.items.append(&mut parser.misplaced);
    if let Some(first) = parser.broken.first() {
        tree.items.push(Item { span: *first, kind: ItemKind::Broken(std::mem::take(&mut parser.broken)) });
    }
    parser.append_lexer();
    tree
}

/// Parses `NAME=VALUE` or `NAME`, which means 1, as the command line sets a `param`.
#[must_use]
pub fn parse_define(sources: &Sources, file: FileId, diagnostics: &mut Diagnostics) -> File {
    let mut parser = Parser::new(sources, file, diagnostics);
    let items = parser.define().into_iter().collect();
    parser.report_strays();
    parser.append_lexer();
    File { items }
}

/// An error that has been reported; the caller skips to where it can go on.
#[derive(Debug)]
struct Reported;

type Parsed<T> = Result<T, Reported>;

/// How deep expressions and types may nest.
const NESTING: u32 = 64;
/// How many operators an expression may have: as deep may its tree be.
const OPERATORS: u32 = 100;
/// How many tokens the parser looks ahead at most.
const AHEAD: usize = 8;
/// How many tokens it looks back at most: one and a line end.
const BEHIND: usize = 4;

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    /// The next token, among those that the lexer holds.
    at: usize,
    nesting: u32,
    /// Operators of the outermost expression so far.
    operators: u32,
    /// How many blocks are open within each other.
    blocks: u32,
    /// What could not be understood, for [`ItemKind::Broken`].
    broken: Vec<Span>,
    /// Declarations that stand in a body.
    misplaced: Vec<Item>,
    /// Whether one of them is read.
    within_misplaced: bool,
    /// What ends lines in other languages.
    strays: Strays,
    /// Habits that are told once.
    told: Vec<&'static str>,
    /// Where a brace without its partner was last reported.
    unclosed: Option<Span>,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Parser<'a> {
    fn new(sources: &'a Sources, file: FileId, diagnostics: &'a mut Diagnostics) -> Self {
        let text = sources.get(file).text.as_str();
        let mut parser = Parser {
            text,
            lexer: Lexer::new(file, text),
            at: 0,
            nesting: 0,
            operators: 0,
            blocks: 0,
            broken: vec![],
            misplaced: vec![],
            within_misplaced: false,
            strays: Strays::default(),
            told: vec![],
            unclosed: None,
            diagnostics,
        };
        parser.skip(0);
        parser
    }

    #[inline]
    fn peek(&self) -> Token {
        self.nth(0)
    }

    #[inline]
    fn nth(&self, n: usize) -> Token {
        let tokens = &self.lexer.tokens;
        tokens[(self.at + n).min(tokens.len() - 1)]
    }

    #[inline]
    fn text(&self, span: Span) -> &'a str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn word(&self, n: usize) -> &'a str {
        self.text(self.nth(n).span)
    }

    fn bump(&mut self) -> Token {
        let token = self.peek();
        if token.kind != Kind::Eof {
            self.skip(1);
        }
        token
    }

    /// Goes on by some tokens; those that may be looked at from there are there.
    fn skip(&mut self, n: usize) {
        self.at += n;
        while self.lexer.tokens.len() < self.at + AHEAD && !self.lexer.done {
            self.lexer.line();
        }
    }

    /// The tokens before this one, the nearest first; only a few are kept.
    fn before(&self) -> impl Iterator<Item = &Token> {
        self.lexer.tokens[..self.at].iter().rev()
    }

    /// Forgets tokens that nobody looks at any more.
    fn forget(&mut self) {
        if self.at > BEHIND * 64 {
            self.lexer.forget(self.at - BEHIND);
            self.at = BEHIND;
        }
    }

    /// The place of the token before.
    fn last(&self) -> Span {
        self.before().next().map_or(self.peek().span, |t| t.span)
    }

    fn is(&self, text: &str) -> bool {
        self.is_nth(0, text)
    }

    fn is_nth(&self, n: usize, text: &str) -> bool {
        matches!(self.nth(n).kind, Kind::Punct | Kind::Ident) && self.word(n) == text
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        if found {
            self.bump();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Parsed<Span> {
        if self.is(text) { Ok(self.bump().span) } else { Err(self.expected(&format!("`{text}`"))) }
    }

    fn expect_kind(&mut self, kind: Kind, what: &str) -> Parsed<Span> {
        if self.peek().kind == kind { Ok(self.bump().span) } else { Err(self.expected(what)) }
    }

    fn name(&mut self, what: &str) -> Parsed<Span> {
        self.expect_kind(Kind::Ident, what)
    }

    /// Reports what stands here instead of something else.
    fn expected(&mut self, what: &str) -> Reported {
        let token = self.peek();
        let (found, span) = match token.kind {
            // It has been reported.
            Kind::Bad => return Reported,
            _ if self.hash() => return Reported,
            Kind::Newline => ("the end of the line".to_string(), self.last().after()),
            Kind::Eof => ("the end of the file".to_string(), self.last().after()),
            _ => (format!("`{}`", self.text(token.span)), token.span),
        };
        self.report(Diagnostic::error(code::SYNTAX, format!("expected {what}, found {found}"), span))
    }

    /// Tells which characters are no tokens, but where something before them on the line is told already.
    fn append_lexer(self) {
        let Self { text, mut lexer, diagnostics, .. } = self;
        let told = |character: Span| {
            let before = diagnostics.iter().map(|d| d.primary.span);
            let before = before.filter(|span| span.file == character.file && span.start < character.start);
            let last = before.map(|span| span.start as usize).max();
            last.is_some_and(|at| !text.as_bytes()[at..character.start as usize].contains(&b'\n'))
        };
        lexer.diagnostics.retain(|d| d.code != code::CHARACTER || !told(d.primary.span));
        diagnostics.append(lexer.diagnostics);
    }

    fn report(&mut self, diagnostic: Diagnostic) -> Reported {
        self.diagnostics.push(diagnostic);
        Reported
    }

    /// Reports a habit the first time that it is seen.
    fn once(&mut self, habit: &'static str, diagnostic: Diagnostic) -> Reported {
        if !self.told.contains(&habit) {
            self.told.push(habit);
            self.report(diagnostic);
        }
        Reported
    }

    fn skip_newlines(&mut self) {
        while self.peek().kind == Kind::Newline || self.stray() {
            if self.peek().kind == Kind::Newline {
                self.bump();
            }
        }
    }

    /// Whether a line ends before the token that is n ahead.
    fn ends(&self, n: usize) -> bool {
        matches!(self.nth(n).kind, Kind::Newline | Kind::Eof) || self.word(n).starts_with(['}', ';', '#'])
    }

    /// Skips the rest of something that could not be understood. Nobody is told that the names in it are unknown.
    fn recover_from(&mut self, start: Span) {
        self.recover();
        self.broken.push(Span { end: self.peek().span.start.max(start.end), ..start });
    }

    /// Skips the rest of a line that could not be understood, with the blocks that it opens.
    fn recover(&mut self) {
        let mut depth = 0u32;
        loop {
            let token = self.peek();
            match (token.kind, self.text(token.span)) {
                (Kind::Eof, _) => return,
                // A brace on a line of its own belongs to the line before.
                (Kind::Newline, _) if depth == 0 && !self.is_nth(1, "{") => return,
                (Kind::Punct, "{") => depth += 1,
                (Kind::Punct, "}") if depth == 0 => return,
                (Kind::Punct, "}") => depth -= 1,
                _ => {}
            }
            self.bump();
        }
    }

    /// The end of a statement or declaration that began at a place. What stands there instead is reported and
    /// skipped, and all of it is not understood.
    fn end_of_line(&mut self, what: &str, start: Span) -> Parsed<()> {
        match self.peek().kind {
            Kind::Newline => drop(self.bump()),
            Kind::Eof => {}
            _ if self.is("}") => {}
            _ if self.stray() => {
                // What stands behind it may be a comment.
                if !self.ends(0) {
                    self.recover();
                }
            }
            _ => {
                self.behind(what);
                self.recover_from(start);
                return Err(Reported);
            }
        }
        Ok(())
    }

    /// Elements in braces, separated by line ends or commas.
    fn braced<T>(&mut self, what: &str, mut element: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let open = self.expect("{")?;
        let mut elements = vec![];
        loop {
            self.skip_newlines();
            if self.eat("}") {
                return Ok(elements);
            }
            if self.unclosed(open) {
                self.broken.push(open);
                return Ok(elements);
            }
            let start = self.peek().span;
            match element(self) {
                Ok(e) => {
                    elements.push(e);
                    if !self.eat(",") && !self.ends(0) {
                        self.expected(&format!("a comma or the end of {what}"));
                        self.recover_from(start);
                    }
                }
                Err(Reported) => self.recover_from(start),
            }
        }
    }

    /// Whether a closing brace was forgotten, which is seen by what stands here; reports it.
    fn unclosed(&mut self, open: Span) -> bool {
        let at_end = self.peek().kind == Kind::Eof;
        // A comment or string without an end has swallowed the brace.
        let swallowed = self.before().take(2).any(|t| t.kind == Kind::Bad);
        let here = Some(self.peek().span);
        let first = std::mem::replace(&mut self.unclosed, here) != here;
        if first && (at_end && !swallowed || self.starts_item()) {
            let d = Diagnostic::error(code::BRACE, "this `{` has no `}`", open);
            let here = Span { end: self.peek().span.start, ..self.peek().span };
            let d = if at_end { d } else { d.also(here, "before this") };
            self.report(d.help("close it with `}` on a line of its own"));
        }
        at_end || self.starts_item()
    }

    /// Counts an operator, which makes the tree deeper.
    fn operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators < OPERATORS {
            return Ok(());
        }
        let d = Diagnostic::error(code::SYNTAX, "this expression is too long", self.peek().span);
        Err(self.report(d.note(format!("it may have {OPERATORS} operators"))))
    }

    /// Runs a parser of something that contains itself, to a bounded depth.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= NESTING {
            let d = Diagnostic::error(code::SYNTAX, "this nests too deeply", self.peek().span);
            return Err(self.report(d.note(format!("expressions and types nest {NESTING} deep"))));
        }
        if self.nesting == 0 {
            self.operators = 0;
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }
}
