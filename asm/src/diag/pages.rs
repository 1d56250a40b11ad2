//! The page of SPEC.md about each code.

use crate::packed::Packed;

/// The chapter on diagnostics, which the build script cuts out of SPEC.md.
static PAGES: Packed = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page about a code, as Markdown, without its heading. None if it is no code.
#[must_use]
pub fn page(code: &str) -> Option<&'static str> {
    let mut sections = PAGES.text().split("\n### ").skip(1);
    let (_, page) = sections.find_map(|s| s.strip_prefix(code)?.strip_prefix(':')?.split_once('\n'))?;
    // The next chapter, if one follows.
    Some(page.split("\n## ").next().unwrap_or(page).trim())
}
