//! What the tests of objects share: other tools, and files for them.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file that goes away again.
pub struct TempFile(pub PathBuf);

impl TempFile {
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("bpfasm-object-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).expect("the temporary folder can be written");
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What a tool prints; nothing where it is not installed, which `BPFASM_NO_SKIP` makes a failure.
pub fn tool(command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(out) => {
            let errors = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success(), "{command:?}: {errors}");
            Some(String::from_utf8_lossy(&out.stdout).into_owned())
        }
        Err(e) => {
            skip(&format!("{command:?}: {e}"));
            None
        }
    }
}

pub fn skip(why: &str) {
    assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "skipped: {why}");
    eprintln!("skipped: {why}");
}

/// The object that clang makes of C.
pub fn clang(name: &str, target: &str, source: &str) -> Option<Vec<u8>> {
    let (source, object) =
        (TempFile::new(&format!("{name}.c"), source.as_bytes()), TempFile::new(&format!("{name}.o"), b""));
    let path = |file: &TempFile| Path::new(&file.0).to_owned();
    let mut command = Command::new("clang-19");
    command.args(["-target", target, "-mcpu=v3", "-O2", "-g", "-c"]);
    tool(command.arg(path(&source)).arg("-o").arg(path(&object)))?;
    Some(std::fs::read(&object.0).expect("clang's output"))
}
