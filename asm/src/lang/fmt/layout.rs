//! Lines: where they break, how far they are indented, and where their comments stand.

use super::super::token::Kind;
use super::super::words::DECLARATIONS as ITEMS;
use super::piece::{Piece, What};
use super::space::Spacing;

/// Blanks of a step.
const STEP: usize = 4;
/// Where comments behind code begin in bodies.
const COLUMN: usize = 44;
/// Code beyond this moves no comments of its neighbours.
const LONG: usize = 60;

/// Pieces as text.
pub(super) fn lay_out(mut pieces: Vec<Piece>) -> String {
    break_at_braces(&mut pieces);
    let mut layout =
        Layout { spacing: Spacing::default(), open: vec![], statement: 0, ended: true, lines: vec![] };
    let mut rest = pieces.as_slice();
    while !rest.is_empty() {
        let more = rest.iter().skip(1).position(|p| p.breaks > 0).map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(more);
        layout.line(line, after);
        rest = after;
    }
    write(&layout.lines)
}

/// Braces that span lines open at the end of one and close at the start of another.
fn break_at_braces(pieces: &mut [Piece]) {
    let mut open = vec![];
    let mut breaks = 0;
    for at in 0..pieces.len() {
        // The lines of a `btf` block are one piece.
        let lines = pieces[at].kind() == Some(Kind::Lines);
        breaks += pieces[at].breaks + if lines { pieces[at].text.matches('\n').count() } else { 0 };
        if pieces[at].kind() != Some(Kind::Punct) {
            continue;
        }
        if pieces[at].text == "{" {
            open.push((at, breaks));
        } else if pieces[at].text == "}"
            && let Some((start, before)) = open.pop()
            && breaks > before
        {
            let same = |p: &Piece| p.breaks == 0 && (p.is_comment() || p.kind() == Some(Kind::Newline));
            let first = (start + 1..at).find(|i| !same(&pieces[*i])).unwrap_or(at);
            pieces[first].breaks = pieces[first].breaks.max(1);
            pieces[at].breaks = pieces[at].breaks.max(1);
        }
    }
}

/// A bracket that is open.
struct Open {
    /// Steps of the lines within.
    inner: usize,
    /// Steps of the line that closes it.
    outer: usize,
    holds: Holds,
}

/// What stands between brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Statements.
    Body,
    /// Elements with commas or line ends between them.
    List,
    /// Part of a line.
    Part,
}

/// A line of the result.
struct Line {
    /// An empty one stands before it.
    empty: bool,
    indent: usize,
    code: String,
    /// Behind the code, or alone.
    comment: Option<Comment>,
    /// Whether comments here have their own column.
    body: bool,
}

impl Line {
    /// Whether its comment stands behind code, or below one that does.
    fn is_behind(&self) -> bool {
        self.comment.as_ref().is_some_and(|c| !self.code.is_empty() || c.continues)
    }
}

struct Comment {
    text: String,
    /// Where it was.
    column: usize,
    /// It goes on from the line above.
    continues: bool,
}

struct Layout {
    spacing: Spacing,
    open: Vec<Open>,
    /// Steps of the statement's first line.
    statement: usize,
    /// Whether the statement before has ended.
    ended: bool,
    lines: Vec<Line>,
}

impl Layout {
    fn line(&mut self, pieces: &[Piece], after: &[Piece]) {
        let Some(first) = pieces.first() else { return };
        let closing = pieces.iter().take_while(|p| is(p, &["}", ")", "]"])).count();
        let brace = closing > 0 && is(first, &["}"]);
        let inside = self.open.len();
        let mut indent = match closing {
            0 => self.indent(),
            n => self.open.get(inside.saturating_sub(n)).map_or(0, |open| open.outer),
        };
        let alone = pieces.iter().all(|p| p.is_comment() || p.kind() == Some(Kind::Newline));
        let holds = self.holds();
        if closing == 0 && (self.ended || holds == Some(Holds::List)) && !alone {
            if holds.is_none() && starts_statement(pieces) {
                indent += 1;
            }
            self.statement = indent;
            if holds != Some(Holds::List) && is_label(pieces) {
                indent = indent.saturating_sub(1);
            }
        }
        if alone && label_follows(after) && first.column <= indent.saturating_sub(1) * STEP {
            indent = indent.saturating_sub(1);
        }
        if brace {
            self.statement = indent;
        }

        let top = self.lines.last().is_none_or(|l| l.code.ends_with('{')) && self.ended;
        let empty = first.breaks > 1 && !top && !brace;
        let body = self.open.iter().any(|open| open.holds == Holds::Body) || holds.is_none() && indent > 0;
        let mut line = Line { empty, indent: indent * STEP, code: String::new(), comment: None, body };
        let last = pieces.iter().rposition(|p| p.kind() != Some(Kind::Newline));
        for (i, piece) in pieces.iter().enumerate() {
            if piece.kind() == Some(Kind::Newline) {
                self.ended = true;
                continue;
            }
            if piece.is_comment() && Some(i) == last {
                // One behind another comment stands where that one ends.
                let text = shifted(piece, line.indent, alone && i == 0);
                let above = self.lines.last().filter(|l| l.is_behind()).and_then(|l| l.comment.as_ref());
                let continues = alone
                    && piece.breaks == 1
                    && piece.what == What::Line
                    && above.is_some_and(|c| c.column == piece.column);
                line.comment = Some(Comment { text, column: piece.column, continues });
                continue;
            }
            if piece.what == What::Other {
                // `;` between instructions of another dialect.
                line.code.push_str(if piece.touches { "" } else { " " });
                line.code.push_str(piece.text);
                continue;
            }
            if self.ended && !piece.is_comment() {
                self.spacing.start();
            }
            if self.spacing.blank_before(piece) && !line.code.is_empty() {
                line.code.push(' ');
            }
            match piece.kind() {
                Some(Kind::Lines) => line.code.push_str(&types(piece.text, line.indent)),
                _ => line.code.push_str(piece.text),
            }
            if piece.is_comment() {
                self.spacing.comment();
                continue;
            }
            self.ended = false;
            self.bracket(piece, indent);
            self.spacing.pass(piece);
        }
        self.lines.push(line);
    }

    fn holds(&self) -> Option<Holds> {
        self.open.last().map(|open| open.holds)
    }

    /// Steps of a line that begins here.
    fn indent(&self) -> usize {
        let inner = self.open.last().map_or(0, |open| open.inner);
        match self.holds() {
            Some(Holds::Part | Holds::List) => inner,
            // A line that goes on behind a comma.
            _ if !self.ended => self.statement + 1,
            _ => inner,
        }
    }

    fn bracket(&mut self, piece: &Piece, indent: usize) {
        let holds = match piece.text {
            _ if piece.kind() != Some(Kind::Punct) => return,
            "{" if self.spacing.opens_body() => Holds::Body,
            "{" => Holds::List,
            "(" | "[" => Holds::Part,
            "}" | ")" | "]" => {
                self.open.pop();
                self.ended = false;
                return;
            }
            _ => return,
        };
        // A brace belongs to its statement, wherever that has got to.
        let outer = if holds == Holds::Part { indent } else { self.statement };
        self.open.push(Open { inner: outer + 1, outer, holds });
        self.ended = holds == Holds::Body;
    }
}

fn is(piece: &Piece, texts: &[&str]) -> bool {
    piece.kind() == Some(Kind::Punct) && texts.contains(&piece.text)
}

/// The line's tokens.
fn tokens<'p, 'a>(pieces: &'p [Piece<'a>]) -> impl Iterator<Item = &'p Piece<'a>> {
    pieces.iter().filter(|p| !p.is_comment() && p.kind() != Some(Kind::Newline))
}

/// Whether a line outside of all braces is an instruction: files of bare instructions are programs too.
fn starts_statement(pieces: &[Piece]) -> bool {
    tokens(pieces).next().is_some_and(|first| match first.kind() {
        Some(Kind::Ident) => !ITEMS.contains(&first.text),
        Some(Kind::At) => false,
        _ => true,
    })
}

/// Whether a line begins with a label: something that reaches without a blank to a colon.
fn is_label(pieces: &[Piece]) -> bool {
    let mut tokens = tokens(pieces);
    let name = tokens.next().and_then(Piece::kind);
    matches!(name, Some(Kind::Ident | Kind::DotName | Kind::Int | Kind::Param))
        && tokens
            .take_while(|p| (p.touches || p.text == ":") && !is(p, &["{", "(", "[", ","]))
            .any(|p| p.text == ":")
}

/// Whether the next line with code begins with a label.
fn label_follows(pieces: &[Piece]) -> bool {
    let code = pieces.iter().position(|p| !p.is_comment() && p.kind() != Some(Kind::Newline));
    code.is_some_and(|at| {
        let line = &pieces[at..];
        let more = line.iter().skip(1).position(|p| p.breaks > 0).map_or(line.len(), |n| n + 1);
        is_label(&line[..more])
    })
}

/// The lines of a `btf` block: those of members stand one step further in than those of types.
fn types(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !lines.is_empty() {
            lines.push('\n');
            let member = !line.starts_with(['[', '/']);
            push(&mut lines, indent + if member { STEP } else { 0 }, line);
        } else {
            lines.push_str(line);
        }
    }
    lines
}

/// A comment's text; if it has several lines, they move with the first.
fn shifted(piece: &Piece, indent: usize, alone: bool) -> String {
    let mut lines = piece.text.lines();
    let mut text = lines.next().unwrap_or_default().trim_end().to_string();
    for line in lines {
        let rest = line.trim_start();
        let width: usize =
            line[..line.len() - rest.len()].chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
        let width = if alone { (width + indent).saturating_sub(piece.column) } else { width };
        text.push('\n');
        if !rest.is_empty() {
            text.push_str(&" ".repeat(width));
        }
        text.push_str(rest.trim_end());
    }
    text
}

fn write(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut column = 0;
    for (i, line) in lines.iter().enumerate() {
        if line.empty {
            text.push('\n');
        }
        let behind = Line::is_behind;
        if behind(line) && (i == 0 || line.empty || !behind(&lines[i - 1])) {
            let run = lines[i..].iter().enumerate().take_while(|(n, l)| behind(l) && (*n == 0 || !l.empty));
            let ends = run.map(|(_, l)| l.indent + l.code.chars().count()).filter(|end| *end < LONG);
            let least = if line.body { COLUMN } else { 0 };
            column = ends.map(|end| end + 1).max().unwrap_or(0).max(least);
        }
        let Some(comment) = &line.comment else {
            push(&mut text, line.indent, &line.code);
            text.push('\n');
            continue;
        };
        if behind(line) {
            let end = line.indent + line.code.chars().count();
            push(&mut text, if line.code.is_empty() { 0 } else { line.indent }, &line.code);
            let gap = if line.code.is_empty() { column } else { column.saturating_sub(end).max(1) };
            push(&mut text, gap, &comment.text);
        } else {
            push(&mut text, line.indent, &comment.text);
        }
        text.push('\n');
    }
    text
}

fn push(text: &mut String, blanks: usize, what: &str) {
    text.extend(std::iter::repeat_n(' ', blanks));
    text.push_str(what);
}
