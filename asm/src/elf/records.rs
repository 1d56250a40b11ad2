//! Types, source lines and CO-RE relocations of functions, from `.BTF.ext`.

use std::collections::HashMap;

use super::Error;
use super::file::File;
use super::kind::SectionKind;
use super::read::Index;
use crate::btf::ext::{Ext, LineInfo};
use crate::btf::{Kind, StrTable};
use crate::object::{CoreRelo, Func, Line, Object};
use crate::sort::Sort;

/// How many times longer than the file the source lines may be, written out.
const LINE_FACTOR: usize = 64;

/// Gives functions their records. A record for a place where nothing begins belongs to nothing, as for loaders, and one
/// that names no FUNC says nothing.
pub(super) fn read(
    file: &File,
    ext: Ext,
    strings: StrTable,
    object: &mut Object,
    index: &Index,
) -> Result<(), Error> {
    let mut names: HashMap<&str, usize> = HashMap::new();
    for (number, section) in file.iter().filter(|(_, s)| s.kind == SectionKind::Code) {
        names.entry(&section.name).or_insert(number);
    }
    let number = |name_off: u32| names.get(&*strings.get(name_off)?).copied();
    for part in ext.funcs {
        let Some(number) = number(part.name_off) else { continue };
        for record in part.records {
            if !matches!(object.btf.get(record.type_id).map(|ty| &ty.kind), Some(Kind::Func { .. })) {
                continue;
            }
            let func = index.funcs.get(&(number, u64::from(record.insn_off)));
            if let Some(func) = func.and_then(|f| object.funcs.get_mut(*f)) {
                func.btf.get_or_insert(record.type_id);
            }
        }
    }
    let budget = strings.len().saturating_mul(LINE_FACTOR);
    let mut lines = Lines { strings, budget, files: HashMap::new() };
    let wrong = |what| Error::Section { section: ".BTF.ext".into(), what };
    let bad_lines = || wrong("line_info whose strings are not there, or far too long");
    for part in ext.lines {
        let Some(number) = number(part.name_off) else { continue };
        for record in part.records {
            let Some((func, insn)) = at(&mut object.funcs, index, number, record.insn_off) else { continue };
            let line = lines.line(record, insn, &mut object.files).ok_or_else(bad_lines)?;
            func.lines.push(line);
        }
    }
    for func in &mut object.funcs {
        func.lines.order_by_key(|line| line.insn);
    }
    order_files(object);
    lines.texts(object).ok_or_else(bad_lines)?;
    for part in ext.core {
        let Some(number) = number(part.name_off) else { continue };
        for record in part.records {
            let Some((func, insn)) = at(&mut object.funcs, index, number, record.insn_off) else { continue };
            let access = strings.get(record.access_off).and_then(|text| lines.copy(&text));
            let access = access.ok_or_else(|| wrong("a CO-RE relocation without its string"))?;
            func.core.push(CoreRelo { insn, ty: record.type_id, access, kind: record.kind });
        }
    }
    for func in &mut object.funcs {
        func.core.order_by_key(|relo| relo.insn);
    }
    Ok(())
}

/// Files are numbered as functions name them first, each name once.
fn order_files(object: &mut Object) {
    let names = std::mem::take(&mut object.files);
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    for line in object.funcs.iter_mut().flat_map(|func| &mut func.lines) {
        let name = names.get(line.file as usize).map_or("", String::as_str);
        // None has a greater number than it had.
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        line.file = *numbers.entry(name).or_insert_with(|| {
            object.files.push(name.to_string());
            next
        });
    }
}

/// The function and the instruction of a record.
fn at<'o>(
    funcs: &'o mut [Func],
    index: &Index,
    section: usize,
    offset: u32,
) -> Option<(&'o mut Func, usize)> {
    let (func, insn) = index.insn_at(funcs, section, offset.into())?;
    Some((funcs.get_mut(func)?, insn))
}

/// Turns records into lines.
struct Lines<'a> {
    strings: StrTable<'a>,
    /// How many bytes of text may still be copied.
    budget: usize,
    /// File names by their place in the string table.
    files: HashMap<u32, u32>,
}

impl Lines<'_> {
    /// A string, as long as there is room for it.
    fn copy(&mut self, text: &str) -> Option<String> {
        self.budget = self.budget.checked_sub(text.len())?;
        Some(text.into())
    }

    fn line(&mut self, record: LineInfo, insn: usize, files: &mut Vec<String>) -> Option<Line> {
        let insn = u32::try_from(insn).ok()?;
        let file = match self.files.get(&record.file_name_off) {
            Some(file) => *file,
            None => {
                let name = self.copy(&self.strings.get(record.file_name_off)?)?;
                let file = u32::try_from(files.len()).ok()?;
                files.push(name);
                self.files.insert(record.file_name_off, file);
                file
            }
        };
        Some(Line { insn, file, line: record.line(), column: record.column(), text: record.line_off })
    }

    /// Makes places in the table of the file places among the object's texts, which follow the functions.
    fn texts(&mut self, object: &mut Object) -> Option<()> {
        let mut known: HashMap<u32, u32> = HashMap::new();
        for line in object.funcs.iter_mut().flat_map(|func| &mut func.lines) {
            line.text = match known.get(&line.text) {
                Some(text) => *text,
                None => {
                    let text = self.strings.get(line.text)?;
                    self.budget = self.budget.checked_sub(text.len())?;
                    let text = object.texts.add(&text).ok()?;
                    *known.entry(line.text).or_insert(text)
                }
            };
        }
        Some(())
    }
}
