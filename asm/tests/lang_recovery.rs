//! After a mistake the rest is looked at as if it were not there: one mistake, one diagnostic.

mod common;

use bpfasm_asm::assemble::Dialect;
use common::{body, errors};

/// Declarations that are not understood, and lines that use what they would declare.
const DECLARATIONS: &[(&str, &str)] = &[
    ("map m0: hash<u32 u64>[4]", "r1 = m0 ll"),
    ("const A1 = 5 +", "r1 = A1"),
    ("struct k2 {\n a: u32\n b u32\n}", "r1 = offsetof(k2, b)"),
    ("global g3 u32", "r1 = g3 ll"),
    ("macro f4(a reg) {\n r1 = 1\n}", "f4! r1"),
    ("enum e5 { A5, B5 = , C5 }", "r1 = B5\n r1 = C5"),
    ("type t6 = [5]", "r1 = sizeof(t6)"),
    ("config c7: be16 = 0x", "r1 = c7 ll"),
    ("param P8 = ", "r1 = P8"),
    ("#define A9 5 + 6", ""),
];

/// Lines of a program that are not understood.
const LINES: &[&str] = &[
    "return 2",
    "if (r1 == 5) goto .x",
    "r1++",
    "exit 2",
    "goto r1",
    "int x = 5",
    "r1 = 0x",
    "while (r1 < 5) {\n r1 += 1\n }",
    "view v = r1 xdp_md\n r2 = v->data",
    "stack { b u32 }\n fp->b = 2",
];

#[test]
fn ten_mistakes_of_any_kind_are_ten_errors() {
    let (declarations, uses): (Vec<_>, Vec<_>) = DECLARATIONS.iter().copied().unzip();
    let uses = body(&format!("{}\n r0 = 0\n exit", uses.join("\n")));
    assert_eq!(errors(&format!("{}\n{uses}", declarations.join("\n"))).len(), 10);
    assert_eq!(errors(&body(&format!("{}\n.x:\n r0 = 0\n exit", LINES.join("\n")))).len(), 10);
    // Each alone, too.
    for (declaration, line) in DECLARATIONS {
        let text = format!("{declaration}\n{}", body(&format!("{line}\n exit")));
        assert_eq!(errors(&text).len(), 1, "{text}");
    }
    for line in LINES {
        let text = body(&format!("{line}\n.x:\n exit"));
        assert_eq!(errors(&text).len(), 1, "{text}");
    }
}

#[test]
fn a_name_that_stands_on_no_broken_line_is_still_unknown() {
    let text = format!("const A = 5 +\n{}", body(" r1 = A\n r1 = nothing_like_it\n exit"));
    assert_eq!(errors(&text), ["E0105", "E0201"]);
}

#[test]
fn a_carriage_return_alone_hides_nothing() {
    for text in [" r0 = 0 // zero\r r0 = 1\n exit", " r0 = 0\r r0 = 1\n exit"] {
        assert!(errors(&body(text)).contains(&"E0101"), "{text:?}");
    }
    assert!(errors(&body(" r0 = 0 // zero\r\r\n exit\r")).is_empty());
}

#[test]
fn a_comment_ends_behind_its_begin() {
    assert!(errors(&body(" /*/ r0 = nothing */ r0 = 0\n exit")).is_empty());
    assert_eq!(errors(&body(" r0 = 0\n exit\n /*/")), ["E0104"]);
}

#[test]
fn a_label_makes_no_text_another_tools() {
    assert_eq!(Dialect::detect("<stdin>", ".next:\n r0 = 0\n"), Dialect::Bpfasm);
    assert_eq!(Dialect::detect("<stdin>", ".text\n r0 = 0\n"), Dialect::Gas);
}

#[test]
fn a_loop_of_too_many_rounds_is_refused_before_it_begins() {
    let start = std::time::Instant::now();
    assert_eq!(errors(&body(" @for i in 0..2 << 40 { }\n exit")), ["E0602"]);
    assert!(start.elapsed().as_secs() < 2);
}
