use proptest::prelude::*;

use super::*;
use crate::isa::Endian;

fn name() -> impl Strategy<Value = String> {
    "[a-z_]{0,6}|é|\\(anon\\)|[ -~é\n\u{7f}\u{85}]{0,4}"
}

fn encoding() -> impl Strategy<Value = IntEncoding> {
    (0u8..16).prop_map(IntEncoding)
}

/// A type among so many.
fn ty(count: u32) -> impl Strategy<Value = Type> {
    let id = move || (0..=count).prop_map(TypeId);
    let members = move |bitfields: bool| {
        let bits = if bitfields { 0..=u8::MAX } else { 0..=0 };
        let offset = if bitfields { 0..=0x00ff_ffffu32 } else { 0..=u32::MAX };
        let member = (name(), id(), offset, bits);
        let member =
            member.prop_map(|(name, ty, bit_offset, bit_size)| Member { name, ty, bit_offset, bit_size });
        prop::collection::vec(member, 0..4)
    };
    let structs = any::<bool>().prop_flat_map(move |b| (any::<u32>(), members(b), Just(b)));
    let values = |signed: bool| {
        let value = if signed { i64::from(i32::MIN)..=i64::from(i32::MAX) } else { 0..=i64::from(u32::MAX) };
        prop::collection::vec((name(), value).prop_map(|(name, value)| Enumerator { name, value }), 0..4)
    };
    let enums = any::<bool>().prop_flat_map(move |s| (any::<u32>(), Just(s), values(s)));
    let values64 = (name(), any::<i64>()).prop_map(|(name, value)| Enumerator { name, value });
    let params = (name(), id()).prop_map(|(name, ty)| Param { name, ty });
    let vars =
        (id(), any::<u32>(), any::<u32>()).prop_map(|(var, offset, size)| SecInfo { var, offset, size });
    let kind = prop_oneof![
        (any::<u32>(), encoding(), any::<u8>(), any::<u8>())
            .prop_map(|(size, encoding, offset, bits)| Kind::Int { size, encoding, offset, bits }),
        id().prop_map(Kind::Ptr),
        (id(), id(), any::<u32>()).prop_map(|(elem, index, len)| Kind::Array { elem, index, len }),
        structs.clone().prop_map(|(size, members, bitfields)| Kind::Struct { size, members, bitfields }),
        structs.prop_map(|(size, members, bitfields)| Kind::Union { size, members, bitfields }),
        enums.prop_map(|(size, signed, values)| Kind::Enum { size, signed, values }),
        any::<bool>().prop_map(|union| Kind::Fwd { union }),
        prop_oneof![
            id().prop_map(Kind::Typedef),
            id().prop_map(Kind::Volatile),
            id().prop_map(Kind::Const),
            id().prop_map(Kind::Restrict),
        ],
        (id(), any::<u16>()).prop_map(|(proto, l)| Kind::Func { proto, linkage: FuncLinkage(l) }),
        (id(), prop::collection::vec(params, 0..4)).prop_map(|(ret, params)| Kind::FuncProto { ret, params }),
        (id(), any::<u32>()).prop_map(|(ty, l)| Kind::Var { ty, linkage: VarLinkage(l) }),
        (any::<u32>(), prop::collection::vec(vars, 0..4))
            .prop_map(|(size, vars)| Kind::DataSec { size, vars }),
        any::<u32>().prop_map(|size| Kind::Float { size }),
        (id(), any::<i32>(), any::<bool>()).prop_map(|(ty, component, attribute)| Kind::DeclTag {
            ty,
            component,
            attribute
        }),
        (id(), any::<bool>()).prop_map(|(ty, attribute)| Kind::TypeTag { ty, attribute }),
        (any::<u32>(), any::<bool>(), prop::collection::vec(values64, 0..4))
            .prop_map(|(size, signed, values)| Kind::Enum64 { size, signed, values }),
    ];
    (name(), kind).prop_map(|(name, kind)| Type { name, kind })
}

/// Types of all kinds, sane or not, that the format can hold.
pub(crate) fn types() -> impl Strategy<Value = Btf> {
    (0usize..12)
        .prop_flat_map(|n| prop::collection::vec(ty(u32::try_from(n).expect("few")), n..=n))
        .prop_map(|types| Btf { types })
}

fn endian() -> impl Strategy<Value = Endian> {
    prop::sample::select(vec![Endian::Little, Endian::Big])
}

proptest! {
    #[test]
    fn decoding_reverses_encoding(btf in types(), endian in endian()) {
        let bytes = btf.encode(endian).expect("encoded");
        let decoded = decode(&bytes).expect("decoded");
        prop_assert_eq!(decoded.endian, endian);
        prop_assert_eq!(&decoded.btf, &btf);
        prop_assert_eq!(decoded.btf.encode(endian).expect("encoded"), bytes);
    }

    #[test]
    fn broken_bytes_are_refused(
        btf in types(),
        endian in endian(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        size in any::<u32>(),
    ) {
        let mut bytes = btf.encode(endian).expect("encoded");
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = ext::Ext::decode(&bytes);
        if let Ok(btf) = Btf::decode(&bytes) {
            let _ = maps::values_of(&btf);
            for (id, _) in btf.iter() {
                let _ = btf.resolve(id);
                let len = btf.size_of(id).unwrap_or(size).min(64);
                let _ = value::display(&btf, id, &vec![1; usize::try_from(len).expect("small")], endian);
                let _ = value::parse(&btf, id, "{a: [1]}", endian);
            }
        }
    }

    #[test]
    fn equal_types_are_one(btf in types()) {
        let mut builder = Builder::default();
        let ids: Vec<TypeId> = btf.types.iter().map(|t| builder.intern(t.clone())).collect();
        let again: Vec<TypeId> = btf.types.iter().map(|t| builder.intern(t.clone())).collect();
        prop_assert_eq!(&ids, &again);
        for (id, ty) in ids.iter().zip(&btf.types) {
            prop_assert_eq!(builder.btf().get(*id), Some(ty));
        }
    }
}

#[test]
fn names_are_shared_and_the_header_is_the_kernels() {
    let mut btf = Btf::default();
    let int = Kind::Int { size: 4, encoding: IntEncoding::SIGNED, offset: 0, bits: 32 };
    let id = btf.add(Type::named("int", int));
    btf.add(Type::named("int", Kind::Typedef(id)));
    let bytes = btf.encode(Endian::Little).expect("encoded");
    let expected: [u8; 57] = [
        0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28, 0, 0, 0, 5, 0, 0, 0, // header
        1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 32, 0, 0, 1, // INT
        1, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0, // TYPEDEF
        0, b'i', b'n', b't', 0,
    ];
    assert_eq!(bytes, expected);
    assert_eq!((btf.by_name("int"), btf.size_of(TypeId(2)), btf.resolve(TypeId(2))), (Some(id), Some(4), id));
}

#[test]
fn errors_name_the_place() {
    let message = |bytes: &[u8]| Btf::decode(bytes).expect_err("an error").to_string();
    let mut good =
        Btf { types: vec![Type::anonymous(Kind::Ptr(TypeId(0)))] }.encode(Endian::Big).expect("encoded");
    assert_eq!(message(&[]), "BTF ends at byte 0, in the middle of the magic number");
    assert_eq!(message(b"\x7fELF"), "no BTF: the magic number at byte 0 is 0x457f, expected 0xeb9f");
    assert_eq!(message(&good[..20]), "BTF ends at byte 20, in the middle of the header");
    assert_eq!(
        message(&good[..30]),
        "BTF header: the type section at byte 24 lies outside the 30 bytes of data"
    );
    good[35] = 9;
    assert_eq!(message(&good), "BTF type 1 refers to type 9, but there are only 1");
    good[27] = 7;
    assert_eq!(message(&good), "BTF at byte 24: string offset 7 does not name a string");
    (good[27], good[28]) = (0, 31);
    assert_eq!(message(&good), "BTF type 1 at byte 24: kind 31 is not known");
}

#[test]
fn what_does_not_fit_is_not_encoded() {
    let signed =
        Kind::Enum { size: 4, signed: true, values: vec![Enumerator { name: "x".into(), value: 1 << 31 }] };
    let member = Member { name: String::new(), ty: TypeId(0), bit_offset: 1 << 24, bit_size: 1 };
    let far = Kind::Struct { size: 4, members: vec![member.clone()], bitfields: true };
    let flagless = Kind::Struct { size: 4, members: vec![member], bitfields: false };
    for (kind, message) in [
        (signed, "type 1: the value of a 32-bit enum does not fit BTF"),
        (far, "type 1: the offset of a member does not fit BTF"),
        (flagless, "type 1: a bit field without kind_flag does not fit BTF"),
    ] {
        let btf = Btf { types: vec![Type::anonymous(kind)] };
        assert_eq!(btf.encode(Endian::Little).expect_err("an error").to_string(), message);
    }
    let btf = Btf { types: vec![Type::named("a\0b", Kind::Float { size: 4 })] };
    assert!(matches!(btf.encode(Endian::Little), Err(Error::Nul { .. })));
}

#[test]
fn the_kernels_own_types_survive() {
    let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
        assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "no BTF of the kernel");
        println!("skipped: no BTF of the kernel");
        return;
    };
    let decoded = decode(&bytes).expect("decoded");
    let again = decoded.btf.encode(decoded.endian).expect("encoded");
    assert_eq!(Btf::decode(&again).expect("decoded again"), decoded.btf);
    let task = decoded.btf.find("task_struct", |k| matches!(k, Kind::Struct { .. })).expect("task_struct");
    assert!(decoded.btf.size_of(task).is_some_and(|s| s > 1000));
}
