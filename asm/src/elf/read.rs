//! ELF to object.

use std::collections::HashMap;

use goblin::elf::sym::STT_OBJECT;

use super::code::{Index, functions, records, references};
use super::file::{File, SectionKind, Symbol};
use super::{Error, address, external, hook};
use crate::btf::{self, Btf, Kind, maps};
use crate::object::{Data, Linkage, Object, Var};

/// The object in a file: of bpfasm, of clang, of anything that follows their conventions.
///
/// Functions come in the order of sections and then of places, and only source files that a line names are
/// kept; apart from that, what [`write`](super::write()) made is read back as it was. Sizes and offsets that a
/// compiler leaves open in the BTF of data sections are filled in. DWARF is skipped.
///
/// # Errors
/// What is broken, or legal but not supported yet, and in which section.
pub fn read(data: &[u8]) -> Result<Object, Error> {
    let file = File::parse(data)?;
    let mut object = Object { endian: file.endian, ..Object::default() };
    if let Some(license) = file.only(SectionKind::License)? {
        let text = license.bytes.split(|b| *b == 0).next().unwrap_or_default();
        object.license = Some(String::from_utf8_lossy(text).into_owned());
    }
    let decoded = match file.only(SectionKind::Btf)? {
        Some(section) => Some(btf::decode(section.bytes)?),
        None => None,
    };
    if let Some(decoded) = &decoded {
        object.btf = decoded.btf.clone();
        complete(&file, &mut object.btf)?;
    }
    let mut index = Index::default();
    read_maps(&file, &mut object, &mut index)?;
    read_data(&file, &mut object, &mut index)?;
    index.externs = external::read(&file, &mut object);
    functions(&file, &mut object, &mut index)?;
    references(&file, &mut object, &index)?;
    address::read(&file, &mut object, &index)?;
    if let (Some(section), Some(decoded)) = (file.only(SectionKind::BtfExt)?, decoded) {
        records(&file, section, decoded.strings, &mut object, &index)?;
    }
    hook::take(&mut object);
    Ok(object)
}

/// Fills in sizes of data sections and offsets of their variables, which clang leaves to the symbols.
fn complete(file: &File, btf: &mut Btf) -> Result<(), Error> {
    let sections: HashMap<&str, (usize, u64)> = file.iter().map(|(i, s)| (s.name, (i, s.size))).collect();
    let symbols: HashMap<(usize, &str), &Symbol> =
        file.symbols.iter().filter(|s| s.kind == STT_OBJECT).map(|s| ((s.section, s.name), s)).collect();
    let wanted: Vec<_> = btf
        .iter()
        .filter_map(|(id, t)| match &t.kind {
            Kind::DataSec { size: 0, vars } => {
                let (section, size) = sections.get(t.name.as_str())?;
                let place = |v: &btf::SecInfo| {
                    let name = btf.get(v.var).map_or("", |t| t.name.as_str());
                    symbols.get(&(*section, name)).map_or(u64::from(v.offset), |s| s.value)
                };
                Some((id, *size, vars.iter().map(place).collect::<Vec<_>>()))
            }
            _ => None,
        })
        .collect();
    for (id, len, places) in wanted {
        let Some(t) = btf.get_mut(id) else { continue };
        let wrong = |what| Error::Section { section: t.name.clone(), what };
        let Kind::DataSec { size, vars } = &mut t.kind else { continue };
        *size = u32::try_from(len).map_err(|_| wrong("it is longer than 4 GiB"))?;
        for (var, place) in vars.iter_mut().zip(places) {
            var.offset = u32::try_from(place).map_err(|_| wrong("a variable lies beyond 4 GiB"))?;
        }
        vars.sort_by_key(|v| v.offset);
    }
    Ok(())
}

fn read_maps(file: &File, object: &mut Object, index: &mut Index) -> Result<(), Error> {
    let Some((number, section)) = file.iter().find(|(_, s)| s.kind == SectionKind::Maps) else {
        return Ok(());
    };
    let unsupported = |what| Error::Unsupported { section: section.name.into(), what };
    let Some(Kind::DataSec { vars, .. }) =
        object.btf.datasec(maps::SECTION).and_then(|id| object.btf.get(id)).map(|t| &t.kind)
    else {
        return Err(unsupported("maps without BTF"));
    };
    for (i, var) in vars.iter().enumerate() {
        index.maps.insert((number, u64::from(var.offset)), i);
    }
    object.maps = maps::read(&object.btf)?;
    Ok(())
}

fn read_data(file: &File, object: &mut Object, index: &mut Index) -> Result<(), Error> {
    // By section, since there may be many of both.
    let mut vars: HashMap<usize, Vec<Var>> = HashMap::new();
    for s in file.symbols.iter().filter(|s| s.kind == STT_OBJECT) {
        let Some(section) = file.section(s.section) else { continue };
        if !matches!(section.kind, SectionKind::Data(_)) {
            continue;
        }
        let wrong = |what| Error::Symbol { name: s.name.into(), what };
        let offset = u32::try_from(s.value).map_err(|_| wrong("it lies beyond 4 GiB"))?;
        let size = u32::try_from(s.size).map_err(|_| wrong("it is longer than 4 GiB"))?;
        if s.value.checked_add(s.size).is_none_or(|end| end > section.size) {
            return Err(wrong("it lies outside its section"));
        }
        let linkage = if s.global { Linkage::Global } else { Linkage::Static };
        vars.entry(s.section).or_default().push(Var {
            name: s.name.into(),
            offset,
            size,
            linkage,
            ..Var::default()
        });
    }
    for (number, section) in file.iter() {
        let SectionKind::Data(kind) = section.kind else { continue };
        let wrong = |what| Error::Section { section: section.name.into(), what };
        let align = u32::try_from(section.align.max(1)).ok().filter(|a| a.is_power_of_two());
        let room = if section.bytes.is_empty() { section.size } else { 0 };
        let mut vars = vars.remove(&number).unwrap_or_default();
        vars.sort_by_key(|v| v.offset);
        type_vars(&object.btf, section.name, &mut vars);
        index.data.insert(number, object.data.len());
        object.data.push(Data {
            name: section.name.into(),
            kind,
            form: None,
            bytes: section.bytes.to_vec(),
            room,
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
    let types: HashMap<&str, btf::TypeId> = infos
        .iter()
        .filter_map(|info| btf.get(info.var))
        .filter_map(|t| match t.kind {
            Kind::Var { ty, .. } => Some((t.name.as_str(), ty)),
            _ => None,
        })
        .collect();
    for var in vars {
        var.ty = types.get(var.name.as_str()).copied();
    }
}
