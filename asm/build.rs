//! Cuts the pages about diagnostics out of SPEC.md, for `bpfasm explain`: what explains a code stands in one place.

use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../SPEC.md");
    println!("cargo::rerun-if-changed={}", spec.display());
    println!("cargo::rerun-if-changed=build.rs");
    let text = fs::read_to_string(&spec)?;
    let (_, pages) = text.split_once("\n## Diagnostics\n").ok_or("SPEC.md has no chapter on diagnostics")?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("pages.md"), pages)?;
    Ok(())
}
