//! The files that a source names.

use std::fs;
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
        let places = std::iter::once(beside).chain(self.dirs.iter().map(PathBuf::as_path));
        let path = places.map(|dir| dir.join(name)).find(|path| path.exists());
        let path = path.ok_or("no such file beside this one or in a directory given by -I")?;
        let bytes = fs::read(&path).map_err(|e| io_reason(&e))?;
        Ok((path.display().to_string(), bytes))
    }

    fn kernel_btf(&self) -> Result<Vec<u8>, String> {
        const VMLINUX: &str = "/sys/kernel/btf/vmlinux";
        fs::read(VMLINUX).map_err(|e| format!("{VMLINUX}: {}", io_reason(&e)))
    }
}
