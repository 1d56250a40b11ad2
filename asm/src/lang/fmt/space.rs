//! Whether a blank stands between two tokens. Where no rule knows them, the author does.

use super::super::token::Kind;
use super::super::words::REGISTERS;
use super::piece::{Piece, What};

/// Words that an operand follows: an operator behind them has none on its left.
const BEFORE_OPERAND: &[&str] =
    &["goto", "gotol", "may_goto", "gotox", "call", "callx", "lock", "if", "in", "helper", "kfunc", "at"];
/// Words before which a parenthesis is no argument list.
const BEFORE_PARENTHESIS: &[&str] = &["goto", "gotol", "call", "if", "in", "at", "ll"];
/// Words of which the next ends an operand.
const AFTER_OPERAND: &[&str] = &["goto", "gotol", "ll"];
/// Words in front of a declaration that has a symbol.
const SYMBOL_WORDS: &[&str] = &["static", "global", "weak", "hidden"];
/// Words that begin jumps and calls, whose targets tools print in ways of their own.
const TARGETS: &[&str] = &["goto", "gotol", "may_goto", "call"];

/// A token that has gone by.
#[derive(Debug, Clone)]
struct Seen {
    text: String,
    what: What,
    /// It touches the token before.
    touches: bool,
    /// An operator without an operand on its left.
    prefix: bool,
    /// A parenthesis that ends a type: an operand follows.
    cast: bool,
    /// `<` or `>` around types, or around the name of a place.
    angle: bool,
    /// The `=` of a named argument.
    named: bool,
}

/// An open bracket.
#[derive(Debug, Clone)]
struct Bracket {
    text: &'static str,
    /// Whether it stands where an operand does, as that of a type does.
    operand: bool,
    /// How many tokens are within, and whether the last is `*`.
    tokens: usize,
    pointer: bool,
    /// Whether it is a brace with elements rather than statements in it.
    list: bool,
    /// The statement around it, if it is a brace.
    around: Option<Box<Statement>>,
}

#[derive(Debug, Clone, Default)]
struct Statement {
    /// What it begins with, behind words about a symbol.
    first: Option<(String, Kind)>,
    /// Brackets that are open, from here on.
    depth: usize,
    /// A jump or call has begun: its target follows.
    target: bool,
    /// An `=` has gone by.
    assigned: bool,
    /// It is a program, function or macro.
    body: bool,
    /// A name and `:` have gone by.
    typed: bool,
    /// How many `?` wait for their `:`.
    choices: usize,
    /// Within `<f+0x38>`.
    place: bool,
    last: Option<Seen>,
    /// The one before.
    before: Option<String>,
}

impl Statement {
    /// Whether only its first token has gone by.
    fn is_word(&self) -> bool {
        self.first.is_some() && self.last.is_some() && self.before.as_deref().is_none_or(|b| b == "{")
    }
}

/// Goes through the tokens and says where blanks stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Spacing {
    statement: Statement,
    brackets: Vec<Bracket>,
    /// A comment went by last.
    comment: bool,
}

impl Spacing {
    /// A statement begins.
    pub fn start(&mut self) {
        let open = self.statement.last.take().filter(|last| last.text == "{");
        self.statement = Statement { depth: self.brackets.len(), last: open, ..Statement::default() };
    }

    /// Whether a brace that follows now has statements in it.
    pub fn opens_body(&self) -> bool {
        match &self.statement.first {
            Some((word, Kind::At)) => word != "@core",
            Some((_, Kind::Macro)) => true,
            Some(_) => self.statement.body,
            None => !self.in_list(),
        }
    }

    /// Whether this is an element in braces.
    fn in_list(&self) -> bool {
        self.brackets.iter().rev().find(|b| b.text == "{").is_some_and(|b| b.list)
    }

    fn is_first(&self, word: &str) -> bool {
        self.statement.first.as_ref().is_some_and(|first| first.0 == word)
    }

    /// Whether a blank stands before this piece.
    pub fn blank_before(&self, next: &Piece) -> bool {
        if self.comment || next.is_comment() {
            return true;
        }
        let Some(last) = &self.statement.last else { return true };
        let author = !next.touches;
        let statement = &self.statement;
        match (last.text.as_str(), next.text) {
            _ if last.what == What::Other || next.what == What::Other => author,
            ("{", "}") => false,
            (_, ":") | (":", _) if self.is_first("@line") => false,
            // `a ? b : c`, and the width of a field.
            (_, ":") => statement.choices > 0 || statement.typed && self.in_list(),
            (_, "," | ")" | "]") => false,
            ("(" | "[", _) => false,
            ("," | ":" | "{", _) | (_, "{" | "}") => true,
            // `map<u32, array<u32, u64>[1] { flags: 1 }>`.
            ("}", _) => next.text != ">",
            (_, "?") => !(self.is_first("macro") && next.touches),
            ("." | "..", _) | (_, "." | "..") => author,
            (")", "->") => true,
            ("->", _) => statement.before.as_deref() == Some(")"),
            (_, "->") => false,
            _ if statement.place => false,
            // `%r1` of GNU as, `l0_%=` of inline assembly, `name#12` of the kernel.
            ("%", "%") => author,
            ("%", name) if next.touches && (!last.touches || REGISTERS.contains(&name)) => false,
            (name, "%=") if last.what == What::Token(Kind::Ident) && !REGISTERS.contains(&name) => author,
            ("#", _) | (_, "#") => false,
            ("<", _) if last.angle => false,
            (_, "<" | ">" | ">>") if self.angle(next) => self.in_target(),
            (_, "=") if self.named(next) => false,
            ("=", _) if last.named => false,
            ("pc", "+" | "-") if statement.target => false,
            ("+" | "-", _) if statement.before.as_deref() == Some("pc") && statement.target => false,
            _ if last.prefix => is_operator(next) && author,
            (")", _) if last.cast => {
                is_operator(next) && !self.operand_wanted() || AFTER_OPERAND.contains(&next.text)
            }
            (_, "(") => match last.what {
                What::Token(Kind::Ident) => {
                    BEFORE_PARENTHESIS.contains(&last.text.as_str()) && !self.name_stands()
                }
                What::Token(Kind::Macro) => true,
                What::Token(Kind::Punct) if matches!(last.text.as_str(), ")" | "]") => false,
                What::Token(Kind::Punct) => true,
                _ => author,
            },
            (_, "[") => match last.what {
                What::Token(Kind::Punct) => !matches!(last.text.as_str(), ")" | "]") && !last.angle,
                What::Token(Kind::Macro | Kind::At) => true,
                // `stdw [%r1+0], 0`
                _ => author && statement.before.is_none(),
            },
            // `a.b` is something else than `a .b`.
            _ if next.kind() == Some(Kind::DotName) && !is_punct(last) => author,
            (")" | "]", _) if next.kind() == Some(Kind::DotName) => author,
            _ => true,
        }
    }

    /// Takes note of a comment.
    pub fn comment(&mut self) {
        self.comment = true;
    }

    /// Takes note of a token.
    pub fn pass(&mut self, piece: &Piece) {
        let kind = piece.kind().unwrap_or(Kind::Bad);
        let seen = Seen {
            text: piece.text.to_string(),
            what: piece.what,
            touches: piece.touches,
            prefix: is_operator(piece) && self.operand_wanted() && !self.angle(piece),
            cast: piece.text == ")" && self.closes_cast(),
            angle: self.angle(piece),
            named: self.named(piece),
        };
        self.comment = false;
        match piece.text {
            "?" if self.blank_before(piece) => self.statement.choices += 1,
            ":" if self.statement.choices > 0 => self.statement.choices -= 1,
            // Behind an offset, a name and its type may follow.
            ":" => self.statement.typed = !matches!(self.statement.first, Some((_, Kind::Int))),
            "," | "(" => self.statement.typed = false,
            _ => {}
        }
        if let Some(bracket) = self.brackets.last_mut() {
            bracket.tokens += 1;
            bracket.pointer = piece.text == "*";
        }
        let operand = self.operand_wanted() || self.statement.last.as_ref().is_some_and(|l| l.prefix);
        let label = piece.text == ":" && !self.in_list() && self.statement.is_word();
        let statement = &mut self.statement;
        // `func f`, and `weak hidden func f`.
        let about_symbol = |first: &str| kind == Kind::Ident && SYMBOL_WORDS.contains(&first);
        if statement.first.as_ref().is_none_or(|(first, _)| about_symbol(first)) {
            statement.first = Some((piece.text.to_string(), kind));
            statement.body |= matches!(piece.text, "prog" | "func" | "macro");
        }
        statement.target |= kind == Kind::Ident && TARGETS.contains(&piece.text);
        statement.place = (statement.place || seen.angle && piece.text == "<" && statement.target)
            && !(seen.angle && piece.text == ">");
        let depth = self.brackets.len() - statement.depth.min(self.brackets.len());
        statement.assigned |= piece.text == "=" && depth == 0;
        statement.before = statement.last.take().map(|l| l.text);
        statement.last = Some(seen);
        // Behind a label another statement begins.
        if label {
            return self.start();
        }
        if kind != Kind::Punct {
            return;
        }
        match piece.text {
            "(" => self.open("(", operand),
            "[" => self.open("[", operand),
            "{" => {
                self.open("{", operand);
                self.start();
                self.statement.last = Some(brace("{"));
            }
            ")" | "]" | "}" => {
                if let Some(around) = self.brackets.pop().and_then(|b| b.around) {
                    self.statement = Statement { last: Some(brace("}")), ..*around };
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, text: &'static str, operand: bool) {
        let list = !self.opens_body();
        let around = (text == "{").then(|| Box::new(std::mem::take(&mut self.statement)));
        self.brackets.push(Bracket { text, operand, tokens: 0, pointer: false, list, around });
    }

    /// Whether an operand comes next, so that an operator has none on its left.
    fn operand_wanted(&self) -> bool {
        let Some(last) = &self.statement.last else { return true };
        match last.what {
            What::Token(Kind::Punct) => {
                !matches!(last.text.as_str(), ")" | "]" | "}") && !last.angle || last.cast
            }
            What::Token(Kind::Ident) => BEFORE_OPERAND.contains(&last.text.as_str()) && !self.name_stands(),
            What::Token(Kind::Macro | Kind::At) => true,
            _ => false,
        }
    }

    /// Whether the last word stands where a name does, whatever it means elsewhere: `func at(`, `a->at`, `1 + at(2)`.
    fn name_stands(&self) -> bool {
        let Some(before) = self.statement.before.as_deref() else { return false };
        matches!(before, "func" | "const" | "macro") || before.ends_with(|c| "=<>+-*/%&|^~!?,(".contains(c))
    }

    /// Whether the parenthesis that closes now holds a type: `(s8)`, `(u32 *)`.
    fn closes_cast(&self) -> bool {
        self.brackets.last().is_some_and(|b| {
            let word = || matches!(&self.statement.last, Some(Seen { what: What::Token(Kind::Ident), .. }));
            b.text == "(" && b.operand && (b.pointer && b.tokens > 1 || b.tokens == 1 && word())
        })
    }

    /// Whether `<` or `>` stands around types, or around what llvm-objdump adds to a target.
    fn angle(&self, piece: &Piece) -> bool {
        match piece.text {
            "<" if self.in_target() => true,
            ">" if self.statement.place => true,
            "<" | ">" | ">>" => self.in_types(),
            _ => false,
        }
    }

    fn in_target(&self) -> bool {
        self.statement.target && self.brackets.len() <= self.statement.depth
    }

    fn in_types(&self) -> bool {
        self.is_first("map") && !self.statement.assigned && self.brackets.last().is_none_or(|b| b.text == "{")
    }

    /// Whether this is the `=` of an argument with a name.
    fn named(&self, piece: &Piece) -> bool {
        let statement = &self.statement;
        let (Some((first, Kind::Macro)), Some(before)) = (&statement.first, &statement.before) else {
            return false;
        };
        piece.text == "="
            && self.brackets.len() <= statement.depth
            && (before == "," || before == first)
            && matches!(&statement.last, Some(Seen { what: What::Token(Kind::Ident), .. }))
    }
}

fn brace(text: &str) -> Seen {
    let what = What::Token(Kind::Punct);
    Seen {
        text: text.to_string(),
        what,
        touches: false,
        prefix: false,
        cast: false,
        angle: false,
        named: false,
    }
}

fn is_punct(seen: &Seen) -> bool {
    seen.what == What::Token(Kind::Punct)
}

fn is_operator(piece: &Piece) -> bool {
    piece.kind() == Some(Kind::Punct) && !"(){}[],:.?".contains(piece.text) && piece.text != "->"
}
