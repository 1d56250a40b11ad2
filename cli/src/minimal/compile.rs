//! In the minimal build nothing is compiled: objects are read.

use std::path::Path;

use bpfasm_asm::diag::Sources;
use bpfasm_asm::elf;
use bpfasm_asm::object::Object;

use crate::args::CompileArgs;
use crate::fail::{Code, Failure};
use crate::file::{ELF, read_bytes};

/// What became of source text, of which there is none.
pub enum Compiled {}

/// The object in a file.
pub fn loadable(file: &Path, _: &CompileArgs) -> Result<(Sources, Object, Option<Compiled>), Failure> {
    let (name, bytes) = read_bytes(file)?;
    let wrong = |e: &dyn std::fmt::Display| Failure::new(Code::Input, format!("{name}: {e}"));
    if !bytes.starts_with(ELF) {
        return Err(wrong(&"this is no ELF object, and this build of bpfasm assembles no text"));
    }
    Ok((Sources::default(), elf::read(&bytes).map_err(|e| wrong(&e))?, None))
}

/// What was compiled, as text.
pub fn show(_: &Sources, compiled: &Compiled) -> Result<(), Failure> {
    match *compiled {}
}
