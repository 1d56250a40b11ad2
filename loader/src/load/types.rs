//! Types (BTF) into the kernel. They are a courtesy: without them a program loads all the same.

use super::Layout;
use super::memlock::Memlock;
use crate::error::{Error, Result};
use crate::sys::bpf::{Log, btf_load};
use bpfasm_asm::btf::ext::{FUNC_INFO_LEN, LINE_INFO_LEN};
use bpfasm_asm::btf::{FuncRecords, KernelBtf, Newer, encode_for_kernel};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::Object;
use nix::errno::Errno;
use std::os::fd::OwnedFd;

/// Types that the kernel has taken.
#[derive(Debug)]
pub(super) struct Types {
    pub(super) fd: OwnedFd,
    funcs: Vec<FuncRecords>,
}

/// func_info and line_info of one program, as bytes.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) func_info: Vec<u8>,
    pub(super) line_info: Vec<u8>,
}

/// Loads the types, where there are any. What a kernel does not know of them is left out, the newest first; one that
/// refuses them even so gets none, and a note says so.
pub(super) fn load(object: &Object, memlock: &mut Memlock, notes: &mut Vec<String>) -> Result<Option<Types>> {
    if object.btf.types.is_empty() {
        return Ok(None);
    }
    let encode = |object: &Object| encode_for_kernel(object).map_err(|e| Error::Btf(e.to_string()));
    let KernelBtf { btf, funcs } = encode(object)?;
    let refused = match memlock.retry(|token| btf_load(&btf, None, token)) {
        Ok(fd) => return Ok(Some(Types { fd, funcs })),
        Err(e) => e,
    };
    let mut older = object.clone();
    let mut left_out = vec![];
    for newer in Newer::ALL.into_iter().filter(|_| refused.errno == Errno::EINVAL) {
        if !newer.leave_out(&mut older.btf) {
            continue;
        }
        left_out.push(newer.name());
        let KernelBtf { btf, funcs } = encode(&older)?;
        if let Ok(fd) = btf_load(&btf, None, memlock.token()) {
            let left_out = left_out.join(", ");
            notes.push(format!("this kernel has older types: what they lack is left out ({left_out})"));
            return Ok(Some(Types { fd, funcs }));
        }
    }
    notes.push(format!("loaded without types, since the kernel refused them: {}{}", refused, reason(&btf)));
    Ok(None)
}

/// The last line of the kernel's log about types that it refused.
fn reason(btf: &[u8]) -> String {
    let mut log = vec![0; 64 * 1024];
    if btf_load(btf, Some(Log { level: 1, buf: &mut log }), None).is_ok() {
        return String::new();
    }
    let end = log.iter().position(|&b| b == 0).unwrap_or(log.len());
    let text = String::from_utf8_lossy(&log[..end]);
    text.lines().rfind(|l| !l.trim().is_empty()).map_or_else(String::new, |l| format!(" ({})", l.trim()))
}

impl Types {
    /// The records of a program. The kernel wants one func_info for each function or none at all, and a line for
    /// the first instruction of each function or no lines at all (`check_btf_func()`, `check_btf_line()` in
    /// `kernel/bpf/verifier.c`).
    pub(super) fn records(&self, layout: &Layout) -> Records {
        self.func_info(layout).map_or_else(Records::default, |func_info| Records {
            func_info,
            line_info: self.line_info(layout).unwrap_or_default(),
        })
    }

    fn func_info(&self, layout: &Layout) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(layout.parts.len() * FUNC_INFO_LEN);
        for part in &layout.parts {
            let info = self.funcs.get(part.func)?.func_info?;
            bytes.extend(info.shifted(u32::try_from(part.start).ok()?)?.to_bytes(Endian::HOST));
        }
        Some(bytes)
    }

    fn line_info(&self, layout: &Layout) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for part in &layout.parts {
            let lines = &self.funcs.get(part.func)?.line_info;
            lines.first().filter(|first| first.insn_off == 0)?;
            bytes.reserve(lines.len() * LINE_INFO_LEN);
            let mut last = None;
            for line in lines.iter().filter(|l| last.replace(l.insn_off) != Some(l.insn_off)) {
                bytes.extend(line.shifted(u32::try_from(part.start).ok()?)?.to_bytes(Endian::HOST));
            }
        }
        Some(bytes)
    }
}
