//! Objects made by hand, and what the tests of the loader share.
#![allow(dead_code)]

use bpfasm_asm::btf::{Builder, FuncLinkage, IntEncoding, Kind, SecInfo, Strings, Type, TypeId, VarLinkage};
use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::object::{Data, DataKind, Func, Line, Linkage, Map, Object, Ref, Symbol, TEXT, Var};
use bpfasm_asm::uapi::MapType;

/// Whether this process may load programs; says why not, or fails where nothing may be skipped.
pub fn may_load() -> bool {
    if nix::unistd::geteuid().is_root() {
        return true;
    }
    skip("not root");
    false
}

/// Says that a test is skipped.
pub fn skip(why: &str) {
    assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "must not be skipped: {why}");
    println!("skipped: {why}");
}

pub fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm, hi: None }
}

/// `rD = X ll`, to be filled in.
pub fn wide(dst: u8) -> Insn {
    Insn { hi: Some(0), ..insn(0x18, dst, 0, 0, 0) }
}

/// `wD = N`
pub fn mov32(dst: u8, imm: i32) -> Insn {
    insn(0xb4, dst, 0, 0, imm)
}

/// `call HELPER`
pub fn call(helper: i32) -> Insn {
    insn(0x85, 0, 0, 0, helper)
}

pub fn exit() -> Insn {
    insn(0x95, 0, 0, 0, 0)
}

pub fn object(funcs: Vec<Func>) -> Object {
    let mut texts = Strings::default();
    let longest = funcs.iter().max_by_key(|func| func.lines.len());
    for line in longest.map_or(&[][..], |func| &func.lines) {
        texts.add(&text_of(line.insn)).unwrap();
    }
    Object {
        endian: if cfg!(target_endian = "big") { Endian::Big } else { Endian::Little },
        license: Some("GPL".into()),
        funcs,
        files: vec!["test.bpfasm".into()],
        texts,
        ..Object::default()
    }
}

/// The source line of an instruction.
fn text_of(insn: u32) -> String {
    format!("    line of instruction {insn}")
}

/// A function whose instruction N stands on line N + 10.
pub fn func(name: &str, section: &str, insns: Vec<Insn>, refs: Vec<(usize, Symbol)>) -> Func {
    let mut texts = Strings::default();
    let lines = (0..u32::try_from(insns.len()).unwrap())
        .map(|n| Line { insn: n, file: 0, line: n + 10, column: 5, text: texts.add(&text_of(n)).unwrap() })
        .collect();
    Func {
        name: name.into(),
        section: section.into(),
        linkage: if section == TEXT { Linkage::Static } else { Linkage::Global },
        insns: insns.into(),
        refs: refs.into_iter().map(|(insn, to)| Ref::new(insn, to)).collect(),
        lines,
        ..Func::default()
    }
}

pub fn map(name: &str, kind: MapType, key_size: u32, value_size: u32, max_entries: u32) -> Map {
    Map { name: name.into(), kind, key_size, value_size, max_entries, ..Map::default() }
}

/// `w0 = XDP_PASS; exit`
pub fn pass(name: &str) -> Object {
    object(vec![func(name, "xdp", vec![mov32(0, 2), exit()], vec![])])
}

/// Adds 1 to the value of key 0 in map 0, then `XDP_PASS`.
pub fn counter(name: &str, kind: MapType) -> Object {
    let insns = vec![
        insn(0x62, 10, 0, -4, 0), // *(u32 *)(r10 - 4) = 0
        insn(0xbf, 2, 10, 0, 0),  // r2 = r10
        insn(0x07, 2, 0, 0, -4),  // r2 += -4
        wide(1),                  // r1 = hits ll
        call(1),                  // call bpf_map_lookup_elem
        insn(0x15, 0, 0, 2, 0),   // if r0 == 0 goto +2
        insn(0xb7, 1, 0, 0, 1),   // r1 = 1
        insn(0xdb, 0, 1, 0, 0),   // lock *(u64 *)(r0 + 0) += r1
        mov32(0, 2),
        exit(),
    ];
    let mut object = object(vec![func(name, "xdp", insns, vec![(3, Symbol::Map(0))])]);
    object.maps.push(map("hits", kind, 4, 8, 1));
    object
}

/// Reads a byte of the packet without looking at its end: refused at slot 1.
pub fn out_of_bounds(name: &str) -> Object {
    let insns = vec![
        insn(0x61, 2, 1, 0, 0), // r2 = *(u32 *)(r1 + 0)
        insn(0x71, 0, 2, 0, 0), // r0 = *(u8 *)(r2 + 0)
        exit(),
    ];
    object(vec![func(name, "xdp", insns, vec![])])
}

/// A program that returns `config + data + bss` through a subprogram; the variables are u32.
pub fn with_data(name: &str) -> Object {
    let load = |dst| insn(0x61, dst, dst, 0, 0);
    let insns = vec![
        wide(6),
        load(6),
        wide(7),
        load(7),
        wide(8),
        load(8),
        insn(0xbf, 1, 6, 0, 0), // r1 = r6
        insn(0xbf, 2, 7, 0, 0), // r2 = r7
        call(0),                // call add
        insn(0x0f, 0, 8, 0, 0), // r0 += r8
        exit(),
    ];
    let refs =
        vec![(0, Symbol::Data(0, 4)), (2, Symbol::Data(1, 0)), (4, Symbol::Data(2, 0)), (8, Symbol::Func(1))];
    let add = vec![insn(0xbf, 0, 1, 0, 0), insn(0x0f, 0, 2, 0, 0), exit()];
    let mut object = object(vec![func(name, "xdp", insns, refs), func("add", TEXT, add, vec![])]);
    let section = |name: &str, kind, bytes: Vec<u8>, vars: &[(&str, u32)]| Data {
        name: name.into(),
        kind,
        bytes,
        align: 4,
        vars: vars
            .iter()
            .map(|&(name, offset)| Var {
                name: name.into(),
                offset,
                size: 4,
                ty: None,
                linkage: Linkage::Global,
                ..Var::default()
            })
            .collect(),
        ..Data::default()
    };
    object.data = vec![
        section(
            ".rodata",
            DataKind::Rodata,
            [7u32, 100].map(u32::to_ne_bytes).concat(),
            &[("other", 0), ("port", 4)],
        ),
        section(".data", DataKind::Data, 20u32.to_ne_bytes().to_vec(), &[("limit", 0)]),
        section(".bss", DataKind::Bss, vec![0; 8], &[("seen", 0)]),
        section(".rodata.unused", DataKind::Rodata, vec![1; 4], &[]),
    ];
    object
}

/// Gives an object types: for its functions, and for its data sections with variables of u32.
pub fn with_types(mut object: Object) -> Object {
    let mut b = Builder::default();
    let int = |size: u32, bits| Kind::Int { size, encoding: IntEncoding::UNSIGNED, offset: 0, bits };
    let u32_type = b.add(Type { name: "u32".into(), kind: int(4, 32) });
    let u64_type = b.add(Type { name: "u64".into(), kind: int(8, 64) });
    for f in &mut object.funcs {
        let params = if f.section == TEXT { vec![("a", u64_type), ("b", u64_type)] } else { vec![] };
        let params =
            params.into_iter().map(|(n, ty)| bpfasm_asm::btf::Param { name: n.into(), ty }).collect();
        let proto = b.add(Type { name: String::new(), kind: Kind::FuncProto { ret: u32_type, params } });
        let linkage = if f.section == TEXT { FuncLinkage::STATIC } else { FuncLinkage::GLOBAL };
        f.btf = Some(b.add(Type { name: f.name.clone(), kind: Kind::Func { proto, linkage } }));
    }
    for d in &mut object.data {
        let vars: Vec<SecInfo> = d
            .vars
            .iter()
            .map(|v| {
                let kind = Kind::Var { ty: u32_type, linkage: VarLinkage::GLOBAL };
                SecInfo { var: b.add(Type { name: v.name.clone(), kind }), offset: v.offset, size: v.size }
            })
            .collect();
        let size = u32::try_from(d.bytes.len()).unwrap();
        if !vars.is_empty() {
            b.add(Type { name: d.name.clone(), kind: Kind::DataSec { size, vars } });
        }
    }
    for m in &mut object.maps {
        m.key = Some(u32_type);
        m.value = Some(if m.value_size == 8 { u64_type } else { u32_type });
        assert!(m.key_size == 4);
    }
    let _ = TypeId::VOID;
    object.btf = b.finish();
    object
}
