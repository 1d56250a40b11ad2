//! SPEC.md's grammar: it has every word of the language, and every rule that it names.

use std::collections::BTreeSet;

use bpfasm_asm::isa::{AluOp, Cond};
use bpfasm_asm::lang::ast::{ExternWord, ParamKind};
use bpfasm_asm::lang::words::{AT, DECLARATIONS, FUNCTIONS, STATEMENTS};

fn grammar() -> &'static str {
    let spec = include_str!("../../SPEC.md");
    let (_, rest) = spec.split_once("```ebnf\n").expect("a grammar");
    rest.split_once("```").expect("its end").0
}

#[test]
fn it_has_every_word() {
    let kinds = ParamKind::ALL.iter().map(|k| k.1);
    let externs = ExternWord::ALL.iter().map(|w| w.1);
    let words = [DECLARATIONS, STATEMENTS, AT, FUNCTIONS].concat().into_iter().chain(kinds).chain(externs);
    let missing: Vec<&str> = words.filter(|word| !grammar().contains(&format!("\"{word}\""))).collect();
    assert_eq!(missing, Vec::<&str>::new(), "in the chapter Grammar of SPEC.md");
    // And what it takes for an operator is one.
    let rule = |name: &str| {
        let (_, rest) = grammar().split_once(&format!("\n{name} ")).expect("the rule");
        let lines = rest.split('\n').enumerate().take_while(|(i, line)| *i == 0 || line.starts_with(' '));
        let text = lines.map(|(_, line)| line).collect::<String>();
        text.split('"').skip(1).step_by(2).map(str::to_string).collect::<Vec<_>>()
    };
    assert!(rule("operator").iter().all(|text| AluOp::from_text(text).is_some()));
    assert!(rule("condition").iter().all(|text| Cond::from_text(text).is_some()));
}

#[test]
fn its_rules_are_all_defined_and_all_used() {
    let mut defined = BTreeSet::new();
    let mut used = BTreeSet::from(["file"]);
    for line in grammar().lines().filter(|line| !line.is_empty()) {
        let (name, rule) = line.split_at(13.min(line.len()));
        if !name.trim().is_empty() {
            assert!(defined.insert(name.trim()), "{name} twice");
        }
        // Rules in plain words name none.
        if name.trim() == "foreign" {
            continue;
        }
        for (i, part) in rule.split('"').enumerate() {
            let words = part.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            used.extend(
                words.filter(|w| {
                    i % 2 == 0 && w.starts_with(|c: char| c.is_ascii_lowercase()) && *w != "list"
                }),
            );
        }
    }
    assert_eq!(used, defined);
}
