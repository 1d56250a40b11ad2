//! What compilers leave open in types, and a kernel wants to know.

use std::borrow::Cow;
use std::collections::HashMap;

use super::reloc::Layout;
use super::{LICENSE, VERSION, legacy};
use crate::btf::{FuncLinkage, Kind, maps};
use crate::object::Object;
use crate::sort::Sort;

/// Length of a section, and the places of its variables by name.
type Places<'o> = (u64, HashMap<&'o str, u32>);

/// The object with types as a kernel takes them.
///
/// What definitions of maps from before BTF say only by numbers becomes part of the maps. Sizes of sections and offsets of their variables, which clang leaves to the symbols, are filled in, and functions
/// that are verified with their callers are static. In the object itself types are as the file has them.
#[must_use]
pub fn fit(object: &Object) -> Cow<'_, Object> {
    let mut fitted = Cow::Borrowed(object);
    if legacy::says_more(object) {
        legacy::fit(fitted.to_mut());
    }
    for func in object.funcs.iter().filter(|func| !func.is_global()) {
        let Some(id) = func.btf else { continue };
        let Some(Kind::Func { linkage: FuncLinkage::GLOBAL, .. }) = object.btf.get(id).map(|t| &t.kind)
        else {
            continue;
        };
        if let Some(Kind::Func { linkage, .. }) = fitted.to_mut().btf.get_mut(id).map(|t| &mut t.kind) {
            *linkage = FuncLinkage::STATIC;
        }
    }
    let open = |t: &crate::btf::Type| matches!(t.kind, Kind::DataSec { size: 0, .. });
    if !object.btf.types.iter().any(open) {
        return fitted;
    }
    let sections = sections(object);
    for (id, ty) in object.btf.iter().filter(|(_, t)| open(t)) {
        let Some((len, places)) = sections.get(ty.name.as_str()) else { continue };
        let place = |var| object.btf.get(var).and_then(|t| places.get(t.name.as_str())).copied();
        if let Some(Kind::DataSec { size, vars }) = fitted.to_mut().btf.get_mut(id).map(|t| &mut t.kind) {
            *size = u32::try_from(*len).unwrap_or(0);
            for var in &mut *vars {
                var.offset = place(var.var).unwrap_or(var.offset);
            }
            vars.order_by_key(|v| v.offset);
        }
    }
    fitted
}

/// The sections that hold variables, by name.
fn sections(object: &Object) -> HashMap<&str, Places<'_>> {
    let mut all: HashMap<&str, Places> = HashMap::new();
    for data in &object.data {
        let places = data.vars.iter().map(|v| (v.name.as_str(), v.offset)).collect();
        all.entry(&data.name).or_insert((data.size(), places));
    }
    if let Ok(layout) = Layout::new(object) {
        for (map, (_, place)) in object.maps.iter().zip(&layout.maps).filter(|(map, _)| map.legacy.is_none())
        {
            let (len, places) = all.entry(maps::SECTION).or_default();
            *len = (*len).max(u64::from(place.offset) + u64::from(place.size));
            places.insert(&map.name, place.offset);
        }
    }
    let len = |text: &String| u64::try_from(text.len() + 1).unwrap_or(0);
    all.extend(object.license.as_ref().map(|text| (LICENSE, (len(text), HashMap::new()))));
    all.extend(object.version.map(|_| (VERSION, (4, HashMap::new()))));
    all
}
