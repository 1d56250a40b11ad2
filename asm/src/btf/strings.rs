//! String tables: strings ended by NUL, named by their byte offset; offset 0 is the empty string.

use std::borrow::Cow;

use super::Error;
use super::index::Index;
use crate::bytes;

/// A string table being made. Equal strings share an offset; offsets follow the order of first use.
#[derive(Debug, Clone)]
pub struct Strings {
    bytes: Vec<u8>,
    /// The offset of each string.
    index: Index,
}

impl PartialEq for Strings {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Strings {}

impl Default for Strings {
    fn default() -> Self {
        Self { bytes: vec![0], index: Index::default() }
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
        let encoded = match bytes::is_plain(text.as_bytes()) {
            true => Cow::Borrowed(text.as_bytes()),
            false if text.contains('\0') => return Err(Error::Nul { text: text.into() }),
            false => bytes::bytes(text),
        };
        let bytes = &self.bytes;
        let same = |offset: u32| {
            let rest = usize::try_from(offset).ok().and_then(|at| bytes.get(at..));
            let after = rest.and_then(|r| r.strip_prefix(&*encoded));
            after.is_some_and(|r| r.first() == Some(&0))
        };
        let key = match self.index.find(text, same) {
            Ok(offset) => return Ok(offset),
            Err(key) => key,
        };
        let offset = u32::try_from(self.bytes.len()).map_err(|_| Error::TooMuch { what: "the strings" })?;
        self.bytes.extend(&*encoded);
        self.bytes.push(0);
        self.index.note(key, offset);
        Ok(offset)
    }

    /// Appends a table, of whose strings this one has none yet; gives what their offsets are from there on.
    ///
    /// # Errors
    /// [`Error::TooMuch`] beyond 4 GiB.
    pub(super) fn append(&mut self, other: &Strings) -> Result<u32, Error> {
        let too_much = |_| Error::TooMuch { what: "the strings" };
        let moved = u32::try_from(self.bytes.len()).map_err(too_much)? - 1;
        self.bytes.extend_from_slice(&other.bytes[1..]);
        u32::try_from(self.bytes.len()).map_err(too_much)?;
        Ok(moved)
    }

    /// The string at an offset.
    #[must_use]
    pub fn get(&self, offset: u32) -> Option<Cow<'_, str>> {
        StrTable::new(&self.bytes).get(offset)
    }

    /// The table as it stands in a file, behind something else.
    pub(super) fn into_bytes_behind(self, before: Vec<u8>) -> Vec<u8> {
        let mut bytes = self.bytes;
        bytes.reserve_exact(before.len());
        bytes.splice(0..0, before);
        bytes
    }

    /// The table as it stands in a file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A string table being read. That of a module goes on from where the kernel's ends.
#[derive(Debug, Clone, Copy)]
pub struct StrTable<'a> {
    /// The table that this one goes on from; else empty.
    base: &'a [u8],
    own: &'a [u8],
    /// Its own as one text, where it is known to be ASCII; else empty.
    text: &'a str,
}

impl<'a> StrTable<'a> {
    /// A table by itself.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { base: &[], own: bytes, text: "" }
    }

    /// A table that goes on from this one.
    pub(super) fn then(self, own: &'a [u8]) -> Self {
        Self { base: self.own, own, text: "" }
    }

    /// The same, looked at as a whole, for those who want most of its strings.
    pub(super) fn seen(self) -> Self {
        let ascii = Some(self.own).filter(|own| own.is_ascii());
        Self { text: ascii.and_then(|own| str::from_utf8(own).ok()).unwrap_or_default(), ..self }
    }

    /// How many bytes it has itself.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(self) -> usize {
        self.own.len()
    }

    /// All from an offset on.
    pub(super) fn from(self, offset: u32) -> Option<&'a [u8]> {
        let at = usize::try_from(offset).ok()?;
        match at.checked_sub(self.base.len()) {
            Some(at) => self.own.get(at..),
            None => self.base.get(at..),
        }
    }

    /// How long the string at an offset is.
    pub(super) fn len_at(self, offset: u32) -> Option<usize> {
        bytes::nul(self.from(offset)?)
    }

    /// Whether all strings are ASCII.
    pub(super) fn is_ascii(self) -> bool {
        self.own.is_ascii() && self.base.is_ascii()
    }

    /// The string at an offset; nothing where the offset lies outside or no NUL follows.
    #[must_use]
    pub fn get(self, offset: u32) -> Option<Cow<'a, str>> {
        let at = usize::try_from(offset).ok()?.checked_sub(self.base.len());
        if let Some(rest) = at.and_then(|at| self.text.get(at..))
            && let Some(len) = bytes::nul(rest.as_bytes())
        {
            return rest.get(..len).map(Cow::Borrowed);
        }
        let rest = self.from(offset)?;
        Some(bytes::text(rest.get(..bytes::nul(rest)?)?))
    }
}
