//! What `bpfasm expand` shows assembles to the same object.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use bpfasm_asm::expand::to_text;
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::Object;
use common::{BOTH, assemble, bare, body, through};

fn expanded(name: &str, text: &str, endian: Endian) -> (Object, String) {
    let (sources, compiled) = through(text, endian);
    let shown = to_text(&compiled.program, &sources, &compiled.files, endian);
    let object =
        compiled.object.unwrap_or_else(|| panic!("{name}:\n{}", assemble(text, endian).unwrap_err()));
    (object, shown)
}

fn check(name: &str, text: &str) {
    let (_, compiled) = through(text, Endian::Little);
    if compiled.files.is_empty() {
        return; // A listing: it is plain as it is.
    }
    for endian in BOTH {
        let (object, shown) = expanded(name, text, endian);
        let again = assemble(&shown, endian).unwrap_or_else(|why| panic!("{name} expanded:\n{shown}\n{why}"));
        assert_eq!(bare(again), bare(object), "{name} expanded:\n{shown}");
        // And it is plain: expanding it changes nothing any more.
        let (_, twice) = expanded(name, &shown, endian);
        assert_eq!(twice, shown, "{name}");
        let line =
            shown.lines().find(|l| l.contains("! ") || l.contains("->") || l.trim().starts_with("view"));
        let line = line.filter(|l| !l.starts_with("func"));
        assert_eq!(line, None, "{name}: a line that is not plain");
    }
}

/// Sources of a folder whose names begin so.
fn sources(folder: &str, prefix: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let files = fs::read_dir(dir).expect("the folder").map(|entry| entry.expect("an entry").path());
    let wanted = |file: &PathBuf| {
        let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name.starts_with(prefix) && name.ends_with(".bpfasm")
    };
    files.filter(wanted).collect()
}

#[test]
fn programs_and_accepted_sources() {
    let all: Vec<PathBuf> = sources("programs", "").into_iter().chain(sources("tests/ui", "ok_")).collect();
    assert!(all.len() > 5, "{all:?}");
    for file in all {
        check(&file.display().to_string(), &fs::read_to_string(&file).expect("UTF-8"));
    }
}

#[test]
fn labels_of_macros_meet_no_others() {
    check(
        "labels",
        &format!(
            "macro m(l: label) {{\n goto .x\n.x:\n goto $l\n}}\nmacro n() {{\n m! .x\n.x:\n m! .x\n}}\n{}",
            body(".x:\n.x_1:\n.x_2:\n m! .x\n n!\n m! .x_1\n.x_3: exit")
        ),
    );
}

#[test]
fn parts_of_variables_at_one_place() {
    check(
        "parts",
        &format!(
            "struct a {{ none: u8[0], x: u32, union {{ y: u16, z: u8 }} }}\nglobal e: u8[0]\nglobal v: a[2]\n{}",
            body(" r1 = v[0].none ll\n r1 = e ll\n r1 = v[1] ll\n r1 = v[1].z ll\n r1 = v[1].y ll\n exit")
        ),
    );
}

#[test]
fn a_function_with_the_name_of_a_helper() {
    let text = format!("func bpf_loop {{\n exit\n}}\n{}", body(" call helper 181\n call helper 1\n exit"));
    let (_, shown) = expanded("helper", &text, Endian::Little);
    assert!(shown.contains("call helper 181\n") && shown.contains("call bpf_map_lookup_elem\n"), "{shown}");
    check("helper", &text);
}
