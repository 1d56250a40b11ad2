//! Objects as text: symbols of any name and binding, functions that end anyhow, maps from before BTF. What the text
//! builds is the object that it was made of, and so is what it builds in the one layout.

use std::ops::Range;

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::disasm::to_text;
use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::lang::fmt::format;
use bpfasm_asm::object::{
    Address, Extern, ExternKind, Func, Label, Legacy, Linkage, Map, Object, Place, Ref, Symbol,
};
use bpfasm_asm::uapi::MapType;
use proptest::prelude::*;

/// Names that a file may have.
const NAMES: &[&str] = &[
    "f",
    "g",
    "g",
    "_x",
    "",
    "foo.isra.0",
    ".Ltmp",
    "LBB0_1",
    "r1",
    "w10",
    "fp",
    "if",
    "exit",
    "ll",
    "u32",
    "bpf_loop",
    "static",
    "hidden",
    "alias",
    "raw",
    "map",
    "prog",
    "as",
    "at",
    "9a",
    "a b",
    "a`b",
    "a\"b",
    "a\\b",
    "a\nb",
    "gr\u{fc}n",
    "a\u{202e}b",
    "\u{10ffe9}",
    "$x",
    "@if",
    "call",
    "helper",
    "kfunc",
    "section",
    "g__2",
];

fn name() -> impl Strategy<Value = String> {
    (0..NAMES.len()).prop_map(|at| NAMES[at].to_string())
}

fn binding() -> impl Strategy<Value = (Linkage, bool, bool)> {
    let kinds = [(Linkage::Static, false), (Linkage::Global, false), (Linkage::Global, true)];
    ((0..kinds.len()), any::<bool>()).prop_map(move |(kind, hidden)| (kinds[kind].0, kinds[kind].1, hidden))
}

/// Instructions, some of which lead out of any function or are none.
fn insn() -> impl Strategy<Value = [u8; 8]> {
    const INSNS: &[[u8; 8]] = &[
        [0x95, 0, 0, 0, 0, 0, 0, 0],
        [0xb7, 1, 0, 0, 5, 0, 0, 0],
        [0x05, 0, 1, 0, 0, 0, 0, 0],
        [0x05, 0, 200, 0, 0, 0, 0, 0],
        [0x05, 0, 0xff, 0xff, 0, 0, 0, 0],
        [0x15, 1, 0xf0, 0xff, 0, 0, 0, 0],
        [0x06, 0, 0, 0, 0x40, 0, 0, 0],
        [0x85, 0x10, 0, 0, 0, 0, 1, 0],
        [0x85, 0, 0, 0, 0xb5, 0, 0, 0],
        [0xff, 0xff, 1, 2, 3, 4, 5, 6],
        [0x18, 0, 0, 0, 0, 0, 0, 0],
        [0xb7, 10, 0, 0, 5, 0, 0, 0],
    ];
    (0..INSNS.len()).prop_map(|at| INSNS[at])
}

fn label() -> impl Strategy<Value = Label> {
    (name(), binding(), 0u32..40, 0u32..20).prop_map(|(name, (linkage, weak, hidden), offset, size)| Label {
        name,
        offset,
        size,
        linkage,
        weak,
        hidden,
    })
}

/// Functions whose calls name others of so many, and externs.
fn func(funcs: usize, externs: usize) -> impl Strategy<Value = Func> {
    let section =
        prop::sample::select(&[".text", ".text", "xdp", "socket", "odd \"one\"\n", "\u{10ffe9}"][..]);
    let calls = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    let parts = (
        (name(), binding(), section),
        prop::collection::vec(insn(), 0..6),
        prop::collection::vec(label(), 0..3),
        prop::collection::vec(any::<u8>(), 0..8),
        (calls, any::<bool>(), any::<bool>()),
    );
    parts.prop_map(
        move |((name, (linkage, weak, hidden), section), insns, labels, tail, (calls, apart, ends))| {
            let mut bytes = insns.concat();
            let mut refs = vec![];
            for call in &calls {
                let to = match call.index(funcs + externs) {
                    to if to < funcs => Symbol::Func(to),
                    to => Symbol::Extern(to - funcs),
                };
                // What stands before may end with half an instruction.
                bytes.extend([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff]);
                refs.push(to);
            }
            if ends {
                bytes.extend([0x95, 0, 0, 0, 0, 0, 0, 0]);
            }
            let insns = Insn::decode_all(&bytes, Endian::Little).expect("whole instructions");
            let called = insns.iter().enumerate().filter(|(_, insn)| insn.code == 0x85 && insn.imm == -1);
            let refs = called.zip(refs).map(|((at, _), to)| Ref::new(at, to)).collect();
            let section = section.to_string();
            Func {
                name,
                section,
                apart,
                linkage,
                weak,
                hidden,
                labels,
                insns: insns.into(),
                tail: if ends { vec![] } else { tail },
                refs,
                ..Func::default()
            }
        },
    )
}

/// A map whose definition is bytes, or one of which nothing is known.
fn map() -> impl Strategy<Value = Map> {
    let field = || prop_oneof![0u32..40, any::<u32>()];
    let legacy = (
        prop::sample::select(&["maps", "maps/x", "odd \"one\""][..]),
        prop::collection::vec(field(), 0..8),
        0usize..4,
    );
    let place = prop::option::of((any::<u32>(), any::<u32>()));
    (name(), binding(), prop::option::of(legacy), place, prop::option::of(any::<u32>())).prop_map(
        |(name, (linkage, weak, hidden), legacy, place, at)| {
            let place = place.map(|(offset, size)| Place { offset, size });
            let refs = at.map(|at| Address::new(at, Symbol::Func(0))).into_iter().collect();
            let mut map = Map { name, linkage, weak, hidden, place, refs, ..Map::default() };
            let Some((section, fields, more)) = legacy else {
                return Map { unknown: Some("no type describes it".into()), ..map };
            };
            let mut bytes: Vec<u8> = fields.iter().flat_map(|field| field.to_le_bytes()).collect();
            bytes.extend(vec![7; more]);
            if let [kind, key, value, rest @ ..] = fields.as_slice() {
                (map.kind, map.key_size, map.value_size) = (MapType(*kind), *key, *value);
                (map.max_entries, map.flags) =
                    (rest.first().copied().unwrap_or(0), rest.get(1).copied().unwrap_or(0));
            } else {
                map.unknown = Some("its definition is shorter than 12 bytes".into());
            }
            map.legacy = Some(Legacy { section: section.into(), bytes });
            map
        },
    )
}

fn external() -> impl Strategy<Value = Extern> {
    let kind = prop_oneof![
        Just(ExternKind::Object),
        (any::<u64>(), any::<u64>()).prop_map(|(size, align)| ExternKind::Common { size, align }),
        any::<u64>().prop_map(ExternKind::Absolute),
    ];
    (name(), kind, any::<bool>(), any::<bool>()).prop_map(|(name, kind, weak, hidden)| Extern {
        name,
        kind,
        weak,
        hidden,
        btf: None,
    })
}

fn object() -> impl Strategy<Value = Object> {
    const FEW: Range<usize> = 1..4;
    let license = prop::option::of(prop::sample::select(&["GPL", "", "Dual \"x\"\n\\", "\u{10ffe9}"][..]));
    let parts = (license, prop::collection::vec(map(), 0..4), prop::collection::vec(external(), FEW), FEW);
    parts.prop_flat_map(|(license, maps, externs, funcs)| {
        prop::collection::vec(func(funcs, externs.len()), funcs).prop_map(move |funcs| Object {
            license: license.map(str::to_string),
            maps: maps.clone(),
            // Only what is a function, as far as anybody knows, can be called.
            externs: externs.clone(),
            funcs,
            ..Object::default()
        })
    })
}

/// The object that a text builds.
fn built(text: &str) -> Result<Object, String> {
    let mut sources = Sources::default();
    let root = sources.add("text.bpfasm", text);
    let compiled = compile(&mut sources, root, &Options::default());
    let told = || compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default())).collect();
    compiled.object.ok_or_else(told)
}

/// A text with nothing left to be worked out.
fn expanded(text: &str) -> String {
    let mut sources = Sources::default();
    let root = sources.add("text.bpfasm", text);
    let compiled = compile(&mut sources, root, &Options::default());
    bpfasm_asm::expand::to_text(&compiled.program, &sources, &compiled.files, compiled.endian)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn odd_objects_come_back_from_their_text(object in object()) {
        let text = to_text(&object);
        let again = built(&text).map_err(|told| TestCaseError::fail(format!("{told}\n{text}")))?;
        prop_assert_eq!(&again, &object, "{}", text);
        let mut sources = Sources::default();
        let file = sources.add("text.bpfasm", text.as_str());
        let laid = format(&sources, file).map_err(|d| TestCaseError::fail(format!("{d:?}\n{text}")))?;
        let again = built(&laid);
        prop_assert_eq!(again.as_ref(), Ok(&object), "{}", laid);
        // What it expands to says the same.
        let plain = expanded(&text);
        prop_assert_eq!(built(&plain), Ok(object), "{}", plain);
    }
}
