//! Plain items: what is left when everything that happens while assembling has happened.

use std::num::NonZeroU32;

use super::conditional::Branches;
use super::types::{TyId, Types};
use crate::btf::{Btf, TypeId};
use crate::diag::{Sources, Span};
use crate::isa::{Code, Cpu, Insn};
use crate::object::{
    self, ARENA, Address, CoreKind, DataKind, ExternKind, Form, Legacy, Linkage, Place, Ref, Symbol,
};
use crate::uapi::MapType;

/// The first data sections of [`Program::data`], in their order; those with names of their own follow.
pub const SECTIONS: [(&str, DataKind); 6] = [
    (".data", DataKind::Data),
    (".bss", DataKind::Bss),
    (".rodata", DataKind::Rodata),
    (".struct_ops", DataKind::StructOps),
    (".struct_ops.link", DataKind::StructOps),
    (ARENA, DataKind::Arena),
];

/// A program, worked out.
#[derive(Debug, Default)]
pub struct Program {
    /// The licence, where one is given.
    pub license: Option<String>,
    /// The version of the kernel, where one is given.
    pub version: Option<u32>,
    /// Maps, in source order.
    pub maps: Vec<PlainMap>,
    /// Data sections: one for each of [`SECTIONS`], and those that variables name.
    pub data: Vec<PlainData>,
    /// The level of the instruction set that is declared.
    pub cpu: Option<Cpu>,
    /// What is defined elsewhere, in source order.
    pub externs: Vec<PlainExtern>,
    /// Programs and functions, in source order.
    pub funcs: Vec<PlainFunc>,
    /// All types.
    pub types: Types,
    /// Uses of macros.
    pub chains: Vec<Chain>,
    /// Which declarations are there.
    pub branches: Branches,
    /// The types of the `btf` block: then the object has these, and no others.
    pub given: Option<Btf>,
    /// The files that `@file` names.
    pub files: Vec<String>,
}

/// A use of a macro, and the use that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The use.
    pub span: Span,
    /// The macro's name there, with `!`.
    pub name: Span,
    /// The use around it.
    pub parent: Option<ChainId>,
    /// The outermost use around it, or itself.
    pub outermost: Span,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The number of the next one in a list. Each takes a byte of the source at least, or a statement that
            /// was counted, so there are far fewer than 2³².
            pub(super) fn next<T>(list: &[T]) -> Self {
                let number = u32::try_from(list.len()).ok().and_then(|n| NonZeroU32::MIN.checked_add(n));
                Self(number.unwrap_or(NonZeroU32::MAX))
            }

            /// The index in the list.
            #[must_use]
            pub fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    )*};
}

// Most instructions have neither, which takes no more room.
numbers! {
    /// The number of a use of a macro, in [`Program::chains`].
    ChainId
    /// The number of a label, in [`PlainFunc::labels`].
    LabelId
}

/// The symbol of a declaration in an object file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlainSymbol {
    /// Its name.
    pub name: String,
    /// Its linkage.
    pub linkage: Linkage,
    /// Whether another object may define it, too.
    pub weak: bool,
    /// Whether nobody sees it once objects are linked.
    pub hidden: bool,
}

/// A map.
#[derive(Debug, Clone)]
pub struct PlainMap {
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: PlainSymbol,
    /// Its type.
    pub kind: MapType,
    /// Type of the key, where it has one.
    pub key: Option<TyId>,
    /// Type of the value, where it has one.
    pub value: Option<TyId>,
    /// Key and value as the `btf` block describes them.
    pub given: Option<[Side; 2]>,
    /// Number of entries, or bytes.
    pub entries: u32,
    /// `BPF_F_*` of its creation.
    pub flags: u32,
    /// `map_extra`.
    pub extra: u64,
    /// `numa_node`.
    pub numa_node: Option<u32>,
    /// Whether it is pinned under its name.
    pub pin_by_name: bool,
    /// What the maps are that it holds.
    pub inner: Option<Box<PlainMap>>,
    /// What it holds at first, by index.
    pub values: Vec<(u32, Symbol)>,
    /// Addresses in its definition that are no values.
    pub refs: Vec<Address>,
    /// Where it stands in its section, if not behind the one before.
    pub place: Option<Place>,
    /// Its definition as bytes, where BTF does not describe it.
    pub legacy: Option<Legacy>,
    /// What a file holds in its place besides, if it is none of these.
    pub bytes: Vec<u8>,
    /// What of its definition is not understood.
    pub unknown: Option<String>,
    /// Its declaration tags.
    pub tags: Vec<String>,
}

/// A key or a value: bytes, and the type in the `btf` block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Size in bytes.
    pub size: u32,
    /// Its type, where it has one.
    pub ty: Option<TypeId>,
}

/// Something that is defined elsewhere.
#[derive(Debug, Clone)]
pub struct PlainExtern {
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: PlainSymbol,
    /// Where it is looked for.
    pub kind: ExternKind,
    /// Its FUNC or VAR in the `btf` block.
    pub btf: Option<TypeId>,
    /// Whether it belongs to the object even if nothing uses it: the file of a `btf` block says what there is.
    pub kept: bool,
    /// What it is.
    pub ty: ExternTy,
    /// Declaration tags; with a number, of that parameter.
    pub tags: Vec<(Option<usize>, String)>,
}

/// What an extern is.
#[derive(Debug, Clone)]
pub enum ExternTy {
    /// A function: name and type of parameters, and the type of the result.
    Func(Vec<(String, TyId)>, Option<TyId>),
    /// A variable; `None`: of a type that nobody says.
    Var(Option<TyId>),
}

/// The contents of a data section.
#[derive(Debug, Clone)]
pub struct PlainData {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: DataKind,
    /// Where a `section` block describes it, its number among these.
    pub block: Option<usize>,
    /// What its header says, where that is not what its kind and name say.
    pub form: Option<Form>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many zero bytes follow them that a file does not hold.
    pub room: u64,
    /// Its alignment.
    pub align: u32,
    /// Its variables, by offset.
    pub vars: Vec<PlainVar>,
    /// Addresses.
    pub refs: Vec<Address>,
    /// Strings that have no name: offset, and bytes with their NUL.
    pub strings: Vec<(u32, Vec<u8>)>,
}

impl PlainData {
    /// A section that holds nothing yet.
    pub(super) fn new(name: impl Into<String>, kind: DataKind) -> Self {
        Self {
            name: name.into(),
            kind,
            block: None,
            form: None,
            bytes: vec![],
            room: 0,
            align: 1,
            vars: vec![],
            refs: vec![],
            strings: vec![],
        }
    }

    /// Whether a file holds its bytes.
    pub(super) fn is_stored(&self) -> bool {
        self.kind != DataKind::Bss && self.form.is_none_or(|form| form.kind != Form::NOBITS)
    }

    /// How many bytes it has in memory.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.room.saturating_add(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}

/// A variable.
#[derive(Debug, Clone)]
pub struct PlainVar {
    /// Its name.
    pub name: String,
    /// Its type; of a symbol in a `section` block perhaps only the `btf` block knows it.
    pub ty: Option<TyId>,
    /// Offset in bytes.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
    /// Its symbol; of a static one user space knows nothing.
    pub symbol: PlainSymbol,
    /// Its declaration tags.
    pub tags: Vec<String>,
    /// Its type in the `btf` block.
    pub btf: Option<TypeId>,
}

/// A program or function.
#[derive(Debug, Clone)]
pub struct PlainFunc {
    /// Its name, and where it stands.
    pub name: String,
    /// Its symbol.
    pub symbol: PlainSymbol,
    /// Whether it begins another section of the same name.
    pub apart: bool,
    /// Whether nobody looks where its paths lead.
    pub unchecked: bool,
    /// Its further symbols.
    pub further: Vec<object::Label>,
    /// Bytes behind its last whole instruction.
    pub tail: Vec<u8>,
    /// The place of the name.
    pub span: Span,
    /// The brace at its end.
    pub end: Span,
    /// A program's section.
    pub section: Option<String>,
    /// Where a program belongs if its section does not say.
    pub hook: Option<String>,
    /// Its FUNC in the `btf` block.
    pub btf: Option<TypeId>,
    /// Declaration tags; with a number, of that parameter.
    pub tags: Vec<(Option<usize>, String)>,
    /// Name and type of parameters.
    pub params: Vec<(String, TyId)>,
    /// Type of the result.
    pub result: Option<TyId>,
    /// Its instructions.
    pub insns: Plains,
    /// What instructions name: maps, data, functions. In the order of instructions.
    pub refs: Vec<Ref>,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Whether it is a file without declarations.
    pub bare: bool,
    /// What depends on the kernel's types, by instruction.
    pub core: Vec<PlainCore>,
    /// Where instructions come from, as `@line` says.
    pub lines: Vec<PlainLine>,
}

/// A value in an instruction that depends on a type of the kernel: the offset of a load or store, else the
/// immediate.
#[derive(Debug, Clone)]
pub struct PlainCore {
    /// The instruction.
    pub insn: usize,
    /// The type.
    pub ty: CoreTy,
    /// What of it is meant, as [`CoreRelo::access`](crate::object::CoreRelo::access) has it.
    pub access: String,
    /// What is asked about it.
    pub kind: CoreKind,
    /// The same as source: `core(task_struct.pid)`, or a `@relo` that stands before the instruction.
    pub text: String,
    /// Whether it is a `@relo`: the instruction has its value as it is written.
    pub literal: bool,
}

/// The type that a [`PlainCore`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreTy {
    /// One that source declares.
    Declared(TyId),
    /// One of the `btf` block.
    Given(TypeId),
}

/// Where an instruction comes from, as `@line` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainLine {
    /// The instruction.
    pub insn: usize,
    /// Index into [`Program::files`].
    pub file: usize,
    /// Line number.
    pub line: u32,
    /// Column number.
    pub column: u32,
    /// The text of that line.
    pub text: String,
}

/// An instruction; where it names a label, its offset is not filled in yet.
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    /// The instruction.
    pub insn: Insn,
    /// The label it jumps to.
    pub target: Option<LabelId>,
    /// Where it comes from.
    pub place: Origin,
}

/// Where an instruction comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The statement.
    pub span: Span,
    /// The use of a macro that this stands in.
    pub chain: Option<ChainId>,
}

/// Instructions in order, of which few name a label.
#[derive(Debug, Clone, Default)]
pub struct Plains {
    code: Code,
    places: Vec<Origin>,
    targets: Vec<(usize, LabelId)>,
}

impl Plains {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// As they are encoded.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// Where each comes from.
    #[must_use]
    pub fn places(&self) -> &[Origin] {
        &self.places
    }

    /// An instruction by its index.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Plain> {
        Some(Plain { insn: self.code.get(at)?, target: self.target(at), place: *self.places.get(at)? })
    }

    /// The label that an instruction jumps to.
    #[must_use]
    pub fn target(&self, at: usize) -> Option<LabelId> {
        let found = self.targets.binary_search_by_key(&at, |target| target.0);
        found.ok().map(|found| self.targets[found].1)
    }

    /// Appends one.
    pub(super) fn push(&mut self, insn: Insn, place: Origin) {
        self.code.push(insn);
        self.places.push(place);
    }

    /// Appends several.
    pub(super) fn append(&mut self, code: &Code, places: impl Iterator<Item = Origin>) {
        self.code.append(code);
        self.places.extend(places);
    }

    /// Lets the last one jump to a label.
    pub(super) fn aim(&mut self, label: LabelId) {
        if let Some(last) = self.len().checked_sub(1) {
            self.targets.push((last, label));
        }
    }
}

/// A label.
#[derive(Debug, Clone)]
pub struct Label {
    /// Its name, without a dot; in a macro, made unlike all others.
    pub name: String,
    /// The index of the instruction behind it; `None` until it is defined.
    pub at: Option<usize>,
    /// Where it is defined or, before that, first used.
    pub span: Span,
    /// Whether something names it.
    pub used: bool,
}

impl Program {
    /// The uses of macros that lead to a place, innermost first; of many, the innermost and the outermost, and how
    /// many lie between.
    #[must_use]
    pub fn expansion(&self, chain: Option<ChainId>, sources: &Sources) -> (Vec<(Span, String)>, usize) {
        const MOST: usize = 8;
        let mut uses: Vec<&Chain> = self.uses(chain).collect();
        let hidden = if uses.len() > MOST { uses.drain(MOST / 2..uses.len() - 1).count() } else { 0 };
        (uses.iter().map(|chain| (chain.span, sources.slice(chain.name).to_string())).collect(), hidden)
    }

    pub(super) fn uses(&self, chain: Option<ChainId>) -> impl Iterator<Item = &Chain> {
        let chains = std::iter::successors(chain, |c| self.chains[c.index()].parent);
        chains.map(|c| &self.chains[c.index()])
    }

    /// Where the user wrote what became an instruction: the outermost use of a macro, or the line itself.
    #[must_use]
    #[inline]
    pub fn origin(&self, place: &Origin) -> Span {
        place.chain.map_or(place.span, |chain| self.chains[chain.index()].outermost)
    }
}

impl PlainFunc {
    /// What an instruction refers to.
    #[must_use]
    pub fn references(&self, insn: usize) -> &[Ref] {
        let rest = &self.refs[self.refs.partition_point(|r| r.insn < insn)..];
        &rest[..rest.partition_point(|r| r.insn == insn)]
    }

    /// What an instruction names; with a `@reloc` before it, it names nothing.
    #[must_use]
    pub fn symbol(&self, insn: usize) -> Option<Symbol> {
        self.references(insn).iter().find(|r| r.reloc.is_none()).map(|r| r.to)
    }
}
