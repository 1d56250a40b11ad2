//! Machine code of a loaded program, function by function.

use bpfasm_asm::dump::Machine;

use crate::kernel::Symbols;
use crate::sys::bpf::ProgCode;

#[cfg(feature = "machine-code")]
mod arm64;
#[cfg(feature = "machine-code")]
mod x86;

/// Instructions, each with the address that it calls or jumps to outside of its function.
type Insns = Vec<(Machine, Option<u64>)>;

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
    let kernel = nix::sys::utsname::uname().ok();
    let insns =
        disassembler(kernel.as_ref().and_then(|kernel| kernel.machine().to_str()).unwrap_or_default());
    let mut rest = code.jited.as_slice();
    let mut functions = vec![];
    for (number, length) in code.lengths.iter().enumerate() {
        let Some((bytes, more)) = usize::try_from(*length).ok().and_then(|len| rest.split_at_checked(len))
        else {
            break;
        };
        rest = more;
        let address = code.addresses.get(number).copied().unwrap_or(0);
        functions.push((address, insns(bytes, address)));
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

/// What reads the machine code of a kernel for this machine: code of a function, and its address. It is the kernel
/// that decides, not what this program is built for.
fn disassembler(machine: &str) -> fn(&[u8], u64) -> Insns {
    match machine {
        #[cfg(feature = "machine-code")]
        "x86_64" => x86::insns,
        #[cfg(feature = "machine-code")]
        "aarch64" | "aarch64_be" => arm64::insns,
        _ => bytes,
    }
}

/// Byte by byte, where there is nothing that knows better.
fn bytes(bytes: &[u8], _: u64) -> Insns {
    let byte = |(offset, byte)| (Machine { offset, bytes: vec![byte], text: String::new() }, None);
    (0..).zip(bytes.iter().copied()).map(byte).collect()
}
