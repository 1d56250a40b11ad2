//! Everything that libbpf loads, bpfasm loads, and the kernel has the same programs then.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use bpfasm_asm::uapi::section::{SECTIONS, TargetRule};
use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::peers::libbpf_load;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready};
use bpfasm_tests::vm::{KERNELS, payload, run};
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

fn objects(compilers: &[&[&str]], dir: &TempDir) -> Vec<String> {
    let mut made = vec![];
    for (number, compiler) in compilers.iter().enumerate() {
        for source in sources() {
            let name = format!("{}.{number}.o", source.file_stem().expect("a name").display());
            if bin::compiles(compiler, &source, &dir.file(&name)) {
                made.push(name);
            }
        }
    }
    made
}

/// What a loader makes of an object: the programs, or why there are none.
type Verdict = Result<Programs, String>;

/// What lines of libbpf-load say.
fn libbpf_says(text: &str) -> Vec<Verdict> {
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

/// What `bpfasm load --json` says.
fn bpfasm_says(json: &str) -> Programs {
    let shown: Value = serde_json::from_str(json).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let programs = shown["programs"].as_array().expect("programs");
    programs.iter().map(|program| (text(&program["name"]), text(&program["tag"]))).collect()
}

/// What libbpf makes of objects here.
fn libbpf(space: &Space, dir: &TempDir, objects: &[String]) -> Vec<Verdict> {
    let list: String = objects.iter().map(|name| format!("{name}\n")).collect();
    let output = space.run(|| {
        let mut command = Command::new(libbpf_load());
        command.current_dir(dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("libbpf-load starts");
        let mut input = child.stdin.take().expect("piped");
        let writer = std::thread::spawn(move || input.write_all(list.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("no panic").expect("written");
        output
    });
    libbpf_says(&String::from_utf8(output.stdout).expect("UTF-8"))
}

/// What we make of one here.
fn ours(space: &Space, dir: &TempDir, object: &str) -> Verdict {
    let mut command = bpfasm(["load", object, "--pin", PINS, "--json"]);
    let output = space.output(command.current_dir(dir.path()));
    let removed = space.run(|| std::fs::remove_dir_all(PINS));
    if !output.status.success() {
        assert!(removed.is_err(), "{object}: pins are left of what failed");
        return Err(output.text());
    }
    removed.expect("own pins");
    Ok(bpfasm_says(&output.stdout))
}

/// How loaders compare: what both load, what only we load, and what is wrong.
#[derive(Default)]
struct Compared {
    both: usize,
    only_us: usize,
    wrong: Vec<String>,
}

fn compare<'n>(verdicts: impl Iterator<Item = (&'n String, Verdict, Verdict)>) -> Compared {
    let mut all = Compared::default();
    for (name, theirs, ours) in verdicts {
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => {
                all.both += 1;
                // What has no symbol, libbpf passes over.
                let same = |program: &str, tag| program == NUMBERED || ours.get(program) == Some(tag);
                let differs = theirs.iter().find(|(program, tag)| !same(program, tag));
                all.wrong
                    .extend(differs.map(|(program, _)| format!("{name}: `{program}` is another program")));
            }
            (Ok(theirs), Err(said)) if !theirs.is_empty() => all.wrong.push(format!("{name}: {said}")),
            (Err(_), Ok(_)) => all.only_us += 1,
            (_, Err(_)) => {}
        }
    }
    all
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
    let objects = objects(COMPILERS, &dir);
    let theirs = libbpf(&space, &dir, &objects);
    let compared =
        compare(objects.iter().zip(theirs).map(|(name, theirs)| (name, theirs, ours(&space, &dir, name))));
    println!("{} objects: {} loaded by both, {} only by us", objects.len(), compared.both, compared.only_us);
    assert!(compared.wrong.is_empty(), "{}", compared.wrong.join("\n"));
    assert!(compared.both > 50, "only {} of {} objects load", compared.both, objects.len());
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

/// Sections that mean something and name no target.
fn plain() -> impl Iterator<Item = String> {
    SECTIONS.iter().filter(|def| def.target != TargetRule::Required).map(|def| def.name.to_owned())
}

/// Those that name one.
fn targeted() -> impl Iterator<Item = String> {
    let rows = SECTIONS.iter().filter(|def| def.target != TargetRule::None);
    rows.map(|def| format!("{}/{}", def.name, target(def.name)))
}

/// An object with a program for each section.
fn sections(sections: impl Iterator<Item = String>, dir: &TempDir) -> Vec<String> {
    let made = sections.map(|section| {
        let value = u8::from(!section.starts_with("lsm"));
        let text = format!("license \"GPL\"\nprog p: \"{section}\" {{\n    w0 = {value}\n    exit\n}}\n");
        let name = section.replace(['/', ':'], "-");
        let _ = bin::build(&dir.write(&format!("{name}.bpfasm"), text), dir);
        format!("{name}.o")
    });
    made.collect()
}

#[test]
fn each_section_loads_where_libbpf_loads_it() {
    if !ready(&[Need::Root, Need::Tool("cargo")]) {
        return;
    }
    let (dir, space) = (TempDir::new(), Space::new());
    let sections = sections(plain().chain(targeted()), &dir);
    let theirs = libbpf(&space, &dir, &sections);
    let compared =
        compare(sections.iter().zip(theirs).map(|(name, theirs)| (name, theirs, ours(&space, &dir, name))));
    println!(
        "{} sections: {} loaded by both, {} only by us",
        sections.len(),
        compared.both,
        compared.only_us
    );
    assert!(compared.wrong.is_empty(), "{}", compared.wrong.join("\n"));
    assert!(compared.both > 60, "only {} of {} sections load", compared.both, sections.len());
}

/// The same on other kernels, for the objects of one compiler and for targets, of which this kernel may refuse many.
#[test]
fn other_kernels_load_what_libbpf_loads_there() {
    if !ready(&[Need::Tool("clang-19"), Need::Tool("cargo")]) {
        return;
    }
    let dir = payload();
    let mut objects = objects(&COMPILERS[1..2], &dir);
    objects.extend(sections(targeted(), &dir));
    let peer = dir.file("libbpf-load");
    std::fs::copy(libbpf_load(), peer).expect("copied");
    let _ = dir.write("list", objects.join("\n"));
    let line = format!(
        "./libbpf-load <list; echo; while read -r o || [ \"$o\" ]; do
             if ./bpfasm load $o --pin {PINS} --json 2>/tmp/said; then rm -r {PINS}; else tr '\\n' ' ' </tmp/said; echo; fi
         done <list"
    );
    let verdicts = std::thread::scope(|scope| {
        let started = KERNELS.map(|kernel| scope.spawn(|| run(kernel, &dir, &line)));
        started.map(|thread| thread.join().expect("no panic"))
    });
    for (kernel, output) in KERNELS.into_iter().zip(verdicts) {
        let Some(output) = output else { return };
        let output = output.ok();
        let (theirs, ours) = output.stdout.split_once("\n\n").expect("two parts");
        let said =
            |line: &str| if line.starts_with('{') { Ok(bpfasm_says(line)) } else { Err(line.to_owned()) };
        let verdicts: Vec<_> = libbpf_says(theirs).into_iter().zip(ours.lines().map(said)).collect();
        assert_eq!(verdicts.len(), objects.len(), "{kernel}: {output}");
        let compared =
            compare(objects.iter().zip(verdicts).map(|(name, (theirs, ours))| (name, theirs, ours)));
        println!(
            "{kernel}: {} objects: {} loaded by both, {} only by us",
            objects.len(),
            compared.both,
            compared.only_us
        );
        assert!(compared.wrong.is_empty(), "{kernel}:\n{}", compared.wrong.join("\n"));
        assert!(compared.both > 20, "{kernel}: only {} of {} objects load", compared.both, objects.len());
    }
}
