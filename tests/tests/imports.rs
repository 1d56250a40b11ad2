//! Files that a source imports from the disk, and `-D`.

use bpfasm_tests::bin::bpfasm;
use bpfasm_tests::tool::{TempDir, run};

#[test]
fn files_beside_and_in_directories_are_found_and_taken_in_once() {
    let dir = TempDir::new();
    for sub in ["src", "near", "far"] {
        std::fs::create_dir(dir.file(sub)).expect("a directory");
    }
    let main = dir.write(
        "src/main.bpfasm",
        "import \"beside.bpfasm\"\nimport \"../src/./beside.bpfasm\"\nimport \"again.bpfasm\"\nimport \"other.bpfasm\"\n\
         param N\nprog p: \"xdp\" {\n    w0 = BESIDE + OTHER + N\n    exit\n}\n",
    );
    let _ = dir.write("src/beside.bpfasm", "const BESIDE = 1\n");
    std::os::unix::fs::symlink("beside.bpfasm", dir.file("src/again.bpfasm")).expect("a link");
    let _ = dir.write("near/other.bpfasm", "import \"deep.bpfasm\"\nconst OTHER = 10 + DEEP\n");
    let _ = dir.write("far/other.bpfasm", "const OTHER = nothing\n");
    let _ = dir.write("far/deep.bpfasm", "const DEEP = 100\n");
    let include = |sub: &str| format!("-I{}", dir.file(sub).display());
    let main = main.to_str().expect("UTF-8");
    let good = [include("near"), include("far")];
    let args = |dirs: &[String], define: &str| {
        run(bpfasm(
            [&["expand", main, define], &*dirs.iter().map(String::as_str).collect::<Vec<_>>()].concat(),
        ))
    };
    let shown = args(&good, "-DN=1000").ok();
    assert!(shown.stdout.contains("w0 = 1111\n") && shown.stdout.contains("param N = 1000\n"), "{shown}");

    let missing = args(&good[..1], "-DN=1000").exited(1);
    let deep = dir.file("near/deep.bpfasm");
    assert!(missing.stderr.contains(&format!("there is no `{}`\n", deep.display())), "{missing}");
    let unknown = args(&good, "-DM=1").exited(1);
    assert!(unknown.stderr.contains("there is no parameter `M`"), "{unknown}");
    assert!(unknown.stderr.contains("--> -D:1:1"), "{unknown}");
}
