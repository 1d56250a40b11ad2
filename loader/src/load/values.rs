//! Values that a person gives: `port=4040` for a variable, `allowed[10.9.0.1/32]=1` for an element of a map.

use bpfasm_asm::btf::{TypeId, value};
use bpfasm_asm::object::Object;

use super::maps::no_map;
use super::{Existing, Loaded};
use crate::error::{Error, Result};

/// An element that a map is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The map.
    pub map: String,
    /// The key as it was given.
    pub text: String,
    /// The key.
    pub key: Vec<u8>,
    /// The value; a per-CPU map gets it for each CPU.
    pub value: Vec<u8>,
}

/// What `--map` gives: an element, or a map.
#[derive(Debug)]
pub enum Given {
    /// An element that a map is to have.
    Element(Element),
    /// A map that takes the place of the one of that name.
    Map(String, Existing),
}

/// The element out of `MAP[KEY]=VALUE`, or the map out of `MAP=PIN` or `MAP=id:N`: the bracket tells which.
///
/// # Errors
/// [`Error::Setting`], [`Error::NoMap`], [`Error::NoExisting`].
pub fn map(object: &Object, text: &str) -> Result<Given> {
    match text.split_once('=') {
        Some((name, place)) if !name.contains('[') => {
            object.map(name).ok_or_else(|| no_map(object, name))?;
            Ok(Given::Map(name.to_string(), Existing::open(place)?))
        }
        _ => element(object, text).map(Given::Element),
    }
}

/// The number out of `MAP=N`.
///
/// # Errors
/// [`Error::Setting`] for text of another form.
pub fn max_entries(text: &str) -> Result<(String, u32)> {
    let number = |n: &str| n.parse().ok().filter(|n| *n != 0);
    text.split_once('=')
        .and_then(|(name, n)| Some((name.to_string(), number(n)?)))
        .ok_or_else(|| form("--max-entries", text, "MAP=N, such as flows=1024"))
}

/// The variable's name and its bytes out of `NAME=VALUE`, typed by the object.
///
/// # Errors
/// [`Error::Setting`] for text of another form or a value of another type, [`Error::NoConfig`] for a variable that is
/// not there.
pub fn setting(object: &Object, text: &str) -> Result<(String, Vec<u8>)> {
    let (name, given) =
        text.split_once('=').ok_or_else(|| form("--set", text, "NAME=VALUE, such as port=4040"))?;
    let Some((_, var)) = object.var(name) else {
        return Err(Error::NoConfig { name: name.to_string(), known: super::config::known(object) });
    };
    Ok((name.to_string(), typed(object, "--set", text, var.ty, given)?))
}

/// The element out of `MAP[KEY]=VALUE`, typed by the object.
///
/// # Errors
/// [`Error::Setting`] for text of another form or a value of another type, [`Error::NoMap`] for a map that is not
/// there.
pub fn element(object: &Object, text: &str) -> Result<Element> {
    let wrong =
        || form("--map", text, "MAP[KEY]=VALUE, such as allowed[10.9.0.1/32]=1, or MAP=PIN, or MAP=id:N");
    let (name, rest) = text.split_once('[').ok_or_else(wrong)?;
    let (key_text, value_text) = rest.split_once("]=").ok_or_else(wrong)?;
    let map = object.map(name).ok_or_else(|| no_map(object, name))?;
    let key = typed(object, "--map", text, map.key, key_text)?;
    let value = typed(object, "--map", text, map.value, value_text)?;
    Ok(Element { map: name.to_string(), text: key_text.to_string(), key, value })
}

impl Loaded {
    /// Puts an element into its map.
    ///
    /// # Errors
    /// [`Error::Element`]: the kernel's refusal.
    pub fn set(&self, element: &Element) -> Result<()> {
        let Some(map) = self.map(&element.map) else { return Ok(()) };
        let failed = |source| Error::Element { map: element.map.clone(), key: element.text.clone(), source };
        let mut value = element.value.clone();
        if map.map.is_per_cpu() {
            value.resize(value.len().next_multiple_of(8), 0);
            let len = map.map.value_len().map_err(failed)?;
            value = value.iter().copied().cycle().take(len).collect();
        }
        map.map.update(&element.key, &value, 0).map_err(failed)
    }
}

fn typed(
    object: &Object,
    flag: &'static str,
    text: &str,
    ty: Option<TypeId>,
    given: &str,
) -> Result<Vec<u8>> {
    let untyped = || form(flag, text, "a value of a type, which this has not");
    let ty = ty.ok_or_else(untyped)?;
    value::parse(&object.btf, ty, given, object.endian).map_err(|e| Error::Setting {
        flag,
        text: text.to_string(),
        what: e.to_string(),
    })
}

fn form(flag: &'static str, text: &str, wanted: &str) -> Error {
    Error::Setting { flag, text: text.to_string(), what: format!("expected {wanted}") }
}
