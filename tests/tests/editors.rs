//! vim takes its files, and sees the words of a program as what they are.

use std::process::Command;

use bpfasm_tests::bin::{program, repo};
use bpfasm_tests::tool::{TempDir, run, which};

#[test]
fn vim_loads_its_files() {
    // An editor is nothing that a test of a loader may demand.
    let Some(vim) = which("vim").or_else(|| which("nvim")) else {
        println!("skipped: neither vim nor nvim is installed");
        return;
    };
    if vim.ends_with("vim") && !run(Command::new(&vim).arg("--version")).ok().stdout.contains("+eval") {
        println!("skipped: this vim has no scripts");
        return;
    }
    let dir = TempDir::new();
    let out = dir.file("out");
    let group = |line: &str, word: &str| {
        format!(
            "call search('{line}') | call search('{word}', 'c', line('.')) | call add(g:found, synIDattr(synID(line('.'), col('.'), 1), 'name'))"
        )
    };
    let mut script = vec![
        format!("set nocompatible runtimepath^={}", repo().join("editors/vim").display()),
        "filetype plugin indent on | syntax on".to_string(),
        format!("edit {}", program("port_drop").display()),
        "let g:found = [&filetype, exists('*BpfasmIndent')]".to_string(),
    ];
    script.push(group("^prog port_drop", "prog"));
    script.push(group("bounds! r2", "r2"));
    script.push(group("bounds! r2", "bounds"));
    script.push(group("w0 = XDP_DROP", "w0"));
    script.push(format!("call writefile(g:found, '{}') | qall!", out.display()));
    let file = dir.write("script.vim", script.join("\n"));
    let mut command = Command::new(&vim);
    command.args(["-N", "-u", "NONE", "-i", "NONE", "-es", "-S"]).arg(&file);
    let output = run(command);
    let found = std::fs::read_to_string(&out).unwrap_or_else(|why| panic!("{why}: {output}"));
    let found: Vec<&str> = found.lines().collect();
    assert_eq!(found[..3], ["bpfasm", "1", "bpfasmDeclaration"], "{output}");
    assert!(found[3..].iter().all(|name| name.starts_with("bpfasm")), "{found:?}");
}
