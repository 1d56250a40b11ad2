//! The formatter: what it makes of untidy text, and that our own sources are laid out by it.
//! `BLESS=1 cargo test -p bpfasm-asm --test lang_fmt` writes what it makes.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use bpfasm_asm::diag::Sources;
use bpfasm_asm::lang::fmt::{Refused, format};
use common::body;

fn formatted(text: &str) -> Result<String, Refused> {
    let mut sources = Sources::default();
    let root = sources.add("test.bpfasm", text);
    format(&sources, root)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares a file with what it should be, or makes it so.
fn expect(path: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, text).expect("it can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    for (at, line) in text.lines().enumerate() {
        let (name, number) = (path.display(), at + 1);
        assert_eq!(
            found.lines().nth(at),
            Some(line),
            "{name}:{number} is not laid out: run this test with BLESS=1"
        );
    }
    assert!(found == text, "{}: its end is not laid out: run this test with BLESS=1", path.display());
}

#[test]
fn untidy_text() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let text = fs::read_to_string(golden.join("fmt_before.bpfasm")).expect("the text");
    let once = formatted(&text).expect("no syntax error");
    expect(&golden.join("fmt_after.bpfasm"), &once);
    assert_eq!(formatted(&once).as_ref(), Ok(&once));
}

#[test]
fn comments_over_several_lines_stay_where_they_came_to() {
    for text in
        ["/* a\n */ /* b\n\t\tc\n*/\n", "\t/* a\n\t   b\n\t */\n", "const A = 1 /* a\n  b */ /* c\n d */\n"]
    {
        let once = formatted(text).expect("no syntax error");
        assert_eq!(formatted(&once).as_ref(), Ok(&once));
    }
}

#[test]
fn odd_blanks_before_types_change_nothing_the_second_time() {
    let once =
        formatted("btf {\u{b}  [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n\u{c}}\n");
    let once = once.expect("no syntax error");
    assert_eq!(formatted(&once).as_ref(), Ok(&once));
}

#[test]
fn our_programs_are_formatted() {
    let dirs = ["programs", "programs/lib", "tests/objects", "tests/written"];
    let files = dirs.iter().flat_map(|dir| fs::read_dir(root().join(dir)).expect("it"));
    let files = files.map(|entry| entry.expect("an entry").path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "bpfasm")).collect();
    assert!(files.len() > 20);
    for file in files {
        let text = fs::read_to_string(&file).expect("UTF-8");
        expect(&file, &formatted(&text).unwrap_or_else(|why| panic!("{}: {why}", file.display())));
    }
}

#[test]
fn examples_are_formatted() {
    for (name, least) in [("README.md", 1), ("SPEC.md", 20)] {
        let path = root().join(name);
        let text = fs::read_to_string(&path).expect("UTF-8");
        let mut parts: Vec<String> = text.split("```").map(str::to_string).collect();
        let mut count = 0;
        for part in parts.iter_mut().skip(1).step_by(2) {
            let Some(code) = part.strip_prefix("bpfasm\n") else { continue };
            // Lines without declarations stand in a program. Some examples are about what is no syntax.
            let lines = || {
                let whole = formatted(&body(code)).ok()?;
                Some(
                    whole
                        .strip_prefix(body("").split('\n').next()?)?
                        .strip_prefix('\n')?
                        .strip_suffix("}\n")?
                        .to_string(),
                )
            };
            if let Some(after) = formatted(code).ok().or_else(lines) {
                *part = format!("bpfasm\n{after}");
                count += 1;
            }
        }
        assert!(count >= least, "{count} examples in {name}");
        expect(&path, &parts.join("```"));
    }
}

#[test]
fn syntax_errors_are_told_and_nothing_else_happens() {
    assert!(matches!(formatted("prog p: \"xdp\" {\n r1 =\n}\n"), Err(Refused::Syntax(d)) if d.len() == 1));
}

#[test]
fn lines_end_as_the_first_one_does() {
    assert_eq!(
        formatted("license  \"GPL\"\r\nimport \"xdp\"\n").as_deref(),
        Ok("license \"GPL\"\r\nimport \"xdp\"\r\n")
    );
    assert_eq!(formatted("\u{feff}license  \"GPL\"").as_deref(), Ok("license \"GPL\"\n"));
    assert_eq!(formatted("").as_deref(), Ok(""));
}
