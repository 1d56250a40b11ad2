//! The sections and symbols of a file, checked: what the reader builds on.

use goblin::elf::Elf;
use goblin::elf::header::{ELFCLASS64, EM_BPF, ET_REL};
use goblin::elf::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, SHT_PROGBITS, SHT_REL, SHT_RELA, SHT_STRTAB, SHT_SYMTAB,
    SectionHeader,
};

use goblin::elf::sym::{STB_LOCAL, STB_WEAK, STV_HIDDEN, STV_INTERNAL};

use super::{Error, LICENSE};
use crate::btf::maps;
use crate::isa::Endian;
use crate::object::{ARENA, DataKind};

/// All `.bss` sections together may have so many bytes; nothing in the file pays for them.
const MAX_BSS: u64 = 1 << 28;

/// A section that means something.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub name: &'a str,
    pub kind: SectionKind,
    /// Nothing for `.bss`.
    pub bytes: &'a [u8],
    pub size: u64,
    pub align: u64,
}

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum SectionKind {
    Code,
    Data(DataKind),
    License,
    Maps,
    Btf,
    BtfExt,
    /// Relocations of the section with that number.
    Rel(usize),
}

/// A file whose headers are sound.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub endian: Endian,
    /// By section number; nothing for what does not matter.
    pub sections: Vec<Option<Section<'a>>>,
    pub symbols: Vec<Symbol<'a>>,
}

/// A symbol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol<'a> {
    pub name: &'a str,
    /// `STT_*`.
    pub kind: u8,
    pub global: bool,
    /// Global, and may be missing where it is not defined.
    pub weak: bool,
    /// Not seen by other objects once linked (`STV_HIDDEN`, `STV_INTERNAL`).
    pub hidden: bool,
    /// Number of the section; 0 for a symbol that is defined elsewhere.
    pub section: usize,
    pub value: u64,
    pub size: u64,
}

impl<'a> File<'a> {
    /// Headers, sections and symbols of a file.
    pub fn parse(data: &'a [u8]) -> Result<Self, Error> {
        let header = Elf::parse_header(data).map_err(Error::Elf)?;
        let class = header.e_ident.get(4).copied().unwrap_or(0);
        if (class, header.e_type, header.e_machine) != (ELFCLASS64, ET_REL, EM_BPF) {
            let what = format!("class {class}, file type {}, machine {}", header.e_type, header.e_machine);
            return Err(Error::NotBpf { what });
        }
        let elf = Elf::parse(data).map_err(Error::Elf)?;
        let endian = if elf.little_endian { Endian::Little } else { Endian::Big };
        let name = |sh: &SectionHeader| elf.shdr_strtab.get_at(sh.sh_name).unwrap_or("");
        // Sections do not share bytes, so all of them together are no longer than the file.
        let (mut left, mut bss) = (data.len(), 0u64);
        let mut sections = Vec::with_capacity(elf.section_headers.len());
        for sh in &elf.section_headers {
            let name = name(sh);
            let Some(kind) = section_kind(name, sh, &elf)? else {
                sections.push(None);
                continue;
            };
            let broken = |what| Error::Section { section: name.into(), what };
            let bytes = match sh.file_range() {
                Some(range) => data.get(range).ok_or_else(|| broken("it lies outside the file"))?,
                None => &[],
            };
            let shares = || broken("it shares bytes with another section");
            left = left.checked_sub(bytes.len()).ok_or_else(shares)?;
            if sh.sh_type == SHT_NOBITS {
                let total = bss.checked_add(sh.sh_size).filter(|b| *b <= MAX_BSS);
                bss = total.ok_or_else(|| broken("it is longer than 256 MiB"))?;
            }
            sections.push(Some(Section { name, kind, bytes, size: sh.sh_size, align: sh.sh_addralign }));
        }
        let symbols = elf.syms.iter().map(|s| Symbol {
            name: elf.strtab.get_at(s.st_name).unwrap_or(""),
            kind: s.st_type(),
            global: s.st_bind() != STB_LOCAL,
            weak: s.st_bind() == STB_WEAK,
            hidden: matches!(s.st_visibility(), STV_HIDDEN | STV_INTERNAL),
            section: s.st_shndx,
            value: s.st_value,
            size: s.st_size,
        });
        Ok(Self { endian, sections, symbols: symbols.collect() })
    }

    /// The section with that number.
    pub fn section(&self, number: usize) -> Option<&Section<'a>> {
        self.sections.get(number)?.as_ref()
    }

    /// Sections with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Section<'a>)> {
        self.sections.iter().enumerate().filter_map(|(i, s)| Some((i, s.as_ref()?)))
    }

    /// The only section of a kind.
    pub fn only(&self, kind: SectionKind) -> Result<Option<&Section<'a>>, Error> {
        let mut all = self.iter().filter(|(_, s)| s.kind == kind);
        let first = all.next().map(|(_, s)| s);
        match all.next() {
            Some((_, s)) => Err(Error::Section { section: s.name.into(), what: "there are two of them" }),
            None => Ok(first),
        }
    }
}

/// What a section is for; nothing where it does not matter, such as DWARF.
fn section_kind(name: &str, sh: &SectionHeader, elf: &Elf) -> Result<Option<SectionKind>, Error> {
    let unsupported = |what| Err(Error::Unsupported { section: name.into(), what });
    if sh.sh_type == SHT_REL || sh.sh_type == SHT_RELA {
        let target = usize::try_from(sh.sh_info).ok().and_then(|i| Some((i, elf.section_headers.get(i)?)));
        let Some((number, _)) = target.filter(|(_, t)| t.sh_flags & u64::from(SHF_ALLOC) != 0) else {
            return Ok(None);
        };
        if sh.sh_type == SHT_RELA {
            return unsupported("relocations with addends");
        }
        return Ok(Some(SectionKind::Rel(number)));
    }
    if matches!(sh.sh_type, SHT_STRTAB | SHT_SYMTAB) {
        return Ok(None);
    }
    let starts = |prefix: &str| name.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('.'));
    let kind = match name {
        ".BTF" => SectionKind::Btf,
        ".BTF.ext" => SectionKind::BtfExt,
        _ if sh.sh_flags & u64::from(SHF_ALLOC) == 0 || sh.sh_size == 0 => return Ok(None),
        LICENSE => SectionKind::License,
        maps::SECTION => SectionKind::Maps,
        "version" => return Ok(None),
        "maps" => return unsupported("maps without BTF"),
        _ if sh.sh_type == SHT_PROGBITS && sh.sh_flags & u64::from(SHF_EXECINSTR) != 0 => SectionKind::Code,
        _ if sh.sh_type == SHT_PROGBITS && starts(".data") => SectionKind::Data(DataKind::Data),
        _ if sh.sh_type == SHT_PROGBITS && starts(".rodata") => SectionKind::Data(DataKind::Rodata),
        ".struct_ops" | ".struct_ops.link" | "?.struct_ops" | "?.struct_ops.link" => {
            SectionKind::Data(DataKind::StructOps)
        }
        ARENA => SectionKind::Data(DataKind::Arena),
        _ if sh.sh_type == SHT_NOBITS && starts(".bss") => SectionKind::Data(DataKind::Bss),
        _ => return unsupported("data of a kind that is not known"),
    };
    if sh.sh_type == SHT_NOBITS && kind != SectionKind::Data(DataKind::Bss) {
        return Err(Error::Section { section: name.into(), what: "the file does not hold its bytes" });
    }
    Ok(Some(kind))
}
