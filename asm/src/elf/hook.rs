//! Where programs belong ([`Func::hook`]), which no part of an ELF file says: a declaration tag on the FUNC,
//! `hook:tc/egress`, behind all other types. Other tools pass over it.

use std::borrow::Cow;

use crate::btf::{Btf, Kind, Type};
use crate::object::{Func, Object};

/// What such a tag begins with.
const TAG: &str = "hook:";
/// The component of a tag that is about the declaration itself.
const WHOLE: i32 = -1;

/// The types with the hooks of all programs.
pub(super) fn tagged(object: &Object) -> Cow<'_, Btf> {
    let tag = |func: &Func| {
        let kind = Kind::DeclTag { ty: func.btf?, component: WHOLE, attribute: false };
        Some(Type::named(format!("{TAG}{}", func.hook.as_ref()?), kind))
    };
    let tags: Vec<Type> = object.funcs.iter().filter_map(tag).collect();
    if tags.is_empty() {
        return Cow::Borrowed(&object.btf);
    }
    let mut btf = object.btf.clone();
    btf.types.extend(tags);
    Cow::Owned(btf)
}

/// Takes the tags off the types again.
pub(crate) fn take(object: &mut Object) {
    while let Some(Type { name, kind: Kind::DeclTag { ty, component: WHOLE, .. } }) = object.btf.types.last()
    {
        let func = object.funcs.iter_mut().find(|f| f.btf == Some(*ty) && f.hook.is_none());
        let (Some(func), Some(hook)) = (func, name.strip_prefix(TAG)) else { return };
        func.hook = Some(hook.to_string());
        object.btf.types.pop();
    }
}
