//! Where types come from.

use std::path::Path;
use std::rc::Rc;

use bpfasm_asm::btf::{Blob, Error, Scan, TypeId};
use bpfasm_asm::elf;
use bpfasm_loader::kernel::VMLINUX;
use bpfasm_loader::sys::Bytes;
use bpfasm_loader::sys::bpf::{Kind, btf_info, fd_by_id, map_info, obj_get, prog_info};
use std::os::fd::{AsFd, OwnedFd};

use crate::fail::{Code, Failure};
use crate::file::{io_reason, read_bytes};

/// Where the kernel shows its types and those of its modules.
const KERNEL: &str = "/sys/kernel/btf";

/// Bytes with types.
pub struct From {
    /// What they are called in messages.
    pub name: String,
    bytes: Bytes,
    /// The bytes that they go on from.
    base: Option<Bytes>,
    /// What is asked for by itself; empty: all.
    pub roots: Vec<TypeId>,
}

impl From {
    /// Reads what words mean, and the base.
    pub fn read(words: &[String], base: Option<&Path>) -> Result<Self, Failure> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut roots = vec![];
        let (name, bytes, on_vmlinux) = match words.as_slice() {
            ["vmlinux"] => file(Path::new(VMLINUX), false)?,
            ["module", name] => file(&Path::new(KERNEL).join(name), *name != "vmlinux")?,
            ["file", path] | [path] => file(Path::new(path), false)?,
            ["id", id] => loaded(number(id)?)?,
            ["map", which] | ["map", "id" | "pinned", which] => {
                let info = map_info(open(Kind::Map, which)?.as_fd())?;
                roots = [info.btf_key, info.btf_value].into_iter().filter(|id| *id != TypeId::VOID).collect();
                loaded(some(info.btf_id, "map", which)?)?
            }
            ["prog", which] | ["prog", "id" | "pinned", which] => {
                let info = prog_info(open(Kind::Prog, which)?.as_fd())?;
                loaded(some(info.btf_id, "program", which)?)?
            }
            _ => {
                let words = words.join(" ");
                let forms = "FILE, vmlinux, module NAME, id N, map N, prog N";
                return Err(Failure::new(Code::Usage, format!("`{words}` names no types: {forms}")));
            }
        };
        let base = match base {
            Some(base) => Some(file(base, false)?.1),
            None if on_vmlinux => Some(file(Path::new(VMLINUX), false)?.1),
            None => None,
        };
        Ok(Self { name, bytes, base, roots })
    }

    /// The types, those of the base first, and the number of the first that is none of the base's.
    pub fn blob(&self) -> Result<(Blob<'_>, u32), Failure> {
        let wrong = |error: Error| Failure::new(Code::Input, format!("{}: {error}", self.name));
        let Some(base) = &self.base else {
            return Ok((Blob::new(section(&self.bytes, &self.name)?).map_err(wrong)?, 1));
        };
        let base = Blob::new(section(base, "the base")?).map_err(wrong)?;
        let first = u32::try_from(base.len() + 1).unwrap_or(u32::MAX);
        Ok((base.with_split(section(&self.bytes, &self.name)?).map_err(wrong)?, first))
    }

    /// The types that these go on from, or they themselves; and they themselves where they go on from others. None is
    /// decoded yet.
    pub fn scan(&self) -> Result<(Rc<Scan<'_>>, Option<Rc<Scan<'_>>>), Failure> {
        let wrong = |error: Error| Failure::new(Code::Input, format!("{}: {error}", self.name));
        let own = section(&self.bytes, &self.name)?;
        let Some(base) = &self.base else { return Ok((Rc::new(Scan::new(own).map_err(wrong)?), None)) };
        let base = Rc::new(Scan::new(section(base, "the base")?).map_err(wrong)?);
        let own = Scan::on(own, Some(base.clone())).map_err(wrong)?;
        Ok((base, Some(Rc::new(own))))
    }
}

/// A file's name and bytes.
fn file(path: &Path, on_vmlinux: bool) -> Result<(String, Bytes, bool), Failure> {
    let (name, bytes) = match path.starts_with(KERNEL) {
        true => (path.display().to_string(), Bytes::of(path).map_err(|e| unread(path, e.errno.into()))?),
        false => read_bytes(path).map(|(name, bytes)| (name, bytes.into()))?,
    };
    Ok((name, bytes, on_vmlinux))
}

fn unread(path: &Path, error: std::io::Error) -> Failure {
    Failure::new(Code::Input, format!("{}: {}", path.display(), io_reason(&error)))
}

/// BTF in the kernel; that of a module goes on from the kernel's own.
fn loaded(id: u32) -> Result<(String, Bytes, bool), Failure> {
    let info = btf_info(fd_by_id(Kind::Btf, id)?.as_fd(), true)?;
    Ok((format!("BTF {id}"), info.bytes.into(), info.kernel && info.name != "vmlinux"))
}

/// A map or program by its number or by the path of a pin.
fn open(kind: Kind, which: &str) -> Result<OwnedFd, Failure> {
    Ok(match which.parse() {
        Ok(id) => fd_by_id(kind, id)?,
        Err(_) => obj_get(Path::new(which), 0)?,
    })
}

fn number(text: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| Failure::new(Code::Usage, format!("`{text}` is no number of BTF")))
}

fn some(btf: u32, what: &str, which: &str) -> Result<u32, Failure> {
    match btf {
        0 => Err(Failure::new(Code::Input, format!("{what} {which} has no types"))),
        id => Ok(id),
    }
}

/// The bytes of BTF in a file: all, or a section.
fn section<'a>(bytes: &'a [u8], name: &str) -> Result<&'a [u8], Failure> {
    let wrong = |why: String| Failure::new(Code::Input, format!("{name}: {why}"));
    if !bytes.starts_with(b"\x7fELF") {
        return Ok(bytes);
    }
    let section = elf::btf_section(bytes).map_err(|e| wrong(e.to_string()))?;
    section.ok_or_else(|| wrong("this ELF file has no section .BTF".into()))
}
