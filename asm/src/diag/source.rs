//! Source texts and places in them.

use std::sync::OnceLock;

/// The number of a source text in its [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

/// A place: bytes `start..end` of a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Which text.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// From the start of one place to the end of another in the same text.
    #[must_use]
    pub fn to(self, end: Span) -> Span {
        debug_assert_eq!(self.file, end.file);
        Span { end: end.end.max(self.end), ..self }
    }

    /// The empty place just behind this one.
    #[must_use]
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }
}

/// One source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name as the user gave it, or `<net>` for a module of the built-in library.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where lines begin, once somebody asks.
    lines: OnceLock<Vec<u32>>,
    library: bool,
}

/// All source texts of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a text. Texts of 4 GiB and more must be refused by the caller.
    ///
    /// # Panics
    /// Where there are more than 2³² texts.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(Source { name: name.into(), text, lines: OnceLock::new(), library: false });
        id
    }

    /// Adds a module of the built-in library.
    pub fn add_library(&mut self, module: &str, text: &str) -> FileId {
        let id = self.add(format!("<{module}>"), text);
        self.files[id.0 as usize].library = true;
        id
    }

    /// A text by its number.
    #[must_use]
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// All texts, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The text whose [`Source::file_name`] that is.
    #[must_use]
    pub fn find(&self, file_name: &str) -> Option<(FileId, &Source)> {
        (0..).map(FileId).zip(&self.files).find(|(_, source)| source.file_name() == file_name)
    }

    /// The place of a line, from 1, without the blanks around it.
    #[must_use]
    pub fn line_span(&self, file: FileId, line: u32) -> Option<Span> {
        let source = self.files.get(file.0 as usize)?;
        let start = *source.starts().get(line.checked_sub(1)? as usize)?;
        let text = source.text.get(start as usize..)?.lines().next().unwrap_or("");
        let narrow = |n: usize| u32::try_from(n).unwrap_or(0);
        let start = start + narrow(text.len() - text.trim_start().len());
        Some(Span { file, start, end: start + narrow(text.trim().len()) })
    }

    /// The text at a place.
    #[must_use]
    #[inline]
    pub fn slice(&self, span: Span) -> &str {
        &self.get(span.file).text[span.start as usize..span.end as usize]
    }

    /// Line and column of a place, both from 1; columns count characters.
    #[must_use]
    pub fn position(&self, span: Span) -> (u32, u32) {
        self.get(span.file).position(span.start)
    }

    /// Line and column of a place, and the whole line without its end.
    #[must_use]
    pub fn line(&self, span: Span) -> (u32, u32, &str) {
        let source = self.get(span.file);
        let line = source.line(span.start, 0);
        let (number, column) = line.position(span.start);
        (number, column, line.text())
    }
}

impl Source {
    /// Its name without directories: what objects hold, so that they are the same wherever they are built.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Its name as a symbol: without directories, ending and what no name of C has.
    #[must_use]
    pub fn symbol(&self) -> String {
        Self::symbol_of(&self.name)
    }

    /// The name of a file as a symbol.
    #[must_use]
    pub fn symbol_of(name: &str) -> String {
        let file = name.rsplit('/').next().unwrap_or(name);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let clean = stem.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_");
        match clean.trim_matches('_') {
            "" => "prog".to_string(),
            name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
            name => name.to_string(),
        }
    }

    /// Whether it is a module of the built-in library.
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.library
    }

    /// Where lines begin.
    fn starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
            let (words, rest) = self.text.as_bytes().as_chunks::<8>();
            let mut starts = vec![0];
            let mut next = 1u32;
            for word in words {
                // The high bit of each byte that is a newline: all others have a bit of their own.
                let other = u64::from_le_bytes(*word) ^ u64::from_le_bytes([b'\n'; 8]);
                let mut found = !(((other & LOW) + LOW) | other | LOW);
                while found != 0 {
                    starts.push(next + found.trailing_zeros() / 8);
                    found &= found - 1;
                }
                next += 8;
            }
            starts.extend((next..).zip(rest).filter(|(_, b)| **b == b'\n').map(|(next, _)| next));
            starts
        })
    }

    /// How many lines there are, of which the last one may be empty.
    pub(crate) fn line_count(&self) -> usize {
        self.starts().len()
    }

    /// The first byte of a line; a byte order mark belongs to none.
    #[inline]
    fn line_start(&self, index: usize) -> usize {
        let start = self.starts()[index] as usize;
        if start == 0 && self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { start }
    }

    /// One past the last byte of a line, its end included.
    #[inline]
    fn line_end(&self, index: usize) -> usize {
        self.starts().get(index + 1).map_or(self.text.len(), |next| *next as usize)
    }

    /// The whole lines that hold these bytes: where they begin, the first one's number, and their text.
    pub(super) fn lines(&self, bytes: std::ops::Range<u32>) -> (usize, usize, &str) {
        let (first, last) = (self.line_index(bytes.start, 0), self.line_index(bytes.end, 0));
        let end = self.line_end(last);
        let start = self.line_start(first).min(end);
        (start, first + 1, &self.text[start..end])
    }

    /// The line of a byte, from 0; found at once in the line that `near` is, and in the next two.
    pub(crate) fn line_index(&self, offset: u32, near: usize) -> usize {
        let starts = self.starts();
        let holds = |index: &usize| {
            starts.get(*index).is_some_and(|start| *start <= offset)
                && starts.get(index + 1).is_none_or(|next| offset < *next)
        };
        let found = (near..near + 3).find(holds);
        found.unwrap_or_else(|| starts.partition_point(|&start| start <= offset) - 1)
    }

    /// The line of a byte, looked for as [`Self::line_index`] does.
    #[inline]
    pub(crate) fn line(&self, offset: u32, near: usize) -> Line<'_> {
        let index = self.line_index(offset, near);
        let start = self.line_start(index);
        Line { index, start, text: &self.text[start..self.line_end(index).max(start)] }
    }

    /// Line and column of a byte, both from 1; columns count characters.
    #[must_use]
    pub fn position(&self, offset: u32) -> (u32, u32) {
        self.line(offset, 0).position(offset)
    }
}

/// A line of a source text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Its number, from 0.
    pub(crate) index: usize,
    start: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// Line and column of one of its bytes, both from 1; columns count characters.
    #[inline]
    pub(crate) fn position(&self, offset: u32) -> (u32, u32) {
        let before = &self.text[..(offset as usize).saturating_sub(self.start)];
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (narrow(self.index + 1), narrow(before.chars().count() + 1))
    }

    /// Its text without its end.
    #[inline]
    pub(crate) fn text(&self) -> &'a str {
        let text = self.text.strip_suffix('\n').unwrap_or(self.text);
        text.strip_suffix('\r').unwrap_or(text)
    }
}
