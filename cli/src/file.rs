//! Files, as arguments name them.

use std::fs;
use std::io::{self, Read, stdin};
use std::os::fd::AsFd;
use std::path::Path;

use crate::fail::{Code, Failure};

/// How an ELF file begins.
pub const ELF: &[u8] = b"\x7fELF";
/// How much is read of what has no size.
const PIPE: u64 = 256 << 20;

/// What a file is called.
pub fn name(file: &Path) -> String {
    if file == Path::new("-") { "<stdin>".to_string() } else { file.display().to_string() }
}

/// A file, or standard input, and its name.
pub fn read_bytes(file: &Path) -> Result<(String, Vec<u8>), Failure> {
    let opened = if file == Path::new("-") {
        stdin().as_fd().try_clone_to_owned().map(fs::File::from)
    } else {
        fs::File::open(file)
    };
    let name = name(file);
    match opened.and_then(|file| read_whole(&file)) {
        Ok(bytes) => Ok((name, bytes)),
        Err(e) => Err(Failure::new(Code::Input, format!("{name}: {}", io_reason(&e)))),
    }
}

/// All that a file holds; of what has no size, such as a pipe, as much as a person may mean.
fn read_whole(file: &fs::File) -> io::Result<Vec<u8>> {
    let metadata = file.metadata()?;
    let (most, words) = match metadata.is_file() {
        true => (u64::from(u32::MAX), "a file is smaller than 4 GiB"),
        false => (PIPE, "a pipe or device is read up to 256 MiB"),
    };
    let mut bytes = vec![];
    if metadata.len() <= most {
        bytes.try_reserve_exact(usize::try_from(metadata.len()).unwrap_or(usize::MAX))?;
        file.take(most + 1).read_to_end(&mut bytes)?;
    }
    let large = metadata.len().max(bytes.len() as u64) > most;
    if large { Err(io::Error::other(words)) } else { Ok(bytes) }
}

/// An I/O error without Rust's `(os error 2)`.
pub fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(reason, _)| reason.to_lowercase())
}
