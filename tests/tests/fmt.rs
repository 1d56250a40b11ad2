//! `bpfasm fmt`: what it writes, what it shows, and what it leaves alone.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use bpfasm_tests::bin::bpfasm;
use bpfasm_tests::tool::{TempDir, run};

const UNTIDY: &str = "prog p :\"xdp\"{\nw0=2 // pass\nexit }\n";
const TIDY: &str = "prog p: \"xdp\" {\n    w0 = 2                                  // pass\n    exit\n}\n";

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("UTF-8")
}

#[test]
fn in_place_with_its_rights_and_through_links() {
    let dir = TempDir::new();
    let file = dir.write("a.bpfasm", UNTIDY);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("chmod");
    let link = dir.file("link.bpfasm");
    symlink("a.bpfasm", &link).expect("a link");
    let output = run(bpfasm(["fmt".as_ref(), link.as_os_str()])).ok();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    assert_eq!(read(&file), TIDY);
    assert!(link.is_symlink());
    assert_eq!(fs::metadata(&file).expect("it").permissions().mode() & 0o777, 0o640);
}

#[test]
fn check_shows_and_writes_nothing() {
    let dir = TempDir::new();
    fs::create_dir(dir.file("sub.bpfasm")).expect("a directory");
    let file = dir.write("sub.bpfasm/a.bpfasm", UNTIDY);
    let _ = (dir.write("b.bpfasm", TIDY), dir.write("other.txt", UNTIDY));
    let output = run(bpfasm(["fmt".as_ref(), "--check".as_ref(), dir.path().as_os_str()])).exited(1);
    let name = file.display();
    let shown = output.stdout.lines().collect::<Vec<_>>();
    assert_eq!(shown[0], format!("{name}:1: - prog p :\"xdp\"{{"), "{output}");
    assert_eq!(shown.len(), 7, "{output}");
    assert_eq!(read(&file), UNTIDY);
    run(bpfasm(["fmt".as_ref(), dir.path().as_os_str()])).ok();
    assert_eq!(read(&file), TIDY);
    run(bpfasm(["fmt".as_ref(), "--check".as_ref(), dir.path().as_os_str()])).ok();
}

#[test]
fn what_is_wrong_stays_and_holds_up_nothing_else() {
    let dir = TempDir::new();
    let wrong = dir.write("a.bpfasm", "prog p: \"xdp\" {\n r1 ==  2\n}\n");
    let file = dir.write("b.bpfasm", UNTIDY);
    let assembly = dir.write("c.s", "r0  = 0\n");
    let listing = dir.write("d.bpfasm", "0: (b7) r0 = 0\n1: (95) exit\n");
    let args =
        ["fmt".as_ref(), listing.as_os_str(), wrong.as_os_str(), assembly.as_os_str(), file.as_os_str()];
    let output = run(bpfasm(args)).exited(1);
    for words in [
        "E0105",
        "a.bpfasm has syntax errors and stays as it is",
        "c.s: this is assembly",
        "d.bpfasm: this is a listing",
    ] {
        assert!(output.stderr.contains(words), "{output}");
    }
    assert_eq!(read(&wrong), "prog p: \"xdp\" {\n r1 ==  2\n}\n");
    assert_eq!(read(&assembly), "r0  = 0\n");
    assert_eq!(read(&file), TIDY);
}

#[test]
fn standard_input() {
    let dir = TempDir::new();
    let input = File::open(dir.write("a.bpfasm", UNTIDY)).expect("it");
    let output = bpfasm(["fmt", "-"]).stdin(input).output().expect("start");
    assert_eq!(String::from_utf8_lossy(&output.stdout), TIDY);
}
