//! Machine code of a loaded program, function by function.

use bpfasm_asm::dump::Machine;

use crate::kernel::Symbols;
use crate::sys::bpf::ProgCode;

/// Bytes in a line, where nobody knows where instructions begin.
const LINE: usize = 8;

/// The machine code of one function.
pub(super) struct Function {
    /// Where it stands in memory.
    address: u64,
    insns: Vec<Machine>,
}

/// The machine code of all functions of a program.
pub(super) fn functions(code: &ProgCode) -> Vec<Function> {
    let mut rest = code.jited.as_slice();
    let mut functions = vec![];
    for (number, length) in code.lengths.iter().enumerate() {
        let Some((bytes, more)) = usize::try_from(*length).ok().and_then(|len| rest.split_at_checked(len))
        else {
            break;
        };
        rest = more;
        let address = code.addresses.get(number).copied().unwrap_or(0);
        functions.push((address, decode::insns(bytes, address)));
    }
    let wanted =
        functions.iter().flat_map(|(_, insns)| insns.iter().filter_map(|(_, callee)| *callee)).collect();
    let names = Symbols::read().names(&wanted);
    let named = |(machine, callee): (Machine, Option<u64>)| {
        let name = callee.and_then(|address| names.get(&address));
        let text = name.map_or_else(|| machine.text.clone(), |name| format!("{}  # {name}", machine.text));
        Machine { text, ..machine }
    };
    let function =
        |(address, insns): (u64, Vec<_>)| Function { address, insns: insns.into_iter().map(named).collect() };
    functions.into_iter().map(function).collect()
}

impl Function {
    /// The code of a line, one of those whose code begins at these addresses.
    pub fn between(&self, addresses: &[u64], at: usize) -> Vec<Machine> {
        let start = addresses.get(at).copied().unwrap_or(0);
        let end = addresses.get(at + 1).copied().unwrap_or(u64::MAX);
        if start == 0 { vec![] } else { self.range(start, end) }
    }

    /// The code before the first line.
    pub fn before(&self, addresses: &[u64]) -> Vec<Machine> {
        self.range(0, addresses.first().copied().unwrap_or(u64::MAX))
    }

    fn range(&self, start: u64, end: u64) -> Vec<Machine> {
        let within = |machine: &&Machine| (start..end).contains(&self.address.saturating_add(machine.offset));
        let mut found: Vec<Machine> = vec![];
        for machine in self.insns.iter().filter(within) {
            match found.last_mut() {
                Some(last) if machine.text.is_empty() && last.bytes.len() < LINE => {
                    last.bytes.extend(&machine.bytes)
                }
                _ => found.push(machine.clone()),
            }
        }
        found
    }
}

/// With the disassembler for this machine.
#[cfg(all(feature = "machine-code", target_arch = "x86_64"))]
mod decode {
    use super::Machine;
    use iced_x86::{Code, Decoder, DecoderOptions, Formatter, GasFormatter, Instruction, OpKind};

    /// The instructions of a function, and the address that each calls or jumps to outside of it.
    pub fn insns(bytes: &[u8], address: u64) -> Vec<(Machine, Option<u64>)> {
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
}

/// Without a disassembler: byte by byte.
#[cfg(not(all(feature = "machine-code", target_arch = "x86_64")))]
mod decode {
    use super::Machine;

    pub fn insns(bytes: &[u8], _: u64) -> Vec<(Machine, Option<u64>)> {
        let byte = |(offset, byte)| (Machine { offset, bytes: vec![byte], text: String::new() }, None);
        (0..).zip(bytes.iter().copied()).map(byte).collect()
    }
}

#[cfg(all(test, feature = "machine-code", target_arch = "x86_64"))]
mod tests {
    use super::decode::insns;

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
