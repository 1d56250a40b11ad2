//! `bpfasm diff`: what it prints, and its exit code.

use bpfasm_tests::bin::bpfasm;
use bpfasm_tests::tool::TempDir;

#[test]
fn differences_are_shown_and_counted_by_the_exit_code() {
    let dir = TempDir::new();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        path
    };
    let a = write("a.bpfasm", "prog p: \"xdp\" {\n    w0 = 2\n    exit\n}\n");
    let b = write("b.bpfasm", "license \"GPL\"\nprog p: \"xdp\" {\n    w0 = 1\n    exit\n}\n");
    let run = |args: &[&std::ffi::OsStr]| {
        let out = bpfasm(["diff".as_ref()].iter().chain(args)).output().expect("it runs");
        assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
        (out.status.code(), String::from_utf8(out.stdout).expect("UTF-8"))
    };
    assert_eq!(run(&[a.as_ref(), a.as_ref()]), (Some(0), String::new()));
    let text = "license\n  - none\n  + GPL\nfunction p (xdp): code\n  -     0: w0 = 2\n  +     0: w0 = 1\n";
    assert_eq!(run(&[a.as_ref(), b.as_ref()]), (Some(1), text.into()));
    assert_eq!(run(&["-q".as_ref(), a.as_ref(), b.as_ref()]), (Some(1), String::new()));
    let (code, json) = run(&["--json".as_ref(), a.as_ref(), b.as_ref()]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (code, &json[0]["field"], &json[1]["changes"][0]["right"][0]["text"]),
        (Some(1), &"license".into(), &"w0 = 1".into())
    );
}
