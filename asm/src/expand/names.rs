//! What a name means.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::given::Index;
use super::imports::Imported;
use super::{Expander, Reported, library};
use crate::diag::{Diagnostic, Diagnostics, FileId, Help, Source, Sources, Span, code, nearest};
use crate::hash::Seeded;
use crate::lang::ast::{
    Alias, Const, ConstFn, Content, DataSymbol, Enum, Extern, Func, Item, ItemKind, Macro, Map, Param,
    Struct, Var,
};
use crate::lang::words;
use crate::sort::Sort;

/// A declaration that has a name. Numbers are indices in source order among the user's declarations.
#[derive(Debug, Clone, Copy)]
pub(super) enum Def<'a> {
    Const(&'a Const),
    ConstFn(&'a ConstFn),
    Param(&'a Param),
    Struct(&'a Struct),
    Enum(&'a Enum),
    /// A member of an enum, by its place there.
    Member(&'a Enum, usize),
    Alias(&'a Alias),
    /// A type that is taken from BTF.
    Imported(&'a Imported<'a>),
    /// A member of such an enum, by its place there.
    ImportedMember(&'a Imported<'a>, usize),
    Map(usize, &'a Map),
    Var(&'a Var),
    /// A symbol of a `section` block.
    Symbol(&'a DataSymbol),
    Func(usize, &'a Func),
    Extern(usize, &'a Extern),
    Macro(&'a Macro),
}

impl Def<'_> {
    pub(super) fn name(&self) -> Span {
        match self {
            Def::Const(d) => d.name,
            Def::ConstFn(d) => d.name,
            Def::Param(d) => d.name,
            Def::Struct(d) => d.name,
            Def::Enum(d) => d.name,
            Def::Member(d, index) => d.values[*index].0,
            Def::Alias(d) => d.name,
            Def::Imported(d) | Def::ImportedMember(d, _) => d.name,
            Def::Map(_, d) => d.name,
            Def::Var(d) => d.name,
            Def::Symbol(d) => d.name,
            Def::Func(_, d) => d.name,
            Def::Extern(_, d) => d.name,
            Def::Macro(d) => d.name,
        }
    }

    /// Whether it can stand where a type is wanted.
    pub(super) fn is_type(&self) -> bool {
        matches!(self, Def::Struct(_) | Def::Enum(_) | Def::Alias(_) | Def::Imported(_))
    }

    /// What a person calls such a thing.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Def::Const(_) => "a constant",
            Def::ConstFn(_) => "a function of constants",
            Def::Param(_) => "a parameter",
            Def::Struct(d) if d.union => "a union",
            Def::Struct(_) => "a struct",
            Def::Enum(_) => "an enum",
            Def::Member(..) | Def::ImportedMember(..) => "a member of an enum",
            Def::Imported(_) => "an imported type",
            Def::Alias(_) => "a type",
            Def::Map(..) => "a map",
            Def::Var(d) if d.config => "a config variable",
            Def::Var(_) => "a global variable",
            Def::Symbol(_) => "a variable",
            Def::Func(_, d) if d.section.is_some() => "a program",
            Def::Func(..) => "a function",
            Def::Extern(_, d) => d.kind.describe(),
            Def::Macro(_) => "a macro",
        }
    }
}

/// How many words of lines that could not be understood are known.
const MOST_BROKEN: usize = 100_000;

/// The names of the user's files, and those of the library. A user's name hides the library's, but not from
/// the library itself, so its macros mean the same everywhere.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    /// Maps, functions and externs so far.
    maps: usize,
    funcs: usize,
    externs: usize,
    user: Table<'a>,
    library: Table<'a>,
    /// What the `btf` block has, where nothing else has that name.
    given: Table<'a>,
    library_files: Vec<bool>,
    /// Macros have a name space of their own: `name!`.
    user_macros: Table<'a>,
    library_macros: Table<'a>,
    /// Words on lines that could not be understood.
    broken: HashSet<&'a str>,
    /// Whether an import failed.
    pub(super) incomplete: bool,
}

/// Declarations by name, and whether somebody asked for each.
type Table<'a> = HashMap<&'a str, (Def<'a>, Cell<bool>), Seeded>;

/// Words that mean something where a name may stand.
pub(super) fn is_word(name: &str) -> bool {
    let register = |prefix| name.strip_prefix(prefix).is_some_and(|n: &str| n.parse::<u8>().is_ok());
    words::RESERVED.contains(&name) || register('r') || register('w')
}

/// `s` is part of operators such as `s>`, none of which stands behind a view: `s->field`.
pub(super) fn may_be_view(word: &str) -> bool {
    word == "s"
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Names that the language has taken: a view may be named like a type, nothing else may.
fn is_taken(name: &str) -> bool {
    is_word(name) || super::types::BUILTINS.iter().any(|b| b.name == name)
}

/// A name as it is written: in backticks where it is no plain word, or one with a meaning.
pub(crate) fn written(name: &str) -> Cow<'_, str> {
    let plain = name.chars().all(is_letter) && !name.starts_with(|c: char| c.is_ascii_digit());
    match plain && !is_taken(name) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("`{name}`")),
    }
}

impl<'a> Names<'a> {
    /// No names yet.
    fn new(sources: &Sources) -> Self {
        Self { library_files: sources.iter().map(Source::is_library).collect(), ..Self::default() }
    }

    /// Gathers the names of declarations.
    pub(super) fn gather(sources: &'a Sources, items: &[&'a Item], diagnostics: &mut Diagnostics) -> Self {
        let mut names = Self::new(sources);
        items.iter().for_each(|item| names.add(sources, item, diagnostics));
        names
    }

    /// Adds the name of a declaration.
    pub(super) fn add(&mut self, sources: &'a Sources, item: &'a Item, diagnostics: &mut Diagnostics) {
        let def = match &item.kind {
            ItemKind::License(_)
            | ItemKind::Import(_)
            | ItemKind::ImportBtf(_)
            | ItemKind::Btf(_)
            | ItemKind::Dialect(_)
            | ItemKind::Cpu(_)
            | ItemKind::Endian(_)
            | ItemKind::Version(_)
            | ItemKind::Control(_)
            | ItemKind::Define(_) => return,
            ItemKind::Broken(lines) => {
                let words = lines.iter().flat_map(|line| sources.slice(*line).split(|c| !is_letter(c)));
                return self.broken.extend(words.take(MOST_BROKEN));
            }
            ItemKind::NotImported => {
                self.incomplete = true;
                return;
            }
            ItemKind::Const(d) => Def::Const(d),
            ItemKind::ConstFn(d) => Def::ConstFn(d),
            ItemKind::Param(d) => Def::Param(d),
            ItemKind::Struct(d) => Def::Struct(d),
            ItemKind::Enum(d) => {
                for index in 0..d.values.len() {
                    self.define(sources, Def::Member(d, index), diagnostics);
                }
                if !d.named {
                    return;
                }
                Def::Enum(d)
            }
            ItemKind::Section(d) => {
                for (_, content) in &d.lines {
                    if let Content::Symbol(symbol) = content {
                        self.define(sources, Def::Symbol(symbol), diagnostics);
                    }
                }
                return;
            }
            ItemKind::Alias(d) => Def::Alias(d),
            ItemKind::Macro(d) => Def::Macro(d),
            ItemKind::Map(d) => {
                self.maps += 1;
                Def::Map(self.maps - 1, d)
            }
            ItemKind::Var(d) => Def::Var(d),
            ItemKind::Func(d) => {
                self.funcs += 1;
                Def::Func(self.funcs - 1, d)
            }
            ItemKind::Extern(d) => {
                self.externs += 1;
                Def::Extern(self.externs - 1, d)
            }
        };
        self.define(sources, def, diagnostics);
    }

    /// Adds the names of types that are taken from BTF.
    pub(super) fn import(
        &mut self,
        sources: &'a Sources,
        imports: &'a [Imported<'a>],
        diagnostics: &mut Diagnostics,
    ) {
        for import in imports {
            // A constant has no type.
            if import.found.is_some() || import.values.is_empty() {
                self.define(sources, Def::Imported(import), diagnostics);
            }
            for (index, (name, _)) in import.values.iter().enumerate() {
                self.define_as(name, Def::ImportedMember(import, index), diagnostics);
            }
        }
    }

    /// Adds the types of a `btf` block, and the members of its enums.
    pub(super) fn describe(&mut self, given: &'a Index<'a>) {
        for named in &given.named {
            if !named.text.is_empty() {
                self.given.entry(named.text).or_insert((Def::Imported(named), Cell::default()));
            }
            for (index, (name, _)) in named.values.iter().enumerate() {
                self.given.entry(name).or_insert((Def::ImportedMember(named, index), Cell::default()));
            }
        }
    }

    fn define(&mut self, sources: &'a Sources, def: Def<'a>, diagnostics: &mut Diagnostics) {
        self.define_as(sources.slice(def.name()), def, diagnostics);
    }

    fn define_as(&mut self, word: &'a str, def: Def<'a>, diagnostics: &mut Diagnostics) {
        let (text, span) = (words::bare(word), def.name());
        let function = matches!(def, Def::ConstFn(_)) && words::FUNCTIONS.contains(&word);
        if (is_taken(word) || function) && !matches!(def, Def::Macro(_)) {
            let message = format!("`{text}` cannot name {}", def.what());
            let d = Diagnostic::error(code::RESERVED, message, span);
            diagnostics.push(d.note("the language gives this name a meaning already"));
        }
        let table = match (def, self.in_library(span.file)) {
            (Def::Macro(_), false) => &mut self.user_macros,
            (Def::Macro(_), true) => &mut self.library_macros,
            (_, false) => &mut self.user,
            (_, true) => &mut self.library,
        };
        if let Some((first, _)) = table.get(text) {
            // The name of a struct may be declared before the struct, or without it.
            match (first, def) {
                (_, Def::Struct(Struct { fields: None, .. })) if matches!(first, Def::Struct(_)) => return,
                (Def::Struct(Struct { fields: None, .. }), Def::Struct(_)) => {
                    table.insert(text, (def, Cell::default()));
                    return;
                }
                _ => {}
            }
            let d = Diagnostic::error(code::DUPLICATE, format!("`{text}` is defined twice"), span);
            diagnostics
                .push(d.label("again here").also(first.name(), format!("{} of that name", first.what())));
            return;
        }
        table.insert(text, (def, Cell::default()));
    }

    /// Whether a name stands on a line that could not be understood, and so is perhaps declared there.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        !self.broken.is_empty() && self.broken.contains(name.trim_matches(|c| !is_letter(c)))
    }

    fn in_library(&self, file: FileId) -> bool {
        self.library_files.get(file.0 as usize).copied().unwrap_or(false)
    }

    /// What a name means where it stands in that file.
    pub(super) fn get(&self, name: &str, file: FileId) -> Option<Def<'a>> {
        let of_user = !self.in_library(file);
        let user = self.user.get(name).filter(|_| of_user);
        let given = || self.given.get(name).filter(|_| of_user);
        let (def, used) = user.or_else(|| self.library.get(name)).or_else(given)?;
        used.set(true);
        Some(*def)
    }

    /// The declarations that somebody asked for, by the places of their names.
    pub(super) fn used(&self) -> HashSet<Span> {
        let tables = [&self.user, &self.library, &self.given, &self.user_macros, &self.library_macros];
        let used = tables.into_iter().flat_map(HashMap::values).filter(|(_, used)| used.get());
        used.map(|(def, _)| def.name()).collect()
    }

    /// The struct or union of that name.
    pub(super) fn structure(&self, name: &str, file: FileId) -> Option<&'a Struct> {
        match self.get(name, file)? {
            Def::Struct(s) => Some(s),
            _ => None,
        }
    }

    /// The macro of that name.
    pub(super) fn macro_named(&self, name: &str, file: FileId) -> Option<&'a Macro> {
        let user = if self.in_library(file) { None } else { self.user_macros.get(name) };
        match user.or_else(|| self.library_macros.get(name))? {
            (Def::Macro(m), used) => {
                used.set(true);
                Some(m)
            }
            _ => None,
        }
    }

    /// The names of functions of constants, sorted.
    pub(super) fn functions(&self) -> Vec<&'a str> {
        let all = self.user.iter().chain(&self.library);
        let mut names: Vec<&str> =
            all.filter(|(_, (def, _))| matches!(def, Def::ConstFn(_))).map(|(name, _)| *name).collect();
        names.order();
        names
    }

    /// The names of parameters of the user's files, sorted.
    pub(super) fn params(&self) -> Vec<&'a str> {
        let params = self.user.iter().filter(|(_, (def, _))| matches!(def, Def::Param(_)));
        let mut names: Vec<&str> = params.map(|(name, _)| *name).collect();
        names.order();
        names
    }

    /// All names of the library with their places.
    pub(super) fn places(&self) -> impl Iterator<Item = (&'a str, Span)> {
        self.library.iter().chain(&self.library_macros).map(|(name, (def, _))| (*name, def.name()))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &'a str> {
        self.user.keys().chain(self.library.keys()).chain(self.given.keys()).copied()
    }

    pub(super) fn macros(&self) -> impl Iterator<Item = &'a str> {
        self.user_macros.keys().chain(self.library_macros.keys()).copied()
    }
}

/// What takes the place of a name that people know from C.
fn of_c(name: &str) -> Option<&'static str> {
    Some(match name {
        "__u8" | "uint8_t" => "u8",
        "__u16" | "uint16_t" => "u16",
        "__u32" | "uint32_t" | "unsigned" | "uint" => "u32",
        "__u64" | "uint64_t" | "size_t" => "u64",
        "__s8" | "int8_t" => "s8",
        "__s16" | "int16_t" | "short" => "s16",
        "__s32" | "int32_t" | "int" => "s32",
        "__s64" | "int64_t" | "long" => "s64",
        "__be16" => "be16",
        "__be32" => "be32",
        "__be64" => "be64",
        "NULL" => "0",
        "sp" => "r10",
        _ => return None,
    })
}

impl<'a> Expander<'a> {
    /// Reports a name that nothing has, with the nearest one or the import that is missing; `also` gives names that
    /// may be near.
    pub(super) fn unknown(
        &mut self,
        what: &str,
        span: Span,
        also: impl FnOnce(&Self) -> Vec<&'a str>,
    ) -> Reported {
        let text = self.text(span);
        if let Some(def) = self.names.get(text, span.file).filter(|_| what != "macro") {
            return self.wrong_kind(span, def.what(), &format!("a {what}"));
        }
        let mut d = Diagnostic::error(code::UNKNOWN, format!("unknown {what} `{text}`"), span);
        // In a macro that is used a million times, looking for similar names is what takes long.
        if self.chain.is_some() && self.reported.contains(&self.mistake(&d)) {
            return self.mistaken();
        }
        if self.diagnostics.is_full() {
            return self.error(d);
        }
        if self.scopes().any(|frame| frame.arg(text).is_some()) {
            return self.error(d.suggest("a parameter is named with `$`", span, format!("${text}")));
        }
        // In backticks it is a name that the file itself declares.
        let quoted = self.word(span) != text;
        if let Some(ours) = of_c(text).filter(|_| !quoted) {
            return self.error(d.suggest(format!("what C calls so is `{ours}` here"), span, ours));
        }
        let near = |candidates: Vec<&str>| {
            let mut sorted = candidates;
            sorted.order();
            nearest(text, sorted).map(str::to_string)
        };
        let known: Vec<&str> =
            if what == "macro" { self.names.macros().collect() } else { self.names.all().collect() };
        if quoted {
            return self.error(match near(known) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), span, written(&near)),
                None => d,
            });
        }
        let import = |module: &str| match self.import_place {
            Some(place) => (place.after(), format!("\nimport \"{module}\"")),
            None => (Span { start: 0, end: 0, file: span.file }, format!("import \"{module}\"\n")),
        };
        if let Some(module) = library::defining_a(what, text) {
            // An import that failed may be the one; of one that is missing, one name is told.
            if self.names.incomplete || self.suggested.contains(&module) {
                return self.mistaken();
            }
            self.suggested.push(module);
            let (place, line) = import(module);
            d = d.suggest(format!("it is part of the library's module `{module}`"), place, line);
        } else if let Some(near) = near(also(self).into_iter().chain(known).collect()) {
            // Registers and types of the language are among them.
            let meant = if is_taken(&near) { near.clone() } else { written(&near).into_owned() };
            d = d.suggest(format!("did you mean `{near}`?"), span, meant);
        } else if self.names.incomplete {
            return self.mistaken();
        } else if let Some(near) = near(library::names(what).collect())
            && let Some(module) = library::defining_a(what, &near)
        {
            let message = format!("did you mean `{near}`, of the library's module `{module}`?");
            d.help.push(Help { message, edits: vec![import(module), (span, near)] });
        }
        self.error(d)
    }
}
