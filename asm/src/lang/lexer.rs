//! Text to tokens. Total: what is no token is reported and left out.

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_till, take_until, take_while, take_while1};
use nom::character::complete::{char, digit1, satisfy};
use nom::combinator::{not, opt, peek, recognize};
use nom::multi::{count, many0_count};
use nom::sequence::{pair, preceded, terminated};
use nom::{IResult, Parser};

use super::token::{Kind, Token};
use crate::diag::{Diagnostic, FileId, Span, code};

/// Punctuation, longer before shorter. An `s` belongs to the signed operators.
const PUNCT: &[&str] = &[
    "s>>=", "s/=", "s%=", "s>=", "s<=", "s>", "s<", "<<=", ">>=", "->", "==", "!=", "<=", ">=", "<<", ">>",
    "&&", "||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "{", "}", "(", ")", "[", "]", ",", ":", "=",
    "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "~", "!", "?", ".",
];

/// Takes a text apart. Line ends inside `( )` and `[ ]` and behind a comma are no tokens.
#[must_use]
pub fn lex(file: FileId, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Token> {
    let mut lexer = Lexer { file, text, tokens: Vec::with_capacity(text.len() / 4), depth: 0, diagnostics };
    lexer.run();
    lexer.tokens
}

struct Lexer<'a> {
    file: FileId,
    text: &'a str,
    tokens: Vec<Token>,
    /// How many `(` and `[` are open.
    depth: u32,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        let mut rest = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        while !rest.is_empty() {
            if let Ok((after, _)) = blank(rest) {
                rest = after;
            } else if let Ok((after, kind)) = token(rest) {
                self.push(kind, rest, after);
                rest = after;
            } else {
                rest = self.bad(rest);
            }
        }
        self.newline("");
        self.tokens.push(Token { kind: Kind::Eof, span: self.span("", "") });
    }

    fn span(&self, from: &str, to: &str) -> Span {
        let at = |rest: &str| u32::try_from(self.text.len() - rest.len()).unwrap_or(u32::MAX);
        Span { file: self.file, start: at(from), end: at(to) }
    }

    fn newline(&mut self, rest: &str) {
        let span = self.span(rest, rest);
        match self.tokens.last() {
            None => {}
            Some(last) if last.kind == Kind::Newline => {}
            Some(_) => self.tokens.push(Token { kind: Kind::Newline, span }),
        }
    }

    fn push(&mut self, kind: Kind, rest: &'a str, after: &'a str) {
        let text = &rest[..rest.len() - after.len()];
        match (kind, text) {
            (Kind::Newline, _) => {
                let continues = self.depth > 0 || self.tokens.last().is_some_and(|t| self.text_of(*t) == ",");
                if !continues {
                    self.newline(rest);
                }
                return;
            }
            (Kind::Punct, "(" | "[") => self.depth += 1,
            (Kind::Punct, ")" | "]") => self.depth = self.depth.saturating_sub(1),
            // A brace never stands inside parentheses: after a forgotten one, lines count again.
            (Kind::Punct, "{" | "}") => self.depth = 0,
            (Kind::Int, _) if !text.starts_with('\'') && int(text).is_none() => {
                let d = Diagnostic::error(
                    code::NUMBER,
                    format!("`{text}` is not a number"),
                    self.span(rest, after),
                );
                self.diagnostics.push(
                    d.note("numbers look like 42, 0x2a, 0b101, 0o17, 1_000 or 256K, and fit into 64 bits"),
                );
            }
            _ => {}
        }
        self.tokens.push(Token { kind, span: self.span(rest, after) });
    }

    fn text_of(&self, token: Token) -> &str {
        &self.text[token.span.start as usize..token.span.end as usize]
    }

    /// Reports what no token begins with, and skips it.
    fn bad(&mut self, rest: &'a str) -> &'a str {
        let first = rest.chars().next().unwrap_or(' ');
        let (skip, d) = match first {
            '"' => {
                let end = rest.find('\n').unwrap_or(rest.len());
                let span = self.span(rest, &rest[end..]);
                (
                    end,
                    Diagnostic::error(code::STRING, "this string does not end on its line", span)
                        .label("begins here"),
                )
            }
            '/' => {
                let span = self.span(rest, &rest[2..]);
                (
                    rest.len(),
                    Diagnostic::error(code::COMMENT, "this comment does not end", span)
                        .help("end it with `*/`"),
                )
            }
            ';' => {
                let span = self.span(rest, &rest[1..]);
                let d = Diagnostic::error(code::CHARACTER, "`;` does not separate instructions here", span);
                (1, d.help("put each instruction on a line of its own; comments begin with `//`"))
            }
            '#' => {
                let end = rest.find('\n').unwrap_or(rest.len());
                let span = self.span(rest, &rest[1..]);
                let d = Diagnostic::error(code::CHARACTER, "`#` does not begin a comment here", span);
                (end, d.suggest("comments begin with `//`", span, "//"))
            }
            _ => {
                let skip = first.len_utf8();
                let span = self.span(rest, &rest[skip..]);
                let d = Diagnostic::error(code::CHARACTER, format!("unexpected character {first:?}"), span);
                (skip, d)
            }
        };
        self.diagnostics.push(d);
        &rest[skip..]
    }
}

/// Blanks and comments, not line ends.
fn blank(input: &str) -> IResult<&str, &str> {
    let line = recognize((tag("//"), not(is_doc), take_till(|c| c == '\n')));
    let block = recognize((tag("/*"), take_until("*/"), tag("*/")));
    alt((take_while1(|c| matches!(c, ' ' | '\t' | '\r')), line, block)).parse(input)
}

/// Behind `//`: a third slash, but not a fourth.
fn is_doc(input: &str) -> IResult<&str, &str> {
    terminated(tag("/"), not(char('/'))).parse(input)
}

fn token(input: &str) -> IResult<&str, Kind> {
    let kind = |kind: Kind| move |_: &str| kind;
    match input.as_bytes().first() {
        Some(b'\n') => tag("\n").map(kind(Kind::Newline)).parse(input),
        Some(b'0'..=b'9') => alt((ip4.map(kind(Kind::Ip4)), number.map(kind(Kind::Int)))).parse(input),
        Some(b's') => alt((signed_op.map(kind(Kind::Punct)), word)).parse(input),
        Some(b'A'..=b'Z' | b'a'..=b'z' | b'_') => word(input),
        Some(b'.') => {
            alt((preceded(char('.'), ident).map(kind(Kind::DotName)), punct.map(kind(Kind::Punct))))
                .parse(input)
        }
        Some(b'$') => preceded(char('$'), ident).map(kind(Kind::Param)).parse(input),
        Some(b'@') => preceded(char('@'), ident).map(kind(Kind::At)).parse(input),
        Some(b'"') => string.map(kind(Kind::Str)).parse(input),
        Some(b'\'') => character.map(kind(Kind::Int)).parse(input),
        Some(b'/') if input.starts_with("/*") => tag("\0").map(kind(Kind::Eof)).parse(input),
        Some(b'/') if input.starts_with("//") => take_till(|c| c == '\n').map(kind(Kind::Doc)).parse(input),
        _ => punct.map(kind(Kind::Punct)).parse(input),
    }
}

fn ident(input: &str) -> IResult<&str, &str> {
    let first = satisfy(|c| c.is_ascii_alphabetic() || c == '_');
    recognize(pair(first, take_while(|c: char| c.is_ascii_alphanumeric() || c == '_'))).parse(input)
}

/// A name, or with `!` the use of a macro.
fn word(input: &str) -> IResult<&str, Kind> {
    let bang = terminated(char('!'), not(char('=')));
    pair(ident, opt(bang))
        .map(|(_, bang)| if bang.is_some() { Kind::Macro } else { Kind::Ident })
        .parse(input)
}

fn number(input: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_')(input)
}

fn ip4(input: &str) -> IResult<&str, &str> {
    recognize((digit1, count(preceded(char('.'), digit1), 3))).parse(input)
}

fn signed_op(input: &str) -> IResult<&str, &str> {
    preceded(peek((char('s'), satisfy(|c| matches!(c, '<' | '>' | '/' | '%')))), punct).parse(input)
}

fn punct(input: &str) -> IResult<&str, &str> {
    PUNCT
        .iter()
        .find_map(|p| tag::<_, _, nom::error::Error<&str>>(*p).parse(input).ok())
        .map_or_else(|| Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::OneOf))), Ok)
}

fn string(input: &str) -> IResult<&str, &str> {
    let escape = recognize(pair(char('\\'), satisfy(|c| c != '\n')));
    recognize((char('"'), many0_count(alt((is_not("\\\"\n"), escape))), char('"'))).parse(input)
}

fn character(input: &str) -> IResult<&str, &str> {
    let escape = recognize((
        char('\\'),
        char('x'),
        satisfy(|c| c.is_ascii_hexdigit()),
        satisfy(|c| c.is_ascii_hexdigit()),
    ));
    let short = recognize(pair(char('\\'), satisfy(|c| c.is_ascii_graphic())));
    let plain = recognize(satisfy(|c| c.is_ascii() && !c.is_ascii_control() && c != '\'' && c != '\\'));
    recognize((char('\''), alt((escape, short, plain)), char('\''))).parse(input)
}

/// The value of an integer token; `None` where it is malformed or needs more than 64 bits.
#[must_use]
pub fn int(text: &str) -> Option<u64> {
    if let Some(quoted) = text.strip_prefix('\'') {
        return unescape(quoted.strip_suffix('\'')?).ok().filter(|b| b.len() == 1).map(|b| u64::from(b[0]));
    }
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let radix =
        |prefix: &str, radix: u32| digits.strip_prefix(prefix).map(|d| u64::from_str_radix(d, radix).ok());
    if let Some(value) =
        radix("0x", 16).or_else(|| radix("0X", 16)).or_else(|| radix("0b", 2)).or_else(|| radix("0o", 8))
    {
        return value;
    }
    // A leading zero is octal in C and decimal elsewhere: refused.
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    let (number, shift) = match digits.strip_suffix(['K', 'M', 'G']) {
        Some(number) => (
            number,
            if digits.ends_with('K') {
                10
            } else if digits.ends_with('M') {
                20
            } else {
                30
            },
        ),
        None => (digits.as_str(), 0),
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// The bytes of a string or character without its quotes; else the offset of the bad escape.
///
/// # Errors
/// The byte offset of an escape that does not exist.
pub fn unescape(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match chars.next().ok_or(at)?.1 {
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            'r' => bytes.push(b'\r'),
            '0' => bytes.push(0),
            '\\' => bytes.push(b'\\'),
            '"' => bytes.push(b'"'),
            '\'' => bytes.push(b'\''),
            'x' => {
                let hex = text.get(at + 2..at + 4).ok_or(at)?;
                bytes.push(u8::from_str_radix(hex, 16).map_err(|_| at)?);
                chars.nth(1);
            }
            _ => return Err(at),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::FileId;

    fn kinds(text: &str) -> Vec<(Kind, String)> {
        let mut diagnostics = vec![];
        let tokens = lex(FileId(0), text, &mut diagnostics);
        assert_eq!(diagnostics, vec![]);
        tokens
            .iter()
            .map(|t| (t.kind, text[t.span.start as usize..t.span.end as usize].to_string()))
            .collect()
    }

    #[test]
    fn signed_operators_and_names_with_s() {
        let words: Vec<String> = kinds("r1 s>>= 3 sx s> s").into_iter().map(|t| t.1).collect();
        assert_eq!(words, ["r1", "s>>=", "3", "sx", "s>", "s", "", ""]);
    }

    #[test]
    fn lines_end_only_where_a_statement_can() {
        let lines = kinds("a(\n1,\n2)\nb,\nc\n\n\nd").into_iter().filter(|t| t.0 == Kind::Newline).count();
        assert_eq!(lines, 3);
    }

    #[test]
    fn numbers() {
        assert_eq!(int("256K"), Some(262_144));
        assert_eq!(int("0x_ff"), Some(255));
        assert_eq!(int("18446744073709551615"), Some(u64::MAX));
        assert_eq!(int("18446744073709551616"), None);
        assert_eq!(int("010"), None);
        assert_eq!(int("12ab"), None);
        assert_eq!(int("'\\x41'"), Some(65));
    }
}
