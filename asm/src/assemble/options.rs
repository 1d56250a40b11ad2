//! How a source text is built.

use super::Dialect;
use crate::isa::{Cpu, Endian};
use crate::lint::Levels;

/// How a source text is built.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Byte order of the object.
    pub endian: Endian,
    /// What becomes of warnings.
    pub lints: Levels,
    /// The level of the instruction set that code may use; none: any.
    pub cpu: Option<Cpu>,
    /// The section of a file without declarations; none: `.text`, as other assemblers have it.
    pub section: Option<&'a str>,
    /// Whether such a file gets types and source lines, too.
    pub describe: bool,
    /// Values of parameters as `NAME=VALUE`, where the value is a constant expression; `NAME` alone means 1.
    pub defines: &'a [String],
    /// Whose language the text is in, where its name and its first line do not tell.
    pub dialect: Option<Dialect>,
    /// Symbols for what a listing of the kernel shows as a number: a map's id or an address, and the name.
    pub maps: &'a [(u64, &'a str)],
    /// What reads the files that a source imports.
    pub files: &'a dyn Files,
}

impl Default for Options<'_> {
    /// For this machine, from a single file.
    fn default() -> Self {
        Self {
            endian: Endian::HOST,
            lints: Levels::default(),
            cpu: None,
            section: None,
            describe: false,
            defines: &[],
            dialect: None,
            maps: &[],
            files: &NoFiles,
        }
    }
}

/// Reads the files that a source names, for this crate opens none.
pub trait Files: std::fmt::Debug {
    /// The file that `name` means in the source text called `from`: how messages call it, and its bytes.
    ///
    /// # Errors
    /// Why it cannot be read, as half a sentence.
    fn read(&self, from: &str, name: &str) -> Result<(String, Vec<u8>), String>;

    /// What is equal for two source texts, as messages call them, that are one file.
    fn identity(&self, file: &str) -> String {
        file.to_string()
    }

    /// The BTF of the running kernel, as it stands in `/sys/kernel/btf/vmlinux`.
    ///
    /// # Errors
    /// Why it cannot be read, as half a sentence.
    fn kernel_btf(&self) -> Result<Vec<u8>, String>;
}

/// No file at all.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str, _: &str) -> Result<(String, Vec<u8>), String> {
        Err("files are not read here".to_string())
    }

    fn kernel_btf(&self) -> Result<Vec<u8>, String> {
        Err("the kernel is not asked here".to_string())
    }
}
