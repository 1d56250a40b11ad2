//! Finding the `bpfasm` binary, and the files of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::tool::{self, Running, TempDir};

/// The repository's folder.
#[must_use]
pub fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is below the repository")
}

/// A program that comes with bpfasm, by its name without `.bpfasm`.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    repo().join("programs").join(name).with_extension("bpfasm")
}

/// All programs that come with bpfasm, sorted.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn programs() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repo().join("programs")).expect("programs");
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ext| ext == "bpfasm"));
    files.sort();
    files
}

/// The binary under test: `BPFASM_BIN` if set, else what cargo builds, brought up to date once per process.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if let Some(path) = std::env::var_os("BPFASM_BIN") {
            return path.into();
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "-q", "-p", "bpfasm"]).current_dir(repo());
        Running::start(build).wait(Duration::from_secs(600)).ok();
        // Test executables are in target/PROFILE/deps.
        let exe = std::env::current_exe().expect("own path");
        exe.parent().and_then(Path::parent).expect("target folder").join("bpfasm")
    })
}

/// `bpfasm ARGS`, to be completed and started.
#[must_use]
pub fn bpfasm<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(path());
    command.args(args).env_remove("BPFASM_LOG");
    command
}

/// Builds a source file to an object in `dir` and gives the object's path.
///
/// # Panics
/// When bpfasm refuses it.
#[must_use]
#[track_caller]
pub fn build(source: &Path, dir: &TempDir) -> PathBuf {
    let object = dir.file(source.file_name().expect("a file").to_str().expect("UTF-8")).with_extension("o");
    tool::run(bpfasm(["build".as_ref(), source.as_os_str(), "-o".as_ref(), object.as_os_str()])).ok();
    object
}

/// Compiles a C peer of `tests/peers` with clang to an object in `dir`.
///
/// # Panics
/// When clang refuses it.
#[must_use]
#[track_caller]
pub fn clang(name: &str, dir: &TempDir) -> PathBuf {
    let source = repo().join("tests/peers").join(name);
    let object = dir.file(name).with_extension("c.o");
    let mut command = Command::new(tool::which("clang-19").expect("clang-19"));
    command.args(["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror", "-c"]);
    tool::run(command.arg(source).arg("-o").arg(&object)).ok();
    object
}

/// Compiles a C file: the compiler, then its flags. What a compiler or a level lacks, it refuses or crashes at; what it
/// writes about that stays beside the object.
#[must_use]
pub fn compiles(compiler: &[&str], source: &Path, object: &Path) -> bool {
    let mut command = Command::new(compiler[0]);
    command.args(&compiler[1..]).args(["-w", "-c"]).arg(source).arg("-o").arg(object);
    command.env("TMPDIR", object.parent().expect("a folder"));
    command.output().is_ok_and(|out| out.status.success())
}
