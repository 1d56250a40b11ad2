//! The file as sections and symbols, and these as bytes.

use std::borrow::Cow;

use goblin::elf::section_header::{SHN_LORESERVE, SHT_NOBITS, SHT_STRTAB, SHT_SYMTAB};

use super::Error;
use crate::btf::Strings;
use crate::btf::bytes::Out;
use crate::isa::Endian;

/// Length of the file header in bytes.
const EHDR_LEN: u16 = 64;
/// Length of a section header in bytes.
const SHDR_LEN: u16 = 64;
/// Length of a symbol in bytes.
pub(crate) const SYM_LEN: u64 = 24;
/// What sections of an object are aligned to in a file at most, where nobody uses them: else a few headers could ask for
/// files of gigabytes.
const LARGEST_GAP: u64 = 64;
/// Length of a relocation in bytes.
pub(crate) const REL_LEN: u64 = 16;

/// A section to be written.
#[derive(Debug, Default)]
pub(crate) struct Section<'a> {
    pub name: String,
    pub kind: u32,
    pub flags: u64,
    pub align: u64,
    pub entry: u64,
    /// `sh_link`; symbol and string table are filled in.
    pub link: Link,
    pub info: u32,
    pub bytes: Cow<'a, [u8]>,
    /// Zero bytes behind them that the file does not hold (`SHT_NOBITS`).
    pub room: u64,
}

/// What `sh_link` names.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) enum Link {
    #[default]
    None,
    Symbols,
    Strings,
}

/// A symbol to be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Symbol {
    pub name: String,
    /// `STT_*`.
    pub kind: u8,
    pub global: bool,
    /// Global, and may be missing.
    pub weak: bool,
    /// `STV_HIDDEN`.
    pub hidden: bool,
    pub section: u16,
    pub value: u64,
    pub size: u64,
}

/// The numbers of all symbols in the file: local ones stand before global ones.
pub(super) fn symbol_numbers(symbols: &[Symbol]) -> Vec<u32> {
    let locals = symbols.iter().filter(|s| !s.global).count();
    let (mut local, mut global) = (1, u32::try_from(locals).unwrap_or(u32::MAX).saturating_add(1));
    let number = |s: &Symbol| {
        let next = if s.global { &mut global } else { &mut local };
        let number = *next;
        *next = next.saturating_add(1);
        number
    };
    symbols.iter().map(number).collect()
}

/// The bytes of the file, in pieces. The first section has number 1; string table and symbol table are put in
/// front of it and behind the last.
pub(super) fn file<'a>(
    endian: Endian,
    mut sections: Vec<Section<'a>>,
    symbols: &[Symbol],
) -> Result<Vec<Cow<'a, [u8]>>, Error> {
    let mut strings = Strings::default();
    let (table, locals) = symbol_table(endian, symbols, &mut strings)?;
    sections.push(Section {
        name: ".symtab".into(),
        kind: SHT_SYMTAB,
        align: 8,
        entry: SYM_LEN,
        link: Link::Strings,
        info: locals,
        bytes: table.into(),
        ..Section::default()
    });
    let mut names = sections.iter().map(|s| strings.add(&s.name)).collect::<Result<Vec<_>, _>>()?;
    names.push(strings.add(".strtab")?);
    sections.push(Section {
        name: ".strtab".into(),
        kind: SHT_STRTAB,
        align: 1,
        bytes: strings.bytes().to_vec().into(),
        ..Section::default()
    });

    let order: Vec<usize> = (0..sections.len()).collect();
    image(endian, sections, &names, &order, LARGEST_GAP)
}

/// The bytes of a file with these sections, the first of which has number 1; string and symbol table are among
/// them. `names` has their places in the string table, `order` the order of their bytes, and `most` is what these are
/// aligned to at most. What is large is not copied, so they come in pieces.
pub(crate) fn image<'a>(
    endian: Endian,
    mut sections: Vec<Section<'a>>,
    names: &[u32],
    order: &[usize],
    most: u64,
) -> Result<Vec<Cow<'a, [u8]>>, Error> {
    let too_big = |what| move |_| Error::TooBig { what };
    let find = |kind| -> Result<u16, Error> {
        let at = sections.iter().position(|s| s.kind == kind).map_or(0, |at| at + 1);
        u16::try_from(at).map_err(too_big("the section table"))
    };
    let (symtab, strtab) = (find(SHT_SYMTAB)?, find(SHT_STRTAB)?);
    // From there on, numbers mean something else.
    let count = sections.len() + 1;
    let count = u16::try_from(count).ok().filter(|count| u32::from(*count) <= SHN_LORESERVE);
    let count = count.ok_or(Error::TooBig { what: "the section table, which may have 65,280 entries" })?;
    let stored = |s: &&Section| s.kind != SHT_NOBITS;
    let mut end = usize::from(EHDR_LEN);
    let aligned = |end: usize, to: u64| {
        let to = usize::try_from(to).ok();
        let to = to.and_then(|to| end.checked_next_multiple_of(to.max(1)));
        to.ok_or(Error::TooBig { what: "an alignment" })
    };
    // Where each begins, and how many zeros stand before it.
    let mut places = vec![(0, 0); sections.len()];
    for &number in order {
        let (Some(section), Some(place)) = (sections.get(number), places.get_mut(number)) else { continue };
        let start = aligned(end, section.align.min(most))?;
        *place = (start, start - end);
        end = if stored(&section) { start + section.bytes.len() } else { start };
    }
    let mut out = Out::new(endian);
    let start = aligned(end, 8)?;
    out.bytes.resize(start - end, 0);
    let table = len64(start)?;
    out.bytes.resize(out.bytes.len() + usize::from(SHDR_LEN), 0);
    for ((section, name), (place, _)) in sections.iter().zip(names).zip(&places) {
        out.u32(*name);
        out.u32(section.kind);
        out.u64(section.flags);
        out.u64(0);
        out.u64(len64(*place)?);
        out.u64(section.room.saturating_add(len64(section.bytes.len())?));
        out.u32(match section.link {
            Link::None => 0,
            Link::Symbols => symtab.into(),
            Link::Strings => strtab.into(),
        });
        out.u32(section.info);
        out.u64(section.align);
        out.u64(section.entry);
    }
    let mut pieces = vec![Cow::Owned(file_header(endian, table, count, strtab))];
    for &number in order {
        let (Some(section), Some((_, zeros))) = (sections.get_mut(number), places.get(number)) else {
            continue;
        };
        pieces.push(vec![0; *zeros].into());
        if stored(&&*section) {
            pieces.push(std::mem::take(&mut section.bytes));
        }
    }
    pieces.push(out.bytes.into());
    Ok(pieces)
}

/// `Elf64_Ehdr` of a relocatable file for `EM_BPF`.
fn file_header(endian: Endian, sections_at: u64, count: u16, names: u16) -> Vec<u8> {
    use goblin::elf::header::{ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, ELFMAG, EM_BPF, ET_REL, EV_CURRENT};
    let mut out = Out::new(endian);
    out.bytes.extend(ELFMAG);
    out.u8(ELFCLASS64);
    out.u8(if endian == Endian::Little { ELFDATA2LSB } else { ELFDATA2MSB });
    out.u8(EV_CURRENT);
    out.bytes.resize(16, 0);
    out.u16(ET_REL);
    out.u16(EM_BPF);
    out.u32(u32::from(EV_CURRENT));
    out.u64(0);
    out.u64(0);
    out.u64(sections_at);
    out.u32(0);
    for field in [EHDR_LEN, 0, 0, SHDR_LEN, count, names] {
        out.u16(field);
    }
    out.bytes
}

/// The symbol table's bytes and the number of the first global symbol.
fn symbol_table(endian: Endian, symbols: &[Symbol], names: &mut Strings) -> Result<(Vec<u8>, u32), Error> {
    let mut out = Out::new(endian);
    out.bytes.resize(24, 0);
    let mut locals = 1u32;
    for global in [false, true] {
        for s in symbols.iter().filter(|s| s.global == global) {
            out.u32(names.add(&s.name)?);
            // STB_LOCAL, STB_GLOBAL and STB_WEAK are 0, 1 and 2.
            out.u8((u8::from(global) + u8::from(global && s.weak)) << 4 | s.kind);
            // STV_DEFAULT and STV_HIDDEN are 0 and 2.
            out.u8(u8::from(s.hidden) << 1);
            out.u16(s.section);
            out.u64(s.value);
            out.u64(s.size);
            if !global {
                locals = locals.checked_add(1).ok_or(Error::TooBig { what: "the symbol table" })?;
            }
        }
    }
    Ok((out.bytes, locals))
}

/// A length as the file holds it.
pub(super) fn len64(len: usize) -> Result<u64, Error> {
    u64::try_from(len).map_err(|_| Error::TooBig { what: "a section" })
}
