//! SPEC.md: its generated parts are current, its examples assemble, and it has every code.

mod common;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::btf::raw;
use bpfasm_asm::diag::{FileId, Sources, code, page};
use bpfasm_asm::expand::library::{module, modules};
use bpfasm_asm::isa::{Endian, markdown};
use bpfasm_asm::lang::words::DECLARATIONS;
use bpfasm_asm::lint::{self, Level, Levels, Lint};
use common::{assemble, body, through, through_as};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../SPEC.md")
}

fn spec() -> String {
    fs::read_to_string(path()).expect("SPEC.md")
}

/// The modules of the library with the first sentence of what each says about itself.
fn library() -> String {
    let mut table = String::from("| module | holds |\n|---|---|\n");
    for name in modules() {
        let text = module(name).expect("a module");
        let comment = text.lines().map_while(|line| line.strip_prefix("//")).map(str::trim);
        let comment = comment.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        let end = comment.find(". ").map_or(comment.len(), |at| at + 1);
        let _ =
            writeln!(table, "| `{name}` | {} |", comment[..end].trim_end_matches('.').replace('|', "\\|"));
    }
    table
}

/// The part between two marker comments, and where it stands.
fn marked<'a>(spec: &'a str, name: &str) -> (usize, &'a str) {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = spec.find(&open).unwrap_or_else(|| panic!("no {open}")) + open.len();
    let len = spec[start..].find(&close).unwrap_or_else(|| panic!("no {close}"));
    (start, &spec[start..start + len])
}

#[test]
fn generated_parts_are_current() {
    let mut text = spec();
    for (name, generated) in
        [("library", library()), ("instructions", markdown()), ("lints", lint::markdown())]
    {
        let (start, found) = marked(&text, name);
        if std::env::var_os("BLESS").is_some() {
            let end = start + found.len();
            text.replace_range(start..end, &generated);
        } else {
            assert_eq!(found, generated, "SPEC.md is not current: run this test with BLESS=1");
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(path(), text).expect("SPEC.md can be written");
    }
}

/// The code blocks of a text in this language.
fn fenced<'a>(text: &'a str, language: &str) -> impl Iterator<Item = &'a str> {
    let fence = format!("```{language}\n");
    let blocks: Vec<&str> =
        text.split(fence.as_str()).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    blocks.into_iter()
}

/// The code blocks of a text, each a whole source: lines without declarations stand in a program.
fn examples(text: &str) -> Vec<String> {
    let declares =
        |line: &str| DECLARATIONS.contains(&line.split(' ').next().unwrap_or("")) || line.starts_with('@');
    let whole = |block: &str| block.lines().any(declares);
    let source = |block: &str| {
        let end = if block.trim_end().ends_with("exit") {
            ""
        } else {
            "    w0 = 0
    exit"
        };
        if whole(block) { block.to_string() } else { body(&format!("{block}{end}")) }
    };
    let listings = fenced(text, "listing").map(str::to_string);
    fenced(text, "bpfasm").map(source).chain(listings).collect()
}

#[test]
fn examples_assemble() {
    let text = spec();
    let (reference, _) = text.split_once("\n## Diagnostics").expect("the last chapter");
    let examples = examples(reference);
    assert!(examples.len() >= 6);
    for example in examples {
        for endian in common::BOTH {
            assert!(
                assemble(&example, endian).is_ok(),
                "{example}\n{}",
                assemble(&example, endian).unwrap_err()
            );
            let (_, compiled) = through(&example, endian);
            assert_eq!(compiled.diagnostics, vec![], "{example}");
        }
    }
    let mut others = fenced(reference, "gas").peekable();
    assert!(others.peek().is_some());
    for example in others {
        let (_, compiled) = through_as("test.s", example, Endian::Little);
        assert_eq!(compiled.diagnostics, vec![], "{example}");
        assert!(compiled.elf.is_some_and(|elf| bpfasm_asm::elf::read(&elf).is_ok()), "{example}");
    }
}

#[test]
fn every_code_is_explained_by_an_example() {
    let text = spec();
    let (_, diagnostics) = text.split_once("\n## Diagnostics").expect("the last chapter");
    let mut sections = diagnostics.split("\n### ").skip(1);
    for (code, title) in code::ALL {
        let section = sections.next().unwrap_or_else(|| panic!("no section for {code}"));
        assert!(
            section.starts_with(&format!("{code}: {title}\n")),
            "{code}: {title} is missing at\n{section}"
        );
        // Types alone are no source.
        if let Some(text) = fenced(section, "btf").next() {
            let (_, found) = raw::parse(text, FileId(0), 0);
            assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [*code]);
            continue;
        }
        let (name, examples) = match fenced(section, "gas").next() {
            Some(text) => ("test.s", vec![text.to_string()]),
            None => ("test.bpfasm", examples(section)),
        };
        assert_eq!(examples.len(), 1, "{code} has one example");
        // Its lint may be silent until it is asked for.
        let mut lints = Levels::default();
        let lint = Lint::of_warning(code).filter(|lint| lint.default == Level::Allow);
        lints
            .set(&lint.map(|lint| (Level::Warn, lint.name)).into_iter().collect::<Vec<_>>())
            .expect("a lint");
        let mut sources = Sources::default();
        let root = sources.add(name, examples[0].as_str());
        let options = Options { endian: Endian::Little, lints, ..Options::default() };
        let compiled = compile(&mut sources, root, &options);
        let found: Vec<&str> = compiled.diagnostics.iter().map(|d| d.code).collect();
        // What the loader says needs a kernel.
        let expected = if code.starts_with("E08") { vec![] } else { vec![*code] };
        assert_eq!(found, expected, "{}", examples[0]);
    }
    assert_eq!(sections.next(), None, "a section without a code");
}

#[test]
fn every_code_has_its_page() {
    for (code, _) in code::ALL {
        assert!(
            page(code).is_some_and(|page| ["bpfasm", "btf", "gas", "listing"]
                .iter()
                .any(|l| page.contains(&format!("```{l}\n")))),
            "{code}"
        );
    }
    assert_eq!(page("E9999"), None);
}

#[test]
fn chapters_are_linked() {
    let text = spec();
    let anchor = |heading: &str| {
        heading.trim_start_matches('#').trim().to_lowercase().replace('\'', "").replace(' ', "-")
    };
    let headings: Vec<String> = text.lines().filter(|l| l.starts_with('#')).map(anchor).collect();
    for link in text.split("](#").skip(1).filter_map(|rest| rest.split_once(')')) {
        assert!(headings.iter().any(|h| h == link.0), "no chapter {}", link.0);
    }
}
