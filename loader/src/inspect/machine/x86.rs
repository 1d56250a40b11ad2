//! x86-64, in the syntax of AT&T.

use bpfasm_asm::dump::Machine;
use iced_x86::{Code, Decoder, DecoderOptions, Formatter, GasFormatter, Instruction, OpKind};

use super::Insns;

/// The instructions of a function, and the address that each calls or jumps to outside of it.
pub(super) fn insns(bytes: &[u8], address: u64) -> Insns {
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let mut formatter = GasFormatter::new();
    let options = formatter.options_mut();
    options.set_space_after_operand_separator(true);
    options.set_uppercase_hex(false);
    options.set_branch_leading_zeros(false);
    let mut insn = Instruction::default();
    let mut insns = vec![];
    while decoder.can_decode() {
        decoder.decode_out(&mut insn);
        let (start, len) = (insn.ip(), insn.len());
        let from = usize::try_from(start).unwrap_or(usize::MAX);
        let mut text = String::new();
        // What takes eight bytes is an address.
        let is_address = insn.code() == Code::Mov_r64_imm64;
        formatter.options_mut().set_signed_immediate_operands(!is_address);
        formatter.format(&insn, &mut text);
        // Places in the function are counted from its start; others have their address.
        let target = insn.near_branch_target();
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let is_branch = insn.op0_kind() == OpKind::NearBranch64;
        let outside = (is_branch && target >= size).then(|| address.wrapping_add(target));
        if let Some(outside) = outside {
            text.clear();
            formatter.format_mnemonic(&insn, &mut text);
            text.push_str(&format!(" {outside:#x}"));
        }
        let bytes = bytes.get(from..from + len).unwrap_or_default().to_vec();
        insns.push((Machine { offset: start, bytes, text }, outside));
    }
    insns
}

#[cfg(test)]
mod tests {
    use super::insns;

    #[test]
    fn places_within_and_without() {
        // xor %eax, %eax; je 0; call, 16 bytes further than the end; add $-4, %rsi; and half an instruction.
        let code = [0x31, 0xc0, 0x74, 0xfc, 0xe8, 0x15, 0, 0, 0, 0x48, 0x83, 0xc6, 0xfc, 0x48, 0xbf];
        let insns = insns(&code, 0x1000);
        let texts: Vec<&str> = insns.iter().map(|(machine, _)| machine.text.as_str()).collect();
        assert_eq!(texts, ["xor %eax, %eax", "je 0", "call 0x101e", "add $-4, %rsi", "(bad)"]);
        let outside: Vec<_> = insns.iter().map(|(_, callee)| *callee).collect();
        assert_eq!(outside, [None, None, Some(0x101e), None, None]);
        let all: Vec<u8> = insns.into_iter().flat_map(|(machine, _)| machine.bytes).collect();
        assert_eq!(all, code);
    }
}
