//! Tokens: what kind, and where. Their text stays in the source.

use crate::diag::Span;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A name or keyword; in backticks, any name.
    Ident,
    /// `.name`: a label, or a field after another.
    DotName,
    /// `name!`: the use of a macro.
    Macro,
    /// `$name`: a macro's argument.
    Param,
    /// `@name`: something that happens while assembling.
    At,
    /// `#12`: a type of the `btf` block, by its number.
    Number,
    /// The lines of a `btf` block, as they stand.
    Lines,
    /// A number or a character; what reads it says whether it is well formed.
    Int,
    /// Four decimal bytes with dots.
    Ip4,
    /// A string in double quotes.
    Str,
    /// Punctuation or an operator.
    Punct,
    /// What is no token; it has been reported.
    Bad,
    /// The end of a line that can end a statement.
    Newline,
    /// The end of the text.
    Eof,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its kind.
    pub kind: Kind,
    /// Its place.
    pub span: Span,
}
