//! Differences between objects: found by name and meaning.

mod common;

use bpfasm_asm::diff::{Difference, How, diff};
use bpfasm_asm::disasm::InsnText;
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::Object;
use common::assemble;

const BEFORE: &str = r#"
license "GPL"
map hits: array<u32, u64>[4]
config limit: u32 = 40
struct pair { a: u32, b: u64 }
global both: pair
func twice(x: u32) -> u32 {
    w0 = w1
    w0 += w0
    exit
}
prog p: "xdp" {
    r2 = both ll
    w1 = *(u32 *)(r1 + 0)
    if w1 > 5 goto .out
    call twice
    r2 = hits ll
    if r2 == 0 goto .out
    w0 = 1
    exit
.out:
    w0 = 2
    exit
}
"#;

fn object(text: &str) -> Object {
    assemble(text, Endian::Little).expect("no error")
}

fn told(before: &str, after: &str) -> Vec<String> {
    diff(&object(before), &object(after)).iter().map(tell).collect()
}

fn tell(difference: &Difference) -> String {
    let what = &difference.what;
    match &difference.how {
        How::Removed => format!("- {what}"),
        How::Added => format!("+ {what}"),
        How::Value { field, left, right } => format!("{what} {field}: {left} > {right}"),
        How::Code(changes) => {
            let side = |insns: &[InsnText]| {
                let line =
                    |i: &InsnText| [std::slice::from_ref(&i.text), &i.records[..]].concat().join(" ; ");
                insns.iter().map(line).collect::<Vec<_>>().join("; ")
            };
            let all: Vec<_> =
                changes.iter().map(|c| format!("[{} > {}]", side(&c.left), side(&c.right))).collect();
            format!("{what}: {}", all.join(" "))
        }
    }
}

#[test]
fn the_same_is_the_same_in_another_order() {
    assert_eq!(told(BEFORE, BEFORE), [""; 0]);
    let (first, func) = BEFORE.split_once("func twice").expect("it is there");
    let (func, prog) = func.split_once("prog p").expect("it is there");
    let moved = format!("{first}prog p{prog}func twice{func}");
    assert_eq!(told(BEFORE, &moved), [""; 0]);
}

#[test]
fn values_and_things() {
    let after = BEFORE.replace("[4]", "[8]").replace("= 40", "= 41").replace("b: u64", "b: u32");
    assert_eq!(
        told(BEFORE, &after),
        [
            "map hits max_entries: 4 > 8",
            "section .bss size: 16 > 8",
            "section .bss alignment: 8 > 4",
            "section .bss, variable both size: 16 > 8",
            "section .rodata, variable limit first value: 28 00 00 00 > 29 00 00 00",
            "type struct pair layout: 16 bytes: a@0 __u32 b@8 __u64 > 8 bytes: a@0 __u32 b@4 __u32",
        ]
    );
    let after = BEFORE.replace("map hits", "map strikes").replace("hits ll", "strikes ll");
    assert_eq!(
        told(BEFORE, &after),
        ["- map hits", "+ map strikes", "function p (xdp): [r2 = hits ll > r2 = strikes ll]"]
    );
}

#[test]
fn jumps_are_the_same_where_they_lead_to_the_same() {
    // What is inserted changes distances, not where jumps lead.
    let after = BEFORE.replace("    call twice\n", "    r3 = 1\n    r3 += 2\n    call twice\n");
    assert_eq!(told(BEFORE, &after), ["function p (xdp): [ > r3 = 1; r3 += 2]"]);
    let after = BEFORE.replace("    w0 = 1\n    exit\n.out:", ".out:\n    w0 = 1\n    exit\n");
    assert_eq!(
        told(BEFORE, &after),
        ["function p (xdp): [if w1 > 5 goto .l10 > if w1 > 5 goto .l8] \
             [if r2 == 0 goto .l10 > if r2 == 0 goto .l8]"]
    );
}

#[test]
fn what_maps_hold_and_what_has_no_name() {
    let before = r#"
        license "GPL"
        map first: array<u32, u64>[1]
        map second: array<u32, u64>[1]
        map tables: array_of_maps<u32, array<u32, u64>[1]>[2] = { 0: first, 1: second }
        prog p: "xdp" {
            r1 = "one" ll
            w0 = 1
            exit
        }
    "#;
    let after = before.replace("1: second }", "1: first }").replace("\"one\"", "\"two\"");
    assert_eq!(
        told(before, &after),
        [
            "map tables values: 0: first, 1: second > 0: first, 1: first",
            "section .rodata bytes of no variable: 6f 6e 65 > 74 77 6f",
        ]
    );
    let mut without = object(before);
    without.maps[2].inner = None;
    let told: Vec<_> = diff(&object(before), &without).iter().map(tell).collect();
    assert_eq!(told, ["- map tables, inner map"]);
}

#[test]
fn what_depends_on_the_kernel() {
    let before = r#"
        license "GPL"
        @core struct task_struct { pid: s32, tgid: s32 }
        prog p: "raw_tp" {
            r2 = core_exists(task_struct.pid)
            w0 = 0
            exit
        }
    "#;
    assert_eq!(
        told(before, &before.replace("struct.pid", "struct.tgid")),
        ["function p (raw_tp): [r2 = 1 ; core_exists(task_struct.pid) > \
             r2 = 1 ; core_exists(task_struct.tgid)]"]
    );
}
