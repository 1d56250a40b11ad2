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

/// Lines as people write them who come from C, from other assemblers, from Rust, or who forget something.
const HABITS: &[&str] = &[
    "for (int i = 0; i < 4; i++) {\n    r1 += 1\n}",
    "for (i = 0; i < 4; i++)\n{\n    r1 += 1\n}",
    "while (r1 < 4) {\n    r1 += 1\n}",
    "do {\n    r1 += 1\n} while (r1 < 4);",
    "if (r1 == 5) {\n    r1 = 6\n}",
    "if (r1 == 5) {\n    r1 = 6\n} else {\n    r1 = 7\n}",
    "if (r1 == 5) {\n    r1 = 6\n} else if (r1 == 6) {\n    r1 = 7\n}",
    "if (r1 == 5)\n    r1 = 6",
    "if (r1 == 5) return 1;",
    "if r1 == 5 exit",
    "switch (r1) {\ncase 1: r2 = 5; break;\ndefault: r2 = 6;\n}",
    "r2 = *r1",
    "r2 = *(u32 *)r1",
    "*(u32 *)r1 = r2",
    "r2 = r1->data",
    "r2 = ctx->data",
    "r2 = r1[4]",
    "r1[4] = 5",
    "r1 = r2 > 5 ? 1 : 0",
    "if r1 == 1 && r2 == 2 goto .x\n.x:",
    "r1 = !r2",
    "r1 = ~r2",
    "r1 = 'ab'",
    "r1 = (u32)r2",
    "r1 = (u64)w2",
    "if r0 == NULL goto .x\n.x:",
    "r1 = 5u",
    "r1 = 5UL",
    "bpf_printk(\"hello\")",
    "goto out;\nout:",
    "stack { k: u32 }\nfp->k = 1\nr2 = &fp->k",
    "r1 = r2 * 4",
    "r1 = r2 + 4",
    "r1 = r2 << 3",
    "r1++",
    "++r1;",
    "r1 = -5 + r2",
    "*(u32 *)(r10 - 4) = *(u32 *)(r1 + 0)",
    "r1 += *(u32 *)(r2 + 0)",
    "if *(u32 *)(r1 + 0) == 5 goto .x\n.x:",
    "break",
    "continue",
    "r1 = 5 # five",
    "r1 = 5 ; five",
    "mov r1 5",
    "mov r1, #5",
    "mov %r1, $5",
    "ldxw r1, r2+4",
    "ldxw r1, [r2, 4]",
    "jeq r1, out\nout:",
    "push r1",
    "add r1, r2, r3",
    "MOV R1, 5",
    "ldx r1, [r2+4]",
    "stw [r10-4], r1",
    "stxw r1, [r10-4]",
    "lddw r1, m",
    "ja r1",
    ".align 8",
    ".globl p",
    "r1 = 5 @ five",
    "r1 = 5 | more",
    "jmp out\nout:",
    "beq r1, r2, out\nout:",
    "lock xadd [r1], r2",
    "xadd [r1+0], r2",
    "retq",
    "ldr r1, [r2]",
    "exit r0",
    "neg r1, r2",
    "be16 r1",
    "r1 = r2, r3",
    "jnz r1, out\nout:",
    ".section xdp",
    "goto 1f",
    ".L1:\ngoto .L2",
    "r1 = (u32)(r2 + 4)",
    "r1 = *(u32)(r2 + 4)",
    "r1 = 5ll",
    "r1 += 5 ll",
    "goto LBB0_1",
    "if r1 == 0 goto LBB0_1\nLBB0_2:",
    "r1 = *(i32 *)(r2 + 4)",
    "r1 = *(u32 *)(r2 + r3)",
    "w1 = *(u64 *)(r2 + 0)",
    "r1 = *(u32 *)(w2 + 0)",
    "w1 = r2",
    "r1 += w2",
    "if r1 == w2 goto .x\n.x:",
    "r1 = 0x123456789",
    "r1 = *(u32 *)(r2 + 40000)",
    "if r1 >s 5 goto .x\n.x:",
    "r1 s/ = 5",
    "r1 = le16(r1)",
    "r1 = bswap32(r1)",
    "r1 = bswap24 r1",
    "lock *(u32 *)(r1 + 0) -= r2",
    "lock *(u32 *)(r1 + 0) += 1",
    "lock *(u8 *)(r1 + 0) += r2",
    "r2 = atomic_fetch_add(r1, r2)",
    "r0 = cmpxchg(r1 + 0, r0, r2)",
    ".type p,@function",
    ".section .BTF,\"\",@progbits",
    "r0 = *(u64 *)skb[12]",
    "r1 = *(u128 *)(r2 + 0)",
    "callx m",
    "gotoll .x\n.x:",
    "maygoto .x\n.x:",
    "r1 = (s64)r2",
    "*(u64 *)(r10 - 8) = 0x123456789",
    "let x = 5",
    "let mut x: u32 = 5;",
    "println!(\"hello\")",
    "(r1, r2) = (1, 2)",
    "r1 = r2 as u32",
    "match r1 {\n    1 => r2 = 5,\n    _ => r2 = 6,\n}",
    "loop {\n    r1 += 1\n}",
    "if let Some(x) = r1 {\n}",
    "for i in 0..4 {\n    r1 += 1\n}",
    "return Ok(0)",
    "r1 = net::ETH_P_IP",
    "r1 = 1_000_u32",
    "unsafe {\n    r1 = 1\n}",
    "@for i in 0..=4 {\n    r1 += $i\n}",
    "@for i in 0..4 {\n    r1 += i\n}",
    "r1 = r\"abc\" ll",
    "r1 = b\"abc\" ll",
    "if r1 == 0 goto .out\nr0 = 1\n.uot:",
    "goto .out\n.out",
    "goto .Out\n.out:",
    "r1 = > 5",
    "= 5",
    "r1 = 5 5",
    "r1, r2 = 5",
    "if r1 == 5 .out\n.out:",
    "goto .out:\n.out:",
    "if r1 = 5 goto .out\n.out:",
    "call bpf_map_lookup_elm",
    "call map_lookup_elem",
    "exti",
    "r 1 = 5",
    "r11 = 5",
    "EXIT",
    "r1 = 010",
    "r1 = 1.5",
    "r1 = 1,000",
    "r1 - = 5",
    "r1 = 0xfg",
    "r1 = 'x",
    "r1 = $x",
    "@when 1 { r1 = 5 }",
    "@else { r1 = 5 }",
    "@if { r1 = 5 }",
    "@for i in 4 { r1 = 5 }",
    "@assert",
    "@error oops",
    "@if 1\nr1 = 5\n@endif",
    "exit!",
    "foo bar",
    "if r1 == 5, goto .x\n.x:",
    "if r1 == 5 then goto .x\n.x:",
    "goto",
    "fp->key = 5",
    "view v = r1 u32",
    "veiw v = r1: xdp_md",
    "call",
    "r1 + = 5",
    "r1 +=",
    "r1 = \"abc\"",
    "%r1 = %r2 + 1",
    "if r1 == 5 goto .x else goto .y\n.x:\n.y:",
    "...",
    "TODO",
    "r1 = ?",
    "r1 = “abc” ll",
    "r1 = r2 – 1",
    "r1\u{a0}= 5",
    "r1 -> r2",
    "r1 := 5",
    "r1 <- 5",
    "set r1 5",
    "IF r1 == 5 GOTO .x\n.x:",
    "if r1 <> 5 goto .x\n.x:",
    "if r1 ~= 5 goto .x\n.x:",
    "if !r1 goto .x\n.x:",
    "if r1 goto .x\n.x:",
    "unless r1 == 5 goto .x\n.x:",
];

#[test]
fn a_habit_is_one_error() {
    for line in HABITS {
        let text = body(&format!("{line}\n r0 = 0\n exit"));
        assert_eq!(errors(&text).len(), 1, "{line}: {:?}", errors(&text));
    }
}

#[test]
fn ten_habits_are_ten_errors() {
    // Those that close what others open, are told once in a file, or begin a block stand for themselves.
    let apart =
        |line: &&&str| !line.contains(['\n', ';', '#', '{', '}', '"', '\'']) && !line.starts_with('@');
    let lines: Vec<&str> = HABITS.iter().filter(apart).copied().collect();
    assert!(lines.len() >= 120, "{}", lines.len());
    for ten in lines.chunks_exact(10) {
        let text = body(&format!("{}\n r0 = 0\n exit", ten.join("\n")));
        assert_eq!(errors(&text).len(), 10, "{text}\n{:?}", errors(&text));
    }
}

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
