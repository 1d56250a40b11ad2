//! Lints: what is allowed, but probably not meant. [`Levels`] says which are told, and [`check`] tells them. Each
//! warning is a lint's, found by its code.

mod graph;
mod helper;
mod paths;
mod state;

use std::collections::HashSet;
use std::fmt::Write;

use crate::diag::{Diagnostic, Diagnostics, Sources, Span, code};
use crate::expand::{PlainFunc, Program};
use crate::object::{Ref, Symbol};

/// A lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lint {
    /// Its name, as `--allow` takes it.
    pub name: &'static str,
    /// The code of its warnings.
    pub code: &'static str,
    /// What becomes of them if nobody says otherwise.
    pub default: Level,
    /// One line: what it is about.
    pub doc: &'static str,
}

/// What becomes of a lint's warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// They are not told.
    Allow,
    /// They are told.
    Warn,
    /// They are errors.
    Deny,
}

impl Level {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Allow => "allow",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }
}

macro_rules! lints {
    ($($name:literal $code:ident $level:ident $doc:literal)*) => {
        /// All lints, by code.
        pub const LINTS: &[Lint] =
            &[$(Lint { name: $name, code: code::$code, default: Level::$level, doc: $doc }),*];
    };
}

lints! {
    "byte-order"        HOST_ORDER      Warn  "a number in host order meets one in network order"
    "no-kernel"         FORM            Warn  "an instruction that no kernel takes from a program"
    "write-r10"         READ_ONLY       Warn  "r10, the frame pointer, is written"
    "wild-jump"         TARGET          Warn  "a jump by a distance leads to where no instruction begins"
    "fall-off"          FALL_OFF        Warn  "control runs off the end of a function"
    "called-program"    CALL            Warn  "a program is called, which no loader fills in"
    "user-warning"      WARNED          Warn  "the source itself warns, by `@warning`"
    "unknown-section"   SECTION         Warn  "no program type belongs to a section"
    "rewritten"         LISTING_REWRITTEN  Warn "a listing shows instructions as the kernel rewrote them"
    "hidden-relocation" LISTING_RELOCATION Warn "a listing without relocations may leave out what an address is"
    "lossy-text"        LISTING_LOSSY   Warn  "a listing without bytes shows what a tool prints for several instructions"
    "unfinished"        LISTING_END     Warn  "a listing ends before the program that it shows"
    "changed-immediate" GAS_IMMEDIATE   Warn  "an immediate in text for other assemblers is another number to its instruction"
    "ambiguous-text"    GAS_AMBIGUOUS   Warn  "a `.s` file has text that assemblers read in different ways"
    "uninit-register"   UNINIT          Warn  "a register is read that nothing has written"
    "unset-result"      UNSET_RESULT    Warn  "r0 is not set where a program ends"
    "null-pointer"      NULL_POINTER    Warn  "what a helper gave is used without a look whether it is null"
    "packet-bounds"     PACKET_BOUNDS   Warn  "packet data is used without a comparison with its end"
    "unreachable"       UNREACHABLE     Warn  "no path leads to an instruction"
    "stack-bounds"      STACK_BOUNDS    Warn  "an access outside of the 512 bytes below r10"
    "unwritten-stack"   UNWRITTEN_STACK Warn  "bytes of the stack are read that nothing writes"
    "shift-width"       SHIFT_WIDTH     Warn  "a shift by as many bits as the register has, or more"
    "zero-division"     ZERO_DIVISION   Warn  "a division by the constant 0"
    "endless-loop"      ENDLESS_LOOP    Warn  "a loop that nothing leaves"
    "unused-label"      UNUSED_LABEL    Warn  "a label that nothing jumps to"
    "unused-import"     UNUSED_IMPORT   Warn  "an import of which nothing is used"
    "unused-macro"      UNUSED_MACRO    Warn  "a macro that nothing uses"
    "unused-func"       UNUSED_FUNC     Warn  "a function that nothing calls"
    "unused-map"        UNUSED_MAP      Allow "a map that no instruction names"
    "unused-variable"   UNUSED_VARIABLE Allow "a variable that no instruction names"
    "gpl-helper"        GPL_HELPER      Warn  "a helper for GPL-compatible programs in one of another licence"
    "wrong-helper"      WRONG_HELPER    Warn  "a helper that programs of this type do not have"
    "old-helper"        OLD_HELPER      Allow "a helper that newer ones have replaced"
    "collection"        COLLECTION      Warn  "a list, tree or node that the kernel refuses without a word"
}

impl Lint {
    /// The lint of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Lint> {
        LINTS.iter().find(|lint| lint.name == name)
    }

    /// The lint whose warnings have this code.
    #[must_use]
    pub fn of_warning(code: &str) -> Option<&'static Lint> {
        LINTS.iter().find(|lint| lint.code == code)
    }
}

/// The level of each lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels([Level; LINTS.len()]);

impl Default for Levels {
    fn default() -> Self {
        Self(std::array::from_fn(|at| LINTS[at].default))
    }
}

impl Levels {
    /// Names that stand for more than one lint: every one, and those that are at `warn` when all else is done.
    pub const GROUPS: [&str; 2] = ["all", "warnings"];

    /// Sets levels: those of `all` first, then those of single lints, then `warnings`, so that the order of the words
    /// does not matter.
    ///
    /// # Errors
    /// The first name that no lint has.
    pub fn set<'a>(&mut self, words: &[(Level, &'a str)]) -> Result<(), &'a str> {
        for (level, _) in words.iter().filter(|(_, name)| *name == "all") {
            self.0.fill(*level);
        }
        for (level, name) in words.iter().filter(|(_, name)| !Self::GROUPS.contains(name)) {
            let at = LINTS.iter().position(|lint| lint.name == *name).ok_or(*name)?;
            self.0[at] = *level;
        }
        for (level, _) in words.iter().filter(|(_, name)| *name == "warnings") {
            self.0.iter_mut().filter(|l| **l == Level::Warn).for_each(|l| *l = *level);
        }
        Ok(())
    }

    /// The level of a lint.
    #[must_use]
    pub fn get(&self, lint: &Lint) -> Level {
        LINTS.iter().position(|l| l == lint).map_or(lint.default, |at| self.0[at])
    }
}

/// The lints as a table for SPEC.md.
#[must_use]
pub fn markdown() -> String {
    let mut table = String::from("| lint | code | at first | about |\n|---|---|---|---|\n");
    for lint in LINTS {
        let _ =
            writeln!(table, "| `{}` | {} | {} | {} |", lint.name, lint.code, lint.default.name(), lint.doc);
    }
    table
}

/// The places of a word in a text.
pub(crate) fn mentions<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !before.is_some_and(letter) && !bytes.get(at + word.len()).is_some_and(letter)
    })
}

/// How many instructions a program may have at all (`BPF_COMPLEXITY_LIMIT_INSNS`).
const MOST: usize = 1_000_000;

/// Looks at the functions of a program that is sound.
pub fn check(program: &Program, sources: &Sources, diagnostics: &mut Diagnostics) {
    let size = |map: &crate::expand::PlainMap| map.key.map_or(0, |key| program.types.size(key));
    let maps: Vec<_> = program.maps.iter().map(|map| (map.kind, size(map))).collect();
    let addresses = |func: &PlainFunc| {
        let address = |named: &Ref| match named.to {
            Symbol::Func(callback)
                if func.insns.code().get(named.insn).is_some_and(|insn| insn.hi.is_some()) =>
            {
                Some(callback)
            }
            _ => None,
        };
        func.refs.iter().filter_map(address).collect::<Vec<_>>()
    };
    let callbacks: HashSet<usize> = program.funcs.iter().flat_map(addresses).collect();
    // What a macro does is told for its first use.
    let mut told: HashSet<(Span, String)> = HashSet::new();
    let checked = |func: &PlainFunc| !func.unchecked && (1..=MOST).contains(&func.insns.len());
    for (index, func) in program.funcs.iter().enumerate().filter(|(_, func)| checked(func)) {
        let callback = callbacks.contains(&index);
        let around = paths::Around { program, maps: &maps, license: program.license.as_deref(), callback };
        let unused = func.labels.iter().filter(|label| !label.used && !label.name.starts_with('_'));
        for label in unused.take(Diagnostics::MOST) {
            // What an `@if` has left out may name it.
            let text = &sources.get(label.span.file).text;
            let body = text.get(func.span.start as usize..func.end.end as usize).unwrap_or(text);
            if mentions(body, &label.name).nth(1).is_some() {
                continue;
            }
            let message = format!("nothing jumps to `{}`", label.name);
            diagnostics.push(Diagnostic::warning(code::UNUSED_LABEL, message, label.span));
        }
        for (at, diagnostic) in paths::check(func, around) {
            let chain = at.and_then(|at| func.insns.places()[at].chain);
            if chain.is_some() && !told.insert((diagnostic.primary.span, diagnostic.message.clone())) {
                continue;
            }
            let (expansion, _) = program.expansion(chain, sources);
            diagnostics.push(Diagnostic { expansion, ..diagnostic });
        }
    }
}
