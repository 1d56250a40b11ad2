//! Every object that a source gives can be written, and is read back as it was.

mod common;

use bpfasm_asm::elf;
use common::{BOTH, assemble, canonical, errors};

/// Ways that lead from one piece of code to another, with numbers in the place of names.
const CALLS: &str = r#"
license "GPL"
func first(n: u32) -> u32 {
    w0 = 1
    call pc+5                               // third
    call pc-3                               // itself
    exit
}
func second() -> u32 {
    r0 = 5 ll
    exit
}
func third(n: u32) -> u32 {
    w0 = 3
    exit
}
prog p: "socket" {
    call first
    exit
}
"#;

#[test]
fn calls_by_distance_are_calls_of_functions() {
    for endian in BOTH {
        let object = assemble(CALLS, endian).unwrap_or_else(|why| panic!("{why}"));
        let named = CALLS.replace("pc+5", "third").replace("pc-3", "first");
        let wanted = assemble(&named, endian).unwrap_or_else(|why| panic!("{why}"));
        let calls = |object: &bpfasm_asm::object::Object| {
            object.funcs.iter().map(|f| (f.refs.clone(), f.insns.clone())).collect::<Vec<_>>()
        };
        assert_eq!(calls(&object), calls(&wanted));
        let read = elf::read(&elf::write(&object).expect("written")).expect("read");
        assert_eq!(canonical(&read), canonical(&object));
    }
}

#[test]
fn what_leads_into_the_middle_of_something_is_an_error_or_reads_back() {
    let one = |lines: &str| {
        format!(
            "func f() {{\n r0 = 1\n exit\n}}\nprog p: \"socket\" {{\n{lines}\n}}\nprog q: \"socket\" {{\n r0 = 1\n exit\n}}"
        )
    };
    let refused = [
        ("call pc+0\n exit", "E0503"),
        ("call pc+1\n exit", "E0503"),
        ("call pc+1000\n exit", "E0503"),
        ("call pc-1\n r0 = 1\n exit", "E0503"),
        ("call pc-2\n exit", "E0503"),
        ("call pc+2\n call f\n exit", "E0503"),
        ("raw 85 10 00 00 07 00 00 00\n exit", "E0503"),
        ("raw 18 01 00 00 00 00 00 00\n r0 = 1\n exit", ""),
        ("raw 18 01 00 00 00 00 00 00\n raw 00 00 00 00 00 00 00 00\n r0 = 1\n exit", "E0401"),
        ("goto +1\n r1 = 5 ll\n r0 = 0\n exit", ""),
        ("goto +100\n exit", ""),
        ("goto -100\n exit", ""),
        ("if r1 == 0 goto +2\n exit", ""),
    ];
    for (lines, code) in refused {
        let text = one(lines);
        if !code.is_empty() {
            assert_eq!(errors(&text), [code], "{lines}");
            continue;
        }
        for endian in BOTH {
            let object = assemble(&text, endian).unwrap_or_else(|why| panic!("{lines}: {why}"));
            let read = elf::read(&elf::write(&object).expect("written"))
                .unwrap_or_else(|why| panic!("{lines}: {why}"));
            assert_eq!(canonical(&read), canonical(&object), "{lines}");
        }
    }
}
