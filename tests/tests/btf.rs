//! BTF as text, beside bpftool.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bpfasm_asm::btf::{Btf, Kind, TypeId, c, raw};
use bpfasm_asm::diag::FileId;
use bpfasm_asm::isa::Endian;
use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::tool::{self, Need, TempDir, ready, run};

const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// Files with BTF alone: the kernel's, and that of C programs as clang makes it.
fn blobs(dir: &TempDir) -> Vec<PathBuf> {
    let mut all = vec![PathBuf::from(VMLINUX)];
    let sources = std::fs::read_dir(bin::repo().join("tests/c")).expect("tests/c").flatten();
    for source in sources.map(|entry| entry.path()) {
        let stem = source.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_string();
        let (object, blob) = (dir.path().join(format!("{stem}.o")), dir.path().join(format!("{stem}.btf")));
        let mut clang = Command::new("clang-19");
        run(clang.args(["-O2", "-g", "-target", "bpf", "-mcpu=v4", "-c", "-o"]).arg(&object).arg(&source))
            .ok();
        let mut objcopy = Command::new("llvm-objcopy-19");
        let section = format!(".BTF={}", blob.display());
        run(objcopy.arg("--dump-section").arg(section).arg(&object).arg(dir.path().join("rest"))).ok();
        all.push(blob);
    }
    all
}

fn bpftool(file: &Path, format: &str) -> String {
    run(Command::new("bpftool").args(["btf", "dump", "file"]).arg(file).args(["format", format])).ok().stdout
}

/// The first line that differs, since all of them would be too many.
fn assert_same(ours: &str, theirs: &str, what: &Path) {
    if ours != theirs {
        let differ = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
        panic!("{}: {differ:?}, {} and {} bytes", what.display(), ours.len(), theirs.len());
    }
}

#[test]
fn raw_text_is_that_of_bpftool() {
    if !ready(&[Need::Tool("bpftool"), Need::Tool("clang-19"), Need::Tool("llvm-objcopy-19")]) {
        return;
    }
    if !Path::new(VMLINUX).exists() {
        return tool::skip("the kernel has no BTF");
    }
    let dir = TempDir::new();
    for file in blobs(&dir) {
        let btf = Btf::decode(&std::fs::read(&file).expect("read")).expect("decoded");
        let text = raw::print(&btf);
        // What bpftool loses.
        let lossy = text.replace(" kind_flag=1\n", "\n");
        assert_same(&lossy, &bpftool(&file, "raw"), &file);
        let (again, diagnostics) = raw::parse(&text, FileId(0), 0);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert!(again == btf, "{}", file.display());
    }
}

/// Sizes and offsets of all structs and unions, by name: one name may have several.
fn layouts(btf: &Btf) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::default();
    for (id, ty) in btf.iter() {
        let record = match &ty.kind {
            Kind::Struct { .. } | Kind::Union { .. } => id,
            // A struct that has no other name.
            Kind::Typedef(to) if btf.get(*to).is_some_and(|ty| ty.name.is_empty()) => *to,
            _ => continue,
        };
        if let (Some(layout), false) = (layout(btf, record), ty.name.is_empty()) {
            // What C adds to a name that is taken.
            let name = ty.name.split("___").next().expect("a part");
            all.entry(name.to_string()).or_default().insert(layout);
        }
    }
    all
}

fn layout(btf: &Btf, id: TypeId) -> Option<String> {
    let (Kind::Struct { size, members, .. } | Kind::Union { size, members, .. }) = &btf.get(id)?.kind else {
        return None;
    };
    let mut text = format!("{size}:");
    for m in members.iter().filter(|m| !m.name.starts_with("__pad")) {
        let within = match btf.get(m.ty) {
            Some(ty) if ty.name.is_empty() => layout(btf, m.ty).unwrap_or_default(),
            _ => String::new(),
        };
        let size = btf.size_of(m.ty).unwrap_or(0);
        let _ = write!(text, " {} at {} is {size}:{} {{{within}}}", m.name, m.bit_offset, m.bit_size);
    }
    Some(text)
}

/// C that names all structs of a header in variables, so that a compiler tells of them.
fn uses(header: &str) -> String {
    let mut text = format!("{header}int variable;\n");
    let mut names = vec![];
    for line in header.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [word @ ("struct" | "union"), name, "{"] => names.push(format!("{word} {name}")),
            ["}", .., name] if name.ends_with(';') && !name.ends_with(");") => {
                names.push(name.trim_end_matches(';').to_string());
            }
            _ => {}
        }
    }
    for (i, name) in names.iter().enumerate() {
        let _ = writeln!(text, "{name} *variable{i};");
    }
    text
}

/// What our C says, to clang.
fn compiled(header: &str, dir: &TempDir) -> Btf {
    let (source, object, blob) =
        (dir.path().join("types.c"), dir.path().join("types.o"), dir.path().join("types.btf"));
    std::fs::write(&source, uses(header)).expect("written");
    let mut clang = Command::new("clang-19");
    run(clang.args(["-std=c11", "-g", "-target", "bpf", "-c", "-o"]).arg(&object).arg(&source)).ok();
    let mut objcopy = Command::new("llvm-objcopy-19");
    let section = format!(".BTF={}", blob.display());
    run(objcopy.arg("--dump-section").arg(section).arg(&object).arg(dir.path().join("rest"))).ok();
    Btf::decode(&std::fs::read(blob).expect("read")).expect("decoded")
}

/// What a compiler must find true of the structs of a header: sizes, and offsets of what is no bit field. Telling of
/// them all, as BTF does, takes clang a minute with the kernel's.
fn asserts(btf: &Btf) -> String {
    let mut names = BTreeMap::<&str, u32>::default();
    let tags = |kind: &Kind| matches!(kind, Kind::Struct { .. } | Kind::Union { .. } | Kind::Enum { .. });
    for (_, ty) in btf.iter().filter(|(_, ty)| tags(&ty.kind)) {
        *names.entry(&ty.name).or_default() += 1;
    }
    let mut text = String::new();
    let is_only = |name: &str| !name.is_empty() && names.get(name) == Some(&1);
    for (id, ty) in btf.iter().filter(|(_, ty)| is_only(&ty.name)) {
        let (word, size) = match &ty.kind {
            Kind::Struct { size, .. } => ("struct", size),
            Kind::Union { size, .. } => ("union", size),
            _ => continue,
        };
        let name = &ty.name;
        let _ = writeln!(text, "_Static_assert(sizeof({word} {name}) == {size}, \"{name}\");");
        for (member, bits) in members(btf, id, 0) {
            let _ = writeln!(
                text,
                "_Static_assert(__builtin_offsetof({word} {name}, {member}) == {}, \"{name}\");",
                bits / 8
            );
        }
    }
    text
}

/// Members and where they are, those of anonymous structs, too.
fn members(btf: &Btf, id: TypeId, start: u32) -> Vec<(&str, u32)> {
    let mut all = vec![];
    if let Some(Kind::Struct { members, .. } | Kind::Union { members, .. }) = btf.get(id).map(|ty| &ty.kind) {
        for m in members.iter().filter(|m| m.bit_size == 0) {
            match m.name.is_empty() {
                true => all.extend(self::members(btf, btf.resolve(m.ty), start + m.bit_offset)),
                false => all.push((m.name.as_str(), start + m.bit_offset)),
            }
        }
    }
    all
}

fn assert_layouts(btf: &Btf, header: &str, what: &Path, dir: &TempDir) {
    let (wanted, found) = (layouts(btf), layouts(&compiled(header, dir)));
    let none = BTreeSet::default();
    let mut wrong = vec![];
    for (name, layouts) in &wanted {
        let found = found.get(name).unwrap_or(&none);
        if !layouts.is_subset(found) {
            let missing: Vec<_> = layouts.difference(found).collect();
            wrong.push(format!("{name}: {missing:#?}, but there are {found:#?}"));
        }
    }
    let count = wanted.len();
    assert!(wrong.is_empty(), "{}: {} of {count} differ\n{}", what.display(), wrong.len(), wrong.join("\n"));
}

#[test]
fn c_compiles_and_keeps_every_layout() {
    if !ready(&[Need::Tool("clang-19"), Need::Tool("llvm-objcopy-19"), Need::Tool("gcc")]) {
        return;
    }
    if !Path::new(VMLINUX).exists() {
        return tool::skip("the kernel has no BTF");
    }
    let dir = TempDir::new();
    for file in blobs(&dir) {
        let btf = Btf::decode(&std::fs::read(&file).expect("read")).expect("decoded");
        let header = c::print(&btf).expect("printed");
        let source = dir.path().join("types.h");
        std::fs::write(&source, format!("{header}{}", asserts(&btf))).expect("written");
        let flags = ["-std=c11", "-fsyntax-only", "-x", "c"];
        run(Command::new("clang-19").args(["-target", "bpf"]).args(flags).arg(&source)).ok();
        run(Command::new("gcc").args(flags).arg(&source)).ok();
        if file != Path::new(VMLINUX) {
            assert_layouts(&btf, &header, &file, &dir);
        }
    }
}

/// Types of every kind, as a file with BTF alone.
const KINDS: &str = "\
[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] STRUCT 'event' size=24 vlen=4
 'kind' type_id=3 bits_offset=0
 'low' type_id=1 bits_offset=32 bitfield_size=3
 'next' type_id=5 bits_offset=64
 '' type_id=6 bits_offset=128
[3] ENUM 'kind' encoding=SIGNED size=4 vlen=2
 'NONE' val=0
 'LOST' val=-1
[4] TYPEDEF 'event_t' type_id=2
[5] PTR '(anon)' type_id=2
[6] UNION '(anon)' size=8 vlen=2
 'word' type_id=1 bits_offset=0
 'bytes' type_id=8 bits_offset=0
[7] INT 'char' size=1 bits_offset=0 nr_bits=8 encoding=(none)
[8] ARRAY '(anon)' type_id=7 index_type_id=1 nr_elems=8
[9] FUNC_PROTO '(anon)' ret_type_id=1 vlen=1
 'e' type_id=5
[10] FUNC 'handle' type_id=9 linkage=global
[11] VAR 'last' type_id=4, linkage=global
[12] DATASEC '.data' size=32 vlen=1
 type_id=11 offset=8 size=24
";

fn write(dir: &TempDir, name: &str, text: &str) -> String {
    let (btf, diagnostics) = raw::parse(text, FileId(0), 0);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let file = dir.path().join(name);
    std::fs::write(&file, btf.encode(Endian::Little).expect("encoded")).expect("written");
    file.to_str().expect("UTF-8").to_string()
}

#[test]
fn a_type_is_shown_with_its_places() {
    let dir = TempDir::new();
    let file = write(&dir, "kinds", KINDS);
    let show = |args: &[&str]| run(bpfasm(["btf", "show", "--from", &file].iter().chain(args)));
    assert_eq!(
        show(&["event", "handle"]).ok().stdout,
        "\
struct event {
    enum kind kind;                                     //      0      4
    int low: 3;                                         //      4:0    3 bits
    // a hole of 29 bits                                //      4:3
    struct event *next;                                 //      8      8
    union {
        int word;                                       //     16      4
        char bytes[8];                                  //     16      8
    };                                                  //     16      8
};                                                      // 24 bytes, 3 of them in a hole

int handle(struct event *e);
"
    );
    assert_eq!(
        show(&[".data", "kind"]).ok().stdout,
        "\
section .data {
    event_t last;                                       //      8     24
};                                                      // 32 bytes

enum kind {
    NONE = 0,
    LOST = -1,
};                                                      // 4 bytes
"
    );
    let json: serde_json::Value =
        serde_json::from_str(&show(&["event", "--depth", "1", "--json"]).ok().stdout).expect("JSON");
    let event = &json["types"][0];
    assert_eq!((&event["id"], &event["size"]), (&2.into(), &24.into()));
    assert_eq!(event["members"][0]["members"][1], serde_json::json!({ "name": "LOST", "value": -1 }));
    assert_eq!(event["members"][1]["bits_offset"], 32);
    let wrong = show(&["evnt"]).exited(2).stderr;
    assert_eq!(wrong, "error: there is no type `evnt`: did you mean `event`?\n");
}

#[test]
fn types_are_dumped_from_anywhere() {
    let dir = TempDir::new();
    let file = write(&dir, "kinds", KINDS);
    let dump = |args: &[&str]| run(bpfasm(["btf", "dump"].iter().chain(args)));
    let text = dump(&[&file]).ok().stdout;
    assert_eq!(text, dump(&["file", &file, "format", "raw"]).ok().stdout);
    let (again, diagnostics) = raw::parse(&text, FileId(0), 0);
    assert!(diagnostics.is_empty());
    assert_eq!(again, raw::parse(KINDS, FileId(0), 0).0);
    let header = dump(&[&file, "--format", "c", "--root", "event"]).ok().stdout;
    assert!(header.contains("\nstruct event {\n\tenum kind kind;\n\tint low: 3;\n"), "{header}");
    assert!(!header.contains("event_t"), "{header}");
    let json: serde_json::Value = serde_json::from_str(&dump(&[&file, "--json"]).ok().stdout).expect("JSON");
    assert_eq!(json["types"][1]["members"][1]["bitfield_size"], 3);
    // An object that bpfasm built.
    let object = dir.path().join("hello.o");
    run(bpfasm(["build", "programs/hello_counter.bpfasm", "-o"]).arg(&object).current_dir(bin::repo())).ok();
    let object = object.to_str().expect("UTF-8");
    assert!(dump(&[object]).ok().stdout.contains("] DATASEC '.bss'"));
    for (args, code, message) in [
        (&["id", "x"][..], 2, "error: `x` is no number of BTF\n"),
        (
            &["maps", "3"],
            2,
            "error: `maps 3` names no types: FILE, vmlinux, module NAME, id N, map N, prog N\n",
        ),
        (&[&file, "--format", "c", "--json"], 2, "error: C is no JSON: leave out --json or --format c\n"),
        (&["/nowhere"], 1, "error: /nowhere: no such file or directory\n"),
        (
            &["Cargo.toml"],
            1,
            "error: Cargo.toml: no BTF: the magic number at byte 0 is 0x775b, expected 0xeb9f\n",
        ),
    ] {
        let output = run(bpfasm(["btf", "dump"].iter().chain(args)).current_dir(bin::repo()));
        assert_eq!(output.exited(code).stderr, message);
    }
}

/// BTF that goes on from other BTF, as a module's does.
#[test]
fn split_types_go_on_from_their_base() {
    let dir = TempDir::new();
    let base = write(&dir, "base", "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n");
    // Header, TYPEDEF 'own' of type 1, CONST of type 2; names go on behind "\0int\0".
    let mut bytes = vec![0x9f, 0xeb, 1, 0];
    let words = [24, 0, 24, 24, 4, 5, 8 << 24, 1, 0, 10 << 24, 2];
    bytes.extend(words.iter().flat_map(|word: &u32| word.to_le_bytes()));
    bytes.extend(b"own\0");
    let own = dir.path().join("own");
    std::fs::write(&own, bytes).expect("written");
    let own = own.to_str().expect("UTF-8");
    let text = "[2] TYPEDEF 'own' type_id=1\n[3] CONST '(anon)' type_id=2\n";
    let dump = |args: &[&str]| run(bpfasm(["btf", "dump", own].iter().chain(args)));
    assert_eq!(dump(&["--base", &base]).ok().stdout, text);
    assert!(dump(&["--base", &base, "--full"]).ok().stdout.ends_with(&format!("encoding=SIGNED\n{text}")));
    assert!(dump(&["--base", &base, "--format", "c"]).ok().stdout.contains("typedef int own;\n"));
    assert!(dump(&[]).exited(1).stderr.contains("string offset 5 does not name a string"));
    if ready(&[Need::Tool("bpftool")]) {
        let theirs = run(Command::new("bpftool").args(["-B", &base, "btf", "dump", "file", own])).ok().stdout;
        assert_eq!(theirs, text);
    }
}

/// The kernel's own types by their number, and those of a map.
#[test]
fn types_of_the_running_kernel() {
    if !ready(&[Need::Root]) || !Path::new(VMLINUX).exists() {
        return;
    }
    let dump = |args: &[&str]| run(bpfasm(["btf", "dump"].iter().chain(args))).ok().stdout;
    assert!(dump(&["id", "1", "--root", "1"]) == dump(&["vmlinux", "--root", "1"]));
    let show = run(bpfasm(["btf", "show", "list_head"])).ok().stdout;
    assert!(show.starts_with("struct list_head {\n    struct list_head *next; "), "{show}");
}
