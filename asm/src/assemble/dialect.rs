//! Whose language a source text is in.

use crate::listing;

/// The language of a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The language of `SPEC.md`.
    Bpfasm,
    /// What `clang -S` prints and GNU's and LLVM's assemblers read: instructions and directives.
    Gas,
    /// The same for LLVM's assembler, where others would read it in another way.
    Llvm,
    /// The same for GNU as.
    Gnu,
    /// What other tools print of programs: objdump, bpftool, the verifier.
    Listing,
}

impl Dialect {
    /// The language of a text with this name. What looks like a listing is one, but in a `.s` file. Else names in `.s`
    /// and `.bpfasm` decide; of a text with another name, such as standard input, the first line does: a directive
    /// begins with a dot.
    #[must_use]
    pub fn detect(name: &str, text: &str) -> Self {
        let ends = |suffix: &str| name.to_ascii_lowercase().ends_with(suffix);
        if !ends(".s") && listing::detect(text) {
            return Self::Listing;
        }
        if ends(".bpfasm") {
            return Self::Bpfasm;
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let comment = |line: &&str| line.is_empty() || line.starts_with('#') || line.starts_with("//");
        let first = text.lines().map(str::trim).find(|line| !comment(line)).unwrap_or("");
        // `.label:` is a label in both languages, and says nothing.
        let directive = first.strip_prefix('.').is_some_and(|rest| {
            let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            rest.starts_with(|c: char| c.is_ascii_lowercase()) && !rest[word..].trim_start().starts_with(':')
        });
        if ends(".s") || directive { Self::Gas } else { Self::Bpfasm }
    }
}
