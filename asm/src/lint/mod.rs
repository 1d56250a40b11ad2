//! Lints: what is allowed, but probably not meant. Each warning is a lint's, found by its code.

use std::fmt::Write;

use crate::diag::code;

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
    "user-warning"      WARNED          Warn  "the source itself warns, by `@warning`"
    "unknown-section"   SECTION         Warn  "no program type belongs to a section"
    "rewritten"         LISTING_REWRITTEN  Warn "a listing shows instructions as the kernel rewrote them"
    "hidden-relocation" LISTING_RELOCATION Warn "a listing without relocations may leave out what an address is"
    "lossy-text"        LISTING_LOSSY   Warn  "a listing without bytes shows what a tool prints for several instructions"
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
