//! What is formatted is the same text of tokens, and formatting it again changes nothing.
#![no_main]

use bpfasm_asm::diag::Sources;
use bpfasm_asm::lang::fmt::{Refused, format};
use libfuzzer_sys::fuzz_target;

fn formatted(text: &str) -> Result<String, Refused> {
    let mut sources = Sources::default();
    let root = sources.add("fuzz.bpfasm", text);
    format(&sources, root)
}

fuzz_target!(|text: &str| {
    match formatted(text) {
        Ok(once) => assert_eq!(formatted(&once).as_ref(), Ok(&once)),
        Err(Refused::Syntax(_)) => {}
        Err(refused) => panic!("{refused}"),
    }
});
