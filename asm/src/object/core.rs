//! CO-RE: what an instruction knows about a type, to be looked up again in the kernel that it is loaded into.

use crate::btf::{Btf, Kind, Member, TypeId};

/// A value in an instruction that depends on a type of the running kernel (`struct bpf_core_relo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreRelo {
    /// Index into [`Func::insns`](super::Func::insns). The value is the offset of a load or store, else the
    /// immediate.
    pub insn: usize,
    /// The type as the program knows it; the kernel's is found by its name.
    pub ty: TypeId,
    /// What of the type is meant: numbers with colons between. The first is an index into an array of the type,
    /// nearly always 0; each further one is a member's or element's number. For an enum the value's number, for a
    /// type `0`.
    pub access: String,
    /// What is asked about it.
    pub kind: CoreKind,
}

/// One step of an access: from a type into a part of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// Into a member of a struct or union.
    Member(&'a Member),
    /// Into an element of an array of so many: its number, and its type.
    Element { number: u32, of: u32, elem: TypeId },
}

impl CoreRelo {
    /// The numbers of the access: the first, and the further ones as steps from the type inwards. Nothing where the
    /// types have no such parts.
    pub(crate) fn steps<'a>(&self, btf: &'a Btf) -> Option<(u32, Vec<Step<'a>>)> {
        let mut numbers = self.access.split(':').map(|number| number.parse::<u32>().ok());
        let first = numbers.next()??;
        let (mut ty, mut steps) = (self.ty, vec![]);
        for number in numbers {
            let number = number?;
            let step = match btf.resolved(ty)? {
                Kind::Struct { members, .. } | Kind::Union { members, .. } => {
                    Step::Member(members.get(usize::try_from(number).ok()?)?)
                }
                Kind::Array { elem, len, .. } => Step::Element { number, of: *len, elem: *elem },
                _ => return None,
            };
            ty = match step {
                Step::Member(member) => member.ty,
                Step::Element { elem, .. } => elem,
            };
            steps.push(step);
        }
        Some((first, steps))
    }
}

/// What a [`CoreRelo`] asks (`enum bpf_core_relo_kind`). An open set: a newer kernel may ask more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CoreKind(pub u32);

impl CoreKind {
    /// `BPF_CORE_FIELD_BYTE_OFFSET`: bytes from the start of the type.
    pub const FIELD_OFFSET: Self = Self(0);
    /// `BPF_CORE_FIELD_BYTE_SIZE`.
    pub const FIELD_SIZE: Self = Self(1);
    /// `BPF_CORE_FIELD_EXISTS`: 1 or 0.
    pub const FIELD_EXISTS: Self = Self(2);
    /// `BPF_CORE_FIELD_SIGNED`: 1 or 0.
    pub const FIELD_SIGNED: Self = Self(3);
    /// `BPF_CORE_FIELD_LSHIFT_U64`: how far to the left a bit field is shifted first.
    pub const FIELD_LSHIFT: Self = Self(4);
    /// `BPF_CORE_FIELD_RSHIFT_U64`: how far to the right it is shifted then.
    pub const FIELD_RSHIFT: Self = Self(5);
    /// `BPF_CORE_TYPE_ID_LOCAL`: the number of the type in this object.
    pub const TYPE_ID_LOCAL: Self = Self(6);
    /// `BPF_CORE_TYPE_ID_TARGET`: the number of the type in the kernel.
    pub const TYPE_ID_TARGET: Self = Self(7);
    /// `BPF_CORE_TYPE_EXISTS`: 1 or 0.
    pub const TYPE_EXISTS: Self = Self(8);
    /// `BPF_CORE_TYPE_SIZE`: bytes.
    pub const TYPE_SIZE: Self = Self(9);
    /// `BPF_CORE_ENUMVAL_EXISTS`: 1 or 0.
    pub const ENUM_EXISTS: Self = Self(10);
    /// `BPF_CORE_ENUMVAL_VALUE`.
    pub const ENUM_VALUE: Self = Self(11);
    /// `BPF_CORE_TYPE_MATCHES`: 1 or 0.
    pub const TYPE_MATCHES: Self = Self(12);

    /// All that Linux 6.18 knows, with the function that writes each in source.
    pub const ALL: &[(CoreKind, &str)] = &[
        (Self::FIELD_OFFSET, "core"),
        (Self::FIELD_SIZE, "core_size"),
        (Self::FIELD_EXISTS, "core_exists"),
        (Self::FIELD_SIGNED, "core_signed"),
        (Self::FIELD_LSHIFT, "core_lshift"),
        (Self::FIELD_RSHIFT, "core_rshift"),
        (Self::TYPE_ID_LOCAL, "core_type_local"),
        (Self::TYPE_ID_TARGET, "core_type_id"),
        (Self::TYPE_EXISTS, "core_exists"),
        (Self::TYPE_SIZE, "core_size"),
        (Self::ENUM_EXISTS, "core_exists"),
        (Self::ENUM_VALUE, "core_enum"),
        (Self::TYPE_MATCHES, "core_matches"),
    ];

    /// The kernel's names in lower case, without `BPF_CORE_`; the number is the place in the list.
    const NAMES: [&str; 13] = [
        "field_byte_offset",
        "field_byte_size",
        "field_exists",
        "field_signed",
        "field_lshift_u64",
        "field_rshift_u64",
        "type_id_local",
        "type_id_target",
        "type_exists",
        "type_size",
        "enumval_exists",
        "enumval_value",
        "type_matches",
    ];

    /// The names that `@relo` takes, in the order of their numbers.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        Self::NAMES.into_iter()
    }

    /// The kernel's name in lower case, without `BPF_CORE_`; none for a kind that is not known.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.get(usize::try_from(self.0).ok()?).copied()
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        (0..).map(Self).zip(Self::NAMES).find(|(_, known)| *known == name).map(|(kind, _)| kind)
    }

    /// The function that writes it in source; none for a kind that is not known.
    #[must_use]
    pub fn function(self) -> Option<&'static str> {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map(|(_, name)| *name)
    }
}
