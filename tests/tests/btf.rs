//! BTF as text, beside bpftool.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bpfasm_asm::btf::{Btf, Kind, TypeId, c, raw};
use bpfasm_asm::diag::FileId;
use bpfasm_tests::bin;
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
