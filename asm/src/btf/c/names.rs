//! Names that C has, and names that are free.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Blob, Entry, FUNC, TypeId, View};
use crate::btf::IntEncoding;
use crate::hash::Seeded;

/// A space of names: each is given once.
#[derive(Debug, Default)]
pub(super) struct Space<'a> {
    /// The names, and how often each has been asked for.
    used: HashMap<Cow<'a, str>, u32, Seeded>,
}

impl<'a> Space<'a> {
    /// A name that nothing else has: the one that is wanted, or that with a suffix.
    pub fn unique(&mut self, name: &'a str) -> Cow<'a, str> {
        let wanted = identifier(name);
        let is_reserved = is_word(&wanted);
        let count = self.used.entry(wanted.clone()).or_insert(u32::from(is_reserved));
        *count += 1;
        if *count == 1 {
            return wanted;
        }
        loop {
            let count = self.used.entry(wanted.clone()).or_insert(1);
            let other = format!("{wanted}___{count}");
            *count += 1;
            if !self.used.contains_key(other.as_str()) {
                self.used.insert(Cow::Owned(other.clone()), 1);
                return Cow::Owned(other);
            }
        }
    }
}

/// The names of all types.
#[derive(Debug)]
pub(super) struct Names<'a> {
    blob: &'a Blob<'a>,
    /// Of typedefs and enumerators.
    pub ordinary: Space<'a>,
    /// What is not called what BTF calls it.
    changed: HashMap<TypeId, Cow<'a, str>, Seeded>,
    /// The struct or union that a forward declaration means.
    meant: HashMap<TypeId, TypeId, Seeded>,
}

impl<'a> Names<'a> {
    pub fn new(blob: &'a Blob<'a>) -> Self {
        let (changed, meant) = (HashMap::default(), HashMap::default());
        let mut names = Self { blob, ordinary: Space::default(), changed, meant };
        let mut tags = Space::default();
        // The first struct and the first union of a name.
        let mut first: HashMap<(bool, &str), TypeId, Seeded> = HashMap::default();
        let mut forwards = vec![];
        let ids = (1..=u32::try_from(blob.len()).unwrap_or(u32::MAX)).map(TypeId);
        // Functions and their prototypes are most of a kernel's types.
        let named = ids.filter(|id| matches!(blob.kind(*id), (kind, true) if kind != FUNC));
        for (id, ty) in named.filter_map(|id| Some((id, blob.get(id)?))) {
            let name = blob.name(ty.name());
            let given = match ty.view() {
                View::Record { is_union, .. } => {
                    first.entry((is_union, name)).or_insert(id);
                    tags.unique(name)
                }
                View::Enum { .. } => tags.unique(name),
                View::Fwd { is_union } => {
                    forwards.push((id, is_union, name));
                    continue;
                }
                View::Typedef(_) => names.ordinary.unique(name),
                View::Int { .. } | View::Float { .. } if needs_typedef(blob, &ty) => {
                    names.ordinary.unique(name)
                }
                _ => continue,
            };
            if given != name {
                names.changed.insert(id, given);
            }
        }
        for (id, union, name) in forwards {
            let meant = *first.entry((union, name)).or_insert(id);
            if meant == id {
                let given = tags.unique(name);
                if given != name {
                    names.changed.insert(id, given);
                }
            } else {
                names.meant.insert(id, meant);
            }
        }
        names
    }

    /// What a type is called.
    pub fn of(&self, id: TypeId, ty: &Entry) -> &str {
        self.changed.get(&id).map_or_else(|| self.blob.name(ty.name()), AsRef::as_ref)
    }

    /// The type that is declared with a struct, union or forward declaration.
    pub fn meant(&self, id: TypeId) -> TypeId {
        self.meant.get(&id).copied().unwrap_or(id)
    }
}

/// Whether C has no number of this name and size.
pub(super) fn needs_typedef(blob: &Blob, ty: &Entry) -> bool {
    let name = blob.name(ty.name());
    match ty.view() {
        _ if name.is_empty() => false,
        View::Int { size, .. } => number_size(name) != Some(size),
        View::Float { size } => !matches!((name, size), ("float", 4) | ("double", 8)),
        _ => false,
    }
}

/// The size on eBPF of an integer that is called so.
fn number_size(name: &str) -> Option<u32> {
    let has = |word: &str| name.split(' ').any(|w| w == word);
    let known = ["char", "short", "int", "long", "signed", "unsigned", "_Bool", "__int128"];
    if !name.split(' ').all(|word| known.contains(&word)) {
        return None;
    }
    Some(match () {
        () if has("char") || has("_Bool") => 1,
        () if has("short") => 2,
        () if has("long") => 8,
        () if has("__int128") => 16,
        () => 4,
    })
}

/// A number of C with that size; bytes where C has none.
pub(super) fn number(size: u32, encoding: IntEncoding) -> Option<&'static str> {
    let is_signed = encoding.0 & IntEncoding::SIGNED.0 != 0;
    Some(match (size, is_signed) {
        (1, _) if encoding == IntEncoding::BOOL => "_Bool",
        (1, true) => "signed char",
        (1, false) => "unsigned char",
        (2, true) => "short",
        (2, false) => "unsigned short",
        (4, true) => "int",
        (4, false) => "unsigned int",
        (8, true) => "long long",
        (8, false) => "unsigned long long",
        (16, true) => "__int128",
        (16, false) => "unsigned __int128",
        _ => return None,
    })
}

/// The name of a member or parameter: the own one, made a name of C's.
pub(super) fn member(name: &str) -> Cow<'_, str> {
    if name.is_empty() {
        return Cow::Borrowed(name);
    }
    let name = identifier(name);
    if is_word(&name) { Cow::Owned(format!("{name}_")) } else { name }
}

/// What C takes as a name: all that it does not is `_`.
fn identifier(name: &str) -> Cow<'_, str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if name.is_empty() {
        return Cow::Borrowed("_");
    }
    let begins = |name: &str| name.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if name.bytes().all(fits) && !begins(name) {
        return Cow::Borrowed(name);
    }
    let fit = |c: char| if u8::try_from(c).is_ok_and(fits) { c } else { '_' };
    let start = if begins(name) { "_" } else { "" };
    Cow::Owned(start.chars().chain(name.chars().map(fit)).collect())
}

/// Words that are no names: those of C and of its compilers.
fn is_word(name: &str) -> bool {
    matches!(
        name,
        "auto"
            | "break"
            | "case"
            | "char"
            | "const"
            | "continue"
            | "default"
            | "do"
            | "double"
            | "else"
            | "enum"
            | "extern"
            | "float"
            | "for"
            | "goto"
            | "if"
            | "inline"
            | "int"
            | "long"
            | "register"
            | "restrict"
            | "return"
            | "short"
            | "signed"
            | "sizeof"
            | "static"
            | "struct"
            | "switch"
            | "typedef"
            | "union"
            | "unsigned"
            | "void"
            | "volatile"
            | "while"
            | "_Alignas"
            | "_Alignof"
            | "_Atomic"
            | "_Bool"
            | "_Complex"
            | "_Generic"
            | "_Imaginary"
            | "_Noreturn"
            | "_Static_assert"
            | "_Thread_local"
            | "asm"
            | "typeof"
            | "__asm"
            | "__asm__"
            | "__attribute"
            | "__attribute__"
            | "__inline"
            | "__inline__"
            | "__int128"
            | "__const"
            | "__restrict"
            | "__restrict__"
            | "__signed__"
            | "__volatile__"
            | "__typeof__"
            | "__extension__"
            | "_Float16"
            | "_Float32"
            | "_Float64"
            | "_Float128"
            | "__float128"
            | "__builtin_va_list"
            | "__int128_t"
            | "__uint128_t"
            | "_BitInt"
            | "__fp16"
            | "__bf16"
    )
}
