//! Parameters of macros: all kinds, by position and by name, with defaults, and passed on.

mod common;

use bpfasm_asm::expand::to_text;
use bpfasm_asm::isa::Endian;
use common::{assemble, bare, body, errors, through};

/// The text's object is that of the plain one, and so is that of its expansion.
fn same(text: &str, plain: &str) {
    let (sources, compiled) = through(text, Endian::Little);
    let shown = to_text(&compiled.program, &sources, &compiled.files, Endian::Little);
    let object = assemble(text, Endian::Little).unwrap_or_else(|why| panic!("{text}\n{why}"));
    let plain = assemble(plain, Endian::Little).unwrap_or_else(|why| panic!("{plain}\n{why}"));
    let code = |o: &bpfasm_asm::object::Object| {
        (o.funcs[0].insns.iter().collect::<Vec<_>>(), o.funcs[0].refs.clone(), o.data.clone())
    };
    assert_eq!(code(&object), code(&plain), "{text}");
    let again =
        assemble(&shown, Endian::Little).unwrap_or_else(|why| panic!("{text}\nexpanded:\n{shown}\n{why}"));
    assert_eq!(bare(again), bare(object), "{text}\nexpanded:\n{shown}");
}

const DECLARATIONS: &str = "struct pair { one: u32, two: u16 }
map counters: array<u32, u64>[4]
map others: array<u32, u64>[4]
global total: u64
";

const EVERY: &str = "macro every(r: reg, n: imm, m: mem, l: label, c: map, s: str, t: type, b: block) {
    $r = $n
    $r.w = $n + 1
    $m = $r.w
    r2 = $c ll
    r3 = $s ll
    r3 += sizeof($s)
    r4 = sizeof($t) + offsetof($t, two)
    view v = r5: $t
    w5 = v->two
    if $r == 0 goto $l
    $b
}
macro by_position(r: reg, n: imm, m: mem, l: label, c: map, s: str, t: type, b: block) {
    every! $r, $n, $m, $l, $c, $s, $t, $b
}
macro by_name(r: reg, n: imm, m: mem, l: label, c: map, s: str, t: type, b: block) {
    every! b=$b, t=$t, s=$s, c=$c, l=$l, m=$m, n=$n, r=$r
}
macro defaults(n: imm = 5, r: reg = r6, m: mem = *(u32 *)(r10 - 4), c: map = counters, s: str = \"ten\", t: type = pair, b: block = { r0 = $n }, l: label?) {
    @if @defined($l) {
        by_name! $r, $n, $m, $l, $c, $s, $t, $b
    } @else {
        by_position! $r, $n, $m, .end, $c, $s, $t { $b }
.end:
    }
}
";

/// What `every` gives for these arguments.
fn plain(label: &str, map: &str, text: &str, block: &str, n: i32) -> String {
    format!(
        " r6 = {n}\n w6 = {n} + 1\n *(u32 *)(r10 - 4) = w6\n r2 = {map} ll\n r3 = \"{text}\" ll\n r3 += {}\n r4 = 12\n w5 = *(u16 *)(r5 + 4)\n if r6 == 0 goto .{label}\n {block}\n",
        text.len() + 1
    )
}

#[test]
fn every_kind_by_position_and_by_name_and_passed_on() {
    for name in ["every", "by_position", "by_name"] {
        for call in [
            "r6, 7, *(u32 *)(r10 - 4), .out, others, \"seven\", pair { r0 = 1 }",
            "r6, 7, s=\"seven\", c=others, t=pair, l=out, m=fp->slot { r0 = 1 }",
        ] {
            let lines = format!(" stack {{ slot: u32 }}\n {name}! {call}\n.out:\n w0 = 0\n exit");
            let expected = plain("out", "others", "seven", "r0 = 1", 7) + ".out:\n w0 = 0\n exit";
            same(
                &format!("{DECLARATIONS}{EVERY}{}", body(&lines)),
                &format!("{DECLARATIONS}{}", body(&expected)),
            );
        }
    }
}

#[test]
fn defaults_of_every_kind() {
    for (call, label, map, text, block, n) in [
        ("", "end", "counters", "ten", "r0 = 5", 5),
        ("8", "end", "counters", "ten", "r0 = 8", 8),
        ("s=\"eleven\", c=others { r0 = 9 }", "end", "others", "eleven", "r0 = 9", 5),
        ("l=.end", "end", "counters", "ten", "r0 = 5", 5),
    ] {
        let lines = format!(" defaults! {call}\n.end:\n w0 = 0\n exit");
        let expected = plain(label, map, text, block, n) + ".end:\n w0 = 0\n exit";
        same(
            &format!("{DECLARATIONS}{EVERY}{}", body(&lines)),
            &format!("{DECLARATIONS}{}", body(&expected)),
        );
    }
}

#[test]
fn what_is_given_belongs_to_the_place_of_use() {
    // The same names mean other things inside.
    let text = format!(
        "{DECLARATIONS}macro m(at: mem, to: label, body: block) {{
    stack {{ slot: u64 }}
    view v = r7: pair
    fp->slot = r1
    $at = w1
    $body
    goto $to
.out:
}}
{}",
        body(
            " stack { slot: u32 }\n view v = r6: pair\n m! fp->slot, .out { w2 = v->one }\n m! v->one, .out { goto .out }\n.out:\n w0 = 0\n exit"
        )
    );
    let plain = " *(u64 *)(r10 - 16) = r1\n *(u32 *)(r10 - 4) = w1\n w2 = *(u32 *)(r6 + 0)\n goto .out\n *(u64 *)(r10 - 24) = r1\n *(u32 *)(r6 + 0) = w1\n goto .out\n goto .out\n.out:\n w0 = 0\n exit";
    same(&text, &format!("{DECLARATIONS}{}", body(plain)));
}

#[test]
fn arguments_that_do_not_fit() {
    for (call, codes) in [
        ("every! r6, 7, *(u32 *)(r10 - 4), .out, others, \"seven\", pair", vec!["E0601"]),
        ("every! r6, 7, *(u32 *)(r10 - 4), .out, others, \"seven\", pair, 5", vec!["E0601"]),
        ("every! r6, 7, *(u32 *)(r10 - 4), .out, others, \"seven\", nothing { }", vec!["E0201"]),
        ("every! r6, 7, *(u32 *)(r10 - 4), .out, total, \"seven\", pair { }", vec!["E0601"]),
        ("every! r6, 7, *(u32 *)(r10 - 4), .nowhere, others, \"seven\", pair { }", vec!["E0501"]),
        ("every! r6, 7, *(u32 *)(r10 - 4), .out, others, \"seven\", pair { r0 = nothing }", vec!["E0201"]),
        ("defaults! l=5", vec!["E0601"]),
        ("defaults! n=5, 6", vec!["E0601"]),
        ("defaults! x=5", vec!["E0601"]),
        ("defaults! { } { }", vec!["E0601"]),
    ] {
        let text = format!("{DECLARATIONS}{EVERY}{}", body(&format!(" {call}\n.out:\n w0 = 0\n exit")));
        assert_eq!(errors(&text), codes, "{call}");
    }
}
