//! The mistakes in `tests/ui`: they use every code, and what is suggested mends them.

mod common;

use std::fs;
use std::path::Path;

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::{Diagnostic, Sources, code};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::lint::{LINTS, Level, Levels};
use common::body;

fn mistakes() -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui");
    let files = fs::read_dir(dir).expect("tests/ui").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "bpfasm")).collect();
    files.sort();
    let name = |path: &Path| path.file_stem().and_then(|n| n.to_str()).unwrap_or_default().to_string();
    files
        .iter()
        .map(|path| (name(path), String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned()))
        .collect()
}

/// Without the lints that look at programs that are sound: a mistake that is mended would bring them up.
fn diagnostics(text: &str) -> (Sources, Vec<Diagnostic>) {
    let mut lints = Levels::default();
    let names = LINTS.iter().filter(|lint| lint.code.starts_with("E12"));
    lints.set(&names.map(|lint| (Level::Allow, lint.name)).collect::<Vec<_>>()).expect("lints");
    let mut sources = Sources::default();
    let root = sources.add("test.bpfasm", text);
    let options = Options { endian: Endian::Little, lints, ..Options::default() };
    let compiled = compile(&mut sources, root, &options);
    (sources, compiled.diagnostics)
}

#[test]
fn every_code_has_a_mistake() {
    assert!(mistakes().iter().filter(|(name, _)| !name.starts_with("ok_")).count() >= 200);
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui");
    let files = fs::read_dir(dir).expect("tests/ui").map(|entry| entry.expect("an entry").path());
    let golden = files.filter(|path| path.extension().is_some_and(|e| e == "stderr"));
    let shown: String = golden.map(|path| fs::read_to_string(path).expect("UTF-8")).collect();
    // What the loader says needs a kernel; types as text are no source by themselves.
    let ours = code::ALL.iter().filter(|(code, _)| !code.starts_with("E08") && *code != code::BTF_TEXT);
    let missing: Vec<_> = ours.filter(|(code, _)| !shown.contains(&format!("[{code}]"))).collect();
    assert!(missing.is_empty(), "no file in tests/ui shows {missing:?}");
}

#[test]
fn ten_mistakes_are_ten_diagnostics() {
    let (_, text) = mistakes().into_iter().find(|(name, _)| name == "ten_mistakes").expect("the file");
    assert_eq!(diagnostics(&text).1.len(), 10);
}

/// Carries out each suggestion alone: what it was for is gone.
#[test]
fn suggestions_mend() {
    let mut tried = 0;
    for (name, text) in mistakes() {
        let (_, found) = diagnostics(&text);
        for diagnostic in &found {
            for help in diagnostic.help.iter().filter(|help| !help.edits.is_empty()) {
                let mut edits = help.edits.clone();
                edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
                let mut mended = text.clone();
                for (span, replacement) in &edits {
                    assert_eq!(span.file, diagnostic.primary.span.file, "{name}: {diagnostic:?}");
                    mended.replace_range(span.start as usize..span.end as usize, replacement);
                }
                let (_, left) = diagnostics(&mended);
                let same = |d: &&Diagnostic| (d.code, &d.message) == (diagnostic.code, &diagnostic.message);
                let before = found.iter().filter(same).count();
                let after = left.iter().filter(same).count();
                assert!(
                    after < before,
                    "{name}: `{}` does not help against\n{diagnostic:?}\n{mended}",
                    help.message
                );
                assert!(
                    left.len() <= found.len(),
                    "{name}: `{}` makes new mistakes:\n{left:#?}",
                    help.message
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "{tried} suggestions");
}

#[test]
fn one_mistake_is_one_diagnostic() {
    let licence = "license \"GPL\"\n";
    for (text, code) in [
        (body(" r1 = *(u32 *)(r2 + 4\n r3 = (5)\n exit"), "E0105"),
        (body(" r1 = \"text\n exit"), "E0103"),
        (body(" r1 = 5;\n exit"), "E0101"),
        (body(" foo! 1, 2\n exit"), "E0201"),
        (body(" view v = r1: nothing\n w1 = v->a\n v->b = w1\n w2 = sizeof(v)\n exit"), "E0201"),
        (body(" stack { a: nothing }\n fp->a = 1\n w1 = fp->a.b\n exit"), "E0201"),
        (format!("map m: hash<nothing, u8>[1]\n{}", body(" r1 = m ll\n exit")), "E0201"),
        (format!("global g: nothing\n{}", body(" r1 = g ll\n r1 = g.x ll\n exit")), "E0201"),
        (format!("const a = nothing\nconst b = a + 1\n{}", body(" w1 = b\n w2 = a\n exit")), "E0201"),
        (format!("struct t {{ a: nothing }}\nglobal g: t\n{}", body(" r1 = g.a ll\n exit")), "E0201"),
        (body(" goto .a\n r1 = r11\n.a:\n"), "E0402"),
        (body(" exi\n"), "E0105"),
        ("prog p: \"socket\" {\n exit\n/* }".to_string(), "E0104"),
        ("prog p: \"socket\" {\n exit\n".to_string(), "E0106"),
        ("func f {\n exit\nprog p: \"socket\" {\n call f\n exit\n}".to_string(), "E0106"),
        ("prog p: \"socket\" {\n exit\n}\n}\n}\n".to_string(), "E0106"),
        ("macro m(a: reg, b {\n r1 = 1\n}\nprog p: \"socket\" {\n exit\n}".to_string(), "E0105"),
    ] {
        let (_, found) = diagnostics(&(licence.to_string() + &text));
        let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
        assert_eq!(codes, [code], "{text}");
    }
}

#[test]
fn columns_count_characters() {
    for (text, line, column) in [
        ("\u{feff}r1", 1, 1),
        ("\tr1", 1, 2),
        ("/* 漢字 */ r1", 1, 10),
        ("\r\n\r\nr1", 3, 1),
        ("// é\nr1", 2, 1),
    ] {
        let (sources, found) = diagnostics(text);
        assert_eq!(sources.position(found[0].primary.span), (line, column), "{text:?}");
    }
}
