//! Loaded programs: what is read back, beside what bpftool reads of the same program.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready, run, which};
use libbpf_rs::query::{ProgInfoIter, ProgInfoQueryOptions};
use serde_json::Value;

const NEEDS: &[Need<'_>] = &[Need::Root, Need::Tool("bpftool"), Need::Tool("ip")];

/// A program with all that can be named: maps, variables, a string, a function, a callback, helpers that the kernel
/// replaces, and others.
const SOURCE: &str = r#"
license "GPL"
import "net"

map a_hash_of_a_long_name: hash<u32, u64>[16]
map numbers: array<u32, u64>[4]
global seen: u64 = 7
config limit: u32 = 5

func each(index: u32, ctx: u64) -> u64 {
    r0 = 0
    exit
}

func add_one(of: u64) -> u64 {
    r0 = r1
    r0 += 1
    exit
}

prog reads: "xdp" {
    r6 = r1
    r1 = seen ll
    r2 = 1
    lock *(u64 *)(r1 + 0) += r2
    r2 = limit ll
    r7 = *(u32 *)(r2 + 0)
    *(u32 *)(r10 - 4) = 1
    r2 = r10
    r2 += -4
    r1 = numbers ll
    call bpf_map_lookup_elem
    if r0 == 0 goto .out
    r2 = r10
    r2 += -4
    r1 = a_hash_of_a_long_name ll
    call bpf_map_lookup_elem
    if r0 == 0 goto .out
    call bpf_get_prandom_u32
    call bpf_get_smp_processor_id
    r1 = "hello %d" ll
    r2 = 9
    r3 = 1
    call bpf_trace_printk
    r1 = 4
    r2 = each ll
    r3 = 0
    r4 = 0
    call bpf_loop
    r1 = 2
    call add_one
    r3 = 1
    r3 /= r7
    r3 = *(u32 *)(r6 + 0)
.out:
    w0 = 2
    exit
}
"#;

/// What bpftool prints as JSON.
fn bpftool(space: &Space, args: &[&str]) -> Value {
    let mut command = Command::new(which("bpftool").expect("checked"));
    let text = space.output(command.arg("-j").args(args)).ok().stdout;
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}: {text}"))
}

/// What `bpfasm dump --json` prints of a pin.
fn dumped(space: &Space, pin: &str) -> Vec<Value> {
    let text = space.output(bpfasm(["dump", "--json", "prog", "pinned", pin])).ok().stdout;
    serde_json::from_str(&text).expect("JSON")
}

/// Bytes that bpftool prints as an array of hexadecimal numbers, and those that we print.
fn bytes(value: &Value) -> String {
    let numbers = value.as_array().expect("an array").iter();
    numbers.map(|n| n.as_str().expect("a number").trim_start_matches("0x").to_string()).collect()
}

/// Compares one loaded program with bpftool's view of it; gives the text of its instructions.
fn compare(space: &Space, pin: &str) -> Vec<String> {
    let theirs = bpftool(space, &["prog", "dump", "xlated", "pinned", pin, "opcodes"]);
    let ours = dumped(space, pin);
    let maps = bpftool(space, &["map", "show"]);
    let number = |value: &Value| value.as_u64().expect("a number");
    let maps: HashMap<u64, &str> = maps
        .as_array()
        .expect("maps")
        .iter()
        .map(|m| (number(&m["id"]), m["name"].as_str().unwrap_or("")))
        .collect();
    let mut texts = vec![];
    let mut theirs = theirs.as_array().expect("instructions").iter();
    for function in &ours {
        for (at, insn) in function["insns"].as_array().expect("instructions").iter().enumerate() {
            let their = theirs.next().expect("as many instructions");
            let (text, bytes_of_ours) =
                (insn["text"].as_str().expect("text"), insn["bytes"].as_str().expect("bytes"));
            let said = their["disasm"].as_str().expect("text");
            if at == 0 && !their["proto"].is_null() {
                let proto = their["proto"].as_str().expect("text");
                assert!(
                    proto.contains(&format!("{}(", function["name"].as_str().expect("a name"))),
                    "{proto}"
                );
            }
            let codes = &their["opcodes"];
            let code = codes["code"].as_str().expect("a number").trim_start_matches("0x");
            assert_eq!(&bytes_of_ours[..2], format!("{code:0>2}"), "{said} | {text}");
            if let Some(call) = said.strip_prefix("(85) call ") {
                let (place, name) = call.split_once('#').expect("a name");
                // `pc+10#bpf_prog_0123456789abcdef_name`, or `name#-1234`.
                let name = if place.starts_with("pc") { &name["bpf_prog_".len() + 17..] } else { place };
                assert_eq!(text, format!("call {name}"));
            } else if let Some((_, rest)) = said.split_once("map[id:") {
                let (id, place) = rest.split_once(']').expect("a number");
                let cut = maps[&id.parse().expect("a number")];
                let to = &insn["ref"];
                let name = if place.is_empty() { &to["name"] } else { &to["section"] };
                let name = name.as_str().expect("a name");
                assert!(name.starts_with(cut) || cut.ends_with(name), "{said} | {text}");
                if let Some(offset) = place.strip_prefix("[0]+") {
                    assert_eq!(to["offset"].to_string(), offset, "{said} | {text}");
                }
            } else if said.contains("subprog") {
                assert_eq!(insn["ref"]["kind"], "function", "{said} | {text}");
            } else {
                let rest = bytes(&codes["off"]) + &bytes(&codes["imm"]);
                assert_eq!(bytes_of_ours[4..16], rest[..12], "{said} | {text}");
            }
            texts.push(text.to_string());
        }
    }
    assert!(theirs.next().is_none(), "{pin}: as many instructions");
    texts
}

/// Pins the programs of an object, loaded by bpftool.
fn load(space: &Space, object: &Path, dir: &str) -> Vec<String> {
    let mut command = Command::new(which("bpftool").expect("checked"));
    space.output(command.args(["prog", "loadall"]).arg(object).arg(dir)).ok();
    let pins = space
        .run(|| std::fs::read_dir(dir).expect("pins").flatten().map(|pin| pin.path()).collect::<Vec<_>>());
    pins.into_iter().map(|pin| pin.to_str().expect("UTF-8").to_string()).collect()
}

#[test]
fn bpftool_reads_the_same() {
    if !ready(NEEDS) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let mut sources = bin::programs();
    sources.push(dir.write("reads.bpfasm", SOURCE));
    for source in &sources {
        let name = source.file_stem().expect("a name").to_str().expect("UTF-8");
        for pin in load(&space, &bin::build(source, &dir), &format!("/sys/fs/bpf/{name}")) {
            assert!(compare(&space, &pin).len() > 1, "{pin}");
        }
    }
    let texts = compare(&space, "/sys/fs/bpf/reads/reads");
    let named =
        ["r1 = seen ll", "r2 = limit ll", "r1 = numbers ll", "r1 = a_hash_of_a_long_name ll", "r2 = each ll"];
    for text in named.into_iter().chain(["call bpf_trace_printk", "call bpf_loop", "call add_one"]) {
        // bpf_loop is code by then where the kernel can put its instructions there.
        let is_there = texts.iter().any(|t| t == text) || text == "call bpf_loop" && texts.len() > 60;
        assert!(is_there, "{text}: {texts:#?}");
    }
}

/// What `bpfasm dump FLAGS --json WORDS` prints.
fn json(space: &Space, args: &[&str]) -> Vec<Value> {
    let text = space.output(bpfasm(["dump", "--json"].iter().chain(args))).ok().stdout;
    serde_json::from_str(&text).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn each_instruction_is_followed_into_the_kernel() {
    if !ready(NEEDS) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let mut sources = bin::programs();
    sources.push(dir.write("reads.bpfasm", SOURCE));
    for source in &sources {
        let file = source.to_str().expect("UTF-8");
        let name = source.file_stem().expect("a name").to_str().expect("UTF-8");
        let given: HashMap<String, usize> = json(&space, &[file])
            .iter()
            .map(|f| (f["name"].as_str().expect("a name").to_string(), list(&f["insns"]).len()))
            .collect();
        let steps = json(&space, &["--xlated", file]);
        let of = |name: &str| steps.iter().filter(|f| f["name"] == name).cloned().collect::<Vec<_>>();
        for pin in load(&space, &bin::build(source, &dir), &format!("/sys/fs/bpf/{name}")) {
            // The program itself comes first; bpftool has one list for all functions.
            let main = pin.rsplit('/').next().expect("a name");
            let theirs = bpftool(&space, &["prog", "dump", "xlated", "pinned", &pin]);
            let mut theirs = list(&theirs).iter();
            let main = steps.iter().position(|f| f["name"] == main).expect("the program");
            let functions = steps[main..].iter().enumerate();
            let functions =
                functions.take_while(|(at, f)| *at == 0 || f["section"] == ".text").map(|(_, f)| f);
            for function in functions {
                let (mut next_given, mut next_ran) = (0, 0);
                for step in list(&function["steps"]) {
                    let insns = list(&step["insns"]);
                    next_given += insns.iter().filter(|insn| !insn["given"].is_null()).count();
                    for (at, insn) in insns.iter().filter(|insn| !insn["ran"].is_null()).enumerate() {
                        assert_eq!(insn["ran"], next_ran, "{name}: {insn}");
                        next_ran += insn["bytes"].as_str().expect("bytes").len() / 16;
                        let their = theirs.next().expect("as many instructions");
                        // Each of our lines has a line of source, and so each step begins one of bpftool's.
                        if at == 0 && !their["src"].is_null() {
                            let line = step["line"]["text"].as_str().expect("a line").trim();
                            assert_eq!(their["src"].as_str().expect("text").trim(), line, "{name}: {insn}");
                        } else {
                            assert!(their["src"].is_null() || at == 0, "{name}: {insn}");
                        }
                    }
                }
                let whole = given[function["name"].as_str().expect("a name")];
                assert_eq!(next_given, whole, "{name}: each instruction that was given is told once");
            }
            assert!(theirs.next().is_none(), "{name}: as many instructions");
        }
        assert!(!of("reads").is_empty() || name != "reads");
    }
    let dead = "license \"GPL\"\nprog dead: \"socket\" {\n    r1 = 1\n    if r1 == 1 goto .a\n    r0 = 5\n.a:\n    r0 = 0\n    \
                r1 = 6\n    r1 /= r0\n    exit\n}\n";
    let dead = dir.write("dead.bpfasm", dead);
    let dump = |args: &[&str], file: &Path| space.output(bpfasm(["dump"].iter().chain(args)).arg(file));
    let text = dump(&["--xlated", "--no-source", "--no-bytes"], &dead).ok().stdout;
    assert_eq!(
        text,
        "section socket: dead\n     0       0:  r1 = 1\n     1 -         if r1 == 1 goto .l3\n     2 -         r0 = 5\n     \
         3       1:  r0 = 0\n     4       2:  r1 = 6\n       +     3:  if r0 != 0 goto .l6\n       +     4:  w1 ^= w1\n       \
         +     5:  goto .l7\n     5       6:  r1 /= r0\n     6       7:  exit\n"
    );
    let wrong = dir.write(
        "wrong.bpfasm",
        "license \"GPL\"\nprog wrong: \"xdp\" {\n    r0 = *(u64 *)(r1 + 400)\n    exit\n}\n",
    );
    let rejected = dump(&["--xlated"], &wrong).exited(3).text();
    assert!(rejected.contains("wrong.bpfasm:3"), "{rejected}");
    // Nothing stays.
    let progs = bpftool(&space, &["prog", "show"]);
    assert!(list(&progs).iter().all(|prog| prog["name"] != "dead"));
    let mut setpriv = Command::new(which("setpriv").expect("util-linux"));
    setpriv.args(["--reuid", "65534", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all"]);
    let source = std::fs::read(&dead).expect("a file");
    let open = std::env::temp_dir().join(format!("dead-{}.bpfasm", std::process::id()));
    std::fs::write(&open, source).expect("a file that all may read");
    let refused = run(setpriv.arg(bin::path()).args(["dump", "--xlated"]).arg(&open));
    std::fs::remove_file(&open).expect("removed");
    refused.exited(4);
}

#[test]
fn a_file_beside_what_is_loaded() {
    if !ready(NEEDS) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let write = |name: &str, text: &str| dir.write(&format!("{name}.bpfasm"), text);
    let source = write("reads", SOURCE);
    let object = bin::build(&source, &dir);
    let pin = "/sys/fs/bpf/reads/reads";
    load(&space, &object, "/sys/fs/bpf/reads");
    let diff = |words: &[&str]| space.output(bpfasm(["diff"].iter().chain(words)));
    let path = |path: &Path| path.to_str().expect("UTF-8").to_string();
    // It was loaded by libbpf, which lays functions out in an order of its own.
    for file in [&source, &object] {
        assert_eq!(diff(&[&path(file), "prog", "pinned", pin]).ok().stdout, "");
        assert_eq!(diff(&["prog", "pinned", pin, &path(file)]).ok().stdout, "");
    }
    assert_eq!(diff(&["prog", "pinned", pin, "prog", "pinned", pin]).ok().stdout, "");
    for source in bin::programs() {
        let name = source.file_stem().expect("a name").to_str().expect("UTF-8");
        for pin in load(&space, &bin::build(&source, &dir), &format!("/sys/fs/bpf/{name}")) {
            assert_eq!(diff(&[&path(&source), "prog", "pinned", &pin]).ok().stdout, "", "{pin}");
        }
    }
    let changed = SOURCE.replace("array<u32, u64>[4]", "array<u32, u64>[8]").replace("r0 += 1", "r0 += 2");
    let changed = path(&write("changed", &changed));
    let text = diff(&[&changed, "prog", "pinned", pin]).exited(1).stdout;
    assert!(text.contains("map numbers: max_entries\n  - 8\n  + 4\n"), "{text}");
    assert!(
        text.contains("function add_one (.text): code\n  -     1: r0 += 2\n  +     1: r0 += 1\n"),
        "{text}"
    );
    let json = diff(&["--json", "prog", "pinned", pin, &changed]).exited(1).stdout;
    assert!(serde_json::from_str::<Value>(&json).is_ok_and(|found| !list(&found).is_empty()), "{json}");
    assert_eq!(diff(&["-q", &changed, "prog", "pinned", pin]).exited(1).stdout, "");
    // A constant is part of a program.
    let text = diff(&[&path(&source), "prog", "pinned", pin, "--set", "limit=6"]).exited(1).stdout;
    assert!(text.contains("section .rodata, variable limit: first value"), "{text}");
    let two = write("two", &format!("{SOURCE}\nprog other: \"xdp\" {{\n    w0 = 1\n    exit\n}}\n"));
    assert_eq!(diff(&[&path(&two), "prog", "pinned", pin]).ok().stdout, "");
    diff(&[&path(&two), "prog", "pinned", pin, "--prog", "other"]).exited(1);
    diff(&[&path(&two), "prog", "pinned", pin, "--prog", "nosuch"]).exited(2);
    diff(&[&path(&two), "prog", "id", "4294967295"]).exited(2);
    diff(&["prog", "id", "1"]).exited(2);
}

#[test]
fn machine_code_is_all_there() {
    if !ready(NEEDS) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let source = dir.write("reads.bpfasm", SOURCE);
    load(&space, &bin::build(&source, &dir), "/sys/fs/bpf/reads");
    let pin = "/sys/fs/bpf/reads/reads";
    // libbpf asks for it, too.
    let id = bpftool(&space, &["prog", "show", "pinned", pin])["id"].as_u64().expect("a number");
    let options = ProgInfoQueryOptions::default().include_jited_prog_insns(true);
    let info =
        ProgInfoIter::with_query_opts(options).find(|info| u64::from(info.id) == id).expect("the program");
    let raw = info.jited_prog_insns;
    assert!(!raw.is_empty());
    let functions = json(&space, &["--jited", "prog", "pinned", pin]);
    let steps = || functions.iter().flat_map(|f| list(&f["steps"]));
    let code: String =
        steps().flat_map(|s| list(&s["machine"])).map(|m| m["bytes"].as_str().expect("bytes")).collect();
    let raw: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(code, raw);
    // Nearly each line has code of its own; functions count from their starts.
    let with_code = steps().filter(|step| !list(&step["machine"]).is_empty()).count();
    assert!(with_code * 10 > steps().count() * 8);
    assert!(functions.iter().all(|f| f["steps"][0]["machine"][0]["offset"] == 0));
    // The same code, but for addresses, where the file is loaded for it.
    let file = json(&space, &["--jited", source.to_str().expect("UTF-8")]);
    let offsets = |functions: &[Value]| {
        let steps = functions
            .iter()
            .flat_map(|f| list(&f["steps"]))
            .filter(|step| !list(&step["machine"]).is_empty());
        steps.map(|step| step["machine"][0]["offset"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(offsets(&file), offsets(&functions));
}

#[test]
fn ways_to_name_a_program() {
    if !ready(NEEDS) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    // A name that nothing else has here, and instructions.
    let number = std::process::id();
    let name = format!("w{number}");
    let text = SOURCE.replace("prog reads", &format!("prog {name}"));
    let source = dir.write("ways.bpfasm", text.replace("r2 = 9", &format!("r5 = {number}\n    r2 = 9")));
    let object = bin::build(&source, &dir);
    let pin = format!("/sys/fs/bpf/one/{name}");
    load(&space, &object, "/sys/fs/bpf/one");
    let info = bpftool(&space, &["prog", "show", "pinned", &pin]);
    let (id, tag) = (info["id"].to_string(), info["tag"].as_str().expect("a tag").to_string());
    let dump = |words: &[&str]| space.output(bpfasm(["dump"].iter().chain(words)));
    let text = dump(&["prog", "pinned", &pin]).ok().stdout;
    assert!(text.starts_with(&format!("section xdp: {name}\n")), "{text}");
    for words in [["prog", "id", &id], ["prog", "name", &name], ["prog", "tag", &tag]] {
        assert_eq!(dump(&words).ok().stdout, text);
    }
    // What nobody knows is said.
    assert!(dump(&["prog", "id", &id]).text().contains("not kept by the kernel"));
    let disasm = space.output(bpfasm(["disasm", "prog", "id", &id])).ok().stdout;
    assert!(disasm.contains("map a_hash_of_a_long_name: hash<__u32, __u64>[16]"), "{disasm}");
    assert!(disasm.contains("@line ") && disasm.contains(&format!("prog {name}: \"xdp\"")), "{disasm}");
    load(&space, &object, "/sys/fs/bpf/two");
    for words in [["prog", "name", &name], ["prog", "tag", &tag]] {
        let several = dump(&words).exited(2).text();
        assert!(several.contains("2 programs") && several.contains(&format!("prog id {id} ")), "{several}");
    }
    assert!(
        dump(&["prog", "name", "nosuch"]).exited(2).text().contains("no program is loaded with name nosuch")
    );
    dump(&["prog", "id", "4294967295"]).exited(2);
    for words in [["prog", "id", "x"], ["prog", "tag", "12"], ["prog", "nme", "x"]] {
        dump(&words).exited(2);
    }
    dump(&["prog", "pinned", "/sys/fs/bpf/one"]).exited(2);
    dump(&["prog", "pinned", "/sys/fs/bpf/none"]).exited(5);
    dump(&["--hex", "prog", "id", &id]).exited(2);
    dump(&["one.o", "two.o"]).exited(2);
    // Nobody.
    let mut setpriv = Command::new(which("setpriv").expect("util-linux"));
    setpriv.args(["--reuid", "65534", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all"]);
    run(setpriv.arg(bin::path()).args(["dump", "prog", "id", &id])).exited(4);
}
