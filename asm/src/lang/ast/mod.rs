//! The syntax tree: what was written, and where. Names are places; their text stays in the source.

mod expr;
mod stmt;

pub use expr::{Arg, Expr, ExprKind, Step};
pub use stmt::{Callee, Foreign, Jump, Record, Relo, Reloc, Run, Stmt, StmtKind, Target};

use crate::diag::{Severity, Span};
use crate::isa::Endian;
use crate::object::{DataKind, Linkage};

/// One source file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// Its declarations, in order.
    pub items: Vec<Item>,
}

/// A declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// All of it.
    pub span: Span,
    /// What it declares.
    pub kind: ItemKind,
}

/// What a declaration declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// `license "GPL"`; the string with its quotes.
    License(Span),
    /// `dialect "gnu"`; the string with its quotes.
    Dialect(Span),
    /// `import "net"`; the string with its quotes.
    Import(Span),
    /// `import btf "vmlinux" { … }`.
    ImportBtf(ImportBtf),
    /// `btf { … }`; the lines between the braces.
    Btf(Span),
    /// `const NAME = value`.
    Const(Const),
    /// `struct NAME { … }` or `union NAME { … }`.
    Struct(Struct),
    /// `enum NAME: type { … }`.
    Enum(Enum),
    /// `type NAME = type`.
    Alias(Alias),
    /// `map NAME: kind<K, V>[N] { … }`.
    Map(Map),
    /// `global NAME: type = value` or, read-only, `config …`.
    Var(Var),
    /// `prog NAME: "section" { … }` or `func NAME(…) -> type { … }`.
    Func(Func),
    /// `macro NAME(…) { … }`.
    Macro(Macro),
    /// `extern kfunc NAME(…) -> type` and its relatives.
    Extern(Extern),
    /// `cpu v3`; the place of the level.
    Cpu(Span),
    /// `endian big`.
    Endian(Endian),
    /// `version 0x50a00`.
    Version(Expr),
    /// `section ".rodata" { … }`.
    Section(Section),
    /// `const NAME(…) = value`.
    ConstFn(ConstFn),
    /// `param NAME = value`.
    Param(Param),
    /// `@if` around declarations, `@assert`, `@error`.
    Control(Control<Item>),
    /// `-D NAME=value` of the command line.
    Define(Const),
    /// Lines that could not be understood: the names there are perhaps declared there.
    Broken(Vec<Span>),
    /// An import that failed: any name is perhaps declared there.
    NotImported,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Const {
    /// Its name.
    pub name: Span,
    /// Its value.
    pub value: Expr,
}

/// Types that are taken from the BTF of a kernel or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportBtf {
    /// The file, or `"vmlinux"`: a string with its quotes.
    pub file: Span,
    /// What is taken.
    pub names: Vec<BtfName>,
}

/// A type or constant that is taken from BTF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BtfName {
    /// Its name.
    pub name: Span,
    /// `struct`, `union`, `enum`, `type` or `const`, where it is given.
    pub kind: Option<Span>,
    /// `@core`, where it is given: its fields are found anew in the kernel that loads the program.
    pub core: Option<Span>,
}

/// A function of constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstFn {
    /// Its name.
    pub name: Span,
    /// The names of its parameters.
    pub params: Vec<Span>,
    /// Its value.
    pub value: Expr,
}

/// A constant that the command line may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: Span,
    /// Its value where nothing sets it; without one, it must be set.
    pub value: Option<Expr>,
}

/// What is decided while assembling, around statements or declarations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control<T> {
    /// `@if condition { … } @else if condition { … } @else { … }`.
    If(Vec<Branch<T>>),
    /// `@assert condition, "message"`; the string with its quotes.
    Assert(Expr, Option<Span>),
    /// `@error "message"` and `@warning "message"`; the string with its quotes.
    Message(Severity, Span),
}

/// A branch of an `@if`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch<T> {
    /// When it is taken; an `@else` always.
    pub condition: Option<Expr>,
    /// What stands in it.
    pub body: Vec<T>,
}

/// `@for name in from..to { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct For<T = Stmt> {
    /// The name of its variable, without `$`.
    pub name: Span,
    /// The first value.
    pub from: Expr,
    /// Behind the last value.
    pub to: Expr,
    /// What is repeated.
    pub body: Vec<T>,
}

/// A struct or union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struct {
    /// Its name; an anonymous one has the place of its keyword.
    pub name: Span,
    /// Whether members lie over one another.
    pub union: bool,
    /// `@core`: its fields are found anew in the kernel that loads the program.
    pub core: bool,
    /// `packed`: members stand without gaps.
    pub packed: bool,
    /// `align(N)`: its alignment is no less.
    pub align: Option<Expr>,
    /// `tag "text"`: declaration tags, strings with their quotes.
    pub tags: Vec<Span>,
    /// Its members; `None`: only its name is declared.
    pub fields: Option<Vec<Field>>,
    /// Whether some of them could not be understood: then nothing is known of its layout.
    pub broken: bool,
}

/// A member of a struct or union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// `name: type`.
    Named(Member),
    /// `struct { … }` or `union { … }`, whose members belong to the outer one.
    Anonymous(Struct),
}

/// A member that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name; `_` is a bit field that is only padding.
    pub name: Span,
    /// Its type.
    pub ty: TypeExpr,
    /// `: N`: a bit field of so many bits.
    pub bits: Option<Expr>,
    /// `align(N)`: its alignment is no less.
    pub align: Option<Expr>,
    /// `tag "text"`: declaration tags.
    pub tags: Vec<Span>,
}

/// An enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// Its name; one without has the place of its keyword.
    pub name: Span,
    /// Whether it has a name.
    pub named: bool,
    /// `: type`: the type of its values.
    pub base: Option<TypeExpr>,
    /// Its members: names and values, where given.
    pub values: Vec<(Span, Option<Expr>)>,
    /// Whether some of them could not be understood: then nothing is known of the others' values.
    pub broken: bool,
}

/// Another name for a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: Span,
    /// What it stands for.
    pub ty: TypeExpr,
    /// `tag "text"`: declaration tags.
    pub tags: Vec<Span>,
}

/// A type as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeExpr {
    /// All of it.
    pub span: Span,
    /// What it is.
    pub kind: TypeExprKind,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeExprKind {
    /// A name.
    Name,
    /// `*T`.
    Pointer(Box<TypeExpr>),
    /// `T[N]`; without N, as many as there are.
    Array(Box<TypeExpr>, Option<Box<Expr>>),
    /// `struct { … }` or `union { … }`.
    Inline(Box<Struct>),
    /// `func(name: type, …) -> type`, to which there are pointers only.
    Func(Vec<(Span, TypeExpr)>, Option<Box<TypeExpr>>),
    /// `kptr T`, `tag("text") T`: the word or the string with its quotes. Only pointers point to it.
    Tagged(Span, Box<TypeExpr>),
    /// `$name`, a macro's argument.
    Param,
    /// `#12`: a type of the `btf` block.
    Number,
}

/// What a declaration says about its symbol in an object file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SymbolWords {
    /// `static` or `global`, where it is given.
    pub linkage: Option<Linkage>,
    /// `weak`: another object may define it, too.
    pub weak: bool,
    /// `hidden`: nobody sees it once objects are linked.
    pub hidden: bool,
    /// `as "name"`: its name, where that is another one; a string with its quotes.
    pub name: Option<Span>,
}

impl SymbolWords {
    /// The linkage, where nothing else is said.
    #[must_use]
    pub fn linkage(self, usual: Linkage) -> Linkage {
        if self.weak { Linkage::Global } else { self.linkage.unwrap_or(usual) }
    }
}

/// `alias NAME at N size N`: a further symbol of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FurtherSymbol {
    /// Its name.
    pub name: Span,
    /// What its symbol is like.
    pub symbol: SymbolWords,
    /// Where it stands: bytes from the start of the function.
    pub offset: Option<Expr>,
    /// How many bytes it covers.
    pub size: Option<Expr>,
}

/// A map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// Its name.
    pub name: Span,
    /// Its symbol.
    pub symbol: SymbolWords,
    /// Its kind, such as `hash`.
    pub kind: Span,
    /// Key and value, as many as are given.
    pub types: Vec<TypeExpr>,
    /// How many entries, where given.
    pub entries: Option<Expr>,
    /// `name: value` in braces.
    pub attributes: Vec<(Span, Expr)>,
    /// What the maps are that it holds, whose name is that of their kind.
    pub inner: Option<Box<Map>>,
    /// `= { index: name, … }`: what it holds at first.
    pub values: Vec<(Expr, Expr)>,
    /// `= { offset: &name, … }`: addresses in its definition.
    pub refs: Vec<(Expr, Content)>,
    /// `tag "text"`: declaration tags.
    pub tags: Vec<Span>,
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Var {
    /// Its name.
    pub name: Span,
    /// Its symbol.
    pub symbol: SymbolWords,
    /// Its type.
    pub ty: TypeExpr,
    /// What it holds at first.
    pub value: Option<Expr>,
    /// `config`: read-only for programs, set at load time.
    pub config: bool,
    /// Where it stands, if not with all others.
    pub room: Room,
    /// `tag "text"`: declaration tags.
    pub tags: Vec<Span>,
}

/// Where a variable stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Room {
    /// In a data section.
    Data,
    /// `in NAME`: in an arena, a map.
    Arena(Span),
    /// `in "NAME"`: in a data section of that name, a string with its quotes; `in private`, where true: user space
    /// does not see it.
    Named(Span, bool),
    /// `struct_ops NAME: TYPE { … }`: a table of functions for the kernel.
    StructOps,
    /// `struct_ops NAME: TYPE link { … }`: one that a link puts into force.
    StructOpsLink,
}

/// A data section as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name, a string with its quotes.
    pub name: Span,
    /// `as 2`: which of the sections of that name it is.
    pub number: Option<Expr>,
    /// What programs may do with it, where the name does not say: the word, its kind, and type, flags and size of
    /// entries in parentheses.
    pub kind: Option<(Span, DataKind, Vec<Expr>)>,
    /// `align 8`.
    pub align: Option<Expr>,
    /// `size 24`.
    pub size: Option<Expr>,
    /// What it holds: offset and content.
    pub lines: Vec<(Expr, Content)>,
}

/// What stands at an offset of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// `name[12]`, or `name: u16 = 8080`.
    Symbol(DataSymbol),
    /// `00 ff 3a`.
    Bytes(Span, Vec<u8>),
    /// A string with its quotes, which has no NUL at its end but those that it names.
    Str(Span),
    /// `&name + 4`: the address of something.
    Address(Expr),
    /// `@reloc …`: a relocation of another kind than addresses have.
    Reloc(Span, Box<Reloc>),
}

/// A symbol in a data section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSymbol {
    /// Its name.
    pub name: Span,
    /// What it is like.
    pub symbol: SymbolWords,
    /// What it covers.
    pub extent: Extent,
}

/// What a symbol in a data section covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// So many bytes.
    Bytes(Expr),
    /// A variable of a type, and the value that its bytes are.
    Typed(TypeExpr, Option<Expr>),
}

/// A program or a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Func {
    /// Its name.
    pub name: Span,
    /// Its symbol; one that is global the kernel verifies on its own.
    pub symbol: SymbolWords,
    /// A program's section, a string with its quotes.
    pub section: Option<Span>,
    /// Where the program belongs if its section does not say, a string with its quotes.
    pub hook: Option<Span>,
    /// `btf #12`: its FUNC in the `btf` block, or with 0 none.
    pub btf: Option<Span>,
    /// A function's parameters.
    pub params: Vec<(Span, TypeExpr)>,
    /// A function's result.
    pub result: Option<TypeExpr>,
    /// `apart`: it begins another section of the same name.
    pub apart: bool,
    /// `unchecked`: nobody looks where its paths lead.
    pub unchecked: bool,
    /// `tag "text"` behind the head or, with its number, behind a parameter; strings with their quotes.
    pub tags: Vec<(Option<usize>, Span)>,
    /// From its word to the opening brace.
    pub head: Span,
    /// What it does.
    pub body: Vec<Stmt>,
    /// The closing brace.
    pub end: Span,
    /// Whether it is a file without declarations: its name is the file's, and its section is given from outside.
    pub bare: bool,
}

/// Something that is defined elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extern {
    /// Its name.
    pub name: Span,
    /// What it is.
    pub kind: ExternWord,
    /// Its symbol; one that is weak may be missing.
    pub symbol: SymbolWords,
    /// `size N align N` of a `common` one; `= N`: what an `absolute` one is.
    pub numbers: Vec<Expr>,
    /// A function's parameters.
    pub params: Vec<(Span, TypeExpr)>,
    /// A variable's type or a function's result.
    pub ty: Option<TypeExpr>,
    /// `tag "text"`, as with functions.
    pub tags: Vec<(Option<usize>, Span)>,
}

/// What kind of thing is defined elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExternWord {
    /// A function of the kernel.
    Kfunc,
    /// A variable of the kernel.
    Ksym,
    /// A value of the kernel's configuration.
    Kconfig,
    /// A function of another object.
    Func,
    /// A variable of another object.
    Var,
    /// A variable that a linker makes room for.
    Common,
    /// A number.
    Absolute,
}

impl ExternWord {
    /// All of them with their keywords and what a person calls each.
    pub const ALL: &[(ExternWord, &str, &str)] = &[
        (ExternWord::Kfunc, "kfunc", "a kernel function"),
        (ExternWord::Ksym, "ksym", "a kernel symbol"),
        (ExternWord::Kconfig, "kconfig", "a kernel configuration value"),
        (ExternWord::Func, "func", "an external function"),
        (ExternWord::Var, "var", "an external variable"),
        (ExternWord::Common, "common", "a common variable"),
        (ExternWord::Absolute, "absolute", "an external number"),
    ];

    /// What a person calls it.
    #[must_use]
    pub fn describe(self) -> &'static str {
        Self::ALL.iter().find(|k| k.0 == self).map_or("", |k| k.2)
    }

    /// Whether it is called.
    #[must_use]
    pub fn is_func(self) -> bool {
        matches!(self, ExternWord::Kfunc | ExternWord::Func)
    }
}

/// A macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// Its name, without `!`.
    pub name: Span,
    /// Its parameters.
    pub params: Vec<MacroParam>,
    /// What it stands for.
    pub body: Vec<Stmt>,
}

/// A parameter of a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacroParam {
    /// Its name, without `$`.
    pub name: Span,
    /// Its kind.
    pub kind: ParamKind,
    /// What it is where a use does not say.
    pub default: Option<Expr>,
    /// `name: kind?`: a use need not give it.
    pub optional: bool,
}

/// What a macro takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParamKind {
    /// A register.
    Reg,
    /// A constant.
    Imm,
    /// A place in memory.
    Mem,
    /// A label.
    Label,
    /// A map.
    Map,
    /// A string.
    Str,
    /// A type.
    Type,
    /// Statements in braces.
    Block,
    /// Whatever an operand can be.
    Any,
}

impl ParamKind {
    /// All kinds, each with its keyword and what a person calls it.
    pub const ALL: &[(ParamKind, &str, &str)] = &[
        (ParamKind::Reg, "reg", "a register"),
        (ParamKind::Imm, "imm", "a constant"),
        (ParamKind::Mem, "mem", "a place in memory"),
        (ParamKind::Label, "label", "a label"),
        (ParamKind::Map, "map", "a map"),
        (ParamKind::Str, "str", "a string"),
        (ParamKind::Type, "type", "a type"),
        (ParamKind::Block, "block", "a block"),
        (ParamKind::Any, "any", "an operand"),
    ];

    /// The kind of that keyword.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|k| k.1 == text).map(|k| k.0)
    }

    /// What a person calls it.
    #[must_use]
    pub fn describe(self) -> &'static str {
        Self::ALL.iter().find(|k| k.0 == self).map_or("", |k| k.2)
    }
}
