//! Sources that are too large, too deep, or no text: each ends with an answer, in bounded time and memory.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bpfasm_tests::bin;
use bpfasm_tests::tool::{Output, Running, TempDir};

/// A tenth of what users may have: the tests' own build is that much slower.
const LARGE: usize = if cfg!(debug_assertions) { 10_000_000 } else { 100_000_000 };
const MANY: usize = LARGE / 100;
/// As deep as things are put within each other.
const DEEP: usize = 10_000;
const LIMIT: Duration = Duration::from_secs(60);

const HEAD: &str = "prog p: \"xdp\" {\n";
const TAIL: &str = "    r0 = 0\n    exit\n}\n";

fn body(lines: &str) -> String {
    format!("{HEAD}{lines}\n{TAIL}")
}

fn write(dir: &TempDir, name: &str, contents: impl AsRef<[u8]>) {
    let _: std::path::PathBuf = dir.write(name, contents);
}

/// Runs bpfasm with at most 3 GB of memory.
#[track_caller]
fn bounded(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -v 3000000; exec \"$0\" \"$@\""])
        .arg(bin::path())
        .args(args)
        .current_dir(dir);
    let output = Running::start(command).wait(LIMIT);
    assert!(output.code().is_some(), "{args:?} ended by a signal");
    assert!(!output.stderr.contains("panicked"), "{args:?}: {:.2000}", output.stderr);
    output
}

/// Builds each source; it ends as is said: an error with that code and a place, or 0 without one. Of what is
/// refused, no object is left.
#[track_caller]
fn build(cases: &[(&str, String)]) {
    let dir = TempDir::new();
    for (code, text) in cases {
        write(&dir, "t.bpfasm", text);
        let output = bounded(dir.path(), &["build", "t.bpfasm", "--allow", "all"]);
        let shown = text.get(..60).unwrap_or(text);
        assert_eq!(output.code(), Some(i32::from(!code.is_empty())), "{shown:?}: {:.2000}", output.stderr);
        assert!(output.stderr.len() < 1 << 20, "{shown:?} says {} bytes", output.stderr.len());
        if !code.is_empty() {
            assert!(output.stderr.contains(&format!("error[{code}]")), "{shown:?}: {:.2000}", output.stderr);
            assert!(output.stderr.contains("--> t.bpfasm:"), "{shown:?}: {:.2000}", output.stderr);
        }
        let left = std::fs::read_dir(dir.path()).expect("the folder").count();
        assert_eq!(left, if code.is_empty() { 2 } else { 1 }, "{shown:?} leaves files behind");
        let _ = std::fs::remove_file(dir.file("t.o"));
    }
}

#[test]
fn large_sources() {
    let x = "x".repeat(LARGE);
    build(&[
        ("", format!("{}exit\n", "    r1 += 5\n".repeat(LARGE / 12))),
        ("", body(&format!("r1 = {}1", " ".repeat(LARGE)))),
        ("", format!("/*{x}*/\n{}", body(""))),
        ("E0104", format!("{}/*{x}", body(""))),
        ("E0105", body(&format!("r1 = {}1", "1 + ".repeat(LARGE / 4)))),
        ("E0103", body(&format!("r1 = \"{x}"))),
        ("E0201", body(&format!("r1 = {x}"))),
        ("E0102", body(&format!("r1 = {}", "1".repeat(LARGE)))),
        ("E0105", format!("{}\n", "foo bar ".repeat(LARGE / 8))),
    ]);
}

#[test]
fn a_million_of_everything() {
    let labels: String = (0..MANY).map(|n| format!(".l{n}:\n")).collect();
    build(&[
        ("", body(&labels)),
        ("E0105", body(&"    r1 =\n".repeat(MANY))),
        ("E0201", body(&"    r1 = nothing\n".repeat(MANY))),
        ("E0101", body(&"    r1 = 5;\n".repeat(MANY))),
        ("E0101", body(&"    r1 = 1\r".repeat(MANY))),
        ("E0103", body(&"\"\n".repeat(MANY))),
        ("E0106", HEAD.repeat(MANY)),
        ("E0105", "{\n".repeat(MANY)),
    ]);
}

#[test]
fn errors_that_nobody_reads_are_counted() {
    let dir = TempDir::new();
    write(&dir, "t.bpfasm", body(&"    r1 =\n".repeat(MANY)));
    let output = bounded(dir.path(), &["check", "t.bpfasm", "--message-format", "short"]);
    assert_eq!(output.stderr.lines().filter(|line| line.contains("error[")).count(), 200);
    let last = output.stderr.lines().last().expect("a summary");
    assert_eq!(last, format!("error: {MANY} errors in t.bpfasm, of which the first 200 are told"));
}

#[test]
fn deep_sources() {
    let n = DEEP;
    let within =
        |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
    let chain = |one: &dyn Fn(usize) -> String| (0..n).map(one).collect::<String>();
    let macros = chain(&|i| format!("macro m{i}() {{\n m{}!\n}}\n", i + 1));
    let structs = chain(&|i| format!("struct st{i} {{ x: st{} }}\n", i + 1));
    let types = chain(&|i| format!("type t{i} = t{}\n", i + 1));
    let constants = chain(&|i| format!("const c{i} = c{} + 1\n", i + 1));
    let loops = chain(&|i| format!("@for i{i} in 0..2 {{\n"));
    build(&[
        ("E0602", format!("{macros}macro m{n}() {{\n r1 = 1\n}}\n{}", body("m0!"))),
        ("E0206", format!("{structs}struct st{n} {{ x: u32 }}\n{}", body("r1 = sizeof(st0)"))),
        ("E0206", format!("{types}type t{n} = u32\n{}", body("r1 = sizeof(t0)"))),
        ("E0206", format!("{constants}const c{n} = 1\n{}", body("r1 = c0"))),
        ("E0105", format!("macro m(b: block) {{\n $b\n}}\n{}", body(&within("m! {\n", "r1 = 1\n", "}\n")))),
        ("E0105", body(&within("(", "1", ")").replacen('(', "r1 = (", 1))),
        ("E0105", body(&format!("r1 = {}1", "-".repeat(n)))),
        ("E0105", body(&within("@if 1 {\n", "r1 = 1\n", "}\n"))),
        ("E0105", format!("{}{}", within("@if 1 {\n", "const A = 1\n", "}\n"), body(""))),
        ("E0105", body(&format!("{loops}r1 = 1\n{}", "}\n".repeat(n)))),
        ("E0105", format!("struct a {{ {} }}\n{}", within("x: struct { ", "y: u32", " }"), body(""))),
        ("E0105", format!("struct a {{ x: {}u32 }}\n{}", "*".repeat(n), body(""))),
        ("E0105", format!("struct a {{ x: u8{} }}\n{}", "[1]".repeat(n), body(""))),
        ("E0105", format!("map m: {}\n{}", within("array_of_maps<", "array<u32,u32>[1]", ">[1]"), body(""))),
        ("E0105", format!("global g: u32[4] = {}\n{}", within("{", "1", "}"), body(""))),
        ("E0105", body(&format!("r1 = {}1", "1 ? 1 : ".repeat(n)))),
        ("E0105", body(&format!("r1 = x{}", within("[x", "", "]")))),
        ("E0106", (0..n).map(|i| format!("{}{HEAD}", " ".repeat(i % 500))).collect()),
    ]);
}

#[test]
fn what_grows_without_end() {
    let tens = |first: &str, levels: usize| {
        let more = |i: usize| format!("macro m{}() {{\n{}}}\n", i + 1, format!(" m{i}!\n").repeat(10));
        format!("macro m0() {{\n{first}}}\n{}", (0..levels).map(more).collect::<String>())
    };
    let doubles: String = (0..60).map(|i| format!("const f{}(x) = f{i}(x) + f{i}(x)\n", i + 1)).collect();
    let structs: String = (0..60).map(|i| format!("struct st{} {{ a: st{i}, b: st{i} }}\n", i + 1)).collect();
    let loops: String = (0..10).map(|i| format!("@for i{i} in 0..100 {{\n")).collect();
    build(&[
        ("E0602", format!("{}{}", tens(" r1 = 1\n", 30), body("m30!"))),
        ("E0602", format!("{}{}", tens("", 30), body("m30!"))),
        ("E0602", body(&format!("{loops}r1 = 1\n{}", "}\n".repeat(10)))),
        ("E0602", body("@for i in 0..4294967295 {\n r1 = $i\n}")),
        ("E0602", format!("macro m() {{\n m!\n}}\n{}", body("m!"))),
        ("E0602", format!("const f0(x) = x\n{doubles}{}", body("r1 = f60(0)"))),
        ("E0206", format!("const f(x) = f(x + 1)\n{}", body("r1 = f(0)"))),
        ("E0303", format!("struct st0 {{ a: u32 }}\n{structs}{}", body("r1 = sizeof(st60)"))),
        ("E0206", format!("struct a {{ b: b }}\nstruct b {{ a: a }}\n{}", body("r1 = sizeof(a)"))),
    ]);
}

#[test]
fn imports_that_cannot_be() {
    let dir = TempDir::new();
    for n in 0..DEEP {
        write(&dir, &format!("deep{n}.bpfasm"), format!("import \"deep{}.bpfasm\"\nconst C{n} = 1\n", n + 1));
    }
    write(&dir, &format!("deep{DEEP}.bpfasm"), "const LAST = 1\n");
    write(&dir, "first.bpfasm", "import \"second.bpfasm\"\n");
    write(&dir, "second.bpfasm", "import \"first.bpfasm\"\n");
    std::fs::create_dir(dir.file("folder.bpfasm")).expect("a folder");
    nix::unistd::mkfifo(&dir.file("pipe.bpfasm"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    std::fs::write(dir.file("bytes.bpfasm"), b"const A = 1 // \xff\n").expect("a file");
    for (import, wanted) in [
        ("deep0.bpfasm", ""),
        ("folder.bpfasm", "no file"),
        ("pipe.bpfasm", "no file"),
        ("/dev/zero", "no file"),
        ("missing.bpfasm", "there is no"),
        ("bytes.bpfasm", "not UTF-8"),
        ("first.bpfasm", "imports itself"),
    ] {
        write(&dir, "t.bpfasm", format!("import \"{import}\"\n{}", body("")));
        let output = bounded(dir.path(), &["check", "t.bpfasm", "--allow", "all"]);
        assert_eq!(output.code(), Some(i32::from(!wanted.is_empty())), "{import}: {output}");
        assert!(output.stderr.contains(wanted), "{import}: {output}");
    }
}

#[test]
fn inputs_that_cannot_be() {
    let dir = TempDir::new();
    std::fs::create_dir(dir.file("folder")).expect("a folder");
    let huge = std::fs::File::create(dir.file("huge")).expect("a file");
    huge.set_len(5 << 30).expect("a file with a hole");
    for (input, wanted) in [
        ("folder", "is a directory"),
        ("missing", "no such file"),
        ("huge", "smaller than 4 GiB"),
        ("/dev/zero", "up to 256 MiB"),
        ("/proc/self/mem", "input/output error"),
    ] {
        for verb in ["build", "check", "expand", "disasm"] {
            let output = bounded(dir.path(), &[verb, input]);
            assert_eq!(output.code(), Some(1), "{verb} {input}: {output}");
            assert!(output.stderr.contains(&format!("{input}: ")), "{verb} {input}: {output}");
            assert!(output.stderr.contains(wanted), "{verb} {input}: {output}");
        }
    }
}

#[test]
fn a_pipe_is_waited_for() {
    let dir = TempDir::new();
    let pipe = dir.file("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let mut command = Command::new(bin::path());
    command.arg("check").arg(&pipe);
    let running = Running::start(command);
    std::thread::sleep(Duration::from_millis(200));
    std::fs::write(&pipe, body("    r1 = 5")).expect("the reader");
    assert_eq!(running.wait(LIMIT).code(), Some(0));
}

#[test]
fn outputs_that_cannot_be() {
    let dir = TempDir::new();
    write(&dir, "t.bpfasm", body(""));
    std::fs::create_dir(dir.file("folder")).expect("a folder");
    for (output, code) in [("/dev/full", 5), ("folder", 5), ("nowhere/t.o", 5), ("t.bpfasm", 2)] {
        let found = bounded(dir.path(), &["build", "t.bpfasm", "-o", output]);
        assert_eq!(found.code(), Some(code), "{output}: {found}");
        assert!(found.stderr.contains(output), "{output}: {found}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 2, "nothing is left behind");
    assert_eq!(std::fs::read_to_string(dir.file("t.bpfasm")).expect("the source"), body(""));
    // A reader that goes away is no failure of ours, and no panic.
    let mut command = Command::new("sh");
    command.args(["-c", "\"$0\" explain | head -1; \"$0\" check nowhere 2>&1 | true"]).arg(bin::path());
    let found = Running::start(command).wait(LIMIT);
    assert!(found.stdout.starts_with("E0101") && found.stderr.is_empty(), "{found}");
}

#[test]
fn bytes_that_are_no_text() {
    let dir = TempDir::new();
    let plain = body("    r1 = 5");
    let cases: [(&str, Vec<u8>, bool); 9] = [
        ("nul", plain.replace('5', "5\0").into_bytes(), false),
        ("latin1", [b"// caf\xe9\n", plain.as_bytes()].concat(), false),
        ("utf16", plain.encode_utf16().flat_map(u16::to_le_bytes).collect(), false),
        ("cr", plain.replace('\n', "\r").into_bytes(), false),
        ("crlf", plain.replace('\n', "\r\n").into_bytes(), true),
        ("bom", format!("\u{feff}{plain}").into_bytes(), true),
        ("tabs", plain.replace("    ", "\t").into_bytes(), true),
        ("empty", vec![], true),
        ("comments", b"// nothing\n/* here */".to_vec(), true),
    ];
    for (name, text, sound) in cases {
        std::fs::write(dir.file("t.bpfasm"), &text).expect("a file");
        for verb in ["build", "check", "expand", "fmt", "doc"] {
            let mut args = vec![verb, "t.bpfasm"];
            args.extend(if verb == "fmt" { Some("--check") } else { None });
            let output = bounded(dir.path(), &args);
            // `doc` tells what it can read, and `fmt --check` what it would change.
            let told = sound || verb == "doc" || output.code() == Some(1);
            assert!(told && matches!(output.code(), Some(0 | 1)), "{name}, {verb}: {output}");
            if !sound && verb != "doc" {
                assert!(output.stderr.contains("--> t.bpfasm:"), "{name}, {verb}: {output}");
            }
            if sound && verb != "fmt" {
                assert_eq!(output.code(), Some(0), "{name}, {verb}: {output}");
            }
        }
    }
}
