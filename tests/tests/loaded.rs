//! Loaded programs: what is read back, beside what bpftool reads of the same program.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready, run, which};
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

#[test]
fn ways_to_name_a_program() {
    if !ready(NEEDS) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    // A name that nothing else has here.
    let name = format!("w{}", std::process::id());
    let source = dir.write("ways.bpfasm", SOURCE.replace("prog reads", &format!("prog {name}")));
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
