//! Files that a source imports, and what the command line sets.

use std::collections::BTreeMap;

use bpfasm_asm::assemble::{Compiled, Files, Options, compile};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::expand::to_text;

/// Files by name; `./` before a name means the same file.
#[derive(Debug)]
struct Memory(BTreeMap<&'static str, &'static [u8]>);

impl Files for Memory {
    fn read(&self, from: &str, name: &str) -> Result<(String, Vec<u8>), String> {
        let dir = from.rsplit_once('/').map_or("", |(dir, _)| dir);
        let path = if dir.is_empty() { name.to_string() } else { format!("{dir}/{name}") };
        let bytes = self.0.get(path.trim_start_matches("./")).ok_or(format!("there is no {path}"))?;
        Ok((path, bytes.to_vec()))
    }

    fn identity(&self, file: &str) -> String {
        file.trim_start_matches("./").to_string()
    }

    fn kernel_btf(&self) -> Result<Vec<u8>, String> {
        Err("no kernel".to_string())
    }
}

/// Builds `main.bpfasm` of these files.
fn build(files: &[(&'static str, &'static str)], defines: &[&str]) -> (Sources, Compiled) {
    let files = Memory(files.iter().map(|(name, text)| (*name, text.as_bytes())).collect());
    let defines: Vec<String> = defines.iter().map(|d| (*d).to_string()).collect();
    let mut sources = Sources::default();
    let text = String::from_utf8(files.0["main.bpfasm"].to_vec()).expect("UTF-8");
    let root = sources.add("main.bpfasm", text);
    let options = Options { files: &files, defines: &defines, ..Options::default() };
    let compiled = compile(&mut sources, root, &options);
    (sources, compiled)
}

/// The diagnostics as a person reads them.
fn told(files: &[(&'static str, &'static str)], defines: &[&str]) -> String {
    let (sources, compiled) = build(files, defines);
    let rendered = compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default()));
    rendered.collect::<Vec<_>>().join("\n\n")
}

/// The first immediate of the program, and the same of its expansion, which needs no other file.
fn value(files: &[(&'static str, &'static str)], defines: &[&str]) -> i32 {
    let (sources, compiled) = build(files, defines);
    let told = told(files, defines);
    let shown = to_text(&compiled.program, &sources, &compiled.files, Options::default().endian);
    let object = compiled.object.unwrap_or_else(|| panic!("{told}"));
    let mut alone = Sources::default();
    let root = alone.add("expanded", shown.as_str());
    let again = compile(&mut alone, root, &Options::default());
    let again = again.object.unwrap_or_else(|| panic!("{shown}\n{:?}", again.diagnostics));
    assert!(again.funcs[0].insns.iter().eq(object.funcs[0].insns.iter()), "{shown}");
    object.funcs[0].insns.get(0).expect("an instruction").imm
}

const MAIN: (&str, &str) = (
    "main.bpfasm",
    "import \"net\"\nimport \"lib/a.bpfasm\"\nimport \"./lib/b.bpfasm\"\nprog p: \"xdp\" {\n set! A + B\n exit\n}\n",
);
const A: (&str, &str) = (
    "lib/a.bpfasm",
    "import \"b.bpfasm\"\nimport \"xdp\"\nconst A = 40 + XDP_PASS\nstruct of_a { x: u32 }\n",
);
const B: (&str, &str) = ("lib/b.bpfasm", "const B = 3\nmacro set(n: imm) {\n w0 = $n\n}\n");

#[test]
fn files_are_taken_in_once() {
    assert_eq!(value(&[MAIN, A, B], &[]), 45);
}

#[test]
fn names_of_all_files_are_one_space() {
    let b = ("lib/b.bpfasm", "const B = 3\nconst A = 3\nmacro set(n: imm) {\n w0 = $n\n}\n");
    let told = told(&[MAIN, A, b], &[]);
    assert!(told.starts_with("error[E0202]: `A` is defined twice\n --> ./lib/b.bpfasm:2:7"), "{told}");
    assert!(told.contains("::: lib/a.bpfasm:3:7"), "{told}");
}

#[test]
fn errors_stand_in_their_own_file() {
    let a = ("lib/a.bpfasm", "import \"b.bpfasm\"\n\nconst A = nothing\n");
    assert!(told(&[MAIN, a, B], &[]).contains(" --> lib/a.bpfasm:3:11"));
    let missing = told(&[MAIN, ("lib/a.bpfasm", "import \"c.bpfasm\"\nconst A = 1"), B], &[]);
    assert!(
        missing.starts_with("error[E0203]: `c.bpfasm` cannot be imported\n --> lib/a.bpfasm:1:8"),
        "{missing}"
    );
    assert!(missing.contains("= note: there is no lib/c.bpfasm"), "{missing}");
    let bare = told(&[MAIN, ("lib/a.bpfasm", "r0 = 0\nexit\n"), B], &[]);
    assert!(bare.contains("holds bare instructions"), "{bare}");
}

#[test]
fn cycles_are_told_with_their_way() {
    let itself = ("main.bpfasm", "import \"./main.bpfasm\"\nprog p: \"xdp\" {\n w0 = 2\n exit\n}\n");
    assert!(
        told(&[itself], &[]).starts_with("error[E0206]: `main.bpfasm` imports itself\n --> main.bpfasm:1:8")
    );
    let main = ("main.bpfasm", "import \"a.bpfasm\"\nprog p: \"xdp\" {\n w0 = 2\n exit\n}\n");
    let told = told(&[main, ("a.bpfasm", "import \"b.bpfasm\""), ("b.bpfasm", "import \"a.bpfasm\"")], &[]);
    assert!(told.starts_with("error[E0206]: `a.bpfasm` imports itself\n --> b.bpfasm:1:8"), "{told}");
    assert!(told.contains("by way of `b.bpfasm`"), "{told}");
}

#[test]
fn the_command_line_sets_parameters() {
    const P: (&str, &str) =
        ("main.bpfasm", "const K = 5\nparam N\nparam M = 2\nprog p: \"xdp\" {\n w0 = N * 10 + M\n exit\n}\n");
    assert_eq!(value(&[P], &["N=1"]), 12);
    assert_eq!(value(&[P], &["N", "M=K * 2"]), 20);
    assert_eq!(value(&[P], &["M=-1", "N=(1 << 4)"]), 159);
    for (defines, message) in [
        (vec![], "error[E0207]: `N` has no value\n --> main.bpfasm:2:7"),
        (vec!["N=1", "MM=1"], "error[E0207]: there is no parameter `MM`\n --> -D:1:1"),
        (vec!["N=1", "K=1"], "error[E0207]: there is no parameter `K`\n --> -D:1:1"),
        (vec!["N=1", "N=2"], "error[E0202]: `N` is set twice\n --> -D:1:1"),
        (vec!["N=1 2"], "error[E0105]: expected the end of the value, found `2`\n --> -D:1:5"),
        (vec!["N="], "error[E0105]: expected a register, a number, a name or a place in memory, found "),
        (vec!["=1"], "error[E0105]: expected a parameter's name"),
        (vec![""], "error[E0105]: expected a parameter's name"),
        (vec!["N=nothing"], "error[E0201]: unknown name `nothing`\n --> -D:1:3"),
        (vec!["N=r1"], "error[E0306]: expected a constant, found a register\n --> -D:1:3"),
    ] {
        let told = told(&[P], &defines);
        assert!(told.contains(message), "{defines:?}\n{told}");
    }
}
