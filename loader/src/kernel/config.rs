//! The kernel's configuration: what it was built with.

use std::path::Path;

use super::release;
use crate::error::{Error, Result};
use crate::sys::{self, Bytes};
use nix::errno::Errno;

/// The most that a compressed configuration may grow to; one has some 300 KB.
const LARGEST: usize = 16 << 20;

/// The configuration as text, lines of `CONFIG_HZ=100`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config(String);

impl Config {
    /// The configuration of the running kernel: that beside it in /boot or, where that is none, its own.
    ///
    /// # Errors
    /// [`Error::KernelConfig`]: there is none, or it cannot be read.
    pub fn read() -> Result<Self> {
        let wrong = |what: String| Error::KernelConfig { what };
        let boot = format!("/boot/config-{}", release());
        let paths = [boot.as_str(), "/proc/config.gz"];
        let mut found = paths.iter().map(|path| (path, Bytes::of(Path::new(path))));
        let missing = |e: &sys::Error| e.errno == Errno::ENOENT;
        let (path, bytes) =
            found.find(|(_, bytes)| !bytes.as_ref().is_err_and(missing)).ok_or_else(|| {
                let what = "this kernel shows none (CONFIG_IKCONFIG_PROC)";
                wrong(format!("there is neither {boot} nor /proc/config.gz: {what}"))
            })?;
        let bytes = bytes.map_err(|e| wrong(format!("{path}: {e}")))?;
        Self::from_bytes(&bytes).ok_or_else(|| wrong(format!("{path}: it is neither text nor gzip of text")))
    }

    /// Text, or gzip of it.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let plain = if bytes.starts_with(&[0x1f, 0x8b]) {
            miniz_oxide::inflate::decompress_to_vec_with_limit(deflated(bytes)?, LARGEST).ok()?
        } else {
            bytes.to_vec()
        };
        String::from_utf8(plain).ok().map(Self)
    }

    /// All values by name, in their order: `y`, `n`, `m`, a number, or a text in quotes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter(|line| line.starts_with("CONFIG_")).filter_map(|line| line.split_once('='))
    }
}

/// What stands behind the header of a gzip file (RFC 1952).
fn deflated(bytes: &[u8]) -> Option<&[u8]> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECKSUM: u8 = 2;
    let flags = *bytes.get(3)?;
    let mut rest = bytes.get(10..)?;
    if flags & EXTRA != 0 {
        let len = u16::from_le_bytes([*rest.first()?, *rest.get(1)?]);
        rest = rest.get(2 + usize::from(len)..)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            rest = rest.get(rest.iter().position(|b| *b == 0)? + 1..)?;
        }
    }
    if flags & CHECKSUM != 0 { rest.get(2..) } else { Some(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_text() {
        let text = "# CONFIG_A is not set\nCONFIG_HZ=250\n\nCONFIG_B=y\nCONFIG_C=\"a=b\"\nother=1\n";
        let config = Config::from_bytes(text.as_bytes()).unwrap();
        let values: Vec<_> = config.iter().collect();
        assert_eq!(values, [("CONFIG_HZ", "250"), ("CONFIG_B", "y"), ("CONFIG_C", "\"a=b\"")]);
    }

    #[test]
    fn gzip_with_every_part_of_its_header() {
        // A stored block: no compression, and so to be written by hand.
        let stored = [&[1, 11, 0, !11, 0xff][..], b"CONFIG_X=y\n"].concat();
        let with = |flags: u8, parts: &[u8]| {
            let mut bytes = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
            bytes.extend(parts);
            bytes.extend(&stored);
            bytes
        };
        for bytes in [with(0, b""), with(8, b"name\0"), with(2 | 4 | 8 | 16, b"\x03\0abcname\0comment\0cc")] {
            let config = Config::from_bytes(&bytes).unwrap();
            assert_eq!(config.iter().collect::<Vec<_>>(), [("CONFIG_X", "y")]);
            for end in 0..bytes.len() {
                // Cut anywhere it is no configuration, and no panic.
                assert_ne!(Config::from_bytes(&bytes[..end]).as_ref(), Some(&config));
            }
        }
    }

    #[test]
    fn that_of_this_kernel() {
        match Config::read() {
            Ok(config) => assert!(config.iter().any(|value| value == ("CONFIG_BPF", "y"))),
            Err(e) => println!("skipped: {e}"),
        }
    }
}
