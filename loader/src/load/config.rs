//! Values that are set before loading: `--set port=4040`.

use crate::error::{Error, Result};
use bpfasm_asm::object::{Linkage, Object};
use std::borrow::Cow;

/// The bytes of all data sections, with the values set. Zeros that no file holds are there only where one is set.
pub(super) fn patched<'o>(object: &'o Object, config: &[(String, Vec<u8>)]) -> Result<Vec<Cow<'o, [u8]>>> {
    let mut data: Vec<Cow<'o, [u8]>> = object.data.iter().map(|d| Cow::Borrowed(&d.bytes[..])).collect();
    for (name, value) in config {
        let Some((section, var)) = object.var(name) else {
            return Err(Error::NoConfig { name: name.clone(), known: known(object) });
        };
        let size_error = || Error::ConfigSize { name: name.clone(), want: var.size, got: value.len() };
        let place = usize::try_from(var.offset)
            .ok()
            .zip(usize::try_from(var.size).ok())
            .filter(|&(_, size)| size == value.len())
            .and_then(|(start, size)| Some(start..start.checked_add(size)?))
            .ok_or_else(size_error)?;
        // More than 4 GiB no map holds.
        let len = u32::try_from(object.data[section].size()).map_err(|_| size_error())?;
        let bytes = data[section].to_mut();
        bytes.resize(usize::try_from(len).map_err(|_| size_error())?, 0);
        let bytes = bytes.get_mut(place).ok_or_else(size_error)?;
        bytes.copy_from_slice(value);
    }
    Ok(data)
}

/// The variables that have a name of the user's choice; strings do not.
pub(super) fn known(object: &Object) -> Vec<String> {
    let vars = object.data.iter().flat_map(|d| &d.vars);
    vars.filter(|v| v.linkage == Linkage::Global).map(|v| v.name.clone()).collect()
}
