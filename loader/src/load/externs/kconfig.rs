//! Values of the kernel's configuration, and what else libbpf gives a value: a section of data that is only read.

use std::collections::{BTreeMap, BTreeSet};

use bpfasm_asm::btf::{Btf, IntEncoding, Kind, TypeId, VarLinkage};
use bpfasm_asm::object::{Data, DataKind, ExternKind, Linkage, Object, Symbol, Var};
use bpfasm_asm::sort::Sort;

use crate::error::{Error, Result};
use crate::kernel::{Config, Symbols, has_attach_cookie, version_code};

/// The enum of `n`, `y` and `m` by its name.
const TRISTATE: &str = "libbpf_tristate";

/// What a variable can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Bool,
    Tristate,
    Char { signed: bool },
    Int { signed: bool },
    Text,
}

/// A variable of the section.
#[derive(Debug)]
struct Setting {
    /// Its index in [`Object::externs`].
    index: usize,
    ty: TypeId,
    shape: Shape,
    size: u32,
    align: u32,
    offset: u32,
}

/// Makes a data section of all values of the configuration that the object asks for, fills in those that are used, and
/// lets instructions refer to it.
pub(super) fn resolve(object: &mut Object, used: &BTreeSet<usize>) -> Result<()> {
    let settings = settings(object)?;
    let Some(size) = settings.last().map(|last| last.offset + last.size) else { return Ok(()) };
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    let wanted: Vec<&Setting> = settings.iter().filter(|setting| used.contains(&setting.index)).collect();
    fill(object, &wanted, &mut bytes)?;

    let section = object.data.len();
    let places: BTreeMap<usize, u32> = settings.iter().map(|s| (s.index, s.offset)).collect();
    for r in object.funcs.iter_mut().flat_map(|func| &mut func.refs) {
        if let Symbol::Extern(index) = r.to
            && let Some(offset) = places.get(&index)
        {
            r.to = Symbol::Data(section, *offset);
        }
    }
    describe(object, &settings, size);
    let var = |setting: &Setting| Var {
        name: object.externs[setting.index].name.clone(),
        offset: setting.offset,
        size: setting.size,
        ty: Some(setting.ty),
        linkage: Linkage::Global,
        ..Var::default()
    };
    let vars = settings.iter().map(var).collect();
    object.data.push(Data {
        name: ExternKind::Kconfig.section().into(),
        kind: DataKind::Rodata,
        bytes,
        align: 8,
        vars,
        ..Data::default()
    });
    Ok(())
}

/// The variables with their places: those of the greatest alignment first, then the smallest, then by name, as libbpf
/// has them.
fn settings(object: &Object) -> Result<Vec<Setting>> {
    let mut settings = vec![];
    for (index, ext) in object.externs.iter().enumerate().filter(|(_, e)| e.kind == ExternKind::Kconfig) {
        let wrong = |what: &str| Error::Extern { name: ext.name.clone(), what: what.to_owned() };
        let ty = ext.btf.and_then(|id| object.btf.get(id)).map(|ty| &ty.kind);
        let Some(&Kind::Var { ty, .. }) = ty else { return Err(wrong("it has no type")) };
        let size = object.btf.size_of(ty).filter(|size| *size > 0);
        let (shape, size) = shape(&object.btf, ty).zip(size).ok_or_else(|| {
            wrong(
                "a value of the configuration is a bool, a char, an integer, an array of char or an enum libbpf_tristate",
            )
        })?;
        let align = if shape == Shape::Text { 1 } else { size };
        settings.push(Setting { index, ty, shape, size, align, offset: 0 });
    }
    let name = |s: &Setting| object.externs[s.index].name.as_str();
    settings.order_by(|a, b| (b.align, a.size, name(a)).cmp(&(a.align, b.size, name(b))));
    let mut end = 0u32;
    for setting in &mut settings {
        setting.offset = end.next_multiple_of(setting.align);
        let too_large = || Error::Extern {
            name: object.externs[setting.index].name.clone(),
            what: "it is too large".into(),
        };
        end = setting.offset.checked_add(setting.size).filter(|end| *end < 1 << 30).ok_or_else(too_large)?;
    }
    Ok(settings)
}

/// What a variable of that type can hold; nothing for types that no value fits.
fn shape(btf: &Btf, ty: TypeId) -> Option<Shape> {
    match btf.resolved(ty)? {
        Kind::Int { size, encoding: IntEncoding(encoding), .. } => {
            let signed = encoding & IntEncoding::SIGNED.0 != 0;
            match (encoding & IntEncoding::BOOL.0 != 0, size) {
                (true, size) => (*size == 1).then_some(Shape::Bool),
                (false, 1) => Some(Shape::Char { signed }),
                (false, 2 | 4 | 8) => Some(Shape::Int { signed }),
                _ => None,
            }
        }
        Kind::Enum { size: 4, .. } | Kind::Enum64 { size: 4 | 8, .. } => {
            let name = &btf.get(btf.resolve(ty))?.name;
            (name == TRISTATE).then_some(Shape::Tristate)
        }
        Kind::Array { elem, len, .. } if *len > 0 => {
            matches!(shape(btf, *elem)?, Shape::Char { .. }).then_some(Shape::Text)
        }
        _ => None,
    }
}

/// The types of the section as the kernel takes them: with places, and defined.
fn describe(object: &mut Object, settings: &[Setting], len: u32) {
    let Some(section) = object.btf.datasec(ExternKind::Kconfig.section()) else { return };
    let places: BTreeMap<TypeId, u32> =
        settings.iter().filter_map(|s| Some((object.externs[s.index].btf?, s.offset))).collect();
    for id in places.keys() {
        if let Some(Kind::Var { linkage, .. }) = object.btf.get_mut(*id).map(|ty| &mut ty.kind) {
            *linkage = VarLinkage::GLOBAL;
        }
    }
    if let Some(Kind::DataSec { size, vars }) = object.btf.get_mut(section).map(|ty| &mut ty.kind) {
        *size = len;
        vars.retain(|var| places.contains_key(&var.var));
        for var in &mut *vars {
            var.offset = places.get(&var.var).copied().unwrap_or(0);
        }
        vars.order_by_key(|var| var.offset);
    }
}

/// Gives values to the variables that programs use.
fn fill(object: &Object, wanted: &[&Setting], bytes: &mut [u8]) -> Result<()> {
    let mut from_config: BTreeMap<&str, &Setting> = BTreeMap::new();
    for setting in wanted {
        let ext = &object.externs[setting.index];
        match ext.name.as_str() {
            name if name.starts_with("CONFIG_") => drop(from_config.insert(name, setting)),
            name => match own(name) {
                Some(value) => setting.number(name, value, bytes)?,
                None if name.starts_with("LINUX_") && ext.weak => {}
                None => {
                    return Err(wrong(
                        name,
                        "no value has this name: those of the configuration begin with CONFIG_",
                    ));
                }
            },
        }
    }
    if from_config.is_empty() {
        return Ok(());
    }
    let all_weak = from_config.values().all(|setting| object.externs[setting.index].weak);
    let config = match Config::read() {
        // Then nothing is known of any of them, which is what a weak one is prepared for.
        Err(_) if all_weak => return Ok(()),
        result => result?,
    };
    for (name, value) in config.iter() {
        if let Some(setting) = from_config.remove(name) {
            setting.put(name, value, bytes)?;
        }
    }
    let missing = from_config.iter().find(|(_, setting)| !object.externs[setting.index].weak);
    missing.map_or(Ok(()), |(name, _)| Err(wrong(name, "it is not set in the configuration of this kernel")))
}

/// What is no value of the configuration, and has one all the same.
fn own(name: &str) -> Option<u64> {
    match name {
        "LINUX_KERNEL_VERSION" => version_code().map(u64::from),
        "LINUX_HAS_BPF_COOKIE" => Some(has_attach_cookie().into()),
        "LINUX_HAS_SYSCALL_WRAPPER" => Some(Symbols::read().has_syscall_wrappers().into()),
        _ => None,
    }
}

impl Setting {
    /// Puts a value there, as the configuration writes it.
    fn put(&self, name: &str, value: &str, bytes: &mut [u8]) -> Result<()> {
        match (value.as_bytes(), self.shape) {
            (b"y", Shape::Bool) => self.write(1, bytes),
            (b"n", Shape::Bool | Shape::Tristate) => self.write(0, bytes),
            (b"y", Shape::Tristate) => self.write(1, bytes),
            (b"m", Shape::Tristate) => self.write(2, bytes),
            ([letter @ (b'y' | b'n' | b'm')], Shape::Char { .. }) => self.write((*letter).into(), bytes),
            ([b'"', text @ .., b'"'], Shape::Text) => {
                let start = usize::try_from(self.offset).unwrap_or(0);
                let room = usize::try_from(self.size).unwrap_or(0);
                // A NUL stays behind it.
                let len = text.len().min(room.saturating_sub(1));
                if let Some(place) = bytes.get_mut(start..start + len) {
                    place.copy_from_slice(&text[..len]);
                }
            }
            ([b'y' | b'n' | b'm' | b'"', ..], _) => {
                return Err(wrong(name, &format!("it is {value}, which its type cannot hold")));
            }
            (_, Shape::Char { .. } | Shape::Int { .. }) => {
                let number = number(value).ok_or_else(|| wrong(name, &format!("{value} is no number")))?;
                return self.number(name, number, bytes);
            }
            _ => return Err(wrong(name, &format!("it is {value}, which its type cannot hold"))),
        }
        Ok(())
    }

    /// Puts a number there.
    fn number(&self, name: &str, value: u64, bytes: &mut [u8]) -> Result<()> {
        let bits = 8 * self.size;
        let fits = match self.shape {
            Shape::Bool => value <= 1,
            Shape::Char { signed } | Shape::Int { signed } => {
                // As many bits as it has, where the sign is that of 64 bits.
                let shifted = if signed { value.wrapping_add(1 << (bits - 1)) } else { value };
                bits == 64 || shifted >> bits == 0
            }
            Shape::Tristate | Shape::Text => false,
        };
        match fits {
            true => self.write(value, bytes),
            false => return Err(wrong(name, &format!("it is {value}, which its type cannot hold"))),
        }
        Ok(())
    }

    /// Writes the low bytes of a number.
    fn write(&self, value: u64, bytes: &mut [u8]) {
        let (start, len) =
            (usize::try_from(self.offset).unwrap_or(0), usize::try_from(self.size).unwrap_or(0));
        let number = value.to_ne_bytes();
        let low = if cfg!(target_endian = "little") { number.get(..len) } else { number.get(8 - len..) };
        if let (Some(place), Some(low)) = (bytes.get_mut(start..start + len), low) {
            place.copy_from_slice(low);
        }
    }
}

/// A number as C writes it.
fn number(text: &str) -> Option<u64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let number = match hex {
        Some(digits) => u64::from_str_radix(digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => u64::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    number.ok().map(|number| if negative { number.wrapping_neg() } else { number })
}

fn wrong(name: &str, what: &str) -> Error {
    Error::Extern { name: name.to_owned(), what: what.to_owned() }
}
