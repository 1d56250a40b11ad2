//! Text that nobody would write: whatever it is, there is an answer, within bounds, and it points into the text.

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use bpfasm_asm::diag::{Severity, Sources, Style, render};
use bpfasm_asm::elf;
use bpfasm_asm::expand::to_text;
use bpfasm_asm::isa::Endian;
use common::{assemble, bare, body, errors, through};
use proptest::prelude::*;

/// All sources at hand, as seeds.
fn seeds() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<_> = ["programs", "programs/lib", "tests/ui"]
        .iter()
        .flat_map(|dir| fs::read_dir(root.join(dir)).expect("the folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "bpfasm"))
        .collect();
    files.sort();
    let text = |file| String::from_utf8_lossy(&fs::read(file).expect("a file")).into_owned();
    files.iter().map(text).collect()
}

/// Goes all the way; what comes is consistent.
fn survives(text: &str) {
    for endian in common::BOTH {
        let begin = Instant::now();
        let (sources, compiled) = through(text, endian);
        let failed = compiled.diagnostics.iter().any(|d| d.severity == Severity::Error);
        assert_eq!(compiled.object.is_none(), failed, "an object, or an error:\n{text}");
        for diagnostic in &compiled.diagnostics {
            let places = diagnostic.secondary.iter().map(|l| l.span).chain([diagnostic.primary.span]);
            let edits = diagnostic.help.iter().flat_map(|h| h.edits.iter().map(|e| e.0));
            let uses = diagnostic.expansion.iter().map(|e| e.0);
            for span in places.chain(edits).chain(uses) {
                let file = &sources.get(span.file).text;
                let (start, end) = (span.start as usize, span.end as usize);
                assert!(file.get(start..end).is_some(), "{start}..{end} of {}: {diagnostic:?}", file.len());
                let _ = sources.position(span);
            }
        }
        for diagnostic in compiled.diagnostics.iter().take(50) {
            assert!(
                render(diagnostic, &sources, Style { colour: true, width: Some(60) })
                    .contains(diagnostic.code)
            );
        }
        // A listing has no program to show.
        if let Some(object) = compiled.object.as_ref().filter(|_| !compiled.files.is_empty()) {
            let shown = to_text(&compiled.program, &sources, &compiled.files, endian);
            let again =
                assemble(&shown, endian).unwrap_or_else(|why| panic!("{text}\nexpanded:\n{shown}\n{why}"));
            assert_eq!(bare(again), bare(object.clone()), "{text}\nexpanded:\n{shown}");
            // An object may be impossible as a file, but not a reason to panic.
            let _ = elf::write(object);
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?} for\n{text}", begin.elapsed());
    }
}

/// A text in pieces: words, blanks, single characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = |c: char| (c.is_alphanumeric() || c == '_', c == ' ');
        let word = first.is_alphanumeric() || first == '_' || first == ' ';
        let end = if word {
            rest.find(|c| class(c) != class(first)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[derive(Debug, Clone)]
enum Change {
    Delete(usize, usize),
    Double(usize, usize),
    Swap(usize, usize),
    Insert(usize, String),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let strange = prop_oneof![
        Just("(".to_string()),
        Just("{".to_string()),
        Just("}".to_string()),
        Just("\"".to_string()),
        Just("/*".to_string()),
        Just("$".to_string()),
        Just("\u{feff}é\0".to_string()),
        Just("0xffffffffffffffff".to_string()),
        Just("-9223372036854775808".to_string()),
        Just("[4294967295]".to_string()),
        Just(" << 63".to_string()),
        Just("\r\n\t".to_string()),
        any::<char>().prop_map(|c| c.to_string()),
    ];
    let at = any::<usize>;
    prop::collection::vec(
        prop_oneof![
            (at(), 1..12usize).prop_map(|(at, n)| Change::Delete(at, n)),
            (at(), 1..200usize).prop_map(|(at, n)| Change::Double(at, n)),
            (at(), at()).prop_map(|(a, b)| Change::Swap(a, b)),
            (at(), strange).prop_map(|(at, text)| Change::Insert(at, text)),
        ],
        1..6,
    )
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut pieces: Vec<String> = pieces(text).into_iter().map(str::to_string).collect();
    for change in changes {
        if pieces.is_empty() {
            break;
        }
        let len = pieces.len();
        match change {
            Change::Delete(at, n) => drop(pieces.drain(at % len..(at % len + n).min(pieces.len()))),
            Change::Double(at, n) => {
                let copy = pieces[at % len..(at % len + n).min(pieces.len())].to_vec();
                pieces.splice(at % len..at % len, copy);
            }
            Change::Swap(a, b) => pieces.swap(a % len, b % len),
            Change::Insert(at, text) => pieces.insert(at % len, text.clone()),
        }
    }
    pieces.concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_programs(seed: usize, changes in changes()) {
        let seeds = seeds();
        survives(&changed(&seeds[seed % seeds.len()], &changes));
    }

    #[test]
    fn any_text(text in any::<String>()) {
        survives(&text);
        survives(&body(&text));
    }

    #[test]
    fn words_in_any_order(words in prop::collection::vec(any_word(), 1..60)) {
        survives(&body(&words.join(" ")));
        survives(&words.join(" "));
    }
}

fn any_word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        "r1 w1 r10 fp *( u32 *) ) ( + - 5 0xffffffff \" ' { } [ ] , : ; # = == += s>>= -> . .l l: goto if call exit \
         view stack raw lock ll be16 skb sizeof offsetof baseof map prog func struct union const global config macro \
         import license \"net\" \"xdp\" hash < > m! $x @if @else @for i in .. @assert @error @defined param ? block \n \n \n // /* */ 1.2.3.4 atomic_fetch_add pc reg imm"
            .split(' ')
            .collect::<Vec<_>>(),
    )
}

#[test]
fn macros_that_double_have_a_limit() {
    let mut text = "macro m0() {\n r1 = r1\n}\n".to_string();
    for level in 1..120 {
        text += &format!("macro m{level}() {{\n m{}!\n m{}!\n}}\n", level - 1, level - 1);
    }
    let begin = Instant::now();
    assert_eq!(errors(&(text + &body(" m119!\n m119!\n exit"))), ["E0602"]);
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn macros_without_instructions_have_a_limit_too() {
    let mut text = "macro m0() {\n}\n".to_string();
    for level in 1..120 {
        text += &format!("macro m{level}() {{\n m{}!\n m{}!\n}}\n", level - 1, level - 1);
    }
    assert_eq!(errors(&(text + &body(" m119!\n exit"))), ["E0602"]);
}

#[test]
fn an_error_in_a_macro_is_told_once() {
    let text = format!("macro m() {{\n r1 = nothing\n}}\n{}", body(&" m!\n".repeat(1000)));
    assert_eq!(errors(&text), ["E0201"]);
}

#[test]
fn what_nests_has_a_limit() {
    for (text, code) in [
        (body(&format!(" r1 = {}1", "(".repeat(100_000))), "E0105"),
        (body(&format!(" r1 = {}1", "-".repeat(100_000))), "E0105"),
        (body(&format!(" r1 = {}", "be16(".repeat(100_000))), "E0105"),
        (body(&format!(" r1 = 1{}", " + 1".repeat(100_000))), "E0105"),
        (format!("global a: {}u8\n{}", "*".repeat(100_000), body(" exit")), "E0105"),
        (format!("global a: u8{}\n{}", "[1]".repeat(100_000), body(" exit")), "E0105"),
        (format!("struct a {{ {} x: u8", "struct { ".repeat(100_000)), "E0105"),
    ] {
        assert!(errors(&text).contains(&code), "{}", &text[..60]);
    }
}

#[test]
fn definitions_that_build_on_each_other() {
    let chain = |n: usize, f: &dyn Fn(usize) -> String| (0..n).map(f).collect::<String>();
    let forward = |i: usize| {
        format!("const c{} = {}\n", i, if i == 0 { "1".to_string() } else { format!("c{} + 1", i - 1) })
    };
    let backward = |i: usize| format!("const c{i} = c{} + 1\n", i + 1);
    assert_eq!(errors(&(chain(20_000, &forward) + &body(" exit"))), Vec::<&str>::new());
    assert_eq!(errors(&(chain(60, &backward) + "const c60 = 1\n" + &body(" exit"))), Vec::<&str>::new());
    let found = errors(&(chain(20_000, &backward) + "const c20000 = 1\n" + &body(" exit")));
    assert_eq!(found.first(), Some(&"E0206"));
    let structs = |i: usize| format!("struct t{i} {{ a: t{} }}\n", i + 1);
    let found = errors(&(chain(20_000, &structs) + "struct t20000 { a: u8 }\n" + &body(" exit")));
    assert_eq!(found.first(), Some(&"E0206"));
}

#[test]
fn large_things_are_refused_and_not_made() {
    for declaration in [
        "global a: u8[1 << 40]",
        "global a: u64[0x10000000]",
        "global a: u8[0x3fffffff]",
        "config a: u32[0x8000000] = 0",
        "struct big { a: u8[1 << 30], b: u8[1 << 30], c: u8[1 << 30], d: u8[1 << 30], e: u8[1 << 30] }",
        "struct big { a: u8[0x3fffffff] }\nglobal a: big",
        "map m: hash<u32, u32>[1 << 32]",
    ] {
        let found = errors(&format!("{declaration}\n{}", body(" exit")));
        assert!(found.contains(&"E0303"), "{declaration}: {found:?}");
    }
    survives(&format!("global a: u8[0x4000000]\n{}", body(" exit")));
}

#[test]
fn addresses_far_away() {
    for line in [
        "view v = r1 + 9223372036854775807: u64\n r2 = v->x",
        "r1 = *(u8 *)(r2 + 9223372036854775807 + 9223372036854775807)",
        "r1 = *(u8 *)(r2 - 18446744073709551615)",
        "r1 = *(u8 *)(r2 - -9223372036854775808)",
        "r0 = *(u8 *)skb[r2 + 4294967296]",
    ] {
        assert!(!errors(&body(&format!(" {line}\n exit"))).is_empty(), "{line}");
    }
}

#[test]
fn many_of_everything_takes_time_in_proportion() {
    // Each of these was, or could be, quadratic.
    let labels: String = (0..50_000).map(|i| format!(".l{i}:\n goto .l{}\n", (i * 7919) % 50_000)).collect();
    let views: String =
        (0..50_000).map(|i| format!(" view v{i} = r1: u64\n r1 = *(u64 *)(r1 + 0)\n")).collect();
    let uses = " m! 1\n".repeat(50_000);
    let macros = format!("macro m(x: imm) {{\n goto .a\n.a:\n r1 = $x\n}}\n{}", body(&(uses + " exit")));
    let globals: String = (0..50_000).map(|i| format!("global g{i}: u32 = {i}\n")).collect();
    let loads: String = (0..50_000).map(|i| format!(" r1 = g{i} ll\n")).collect();
    let funcs: String =
        (0..20_000).map(|i| format!("func f{i} {{\n call f{}\n exit\n}}\n", (i + 1) % 20_000)).collect();
    let wrong: String = (0..3_000).map(|i| format!(" r1 = unknown_{i}\n")).collect();
    for (what, text) in [
        ("labels", body(&(labels + " exit"))),
        ("views", body(&(views + " exit"))),
        ("macros", macros),
        ("globals", globals + &body(&(loads + " exit"))),
        ("functions", funcs),
        ("errors", body(&wrong)),
        ("one line", body(&format!("{} exit", "a: ".repeat(20_000)))),
    ] {
        let begin = Instant::now();
        let _ = through(&text, Endian::Little);
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}: {:?}", begin.elapsed());
        eprintln!("{what}: {:?}", begin.elapsed());
    }
}

#[test]
fn an_empty_source_has_places_too() {
    let mut sources = Sources::default();
    let root = sources.add("empty", "");
    let d = bpfasm_asm::diag::Diagnostic::error(
        "E0000",
        "nothing",
        bpfasm_asm::diag::Span { file: root, start: 0, end: 0 },
    );
    assert!(
        render(
            &d.suggest("write something", bpfasm_asm::diag::Span::default(), "x"),
            &sources,
            Style::default()
        )
        .contains("nothing")
    );
}
