//! ELF to object.

use std::collections::HashMap;

use super::file::{File, Home};
use super::kind::{SectionKind, usual_form};
use super::{Error, external, functions, hook, maps, records, refs};
use crate::btf::bytes::u32_at;
use crate::btf::ext::Ext;
use crate::btf::{self, Btf, Kind};
use crate::object::{Anchor, Data, DataKind, Object, Var};
use crate::sort::Sort;

/// Where the functions, maps and data of the object stand in the file.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Section number and offset in bytes to the function that begins there.
    pub funcs: HashMap<(usize, u64), usize>,
    /// For each function section number and offset in bytes.
    pub places: Vec<(usize, u64)>,
    /// Section number and offset to the map.
    pub maps: HashMap<(usize, u64), usize>,
    /// Section number to the data section.
    pub data: HashMap<usize, usize>,
    /// What each symbol of the file became.
    pub anchors: Vec<Anchor>,
    /// Whether a relocation names a symbol.
    pub used: Vec<bool>,
}

/// The object in a file: of bpfasm, of clang, of anything that is made for this machine.
///
/// Functions come in the order of sections and then of places, and only source files that a line names are
/// kept; apart from that, what [`write`](super::write()) made is read back as it was. DWARF is skipped.
///
/// # Errors
/// What is broken, and in which section.
pub fn read(data: &[u8]) -> Result<Object, Error> {
    let mut file = File::parse(data)?;
    let mut object = Object { endian: file.endian, ..Object::default() };
    let mut index = Index { anchors: vec![Anchor::Nothing; file.symbols.len()], ..Index::default() };
    index.used = refs::used_symbols(&file);
    single_sections(&mut file, &index);
    texts(&file, &mut object);
    let mut records_of = None;
    if let Some(section) = file.first(SectionKind::Btf) {
        let ext = file.first(SectionKind::BtfExt).filter(|s| !s.bytes.is_empty());
        let ext = ext.map_or(Ok(Ext::default()), |s| Ext::decode(s.bytes));
        match (btf::decode(section.bytes), ext) {
            (Ok(decoded), Ok(ext)) if !decoded.btf.types.is_empty() => {
                object.btf = decoded.btf;
                records_of = Some((decoded.strings, ext));
            }
            // Of a later time, or broken, or without types: who needs them will say so.
            _ => opaque(&mut file),
        }
    } else {
        opaque(&mut file);
    }
    functions::read(&mut file, &mut object, &mut index)?;
    maps::read(&file, &mut object, &mut index)?;
    read_data(&file, &mut object, &mut index)?;
    external::read(&file, &mut object, &mut index);
    refs::read(&file, &mut object, &index)?;
    if let Some((strings, ext)) = records_of {
        records::read(&file, ext, strings, &mut object, &index)?;
    }
    hook::take(&mut object);
    Ok(object)
}

/// Types and their records are kept as bytes; so are records without types.
fn opaque(file: &mut File) {
    for section in &mut file.sections {
        if matches!(section.kind, SectionKind::Btf | SectionKind::BtfExt) {
            section.kind = SectionKind::Data(DataKind::Other);
        }
    }
}

/// There is one licence, one version and so on, as everybody writes them; what is otherwise is data. Of several the
/// first counts, but of types, records and maps the last, as for libbpf: so they are written.
fn single_sections(file: &mut File, index: &Index) {
    let mut referred = vec![false; file.sections.len()];
    for (symbol, _) in file.symbols.iter().zip(&index.used).filter(|(_, used)| **used) {
        if let Home::Section(n) = symbol.home
            && (symbol.is_section() || symbol.is_named())
            && let Some(referred) = referred.get_mut(n)
        {
            *referred = true;
        }
    }
    let last = [SectionKind::Btf, SectionKind::BtfExt, SectionKind::Maps]
        .map(|kind| file.iter().filter(|(_, s)| s.kind == kind).last());
    let last = last.map(|last| last.map(|(number, _)| number));
    let mut seen = vec![];
    for (number, (section, referred)) in file.sections.iter_mut().zip(referred).enumerate() {
        let usual = match section.kind {
            SectionKind::License => {
                !referred
                    && section.bytes.split_last().is_some_and(|(last, text)| *last == 0 && !text.contains(&0))
            }
            SectionKind::Version => !referred && section.bytes.len() == 4,
            SectionKind::Btf | SectionKind::BtfExt | SectionKind::Maps => last.contains(&Some(number)),
            _ => continue,
        };
        if usual && !seen.contains(&section.kind) {
            seen.push(section.kind);
        } else {
            section.kind = SectionKind::Data(DataKind::Other);
        }
    }
}

/// Licence and version.
fn texts(file: &File, object: &mut Object) {
    if let Some(license) = file.first(SectionKind::License) {
        let text = license.bytes.strip_suffix(&[0]).unwrap_or(license.bytes);
        object.license = Some(crate::bytes::text(text).into_owned());
    }
    object.version = file.first(SectionKind::Version).and_then(|s| u32_at(s.bytes, 0, file.endian));
}

fn read_data(file: &File, object: &mut Object, index: &mut Index) -> Result<(), Error> {
    let by_section = file.by_section();
    for (number, section) in file.iter() {
        let SectionKind::Data(kind) = section.kind else { continue };
        let wrong = |what| Error::Section { section: section.name.clone().into_owned(), what };
        let at = object.data.len();
        let mut vars: Vec<(usize, Var)> = vec![];
        for symbol in &by_section[number] {
            let s = &file.symbols[*symbol];
            if s.is_section() {
                index.anchors[*symbol] = Anchor::Data(at);
            } else if s.is_named() {
                let wrong = |what| Error::Symbol { name: s.name.clone().into_owned(), what };
                vars.push((
                    *symbol,
                    Var {
                        name: s.name.clone().into_owned(),
                        offset: u32::try_from(s.value).map_err(|_| wrong("it lies beyond 4 GiB"))?,
                        size: u32::try_from(s.size).map_err(|_| wrong("it is longer than 4 GiB"))?,
                        ty: None,
                        linkage: s.linkage,
                        weak: s.weak,
                        hidden: s.hidden,
                    },
                ));
            }
        }
        let used = by_section[number].iter().any(|s| index.used[*s]);
        if section.size == 0 && vars.is_empty() && !used {
            continue;
        }
        let align = u32::try_from(section.align.max(1)).ok().filter(|a| a.is_power_of_two());
        // As a file has them, in which static ones come first.
        vars.order_by_key(|(symbol, v)| (v.offset, v.linkage, *symbol));
        for (i, (symbol, _)) in vars.iter().enumerate() {
            index.anchors[*symbol] = Anchor::Var(at, i);
        }
        let mut vars: Vec<Var> = vars.into_iter().map(|(_, var)| var).collect();
        type_vars(&object.btf, &section.name, &mut vars);
        index.data.insert(number, at);
        object.data.push(Data {
            name: section.name.clone().into_owned(),
            kind,
            form: Some(section.form).filter(|form| *form != usual_form(kind, &section.name)),
            bytes: section.bytes.to_vec(),
            room: section.size.saturating_sub(u64::try_from(section.bytes.len()).unwrap_or(0)),
            align: align.ok_or_else(|| wrong("its alignment is not a power of two"))?,
            vars,
            refs: vec![],
        });
    }
    Ok(())
}

/// Gives variables the types that the BTF has for them.
fn type_vars(btf: &Btf, section: &str, vars: &mut [Var]) {
    let Some(Kind::DataSec { vars: infos, .. }) =
        btf.datasec(section).and_then(|id| btf.get(id)).map(|t| &t.kind)
    else {
        return;
    };
    let types = btf::data::types(btf, infos);
    for var in vars {
        var.ty = types.get(var.name.as_str()).copied();
    }
}
