//! What the kernel can do that programs ask for by name.

use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::uapi::{HelperId, ProgType};

use crate::sys::bpf::{ProgLoad, prog_load};

/// Whether programs learn the value that they were attached with (`bpf_get_attach_cookie`, Linux 5.15): tried with a
/// program that does nothing else.
#[must_use]
pub fn has_attach_cookie() -> bool {
    let Some(HelperId(helper)) = HelperId::from_name("bpf_get_attach_cookie") else { return false };
    let call = Insn { code: 0x85, imm: helper.cast_signed(), ..Insn::default() };
    let exit = Insn { code: 0x95, ..Insn::default() };
    let mut bytes = vec![];
    [call, exit].iter().for_each(|insn| insn.encode(Endian::HOST, &mut bytes));
    prog_load(&ProgLoad::new(ProgType::KPROBE, &bytes, c"GPL"), None).is_ok()
}
