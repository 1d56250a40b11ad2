use proptest::prelude::*;

use super::{display, parse};
use crate::btf::{Btf, Builder, Enumerator, IntEncoding, Kind, Member, Type, TypeId};
use crate::isa::Endian;
use crate::isa::Endian::{Big, Little};

fn int(types: &mut Builder, name: &str, size: u32, encoding: IntEncoding) -> TypeId {
    let bits = u8::try_from(size * 8).unwrap_or(128);
    types.intern(Type::named(name, Kind::Int { size, encoding, offset: 0, bits }))
}

fn unsigned(types: &mut Builder, size: u32) -> TypeId {
    let name = format!("u{}", size * 8);
    let base = int(types, &format!("unsigned{size}"), size, IntEncoding::UNSIGNED);
    types.intern(Type::named(name, Kind::Typedef(base)))
}

/// `be16` and the like are names for `__be16`, which is a name for the number.
fn network(types: &mut Builder, size: u32) -> TypeId {
    let number = unsigned(types, size);
    let name = format!("__be{}", size * 8);
    types.intern(Type::named(name, Kind::Typedef(number)))
}

fn address(types: &mut Builder, name: &str, size: u32) -> TypeId {
    let inner = match size {
        4 => network(types, 4),
        _ => {
            let byte = unsigned(types, 1);
            array(types, byte, size)
        }
    };
    types.intern(Type::named(name, Kind::Typedef(inner)))
}

fn array(types: &mut Builder, elem: TypeId, len: u32) -> TypeId {
    let index = int(types, "index", 4, IntEncoding::UNSIGNED);
    types.intern(Type::anonymous(Kind::Array { elem, index, len }))
}

fn text(types: &mut Builder, len: u32) -> TypeId {
    let elem = int(types, "char", 1, IntEncoding::SIGNED);
    array(types, elem, len)
}

/// A struct without gaps.
fn packed(types: &mut Builder, members: &[(&str, TypeId)]) -> TypeId {
    let mut size = 0;
    let mut all = vec![];
    for (name, ty) in members {
        all.push(Member { name: (*name).into(), ty: *ty, bit_offset: size * 8, bit_size: 0 });
        size += types.btf().size_of(*ty).expect("a size");
    }
    types.add(Type::anonymous(Kind::Struct { size, members: all, bitfields: false }))
}

fn union_of(types: &mut Builder, members: &[(&str, TypeId)]) -> TypeId {
    let size = members.iter().filter_map(|(_, ty)| types.btf().size_of(*ty)).max().expect("a size");
    let member =
        |(name, ty): &(&str, TypeId)| Member { name: (*name).into(), ty: *ty, bit_offset: 0, bit_size: 0 };
    let members = members.iter().map(member).collect();
    types.add(Type::anonymous(Kind::Union { size, members, bitfields: false }))
}

fn colours(types: &mut Builder) -> TypeId {
    let value = |name: &str, value| Enumerator { name: name.into(), value };
    let values = vec![value("RED", -1), value("GREEN", 0), value("BLUE", 7)];
    types.intern(Type::named("colour", Kind::Enum { size: 4, signed: true, values }))
}

/// Text that gives these bytes, and the text that these bytes give.
#[track_caller]
fn check(btf: &Btf, ty: TypeId, endian: Endian, written: &str, bytes: &[u8], shown: &str) {
    assert_eq!(parse(btf, ty, written, endian).as_deref(), Ok(bytes), "reading {written}");
    assert_eq!(display(btf, ty, bytes, endian), shown);
    assert_eq!(parse(btf, ty, shown, endian).as_deref(), Ok(bytes), "reading {shown} back");
}

#[track_caller]
fn wrong(btf: &Btf, ty: TypeId, written: &str, message: &str) {
    assert_eq!(parse(btf, ty, written, Little).expect_err("an error").to_string(), message);
}

#[test]
fn integers() {
    let mut t = Builder::default();
    let (u16_, s32) = (unsigned(&mut t, 2), int(&mut t, "int", 4, IntEncoding::SIGNED));
    let (s64, u128_) = (int(&mut t, "long", 8, IntEncoding::SIGNED), unsigned(&mut t, 16));
    let (bool_, char_) =
        (int(&mut t, "_Bool", 1, IntEncoding::BOOL), int(&mut t, "char", 1, IntEncoding::SIGNED));
    let pointer = t.intern(Type::anonymous(Kind::Ptr(TypeId::VOID)));
    let btf = t.finish();
    check(&btf, u16_, Little, "8080", &[0x90, 0x1f], "8080");
    check(&btf, u16_, Big, " 0x1f90 ", &[0x1f, 0x90], "8080");
    check(&btf, u16_, Little, "0b1_0000", &[16, 0], "16");
    check(&btf, u16_, Little, "0o17", &[15, 0], "15");
    check(&btf, u16_, Little, "65535", &[255, 255], "65535");
    check(&btf, s32, Little, "-2", &[0xfe, 255, 255, 255], "-2");
    check(&btf, s32, Big, "-2147483648", &[0x80, 0, 0, 0], "-2147483648");
    check(&btf, s64, Little, "-9223372036854775808", &[0, 0, 0, 0, 0, 0, 0, 0x80], "-9223372036854775808");
    check(&btf, u128_, Little, &u128::MAX.to_string(), &[255; 16], &u128::MAX.to_string());
    check(&btf, bool_, Little, "1", &[1], "true");
    check(&btf, bool_, Little, "false", &[0], "false");
    check(&btf, char_, Little, "'a'", b"a", "'a'");
    check(&btf, char_, Little, "'\\''", b"'", "'\\''");
    check(&btf, char_, Little, "','", b",", "','");
    check(&btf, char_, Little, "-1", &[255], "-1");
    check(&btf, pointer, Little, "0x1000", &[0, 0x10, 0, 0, 0, 0, 0, 0], "0x1000");
    wrong(&btf, u16_, "65536", "65536 does not fit: expected a number from 0 to 65535");
    wrong(&btf, u16_, "-1", "-1 does not fit: expected a number from 0 to 65535");
    wrong(
        &btf,
        s32,
        "2147483648",
        "2147483648 does not fit: expected a number from -2147483648 to 2147483647",
    );
    wrong(&btf, u16_, "eth0", "expected a number, such as `42`; found `eth0`");
    wrong(&btf, u16_, "", "expected a number, such as `42`; found nothing");
    wrong(&btf, u16_, "+5", "expected a number, such as `42`; found `+5`");
    wrong(&btf, u16_, "1 2", "expected the end of the value, such as `1`; found `2`");
    wrong(&btf, bool_, "2", "2 does not fit: expected a number from 0 to 1");
    wrong(&btf, bool_, "yes", "expected true or false, such as `true`; found `yes`");
    wrong(&btf, TypeId::VOID, "1", "a value of type void cannot be written as text");
    assert_eq!(display(&btf, TypeId::VOID, &[1, 0xab], Little), "01 ab");
    assert_eq!(display(&btf, u16_, &[1, 2, 3], Little), "01 02 03");
}

#[test]
fn names_that_mean_something() {
    let mut t = Builder::default();
    let (be16, be32) = (network(&mut t, 2), network(&mut t, 4));
    let port = t.intern(Type::named("port", Kind::Typedef(be16)));
    let port = t.intern(Type::anonymous(Kind::Const(port)));
    let (ip4, ip6, mac) = (address(&mut t, "ip4", 4), address(&mut t, "ip6", 16), address(&mut t, "mac", 6));
    let btf = t.finish();
    for endian in [Little, Big] {
        check(&btf, port, endian, "8080", &[0x1f, 0x90], "8080");
        check(&btf, be32, endian, "10.9.0.1", &[10, 9, 0, 1], "168361985");
        check(&btf, ip4, endian, "10.9.0.1", &[10, 9, 0, 1], "10.9.0.1");
        let link_local = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        check(&btf, ip6, endian, "fe80:0::1", &link_local, "fe80::1");
        check(
            &btf,
            mac,
            endian,
            "AA:bb:0c:dd:ee:ff",
            &[0xaa, 0xbb, 12, 0xdd, 0xee, 0xff],
            "aa:bb:0c:dd:ee:ff",
        );
    }
    wrong(&btf, ip4, "10.9.0", "expected an IPv4 address, such as `10.9.0.1`; found `10.9.0`");
    wrong(&btf, ip4, "fe80::1", "expected an IPv4 address, such as `10.9.0.1`; found `fe80::1`");
    wrong(&btf, ip6, "1.2.3.4", "expected an IPv6 address, such as `fe80::1`; found `1.2.3.4`");
    wrong(&btf, mac, "aa:bb", "expected a MAC address, such as `aa:bb:cc:dd:ee:ff`; found `aa:bb`");
    wrong(&btf, port, "70000", "70000 does not fit: expected a number from 0 to 65535");
}

#[test]
fn strings_arrays_enums() {
    let mut t = Builder::default();
    let (name, byte) = (text(&mut t, 6), unsigned(&mut t, 1));
    let (bytes, colour) = (array(&mut t, byte, 3), colours(&mut t));
    let rows = array(&mut t, bytes, 2);
    let btf = t.finish();
    check(&btf, name, Little, "\"eth0\"", b"eth0\0\0", "\"eth0\"");
    check(&btf, name, Little, "\"abcdef\"", b"abcdef", "\"abcdef\"");
    check(&btf, name, Little, "\"a\\x00b\\\"\\n\"", b"a\0b\"\n\0", "\"a\\0b\\\"\\n\"");
    check(&btf, name, Little, "\"é\\xff\"", b"\xc3\xa9\xff\0\0\0", "\"é\\xff\"");
    check(&btf, name, Little, "\"\"", &[0; 6], "\"\"");
    check(&btf, bytes, Little, "[1,2 , 0xff]", &[1, 2, 255], "[1, 2, 255]");
    check(&btf, bytes, Little, "[1]", &[1, 0, 0], "[1, 0, 0]");
    check(&btf, rows, Little, "[[1], [2, 3]]", &[1, 0, 0, 2, 3, 0], "[[1, 0, 0], [2, 3, 0]]");
    check(&btf, colour, Little, "BLUE", &[7, 0, 0, 0], "BLUE");
    check(&btf, colour, Big, "-1", &[255; 4], "RED");
    check(&btf, colour, Little, "5", &[5, 0, 0, 0], "5");
    wrong(&btf, name, "eth0", "expected a string, such as `\"eth0\"`; found `eth0`");
    wrong(&btf, name, "\"", "expected a string, such as `\"eth0\"`; found `\"`");
    wrong(&btf, name, "\"abcdefg\"", "the string is too long: 7, where 6 fit");
    wrong(&btf, bytes, "[1, 2, 3, 4]", "the array is too long: 4, where 3 fit");
    wrong(&btf, bytes, "[1 2]", "expected a comma or the end of the array, such as `[1, 2, 3]`; found `2`");
    wrong(&btf, bytes, "[1,", "expected a number, such as `42`; found nothing");
    wrong(&btf, bytes, "5", "expected an array of 3, such as `[1, 2, 3]`; found `5`");
    wrong(&btf, colour, "PINK", "expected a number or one of RED, GREEN, BLUE, such as `RED`; found `PINK`");
}

#[test]
fn structs() {
    let mut t = Builder::default();
    let (ip4, ip6, port) = (address(&mut t, "ip4", 4), address(&mut t, "ip6", 16), network(&mut t, 2));
    let (byte, word) = (unsigned(&mut t, 1), unsigned(&mut t, 4));
    let either = union_of(&mut t, &[("v4", ip4), ("v6", ip6)]);
    let flow = packed(&mut t, &[("saddr", ip4), ("port", port), ("proto", byte), ("_pad", byte)]);
    let outer = packed(&mut t, &[("kind", word), ("", either), ("flow", flow)]);
    let (lpm4, lpm6) = (
        packed(&mut t, &[("prefixlen", word), ("addr", ip4)]),
        packed(&mut t, &[("prefixlen", word), ("addr", ip6)]),
    );
    let btf = t.finish();
    let shown = "{saddr: 10.0.0.1, port: 80, proto: 6, _pad: 0}";
    check(&btf, flow, Little, "{ port: 80, saddr: 10.0.0.1, proto: 6 }", &[10, 0, 0, 1, 0, 80, 6, 0], shown);
    let mut bytes = [0; 28];
    bytes[..8].copy_from_slice(&[4, 0, 0, 0, 1, 2, 3, 4]);
    bytes[24..26].copy_from_slice(&[1, 0]);
    check(
        &btf,
        outer,
        Little,
        "{kind: 4, v4: 1.2.3.4, flow: {port: 256}}",
        &bytes,
        "{kind: 4, v6: 102:304::, flow: {saddr: 0.0.0.0, port: 256, proto: 0, _pad: 0}}",
    );
    check(&btf, lpm4, Little, "10.9.0.1/32", &[32, 0, 0, 0, 10, 9, 0, 1], "10.9.0.1/32");
    check(&btf, lpm4, Big, "{addr: 10.9.0.1, prefixlen: 8}", &[0, 0, 0, 8, 10, 9, 0, 1], "10.9.0.1/8");
    check(&btf, lpm4, Big, "{prefixlen: 33}", &[0, 0, 0, 33, 0, 0, 0, 0], "{prefixlen: 33, addr: 0.0.0.0}");
    let mut bytes = [0; 20];
    (bytes[0], bytes[4], bytes[5]) = (10, 0xfe, 0x80);
    check(&btf, lpm6, Little, "fe80::/10", &bytes, "fe80::/10");
    wrong(&btf, flow, "{dport: 1}", "there is no member `dport`; the members are saddr, port, proto, _pad");
    wrong(&btf, flow, "{port: 1, port: 2}", "`port` shares its bytes with `port`: give only one of them");
    wrong(&btf, outer, "{v4: 1.1.1.1, v6: ::}", "`v6` shares its bytes with `v4`: give only one of them");
    wrong(&btf, flow, "{port 1}", "expected a colon, such as `{saddr: …}`; found `1`");
    wrong(
        &btf,
        flow,
        "{port: 1",
        "expected a comma or the end of the struct, such as `{saddr: …}`; found nothing",
    );
    wrong(&btf, flow, "80", "expected a struct, such as `{saddr: …}`; found `80`");
    wrong(&btf, lpm4, "10.9.0.1", "expected an IPv4 prefix, such as `10.9.0.1/32`; found `10.9.0.1`");
    wrong(&btf, lpm4, "10.9.0.1/33", "the prefix length is too long: 33, where 32 fit");
    wrong(&btf, lpm6, "fe80::/+1", "expected an IPv6 prefix, such as `fe80::/10`; found `fe80::/+1`");
    assert_eq!(parse(&btf, flow, "{port: x}", Little).map_err(|e| e.at()), Err(7));
}

#[test]
fn bit_fields_lie_as_the_byte_order_says() {
    let mut t = Builder::default();
    let byte = int(&mut t, "unsigned char", 1, IntEncoding::UNSIGNED);
    let signed = int(&mut t, "int", 4, IntEncoding::SIGNED);
    let member =
        |name: &str, ty, bit_offset, bit_size| Member { name: name.into(), ty, bit_offset, bit_size };
    let iphdr = |first: &str, second: &str| {
        let members = vec![member(first, byte, 0, 4), member(second, byte, 4, 4), member("x", signed, 8, 5)];
        Type::anonymous(Kind::Struct { size: 4, members, bitfields: true })
    };
    let (little, big) = (t.add(iphdr("ihl", "version")), t.add(iphdr("version", "ihl")));
    let btf = t.finish();
    let text = "{version: 4, ihl: 5, x: -3}";
    check(&btf, little, Little, text, &[0x45, 0x1d, 0, 0], "{ihl: 5, version: 4, x: -3}");
    check(&btf, big, Big, text, &[0x45, 0xe8, 0, 0], "{version: 4, ihl: 5, x: -3}");
    wrong(&btf, little, "{x: 16}", "16 does not fit: expected a number from -16 to 15");
}

#[test]
fn types_without_end_end() {
    let mut t = Builder::default();
    // Each struct of no bytes holds the one before it twice.
    let mut inner = packed(&mut t, &[]);
    for _ in 0..30 {
        inner = packed(&mut t, &[("a", inner), ("b", inner)]);
    }
    let mut nameless = packed(&mut t, &[]);
    for _ in 0..30 {
        nameless = packed(&mut t, &[("", nameless), ("", nameless)]);
    }
    let many = array(&mut t, inner, u32::MAX);
    let own = t.add(Type::named("own", Kind::Typedef(TypeId(0))));
    t.replace(own, Type::named("own", Kind::Typedef(own)));
    let btf = t.finish();
    assert!(display(&btf, many, &[], Little).len() < 1 << 20);
    assert_eq!(display(&btf, nameless, &[], Little), "{}");
    assert_eq!(parse(&btf, nameless, "{}", Little), Ok(vec![]));
    assert_eq!(parse(&btf, many, "[{}, {a: {b: {}}}]", Little), Ok(vec![]));
    assert_eq!((btf.size_of(own), btf.resolve(own)), (None, TypeId::VOID));
    assert_eq!(display(&btf, own, &[], Little), "");
    assert!(parse(&btf, own, "1", Little).is_err());
}

/// A type without gaps.
#[derive(Debug, Clone)]
enum Spec {
    Unsigned(u32),
    Signed(u32),
    Network(u32),
    Address(&'static str, u32),
    Char,
    Enum,
    Text(u32),
    Array(Box<Spec>, u32),
    Struct(Vec<Spec>),
    Union(Vec<Spec>),
    Prefix(u32),
}

impl Spec {
    fn build(&self, t: &mut Builder) -> TypeId {
        const NAMES: [&str; 4] = ["a", "b", "c", "d"];
        let members = |t: &mut Builder, all: &[Spec]| -> Vec<(&str, TypeId)> {
            NAMES.into_iter().zip(all.iter().map(|s| s.build(t)).collect::<Vec<_>>()).collect()
        };
        match self {
            Spec::Unsigned(size) => unsigned(t, *size),
            Spec::Signed(size) => int(t, &format!("s{size}"), *size, IntEncoding::SIGNED),
            Spec::Network(size) => network(t, *size),
            Spec::Address(name, size) => address(t, name, *size),
            Spec::Char => int(t, "char", 1, IntEncoding::SIGNED),
            Spec::Enum => colours(t),
            Spec::Text(len) => text(t, *len),
            Spec::Array(elem, len) => {
                let elem = elem.build(t);
                array(t, elem, *len)
            }
            Spec::Struct(all) => {
                let members = members(t, all);
                packed(t, &members)
            }
            Spec::Union(all) => {
                let members = members(t, all);
                union_of(t, &members)
            }
            Spec::Prefix(size) => {
                let (len, name) = (unsigned(t, 4), if *size == 4 { "ip4" } else { "ip6" });
                let addr = address(t, name, *size);
                packed(t, &[("prefixlen", len), ("addr", addr)])
            }
        }
    }
}

fn spec() -> impl Strategy<Value = Spec> {
    let size = prop::sample::select(vec![1u32, 2, 4, 8, 16]);
    let leaf = prop_oneof![
        size.clone().prop_map(Spec::Unsigned),
        size.prop_map(Spec::Signed),
        prop::sample::select(vec![2u32, 4, 8]).prop_map(Spec::Network),
        prop::sample::select(vec![("ip4", 4), ("ip6", 16), ("mac", 6)])
            .prop_map(|(n, s)| Spec::Address(n, s)),
        Just(Spec::Char),
        Just(Spec::Enum),
        (0u32..9).prop_map(Spec::Text),
        prop::sample::select(vec![4u32, 16]).prop_map(Spec::Prefix),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0u32..4).prop_map(|(elem, len)| Spec::Array(Box::new(elem), len)),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Spec::Struct),
            prop::collection::vec(inner, 1..4).prop_map(Spec::Union),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(spec in spec(), big in any::<bool>(), seed in any::<[u8; 32]>(), small in any::<bool>()) {
        let mut types = Builder::default();
        let ty = spec.build(&mut types);
        let btf = types.finish();
        let endian = if big { Big } else { Little };
        let size = usize::try_from(btf.size_of(ty).expect("a size")).expect("a size");
        let bytes: Vec<u8> = seed.iter().cycle().take(size).map(|b| if small { b & 15 } else { *b }).collect();
        let text = display(&btf, ty, &bytes, endian);
        prop_assert_eq!(parse(&btf, ty, &text, endian), Ok(bytes), "{}", text);
    }

    #[test]
    fn any_text_is_a_value_or_an_error(spec in spec(), text in "[\\[\\]{}a-d:, 0-9\"'./x\\\\-]{0,24}|.{0,12}") {
        let mut types = Builder::default();
        let ty = spec.build(&mut types);
        let btf = types.finish();
        match parse(&btf, ty, &text, Little) {
            Ok(bytes) => prop_assert_eq!(u32::try_from(bytes.len()).ok(), btf.size_of(ty)),
            Err(e) => prop_assert!(e.at() <= text.len() && !e.to_string().is_empty()),
        }
    }
}
