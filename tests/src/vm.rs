//! Other kernels: a command run in a virtual machine, by `tests/kernels`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::tool::{self, Output, Running, TempDir};
use crate::{bin, tool::skip};

/// The kernels that are tried, oldest first.
pub const KERNELS: [&str; 4] = ["5.10", "6.1", "6.12", "7.2"];

/// What `tests/kernels` ends with where no kernel can be booted.
const UNAVAILABLE: i32 = 77;

/// A folder for a virtual machine: `bpfasm` with the libraries that it needs, to be called as `./bpfasm`.
#[must_use]
pub fn payload() -> TempDir {
    let dir = TempDir::new();
    add(&dir, bin::path(), "bpfasm");
    dir
}

/// Adds a program of this machine with the libraries that it needs, to be called as `./NAME`.
///
/// # Panics
/// When a file cannot be copied.
pub fn add(dir: &TempDir, program: &Path, name: &str) {
    let copy = |from: &Path, name: &str| {
        std::fs::copy(from, dir.file(name)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    };
    let mut interpreter = None;
    for library in libraries(program) {
        let name = library.file_name().expect("a file").to_str().expect("UTF-8").to_owned();
        copy(&library, &name);
        interpreter = interpreter.or(name.starts_with("ld-").then_some(name));
    }
    match interpreter {
        None => copy(program, name),
        Some(interpreter) => {
            copy(program, &format!("{name}.dynamic"));
            let script =
                format!("#!/bin/sh\nexec ./{interpreter} --library-path . ./{name}.dynamic \"$@\"\n");
            let script = dir.write(name, script);
            tool::run(Command::new("chmod").arg("755").arg(script)).ok();
        }
    }
}

/// The shared libraries of a program, with what loads them; none of a static one.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let listed = Command::new("ldd").arg(program).output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&listed).into_owned();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

/// Boots a kernel and runs a line of shell there, in the folder given. None where that is skipped.
///
/// # Panics
/// When no kernel can be booted and nothing may be skipped.
#[must_use]
pub fn run(kernel: &str, payload: &TempDir, line: &str) -> Option<Output> {
    let mut command = Command::new(bin::repo().join("tests/kernels"));
    command.arg(kernel).arg(payload.path()).arg(line);
    let output = Running::start(command).wait(Duration::from_secs(1000));
    if output.code() == Some(UNAVAILABLE) {
        skip(output.stderr.trim());
        return None;
    }
    Some(output)
}
