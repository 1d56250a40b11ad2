//! Data sections as text: what they hold, what refers to them, and relocations of any kind.

mod common;

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
