//! `bpfasm doc`: modules, their parts, files, and names that there are not.

use bpfasm_tests::bin::bpfasm;
use bpfasm_tests::tool::{Output, TempDir, run};

fn doc(args: &[&str]) -> Output {
    run(bpfasm(["doc"].iter().chain(args)))
}

#[test]
fn every_module_and_every_line_fits() {
    let index = doc(&[]).ok().stdout;
    for line in index.lines().filter(|line| !line.starts_with([' ', '`']) && !line.is_empty()) {
        let name = line.split(' ').next().expect("a word");
        let page = doc(&[name]).ok().stdout;
        assert!(page.starts_with(&format!("{name}\n\n    ")), "{page}");
        let long: Vec<_> = page.lines().filter(|line| line.chars().count() > 80).collect();
        assert_eq!(long, Vec::<&str>::new(), "{name}");
        assert!(!page.contains('\x1b'), "colours are for terminals");
    }
}

#[test]
fn a_struct_has_offsets_and_a_size() {
    let page = doc(&["eth", "ethhdr"]).ok().stdout;
    assert_eq!(
        page,
        "import \"eth\"\n\nstruct ethhdr  // 14 bytes\n    Ethernet header.\n       0  h_dest: mac\n       6  h_source: mac\n      12  h_proto: be16\n"
    );
    assert_eq!(doc(&["ethhdr"]).ok().stdout, page);
}

#[test]
fn a_macro_has_parameters_and_what_it_changes() {
    for args in [["net", "bounds"], ["macros", "bounds!"]] {
        let page = doc(&args).ok().stdout;
        assert!(
            page.contains("macro bounds(ptr: reg, len: imm, end: reg, tmp: reg = r2, else: label)\n"),
            "{page}"
        );
        assert!(page.contains("Changes `tmp` only."), "{page}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&doc(&["net", "bounds", "--json"]).ok().stdout).expect("JSON");
    assert_eq!(json[0]["changes"], "Changes `tmp` only");
    assert_eq!(json[0]["module"], "macros");
}

#[test]
fn a_file_of_ones_own() {
    let dir = TempDir::new();
    let text = "// What it does. More.\n\nimport \"xdp\"\n\n/// A pair.\nstruct pair {\n    a: u8\n    /// Behind it.\n    union {\n        b: u32 // one\n        c: u16\n    }\n}\n";
    let file = dir.write("mine.bpfasm", text);
    let name = file.to_str().expect("UTF-8");
    let page = doc(&[name, "pair"]).ok().stdout;
    let expected = "struct pair  // 8 bytes\n    A pair.\n       0  a: u8\n       4  union     Behind it.\n       4    b: u32  one\n       4    c: u16\n";
    assert!(page.ends_with(expected), "{page}");
    assert!(doc(&[name]).ok().stdout.contains("import \"xdp\"  XDP programs"));
}

#[test]
fn names_that_there_are_not() {
    for (args, words) in [
        (&["nett"][..], "did you mean `net`?"),
        (&["net", "bound"], "did you mean `bounds`?"),
        (&["net", "entirely_else"], "`bpfasm doc net` lists what it has"),
    ] {
        let output = doc(args).exited(2);
        assert!(output.stderr.contains(words), "{output}");
    }
}
