//! Object to ELF and back: [`read`] an object file, [`write()`] one.
//!
//! What is read, written and read again is the same [`Object`](crate::object::Object).
//!
//! The files are those of clang: ELF64, relocatable, `EM_BPF`, relocations without addend (`SHT_REL`). Source:
//! the ELF specification, Linux `Documentation/bpf/llvm_reloc.rst`, and what libbpf accepts.

mod error;
mod external;
mod file;
mod fit;
mod functions;
mod hook;
mod kind;
pub(crate) mod layout;
mod legacy;
mod maps;
mod read;
mod records;
mod refs;
mod reloc;
pub(crate) mod tables;
mod write;

pub use error::Error;
pub use fit::fit;
pub(crate) use hook::take as take_hooks;
pub use kind::data_kind;
pub(crate) use kind::usual_form;
pub use legacy::is_pinned_by_tc;
pub(crate) use maps::{UNDESCRIBED, define as define_map, trim};
pub use read::read;
pub use write::{pieces, write};

/// `R_BPF_64_64`: a 64-bit immediate load of the address of map, data or function.
pub(crate) const R_BPF_64_64: u32 = 1;
/// `R_BPF_64_ABS64`: an address of 8 bytes in data.
const R_BPF_64_ABS64: u32 = 2;
/// `R_BPF_64_32`: a call of a function in another section.
pub(crate) const R_BPF_64_32: u32 = 10;
/// Section of the licence.
const LICENSE: &str = "license";
/// Section of the kernel's version.
const VERSION: &str = "version";
/// Opcode of a call.
pub(crate) const CALL: u8 = 0x85;
/// The source register of a call of a function at a distance (`BPF_PSEUDO_CALL`).
pub(crate) const PSEUDO_CALL: u8 = 1;

/// The bytes of section `.BTF` of any ELF file, for whichever machine: an object, a kernel.
///
/// # Errors
/// What is broken.
pub fn btf_section(data: &[u8]) -> Result<Option<&[u8]>, Error> {
    let elf = goblin::elf::Elf::parse(data).map_err(Error::Elf)?;
    let named = |s: &&goblin::elf::SectionHeader| elf.shdr_strtab.get_at(s.sh_name) == Some(".BTF");
    let range = elf.section_headers.iter().find(named).and_then(goblin::elf::SectionHeader::file_range);
    Ok(range.and_then(|range| data.get(range)))
}
