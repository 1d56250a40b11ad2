//! The section and symbol tables of a file as they stand there: what a listing by addresses needs.

use goblin::container::{Container, Ctx, Endian as Order};
use goblin::elf::Elf;
use goblin::elf::header::{EI_CLASS, EI_DATA, ELFCLASS64, ELFDATA2MSB, EM_BPF, ET_REL};
use goblin::elf::section_header::{
    SHF_EXECINSTR, SHN_LORESERVE, SHN_UNDEF, SHT_DYNSYM, SHT_NOBITS, SHT_SYMTAB, SectionHeader,
};
use goblin::elf::sym::{STT_FILE, STT_SECTION, Symtab};

use super::Error;
use super::file::{self, NAME_FACTOR};
use crate::isa::Endian;

/// The tables of a file.
#[derive(Debug)]
pub(crate) struct Tables<'a> {
    pub endian: Endian,
    /// Whether it is an object file, and not linked.
    pub relocatable: bool,
    pub sections: Vec<Section<'a>>,
    /// Symbols that have a name and are neither a section nor a file; those of the dynamic linker where there are no
    /// others.
    pub symbols: Vec<Symbol<'a>>,
}

/// A section.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub name: &'a [u8],
    /// Whether the file holds instructions in it.
    pub executable: bool,
    pub address: u64,
    pub size: u64,
    /// Nothing where the file does not hold them.
    pub bytes: &'a [u8],
}

/// A symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Symbol<'a> {
    /// Its address, which in an object file counts from the start of its section.
    pub address: u64,
    pub name: &'a [u8],
    /// `STT_*`.
    pub kind: u8,
    /// The number of its section; none for one that is not defined, and for a number.
    pub section: Option<usize>,
}

impl<'a> Tables<'a> {
    /// The tables of a file of 64 bits for BPF.
    pub fn parse(data: &'a [u8]) -> Result<Self, Error> {
        let header = Elf::parse_header(data).map_err(Error::Elf)?;
        let class = header.e_ident[EI_CLASS];
        if (class, header.e_machine) != (ELFCLASS64, EM_BPF) {
            let what = format!("class {class}, file type {}, machine {}", header.e_type, header.e_machine);
            return Err(Error::NotBpf { what });
        }
        let (endian, order) = match header.e_ident[EI_DATA] {
            ELFDATA2MSB => (Endian::Big, Order::Big),
            _ => (Endian::Little, Order::Little),
        };
        let ctx = Ctx::new(Container::Big, order);
        let headers = match usize::try_from(header.e_shoff) {
            Ok(0) | Err(_) => vec![],
            Ok(at) => SectionHeader::parse(data, at, usize::from(header.e_shnum), ctx).map_err(Error::Elf)?,
        };
        let bytes = |sh: &SectionHeader| sh.file_range().and_then(|range| data.get(range));
        let names = file::names(&headers, header.e_shstrndx).and_then(bytes).unwrap_or_default();
        // Sections do not share bytes, so all of them together are no longer than the file.
        let mut left = data.len();
        let mut sections = Vec::with_capacity(headers.len());
        for sh in &headers {
            let name = string(names, sh.sh_name);
            let executable =
                sh.sh_flags & u64::from(SHF_EXECINSTR) != 0 && sh.sh_type != SHT_NOBITS && sh.sh_size > 0;
            let broken = |what| Error::Section { section: String::from_utf8_lossy(name).into_owned(), what };
            let bytes = match executable {
                true => bytes(sh).ok_or_else(|| broken("it lies outside the file"))?,
                false => &[],
            };
            left = left
                .checked_sub(bytes.len())
                .ok_or_else(|| broken("it shares bytes with another section"))?;
            sections.push(Section { name, executable, address: sh.sh_addr, size: sh.sh_size, bytes });
        }
        let mut tables = Self { endian, relocatable: header.e_type == ET_REL, sections, symbols: vec![] };
        for kind in [SHT_SYMTAB, SHT_DYNSYM] {
            if tables.symbols.iter().any(|symbol| symbol.section.is_some()) {
                break;
            }
            let Some(sh) = headers.iter().find(|sh| sh.sh_type == kind) else { continue };
            let names = usize::try_from(sh.sh_link).ok().and_then(|n| bytes(headers.get(n)?));
            let table = bytes(sh).unwrap_or_default();
            let symbols = Symtab::parse(table, 0, table.len() / ENTRY, ctx).map_err(Error::Elf)?;
            tables.read_symbols(&symbols, names.unwrap_or_default()).ok_or_else(|| Error::Section {
                section: ".symtab".into(),
                what: "its names are far too long",
            })?;
        }
        Ok(tables)
    }

    /// Nothing where the names that share their bytes are out of all proportion: to compare them would take long.
    fn read_symbols(&mut self, symbols: &Symtab, names: &'a [u8]) -> Option<()> {
        let mut budget = (names.len() + symbols.len() * ENTRY).saturating_mul(NAME_FACTOR);
        // The first one stands for none.
        for symbol in symbols.iter().skip(1) {
            let name = string(names, symbol.st_name);
            budget = budget.checked_sub(name.len())?;
            let kind = symbol.st_type();
            if name.is_empty() || matches!(kind, STT_SECTION | STT_FILE) {
                continue;
            }
            let number = u32::try_from(symbol.st_shndx).unwrap_or(SHN_UNDEF);
            let section = (number != SHN_UNDEF && number < SHN_LORESERVE).then_some(symbol.st_shndx);
            let base = match section {
                Some(_) if !self.relocatable => 0,
                Some(n) => match self.sections.get(n) {
                    Some(section) => section.address,
                    None => continue,
                },
                None => 0,
            };
            let address = symbol.st_value.wrapping_add(base);
            self.symbols.push(Symbol { address, name, kind, section });
        }
        Some(())
    }
}

/// The size of a symbol in a table.
const ENTRY: usize = 24;

/// The string at a place of a table; empty where there is none.
fn string(table: &[u8], at: usize) -> &[u8] {
    table.get(at..).and_then(|rest| rest.split(|b| *b == 0).next()).unwrap_or_default()
}
