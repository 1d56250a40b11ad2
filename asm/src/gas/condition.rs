//! `.if` and its like: statements that are read or passed over.

use super::cursor::{Cursor, Res};
use super::symbol::Place;
use super::{Assembly, scan};
use crate::diag::{Diagnostic, Span, code};

/// A condition that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition {
    /// The place of its `.if`.
    span: Span,
    /// Whether one of its branches was read, or is being read.
    done: bool,
    /// The place of its `.else`.
    other: Option<Span>,
}

/// What opens a condition.
pub(super) const IFS: &[&str] = &[
    ".if",
    ".ifeq",
    ".ifne",
    ".ifgt",
    ".ifge",
    ".iflt",
    ".ifle",
    ".ifdef",
    ".ifndef",
    ".ifnotdef",
    ".ifb",
    ".ifnb",
    ".ifc",
    ".ifnc",
    ".ifeqs",
    ".ifnes",
];

/// What goes on with it, or ends it.
pub(super) const BRANCHES: &[&str] = &[".else", ".elseif", ".endif"];

impl<'a> Assembly<'a, '_> {
    /// Takes a directive of conditions; gives where to read on. None: it is another directive.
    pub(super) fn conditional(&mut self, name: &str, start: usize, behind: usize) -> Option<usize> {
        let span = self.span(start, behind);
        let end = scan::statement_end(self.text, behind);
        if IFS.contains(&name) {
            let mut c = self.cursor(behind, end);
            let holds = self.condition(name, &mut c);
            // What is behind a condition without a value is not read at all.
            let done = holds.as_ref().map_or(true, |holds| *holds);
            self.conditions.push(Condition { span, done, other: None });
            return Some(match holds {
                Ok(true) => end,
                Ok(false) => self.pass_over(end),
                Err(diagnostic) => {
                    self.diagnostics.push(*diagnostic);
                    self.pass_over(end)
                }
            });
        }
        if !BRANCHES.contains(&name) {
            return None;
        }
        if self.conditions.len() <= self.outer {
            let message = format!("`{name}`: no `.if` stands before it");
            self.diagnostics.push(Diagnostic::error(code::GAS_MACRO, message, span));
            return Some(end);
        }
        Some(self.branch(name, span, behind, end).unwrap_or_else(|| self.pass_over(end)))
    }

    /// Goes on to the branch of the last condition that is to be read, or behind it.
    fn pass_over(&mut self, from: usize) -> usize {
        let (mut at, mut depth) = (from, 0u32);
        while let Some((start, behind)) = scan::next_word(self.text, at) {
            let name = &self.text[start..behind];
            let end = scan::statement_end(self.text, behind);
            match name {
                ".endif" if depth > 0 => depth -= 1,
                _ if BRANCHES.contains(&name) && depth == 0 => {
                    let span = self.span(start, behind);
                    if let Some(next) = self.branch(name, span, behind, end) {
                        return next;
                    }
                }
                _ if IFS.contains(&name) => depth += 1,
                _ => {}
            }
            at = end;
        }
        self.text.len()
    }

    /// Where to read on at one of the words of the last condition. None: not here.
    fn branch(&mut self, name: &str, span: Span, behind: usize, end: usize) -> Option<usize> {
        let Condition { done, other, .. } = *self.conditions.last()?;
        if name == ".endif" {
            self.conditions.pop();
            return Some(end);
        }
        if let Some(other) = other {
            let d = Diagnostic::error(code::GAS_MACRO, format!("`{name}` behind `.else`"), span);
            self.diagnostics.push(d.also(other, "the last branch begins here"));
        }
        let holds = if name == ".else" {
            self.conditions.last_mut()?.other = Some(span);
            !done
        } else {
            let mut c = self.cursor(behind, end);
            !done
                && self.condition(".if", &mut c).unwrap_or_else(|diagnostic| {
                    self.diagnostics.push(*diagnostic);
                    false
                })
        };
        self.conditions.last_mut()?.done |= holds;
        holds.then_some(end)
    }

    fn condition(&mut self, name: &str, c: &mut Cursor<'a>) -> Res<bool> {
        let holds = match name {
            ".ifdef" | ".ifndef" | ".ifnotdef" => {
                let symbol = c.expect_name("a symbol")?;
                let symbol = self.symbols.named(symbol);
                let defined = symbol.is_some_and(|s| self.symbols.get(s).place != Place::Undefined);
                defined == (name == ".ifdef")
            }
            ".ifb" | ".ifnb" => {
                let blank = c.done();
                c.at = c.end;
                blank == (name == ".ifb")
            }
            ".ifc" | ".ifnc" => {
                let rest = c.text.get(c.at..c.end).unwrap_or("");
                let Some((a, b)) = rest.split_once(',').filter(|_| rest.matches(',').count() == 1) else {
                    return Err(c.wrong("expected two texts with one comma between them"));
                };
                c.at = c.end;
                (a.trim() == b.trim()) == (name == ".ifc")
            }
            ".ifeqs" | ".ifnes" => {
                let [mut a, mut b] = [vec![], vec![]];
                c.string(&mut a)?;
                c.expect(b',')?;
                c.string(&mut b)?;
                (a == b) == (name == ".ifeqs")
            }
            _ => {
                let value = self.absolute(c)?;
                match name {
                    ".ifeq" => value == 0,
                    ".ifgt" => value > 0,
                    ".ifge" => value >= 0,
                    ".iflt" => value < 0,
                    ".ifle" => value <= 0,
                    _ => value != 0,
                }
            }
        };
        c.finish()?;
        Ok(holds)
    }

    /// All conditions but so many must have ended here.
    pub(super) fn end_conditions(&mut self, outer: usize) {
        if let Some(open) = self.conditions.get(outer).filter(|_| !self.leaving && !self.stopped) {
            let d = Diagnostic::error(code::GAS_MACRO, "this has no `.endif`", open.span);
            self.diagnostics.push(d.note("a condition ends in the text in which it begins"));
        }
        self.conditions.truncate(outer);
    }
}
