//! Texts that stand in the program deflated, where that saves much, until somebody asks for them.

use std::sync::OnceLock;

/// Such a text; the build script chooses.
pub(crate) enum Packed {
    Plain(&'static str),
    Deflated(&'static [u8], OnceLock<String>),
}

impl Packed {
    pub const fn deflated(bytes: &'static [u8]) -> Self {
        Self::Deflated(bytes, OnceLock::new())
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Deflated(bytes, text) => text.get_or_init(|| {
                let bytes = miniz_oxide::inflate::decompress_to_vec(bytes).unwrap_or_default();
                String::from_utf8(bytes).unwrap_or_default()
            }),
        }
    }
}
