//! Text on its way out: gathered, and handed on in large pieces.

use std::io::{self, Write};
use std::ops::{Deref, DerefMut};

use crate::text::Text;

/// So much is gathered.
const PIECE: usize = 1 << 16;

/// Gathers text; lines are written to the buffer only, and handed on between lines.
pub(super) struct Out<'w> {
    text: Text,
    to: &'w mut dyn Write,
}

impl<'w> Out<'w> {
    pub fn new(to: &'w mut dyn Write) -> Self {
        Self { text: Text::with_capacity(PIECE + PIECE / 8), to }
    }

    /// Ends a line, and hands on what has been gathered where that is enough.
    pub fn end(&mut self) -> io::Result<()> {
        self.text.text("\n");
        if self.text.len() < PIECE { Ok(()) } else { self.flush() }
    }

    /// Hands on what has been gathered.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    /// Takes the blanks at the end of the line away.
    pub fn trim(&mut self) {
        self.text.truncate(self.text.as_bytes().trim_ascii_end().len());
    }
}

impl Deref for Out<'_> {
    type Target = Text;

    fn deref(&self) -> &Text {
        &self.text
    }
}

impl DerefMut for Out<'_> {
    fn deref_mut(&mut self) -> &mut Text {
        &mut self.text
    }
}
