//! What an object can hold besides programs, maps and data: loaded by the loaders that others wrote.

use std::os::fd::AsFd;
use std::process::Command;

use bpfasm_asm::elf;
use bpfasm_asm::isa::Insn;
use bpfasm_asm::uapi::ProgType;
use bpfasm_loader::kernel::version_code;
use bpfasm_loader::load::{Options, load};
use bpfasm_loader::sys::bpf::{TestRun, prog_test_run};
use bpfasm_tests::bin;
use bpfasm_tests::kernel::Loaded;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready};

/// The object of a source in `tests/objects`.
#[track_caller]
fn build(dir: &TempDir, name: &str) -> std::path::PathBuf {
    bin::build(&bin::repo().join("tests/objects").join(name).with_extension("bpfasm"), dir)
}

/// Loads an object with bpftool; gives what `then` prints, a line of shell that finds the programs in `$PINS`.
#[track_caller]
fn bpftool(space: &Space, object: &std::path::Path, then: &str) -> String {
    let pins = "/sys/fs/bpf/objects";
    let line = format!("bpftool prog loadall {} {pins} && PINS={pins} && {then}", object.display());
    let output = space.output(Command::new("sh").args(["-ec", &line]));
    output.ok().stdout
}

/// What a program gives for an empty packet, loaded by our own loader; or why it is not.
fn ours(object: &std::path::Path, program: &str) -> Result<u32, String> {
    let object = elf::read(&std::fs::read(object).expect("the object")).expect("readable");
    let loaded = load(&object, &Options::default()).map_err(|e| e.to_string())?;
    assert_eq!(loaded.notes, Vec::<String>::new());
    let prog = loaded.prog(program).expect("loaded");
    // Programs of type syscall take a context, and are run once.
    let mut run = match prog.kind {
        ProgType::SYSCALL => TestRun::default(),
        _ => TestRun { data_in: &[0; 64], repeat: 1, ..TestRun::default() },
    };
    Ok(prog_test_run(prog.as_fd(), &mut run).map_err(|e| e.to_string())?.retval)
}

#[test]
fn externs_are_found_in_the_kernel() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let object = build(&dir, "externs");
    assert_eq!(Loaded::open(&object).programs(), ["p"]);
    assert_eq!(ours(&object, "p"), Ok(version_code().expect("a version") >> 16));
    let xlated = bpftool(&space, &object, "bpftool prog dump xlated pinned $PINS/p");
    assert!(xlated.contains("call bpf_rcu_read_lock"), "{xlated}");
}

#[test]
fn core_values_are_looked_up_in_the_kernel() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let object = build(&dir, "core");
    let text = bpftool(&space, &object, "bpftool prog dump xlated pinned $PINS/p");
    assert!(text.contains("r1 = 0x2") && !text.contains("r1 = 0x4d"), "{text}");
    let loaded = Loaded::open(&object);
    assert_eq!(loaded.verdict("p", &[0; 64]), Some(16));
    assert_eq!(ours(&object, "p"), Ok(16));
}

#[test]
fn numbers_of_local_types_are_those_of_the_object() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let path = build(&dir, "type_ids");
    let mut object = elf::read(&std::fs::read(&path).expect("the object")).expect("readable");
    let id = |name| object.btf.types.iter().zip(1u32..).find(|(ty, _)| ty.name == name).expect(name).1;
    let wanted = id("node") << 16 | id("pair");
    assert_eq!(Loaded::open(&path).verdict("p", &[0; 64]), Some(wanted));
    // As where a linker has moved the types.
    for func in &mut object.funcs {
        for at in func.core.iter().map(|relo| relo.insn) {
            let insn = func.insns.get(at).expect("an instruction");
            func.insns.set(at, Insn { imm: 0, ..insn });
        }
    }
    std::fs::write(&path, elf::write(&object).expect("an object")).expect("written");
    assert_eq!(ours(&path, "p"), Ok(wanted));
}

#[test]
fn maps_begin_with_maps_and_programs() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let object = build(&dir, "maps");
    assert_eq!(Loaded::open(&object).verdict("enter", &[0; 64]), Some(12));
    assert_eq!(ours(&object, "enter"), Ok(12));
    bpftool(&space, &object, "ls $PINS");
}

#[test]
fn global_functions_and_callbacks_work() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = build(&dir, "functions");
    assert_eq!(Loaded::open(&object).verdict("p", &[0; 64]), Some(63));
    assert_eq!(ours(&object, "p"), Ok(63));
}

#[test]
fn tables_of_functions_are_registered() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let dir = TempDir::new();
    let object = build(&dir, "struct_ops");
    assert_eq!(Loaded::open(&object).programs(), ["ssthresh", "cong_avoid", "undo_cwnd"]);
}

#[test]
fn variables_stand_in_an_arena() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = build(&dir, "arena");
    assert_eq!(Loaded::open(&object).verdict("p", &[0; 64]), Some(41));
    assert_eq!(ours(&object, "p"), Ok(41));
}

#[test]
fn lists_trees_and_kept_objects_run_in_the_kernel() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let object = build(&dir, "lists");
    let packet = dir.write("packet", "\0".repeat(64));
    let run = format!("bpftool prog run pinned $PINS/p data_in {}", packet.display());
    // 40 from the list and 2 from the tree; again, with an object in the map from the first time.
    for line in bpftool(&space, &object, &format!("{run} && {run}")).lines().filter(|l| !l.is_empty()) {
        assert!(line.starts_with("Return value: 42,"), "{line}");
    }
}

#[test]
fn an_exception_callback_gives_the_result() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = Loaded::open(&build(&dir, "thrown"));
    assert_eq!(object.verdict("p", &[0; 64]), Some(42));
    assert_eq!(object.verdict("p", &[0; 32]), Some(1));
    assert_eq!(object.verdict("plain", &[0; 64]), Some(40));
}

#[test]
fn bit_fields_of_the_kernel_have_their_values() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = Loaded::open(&build(&dir, "bits"));
    // PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST, as the loopback device sees it.
    for (to, wanted) in [([0; 6], 0), ([1, 0, 0x5e, 0, 0, 1], 2), ([2, 0, 0, 0, 0, 9], 3)] {
        let packet = [&to[..], &[0; 58]].concat();
        assert_eq!(object.verdict("p", &packet), Some(wanted));
    }
}

#[test]
fn each_kind_of_core_value_is_filled_in() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = build(&dir, "kinds_of_core");
    // What each of them is stands in the source.
    assert_eq!(Loaded::open(&object).verdict("p", &[0; 64]), Some(135));
    assert_eq!(ours(&object, "p"), Ok(135));
}

#[test]
fn programs_share_sections_and_data_has_its_own() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let path = build(&dir, "sections");
    let object = Loaded::open(&path);
    for (program, wanted) in [("first", 1 + 5 + 2 + 7), ("second", 3)] {
        assert_eq!(object.verdict(program, &[0; 64]), Some(wanted));
        assert_eq!(ours(&path, program), Ok(wanted));
    }
    assert_eq!(object.element("sections.bss", &[0; 4]), 1u64.to_ne_bytes());
}

#[test]
fn a_program_that_is_optional_is_not_loaded() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let path = build(&dir, "optional");
    assert_eq!(Loaded::open(&path).verdict("always", &[0; 64]), Some(2));
    assert_eq!(ours(&path, "always"), Ok(2));
}
