//! `bpfasm dump`: as LLVM lists what compilers make and what we make; JSON, choices, exit codes.

use std::path::PathBuf;
use std::process::Command;

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::tool::{Need, TempDir, ready, run};
use serde_json::Value;

/// What compilers make of the sources in `tests/c`, in both byte orders, and our own programs.
fn objects(dir: &TempDir) -> Vec<PathBuf> {
    let mut objects = vec![];
    let sources = std::fs::read_dir(bin::repo().join("tests/c")).expect("the sources");
    for source in sources.map(|entry| entry.expect("an entry").path()) {
        let name = source.file_stem().expect("a name").to_string_lossy().into_owned();
        let mut make = |what: &str, args: &[&str]| {
            let object = dir.file(&format!("{name}-{what}.o"));
            if bin::compiles(&[args, &["-O2", "-g"]].concat(), &source, &object) {
                objects.push(object);
            }
        };
        for (order, gnu) in [("bpfel", "-mlittle-endian"), ("bpfeb", "-mbig-endian")] {
            for cpu in ["v1", "v2", "v3", "v4"] {
                for clang in ["clang-14", "clang-19"] {
                    let level = format!("-mcpu={cpu}");
                    make(&format!("{clang}-{cpu}-{order}"), &[clang, "-target", order, &level]);
                }
            }
            make(&format!("gcc-{order}"), &["bpf-gcc", gnu]);
        }
    }
    objects.extend(bin::programs().iter().map(|source| bin::build(source, dir)));
    objects
}

#[test]
fn llvm_lists_the_same() {
    if !ready(&[Need::Tool("llvm-objdump-19"), Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    let objects = objects(&dir);
    assert!(objects.len() > 100, "{}", objects.len());
    for object in objects {
        let theirs =
            run(Command::new("llvm-objdump-19").args(["-d", "--no-show-raw-insn"]).arg(&object)).ok();
        let ours = run(bpfasm(["dump".as_ref(), "--llvm".as_ref(), object.as_os_str()])).ok();
        assert!(theirs.stdout == ours.stdout, "{}", object.display());
        // The view has a line for each instruction, too.
        let json = run(bpfasm(["dump".as_ref(), "--json".as_ref(), object.as_os_str()]));
        if json.code() == Some(0) {
            let functions: Vec<Value> = serde_json::from_str(&json.stdout).expect("JSON");
            assert!(functions.iter().all(|f| f["insns"].as_array().is_some_and(|i| !i.is_empty())));
        }
    }
}

#[test]
fn choices_and_exit_codes() {
    let dir = TempDir::new();
    let text = "license \"GPL\"\nfunc one() {\n    r0 = 1\n    exit\n}\nprog p: \"xdp\" {\n    r1 = \"hello\" ll\n    call \
                bpf_trace_printk\n    call one\n    exit\n}\n";
    let source = dir.write("a.bpfasm", text);
    let dump = |args: &[&str]| run(bpfasm(["dump", source.to_str().expect("UTF-8")].iter().chain(args)));
    let json: Value = serde_json::from_str(&dump(&["--json", "--prog", "p"]).ok().stdout).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(1));
    let insns = &json[0]["insns"];
    assert_eq!(insns[0]["ref"]["string"], "hello");
    assert_eq!((&insns[0]["line"]["line"], &insns[1]["slot"]), (&7.into(), &2.into()));
    assert_eq!((&insns[1]["ref"]["id"], &insns[1]["bytes"]), (&6.into(), &"8500000006000000".into()));
    assert_eq!((&insns[2]["text"], &insns[2]["ref"]["name"]), (&"call one".into(), &"one".into()));
    assert_eq!(json[0]["section"], "xdp");
    let text = dump(&["--section", ".text", "--no-bytes", "--no-source"]).ok().stdout;
    assert_eq!(text, "section .text: one\n       0:  r0 = 1\n       1:  exit\n");
    let wrong = dump(&["--prog", "q"]).exited(2);
    assert!(wrong.text().contains("there is no program or function `q`"), "{}", wrong.text());
    dump(&["--llvm", "--json"]).exited(2);
    let broken = dir.write("b.o", "\x7fELF and no more");
    for flags in [&["--llvm"][..], &[], &["--json"]] {
        run(bpfasm(["dump", broken.to_str().expect("UTF-8")].iter().chain(flags))).exited(1);
    }
    let hex = dir.write("c.hex", "b700000001000000 9500000000000000\n");
    let text = run(bpfasm(["dump", "--hex", "--no-bytes", hex.to_str().expect("UTF-8")])).ok().text();
    assert_eq!(text, "section .text: c\n       0:  r0 = 1\n       1:  exit\n");
}
