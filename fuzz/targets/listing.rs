//! What other tools print: each line as an instruction, in every dialect, and all of it as a file.
#![no_main]

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::isa::Dialect;
use bpfasm_asm::isa::read::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for line in text.lines().take(50) {
        for dialect in [Dialect::Native, Dialect::Llvm, Dialect::Gnu, Dialect::Kernel] {
            let _ = read(line, dialect, None);
        }
    }
    let mut sources = Sources::default();
    let root = sources.add("fuzz.txt", text);
    let compiled = compile(&mut sources, root, &Options::default());
    assert!(
        compiled.object.is_some() || compiled.elf.is_some() || compiled.errors > 0,
        "neither an object nor an error"
    );
});
