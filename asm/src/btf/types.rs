//! The types of BTF, each a plain value.

/// The number of a type; 0 is `void`, the first type has 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TypeId(pub u32);

impl TypeId {
    /// No type, `void`.
    pub const VOID: TypeId = TypeId(0);
}

/// All types of an object, in the order of their numbers. `S` is what names are: `&str` where they stay in the bytes
/// that were decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Btf<S = String> {
    /// Type number n stands at index n − 1.
    pub types: Vec<Type<S>>,
}

impl<S> Default for Btf<S> {
    fn default() -> Self {
        Self { types: vec![] }
    }
}

/// A type: a name, often empty, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Type<S = String> {
    /// Its name; empty for an anonymous one.
    pub name: S,
    /// What it is.
    pub kind: Kind<S>,
}

/// What a type is: one variant for each `BTF_KIND_*`. Sizes in bytes, offsets as noted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind<S = String> {
    /// An integer: size in bytes, encoding, bit offset, width in bits.
    Int {
        /// Size in bytes.
        size: u32,
        /// Sign, character or truth value.
        encoding: IntEncoding,
        /// Offset in bits.
        offset: u8,
        /// Width in bits.
        bits: u8,
    },
    /// A pointer to a type.
    Ptr(TypeId),
    /// An array: element type, index type, number of elements.
    Array {
        /// Type of an element.
        elem: TypeId,
        /// Type of an index.
        index: TypeId,
        /// Number of elements.
        len: u32,
    },
    /// A struct.
    Struct {
        /// Size in bytes.
        size: u32,
        /// The members, in order.
        members: Vec<Member<S>>,
        /// Whether `kind_flag` is set: member offsets carry bit sizes.
        bitfields: bool,
    },
    /// A union.
    Union {
        /// Size in bytes.
        size: u32,
        /// The members, in order.
        members: Vec<Member<S>>,
        /// Whether `kind_flag` is set: member offsets carry bit sizes.
        bitfields: bool,
    },
    /// An enum of 32-bit values.
    Enum {
        /// Size in bytes.
        size: u32,
        /// Whether values are signed (`kind_flag`).
        signed: bool,
        /// The values, in order.
        values: Vec<Enumerator<S>>,
    },
    /// A forward declaration of a struct or, where true, of a union.
    Fwd {
        /// Whether it is a union.
        union: bool,
    },
    /// Another name for a type.
    Typedef(TypeId),
    /// `volatile`.
    Volatile(TypeId),
    /// `const`.
    Const(TypeId),
    /// `restrict`.
    Restrict(TypeId),
    /// A function of a prototype, with its linkage.
    Func {
        /// Its FUNC_PROTO.
        proto: TypeId,
        /// Its linkage.
        linkage: FuncLinkage,
    },
    /// A prototype: result and parameters.
    FuncProto {
        /// Type of the result.
        ret: TypeId,
        /// The parameters, in order.
        params: Vec<Param<S>>,
    },
    /// A variable.
    Var {
        /// The type meant.
        ty: TypeId,
        /// Its linkage.
        linkage: VarLinkage,
    },
    /// A data section: size in bytes and its variables.
    DataSec {
        /// Size in bytes.
        size: u32,
        /// The variables, in order.
        vars: Vec<SecInfo>,
    },
    /// A floating-point number of so many bytes.
    Float {
        /// Size in bytes.
        size: u32,
    },
    /// A tag on a declaration; component −1 is the declaration itself.
    DeclTag {
        /// The type meant.
        ty: TypeId,
        /// Number of the member or parameter; −1: the declaration itself.
        component: i32,
        /// Whether it is an attribute (`kind_flag`, Linux 6.15).
        attribute: bool,
    },
    /// A tag on a type; the flag makes it an attribute (Linux 6.15).
    TypeTag {
        /// The type meant.
        ty: TypeId,
        /// Whether it is an attribute (`kind_flag`).
        attribute: bool,
    },
    /// An enum of 64-bit values.
    Enum64 {
        /// Size in bytes.
        size: u32,
        /// Whether values are signed (`kind_flag`).
        signed: bool,
        /// The values, in order.
        values: Vec<Enumerator<S>>,
    },
}

/// How an integer is meant (`BTF_INT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct IntEncoding(pub u8);

impl IntEncoding {
    /// A plain unsigned number.
    pub const UNSIGNED: IntEncoding = IntEncoding(0);
    /// `BTF_INT_SIGNED`.
    pub const SIGNED: IntEncoding = IntEncoding(1);
    /// `BTF_INT_CHAR`.
    pub const CHAR: IntEncoding = IntEncoding(2);
    /// `BTF_INT_BOOL`.
    pub const BOOL: IntEncoding = IntEncoding(4);
}

/// A member of a struct or union.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member<S = String> {
    /// Its name; empty for an anonymous struct or union.
    pub name: S,
    /// Its type.
    pub ty: TypeId,
    /// Offset in bits from the start.
    pub bit_offset: u32,
    /// Width in bits of a bit field, else 0.
    pub bit_size: u8,
}

/// A value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Enumerator<S = String> {
    /// Its name.
    pub name: S,
    /// Its value: sign-extended where the enum is signed, else zero-extended, as 64 bits.
    pub value: i64,
}

impl<S> Enumerator<S> {
    /// Its value as a number, which of an unsigned enum has no sign.
    #[must_use]
    pub fn number(&self, signed: bool) -> i128 {
        if signed { self.value.into() } else { self.value.cast_unsigned().into() }
    }
}

/// The linkage of a function (`enum btf_func_linkage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FuncLinkage(pub u16);

impl FuncLinkage {
    /// Verified together with its callers.
    pub const STATIC: FuncLinkage = FuncLinkage(0);
    /// Verified on its own.
    pub const GLOBAL: FuncLinkage = FuncLinkage(1);
    /// Defined elsewhere.
    pub const EXTERN: FuncLinkage = FuncLinkage(2);
}

/// A parameter of a prototype.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Param<S = String> {
    /// Its name; empty where unknown.
    pub name: S,
    /// Its type; the last one [`TypeId::VOID`] with an empty name means "and more".
    pub ty: TypeId,
}

/// The linkage of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VarLinkage(pub u32);

impl VarLinkage {
    /// Known in its object only.
    pub const STATIC: VarLinkage = VarLinkage(0);
    /// `BTF_VAR_GLOBAL_ALLOCATED`.
    pub const GLOBAL: VarLinkage = VarLinkage(1);
    /// `BTF_VAR_GLOBAL_EXTERN`.
    pub const EXTERN: VarLinkage = VarLinkage(2);
}

/// A variable's place in a data section (`struct btf_var_secinfo`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecInfo {
    /// The variable.
    pub var: TypeId,
    /// Offset in bytes.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
}
