//! Objects of every kind that the language can write, `tests/objects`, as the loaders of others see them: the same maps,
//! programs and lengths, loaded into the kernel. What a loader cannot do stands in a table, with its reason.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use aya::EbpfLoader;
use aya::programs::Program;
use bpfasm_asm::elf;
use bpfasm_asm::object::Object;
use bpfasm_asm::uapi::section;
use bpfasm_tests::bin;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{self, Need, TempDir, ready, which};
use libbpf_rs::{MapType, ObjectBuilder, OpenObject, PrintLevel};

/// What a loader makes of an object.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    /// The kernel takes it from this loader.
    Loads,
    /// So it is where the kernel lists this variable of its own (`CONFIG_KALLSYMS_ALL`); else the kernel says what it lacks.
    LoadsWith(&'static str),
    /// This loader does not take it, and says so with these words.
    Refuses(&'static str),
}

use Verdict::{Loads, LoadsWith, Refuses};

/// An object of `tests/objects`, and what becomes of it.
struct Case {
    name: &'static str,
    /// libbpf 1.7.
    libbpf: Verdict,
    /// bpftool of Debian 12, with libbpf 1.1.
    bpftool: Verdict,
    aya: Verdict,
}

const CASES: &[Case] = &[
    Case {
        name: "arena",
        libbpf: Loads,
        // Arenas came with libbpf 1.5.
        bpftool: Refuses("skipping unrecognized data section"),
        // Its addresses are in no section that aya knows.
        aya: Refuses("SectionNotFound"),
    },
    Case { name: "bits", libbpf: Loads, bpftool: Loads, aya: NO_KSYMS },
    Case { name: "core", libbpf: Loads, bpftool: Loads, aya: Loads },
    // aya knows no sections of type syscall.
    Case { name: "externs", libbpf: Loads, bpftool: Loads, aya: Refuses("InvalidProgramSection") },
    Case { name: "functions", libbpf: Loads, bpftool: Loads, aya: Loads },
    // aya has no relocation for core_matches.
    Case {
        name: "kinds_of_core",
        libbpf: Loads,
        bpftool: Loads,
        aya: Refuses("InvalidRelocationKind { kind: 12 }"),
    },
    Case { name: "ksyms", libbpf: LoadsWith("runqueues"), bpftool: LoadsWith("runqueues"), aya: NO_KSYMS },
    Case { name: "lists", libbpf: Loads, bpftool: Loads, aya: NO_KSYMS },
    // aya fills no prog arrays.
    Case { name: "maps", libbpf: Loads, bpftool: Loads, aya: Refuses("UnexpectedBtfType") },
    Case { name: "maps_of_maps", libbpf: Loads, bpftool: Loads, aya: Loads },
    Case {
        name: "optional",
        libbpf: Loads,
        // It pins all programs, loaded or not.
        bpftool: Refuses("can't pin program that wasn't loaded"),
        aya: Refuses("InvalidProgramSection"),
    },
    Case { name: "sections", libbpf: Loads, bpftool: Loads, aya: Refuses("InvalidProgramSection") },
    // aya registers no tables of functions.
    Case { name: "struct_ops", libbpf: Loads, bpftool: Loads, aya: Refuses("InvalidProgramSection") },
    Case { name: "tags", libbpf: Loads, bpftool: Loads, aya: Loads },
    Case {
        name: "thrown",
        libbpf: Loads,
        // Exception callbacks came with libbpf 1.3.
        bpftool: Refuses("exception callback type id not found"),
        aya: NO_KSYMS,
    },
    Case { name: "type_ids", libbpf: Loads, bpftool: Loads, aya: Loads },
];

/// aya knows no functions and variables of the kernel, and no values of its configuration.
const NO_KSYMS: Verdict = Refuses("UnknownSectionSize");

/// Libbpf's last words.
static SAID: Mutex<String> = Mutex::new(String::new());

fn source(name: &str) -> PathBuf {
    bin::repo().join("tests/objects").join(name).with_extension("bpfasm")
}

#[test]
fn every_object_has_its_row() {
    let files = std::fs::read_dir(bin::repo().join("tests/objects")).expect("it is there").flatten();
    let mut names: Vec<_> = files.map(|f| f.path().file_stem().expect("a name").to_owned()).collect();
    names.sort();
    assert_eq!(names, CASES.iter().map(|case| case.name).collect::<Vec<_>>());
}

/// The maps and programs that libbpf finds are ours.
fn compare_libbpf(name: &str, ours: &Object, theirs: &OpenObject) {
    for map in &ours.maps {
        let found = theirs.maps().find(|m| m.name() == map.name.as_str());
        let found = found.unwrap_or_else(|| panic!("{name}: libbpf finds no map {}", map.name));
        let kind = MapType::from(map.kind.0);
        assert_eq!(found.map_type(), kind, "{name}: {}", map.name);
        let numbers = (found.key_size(), found.value_size(), found.max_entries(), found.map_flags());
        let wanted = (map.key_size, map.value_size, map.max_entries, map.flags);
        assert_eq!(numbers, wanted, "{name}: {}", map.name);
    }
    let programs: Vec<_> = ours.programs().map(|(_, func)| func).collect();
    assert_eq!(theirs.progs().count(), programs.len(), "{name}");
    for (func, found) in programs.into_iter().zip(theirs.progs()) {
        let section = section::parse(&func.section).expect("a section that is known");
        assert_eq!(found.name(), func.name.as_str(), "{name}");
        assert_eq!(found.section(), func.section.trim_start_matches('?'), "{name}");
        assert_eq!(found.prog_type() as u32, section.def.prog_type.0, "{name}: {}", func.name);
        assert_eq!(found.autoload(), !section.optional, "{name}: {}", func.name);
        assert_eq!(found.insn_cnt(), func.insns.slots(), "{name}: {}", func.name);
    }
}

#[test]
fn libbpf_sees_what_we_wrote_and_loads_it() {
    if !ready(&[Need::Root]) {
        return;
    }
    libbpf_rs::set_print(Some((PrintLevel::Warn, |_, text| SAID.lock().expect("whole").push_str(&text))));
    let dir = TempDir::new();
    for case in CASES {
        let path = bin::build(&source(case.name), &dir);
        let ours = elf::read(&std::fs::read(&path).expect("the object")).expect("readable");
        SAID.lock().expect("whole").clear();
        let open = ObjectBuilder::default().open_file(&path).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        compare_libbpf(case.name, &ours, &open);
        let loaded = open.load();
        let said = SAID.lock().expect("whole").clone();
        // A warning is that something was left out, such as types that the kernel does not take.
        let result = if loaded.is_ok() && said.is_empty() { Ok(()) } else { Err(said) };
        check(case.name, "libbpf", case.libbpf, result);
    }
}

#[track_caller]
fn check(name: &str, loader: &str, wanted: Verdict, result: Result<(), String>) {
    let wanted = match wanted {
        LoadsWith(symbol) if kernel_lists(symbol) => Loads,
        LoadsWith(_) => Refuses("failed to find the address for kernel symbol"),
        other => other,
    };
    match (wanted, result) {
        (Loads, Ok(())) => {}
        (Refuses(why), Err(said)) if said.contains(why) => {}
        (_, result) => panic!("{name}, {loader}: wanted {wanted:?}, got {result:?}"),
    }
}

fn kernel_lists(symbol: &str) -> bool {
    let list = std::fs::read_to_string("/proc/kallsyms").expect("symbols");
    list.lines().any(|line| line.split(' ').nth(2) == Some(symbol))
}

#[test]
fn bpftool_loads_it() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    for case in CASES {
        let mut command = Command::new(which("bpftool").expect("checked"));
        command.args(["prog", "loadall"]).arg(bin::build(&source(case.name), &dir));
        let output = space.output(command.arg(format!("/sys/fs/bpf/{}", case.name)));
        let result = if output.status.success() { Ok(()) } else { Err(output.stderr) };
        check(case.name, "bpftool", case.bpftool, result);
    }
}

#[test]
fn aya_sees_what_we_wrote_and_loads_it() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    for case in CASES {
        let bytes = std::fs::read(bin::build(&source(case.name), &dir)).expect("the object");
        if let Ok(theirs) = aya_obj::Object::parse(&bytes) {
            compare_aya(case.name, &elf::read(&bytes).expect("readable"), &theirs);
        }
        check(case.name, "aya", case.aya, load_with_aya(&bytes));
    }
}

fn compare_aya(name: &str, ours: &Object, theirs: &aya_obj::Object) {
    for map in &ours.maps {
        let found = theirs.maps.get(&map.name);
        let found = found.unwrap_or_else(|| panic!("{name}: aya finds no map {}", map.name));
        let numbers = (found.map_type(), found.key_size(), found.value_size(), found.max_entries());
        let wanted = (map.kind.0, map.key_size, map.value_size, map.max_entries);
        assert_eq!((numbers, found.map_flags()), (wanted, map.flags), "{name}: {}", map.name);
    }
    assert_eq!(theirs.programs.len(), ours.programs().count(), "{name}");
    for (_, func) in ours.programs() {
        let found = theirs.programs.get(&func.name);
        let found = found.unwrap_or_else(|| panic!("{name}: aya finds no program {}", func.name));
        let length = theirs.functions.get(&found.function_key()).map(|f| f.instructions.len());
        assert_eq!(length, Some(func.insns.slots()), "{name}: {}", func.name);
    }
}

fn load_with_aya(bytes: &[u8]) -> Result<(), String> {
    let mut ebpf = EbpfLoader::new().load(bytes).map_err(|e| format!("{e:?}"))?;
    for (name, program) in ebpf.programs_mut() {
        let result = match program {
            Program::Xdp(program) => program.load(),
            Program::SchedClassifier(program) => program.load(),
            Program::CgroupSkb(program) => program.load(),
            Program::CgroupSockAddr(program) => program.load(),
            Program::TracePoint(program) => program.load(),
            Program::RawTracePoint(program) => program.load(),
            other => panic!("{name}: a program type this test does not know: {:?}", other.prog_type()),
        };
        result.map_err(|e| format!("{name}: {e:?}"))?;
    }
    Ok(())
}

/// Big-endian objects are opened and not loaded: this machine is not one. aya reads their types in the host's order.
#[test]
fn objects_of_the_other_byte_order_are_opened() {
    let dir = TempDir::new();
    for case in CASES {
        let path = big_endian(&source(case.name), &dir);
        let bytes = std::fs::read(&path).expect("the object");
        let ours = elf::read(&bytes).expect("readable");
        let open = ObjectBuilder::default().open_file(&path).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        compare_libbpf(case.name, &ours, &open);
        let read = aya_obj::Object::parse(&bytes).map(drop).map_err(|e| format!("{e:?}"));
        check(case.name, "aya", Refuses("InvalidHeader"), read);
    }
}

fn big_endian(source: &Path, dir: &TempDir) -> PathBuf {
    let object = dir.file("big.o");
    tool::run(bin::bpfasm(["build", "--endian", "big"]).arg(source).arg("-o").arg(&object)).ok();
    object
}
