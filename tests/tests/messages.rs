//! What messages look like: the pages of `explain`, a line for each, JSON, and colours.

use std::process::Command;

use bpfasm_asm::diag::code;
use bpfasm_asm::lint::LINTS;
use bpfasm_tests::bin::bpfasm;
use bpfasm_tests::tool::{TempDir, run, which};
use serde_json::{Value, json};

const SOURCE: &str = "\
macro inner(value: imm) {
    *(u8 *)(r10 - 1) = $value
}
macro outer(value: imm) {
    inner! $value + 1
}
prog é: \"xdp\" {
}
prog p: \"xdp\" {
    outer! 255
    call bpf_map_lokup_elem
    r0 = r3
    exit
}
";

fn check(args: &[&str]) -> Command {
    let mut command = bpfasm(["check", "t.bpfasm"]);
    command.args(args);
    command
}

fn written() -> TempDir {
    let dir = TempDir::new();
    let _: std::path::PathBuf = dir.write("t.bpfasm", SOURCE);
    dir
}

#[test]
fn every_code_and_every_lint_has_its_page() {
    for (code, title) in code::ALL {
        let page = run(bpfasm(["explain", code])).ok().stdout;
        assert_eq!(page.lines().next(), Some(&*format!("{code}: {title}")));
        assert!(page.lines().filter(|line| !line.trim().is_empty()).count() > 2, "{page}");
        assert!(!page.contains('\x1b') && !page.contains("```"), "{page}");
    }
    for lint in LINTS {
        let page = run(bpfasm(["explain", lint.name])).ok().stdout;
        assert!(page.starts_with(lint.code) && page.contains(&format!("the lint `{}`", lint.name)), "{page}");
    }
    let list = run(bpfasm(["explain"])).ok().stdout;
    let names = code::ALL.iter().map(|c| c.0).chain(LINTS.iter().map(|l| l.name));
    names.for_each(|name| assert!(list.lines().any(|line| line.starts_with(name)), "{name}"));
}

#[test]
fn what_has_no_page() {
    assert_eq!(run(bpfasm(["explain", "e0201"])).ok().stdout, run(bpfasm(["explain", "E0201"])).ok().stdout);
    for (what, words) in [
        ("E03o3", "did you mean `E0303`?"),
        ("unused-lable", "did you mean `unused-label`?"),
        ("nonsense", "without an argument, all are listed"),
    ] {
        let output = run(bpfasm(["explain", what])).exited(2);
        assert_eq!(output.stderr, format!("error: there is no code or lint `{what}`: {words}\n"));
    }
}

#[test]
fn a_line_for_each() {
    let dir = written();
    let output = run(check(&["--message-format", "short"]).current_dir(dir.path())).exited(1);
    let expected = "\
t.bpfasm:7:6: error[E0101]: unexpected character 'é'
t.bpfasm:2:24: error[E0303]: 256 does not fit into 8 bits
t.bpfasm:11:10: error[E0201]: unknown helper or function `bpf_map_lokup_elem`
error: 3 errors in t.bpfasm
";
    assert_eq!(output.stderr, expected);
}

#[test]
fn json() {
    let dir = written();
    let output = run(check(&["--message-format", "json"]).current_dir(dir.path())).exited(1);
    assert_eq!(output.stdout, "");
    let all: Vec<Value> =
        output.stderr.lines().map(|line| serde_json::from_str(line).expect("a value a line")).collect();
    let human = run(check(&[]).current_dir(dir.path())).exited(1).stderr;
    for (n, message) in all.iter().enumerate() {
        let rendered = message["rendered"].as_str().expect("text");
        assert!(human.contains(rendered), "{rendered}");
        assert_eq!(message["level"], "error");
        let code = &message["code"]["code"];
        assert_eq!(code.is_null(), n + 1 == all.len(), "only the summary has none: {message}");
        // A place is the same in bytes and in lines and columns.
        for span in message["spans"].as_array().expect("spans") {
            let number = |key: &str| usize::try_from(span[key].as_u64().expect(key)).expect("small");
            let position = |at: usize| {
                let before = &SOURCE[..at];
                let line = before.rsplit('\n').next().expect("a line");
                (before.matches('\n').count() + 1, line.chars().count() + 1)
            };
            assert_eq!(position(number("byte_start")), (number("line_start"), number("column_start")));
            assert_eq!(position(number("byte_end")), (number("line_end"), number("column_end")));
            assert_eq!(span["text"], SOURCE.lines().nth(number("line_start") - 1).expect("the line"));
            assert_eq!(span["file_name"], "t.bpfasm");
        }
    }
    let [name, range, helper, summary] = &all[..] else { panic!("{output}") };
    assert_eq!(range["code"]["code"], "E0303");
    assert_eq!(range["message"], "256 does not fit into 8 bits");
    assert!(range["code"]["explanation"].as_str().expect("the page").len() > 50);
    assert_eq!(range["lint"], Value::Null);
    assert_eq!(
        range["children"][0],
        json!({ "code": null, "level": "note", "message": "a u8 holds -128 to 255", "spans": [] })
    );
    let uses = range["expansion"].as_array().expect("the uses");
    let uses: Vec<_> = uses.iter().map(|u| (u["macro"].as_str(), u["span"]["line_start"].as_u64())).collect();
    assert_eq!(uses, [(Some("inner!"), Some(5)), (Some("outer!"), Some(10))]);
    assert_eq!(name["spans"][0]["column_end"], 7, "é is one column");
    assert_eq!(helper["expansion"], json!([]));
    let help = &helper["children"][0];
    assert_eq!(
        (&help["level"], &help["message"]),
        (&json!("help"), &json!("did you mean `bpf_map_lookup_elem`?"))
    );
    assert_eq!(help["spans"][0]["suggested_replacement"], "bpf_map_lookup_elem");
    assert_eq!(help["spans"][0]["byte_start"], helper["spans"][0]["byte_start"]);
    assert_eq!((&summary["message"], &summary["spans"]), (&json!("3 errors in t.bpfasm"), &json!([])));
    // What stops a run before there is a source is JSON, too.
    let output = run(bpfasm(["check", "nowhere", "--message-format", "json"])).exited(1);
    let failure: Value = serde_json::from_str(&output.stderr).expect("one value");
    assert_eq!((&failure["level"], &failure["exit_code"]), (&json!("error"), &json!(1)));
}

/// `script` makes a terminal.
#[test]
fn colours_are_for_terminals() {
    let dir = written();
    assert!(!run(check(&[]).current_dir(dir.path())).exited(1).text().contains('\x1b'));
    let Some(script) = which("script") else { return bpfasm_tests::tool::skip("script is not installed") };
    let terminal = |args: &str, no_color: &str| {
        let line = format!("{} {args}", bpfasm_tests::bin::path().display());
        let mut command = Command::new(&script);
        command.args(["-qec", &line, "/dev/null"]).env("NO_COLOR", no_color).current_dir(dir.path());
        run(command).text()
    };
    for args in ["check t.bpfasm", "explain E0201"] {
        assert!(terminal(args, "").contains('\x1b'), "{args}");
        assert!(!terminal(args, "1").contains('\x1b'), "{args}");
    }
    for format in ["short", "json"] {
        let args = format!("check t.bpfasm --message-format {format}");
        assert!(!terminal(&args, "").contains('\x1b'), "{args}");
    }
}
