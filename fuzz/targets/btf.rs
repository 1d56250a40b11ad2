//! Bytes that may be BTF, alone or in an object: types come back from their text, and end as C or in an error. Bytes
//! that are text are read as such.
#![no_main]

use bpfasm_asm::btf::{Blob, Btf, c, ext::Ext, raw};
use bpfasm_asm::diag::FileId;
use bpfasm_asm::elf;
use bpfasm_asm::isa::Endian;
use libfuzzer_sys::fuzz_target;

fn check(btf: &Btf) {
    let text = raw::print(btf);
    let (again, diagnostics) = raw::parse(&text, FileId(0), 0);
    assert!(diagnostics.is_empty() && again == *btf, "{text}");
    let _ = c::print(btf);
    let bytes = btf.encode(Endian::HOST);
    let Some(blob) = bytes.as_deref().ok().and_then(|bytes| Blob::new(bytes).ok()) else { return };
    for (id, _) in blob.iter().take(16) {
        let _ = c::show(&blob, id, 2).map(|part| part.to_string());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let section = elf::btf_section(bytes).ok().flatten().unwrap_or(bytes);
    let _ = Ext::decode(bytes);
    if let Ok(btf) = Btf::decode(section) {
        check(&btf);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = raw::end(text);
        check(&raw::parse(text, FileId(0), 0).0);
    }
});
