//! The sections and symbols of a file, checked: what the reader builds on.

use std::borrow::Cow;

use goblin::container::{Container, Ctx, Endian as Order};
use goblin::elf::Elf;
use goblin::elf::header::{
    EI_CLASS, EI_DATA, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, EM_BPF, EM_NONE, ET_DYN, ET_EXEC, ET_REL,
};
use goblin::elf::section_header::{
    SHN_ABS, SHN_COMMON, SHN_XINDEX, SHT_NOBITS, SHT_SYMTAB, SHT_SYMTAB_SHNDX, SectionHeader,
};
use goblin::elf::sym::{STB_LOCAL, STB_WEAK, STT_FILE, STT_SECTION, STV_HIDDEN, STV_INTERNAL, Symtab};

use super::Error;
use super::kind::{SectionKind, section_kind};
use crate::btf::bytes::u32_at;
use crate::bytes::text;
use crate::isa::Endian;
use crate::object::{Form, Linkage};

/// The machine number of a relative of eBPF (Solana).
const EM_SBF: u16 = 263;
/// How many times longer than the file all names may be, written out.
pub(super) const NAME_FACTOR: usize = 4;

/// A section.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub name: Cow<'a, str>,
    pub kind: SectionKind,
    /// What its header says.
    pub form: Form,
    /// Nothing where the file does not hold them.
    pub bytes: &'a [u8],
    pub size: u64,
    pub align: u64,
    /// `sh_link`.
    pub link: usize,
}

/// A file whose headers are sound.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub endian: Endian,
    /// By section number.
    pub sections: Vec<Section<'a>>,
    pub symbols: Vec<Symbol<'a>>,
    /// How many bytes of names may still be copied.
    pub budget: usize,
}

/// Where a symbol is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// Nowhere in this file.
    Undefined,
    /// In the section with that number.
    Section(usize),
    /// A linker makes room for it.
    Common,
    /// It is a number.
    Absolute,
}

/// A symbol.
#[derive(Debug, Clone)]
pub(super) struct Symbol<'a> {
    pub name: Cow<'a, str>,
    /// `STT_*`.
    pub kind: u8,
    pub linkage: Linkage,
    /// Global, and may be missing where it is not defined.
    pub weak: bool,
    /// Not seen by other objects once linked (`STV_HIDDEN`, `STV_INTERNAL`).
    pub hidden: bool,
    pub home: Home,
    /// From the start of its section.
    pub value: u64,
    pub size: u64,
}

impl Symbol<'_> {
    pub fn is_global(&self) -> bool {
        self.linkage == Linkage::Global
    }

    /// Whether it says no more than its section; one without a name stands for the section, too.
    pub fn is_section(&self) -> bool {
        self.value == 0 && (self.kind == STT_SECTION || self.name.is_empty() && self.kind != STT_FILE)
    }

    /// Whether there is a place in its section that it names.
    pub fn is_named(&self) -> bool {
        !self.name.is_empty() && !matches!(self.kind, STT_SECTION | STT_FILE)
    }
}

impl<'a> File<'a> {
    /// Headers, sections and symbols of a file.
    pub fn parse(data: &'a [u8]) -> Result<Self, Error> {
        let header = Elf::parse_header(data).map_err(Error::Elf)?;
        let (class, order) = (header.e_ident[EI_CLASS], header.e_ident[EI_DATA]);
        let known = matches!(header.e_machine, EM_BPF | EM_SBF)
            || (header.e_machine, header.e_type) == (EM_NONE, ET_REL);
        if class != ELFCLASS64
            || !known
            || !matches!(header.e_type, ET_REL | ET_EXEC | ET_DYN)
            || !matches!(order, ELFDATA2LSB | ELFDATA2MSB)
        {
            let what = format!("class {class}, file type {}, machine {}", header.e_type, header.e_machine);
            return Err(Error::NotBpf { what });
        }
        let (endian, order) = match order {
            ELFDATA2MSB => (Endian::Big, Order::Big),
            _ => (Endian::Little, Order::Little),
        };
        let ctx = Ctx::new(Container::Big, order);
        let headers = match usize::try_from(header.e_shoff) {
            Ok(0) => vec![],
            Ok(at) => SectionHeader::parse(data, at, usize::from(header.e_shnum), ctx).map_err(Error::Elf)?,
            Err(_) => {
                return Err(Error::Section { section: "headers".into(), what: "they lie outside the file" });
            }
        };
        let names = names(&headers, header.e_shstrndx);
        let names = names.and_then(|sh| data.get(sh.file_range()?)).unwrap_or_default();
        let mut file = Self {
            endian,
            sections: Vec::with_capacity(headers.len()),
            symbols: vec![],
            budget: data.len().saturating_mul(NAME_FACTOR),
        };
        // Sections do not share bytes, so all of them together are no longer than the file.
        let mut left = data.len();
        for sh in &headers {
            let name = string(names, u32::try_from(sh.sh_name).unwrap_or(0));
            let broken = |what| Error::Section { section: name.clone().into_owned(), what };
            file.budget = file
                .budget
                .checked_sub(name.len())
                .ok_or_else(|| broken("the names of the sections are far too long"))?;
            let kind = section_kind(&name, sh, &headers);
            let needed = kind != SectionKind::Nothing || matches!(sh.sh_type, SHT_SYMTAB | SHT_SYMTAB_SHNDX);
            let bytes = match sh.file_range().filter(|_| needed && sh.sh_type != SHT_NOBITS) {
                Some(range) => data.get(range).ok_or_else(|| broken("it lies outside the file"))?,
                None => &[],
            };
            left = left
                .checked_sub(bytes.len())
                .ok_or_else(|| broken("it shares bytes with another section"))?;
            file.sections.push(Section {
                kind,
                form: Form { kind: sh.sh_type, flags: sh.sh_flags, entry: sh.sh_entsize },
                bytes,
                size: sh.sh_size,
                align: sh.sh_addralign,
                link: usize::try_from(sh.sh_link).unwrap_or(0),
                name,
            });
        }
        file.symbols(data, &headers, header.e_type == ET_REL, ctx)?;
        Ok(file)
    }

    /// Reads the symbol table.
    fn symbols(
        &mut self,
        data: &'a [u8],
        headers: &[SectionHeader],
        relocatable: bool,
        ctx: Ctx,
    ) -> Result<(), Error> {
        let Some(number) = headers.iter().position(|sh| sh.sh_type == SHT_SYMTAB) else { return Ok(()) };
        let broken = |what| Error::Section { section: ".symtab".into(), what };
        let table = self.sections[number].bytes;
        let names = headers.get(self.sections[number].link).and_then(|sh| data.get(sh.file_range()?));
        let names = names.unwrap_or_default();
        let wide = self.sections.iter().find(|s| s.form.kind == SHT_SYMTAB_SHNDX && s.link == number);
        let wide = wide.map_or(&[][..], |s| s.bytes);
        let count = table.len() / 24;
        let all = Symtab::parse(table, 0, count, ctx).map_err(Error::Elf)?;
        let mut symbols = Vec::with_capacity(count);
        for (i, s) in all.iter().enumerate() {
            let name = string(names, u32::try_from(s.st_name).unwrap_or(0));
            self.budget =
                self.budget.checked_sub(name.len()).ok_or_else(|| broken("its names are far too long"))?;
            let home = match u32::try_from(s.st_shndx).unwrap_or(0) {
                0 => Home::Undefined,
                SHN_ABS => Home::Absolute,
                SHN_COMMON => Home::Common,
                SHN_XINDEX => {
                    Home::Section(usize::try_from(u32_at(wide, i * 4, self.endian).unwrap_or(0)).unwrap_or(0))
                }
                n => Home::Section(usize::try_from(n).unwrap_or(0)),
            };
            let base = match home {
                Home::Section(n) if !relocatable => headers.get(n).map_or(0, |sh| sh.sh_addr),
                _ => 0,
            };
            symbols.push(Symbol {
                name,
                kind: s.st_type(),
                linkage: if s.st_bind() == STB_LOCAL { Linkage::Static } else { Linkage::Global },
                weak: s.st_bind() == STB_WEAK,
                hidden: matches!(s.st_visibility(), STV_HIDDEN | STV_INTERNAL),
                home,
                value: s.st_value.wrapping_sub(base),
                size: s.st_size,
            });
        }
        self.symbols = symbols;
        Ok(())
    }

    /// Sections with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Section<'a>)> {
        self.sections.iter().enumerate()
    }

    /// The first section of a kind.
    pub fn first(&self, kind: SectionKind) -> Option<&Section<'a>> {
        self.sections.iter().find(|s| s.kind == kind)
    }

    /// The symbols of each section, by number of the section, with their own numbers.
    pub fn by_section(&self) -> Vec<Vec<usize>> {
        let mut all = vec![vec![]; self.sections.len()];
        for (i, symbol) in self.symbols.iter().enumerate() {
            if let Home::Section(n) = symbol.home
                && let Some(list) = all.get_mut(n)
            {
                list.push(i);
            }
        }
        all
    }
}

/// The section with the names of sections. Its number stands elsewhere if it is one of too many.
pub(super) fn names(headers: &[SectionHeader], number: u16) -> Option<&SectionHeader> {
    let number = match u32::from(number) {
        SHN_XINDEX => headers.first()?.sh_link,
        number => number,
    };
    headers.get(usize::try_from(number).ok()?)
}

/// The string at a place of a table; empty where there is none.
fn string(table: &[u8], at: u32) -> Cow<'_, str> {
    let rest = usize::try_from(at).ok().and_then(|at| table.get(at..)).unwrap_or_default();
    text(rest.split(|b| *b == 0).next().unwrap_or_default())
}
