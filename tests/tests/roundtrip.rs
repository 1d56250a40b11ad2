//! Objects that compilers made, as text, and what that text builds: the same object.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::lang::fmt::format;
use bpfasm_asm::object::Object;
use bpfasm_asm::{disasm, elf};
use bpfasm_tests::bin;
use bpfasm_tests::tool::{Need, TempDir, ready};

/// What a compiler is called with, but for the file.
struct Variant {
    compiler: &'static str,
    flags: Vec<String>,
}

impl Variant {
    fn new(compiler: &'static str, flags: &[&str]) -> Self {
        Self { compiler, flags: flags.iter().map(|f| f.to_string()).collect() }
    }

    fn all() -> Vec<Self> {
        let mut all = vec![];
        for (compiler, levels) in
            [("clang-19", &["v1", "v2", "v3", "v4"][..]), ("clang-14", &["v1", "v2", "v3"])]
        {
            for cpu in levels {
                for target in ["bpfel", "bpfeb"] {
                    for debug in ["-g", "-g0"] {
                        let cpu = format!("-mcpu={cpu}");
                        all.push(Self::new(compiler, &["-target", target, &cpu, debug, "-O2"]));
                    }
                }
            }
            all.push(Self::new(compiler, &["-target", "bpf", "-g", "-O1"]));
        }
        for endian in ["-mlittle-endian", "-mbig-endian"] {
            for debug in ["-g", "-g0"] {
                all.push(Self::new("bpf-gcc", &[endian, debug, "-O2"]));
            }
        }
        all
    }
}

/// An object as text, which `fmt` would leave alone, and back. What differs, else the text's length.
fn round(object: &Object) -> Result<usize, String> {
    let text = disasm::to_text(object);
    let mut sources = Sources::default();
    let root = sources.add("text.bpfasm", text.as_str());
    if format(&sources, root).is_ok_and(|laid| laid != text) {
        return Err("it does not stand in the one layout".into());
    }
    let compiled = compile(&mut sources, root, &Options::default());
    let Some(again) = compiled.object else {
        let told = compiled.diagnostics.iter().take(3).map(|d| render(d, &sources, Style::default()));
        return Err(format!("{} errors\n{}", compiled.errors, told.collect::<Vec<_>>().join("\n")));
    };
    difference(object, &again).map_or(Ok(()), Err)?;
    let file = elf::write(&again).map_err(|e| format!("it cannot be written: {e}"))?;
    let read = elf::read(&file).map_err(|e| format!("what was written cannot be read: {e}"))?;
    difference(object, &read).map_or(Ok(text.len()), |what| Err(format!("through a file: {what}")))
}

/// The first part in which two objects differ.
fn difference(a: &Object, b: &Object) -> Option<String> {
    macro_rules! part {
        ($($field:ident),*) => {$(
            if a.$field != b.$field {
                return Some(format!("{}:\n{:#?}\n{:#?}", stringify!($field), a.$field, b.$field));
            }
        )*};
    }
    macro_rules! list {
        ($($field:ident),*) => {$(
            if a.$field.len() != b.$field.len() {
                return Some(format!("{}: {} and {}", stringify!($field), a.$field.len(), b.$field.len()));
            }
            if let Some((a, b)) = a.$field.iter().zip(&b.$field).find(|(a, b)| a != b) {
                return Some(format!("{}:\n{a:#?}\n{b:#?}", stringify!($field)));
            }
        )*};
    }
    part!(endian, license, version);
    if let Some(at) =
        (0..a.btf.types.len().max(b.btf.types.len())).find(|i| a.btf.types.get(*i) != b.btf.types.get(*i))
    {
        return Some(format!("type {}:\n{:?}\n{:?}", at + 1, a.btf.types.get(at), b.btf.types.get(at)));
    }
    list!(maps, data, externs, funcs, files);
    part!(texts);
    None
}

#[test]
fn objects_of_compilers_come_back_from_their_text() {
    if !ready(&[Need::Tool("clang-19"), Need::Tool("clang-14"), Need::Tool("bpf-gcc")]) {
        return;
    }
    let dir = TempDir::new();
    let sources: Vec<PathBuf> =
        bin::repo().join("tests/c").read_dir().expect("it is there").map(|e| e.expect("it").path()).collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = vec![];
    for variant in Variant::all() {
        for source in &sources {
            let Some(object) = compiled(&variant, source, dir.path()) else { continue };
            let name = || format!("{} {} {}", variant.compiler, variant.flags.join(" "), source.display());
            let object = elf::read(&object).unwrap_or_else(|e| panic!("{}: {e}", name()));
            *count.entry(variant.compiler).or_default() += 1;
            if let Err(what) = round(&object) {
                let what: String = what.lines().take(60).collect::<Vec<_>>().join("\n");
                wrong.push(format!("{}: {what}", name()));
            }
        }
    }
    println!("{count:?}, {} wrong", wrong.len());
    let shown = std::env::var("SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    assert!(
        wrong.is_empty(),
        "{} of {count:?} differ:\n{}",
        wrong.len(),
        wrong.iter().take(shown).cloned().collect::<Vec<_>>().join("\n\n")
    );
    let total: usize = count.values().sum();
    assert!(total >= 150 && count.values().all(|n| *n >= 10), "{count:?}");
}

fn compiled(variant: &Variant, source: &Path, dir: &Path) -> Option<Vec<u8>> {
    let object = dir.join("x.o");
    let flags = variant.flags.iter().map(String::as_str);
    let compiler: Vec<_> = [variant.compiler].into_iter().chain(flags).collect();
    bin::compiles(&compiler, source, &object).then(|| std::fs::read(&object).expect("the object"))
}

#[test]
fn our_own_objects_come_back_from_their_text() {
    let dir = TempDir::new();
    for program in bin::programs() {
        for endian in ["little", "big"] {
            let object = dir.path().join("x.o");
            let args = [
                "build".as_ref(),
                program.as_os_str(),
                "--endian".as_ref(),
                endian.as_ref(),
                "-o".as_ref(),
                object.as_os_str(),
            ];
            assert!(bin::bpfasm(args).status().expect("it runs").success());
            let object = elf::read(&std::fs::read(&object).expect("the object")).expect("an object");
            round(&object).unwrap_or_else(|what| panic!("{}: {what}", program.display()));
        }
    }
}
