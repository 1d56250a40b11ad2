//! BTF as text, beside bpftool.

use std::path::{Path, PathBuf};
use std::process::Command;

use bpfasm_asm::btf::{Btf, raw};
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
