//! What ends lines and begins comments elsewhere: `;` and `#`.

use super::super::token::Kind;
use super::Parser;
use crate::diag::{Diagnostic, Span, code};

/// Those so far; of each kind one is told.
#[derive(Debug, Default)]
pub(super) struct Strays {
    semicolon: Stray,
    comment: Stray,
    /// An `#if`, behind which `#else` and `#endif` belong to it.
    condition: bool,
}

#[derive(Debug, Default)]
struct Stray {
    first: Option<Diagnostic>,
    more: usize,
}

impl Stray {
    fn add(&mut self, diagnostic: impl FnOnce() -> Diagnostic) {
        match self.first {
            Some(_) => self.more += 1,
            None => self.first = Some(diagnostic()),
        }
    }

    /// The first one, with the number of the others.
    fn take(&mut self) -> Option<Diagnostic> {
        let d = self.first.take()?;
        let message = match self.more {
            0 => return Some(d),
            1 => format!("{}, here and in one more place", d.message),
            more => format!("{}, here and in {more} more places", d.message),
        };
        Some(Diagnostic { message, ..d })
    }
}

impl Parser<'_> {
    /// Whether `#` begins what looks like a comment here.
    pub(super) fn hash(&mut self) -> bool {
        self.peek().kind == Kind::Punct && self.word(0).starts_with('#') && self.stray()
    }

    /// Takes `;`, or `#` with the rest of its line.
    pub(super) fn stray(&mut self) -> bool {
        let (token, text) = (self.peek(), self.word(0));
        if token.kind != Kind::Punct || !text.starts_with([';', '#']) {
            return false;
        }
        let span = Span { end: token.span.start + 1, ..token.span };
        self.bump();
        if let Some(line) = text.strip_prefix('#') {
            self.after_hash(span, token.span, line);
            return true;
        }
        let last =
            self.ends(0) || self.text[span.end as usize..].trim_start_matches([' ', '\t']).starts_with("//");
        self.strays.semicolon.add(|| {
            let d = Diagnostic::error(code::CHARACTER, "`;` ends no instruction", span);
            if last {
                d.suggest("the end of the line does", span, "")
            } else {
                d.help("put each instruction on a line of its own; comments begin with `//`")
            }
        });
        true
    }

    /// What the preprocessor of C would read, or a comment.
    fn after_hash(&mut self, span: Span, line: Span, rest: &str) {
        let d = Diagnostic::error(code::CHARACTER, "`#` begins no comment", span);
        let no_preprocessor = Diagnostic::error(code::CHARACTER, "there is no preprocessor", line);
        let words: Vec<&str> = rest.split_ascii_whitespace().take(4).collect();
        let d = match words[..] {
            ["include", ..] => no_preprocessor
                .note("headers of C are not read")
                .help("types and constants of the kernel are in modules: `import \"net\"`"),
            ["define", name, value] if !name.contains('(') => {
                no_preprocessor.suggest("a constant is", line, format!("const {name} = {value}"))
            }
            ["define", ..] => {
                no_preprocessor.help("a constant is `const NAME = 5`, a macro `macro NAME(x: reg) { … }`")
            }
            ["if" | "ifdef" | "ifndef", ..] => {
                self.strays.condition = true;
                no_preprocessor.help("what is decided while assembling is `@if NAME == 1 { … } @else { … }`")
            }
            ["else" | "elif" | "endif", ..] if self.strays.condition => return,
            _ => {
                let d = match rest.starts_with(['[', '!']) {
                    true => {
                        d.help("there are no attributes: what they say in Rust stands in the declaration")
                    }
                    false => d.suggest("comments begin with `//`", span, "//"),
                };
                return self.strays.comment.add(|| d);
            }
        };
        if words[0] == "define" {
            self.broken.push(line);
        }
        self.report(d);
    }

    /// Reports the first of each kind.
    pub(super) fn report_strays(&mut self) {
        for stray in [self.strays.semicolon.take(), self.strays.comment.take()].into_iter().flatten() {
            self.report(stray);
        }
    }
}
