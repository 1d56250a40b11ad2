//! Maps of every kind, made as libbpf makes them.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use bpfasm_asm::elf;
use bpfasm_loader::load::{Loaded, Options, load};
use bpfasm_loader::sys::bpf::{MapInfo, TestRun, map_info, prog_test_run};
use bpfasm_tests::bin;
use bpfasm_tests::tool::{Need, TempDir, ready};
use libbpf_rs::{ObjectBuilder, PrintLevel};

/// Compiles a source of `tests/fit`.
#[track_caller]
fn compile(compiler: &str, name: &str, dir: &TempDir) -> PathBuf {
    let source = bin::repo().join("tests/fit").join(name).with_extension("c");
    let object = dir.file(name).with_extension("o");
    let flags = [compiler, "-O2", "-g", "-target", "bpf"];
    assert!(bin::compiles(&flags, &source, &object), "{compiler} {}", source.display());
    object
}

/// Loads an object as `bpfasm` does.
#[track_caller]
fn ours(path: &Path) -> Loaded {
    let object = elf::read(&std::fs::read(path).expect("the object")).expect("readable");
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    load(&object, &Options { name, ..Options::default() }).expect("loaded")
}

/// What there is to compare of a map: all but its numbers, which no two maps share.
fn comparable(fd: impl AsFd) -> (String, MapInfo, [bool; 3]) {
    let mut info = map_info(fd.as_fd()).expect("a map");
    let has = |n: u32| n != 0;
    let types = [has(info.btf_id), has(info.btf_key.0), has(info.btf_value.0)];
    (info.id, info.btf_id, info.btf_key.0, info.btf_value.0) = (0, 0, 0, 0);
    (info.name.clone(), info, types)
}

/// Maps by what the kernel calls them, and what they are.
type Maps = BTreeMap<String, (MapInfo, [bool; 3])>;

#[test]
fn every_map_is_what_libbpf_makes_of_it() {
    let compilers = ["clang-19", "clang-14"];
    if !ready(&[Need::Root, Need::Tool(compilers[0]), Need::Tool(compilers[1])]) {
        return;
    }
    for compiler in compilers {
        let dir = TempDir::new();
        let path = compile(compiler, "every_map", &dir);
        libbpf_rs::set_print(Some((PrintLevel::Warn, |_, text| eprint!("{text}"))));
        let open = ObjectBuilder::default().open_file(&path).expect("libbpf opens the object");
        let theirs = open.load().expect("libbpf loads the object");
        let loaded = ours(&path);
        let named = |(name, info, types)| (name, (info, types));
        let wanted: Maps = theirs.maps().map(|m| named(comparable(m.as_fd()))).collect();
        let maps = loaded.maps.iter().map(|m| named(comparable(m.map.as_fd())));
        let found: Maps = maps.chain(loaded.data.iter().map(|d| named(comparable(d.map.as_fd())))).collect();
        for (name, wanted) in &wanted {
            assert_eq!(found.get(name), Some(wanted), "{compiler}: {name}");
        }
        assert!(found.len() > 40, "{}", found.len());
        assert_eq!(found.len(), wanted.len());
        assert!(found.contains_key("every_ma.rodata"), "{found:?}");
        let kept = "a name_that_is".replace(' ', "_");
        let notes: Vec<&String> = loaded.notes.iter().filter(|n| !n.contains(&kept)).collect();
        assert_eq!(notes, ["map `unflagged`: its numa_node counts only with flag BPF_F_NUMA_NODE"]);

        let mut run = TestRun { data_in: &[0; 64], repeat: 1, ..TestRun::default() };
        let entered = prog_test_run(loaded.prog("all").expect("loaded").as_fd(), &mut run).expect("a run");
        assert_eq!(entered.retval, 5, "through the array of programs");
        let inner = loaded.map("outer").expect("a map").map.lookup(&3u32.to_ne_bytes(), 0).expect("a lookup");
        let second = map_info(loaded.map("second").expect("a map").map.as_fd()).expect("a map").id;
        assert_eq!(inner, Some(second.to_ne_bytes().to_vec()));
    }
}
