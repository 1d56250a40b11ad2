//! `.BTF.ext`: which type a function has, which source line an instruction comes from, and which values depend on
//! the kernel's types.
//!
//! In an object file the records count bytes from the start of the section; for `BPF_PROG_LOAD` they count
//! 8-byte slots from the start of the program. Here they count slots from the start of the function, and
//! whoever lays functions out moves them. Source: `Documentation/bpf/btf.rst`, section 4.2.

use super::bytes::{Out, u32_at, u32_bytes};
use super::encode::len32;
use super::header::Header;
use super::{Encoder, Error, MAGIC, TypeId, VERSION};
use crate::isa::Endian;
use crate::object::{CoreKind, CoreRelo, Func, Object};

/// Length in bytes of `struct bpf_func_info`.
pub const FUNC_INFO_LEN: usize = 8;
/// Length in bytes of `struct bpf_line_info`.
pub const LINE_INFO_LEN: usize = 16;
/// Length in bytes of `struct bpf_core_relo`.
pub const CORE_RELO_LEN: usize = 16;
/// Length of `struct btf_ext_header` with the fields of the CO-RE records.
const HEADER_LEN: u32 = 32;
/// Columns beyond this are written as this: ten bits.
pub(crate) const MAX_COLUMN: u32 = 1023;
/// Lines beyond this are written as this: 22 bits.
pub(crate) const MAX_LINE: u32 = (1 << 22) - 1;

/// `struct bpf_func_info`: a function begins here and has that type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FuncInfo {
    /// Where it begins: slots, or in an object file bytes.
    pub insn_off: u32,
    /// Its FUNC type.
    pub type_id: TypeId,
}

/// `struct bpf_line_info`: from this instruction on, that source line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineInfo {
    /// The first instruction: slots, or in an object file bytes.
    pub insn_off: u32,
    /// The file name, as an offset in the string table of the BTF.
    pub file_name_off: u32,
    /// The line's text, as an offset in the string table of the BTF.
    pub line_off: u32,
    /// Line number × 1024 + column.
    pub line_col: u32,
}

/// `struct bpf_core_relo`: a value of this instruction depends on a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreRecord {
    /// The instruction: slots, or in an object file bytes.
    pub insn_off: u32,
    /// The type.
    pub type_id: TypeId,
    /// What of it is meant, as an offset in the string table of the BTF.
    pub access_off: u32,
    /// What is asked about it.
    pub kind: CoreKind,
}

impl CoreRecord {
    /// The bytes of the record.
    #[must_use]
    pub fn to_bytes(self, endian: Endian) -> [u8; CORE_RELO_LEN] {
        let mut bytes = [0; CORE_RELO_LEN];
        fill(&mut bytes, [self.insn_off, self.type_id.0, self.access_off, self.kind.0], endian);
        bytes
    }

    /// The same record, so many slots further on; nothing beyond 2³².
    #[must_use]
    pub fn shifted(self, slots: u32) -> Option<Self> {
        Some(Self { insn_off: self.insn_off.checked_add(slots)?, ..self })
    }
}

impl FuncInfo {
    /// The bytes of the record.
    #[must_use]
    pub fn to_bytes(self, endian: Endian) -> [u8; FUNC_INFO_LEN] {
        let mut bytes = [0; FUNC_INFO_LEN];
        fill(&mut bytes, [self.insn_off, self.type_id.0], endian);
        bytes
    }

    /// The same record, so many slots further on; nothing beyond 2³².
    #[must_use]
    pub fn shifted(self, slots: u32) -> Option<Self> {
        Some(Self { insn_off: self.insn_off.checked_add(slots)?, ..self })
    }
}

impl LineInfo {
    /// The bytes of the record.
    #[must_use]
    #[inline]
    pub fn to_bytes(self, endian: Endian) -> [u8; LINE_INFO_LEN] {
        let mut bytes = [0; LINE_INFO_LEN];
        fill(&mut bytes, [self.insn_off, self.file_name_off, self.line_off, self.line_col], endian);
        bytes
    }

    /// The same record, so many slots further on; nothing beyond 2³².
    #[must_use]
    pub fn shifted(self, slots: u32) -> Option<Self> {
        Some(Self { insn_off: self.insn_off.checked_add(slots)?, ..self })
    }

    /// Line number, from 1.
    #[must_use]
    pub fn line(self) -> u32 {
        self.line_col >> 10
    }

    /// Column number, from 1; 0 is unknown.
    #[must_use]
    pub fn column(self) -> u32 {
        self.line_col & MAX_COLUMN
    }
}

#[inline]
fn fill<const N: usize>(bytes: &mut [u8], fields: [u32; N], endian: Endian) {
    for (four, field) in bytes.chunks_exact_mut(4).zip(fields) {
        four.copy_from_slice(&u32_bytes(field, endian));
    }
}

/// The records of one function; `insn_off` counts slots from its start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FuncRecords {
    /// Its type, where it has one.
    pub func_info: Option<FuncInfo>,
    /// Its source lines, ordered by slot.
    pub line_info: Vec<LineInfo>,
    /// Its CO-RE relocations, ordered by slot.
    pub core_relo: Vec<CoreRecord>,
}

/// What the loader hands to the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelBtf {
    /// The blob for `BPF_BTF_LOAD`.
    pub btf: Vec<u8>,
    /// The records of each function of [`Object::funcs`], whose strings are in this blob.
    pub funcs: Vec<FuncRecords>,
}

/// BTF of an object and the records of its functions, whose strings are in it.
///
/// # Errors
/// As [`Encoder::new`]; [`Error::Records`] for a line whose instruction or file does not exist.
pub fn encode_for_kernel(object: &Object) -> Result<KernelBtf, Error> {
    let mut encoder = Encoder::new(&object.btf, object.endian)?.with_texts(&object.texts)?;
    let mut funcs =
        object.funcs.iter().map(|f| encoder.records(f, &object.files)).collect::<Result<Vec<_>, _>>()?;
    // The kernel takes one line for an instruction.
    funcs.iter_mut().for_each(|f| f.line_info.dedup_by_key(|line| line.insn_off));
    Ok(KernelBtf { btf: encoder.finish()?, funcs })
}

impl Encoder {
    /// The records of one function, whose strings go into this BTF.
    ///
    /// # Errors
    /// [`Error::Records`] for a line or CO-RE relocation whose instruction or file does not exist.
    pub fn records(&mut self, func: &Func, files: &[String]) -> Result<FuncRecords, Error> {
        let wrong = |what| Error::Records { func: func.name.clone(), what };
        let mut line_info = Vec::with_capacity(func.lines.len());
        // Nearly always all lines are of one file.
        let mut last: Option<(u32, u32)> = None;
        let mut begun: Option<u32> = None;
        for line in &func.lines {
            let insn = line.insn as usize;
            if insn >= func.insns.len() {
                return Err(wrong("a line lies beyond its end"));
            }
            if begun.is_some_and(|before| line.insn < before) {
                return Err(wrong("its lines are out of order"));
            }
            begun = Some(line.insn);
            let file = match last {
                Some((file, offset)) if file == line.file => offset,
                _ => {
                    let no_file = || wrong("a line names a file that is not there");
                    self.string(files.get(line.file as usize).ok_or_else(no_file)?)?
                }
            };
            last = Some((line.file, file));
            line_info.push(LineInfo {
                insn_off: slot(func, insn).ok_or_else(|| wrong("it is too long"))?,
                file_name_off: file,
                line_off: self
                    .text(line.text)
                    .ok_or_else(|| wrong("a line names a text that is not there"))?,
                line_col: line.line.min(MAX_LINE) << 10 | line.column.min(MAX_COLUMN),
            });
        }
        let func_info = func.btf.map(|type_id| FuncInfo { insn_off: 0, type_id });
        Ok(FuncRecords { func_info, line_info, core_relo: self.core(func)? })
    }

    /// The CO-RE relocations of one function.
    fn core(&mut self, func: &Func) -> Result<Vec<CoreRecord>, Error> {
        let wrong = |what| Error::Records { func: func.name.clone(), what };
        let mut insn = 0;
        let mut records = Vec::with_capacity(func.core.len());
        for CoreRelo { insn: at, ty, access, kind } in &func.core {
            if !(insn..func.insns.len()).contains(at) {
                return Err(wrong("its CO-RE relocations are out of order or beyond its end"));
            }
            insn = *at;
            records.push(CoreRecord {
                insn_off: slot(func, *at).ok_or_else(|| wrong("it is too long"))?,
                type_id: *ty,
                access_off: self.string(access)?,
                kind: *kind,
            });
        }
        Ok(records)
    }
}

/// The first slot of an instruction.
fn slot(func: &Func, insn: usize) -> Option<u32> {
    u32::try_from(func.insns.slot_of(insn)).ok()
}

/// The records of one section of an object file; `insn_off` counts bytes from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionRecords<T> {
    /// Name of the section, as an offset in the string table of the BTF.
    pub name_off: u32,
    /// The records, ordered by offset.
    pub records: Vec<T>,
}

/// The content of section `.BTF.ext`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ext {
    /// Types of functions, per section.
    pub funcs: Vec<SectionRecords<FuncInfo>>,
    /// Source lines, per section.
    pub lines: Vec<SectionRecords<LineInfo>>,
    /// CO-RE relocations, per section.
    pub core: Vec<SectionRecords<CoreRecord>>,
}

impl Ext {
    /// The section's bytes, or nothing where there are no records.
    ///
    /// # Errors
    /// [`Error::TooMuch`] beyond 4 GiB.
    pub fn encode(&self, endian: Endian) -> Result<Vec<u8>, Error> {
        let f = len32(table_len(&self.funcs, FUNC_INFO_LEN), "func_info")?;
        let l = len32(table_len(&self.lines, LINE_INFO_LEN), "line_info")?;
        let c = len32(table_len(&self.core, CORE_RELO_LEN), "core_relo")?;
        if (f, l, c) == (0, 0, 0) {
            return Ok(vec![]);
        }
        let end = f.checked_add(l).filter(|end| end.checked_add(c).is_some());
        let end = end.ok_or(Error::TooMuch { what: ".BTF.ext" })?;
        let mut out = Out::new(endian);
        out.bytes
            .reserve_exact((u64::from(HEADER_LEN) + u64::from(end) + u64::from(c)).try_into().unwrap_or(0));
        out.u16(MAGIC);
        out.u8(VERSION);
        out.u8(0);
        for field in [HEADER_LEN, 0, f, f, l, end, c] {
            out.u32(field);
        }
        table(&mut out, &self.funcs, FUNC_INFO_LEN, |f| f.to_bytes(endian))?;
        table(&mut out, &self.lines, LINE_INFO_LEN, |l| l.to_bytes(endian))?;
        table(&mut out, &self.core, CORE_RELO_LEN, |c| c.to_bytes(endian))?;
        Ok(out.bytes)
    }

    /// Reads the section's bytes.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn decode(data: &[u8]) -> Result<Self, Error> {
        let header = Header::read(data)?;
        let endian = header.endian;
        let funcs = header.part(8, "func_info")?;
        let lines = header.part(16, "line_info")?;
        let core = if header.len >= HEADER_LEN { header.part(24, "core_relo")? } else { (0, &[][..]) };
        Ok(Self {
            funcs: read_table(funcs, endian, "func_info", |[insn_off, id]| FuncInfo {
                insn_off,
                type_id: TypeId(id),
            })?,
            lines: read_table(lines, endian, "line_info", |[insn_off, file, text, line_col]| LineInfo {
                insn_off,
                file_name_off: file,
                line_off: text,
                line_col,
            })?,
            core: read_table(core, endian, "core_relo", |[insn_off, id, access_off, kind]| CoreRecord {
                insn_off,
                type_id: TypeId(id),
                access_off,
                kind: CoreKind(kind),
            })?,
        })
    }
}

/// How many bytes [`table`] gives.
fn table_len<T>(sections: &[SectionRecords<T>], size: usize) -> usize {
    let records = sections.iter().map(|s| s.records.len()).filter(|len| *len > 0);
    let len: usize = records.map(|len| 8 + len * size).sum();
    if len == 0 { 0 } else { 4 + len }
}

/// The record size, then for each section its name, the number of records and the records.
fn table<T: Copy, const N: usize>(
    out: &mut Out,
    sections: &[SectionRecords<T>],
    size: usize,
    bytes: impl Fn(T) -> [u8; N],
) -> Result<(), Error> {
    for (n, section) in sections.iter().filter(|s| !s.records.is_empty()).enumerate() {
        if n == 0 {
            out.u32(len32(size, "a record")?);
        }
        out.u32(section.name_off);
        out.u32(len32(section.records.len(), "the records")?);
        for record in &section.records {
            out.bytes.extend_from_slice(&bytes(*record));
        }
    }
    Ok(())
}

/// The reverse of [`table`]; records may be longer than we know, and the rest of each is skipped.
fn read_table<T, const N: usize>(
    (start, data): (usize, &[u8]),
    endian: Endian,
    what: &'static str,
    record: impl Fn([u32; N]) -> T,
) -> Result<Vec<SectionRecords<T>>, Error> {
    let cut = |at: usize| Error::Truncated { offset: start + at, what };
    let field = |at: usize| u32_at(data, at, endian).ok_or(cut(at));
    let mut sections = vec![];
    if data.is_empty() {
        return Ok(sections);
    }
    let size = usize::try_from(field(0)?).map_err(|_| cut(0))?;
    if size < N * 4 {
        return Err(cut(0));
    }
    let mut at = 4;
    while at < data.len() {
        let (name_off, count) = (field(at)?, field(at + 4)?);
        at += 8;
        let len = usize::try_from(count).ok().and_then(|c| c.checked_mul(size)).ok_or(cut(at))?;
        let end = at.checked_add(len).ok_or(cut(at))?;
        let bytes = data.get(at..end).ok_or(cut(at))?;
        let one = |bytes: &[u8]| record(std::array::from_fn(|i| u32_at(bytes, i * 4, endian).unwrap_or(0)));
        sections.push(SectionRecords { name_off, records: bytes.chunks_exact(size).map(one).collect() });
        at = end;
    }
    Ok(sections)
}
