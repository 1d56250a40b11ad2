//! Everything that libbpf loads, bpfasm loads, and the kernel has the same programs then.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bpfasm_asm::uapi::section::{SECTIONS, TargetRule};
use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::peers::libbpf_load;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready};
use serde_json::Value;

/// What the compilers are called with.
const COMPILERS: &[&[&str]] = &[
    &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v2"],
    &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v3"],
    &["clang-19", "-target", "bpf", "-g", "-O1", "-mcpu=v4"],
    &["clang-14", "-target", "bpf", "-g", "-O2", "-mcpu=v2"],
    &["clang-14", "-target", "bpf", "-g", "-O2", "-mcpu=v3"],
    &["bpf-gcc", "-g", "-O2"],
];

/// Where programs are pinned, in the test's own mounts.
const PINS: &str = "/sys/fs/bpf/loads";

/// The number that stands for a function that the kernel lacks is each loader's own, and in the tag.
const NUMBERED: &str = "lacking";

/// Programs by name, with their tags.
type Programs = BTreeMap<String, String>;

/// The C files below folders of the tests.
fn sources() -> Vec<PathBuf> {
    let folders = ["tests/c", "tests/load"].map(|folder| bin::repo().join(folder));
    let mut files: Vec<_> =
        folders.iter().filter_map(|folder| folder.read_dir().ok()).flatten().flatten().collect();
    files.retain(|file| file.path().extension().is_some_and(|ext| ext == "c"));
    let mut files: Vec<_> = files.iter().map(|file| file.path()).collect();
    files.sort();
    files
}

fn objects(dir: &TempDir) -> Vec<PathBuf> {
    let mut made = vec![];
    for (number, compiler) in COMPILERS.iter().enumerate() {
        for source in sources() {
            let name = source.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
            let object = dir.file(&format!("{name}.{number}.o"));
            if bin::compiles(compiler, &source, &object) {
                made.push(object);
            }
        }
    }
    made
}

/// What libbpf makes of each: the programs, or which call failed with what.
fn libbpf(space: &Space, objects: &[PathBuf]) -> Vec<Result<Programs, String>> {
    let list: String = objects.iter().map(|path| format!("{}\n", path.display())).collect();
    let output = space.run(|| {
        let mut child = Command::new(libbpf_load())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("libbpf-load starts");
        // The list is shorter than what a pipe holds, and read line by line.
        let mut input = child.stdin.take().expect("piped");
        let writer = std::thread::spawn(move || input.write_all(list.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("no panic").expect("written");
        output
    });
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let verdicts = text.lines().map(|line| {
        let (said, rest) =
            line.split_once('\t').and_then(|(_, said)| said.split_once('\t')).expect("three columns");
        let named = |word: &str| word.split_once('=').map(|(name, tag)| (name.to_owned(), tag.to_owned()));
        if said == "OK" {
            Ok(rest.split(' ').filter_map(named).collect())
        } else {
            Err(format!("{said} {rest}"))
        }
    });
    verdicts.collect()
}

/// What we make of one.
fn ours(space: &Space, object: &Path) -> Result<Programs, String> {
    let output = space.output(bpfasm(["load", object.to_str().expect("UTF-8"), "--pin", PINS, "--json"]));
    let removed = space.run(|| std::fs::remove_dir_all(PINS));
    if !output.status.success() {
        assert!(removed.is_err(), "{}: pins are left of what failed", object.display());
        return Err(output.text());
    }
    removed.expect("own pins");
    let shown: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let programs = shown["programs"].as_array().expect("programs");
    Ok(programs.iter().map(|program| (text(&program["name"]), text(&program["tag"]))).collect())
}

#[test]
fn what_libbpf_loads_is_loaded() {
    let needs = [
        Need::Root,
        Need::Tool("clang-19"),
        Need::Tool("clang-14"),
        Need::Tool("bpf-gcc"),
        Need::Tool("cargo"),
    ];
    if !ready(&needs) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space::new());
    let objects = objects(&dir);
    let (mut both, mut only_us, mut wrong) = (0, 0, vec![]);
    for (object, theirs) in objects.iter().zip(libbpf(&space, &objects)) {
        let name = object.file_name().expect("a name").display().to_string();
        match (theirs, ours(&space, object)) {
            (Ok(theirs), Ok(ours)) => {
                both += 1;
                // What has no symbol, libbpf passes over.
                let same = |program: &str, tag| program == NUMBERED || ours.get(program) == Some(tag);
                let differs = theirs.iter().find(|(program, tag)| !same(program, tag));
                wrong.extend(differs.map(|(program, _)| format!("{name}: `{program}` is another program")));
            }
            (Ok(theirs), Err(said)) if !theirs.is_empty() => wrong.push(format!("{name}: {said}")),
            (Err(_), Ok(_)) => only_us += 1,
            (_, Err(_)) => {}
        }
    }
    println!("{} objects: {both} loaded by both, {only_us} only by us", objects.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(both > 20, "only {both} of {} objects load", objects.len());
}

/// A place in this kernel for each row of sections that needs one.
fn target(section: &str) -> &'static str {
    match section {
        "iter" | "iter.s" => "task",
        "tp" | "tracepoint" => "sched/sched_switch",
        "usdt" | "uprobe" | "uretprobe" | "uprobe.s" | "uretprobe.s" => "/bin/sh:main",
        "tp_btf" | "raw_tp" | "raw_tracepoint" | "raw_tp.w" | "raw_tracepoint.w" => "sched_switch",
        "lsm" | "lsm.s" | "lsm_cgroup" => "file_open",
        _ => "do_unlinkat",
    }
}

/// A program in each section that means something, with and without a target where both are allowed, is loaded where
/// libbpf loads it.
#[test]
fn each_section_loads_where_libbpf_loads_it() {
    if !ready(&[Need::Root, Need::Tool("cargo")]) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space::new());
    let plain =
        SECTIONS.iter().filter(|def| def.target != TargetRule::Required).map(|def| def.name.to_owned());
    let targeted = SECTIONS.iter().filter(|def| def.target != TargetRule::None);
    let targeted = targeted.map(|def| format!("{}/{}", def.name, target(def.name)));
    let sections: Vec<String> = plain.chain(targeted).collect();
    let made = sections.iter().enumerate().map(|(number, section)| {
        let value = u8::from(!section.starts_with("lsm"));
        let text = format!("license \"GPL\"\nprog p: \"{section}\" {{\n    w0 = {value}\n    exit\n}}\n");
        bin::build(&dir.write(&format!("{number}.bpfasm"), text), &dir)
    });
    let objects: Vec<PathBuf> = made.collect();
    let (mut loaded, mut wrong) = (0, vec![]);
    for ((section, object), theirs) in sections.iter().zip(&objects).zip(libbpf(&space, &objects)) {
        let ours = ours(&space, object);
        loaded += usize::from(ours.is_ok());
        if theirs.is_ok() && ours != theirs {
            wrong.push(format!("{section}: {theirs:?}, but {ours:?}"));
        }
    }
    println!("{} sections, {loaded} load here", sections.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(loaded > 60, "only {loaded} of {} sections load", sections.len());
}
