//! Properties of generated programs: formatting changes no object and nothing more when repeated, and what
//! `bpfasm expand` shows gives the same object.

mod common;

use std::fmt::Write;

use bpfasm_asm::btf::raw;
use bpfasm_asm::diag::Sources;
use bpfasm_asm::elf;
use bpfasm_asm::expand::to_text;
use bpfasm_asm::lang::fmt::format;
use bpfasm_asm::object::Object;
use common::{BOTH, assemble, bare, canonical, through};
use proptest::prelude::*;

/// Choices that a generator makes, out of bytes that proptest can shrink. When they are used up, all are 0.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % n
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    /// A constant expression.
    fn constant(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self
                .of(&[
                    "1",
                    "0x2a",
                    "A0",
                    "'x'",
                    "7 * 3",
                    "sizeof(t0)",
                    "16",
                    "be16(A0)",
                    "COLOUR",
                    "twice(A0)",
                    "0b101",
                    "1_000",
                ])
                .to_string();
        }
        let (a, b) = (self.constant(depth - 1), self.constant(depth - 1));
        match self.below(6) {
            0 => format!("({a} + {b})"),
            1 => format!("({a}) * ({b}) & 0xff"),
            2 => format!("-({a})"),
            3 => format!("({a} < {b} ? {a} : {b})"),
            4 => format!("(~({a}) & 0xfff | {b})"),
            _ => format!("!({a}) + ({b} << 2)"),
        }
    }

    fn reg(&mut self) -> &'static str {
        ["r0", "r1", "r2", "r3", "r4", "r5", "r8", "r9"][self.below(8)]
    }

    fn half(&mut self) -> &'static str {
        ["w0", "w1", "w2", "w3", "w4", "w5", "w8", "w9"][self.below(8)]
    }
}

/// A program being written.
struct Writer<'a> {
    choices: Choices<'a>,
    text: String,
    labels: usize,
    /// Labels that statements before may name: they are defined at the end.
    pending: Vec<String>,
}

impl Writer<'_> {
    fn source(mut self) -> String {
        self.text.push_str("license \"GPL\"\nimport \"net\"\nconst A0 = 3\nenum colour: u32 { RED = 1, COLOUR, LAST = 0x10 }\nconst twice(x) = x * 2\nparam LEVEL = 2\n");
        for i in 0..self.choices.below(4) {
            let value = self.choices.constant(2);
            let _ = writeln!(self.text, "const A{} = {value} // a constant", i + 1);
        }
        self.text.push_str("struct t0 { a: u32, b: be16, c: u8[2] }\n");
        for i in 0..self.choices.below(3) {
            self.structure(i + 1);
        }
        self.text.push_str("map m0: hash<t0, u64>[16] { flags: BPF_F_NO_PREALLOC }\nmap counts: percpu_array<u32, u64>[1]\nglobal g0: u64\n");
        for i in 0..self.choices.below(3) {
            let line = self.choices.of(&[
                "map x: array<u32, t0>[1 << 4]",
                "map x: ringbuf[4K]",
                "global x: u32 = 5",
                "config x: be16 = be16(80)",
                "global x: u16[3] = { 1, 2,\n    3 }",
                "global x: char[8] = \"eth0\"",
                "type x = u32[2]",
                "const x = sizeof(t0) > 4 && 1",
            ]);
            let _ = writeln!(self.text, "{}", line.replacen(" x", &format!(" d{i}"), 1));
        }
        self.text.push_str("/// Adds `n` to `to`.\nmacro add(to: reg, n: imm = 1) {\n    $to += $n\n}\nmacro store(at: mem, n: imm) {\n    $at = $n\n}\nmacro unless(r: reg, body: block) {\n    if $r == 0 goto .end\n    $body\n.end:\n}\nmacro leave(to: label, tmp: reg = r2) {\n    $tmp = 1\n    if $tmp != 0 goto $to\n}\n");
        self.text.push_str("func f0(a: u32) -> u64 {\n    r0 = r1\n    exit\n}\n");
        self.text.push_str("prog p: \"xdp\" {\n    @file \"generated.c\"\n    view ctx = r6: xdp_md\n    view pkt = r7 + 14: t0\n    stack { key: t0, words: u32[4] }\n    r6 = r1\n    r7 = 0\n");
        let n = 1 + self.choices.below(20);
        self.statements(n, 2, false);
        for label in std::mem::take(&mut self.pending) {
            let _ = writeln!(self.text, "{label}:");
        }
        self.text.push_str("    w0 = XDP_PASS\n    exit\n}\n");
        self.text
    }

    fn structure(&mut self, number: usize) {
        let packed = self.choices.of(&["", "packed "]);
        let _ = writeln!(self.text, "{packed}struct t{number} {{");
        for i in 0..1 + self.choices.below(5) {
            let field = self.choices.of(&[
                "x: u8",
                "x: be32",
                "x: mac // an address",
                "x: *t0",
                "x: t0[2]",
                "x: u32 : 5",
                "union { x: u32, y@: u8[4] }",
                "struct {\n    x: u16\n    /// Behind it.\n    y@: s64\n}",
                "x: ip6",
                "x: char[sizeof(t0)]",
            ]);
            let _ = writeln!(
                self.text,
                "{}",
                field.replacen("x:", &format!("x{i}:"), 1).replace('@', &i.to_string())
            );
        }
        self.text.push_str("}\n");
    }

    fn statements(&mut self, n: usize, depth: usize, within: bool) {
        for _ in 0..n {
            self.statement(depth, within);
        }
    }

    fn statement(&mut self, depth: usize, within: bool) {
        let (r, s) = (self.choices.reg(), self.choices.reg());
        let (w, v) = (self.choices.half(), self.choices.half());
        let n = self.choices.below(100);
        let size = self.choices.of(&["u8", "u16", "u32"]);
        let op = self.choices.of(&["+=", "-=", "*=", "/=", "|=", "&=", "^=", "<<=", ">>=", "s>>=", "="]);
        let cond = self.choices.of(&["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"]);
        let line = match self.choices.below(32) {
            0..=3 => format!("{r} {op} {s}"),
            4 | 5 => format!("{w} {op} {}", 1 + n % 30),
            6 => format!("{w} = *({size} *)({s} + {n})"),
            7 => format!("*({size} *)(r10 - 8) = {v}"),
            8 => format!("{r} = -{r}"),
            9 => format!("{r} = (s{}){s}", [8, 16, 32][n % 3]),
            10 => format!("{r} = {}{} {r}", ["be", "le", "bswap"][n % 3], [16, 32, 64][n % 3]),
            11 => format!("lock *(u64 *)(r10 - 16) += {s}"),
            12 => format!("{r} = atomic_fetch_or((u64 *)(r10 - 16), {r})"),
            13 => format!("{r} = 0x1122334455667788 ll"),
            14 => format!("{r} = {} ll", self.choices.of(&["m0", "g0", "counts", "\"text // no comment\""])),
            15 => format!("r2 = ctx->{}", self.choices.of(&["data", "data_end"])),
            16 => "w3 = pkt->b".to_string(),
            17 => format!("fp->words[{}] = {w}", n % 4),
            18 => "fp->key.a = A0 + 1".to_string(),
            19 => format!("call {}", self.choices.of(&["bpf_get_prandom_u32", "f0", "helper 5"])),
            20 => format!("add! {r}{}", self.choices.of(&["", ", 5", ", n=A0 * 2"])),
            21 => format!("store! fp->words[{}], {n}", n % 4),
            22 => "count_percpu! counts, fp->words[0]".to_string(),
            23 => "goto +0".to_string(),
            24 => format!("raw b7 00 00 00 {n:02x} 00 00 00"),
            25 | 26 if within => format!("{r} = {}", self.choices.constant(1)),
            25 => {
                let label = self.label();
                self.pending.push(label.clone());
                format!("if {w} {cond} {} goto {label}", n % 64)
            }
            26 => {
                let label = self.label();
                self.pending.push(label.clone());
                format!("leave! {label}, tmp={r}")
            }
            27 if depth > 0 => return self.block("@if LEVEL > 1 && A0 == 3", "@else", depth),
            28 if depth > 0 => return self.block(&format!("unless! {r}"), "", depth),
            29 if depth > 0 => return self.block(&format!("@for i{depth} in 0..{}", n % 4), "", depth),
            30 => format!("@line {}:{} \"\\tline {n}; // \\\"\"", n + 1, n % 80),
            31 => format!(
                "@relo {}",
                self.choices.of(&[
                    "t0 \"0:1\" field_byte_offset",
                    "t0 \"0\" 9",
                    "colour \"1\" enumval_value",
                    "u64 \"0\" type_exists"
                ])
            ),
            _ => format!("{r} = {}", self.choices.constant(1)),
        };
        let _ = writeln!(self.text, "    {line}");
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!(".l{}", self.labels)
    }

    fn block(&mut self, head: &str, other: &str, depth: usize) {
        let _ = writeln!(self.text, "    {head} {{");
        for part in 0..1 + usize::from(!other.is_empty()) {
            if part == 1 {
                let _ = writeln!(self.text, "    }} {other} {{");
            }
            let n = self.choices.below(4);
            self.statements(n, depth - 1, true);
        }
        self.text.push_str("    }\n");
    }
}

fn generated(bytes: &[u8]) -> String {
    let choices = Choices(bytes.iter());
    Writer { choices, text: String::new(), labels: 0, pending: vec![] }.source()
}

/// The same program, written carelessly.
fn untidy(text: &str, bytes: &[u8]) -> String {
    let mut choices = Choices(bytes.iter());
    let mut result = String::new();
    for line in text.lines() {
        let comment = line.contains("//");
        let mut line = line.trim().to_string();
        if !comment {
            for (from, to) in [
                (" = ", "="),
                (" + ", "+"),
                (", ", " ,"),
                (", ", ",\n"),
                (" * ", "*"),
                (": ", " :  "),
                (" {", "{"),
                (" <", "  <"),
            ] {
                // What stands in strings and before `@` and labels stays.
                if choices.below(4) == 1 && !line.contains('"') && !(from == ": " && line.starts_with('.')) {
                    line = line.replace(from, to);
                }
            }
            line += choices.of(&["", "", "", "  // why", " /* so */", "\t// tab", " /* over\n  lines */"]);
        }
        result += choices.of(&["", "", "    ", "\t", " "]);
        result += &line;
        result += choices.of(&["\n", "\n", "\n\n", "\n\n\n\n", "\n// alone\n", "  \n"]);
    }
    result
}

fn formatted(text: &str) -> String {
    let mut sources = Sources::default();
    let root = sources.add("test.bpfasm", text);
    format(&sources, root).unwrap_or_else(|why| panic!("{why}:\n{text}"))
}

fn object(text: &str, what: &str) -> [Object; 2] {
    BOTH.map(|endian| bare(assemble(text, endian).unwrap_or_else(|why| panic!("{what}:\n{text}\n{why}"))))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn formatting_and_expanding_change_no_object(
        program in prop::collection::vec(any::<u8>(), 0..400),
        layout in prop::collection::vec(any::<u8>(), 0..1000),
    ) {
        let text = untidy(&generated(&program), &layout);
        let objects = object(&text, "generated");
        for endian in BOTH {
            let object = assemble(&text, endian).expect("as above");
            let read = elf::read(&elf::write(&object).expect("written")).expect("read");
            prop_assert_eq!(canonical(&read), canonical(&object));
        }
        let once = formatted(&text);
        prop_assert_eq!(&formatted(&once), &once, "formatted twice");
        prop_assert_eq!(&object(&once, "formatted"), &objects, "formatted:\n{}", once);
        for (endian, wanted) in BOTH.into_iter().zip(objects) {
            let (sources, compiled) = through(&text, endian);
            let shown = to_text(&compiled.program, &sources, &compiled.files, endian);
            let again = bare(assemble(&shown, endian).unwrap_or_else(|why| panic!("expanded:\n{shown}\n{why}")));
            prop_assert_eq!(again, wanted, "expanded:\n{}", shown);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    /// A block of the types that declarations make says what these say, and so changes nothing.
    #[test]
    fn a_block_of_the_same_types_changes_no_object(
        program in prop::collection::vec(any::<u8>(), 0..400),
        layout in prop::collection::vec(any::<u8>(), 0..1000),
    ) {
        let text = generated(&program);
        for endian in BOTH {
            let object = assemble(&text, endian).unwrap_or_else(|why| panic!("{text}\n{why}"));
            let block = format!("btf {{\n{}}}\n", raw::print(&object.btf));
            let described = block.clone() + &text;
            let with = assemble(&described, endian).unwrap_or_else(|why| panic!("{described}\n{why}"));
            prop_assert_eq!(bare(with.clone()), bare(object), "{}", described);
            let read = elf::read(&elf::write(&with).expect("written")).expect("read");
            prop_assert_eq!(canonical(&read), canonical(&with));
            // With it, lines are said or there are none, so that they stay in other texts of the same.
            let (sources, compiled) = through(&described, endian);
            let shown = to_text(&compiled.program, &sources, &compiled.files, endian);
            let expanded = assemble(&shown, endian).unwrap_or_else(|why| panic!("{shown}\n{why}"));
            prop_assert_eq!(&expanded, &with, "expanded:\n{}", shown);
            let untidy = block.replace('\n', "\n\n  // So.\n") + &untidy(&text, &layout);
            let tidy = formatted(&untidy);
            prop_assert_eq!(&formatted(&tidy), &tidy, "formatted twice");
            let again = assemble(&tidy, endian).unwrap_or_else(|why| panic!("{tidy}\n{why}"));
            prop_assert_eq!(&again, &with, "formatted:\n{}", tidy);
        }
    }
}
