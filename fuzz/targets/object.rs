//! Bytes that may be an object: what is read comes back from the file and from the text that are made of it.
#![no_main]

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::object::Object;
use bpfasm_asm::{disasm, elf};
use libfuzzer_sys::fuzz_target;

/// Differences of large objects are looked for by other means.
fn same(a: &Object, b: &Object, what: &str) {
    assert!(a == b, "{what}:\n{a:#?}\n{b:#?}");
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(object) = elf::read(bytes) else { return };
    // What no file can hold is refused.
    if let Ok(file) = elf::write(&object) {
        same(&object, &elf::read(&file).expect("what was written is read"), "another file");
    }
    let mut sources = Sources::default();
    let root = sources.add("fuzz.bpfasm", disasm::to_text(&object));
    // What text has no words for is an error.
    if let Some(again) = compile(&mut sources, root, &Options::default()).object {
        same(&object, &again, "another object from its text");
    }
});
