//! The names that things have in the text: each its own, however often a symbol's name occurs in the object.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use super::usable::Usable;
use crate::btf::{Btf, FuncLinkage, Kind, TypeId};
use crate::bytes::bytes;
use crate::escape::escape;
use crate::expand::written;
use crate::object::{Address, Anchor, Data, Func, Object, Reloc, Symbol};
use crate::uapi::HelperId;

/// A name in the text, and whether it is not the symbol's.
#[derive(Debug)]
pub(crate) struct Name {
    /// As it is written: in backticks where it is no plain word.
    pub text: String,
    /// Whether ` as "SYMBOL"` must stand behind it where it is declared.
    pub renamed: bool,
}

/// The names of all that an object declares; numbers are those of its vectors.
#[derive(Debug)]
pub(crate) struct Names {
    pub maps: Vec<Name>,
    pub externs: Vec<Name>,
    pub funcs: Vec<Name>,
    /// Variables by section.
    pub vars: Vec<Vec<Name>>,
    /// For each data section which one of its name it is, from 1.
    pub sections: Vec<usize>,
    /// Types by the name that source would find them by; nothing where it could mean several.
    types: HashMap<String, Option<TypeId>>,
    /// Members of enums, by the name that source would find them by; nothing where it could mean several.
    constants: HashMap<String, Option<i128>>,
    /// Functions of the BTF, the first of each name.
    described: HashMap<String, TypeId>,
    /// Types that source can use.
    usable: Usable,
}

impl Names {
    pub fn new(object: &Object) -> Self {
        let mut taken = HashMap::new();
        let mut name = |symbol: &str, kind: &str| unique(symbol, kind, &mut taken);
        let mut same: HashMap<&str, usize> = HashMap::new();
        let mut sections = Vec::with_capacity(object.data.len());
        for data in &object.data {
            let number = same.entry(&data.name).or_default();
            *number += 1;
            sections.push(*number);
        }
        let mut names = Self {
            maps: object.maps.iter().map(|m| name(&m.name, "map")).collect(),
            externs: object.externs.iter().map(|e| name(&e.name, "extern")).collect(),
            funcs: object.funcs.iter().map(|f| name(&f.name, "func")).collect(),
            vars: object.data.iter().map(|d| d.vars.iter().map(|v| name(&v.name, "var")).collect()).collect(),
            sections,
            types: types(&object.btf),
            constants: HashMap::new(),
            described: HashMap::new(),
            usable: Usable::default(),
        };
        for (id, ty) in object.btf.iter() {
            match &ty.kind {
                Kind::Func { linkage, .. } if *linkage != FuncLinkage::EXTERN => {
                    names.described.entry(ty.name.to_string()).or_insert(id);
                }
                Kind::Enum { values, signed, .. } | Kind::Enum64 { values, signed, .. } => {
                    for value in values {
                        names.add_constant(&value.name, value.number(*signed));
                    }
                }
                _ => {}
            }
        }
        taken.keys().for_each(|name| names.hide(name));
        names
    }

    /// Source finds something else than a type or a member of an enum by that name.
    fn hide(&mut self, name: &str) {
        if let Some(only) = self.types.get_mut(name) {
            *only = None;
        }
        if let Some(only) = self.constants.get_mut(name) {
            *only = None;
        }
    }

    /// Takes a member of an enum. Where there is a type of that name, source may mean either.
    fn add_constant(&mut self, name: &str, number: i128) {
        let both = self.types.get_mut(name).map(|only| *only = None).is_some();
        let only = self.constants.entry(name.to_string()).or_insert(Some(number));
        if both || *only != Some(number) {
            *only = None;
        }
    }

    /// The number that source finds by the name of an enum's member.
    pub fn constant(&self, name: &str) -> Option<i128> {
        self.constants.get(name).copied().flatten()
    }

    /// Whether source can use a type: not where it is odd.
    pub fn is_usable(&self, btf: &Btf, id: TypeId) -> bool {
        self.usable.is(btf, id)
    }

    /// ` btf #12` where a function's FUNC is not the one of its name.
    pub fn described(&self, func: &Func) -> String {
        match func.btf {
            btf if btf == self.described.get(&func.name).copied() => String::new(),
            btf => format!(" btf #{}", btf.unwrap_or(TypeId::VOID).0),
        }
    }

    /// Whether source finds this type, and no other, by that name.
    pub fn is_only_type(&self, name: &str, id: TypeId) -> bool {
        self.types.get(name) == Some(&Some(id))
    }

    /// What a reference names, as an expression.
    pub fn symbol(&self, object: &Object, symbol: Symbol) -> String {
        match symbol {
            Symbol::Map(index) => self.maps[index].text.clone(),
            Symbol::Func(index) => self.funcs[index].text.clone(),
            Symbol::Extern(index) => self.externs[index].text.clone(),
            Symbol::Unknown => "?".into(),
            Symbol::Data(section, offset) => self.place(&object.data[section], section, offset),
        }
    }

    /// A place in a data section: from the variable that covers it, or else from the start of the section.
    fn place(&self, data: &Data, section: usize, offset: u32) -> String {
        let (from, at) = match covering(data, offset) {
            Some(var) => (self.vars[section][var].text.clone(), data.vars[var].offset),
            None => (self.section(data, section), 0),
        };
        beside(from, (offset - at).into())
    }

    /// `section(".rodata")`, or the second one of this name.
    fn section(&self, data: &Data, section: usize) -> String {
        let name = quoted(&data.name);
        match self.sections[section] {
            1 => format!("section({name})"),
            number => format!("section({name}, {number})"),
        }
    }

    /// What stands in data where the address of something is.
    pub fn address(&self, object: &Object, address: &Address) -> String {
        match &address.reloc {
            Some(reloc) => self.reloc(object, Some(reloc), address.to),
            None => format!("&{}", self.symbol(object, address.to)),
        }
    }

    /// A relocation that a place does not get by what its text names.
    pub fn reloc(&self, object: &Object, reloc: Option<&Reloc>, to: Symbol) -> String {
        let mut text = String::from("@reloc");
        if reloc == Some(&Reloc::NONE) {
            text.push_str(" none");
        } else if let Some(reloc) = reloc {
            let kind = reloc.name().map_or_else(|| reloc.kind.to_string(), str::to_string);
            let _ = write!(text, " {kind} {}", self.anchor(object, reloc.base));
            if let Some(addend) = reloc.addend {
                let sign = if addend < 0 { '-' } else { '+' };
                let _ = write!(text, " {sign} {}", addend.unsigned_abs());
            }
            if reloc.within != 0 {
                let _ = write!(text, " within {}", reloc.within);
            }
        }
        if to != Symbol::Unknown {
            let _ = write!(text, " to {}", self.symbol(object, to));
        }
        text
    }

    /// What a relocation counts from.
    fn anchor(&self, object: &Object, anchor: Anchor) -> String {
        match anchor {
            Anchor::Nothing => "0".into(),
            Anchor::Func(index) => self.funcs[index].text.clone(),
            Anchor::Label(index, label) => format!("alias({}, {label})", self.funcs[index].text),
            Anchor::Var(section, var) => self.vars[section][var].text.clone(),
            Anchor::Map(index) => self.maps[index].text.clone(),
            Anchor::Extern(index) => self.externs[index].text.clone(),
            Anchor::Code(index) => format!("section({})", self.funcs[index].text),
            Anchor::Data(section) => self.section(&object.data[section], section),
            Anchor::Maps(index) => format!("section({})", self.maps[index].text),
        }
    }
}

/// A place so many bytes behind another.
pub(super) fn beside(place: String, distance: i64) -> String {
    match distance {
        0 => place,
        n if n < 0 => format!("{place} - {}", n.unsigned_abs()),
        n => format!("{place} + {n}"),
    }
}

/// The variable whose bytes a place is one of; of several the one that begins last.
pub(crate) fn covering(data: &Data, offset: u32) -> Option<usize> {
    let after = data.vars.partition_point(|v| v.offset <= offset);
    // Variables do not overlap but in odd files, so few are looked at.
    let near = after.saturating_sub(8)..after;
    near.rev().find(|i| {
        let var = &data.vars[*i];
        offset - var.offset < var.size.max(1)
    })
}

fn types(btf: &Btf) -> HashMap<String, Option<TypeId>> {
    use Kind::{Enum, Enum64, Fwd, Struct, Typedef, Union};
    let mut types = HashMap::new();
    for (id, ty) in btf.iter().filter(|(_, ty)| !ty.name.is_empty()) {
        if matches!(
            ty.kind,
            Struct { .. } | Union { .. } | Enum { .. } | Enum64 { .. } | Typedef(_) | Fwd { .. }
        ) {
            types.entry(ty.name.to_string()).and_modify(|only| *only = None).or_insert(Some(id));
        }
    }
    types
}

/// A name that nothing else has. `taken` has the names, and the last number behind each that was asked for twice.
fn unique(symbol: &str, kind: &str, taken: &mut HashMap<String, usize>) -> Name {
    let base = if word(symbol).is_some() { symbol } else { kind };
    let mut name = base.to_string();
    // A helper's name would be called in its stead.
    let mut is_free = base == symbol && HelperId::from_name(base).is_none();
    while !is_free || taken.contains_key(&name) {
        let number = taken.entry(base.to_string()).or_insert(1);
        *number += 1;
        name = format!("{base}__{number}");
        is_free = true;
    }
    taken.insert(name.clone(), 1);
    Name { text: written(&name).into_owned(), renamed: name != symbol }
}

/// A name as it is written: in backticks where it is no plain word. None where these cannot hold it.
pub(super) fn word(name: &str) -> Option<Cow<'_, str>> {
    let plain = !name.is_empty() && !name.contains('`') && escape(&bytes(name)) == name;
    plain.then(|| written(name))
}

/// A string with its quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(&bytes(text)))
}
