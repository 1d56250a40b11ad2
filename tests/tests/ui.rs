//! Diagnostics, word by word: each `tests/ui/NAME.bpfasm`, and `NAME.s`, goes through `bpfasm check`, and what comes on
//! standard error must be `NAME.stderr`. A file `ok_*.bpfasm` is accepted, every other one is refused. A first line
//! `//@ --deny all` gives flags.
//! `BLESS=1` writes the expected files anew.

use std::path::{Path, PathBuf};

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::tool;

#[test]
fn diagnostics_are_as_expected() {
    let dir = bin::repo().join("tests/ui");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&dir).expect("tests/ui").flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "bpfasm" || extension == "s"));
    files.sort();
    let failures: Vec<String> = files.iter().filter_map(|file| check(&dir, file).err()).collect();
    assert!(!files.is_empty(), "no case in {}", dir.display());
    assert!(failures.is_empty(), "{} of {} cases:\n\n{}", failures.len(), files.len(), failures.join("\n"));
}

fn check(dir: &Path, file: &Path) -> Result<(), String> {
    let name = file.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    let expected_file = file.with_extension("stderr");
    let text = std::fs::read(file).map_err(|error| format!("{name}: {error}"))?;
    let first = text.split(|byte| *byte == b'\n').next().and_then(|line| line.strip_prefix(b"//@ "));
    let flags = String::from_utf8_lossy(first.unwrap_or_default()).into_owned();
    let output = tool::run(bpfasm(["check", name]).args(flags.split_whitespace()).current_dir(dir));
    let wanted = i32::from(!name.starts_with("ok_"));
    if output.code() != Some(wanted) {
        return Err(format!("{name}: the exit code should be {wanted}: {output}"));
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&expected_file, &output.stderr).map_err(|error| format!("{name}: {error}"))?;
        return Ok(());
    }
    let expected = std::fs::read_to_string(&expected_file).unwrap_or_default();
    if expected == output.stderr {
        return Ok(());
    }
    Err(format!("{name}: expected\n{expected}\nbut got\n{}", output.stderr))
}

#[test]
fn every_expected_output_has_its_source() {
    let entries = std::fs::read_dir(bin::repo().join("tests/ui")).expect("tests/ui").flatten();
    for file in entries.map(|entry| entry.path()) {
        if file.extension().is_some_and(|extension| extension == "stderr") {
            let is_source = |extension: &&str| file.with_extension(extension).is_file();
            assert!(["bpfasm", "s"].iter().any(is_source), "{} has no source", file.display());
        }
    }
}
