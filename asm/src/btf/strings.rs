//! String tables: strings ended by NUL, named by their byte offset; offset 0 is the empty string.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Error;

/// A string table being made. Equal strings share an offset; offsets follow the order of first use.
#[derive(Debug, Clone)]
pub struct Strings {
    bytes: Vec<u8>,
    /// Hash of a string, or the next free number after it, to its offset.
    index: HashMap<u64, u32>,
}

impl Default for Strings {
    fn default() -> Self {
        Self { bytes: vec![0], index: HashMap::new() }
    }
}

impl Strings {
    /// The offset of a string, which is appended where it is new.
    ///
    /// # Errors
    /// [`Error::Nul`] for a string with a NUL inside, [`Error::TooMuch`] beyond 4 GiB.
    pub fn add(&mut self, text: &str) -> Result<u32, Error> {
        if text.is_empty() {
            return Ok(0);
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let mut key = hasher.finish();
        while let Some(&offset) = self.index.get(&key) {
            if StrTable(&self.bytes).get(offset) == Some(text) {
                return Ok(offset);
            }
            key = key.wrapping_add(1);
        }
        if text.contains('\0') {
            return Err(Error::Nul { text: text.into() });
        }
        let offset = u32::try_from(self.bytes.len()).map_err(|_| Error::TooMuch { what: "the strings" })?;
        self.bytes.extend(text.as_bytes());
        self.bytes.push(0);
        self.index.insert(key, offset);
        Ok(offset)
    }

    /// The table as it stands in a file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A string table being read.
#[derive(Debug, Clone, Copy)]
pub struct StrTable<'a>(pub &'a [u8]);

impl<'a> StrTable<'a> {
    /// The string at an offset; nothing where the offset lies outside, no NUL follows or the bytes are not
    /// UTF-8.
    #[must_use]
    pub fn get(self, offset: u32) -> Option<&'a str> {
        let rest = self.0.get(usize::try_from(offset).ok()?..)?;
        let end = rest.iter().position(|b| *b == 0)?;
        std::str::from_utf8(rest.get(..end)?).ok()
    }
}
