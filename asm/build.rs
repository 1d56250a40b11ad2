//! Packs the texts that are built in: the pages of SPEC.md about diagnostics, for `bpfasm explain`, so that what
//! explains a code stands in one place; and the modules of the library.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("..");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");

    let spec = read(&root.join("SPEC.md"))?;
    let (_, pages) = spec.split_once("\n## Diagnostics\n").ok_or("SPEC.md has no chapter on diagnostics")?;
    fs::write(out.join("pages.rs"), packed(&out.join("pages"), pages)?)?;

    let library = root.join("programs/lib");
    println!("cargo::rerun-if-changed={}", library.display());
    let mut modules = vec![];
    for entry in fs::read_dir(&library)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "bpfasm") {
            let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a module's name is no text")?;
            modules.push((name.to_string(), packed(&out.join(format!("lib-{name}")), &read(&path)?)?));
        }
    }
    modules.sort();
    let mut table = format!("static MODULES: [(&str, Packed); {}] = [\n", modules.len());
    for (name, packed) in modules {
        writeln!(table, "    ({name:?}, {packed}),")?;
    }
    fs::write(out.join("modules.rs"), table + "];\n")?;
    Ok(())
}

fn read(path: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()).into())
}

/// So many bytes saved are worth the time that it takes to inflate a text.
const WORTH: usize = 16 << 10;

/// A text as a value of Rust, for which a file is written.
fn packed(file: &Path, text: &str) -> Result<String, Box<dyn Error>> {
    let deflated = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 10);
    let is_worth_it = text.len() - deflated.len().min(text.len()) > WORTH;
    fs::write(file, if is_worth_it { &deflated } else { text.as_bytes() })?;
    Ok(match is_worth_it {
        true => format!("Packed::deflated(include_bytes!({file:?}))"),
        false => format!("Packed::Plain(include_str!({file:?}))"),
    })
}
