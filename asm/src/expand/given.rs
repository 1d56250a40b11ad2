//! What a `btf` block gives: the types of the object as they are, and which of them belongs to what.

use std::collections::{HashMap, HashSet};

use super::imported::BLOCK;
use super::imports::{Imported, numbers, rank};
use crate::btf::{self, Btf, FuncLinkage, Kind, SecInfo, TypeId, VarLinkage, raw};
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span, code};
use crate::lang::ast::{File, ItemKind};
use crate::object::{ExternKind, Map};
use crate::sort::Sort;

/// The types of a `btf` block, with their places.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) btf: Btf,
    /// The word in front.
    pub(super) word: Span,
    /// The first line of each type.
    places: Vec<Span>,
}

impl Given {
    /// Reads the block of the files; at most one has one.
    pub(super) fn read(
        sources: &Sources,
        files: &[(FileId, File)],
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let mut blocks = files.iter().flat_map(|(_, file)| &file.items).filter_map(|item| match item.kind {
            ItemKind::Btf(lines) => Some((Span { end: item.span.start + 3, ..item.span }, lines)),
            _ => None,
        });
        let (word, lines) = blocks.next()?;
        for (again, _) in blocks {
            let d = Diagnostic::error(code::BLOCK, "there is a `btf` block already", again);
            diagnostics.push(d.also(word, "here").help("an object has one list of types"));
        }
        let text = sources.slice(lines);
        let (btf, wrong) = raw::parse(text, lines.file, lines.start);
        let failed = !wrong.is_empty();
        wrong.into_iter().for_each(|d| diagnostics.push(d));
        let mut places = Vec::with_capacity(btf.types.len());
        let mut at = lines.start;
        for line in text.split_inclusive('\n') {
            let len = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
            let start = at + len(line) - len(line.trim_start());
            if line.trim_start().starts_with('[') {
                places.push(Span { start, end: start + len(line.trim()), ..lines });
            }
            at += len(line);
        }
        let given = Self { btf, word, places };
        // Types that could not be read are missing, which is no further error.
        if let (false, Err(btf::Error::Ref { id, to, count })) = (failed, btf::check_refs(&given.btf)) {
            let message = format!("this type refers to type {to}, but there are {count}");
            diagnostics.push(Diagnostic::error(code::BLOCK, message, given.place(TypeId(id))));
        }
        Some(given)
    }

    /// Where a type stands.
    pub(super) fn place(&self, id: TypeId) -> Span {
        let index = id.0.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.places.get(index)).copied().unwrap_or(self.word)
    }
}

/// Types that have a name in C, by the name space that they have there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Space {
    Struct,
    Union,
    Enum,
    Typedef,
}

/// A data section, as the block describes it.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Its size; compilers leave that, and the offsets of variables, to who makes the file.
    pub(super) size: u32,
    /// Variables, by their names.
    pub(super) vars: HashMap<&'a str, &'a SecInfo>,
    /// The types of variables, as whoever reads a file finds them.
    pub(super) types: HashMap<&'a str, TypeId>,
}

/// The types of a block by their names.
#[derive(Debug)]
pub(super) struct Index<'a> {
    pub(super) given: &'a Given,
    /// What can be used in source.
    pub(super) named: Vec<Imported<'a>>,
    spaces: HashMap<(Space, &'a str), TypeId>,
    /// Functions that are defined here.
    pub(super) funcs: HashMap<&'a str, TypeId>,
    /// What is defined elsewhere, and where that is looked for.
    pub(super) externs: HashMap<&'a str, (TypeId, ExternKind)>,
    pub(super) sections: HashMap<&'a str, Section<'a>>,
    /// Declaration tags: of which type, of which member or parameter, and the text.
    pub(super) tags: HashSet<(TypeId, i32, &'a str)>,
    pub(super) maps: HashMap<String, Map>,
}

impl<'a> Index<'a> {
    /// Goes once through all types.
    pub(super) fn new(given: &'a Given) -> Self {
        let mut maps = HashMap::new();
        for (map, _) in btf::maps::read(&given.btf) {
            maps.entry(map.name.clone()).or_insert(map);
        }
        let mut index = Self {
            given,
            named: vec![],
            spaces: HashMap::new(),
            funcs: HashMap::new(),
            externs: HashMap::new(),
            sections: HashMap::new(),
            tags: HashSet::new(),
            maps,
        };
        for (id, ty) in given.btf.iter() {
            let name = ty.name.as_str();
            match &ty.kind {
                Kind::Func { linkage: FuncLinkage::EXTERN, .. }
                | Kind::Var { linkage: VarLinkage::EXTERN, .. } => {
                    index.externs.insert(name, (id, ExternKind::Object));
                }
                Kind::Func { .. } => drop(index.funcs.entry(name).or_insert(id)),
                Kind::DataSec { size, vars } => {
                    let types = btf::data::types(&given.btf, vars);
                    let var = |info: &'a SecInfo| Some((given.btf.get(info.var)?.name.as_str(), info));
                    let vars = vars.iter().filter_map(var).collect();
                    index.sections.entry(name).or_insert(Section { size: *size, vars, types });
                }
                Kind::DeclTag { ty, component, .. } => drop(index.tags.insert((*ty, *component, name))),
                kind => index.name(id, name, kind),
            }
        }
        for kind in [ExternKind::Ksym, ExternKind::Kconfig] {
            let Some(section) = index.sections.get(kind.section()) else { continue };
            for (name, info) in &section.vars {
                if let Some(known) = index.externs.get_mut(name).filter(|known| known.0 == info.var) {
                    known.1 = kind;
                }
            }
        }
        // Of the same name, structs are meant before typedefs.
        index.named.order_by_key(|named| named.rank);
        index
    }

    /// Takes a type that source may name, or an enum whose members it may.
    fn name(&mut self, id: TypeId, name: &'a str, kind: &Kind) {
        let mut values = vec![];
        let (space, number) = match kind {
            Kind::Struct { .. } => (Space::Struct, 4),
            Kind::Union { .. } => (Space::Union, 5),
            Kind::Enum { signed, values: list, .. } | Kind::Enum64 { signed, values: list, .. } => {
                values = numbers(list.clone(), *signed);
                (Space::Enum, 6)
            }
            Kind::Typedef(_) => (Space::Typedef, 8),
            _ => return,
        };
        if !name.is_empty() {
            self.spaces.entry((space, name)).or_insert(id);
        }
        self.named.push(Imported {
            text: name,
            name: self.given.place(id),
            core: false,
            found: Some((BLOCK, id)),
            rank: rank(number, None).unwrap_or(usize::MAX),
            is_struct: matches!(space, Space::Struct | Space::Union),
            union: space == Space::Union,
            values,
        });
    }

    /// The type of that name.
    pub(super) fn get(&self, space: Space, name: &str) -> Option<TypeId> {
        self.spaces.get(&(space, name)).copied()
    }

    /// Whether the object has no types at all.
    pub(super) fn is_empty(&self) -> bool {
        self.given.btf.types.is_empty()
    }
}
