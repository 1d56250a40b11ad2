//! Data sections as text: what they hold, what refers to them, and relocations of any kind.

mod common;

use bpfasm_asm::diag::code;
use bpfasm_asm::disasm;
use bpfasm_asm::expand::to_text;
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::{Address, Anchor, DataKind, Form, Linkage, Object, Ref, Reloc, Symbol, Var};

/// The object of a text.
fn assemble(text: &str) -> Object {
    common::assemble(text, Endian::Little).unwrap_or_else(|told| panic!("{told}\n{text}"))
}

/// What the text of an object gives; and what `expand` makes of that text does, too.
fn again(object: &Object) -> Object {
    let text = disasm::to_text(object);
    let (sources, compiled) = common::through(&text, Endian::Little);
    let expanded = to_text(&compiled.program, &sources, &compiled.files, Endian::Little);
    let object = assemble(&text);
    assert_eq!(common::bare(assemble(&expanded)), common::bare(object.clone()), "{expanded}");
    object
}

#[test]
fn a_section_has_symbols_bytes_and_addresses() {
    let object = assemble(
        "license \"GPL\"
version 0x50a00
section \".rodata.str1.1\" align 1 size 12 {
    0: static text[6]
    0: \"hello\\0\"
    8: ff 00 3a
}
section \".data\" align 8 size 24 {
    0: weak a[4]
    4: hidden b[4] as \"b.1\"
    4: 01 02 03 04
    8: &text + 2
    16: &p
}
section \".bss\" align 8 size 0x100000000 {
    0xffffffff: last[1]
}
section \"notes\" other(7, 0x2, 4) align 4 {
    0: \"note\"
}
section \".data\" as 2 align 4 {
    0: second[4]
}
prog p: \"socket\" {
    r1 = text ll
    r1 = text + 3 ll
    r1 = b - 4 ll
    r1 = section(\".data\", 2) + 2 ll
    r1 = section(\".rodata.str1.1\") ll
    w0 = 0
    exit
}
",
    );
    assert_eq!(object.version, Some(0x50a00));
    let names: Vec<_> = object.data.iter().map(|d| (d.name.as_str(), d.kind, d.size())).collect();
    let expected = [
        (".rodata.str1.1", DataKind::Rodata, 12),
        (".data", DataKind::Data, 24),
        (".bss", DataKind::Bss, 0x1_0000_0000),
        ("notes", DataKind::Other, 4),
        (".data", DataKind::Data, 4),
    ];
    assert_eq!(names, expected);
    assert_eq!(object.data[0].bytes, b"hello\0\0\0\xff\0\x3a\0");
    assert_eq!(object.data[3].form, Some(Form { kind: 7, flags: 2, entry: 4 }));
    let data = &object.data[1];
    let var = |name: &str, offset| Var {
        name: name.into(),
        offset,
        size: 4,
        linkage: Linkage::Global,
        ..Var::default()
    };
    assert_eq!(data.vars, [Var { weak: true, ..var("a", 0) }, Var { hidden: true, ..var("b.1", 4) }]);
    assert_eq!(data.refs, [Address::new(8, Symbol::Data(0, 2)), Address::new(16, Symbol::Func(0))]);
    let to: Vec<_> = object.funcs[0].refs.iter().map(|r| r.to).collect();
    let place = Symbol::Data;
    assert_eq!(to, [place(0, 0), place(0, 3), place(1, 0), place(4, 2), place(0, 0)]);
    assert_eq!(again(&object), object);
}

#[test]
fn every_relocation_comes_back() {
    let mut object = assemble(
        "license \"GPL\"
btf {}
extern func other()
map m: array<u32, u64>[1]
section \".data\" align 8 size 32 {
    0: v[8]
}
func f {
    exit
}
prog p: \"socket\" {
    r1 = v ll
    r2 = 5 ll
    @reloc none to f
    call pc-4
    @reloc to m
    raw 18 01 00 08 00 00 00 00 00 00 00 00 00 00 00 00
    @reloc to f
    raw 85 13 00 02 ff ff ff ff
    @reloc to v + 4
    raw 18 0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    w0 = 0
    exit
}
",
    );
    assert_eq!(again(&object), object);
    let reloc = |kind, base, addend, within| Some(Box::new(Reloc { kind, base, addend, within }));
    let anchors = [
        Anchor::Nothing,
        Anchor::Func(0),
        Anchor::Var(0, 0),
        Anchor::Map(0),
        Anchor::Extern(0),
        Anchor::Code(1),
        Anchor::Data(0),
        Anchor::Maps(0),
    ];
    let symbols = [Symbol::Unknown, Symbol::Func(1), Symbol::Data(0, 12), Symbol::Map(0), Symbol::Extern(0)];
    let mut refs = vec![];
    for ((n, base), kind) in anchors.into_iter().enumerate().zip((1..=11).cycle()) {
        let addend = [None, Some(0), Some(i64::MIN), Some(i64::MAX), Some(-1)][n % 5];
        let within = [0, 4, 12][n % 3];
        refs.push((symbols[n % symbols.len()], reloc(kind, base, addend, within)));
    }
    refs.push((Symbol::Func(0), Some(Box::new(Reloc::NONE))));
    refs.push((Symbol::Unknown, reloc(77, Anchor::Nothing, None, 0)));
    let address = |(offset, (to, reloc)): (u32, &(Symbol, Option<Box<Reloc>>))| Address {
        offset,
        to: *to,
        reloc: reloc.clone(),
    };
    object.data[0].refs = (0..).step_by(7).zip(&refs).map(address).collect();
    object.data[0].bytes[8..16].fill(0xee);
    object.maps[0].refs = object.data[0].refs.clone();
    let code = |(n, (to, reloc)): (usize, (Symbol, _))| Ref { insn: n / 4, to, reloc };
    object.funcs[1].refs = refs.into_iter().enumerate().map(code).collect();
    assert_eq!(again(&object), object, "{}", disasm::to_text(&object));
}

#[test]
fn a_mistake_in_a_section_is_one_error() {
    for (section, lines) in [
        ("\".x\" data {\n 0: v[4\n 4: w[8]\n}", "r1 = v ll\n r1 = w ll"),
        ("\".y\" {\n 0: v[4]\n}", "r1 = v ll\n r1 = section(\".y\") + 4 ll"),
        ("\".data\" align 3 {\n 0: v[4]\n}", "r1 = v ll\n r1 = section(\".data\") ll"),
        ("\".data\" size 1G {\n 0: v[4]\n}", "r1 = v ll\n r1 = section(\".data\") ll"),
        ("\".data\" other(1) {\n 0: v[4]\n}", "r1 = v ll"),
    ] {
        let text = format!("section {section}\n{}", common::body(&format!("{lines}\n w0 = 0")));
        assert_eq!(common::errors(&text).len(), 1, "{:?}\n{text}", common::assemble(&text, Endian::Little));
    }
}

/// Types whose values are written in different ways.
const TYPES: &str = "btf {
    [1] INT 'unsigned short' size=2 bits_offset=0 nr_bits=16 encoding=(none)
    [2] TYPEDEF '__be16' type_id=1
    [3] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
    [4] INT 'char' size=1 bits_offset=0 nr_bits=8 encoding=SIGNED
    [5] ARRAY '(anon)' type_id=4 index_type_id=3 nr_elems=8
    [6] ENUM 'color' encoding=SIGNED size=4 vlen=2
        'RED' val=0
        'BLUE' val=-3
    [7] STRUCT 'inner' size=16 vlen=4
        'name' type_id=5 bits_offset=0
        'port' type_id=2 bits_offset=64
        'low' type_id=3 bits_offset=80 bitfield_size=3
        'high' type_id=3 bits_offset=83 bitfield_size=12
    [8] ARRAY '(anon)' type_id=7 index_type_id=3 nr_elems=2
    [9] UNION '(anon)' size=8 vlen=2
        'short' type_id=1 bits_offset=0
        'long' type_id=10 bits_offset=0
    [10] INT 'long' size=8 bits_offset=0 nr_bits=64 encoding=SIGNED
    [11] STRUCT 'outer' size=48 vlen=4
        'list' type_id=8 bits_offset=0
        '(anon)' type_id=9 bits_offset=256
        'color' type_id=6 bits_offset=320
        'flag' type_id=13 bits_offset=352
    [12] VAR 'v' type_id=11, linkage=global
    [13] INT '_Bool' size=1 bits_offset=0 nr_bits=8 encoding=BOOL
    [14] DATASEC '.data' size=0 vlen=1
        type_id=12 offset=0 size=48 (VAR 'v')
}
";

#[test]
fn a_variable_has_a_type_and_a_value() {
    let value = "{
        list: { { name: \"one\", port: be16(8080), low: -2, high: 1000 }, { name: \"two\" } },
        long: -9,
        color: BLUE,
        flag: 1
    }";
    let text = |value: &str| {
        format!("section \".data\" align 8 size 48 {{\n    0: v: outer = {value}\n}}\n\n{TYPES}")
    };
    for endian in common::BOTH {
        let object = common::assemble(&text(value), endian).unwrap_or_else(|told| panic!("{told}"));
        let bytes = &object.data[0].bytes;
        assert_eq!(bytes[..10], *b"one\0\0\0\0\0\x1f\x90");
        let (long, color) = match endian {
            Endian::Little => (b"\xf7\xff\xff\xff\xff\xff\xff\xff", b"\xfd\xff\xff\xff"),
            Endian::Big => (b"\xff\xff\xff\xff\xff\xff\xff\xf7", b"\xff\xff\xff\xfd"),
        };
        assert_eq!((&bytes[32..40], &bytes[40..44], bytes[44]), (&long[..], &color[..], 1));
        assert!(
            disasm::to_text(&object).contains(&format!("0: v: outer = {value}\n")),
            "{}",
            disasm::to_text(&object)
        );
        assert_eq!(common::assemble(&disasm::to_text(&object), endian), Ok(object));
    }
    // The shorter one of a union says it all.
    let short = text("{ short: 7, color: RED }");
    assert!(disasm::to_text(&assemble(&short)).contains("0: v: outer = { short: 7 }\n"));
}

#[test]
fn bytes_that_are_no_value_are_bytes() {
    let text = |lines: &str| format!("section \".data\" align 8 size 48 {{\n{lines}}}\n{TYPES}");
    // Between members, no number of a bool, no string.
    for line in ["    45: 01\n", "    44: 02\n", "    12: 00 01\n", "    0: \"12345678\"\n"] {
        let object = assemble(&text(&format!("    0: v: outer\n{line}")));
        assert!(
            !disasm::to_text(&object).contains(" = {") || line.contains("1234"),
            "{}",
            disasm::to_text(&object)
        );
        assert_eq!(again(&object), object);
    }
    let object = assemble(&text("    0: v: outer = { flag: 1 }\n    44: w[1]\n"));
    assert_eq!(object.data[0].vars[1].offset, 44);
    assert_eq!(again(&object), object);
    for (lines, code) in [
        ("0: v: outer = { flag: 2 }\n", code::RANGE),
        ("0: v: outer = { flag: 1 }\n44: 01\n", code::LAYOUT),
        ("0: v: inner = { low: 1 }\n", code::CONTRADICTS),
    ] {
        assert_eq!(common::errors(&text(lines)), [code], "{lines}");
    }
}

#[test]
fn without_types_of_the_object_those_of_source_are_its_types() {
    let text = "
struct point { x: s32, y: s32 }
section \".data\" align 4 {
    0: first: point = { y: -1 }
    8: second: u32[2] = { 1, 2 }
}
prog p: \"socket\" {
    r1 = first ll
    view at = r1: point
    w0 = at->y
    exit
}
";
    let object = assemble(text);
    assert_eq!(object.data[0].bytes, [0, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 2, 0, 0, 0]);
    assert!(object.data[0].vars.iter().all(|var| var.ty.is_some()));
    assert_eq!(again(&object), object);
    let shown = disasm::to_text(&object);
    assert!(shown.contains("0: first: point = { y: -1 }\n"), "{shown}");
}

/// Bytes of every kind in types of every kind come back.
#[test]
fn all_bytes_of_a_variable_come_back() {
    let mut seed = 7u64;
    for endian in common::BOTH {
        for round in 0..300 {
            let mut object = common::assemble(
                &format!("section \".data\" align 8 size 48 {{ 0: v[48] }}\n{TYPES}"),
                endian,
            )
            .expect("an object");
            for byte in &mut object.data[0].bytes {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // Few bytes are set in many rounds, so that most members are zero or small.
                let set = (seed >> 40) % 48 < round % 48;
                *byte = if set { u8::try_from(seed >> 56).expect("eight bits") } else { 0 };
            }
            let text = disasm::to_text(&object);
            assert_eq!(common::assemble(&text, endian).as_ref(), Ok(&object), "{text}");
        }
    }
}

#[test]
fn members_that_all_share_their_bytes_take_no_time() {
    let members = 20_000;
    let mut types = format!("btf {{\n    [1] UNION 'many' size=65536 vlen={members}\n");
    for n in 0..members {
        types += &format!("        'm{n}' type_id=2 bits_offset={}\n", n % 8000 * 64);
    }
    types += "    [2] INT 'long' size=8 bits_offset=0 nr_bits=64 encoding=SIGNED
    [3] VAR 'v' type_id=1, linkage=global
    [4] DATASEC '.data' size=65536 vlen=1
        type_id=3 offset=0 size=65536 (VAR 'v')
}
";
    let mut object = assemble(&format!("section \".data\" align 8 size 65536 {{ 0: v[65536] }}\n{types}"));
    object.data[0].bytes.fill(1);
    let start = std::time::Instant::now();
    let text = disasm::to_text(&object);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert!(text.contains("    0: v: many\n    0: 01 01"));
}
