//! Object files as other tools see them: LLVM's readers, bpftool and the kernel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bpfasm_asm::btf::{
    self, Btf, Builder, FuncLinkage, IntEncoding, Kind, Param, Strings, Type, TypeId, data, maps,
};
use bpfasm_asm::elf;
use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::object::{Data, DataKind, Func, Line, Linkage, Map, Object, Ref, Symbol, TEXT, Var};
use bpfasm_asm::uapi::MapType;
use proptest::prelude::*;

fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm, hi: None }
}

fn load64(dst: u8) -> Insn {
    Insn { code: 0x18, dst, src: 0, off: 0, imm: 0, hi: Some(0) }
}

fn call_func() -> Insn {
    insn(0x85, 0, 1, 0, -1)
}

const EXIT: Insn = Insn { code: 0x95, dst: 0, src: 0, off: 0, imm: 0, hi: None };

/// Two XDP programs in one section, three functions in `.text`, a map, a counter in `.bss`, a number in
/// `.data`, a string in `.rodata`, and everything described by BTF.
fn sample(endian: Endian) -> Object {
    let mut types = Builder::default();
    let int = |name: &str, size: u32, encoding| {
        let bits = u8::try_from(size * 8).expect("a small integer");
        Type::named(name, Kind::Int { size, encoding, offset: 0, bits })
    };
    let s32 = types.intern(int("int", 4, IntEncoding::SIGNED));
    let u32_ = types.intern(int("unsigned int", 4, IntEncoding::UNSIGNED));
    let u64_ = types.intern(int("unsigned long long", 8, IntEncoding::UNSIGNED));
    let char_ = types.intern(int("char", 1, IntEncoding::SIGNED));
    let text = types.intern(Type::anonymous(Kind::Array { elem: char_, index: u32_, len: 3 }));
    let pointer = types.intern(Type::anonymous(Kind::Ptr(TypeId::VOID)));
    let mut func_type = |name: &str, params: &[(&str, TypeId)], linkage| {
        let params = params.iter().map(|(n, ty)| Param { name: (*n).into(), ty: *ty }).collect();
        let proto = types.intern(Type::anonymous(Kind::FuncProto { ret: s32, params }));
        types.add(Type::named(name, Kind::Func { proto, linkage }))
    };
    let ids = [
        func_type("add_two", &[("x", s32)], FuncLinkage::STATIC),
        func_type("count", &[("ctx", pointer)], FuncLinkage::GLOBAL),
        func_type("add_one", &[("x", s32)], FuncLinkage::GLOBAL),
        func_type("again", &[("i", u32_), ("ctx", pointer)], FuncLinkage::STATIC),
        func_type("loops", &[("ctx", pointer)], FuncLinkage::GLOBAL),
    ];
    let map = Map {
        name: "hits".into(),
        kind: MapType(2),
        key_size: 4,
        value_size: 8,
        max_entries: 4,
        flags: 0,
        extra: 0,
        numa_node: None,
        key: Some(u32_),
        value: Some(u64_),
        pin_by_name: false,
        ..Map::default()
    };
    let ring = Map {
        name: "events".into(),
        kind: MapType(27),
        key_size: 0,
        value_size: 0,
        max_entries: 4096,
        key: None,
        value: None,
        ..map.clone()
    };
    let var = |name: &str, offset, size, ty, linkage| Var {
        name: name.into(),
        offset,
        size,
        ty: Some(ty),
        linkage,
        ..Var::default()
    };
    let limit = match endian {
        Endian::Little => 7u32.to_le_bytes(),
        Endian::Big => 7u32.to_be_bytes(),
    };
    let sections = vec![
        Data {
            name: ".bss".into(),
            kind: DataKind::Bss,
            room: 16,
            align: 8,
            vars: vec![
                var("packets", 0, 8, u64_, Linkage::Global),
                var("bytes", 8, 8, u64_, Linkage::Global),
            ],
            ..Data::default()
        },
        Data {
            name: ".data".into(),
            kind: DataKind::Data,
            bytes: limit.to_vec(),
            align: 4,
            vars: vec![var("limit", 0, 4, u32_, Linkage::Global)],
            ..Data::default()
        },
        Data {
            name: ".rodata".into(),
            kind: DataKind::Rodata,
            bytes: b"\0\0\0\0hi\0".to_vec(),
            align: 4,
            vars: vec![var("config", 0, 4, u32_, Linkage::Global), var(".str0", 4, 3, text, Linkage::Static)],
            ..Data::default()
        },
    ];
    // As they follow each other in the file: `.text` comes behind.
    let mut texts = Strings::default();
    for line in
        ["*(u32 *)(r10 - 4) = 0", "r1 = hits ll", "r1 = bytes ll", "r0 = XDP_PASS", "r1 = 3", "r2 = again ll"]
    {
        texts.add(&format!("    {line}")).expect("a plain text");
    }
    let mut line = |insn, line, text: &str| {
        let text = texts.add(text).expect("a plain text");
        Line { insn, file: 0, line, column: 5, text }
    };
    let func = |name: &str, section: &str, btf, insns: Vec<Insn>, refs, lines| Func {
        name: name.into(),
        section: section.into(),
        linkage: if matches!(name, "add_two" | "again") { Linkage::Static } else { Linkage::Global },
        btf: Some(btf),
        insns: insns.into(),
        refs,
        lines,
        ..Func::default()
    };
    let to = |insn, to| Ref::new(insn, to);
    let funcs = vec![
        func(
            "count",
            "xdp",
            ids[1],
            vec![
                insn(0x62, 10, 0, -4, 0),
                load64(1),
                insn(0xbf, 2, 10, 0, 0),
                insn(0x07, 2, 0, 0, -4),
                insn(0x85, 0, 0, 0, 1),
                insn(0x15, 0, 0, 3, 0),
                insn(0x79, 1, 0, 0, 0),
                insn(0x07, 1, 0, 0, 1),
                insn(0x7b, 0, 1, 0, 0),
                load64(1),
                insn(0x79, 2, 1, 0, 0),
                insn(0x07, 2, 0, 0, 1),
                insn(0x7b, 1, 2, 0, 0),
                load64(1),
                insn(0xb7, 2, 0, 0, 3),
                insn(0x85, 0, 0, 0, 6),
                insn(0xb7, 1, 0, 0, 40),
                call_func(),
                insn(0xbf, 1, 0, 0, 0),
                call_func(),
                load64(1),
                insn(0x61, 1, 1, 0, 0),
                insn(0xb7, 0, 0, 0, 2),
                EXIT,
            ],
            vec![
                to(1, Symbol::Map(0)),
                to(9, Symbol::Data(0, 8)),
                to(13, Symbol::Data(2, 4)),
                to(17, Symbol::Func(1)),
                to(19, Symbol::Func(2)),
                to(20, Symbol::Data(1, 0)),
            ],
            vec![
                line(0, 10, "    *(u32 *)(r10 - 4) = 0"),
                line(1, 11, "    r1 = hits ll"),
                line(9, 12, "    r1 = bytes ll"),
                line(22, 20, "    r0 = XDP_PASS"),
            ],
        ),
        func(
            "add_two",
            TEXT,
            ids[0],
            vec![call_func(), insn(0x07, 0, 0, 0, 1), EXIT],
            vec![to(0, Symbol::Func(2))],
            vec![line(0, 30, "    call add_one")],
        ),
        func(
            "add_one",
            TEXT,
            ids[2],
            vec![insn(0xbf, 0, 1, 0, 0), insn(0x07, 0, 0, 0, 1), EXIT],
            vec![],
            vec![line(0, 40, "    r0 = r1")],
        ),
        func(
            "again",
            TEXT,
            ids[3],
            vec![insn(0xb7, 0, 0, 0, 0), EXIT],
            vec![],
            vec![line(0, 50, "    r0 = 0")],
        ),
        func(
            "loops",
            "xdp",
            ids[4],
            vec![
                insn(0xb7, 1, 0, 0, 3),
                load64(2),
                insn(0xb7, 3, 0, 0, 0),
                insn(0xb7, 4, 0, 0, 0),
                insn(0x85, 0, 0, 0, 181),
                insn(0xb7, 0, 0, 0, 2),
                EXIT,
            ],
            vec![to(1, Symbol::Func(3))],
            vec![line(0, 60, "    r1 = 3"), line(1, 61, "    r2 = again ll")],
        ),
    ];
    let mut btf = types.finish();
    let all_maps = vec![map, ring];
    maps::declare(&mut btf, &all_maps).expect("maps are declared");
    data::declare(&mut btf, &sections).expect("data are declared");
    Object {
        endian,
        license: Some("GPL".into()),
        funcs,
        maps: all_maps,
        data: sections,
        btf,
        files: vec!["sample.bpfasm".into()],
        texts,
        ..Object::default()
    }
}

/// A file of the test's own, removed at its end.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("bpfasm-{}-{name}", std::process::id()));
        fs::write(&path, bytes).expect("the temporary folder can be written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path of UTF-8")
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Says why a test cannot run; fails where nothing may be skipped.
fn skip(why: &str) {
    assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "must not be skipped: {why}");
    println!("skipped: {why}");
}

/// The output of a tool that must succeed without a warning; nothing where it is not installed.
fn tool(name: &str, args: &[&str]) -> Option<String> {
    match Command::new(name).args(args).output() {
        Ok(out) => {
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            let errors = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success(), "{name} {args:?} failed:\n{text}{errors}");
            assert_eq!(errors, "", "{name} {args:?} complains");
            Some(text)
        }
        Err(e) => {
            skip(&format!("{name}: {e}"));
            None
        }
    }
}

#[test]
fn llvm_lists_code_relocations_and_source_lines() {
    for (endian, name) in [(Endian::Little, "le.o"), (Endian::Big, "be.o")] {
        let file = TempFile::new(&format!("objdump-{name}"), &elf::write(&sample(endian)).expect("written"));
        let Some(list) = tool("llvm-objdump-19", &["-dSr", "--no-show-raw-insn", file.path()]) else {
            return;
        };
        let squeezed: Vec<String> =
            list.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for expected in [
            "0000000000000000 <count>:",
            "; *(u32 *)(r10 - 4) = 0",
            "1: r1 = 0x0 ll",
            "0000000000000008: R_BPF_64_64 hits",
            "; r1 = bytes ll",
            "0000000000000050: R_BPF_64_64 bytes",
            "15: r1 = 0x4 ll",
            "0000000000000078: R_BPF_64_64 .rodata",
            "20: call -0x1",
            "00000000000000a0: R_BPF_64_32 .text",
            "22: call -0x1",
            "00000000000000b0: R_BPF_64_32 add_one",
            "00000000000000b8: R_BPF_64_64 limit",
            "; r0 = XDP_PASS",
            "00000000000000e0 <loops>:",
            "29: r2 = 0x30 ll",
            "00000000000000e8: R_BPF_64_64 .text",
            "0000000000000000 <add_two>:",
            "0: call -0x1",
            "0000000000000000: R_BPF_64_32 add_one",
            "0000000000000018 <add_one>:",
        ] {
            assert!(squeezed.iter().any(|l| l == expected), "{expected:?} is missing in:\n{list}");
        }
        assert!(!list.contains("unknown"), "{list}");
    }
}

#[test]
fn llvm_reads_headers_sections_and_symbols() {
    for (endian, data) in [(Endian::Little, "little endian"), (Endian::Big, "big endian")] {
        let file =
            TempFile::new(&format!("readelf-{endian:?}.o"), &elf::write(&sample(endian)).expect("written"));
        let Some(list) = tool("llvm-readelf-19", &["-hSsrW", file.path()]) else { return };
        for expected in [
            "EM_BPF",
            data,
            "REL (Relocatable file)",
            ".relxdp",
            "license",
            ".BTF.ext",
            "R_BPF_64_64            0000000000000000 hits",
        ] {
            assert!(list.contains(expected), "{expected:?} is missing in:\n{list}");
        }
        let symbols = list.lines().filter(|l| l.contains("GLOBAL")).map(|l| l.split_whitespace().last());
        let symbols: Vec<_> = symbols.flatten().collect();
        assert_eq!(
            symbols,
            ["count", "add_one", "loops", "packets", "bytes", "limit", "config", "hits", "events"]
        );
    }
}

#[test]
fn bpftool_prints_the_types() {
    for endian in [Endian::Little, Endian::Big] {
        let file =
            TempFile::new(&format!("btf-{endian:?}.o"), &elf::write(&sample(endian)).expect("written"));
        let Some(list) = tool("bpftool", &["btf", "dump", "file", file.path()]) else { return };
        for expected in [
            "FUNC 'add_two' type_id=7 linkage=static",
            "DATASEC '.maps' size=48 vlen=2",
            "DATASEC '.bss' size=16 vlen=2",
            "offset=8 size=8 (VAR 'bytes')",
            "offset=32 size=16 (VAR 'events')",
        ] {
            assert!(list.contains(expected), "{expected:?} is missing in:\n{list}");
        }
    }
}

#[test]
fn bpftool_links_it() {
    let file = TempFile::new("link.o", &elf::write(&sample(Endian::Little)).expect("written"));
    let linked = TempFile::new("linked.o", b"");
    if tool("bpftool", &["gen", "object", linked.path(), file.path()]).is_none() {
        return;
    }
    let read = elf::read(&fs::read(&linked.0).expect("bpftool's output")).expect("read");
    let object = sample(Endian::Little);
    assert_eq!((read.maps.len(), read.funcs.len(), read.data.len()), (2, 5, 3));
    assert_eq!(read.license, object.license);
}

/// Loads an object with bpftool, in a mount namespace with a BPF file system of its own, and gives what
/// `then` prints there; `$DIR` is the folder of the pinned programs.
fn load(name: &str, bytes: &[u8], then: &str) -> Option<String> {
    if !Path::new("/sys/kernel/btf/vmlinux").exists() || Command::new("bpftool").output().is_err() {
        skip("bpftool and a kernel with BTF are needed");
        return None;
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    if !root {
        skip("root is needed");
        return None;
    }
    let file = TempFile::new(name, bytes);
    // A BPF file system knows no dots.
    let dir = std::env::temp_dir().join(format!("bpfasm-{}-{}", std::process::id(), name.replace('.', "-")));
    fs::create_dir_all(&dir).expect("the temporary folder can be written");
    let script = format!(
        "DIR={dir}; mount -t bpf bpf $DIR && bpftool prog loadall {file} $DIR/p pinmaps $DIR/m && {{ {then}; }}",
        dir = dir.display(),
        file = file.path(),
    );
    let out = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().expect("unshare runs");
    let _ = fs::remove_dir(&dir);
    let (text, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{text}{errors}");
    Some(text.into_owned())
}

#[test]
fn the_kernel_runs_it() {
    let bytes = elf::write(&sample(Endian::Little)).expect("written");
    let then = "head -c 64 /dev/zero | bpftool prog run pinned $DIR/p/count data_in - repeat 5; \
        head -c 64 /dev/zero | bpftool prog run pinned $DIR/p/loops data_in -; \
        bpftool map dump pinned $DIR/m/hits; \
        for m in $DIR/m/*; do bpftool map dump pinned $m 2>/dev/null; done; \
        bpftool prog dump xlated pinned $DIR/p/count linum";
    let Some(out) = load("kernel.o", &bytes, then) else { return };
    assert_eq!(out.matches("Return value: 2").count(), 2, "{out}");
    assert!(out.contains("\"value\": 5"), "the map counts packets, typed by its BTF: {out}");
    assert!(out.contains("\"bytes\": 5"), "the global counts packets: {out}");
    assert!(out.contains("\"limit\": 7"), "{out}");
    assert!(out.contains("; r1 = hits ll [file:sample.bpfasm line_num:11 line_col:5]"), "{out}");
    assert!(out.contains("int add_two(int x):"), "the subprogram has its type: {out}");
}

#[test]
fn reading_gives_what_was_written() {
    for endian in [Endian::Little, Endian::Big] {
        let mut object = sample(endian);
        let bytes = elf::write(&object).expect("written");
        let read = elf::read(&bytes).expect("read");
        // Functions come by section; references between them follow.
        let order = [0, 4, 1, 2, 3];
        let funcs: Vec<Func> = order
            .iter()
            .map(|i| {
                let mut func = object.funcs[*i].clone();
                for r in &mut func.refs {
                    if let Symbol::Func(f) = &mut r.to {
                        *f = order.iter().position(|o| o == f).expect("a function");
                    }
                }
                func
            })
            .collect();
        object.funcs = funcs;
        assert_eq!(read, object);
        let again = elf::write(&read).expect("written again");
        assert_eq!(elf::read(&again).expect("read again"), read);
        assert_eq!(elf::write(&elf::read(&again).expect("read again")).expect("written"), again);
    }
}

#[test]
fn numbers_beyond_32_bits_survive_in_a_map() {
    let mut object = sample(Endian::Little);
    object.maps[1].extra = 1 << 40;
    object.maps[1].max_entries = 1 << 31;
    object.maps[0].numa_node = Some(0);
    object.maps[0].pin_by_name = true;
    object.maps[0].flags = 4;
    let mut btf = Btf::default();
    object.maps[0].key = None;
    object.maps[0].value = None;
    maps::declare(&mut btf, &object.maps).expect("declared");
    let read: Vec<Map> = maps::read(&btf).into_iter().map(|(map, _)| map).collect();
    assert_eq!(read, object.maps);
    for (id, ty) in btf.iter().filter(|(_, t)| matches!(t.kind, Kind::Array { .. })) {
        assert!(btf.size_of(id).is_some(), "the kernel refuses an array of 4 GiB: {ty:?}");
    }
}

#[test]
fn what_no_file_can_say_is_an_error() {
    let mut object = sample(Endian::Little);
    object.maps[0].name = "other".into();
    let error = elf::write(&object).expect_err("a map without BTF");
    assert_eq!(error.to_string(), "map other is not described in section .maps of the BTF");
    let mut object = sample(Endian::Little);
    object.funcs[0].refs[0].insn = 2;
    let error = elf::write(&object).expect_err("a reference at a move");
    assert!(error.to_string().contains("needs a 64-bit immediate load"), "{error}");
}

const CLANG: &str = r#"
#define SEC(n) __attribute__((section(n), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
typedef unsigned int u32; typedef unsigned long long u64;
struct { __uint(type, 1); __type(key, u32); __type(value, u64); __uint(max_entries, 4); } m1 SEC(".maps");
struct { __uint(type, 27); __uint(max_entries, 4096); } rb SEC(".maps");
static void *(*lookup)(void *, const void *) = (void *)1;
static long (*loop)(u32, void *, void *, u64) = (void *)181;
static long (*trace)(const char *, u32, ...) = (void *)6;
u64 counter; static volatile u32 hidden = 7; const volatile u32 cfg = 5; u32 inited = 3;
static __attribute__((noinline)) int sub(int x) { return x * 3 + hidden; }
__attribute__((noinline)) int gsub(int x) { return x * 5 + sub(x); }
static int cb(u32 i, void *c) { return counter > i; }
SEC("xdp") int prog(void *ctx) {
    u32 k = 0; u64 *v = lookup(&m1, &k); if (v) *v += 1; counter++;
    loop(5, cb, 0, 0); trace("hello", 6);
    return (sub(((volatile int *)ctx)[3]) + gsub(3) + cfg + inited) & 1;
}
SEC("xdp") int prog2(void *ctx) { return 2; }
char lic[] SEC("license") = "GPL";
"#;

#[test]
fn what_clang_makes_is_read_and_loads_when_written_again() {
    for endian in ["bpfel", "bpfeb"] {
        let source = TempFile::new(&format!("clang-{endian}.c"), CLANG.as_bytes());
        let object = TempFile::new(&format!("clang-{endian}.o"), b"");
        let args = ["-target", endian, "-O2", "-g", "-c", source.path(), "-o", object.path()];
        if tool("clang-19", &args).is_none() {
            return;
        }
        let read = elf::read(&fs::read(&object.0).expect("clang's output")).expect("read");
        let names: Vec<_> = read.funcs.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["gsub", "sub", "cb", "prog", "prog2"]);
        assert_eq!(read.license.as_deref(), Some("GPL"));
        assert_eq!((read.maps[0].name.as_str(), read.maps[0].value_size), ("m1", 8));
        assert_eq!((read.maps[1].kind, read.maps[1].max_entries), (MapType(27), 4096));
        let refs: Vec<_> = read.funcs[3].refs.iter().map(|r| r.to).collect();
        let (counter, _) = read.var("counter").expect("counter");
        assert!(refs.contains(&Symbol::Map(0)) && refs.contains(&Symbol::Data(counter, 0)), "{refs:?}");
        assert!(refs.contains(&Symbol::Func(2)) && refs.contains(&Symbol::Func(1)), "{refs:?}");
        let text = read.texts.get(read.funcs[3].lines[0].text);
        assert!(text.as_ref().is_some_and(|text| text.contains("SEC(\"xdp\") int prog")), "{text:?}");
        let bytes = elf::write(&read).expect("written");
        assert_eq!(elf::read(&bytes).expect("read again"), read);
        if endian == "bpfel" {
            load("clang-again.o", &bytes, "true");
        }
    }
}

#[test]
fn old_maps_and_sections_that_nobody_knows_are_kept() {
    let text = "struct { int a[5]; } m __attribute__((section(\"maps\"), used)) = { { 1, 4, 8, 2 } }; \
        int x __attribute__((section(\"mine\"), used)) = 1; \
        __attribute__((section(\"xdp\"), used)) int prog(void *ctx) { return x + (long)&m; }";
    let source = TempFile::new("kept.c", text.as_bytes());
    let object = TempFile::new("kept.o", b"");
    let args = ["-target", "bpf", "-O2", "-g", "-c", source.path(), "-o", object.path()];
    if tool("clang-19", &args).is_none() {
        return;
    }
    let read = elf::read(&fs::read(&object.0).expect("clang's output")).expect("read");
    let map = &read.maps[0];
    assert_eq!((map.kind, map.key_size, map.value_size, map.max_entries), (MapType(1), 4, 8, 2));
    assert_eq!(map.legacy.as_ref().map(|l| (l.section.as_str(), l.bytes.len())), Some(("maps", 20)));
    let (section, x) = read.var("x").expect("x");
    assert_eq!((read.data[section].kind, x.size), (DataKind::Other, 4));
    let to: Vec<Symbol> = read.funcs[0].refs.iter().map(|r| r.to).collect();
    assert_eq!(to, [Symbol::Data(section, 0), Symbol::Map(0)]);
    assert_eq!(elf::read(&elf::write(&read).expect("written")).expect("read again"), read);
}

#[test]
fn a_hidden_function_is_verified_with_its_callers() {
    let text = "__attribute__((visibility(\"hidden\"), noinline)) int f(int x) { return x + 1; } \
        __attribute__((section(\"xdp\"), used)) int prog(int *ctx) { return f(ctx[3]) & 1; }";
    let source = TempFile::new("hidden.c", text.as_bytes());
    let object = TempFile::new("hidden.o", b"");
    let args = ["-target", "bpf", "-O2", "-g", "-c", source.path(), "-o", object.path()];
    if tool("clang-19", &args).is_none() {
        return;
    }
    let read = elf::read(&fs::read(&object.0).expect("clang's output")).expect("read");
    assert_eq!((read.funcs[0].name.as_str(), read.funcs[0].hidden), ("f", true));
    assert!(!read.funcs[0].is_global());
    let fitted = elf::fit(&read);
    for (object, linkage) in [(&read, FuncLinkage::GLOBAL), (&*fitted, FuncLinkage::STATIC)] {
        let ty = object.funcs[0].btf.and_then(|id| object.btf.get(id)).expect("a type");
        assert!(matches!(ty.kind, Kind::Func { linkage: l, .. } if l == linkage), "{ty:?}");
    }
    let bytes = elf::write(&read).expect("written");
    assert_eq!(elf::read(&bytes).expect("read again"), read);
}

#[test]
fn the_kernel_gets_slots_from_the_start_of_each_function() {
    let object = sample(Endian::Big);
    let kernel = btf::encode_for_kernel(&object).expect("encoded");
    let slots: Vec<u32> = kernel.funcs[0].line_info.iter().map(|l| l.insn_off).collect();
    assert_eq!(slots, [0, 1, 10, 26], "a 64-bit load takes two slots");
    let decoded = btf::decode(&kernel.btf).expect("decoded");
    assert_eq!(decoded.btf, object.btf);
    let last = kernel.funcs[0].line_info[3];
    assert_eq!(decoded.strings.get(last.line_off), Some("    r0 = XDP_PASS".into()));
    assert_eq!(decoded.strings.get(last.file_name_off), Some("sample.bpfasm".into()));
    assert_eq!((last.line(), last.column()), (20, 5));
    assert_eq!(last.shifted(5).map(|l| l.insn_off), Some(31));
    let info = kernel.funcs[1].func_info.expect("a type");
    assert_eq!(Some(info.type_id), object.funcs[1].btf);
    assert_eq!(info.shifted(28).expect("shifted").to_bytes(Endian::Big)[..4], [0, 0, 0, 28]);
}

proptest! {
    /// Whatever the bytes, an answer and no panic; and what is read can be written and read again, or is refused.
    #[test]
    fn broken_files_are_refused(
        big in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let endian = if big { Endian::Big } else { Endian::Little };
        let mut bytes = elf::write(&sample(endian)).expect("written");
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(object) = elf::read(&bytes) {
            if let Ok(file) = elf::write(&object) {
                prop_assert_eq!(&elf::read(&file).expect("what was written is read"), &object);
            }
            let _ = btf::encode_for_kernel(&object);
        }
    }
}
