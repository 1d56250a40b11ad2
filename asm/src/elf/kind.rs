//! What a section is for, and what its header looks like.

use goblin::elf::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS, SHF_WRITE, SHT_DYNAMIC, SHT_DYNSYM, SHT_GROUP,
    SHT_HASH, SHT_NOBITS, SHT_NOTE, SHT_NULL, SHT_PROGBITS, SHT_REL, SHT_RELA, SHT_STRTAB, SHT_SYMTAB,
    SHT_SYMTAB_SHNDX, SectionHeader,
};

use super::{LICENSE, VERSION};
use crate::btf::maps;
use crate::object::{ARENA, DataKind, Form};

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum SectionKind {
    /// Nothing that an object keeps, such as DWARF.
    Nothing,
    Code,
    Data(DataKind),
    License,
    Version,
    Maps,
    /// Maps as they were before BTF.
    Legacy,
    Btf,
    BtfExt,
    /// Relocations of the section with that number; whether they have addends.
    Rel(usize, bool),
}

/// Sections that belong to tools, not to the object; also those whose names go on behind these.
const TOOLS: [&str; 16] = [
    ".debug",
    ".zdebug",
    ".eh_frame",
    ".gcc_except_table",
    ".comment",
    ".note",
    ".llvm",
    ".gnu",
    ".stab",
    ".ident",
    ".rel.",
    ".rela.",
    ".strtab",
    ".shstrtab",
    ".symtab",
    ".dyn",
];

/// Section types that belong to the file.
const FILE: [u32; 9] = [
    SHT_NULL,
    SHT_STRTAB,
    SHT_SYMTAB,
    SHT_SYMTAB_SHNDX,
    SHT_GROUP,
    SHT_DYNAMIC,
    SHT_DYNSYM,
    SHT_HASH,
    SHT_NOTE,
];
/// Types from here on belong to the maker of the file.
const LOOS: u32 = 0x6000_0000;

/// Whether the name is `prefix`, or goes on with a dot behind it.
fn family(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('.'))
}

/// The kind of a data section that its name says.
#[must_use]
pub fn data_kind(name: &str) -> DataKind {
    match name {
        ".struct_ops" | ".struct_ops.link" | "?.struct_ops" | "?.struct_ops.link" => DataKind::StructOps,
        ARENA => DataKind::Arena,
        _ if family(name, ".data") => DataKind::Data,
        _ if family(name, ".rodata") => DataKind::Rodata,
        _ if family(name, ".bss") => DataKind::Bss,
        _ => DataKind::Other,
    }
}

/// The header that a data section of that kind and name has by itself.
pub(crate) fn usual_form(kind: DataKind, name: &str) -> Form {
    let writable = u64::from(SHF_ALLOC | SHF_WRITE);
    let form = |kind, flags, entry| Form { kind, flags, entry };
    match kind {
        DataKind::Data | DataKind::StructOps | DataKind::Arena | DataKind::Other => {
            form(SHT_PROGBITS, writable, 0)
        }
        DataKind::Bss => form(SHT_NOBITS, writable, 0),
        DataKind::Rodata => {
            let plain = u64::from(SHF_ALLOC);
            let merge = plain | u64::from(SHF_MERGE);
            let sized = |prefix: &str| name.strip_prefix(prefix)?.split('.').next()?.parse().ok();
            if let Some(entry) = sized(".rodata.cst") {
                return form(SHT_PROGBITS, merge, entry);
            }
            match name.strip_prefix(".rodata.str").and_then(|rest| rest.split('.').next()?.parse().ok()) {
                Some(entry) => form(SHT_PROGBITS, merge | u64::from(SHF_STRINGS), entry),
                None => form(SHT_PROGBITS, plain, 0),
            }
        }
    }
}

/// What a section is for.
pub(super) fn section_kind(name: &str, sh: &SectionHeader, all: &[SectionHeader]) -> SectionKind {
    let flag = |flag: u32| sh.sh_flags & u64::from(flag) != 0;
    if sh.sh_type == SHT_REL || sh.sh_type == SHT_RELA {
        return match usize::try_from(sh.sh_info) {
            Ok(number) if number > 0 && number < all.len() => {
                SectionKind::Rel(number, sh.sh_type == SHT_RELA)
            }
            _ => SectionKind::Nothing,
        };
    }
    let stored = sh.sh_type != SHT_NOBITS;
    match name {
        _ if FILE.contains(&sh.sh_type) || (LOOS..0x8000_0000).contains(&sh.sh_type) => SectionKind::Nothing,
        ".BTF" if stored => SectionKind::Btf,
        ".BTF.ext" if stored => SectionKind::BtfExt,
        _ if sh.sh_type == SHT_PROGBITS && flag(SHF_EXECINSTR) => SectionKind::Code,
        LICENSE if stored => SectionKind::License,
        VERSION if stored => SectionKind::Version,
        maps::SECTION if stored => SectionKind::Maps,
        "maps" if stored => SectionKind::Legacy,
        _ if stored && name.starts_with("maps/") => SectionKind::Legacy,
        _ if TOOLS.iter().any(|tool| name.starts_with(tool)) => SectionKind::Nothing,
        _ => SectionKind::Data(match data_kind(name) {
            DataKind::Bss if stored => DataKind::Data,
            kind => kind,
        }),
    }
}
