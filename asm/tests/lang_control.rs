//! What is decided while assembling: `@if`, `@for`, blocks, functions of constants.

mod common;

use bpfasm_asm::expand::to_text;
use bpfasm_asm::isa::{Endian, Insn};
use common::{BOTH, assemble, bare, body, errors, through};
use proptest::prelude::*;

/// The instructions of the only program, both as they are and as its expansion gives them.
fn insns(text: &str) -> Vec<Insn> {
    let mut result = vec![];
    for endian in BOTH {
        let (sources, compiled) = through(text, endian);
        let shown = to_text(&compiled.program, &sources, &compiled.files, endian);
        let object =
            compiled.object.unwrap_or_else(|| panic!("{text}\n{}", assemble(text, endian).unwrap_err()));
        let again =
            assemble(&shown, endian).unwrap_or_else(|why| panic!("{text}\nexpanded:\n{shown}\n{why}"));
        assert_eq!(bare(again), bare(object.clone()), "{text}\nexpanded:\n{shown}");
        result = object.funcs[0].insns.iter().collect();
    }
    result
}

/// Both texts give the same instructions.
fn same(text: &str, plain: &str) {
    assert_eq!(insns(text), insns(&body(plain)), "{text}");
}

const UNLESS: &str = "macro unless(r: reg, n: imm, body: block) {
    if $r == $n goto .skip
    $body
.skip:
}
macro choose(r: reg, n: imm, then: block, otherwise: block = {}) {
    if $r != $n goto .no
    $then
    goto .end
.no:
    $otherwise
.end:
}
";

#[test]
fn blocks_stand_where_the_macro_says() {
    let text = body(" unless! r1, 5 {\n  r2 = 1\n  r3 = 2\n }\n w0 = 0\n exit");
    same(&format!("{UNLESS}{text}"), " if r1 == 5 goto +2\n r2 = 1\n r3 = 2\n w0 = 0\n exit");
    let text = body(" choose! r1, 5 { r2 = 1 } otherwise { r2 = 2 }\n w0 = 0\n exit");
    let plain = " if r1 != 5 goto +2\n r2 = 1\n goto +1\n r2 = 2\n w0 = 0\n exit";
    same(&format!("{UNLESS}{text}"), plain);
    let text = body(" choose! r1, 5 { r2 = 1 } { r2 = 2 }\n w0 = 0\n exit");
    same(&format!("{UNLESS}{text}"), plain);
    let text = body(" choose! otherwise={}, r=r1, n=5 { r2 = 1 }\n w0 = 0\n exit");
    assert_eq!(errors(&format!("{UNLESS}{text}")).len(), 1);
    let text = body(" choose! r=r1, n=5 { r2 = 1 }\n w0 = 0\n exit");
    same(&format!("{UNLESS}{text}"), " if r1 != 5 goto +2\n r2 = 1\n goto +0\n w0 = 0\n exit");
}

#[test]
fn a_block_means_what_it_means_where_it_stands() {
    // Views, slots, arguments and labels of the place of use, not those of the macro.
    let text = format!(
        "struct two {{ a: u32, b: u32 }}
macro twice(v: reg, body: block) {{
    view x = $v: u64
    stack {{ slot: u64 }}
    $body
.out:
    $body
}}
macro outer(v: imm) {{
    twice! r3 {{
        goto .out
        r4 = $v
        goto .inner
.inner:
    }}
.out:
}}
{}",
        body(
            " stack { slot: u32 }\n view x = r6: two\n twice! r7 { w1 = x->b\n fp->slot = w1\n goto .out }\n outer! 7\n.out:\n w0 = 0\n exit"
        )
    );
    let block = " w1 = *(u32 *)(r6 + 4)\n *(u32 *)(r10 - 4) = w1\n goto .out\n";
    let inner = |n: u32| format!(" goto .end\n r4 = 7\n goto .i{n}\n.i{n}:\n");
    same(&text, &format!("{block}{block}{}{}.end:\n.out:\n w0 = 0\n exit", inner(1), inner(2)));
}

#[test]
fn blocks_are_passed_on() {
    let text = format!(
        "{UNLESS}macro both(a: reg, b: reg, body: block) {{
    unless! $a, 0 {{
        unless! $b, 0, body=$body
    }}
}}
{}",
        body(" both! r1, r2 { r3 = 1 }\n w0 = 0\n exit")
    );
    same(&text, " if r1 == 0 goto +2\n if r2 == 0 goto +1\n r3 = 1\n w0 = 0\n exit");
}

#[test]
fn branches_and_rounds() {
    let text = format!(
        "const N = 3\nmacro m(n: imm) {{\n @if $n == 0 {{\n  r1 = nothing\n }} @else if $n == 1 {{\n  r1 = 10\n }}\n @else {{\n  r1 = $n\n }}\n}}\n{}",
        body(" m! 1\n m! 7\n @for i in 0..N { r2 = $i * 2 }\n @for i in 5..5 { oops! 1 }\n w0 = 0\n exit")
    );
    same(&text, " r1 = 10\n r1 = 7\n r2 = 0\n r2 = 2\n r2 = 4\n w0 = 0\n exit");
    let text =
        body(" @for i in 0..2 { @for j in 0..2 {\n if r1 == $i goto .x\n r1 = $j\n.x:\n} }\n w0 = 0\n exit");
    let one = |i: u32, j: u32| format!(" if r1 == {i} goto +1\n r1 = {j}\n");
    same(&text, &(one(0, 0) + &one(0, 1) + &one(1, 0) + &one(1, 1) + " w0 = 0\n exit"));
}

#[test]
fn declarations_that_are_there_or_not() {
    let text = "param MODE = 2
@if MODE == 1 {
    const A = nothing
} @else if MODE == 2 {
    const A = 5
    @if !@defined(B) { const B = A + 1 }
}
@assert A < B, \"A before B\"
prog p: \"socket\" {
    r1 = A + B
    r2 = @defined(C) ? C : 9
    w0 = 0
    exit
}
@if MODE == 2 { prog q: \"socket\" { w0 = 1
    exit } }
@if MODE == 3 { prog r: \"socket\" { oops } }
";
    same(&text.replace("{ oops }", "{ w0 = oops }"), " r1 = 11\n r2 = 9\n w0 = 0\n exit");
}

#[test]
fn functions_of_constants() {
    let text = format!(
        "const align_up(n, a) = (n + a - 1) & ~(a - 1)
const log2(n) = n <= 1 ? 0 : 1 + log2(n / 2)
const max(a, b) = a > b ? a : b
const n = 100
{}",
        body(
            " r1 = align_up(n, 64)\n r2 = log2(0x8000000000000000)\n r3 = max(log2(n), align_up(3, 4))\n w0 = 0\n exit"
        )
    );
    same(&text, " r1 = 128\n r2 = 63\n r3 = 6\n w0 = 0\n exit");
    let endless = format!("const f(n) = f(n) + f(n + 1)\n{}", body(" r1 = f(1)\n exit"));
    assert_eq!(errors(&endless), ["E0206"]);
    let wide = format!("const f(n) = n == 0 ? 0 : f(n - 1) + f(n - 1)\n{}", body(" r1 = f(40)\n exit"));
    assert_eq!(errors(&wide), ["E0602"]);
}

#[test]
fn what_a_use_need_not_give() {
    let text = format!(
        "macro find(r: reg, else: label?) {{\n $r = 1\n @if @defined($else) {{ if $r == 0 goto $else }}\n}}
macro via(r: reg, else: label?) {{\n find! $r, else=$else\n}}
{}",
        body(" find! r1\n find! r1, .out\n via! r2\n via! r2, .out\n.out:\n w0 = 0\n exit")
    );
    same(
        &text,
        " r1 = 1\n r1 = 1\n if r1 == 0 goto .o\n r2 = 1\n r2 = 1\n if r2 == 0 goto .o\n.o: w0 = 0\n exit",
    );
}

#[test]
fn what_goes_on_without_end_has_a_limit() {
    let body_of = |lines: &str| format!("{UNLESS}{}", body(lines));
    for lines in [
        " @for i in 0..1 << 60 { }\n exit",
        " @for i in 0..1 << 60 { r1 = 1 }\n exit",
        " @for i in 0..100000 { @for j in 0..100000 { @for k in 0..100000 { } } }\n exit",
    ] {
        assert_eq!(errors(&body_of(lines)), ["E0602"], "{lines}");
    }
    let deep = |n: usize| body_of(&format!("{}{}\n exit", " unless! r1, 5 {\n".repeat(n), " }".repeat(n)));
    assert_eq!(errors(&deep(60)), Vec::<&str>::new());
    assert_eq!(errors(&deep(100_000)), ["E0105"]);
    let open = |n: usize| body_of(&" unless! r1, 5 {\n".repeat(n));
    assert_eq!(errors(&open(100_000)), ["E0106", "E0105"]);
    let ifs = |n: usize| format!("{}{}\n{}", "@if 1 {\n".repeat(n), "}".repeat(n), body(" exit"));
    assert_eq!(errors(&ifs(60)), Vec::<&str>::new());
    assert_eq!(errors(&ifs(100_000)), ["E0105"]);
    // A block that is used twice, and given to the same macro in itself.
    let twice = format!(
        "macro t(body: block) {{\n $body\n $body\n}}\n{}",
        body(&format!("{} r1 = 1\n{}\n exit", " t! {\n".repeat(40), " }".repeat(40)))
    );
    assert_eq!(errors(&twice), ["E0602"]);
    let itself = format!("macro t(body: block) {{\n t! {{ $body }}\n}}\n{}", body(" t! { r1 = 1 }\n exit"));
    assert_eq!(errors(&itself), ["E0602"]);
}

#[test]
fn errors_are_told_once() {
    for (lines, codes) in [
        (" @for i in 0..100 { r1 = nothing }", vec!["E0201"]),
        (" @for i in 0..1000 { *(u8 *)(r10 - 1) = $i }", vec!["E0303"]),
        (" @assert 1 > 2, \"no\"", vec!["E0603"]),
        (" @error \"no\"", vec!["E0604"]),
        (" @wraning \"no\"", vec!["E0105"]),
        (" @else { }", vec!["E0105"]),
        (" $body", vec!["E0201"]),
        (" @if nothing { r1 = 1 } @else { r1 = alsonothing }", vec!["E0201"]),
        (" unless! r1, 5", vec!["E0601"]),
        (" unless! r1, 5 { } { }", vec!["E0601"]),
        (" unless! r1, 5 { } els { }", vec!["E0601"]),
        (" unless! { }, 5", vec!["E0105"]),
        (" unless! r1, 5 {\n r2 = nothing\n goto .nowhere\n }", vec!["E0201", "E0501"]),
    ] {
        let mut found = errors(&format!("{UNLESS}{}", body(&format!("{lines}\n w0 = 0\n exit"))));
        found.sort_unstable();
        let mut codes = codes;
        codes.sort_unstable();
        assert_eq!(found, codes, "{lines}");
    }
}

#[test]
fn instructions_keep_the_line_that_a_person_wrote() {
    let text = format!(
        "{UNLESS}{}",
        body(" unless! r1, 5 {\n  r2 = 1\n }\n @for i in 0..1 {\n  r3 = $i\n }\n w0 = 0\n exit")
    );
    let first = UNLESS.lines().count() + 1;
    let object = assemble(&text, Endian::Little).expect("sound");
    let lines: Vec<usize> = object.funcs[0].lines.iter().map(|l| l.line as usize - first).collect();
    // The macro's own instruction has the line of its use; those of the block and of the loop have theirs.
    assert_eq!(lines, [1, 2, 5, 7, 8]);
}

#[test]
fn a_small_stack_is_enough() {
    // Blocks as deep as they go, and at the bottom a function that calls itself as often as it may.
    let inner = " r1 = log2(0x8000000000000000)\n r2 = log2(log2(1 << 20)) + (1 ? log2(1 << 62) : 0)\n";
    let blocks = format!("{}{inner}{}", " unless! r1, 5 {\n".repeat(60), " }\n".repeat(60));
    let function = "const log2(n) = n <= 1 ? 0 : 1 + log2(n / 2)\n";
    let text = format!("{function}{UNLESS}{}", body(&(blocks + " exit")));
    let small = std::thread::Builder::new().stack_size(2 << 20).spawn(move || errors(&text));
    assert_eq!(small.expect("a thread").join().expect("no overflow"), Vec::<&str>::new());
}

#[test]
fn a_million_rounds() {
    let text = body(" @for i in 0..1000000 { r1 = $i }\n w0 = 0\n exit");
    let (_, compiled) = through(&text, Endian::Little);
    assert_eq!(compiled.object.map(|o| o.funcs[0].insns.len()), Some(1_000_002));
}

/// A statement of a generated program.
#[derive(Debug, Clone)]
enum Node {
    /// An instruction with a number, or with the variable of the loop around it.
    Set(u8, i32, bool),
    /// `@if`, by a constant or by that variable's lowest bit.
    If(Option<bool>, Vec<Node>, Vec<Node>),
    For(u8, Vec<Node>),
    /// `choose!`, which jumps, with two blocks.
    Choose(u8, i32, Vec<Node>, Vec<Node>),
    /// A macro that puts its block down so often.
    Times(u8, Vec<Node>),
    /// A label behind statements.
    Skip(Vec<Node>),
    /// A jump to the nearest label of that kind.
    Leave,
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let leaf = prop_oneof![
        (1..9u8, -5..500i32, any::<bool>()).prop_map(|(r, n, var)| Node::Set(r, n, var)),
        Just(Node::Leave),
    ];
    let node = leaf.prop_recursive(5, 40, 4, |inner| {
        let list = move || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (any::<Option<bool>>(), list(), list()).prop_map(|(c, a, b)| Node::If(c, a, b)),
            (0..4u8, list()).prop_map(|(n, a)| Node::For(n, a)),
            (1..9u8, -5..500i32, list(), list()).prop_map(|(r, n, a, b)| Node::Choose(r, n, a, b)),
            (0..3u8, list()).prop_map(|(n, a)| Node::Times(n, a)),
            list().prop_map(Node::Skip),
        ]
    });
    prop::collection::vec(node, 1..6)
}

/// Writes a generated program twice: as it is, and by hand as plain instructions.
#[derive(Default)]
struct Writer {
    source: String,
    plain: String,
    labels: usize,
}

impl Writer {
    fn label(&mut self) -> usize {
        self.labels += 1;
        self.labels
    }

    /// The source; `depth` loops around it.
    fn source(&mut self, nodes: &[Node], depth: usize, leave: Option<usize>) {
        for node in nodes {
            let text = match node {
                Node::Set(r, _, true) if depth > 0 => format!("r{r} = $i{depth}\n"),
                Node::Set(r, n, _) => format!("r{r} = {n}\n"),
                Node::Leave => leave.map_or(String::new(), |label| format!("goto .skip{label}\n")),
                Node::If(condition, yes, no) => {
                    let condition = match condition {
                        None if depth > 0 => format!("$i{depth} & 1"),
                        condition => i32::from(*condition != Some(false)).to_string(),
                    };
                    self.source += &format!("@if {condition} {{\n");
                    self.source(yes, depth, leave);
                    self.source += "} @else {\n";
                    self.source(no, depth, leave);
                    "}\n".to_string()
                }
                Node::For(n, body) => {
                    self.source += &format!("@for i{} in 0..{n} {{\n", depth + 1);
                    self.source(body, depth + 1, leave);
                    "}\n".to_string()
                }
                Node::Choose(r, n, yes, no) => {
                    self.source += &format!("choose! r{r}, {n} {{\n");
                    self.source(yes, depth, leave);
                    self.source += "} otherwise {\n";
                    self.source(no, depth, leave);
                    "}\n".to_string()
                }
                Node::Times(n, body) => {
                    self.source += &format!("times! {n} {{\n");
                    self.source(body, depth, leave);
                    "}\n".to_string()
                }
                Node::Skip(body) => {
                    let label = self.label();
                    self.source(body, depth, Some(label));
                    format!(".skip{label}:\n")
                }
            };
            self.source += &text;
        }
    }

    /// Plain instructions, with these values of the loops around them.
    fn plain(&mut self, nodes: &[Node], values: &[u8], leave: Option<usize>) {
        for node in nodes {
            let text = match (node, values.last()) {
                (Node::Set(r, _, true), Some(n)) => format!("r{r} = {n}\n"),
                (Node::Set(r, n, _), _) => format!("r{r} = {n}\n"),
                (Node::Leave, _) => leave.map_or(String::new(), |label| format!("goto .skip{label}\n")),
                (Node::If(None, yes, no), Some(n)) => {
                    self.plain(if n & 1 == 1 { yes } else { no }, values, leave);
                    continue;
                }
                (Node::If(condition, yes, no), _) => {
                    self.plain(if *condition == Some(false) { no } else { yes }, values, leave);
                    continue;
                }
                (Node::For(n, body), _) => {
                    for i in 0..*n {
                        self.plain(body, &[values, &[i]].concat(), leave);
                    }
                    continue;
                }
                (Node::Choose(r, n, yes, no), _) => {
                    let label = self.label();
                    self.plain += &format!("if r{r} != {n} goto .no{label}\n");
                    self.plain(yes, values, leave);
                    self.plain += &format!("goto .end{label}\n.no{label}:\n");
                    self.plain(no, values, leave);
                    format!(".end{label}:\n")
                }
                (Node::Times(n, body), _) => {
                    (0..*n).for_each(|_| self.plain(body, values, leave));
                    continue;
                }
                (Node::Skip(body), _) => {
                    let label = self.label();
                    self.plain(body, values, Some(label));
                    format!(".skip{label}:\n")
                }
            };
            self.plain += &text;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_programs_are_what_they_say(nodes in nodes()) {
        let mut writer = Writer::default();
        writer.source(&nodes, 0, None);
        writer.plain(&nodes, &[], None);
        let times = "macro times(n: imm, body: block) {\n@for k in 0..$n {\n$body\n}\n}\n";
        let end = "w0 = 0\nexit";
        same(
            &format!("{UNLESS}{times}{}", body(&(writer.source + end))),
            &(writer.plain + end),
        );
    }
}
