//! The files that a source names.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bpfasm_asm::assemble::Files;
use bpfasm_asm::diag::nearest;
use bpfasm_asm::sort::Sort;

use crate::file::io_reason;

/// Files beside the source that names them, then in these directories.
#[derive(Debug)]
pub struct Disk<'a> {
    /// Given by `-I`.
    pub dirs: &'a [PathBuf],
}

impl Files for Disk<'_> {
    fn read(&self, from: &str, name: &str) -> Result<(String, Vec<u8>), String> {
        let beside = Path::new(from).parent().unwrap_or(Path::new(""));
        let dirs: Vec<&Path> =
            std::iter::once(beside).chain(self.dirs.iter().map(PathBuf::as_path)).collect();
        let mut places: Vec<PathBuf> = dirs.iter().map(|dir| dir.join(name)).collect();
        places.dedup();
        let Some(path) = places.iter().find(|path| path.exists()) else {
            let places: Vec<String> = places.iter().map(|path| format!("`{}`", path.display())).collect();
            let near = near(name, &dirs).map(|near| format!("; did you mean `{near}`?"));
            let elsewhere = || self.dirs.is_empty().then(|| "; `-I DIR` says where else to look".to_string());
            let near = near.or_else(elsewhere).unwrap_or_default();
            return Err(format!("there is no {}{near}", places.join(", and no ")));
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

/// The file in one of these directories whose name is most like that one, with the same ending.
fn near(name: &str, dirs: &[&Path]) -> Option<String> {
    let path = Path::new(name);
    let mut stems = vec![];
    for dir in dirs {
        let folder = dir.join(path).parent().filter(|p| *p != Path::new("")).map(Path::to_path_buf);
        let entries =
            fs::read_dir(folder.as_deref().unwrap_or(Path::new("."))).into_iter().flatten().flatten();
        let files = entries.map(|entry| PathBuf::from(entry.file_name()));
        let alike = files.filter(|file| file.extension() == path.extension());
        stems.extend(alike.filter_map(|file| file.file_stem()?.to_str().map(str::to_string)));
    }
    stems.order();
    let stem = path.file_stem()?.to_str()?;
    let near = nearest(stem, stems.iter().map(String::as_str))?;
    let (start, end) = name.rsplit_once(stem)?;
    Some(format!("{start}{near}{end}"))
}
