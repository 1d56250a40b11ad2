//! Bytes that may be an object: listed as LLVM does and for people, or an error.
#![no_main]

use bpfasm_asm::dump::{Llvm, View};
use bpfasm_asm::elf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut text = vec![];
    if let Ok(listing) = Llvm::parse(bytes) {
        listing.write("fuzz.o", None, &mut text).expect("memory takes it");
    }
    if let Ok(object) = elf::read(bytes) {
        let view = View { source: true, bytes: true, colour: true };
        view.write(&object, &object.funcs.iter().collect::<Vec<_>>(), &mut text).expect("memory takes it");
    }
});
