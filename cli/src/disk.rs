//! The files that a source names.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bpfasm_asm::assemble::Files;

use crate::compile::io_reason;

/// Files beside the source that names them, then in these directories.
#[derive(Debug)]
pub struct Disk<'a> {
    /// Given by `-I`.
    pub dirs: &'a [PathBuf],
}

impl Files for Disk<'_> {
    fn read(&self, from: &str, name: &str) -> Result<(String, Vec<u8>), String> {
        let beside = Path::new(from).parent().unwrap_or(Path::new(""));
        let dirs = std::iter::once(beside).chain(self.dirs.iter().map(PathBuf::as_path));
        let mut places: Vec<PathBuf> = dirs.map(|dir| dir.join(name)).collect();
        places.dedup();
        let Some(path) = places.iter().find(|path| path.exists()) else {
            let places: Vec<String> = places.iter().map(|path| format!("`{}`", path.display())).collect();
            return Err(format!("there is no {}", places.join(", and no ")));
        };
        // A pipe or a device has no end that a build may wait for.
        if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
            return Err(format!("`{}` is no file", path.display()));
        }
        let bytes = fs::read(path).map_err(|e| format!("{}: {}", path.display(), io_reason(&e)))?;
        Ok((path.display().to_string(), bytes))
    }

    fn identity(&self, file: &str) -> String {
        fs::metadata(file).map_or(file.to_string(), |m| format!("{}:{}", m.dev(), m.ino()))
    }

    fn kernel_btf(&self) -> Result<Vec<u8>, String> {
        const VMLINUX: &str = "/sys/kernel/btf/vmlinux";
        fs::read(VMLINUX).map_err(|e| format!("{VMLINUX}: {}", io_reason(&e)))
    }
}
