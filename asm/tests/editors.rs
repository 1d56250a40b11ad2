//! The editors' files have the words that the language has. `BLESS=1 cargo test -p bpfasm-asm --test editors` writes
//! those that are made of words; the others are written by hand.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use bpfasm_asm::expand::BUILTINS;
use bpfasm_asm::isa::markdown;
use bpfasm_asm::lang::ast::{ExternWord, ParamKind};
use bpfasm_asm::lang::words::{AT, DECLARATIONS, FUNCTIONS, REGISTERS, STATEMENTS};
use bpfasm_asm::uapi::MapType;
use serde_json::{Value, json};

/// Words that stand between others, each in one kind of declaration or call.
const BETWEEN: &[&str] =
    &["at", "as", "weak", "align", "size", "apart", "unchecked", "helper", "in", "true", "false"];

/// A kind of words: what vim calls it, its scope in TextMate's words, and the words.
fn kinds() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let words = |words: &[&str]| words.iter().map(|w| w.to_string()).collect::<Vec<_>>();
    let externs: Vec<&str> = ExternWord::ALL.iter().map(|w| w.1).collect();
    let params: Vec<&str> = ParamKind::ALL.iter().map(|k| k.1).collect();
    let types: Vec<&str> = BUILTINS.iter().map(|b| b.name).chain(["void"]).collect();
    let maps = MapType::ALL.iter().filter_map(|m| m.name());
    let all = [
        ("Declaration", "keyword.declaration.bpfasm", words(DECLARATIONS)),
        ("Statement", "keyword.control.bpfasm", words(STATEMENTS)),
        ("Between", "keyword.other.bpfasm", words(&[BETWEEN, &externs].concat())),
        ("Register", "variable.language.register.bpfasm", words(REGISTERS)),
        ("Type", "storage.type.bpfasm", words(&types)),
        ("Parameter", "storage.modifier.bpfasm", words(&params)),
        ("Function", "support.function.bpfasm", words(FUNCTIONS)),
        ("Instruction", "keyword.operator.word.bpfasm", instructions()),
        ("Map", "support.type.bpfasm", maps.map(str::to_string).collect()),
    ];
    // A word belongs to the first kind that has it.
    let mut seen = BTreeSet::new();
    let fresh = all.into_iter().map(|(vim, scope, words)| {
        let words: Vec<String> = words.into_iter().filter(|w| seen.insert(w.clone())).collect();
        (vim, scope, words)
    });
    fresh.collect()
}

/// The words in the texts of instructions.
fn instructions() -> Vec<String> {
    let table = markdown();
    let texts = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|t| t.0));
    let words = texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let words: BTreeSet<&str> =
        words.filter(|w| w.len() > 1 && w.starts_with(|c: char| c.is_ascii_lowercase())).collect();
    words.into_iter().map(str::to_string).collect()
}

fn text_mate() -> String {
    let mut patterns = vec![
        json!({ "name": "comment.line.documentation.bpfasm", "match": "///.*$" }),
        json!({ "name": "comment.line.double-slash.bpfasm", "match": "//.*$" }),
        json!({ "name": "comment.block.bpfasm", "begin": "/\\*", "end": "\\*/" }),
        json!({
            "name": "string.quoted.double.bpfasm",
            "begin": "\"",
            "end": "\"|$",
            "patterns": [{ "name": "constant.character.escape.bpfasm", "match": "\\\\(x[0-9A-Fa-f]{2}|.)" }],
        }),
        json!({ "name": "entity.name.bpfasm", "match": "`[^`]*`" }),
        json!({ "name": "constant.character.bpfasm", "match": "'(\\\\x[0-9A-Fa-f]{2}|\\\\.|[^'\\\\])'" }),
        json!({ "name": "constant.numeric.address.bpfasm", "match": "\\b[0-9]+(\\.[0-9]+){3}\\b" }),
        json!({
            "name": "constant.numeric.bpfasm",
            "match": "\\b(0[xX][0-9A-Fa-f_]+|0b[01_]+|0o[0-7_]+|[0-9][0-9_]*[KMG]?)\\b",
        }),
        json!({
            "match": "\\b(prog|func|macro|struct|union|enum|type|map|const|param|global|config)\\s+([A-Za-z_]\\w*)",
            "captures": {
                "1": { "name": "keyword.declaration.bpfasm" },
                "2": { "name": "entity.name.bpfasm" },
            },
        }),
        json!({ "name": "entity.name.function.macro.bpfasm", "match": "\\b[A-Za-z_]\\w*!(?!=)" }),
        json!({ "name": "variable.parameter.bpfasm", "match": "\\$[A-Za-z_]\\w*" }),
        json!({ "name": "entity.name.label.bpfasm", "match": "(?<![\\w\\])])\\.[A-Za-z_]\\w*" }),
        json!({ "name": "entity.name.label.bpfasm", "match": "^\\s*([A-Za-z_]\\w*|[0-9]+):(?=\\s*$)" }),
    ];
    let at = AT.iter().map(|w| w.trim_start_matches('@')).collect::<Vec<_>>().join("|");
    patterns.push(json!({ "name": "keyword.control.directive.bpfasm", "match": format!("@({at})\\b") }));
    for (_, scope, words) in kinds() {
        patterns.push(json!({ "name": scope, "match": format!("\\b({})\\b", words.join("|")) }));
    }
    let grammar = json!({
        "name": "bpfasm",
        "scopeName": "source.bpfasm",
        "fileTypes": ["bpfasm"],
        "patterns": patterns,
    });
    serde_json::to_string_pretty(&grammar).expect("JSON") + "\n"
}

fn vim() -> String {
    let mut text = String::from(
        "\" Vim syntax file: bpfasm. Made by asm/tests/editors.rs out of the language's words.\n\
         if exists(\"b:current_syntax\")\n  finish\nendif\n\n",
    );
    for (kind, _, words) in kinds() {
        for line in words.chunks(12) {
            let _ = writeln!(text, "syntax keyword bpfasm{kind} {}", line.join(" "));
        }
    }
    let at = AT.iter().map(|w| w.trim_start_matches('@')).collect::<Vec<_>>().join("\\|");
    let _ = write!(
        text,
        r#"
syntax match bpfasmDirective "@\({at}\)\>"
syntax match bpfasmMacro "\<\h\w*!=\@!"
syntax match bpfasmArgument "\$\h\w*"
syntax match bpfasmLabel "\%(\w\|[\])]\)\@1<!\.\h\w*"
syntax match bpfasmLabel "^\s*\%(\h\w*\|\d\+\):\ze\s*$"
syntax match bpfasmNumber "\<\%(0[xX][0-9A-Fa-f_]\+\|0b[01_]\+\|0o[0-7_]\+\|\d[0-9_]*[KMG]\=\)\>"
syntax match bpfasmNumber "\<\d\+\%(\.\d\+\)\{{3}}\>"
syntax match bpfasmEscape contained "\\\%(x\x\x\|.\)"
syntax region bpfasmString start=+"+ skip=+\\.+ end=+"+ oneline contains=bpfasmEscape
syntax match bpfasmName "`[^`]*`"
syntax match bpfasmCharacter "'\%(\\x\x\x\|\\.\|[^'\\]\)'"
syntax keyword bpfasmTodo contained TODO FIXME
syntax match bpfasmComment "//.*$" contains=bpfasmTodo,@Spell
syntax match bpfasmDoc "///.*$" contains=bpfasmTodo,@Spell
syntax region bpfasmComment start="/\*" end="\*/" contains=bpfasmTodo,@Spell

highlight default link bpfasmDeclaration Keyword
highlight default link bpfasmStatement Statement
highlight default link bpfasmBetween Keyword
highlight default link bpfasmRegister Identifier
highlight default link bpfasmType Type
highlight default link bpfasmParameter StorageClass
highlight default link bpfasmFunction Function
highlight default link bpfasmInstruction Operator
highlight default link bpfasmMap Type
highlight default link bpfasmDirective PreProc
highlight default link bpfasmMacro Macro
highlight default link bpfasmArgument Special
highlight default link bpfasmLabel Label
highlight default link bpfasmNumber Number
highlight default link bpfasmEscape SpecialChar
highlight default link bpfasmString String
highlight default link bpfasmCharacter Character
highlight default link bpfasmTodo Todo
highlight default link bpfasmComment Comment
highlight default link bpfasmDoc SpecialComment

let b:current_syntax = "bpfasm"
"#
    );
    text
}

fn editors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../editors")
}

#[test]
fn files_of_words_are_current() {
    for (name, text) in
        [("vscode/syntaxes/bpfasm.tmLanguage.json", text_mate()), ("vim/syntax/bpfasm.vim", vim())]
    {
        let path = editors().join(name);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &text).expect("it can be written");
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "editors/{name} is not current: run this test with BLESS=1");
    }
}

#[test]
fn json_is_json_and_names_files_that_are_there() {
    let read = |name: &str| -> Value {
        let text = fs::read_to_string(editors().join("vscode").join(name)).expect("it is there");
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{name}: {why}"))
    };
    let package = read("package.json");
    let contributes = &package["contributes"];
    read(contributes["languages"][0]["configuration"].as_str().expect("a path"));
    let path = contributes["grammars"][0]["path"].as_str().expect("a path");
    assert!(editors().join("vscode").join(path).is_file(), "{path}");
    let grammar: Value = serde_json::from_str(&text_mate()).expect("JSON");
    assert_eq!(grammar["scopeName"], contributes["grammars"][0]["scopeName"]);
}

#[test]
fn every_word_has_a_kind() {
    let kinds = kinds();
    let has = |word: &str| kinds.iter().any(|(_, _, words)| words.iter().any(|w| w == word));
    for word in [
        "prog",
        "goto",
        "ll",
        "atomic_fetch_add",
        "skb",
        "be16",
        "sizeof",
        "reg",
        "percpu_array",
        "r10",
        "u32",
    ] {
        assert!(has(word), "{word}");
    }
    let odd: Vec<&String> = kinds
        .iter()
        .flat_map(|k| &k.2)
        .filter(|w| !w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        .collect();
    assert_eq!(odd, Vec::<&String>::new());
}
