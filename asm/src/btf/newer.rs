//! Types said in the words of kernels that do not know all of them.
//!
//! The replacements are those of libbpf, so that a kernel is shown the same whoever loads. Numbers and sizes of types
//! stay.

use super::{Btf, FuncLinkage, IntEncoding, Kind, Member, Type, TypeId};

/// What kernels learned to read in types, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newer {
    /// Tags that are attributes (Linux 6.15).
    Attributes,
    /// Enums of 64 bits, and signed ones (Linux 6.0).
    Enum64,
    /// Tags on types (Linux 5.17).
    TypeTags,
    /// Tags on declarations (Linux 5.16).
    DeclTags,
    /// Floating-point numbers (Linux 5.13).
    Floats,
    /// Functions that are verified on their own (Linux 5.6).
    GlobalFuncs,
}

impl Newer {
    /// All, the newest first.
    pub const ALL: [Newer; 6] = [
        Newer::Attributes,
        Newer::Enum64,
        Newer::TypeTags,
        Newer::DeclTags,
        Newer::Floats,
        Newer::GlobalFuncs,
    ];

    /// What it is, in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Newer::Attributes => "attributes",
            Newer::Enum64 => "enums of 64 bits and signed ones",
            Newer::TypeTags => "tags on types",
            Newer::DeclTags => "tags on declarations",
            Newer::Floats => "floating-point numbers",
            Newer::GlobalFuncs => "functions that are verified on their own",
        }
    }

    /// Says the same without it, as well as that goes; whether there was any of it.
    pub fn leave_out(self, btf: &mut Btf) -> bool {
        let mut found = false;
        // Enumerators become members of a union, whose type only has to be one.
        let stand_in = TypeId(u32::try_from(btf.types.len()).unwrap_or(u32::MAX).saturating_add(1));
        let mut stands_in = false;
        for ty in &mut btf.types {
            let kind = match (self, &mut ty.kind) {
                (Newer::Attributes, Kind::TypeTag { attribute, .. } | Kind::DeclTag { attribute, .. }) => {
                    found |= std::mem::take(attribute);
                    continue;
                }
                (Newer::Enum64, Kind::Enum { signed, values, .. }) => {
                    found |= std::mem::take(signed);
                    values.iter_mut().for_each(|v| v.value &= i64::from(u32::MAX));
                    continue;
                }
                (Newer::Enum64, Kind::Enum64 { size, values, .. }) => {
                    stands_in = true;
                    let member = |name| Member { name, ty: stand_in, bit_offset: 0, bit_size: 0 };
                    let members = values.drain(..).map(|v| member(v.name)).collect();
                    Kind::Union { size: *size, members, bitfields: false }
                }
                (Newer::TypeTags, Kind::TypeTag { ty: of, .. }) => {
                    ty.name.clear();
                    Kind::Const(*of)
                }
                (Newer::DeclTags, Kind::DeclTag { .. }) => byte(),
                (Newer::Floats, Kind::Float { size }) => {
                    ty.name.clear();
                    Kind::Struct { size: *size, members: vec![], bitfields: false }
                }
                (Newer::GlobalFuncs, Kind::Func { proto, linkage: FuncLinkage::GLOBAL }) => {
                    Kind::Func { proto: *proto, linkage: FuncLinkage::STATIC }
                }
                _ => continue,
            };
            (ty.kind, found) = (kind, true);
        }
        if stands_in {
            btf.add(Type::named("enum64_placeholder", byte()));
        }
        found
    }
}

fn byte() -> Kind {
    Kind::Int { size: 1, encoding: IntEncoding::UNSIGNED, offset: 0, bits: 8 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::{Enumerator, decode};
    use crate::isa::Endian;

    fn every_kind() -> Btf {
        let mut btf = Btf::default();
        let int = btf.add(Type::named("int", byte()));
        let value = |name: &str, value| Enumerator { name: name.into(), value };
        let values = vec![value("A", -1), value("B", 1)];
        let proto = btf.add(Type::anonymous(Kind::FuncProto { ret: int, params: vec![] }));
        let func = btf.add(Type::named("f", Kind::Func { proto, linkage: FuncLinkage::GLOBAL }));
        for (name, kind) in [
            ("signed", Kind::Enum { size: 4, signed: true, values: values.clone() }),
            ("wide", Kind::Enum64 { size: 8, signed: true, values }),
            ("user", Kind::TypeTag { ty: int, attribute: true }),
            ("kernel", Kind::DeclTag { ty: func, component: -1, attribute: true }),
            ("double", Kind::Float { size: 8 }),
        ] {
            btf.add(Type::named(name, kind));
        }
        btf
    }

    #[test]
    fn each_is_left_out_by_itself_and_the_numbers_stay() {
        let before = every_kind();
        for newer in Newer::ALL {
            let mut after = before.clone();
            assert!(newer.leave_out(&mut after), "{newer:?}");
            assert!(!newer.leave_out(&mut after), "{newer:?}: there is none left");
            for (id, ty) in before.iter().filter(|(id, _)| before.size_of(*id).is_some()) {
                assert_eq!(after.size_of(id), before.size_of(id), "{newer:?}: {}", ty.name);
            }
            let bytes = after.encode(Endian::Little).expect("encoded");
            assert_eq!(decode(&bytes).expect("decoded").btf, after, "{newer:?}");
        }
    }

    #[test]
    fn without_any_the_oldest_kinds_are_left() {
        let mut btf = every_kind();
        Newer::ALL.iter().for_each(|newer| assert!(newer.leave_out(&mut btf)));
        let text = format!("{:?}", btf.types);
        for kind in ["Enum64", "TypeTag", "DeclTag", "Float", "signed: true", "FuncLinkage(1)"] {
            assert!(!text.contains(kind), "{kind}: {text}");
        }
        assert!(!Newer::Floats.leave_out(&mut Btf::default()));
    }
}
