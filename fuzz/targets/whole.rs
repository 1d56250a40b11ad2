//! Text to an object to a file and back: an object or an error, and no panic.
#![no_main]

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::elf;
use bpfasm_asm::isa::Endian;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for endian in [Endian::Little, Endian::Big] {
        let mut sources = Sources::default();
        let root = sources.add("fuzz.bpfasm", text);
        let compiled = compile(&mut sources, root, &Options { endian, ..Options::default() });
        assert_eq!(compiled.object.is_none(), compiled.errors > 0, "an object, or an error");
        let Some(object) = compiled.object else { continue };
        // An object may be impossible as a file, and a file may hold what no compiler makes; but neither panics.
        if let Ok(bytes) = elf::write(&object) {
            let _ = elf::read(&bytes);
        }
    }
});
