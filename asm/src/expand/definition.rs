//! Maps as files hold them: definitions from before BTF, those that nothing describes, and their places.

use super::plain::{PlainMap, Side};
use super::{Expander, Reported};
use crate::btf::bytes::Out;
use crate::diag::{Diagnostic, Span, code};
use crate::elf::{UNDESCRIBED, define_map};
use crate::lang::ast::{Expr, ExprKind, Map};
use crate::lang::lexer;
use crate::object::{self, Legacy};
use crate::uapi::MapType;

impl<'a> Expander<'a> {
    /// The kind of a map by its name. Objects have others, too.
    pub(super) fn map_kind(&self, map: &Map) -> Option<MapType> {
        let word = self.text(map.kind);
        let kind = MapType::from_name(word);
        if !self.is_exact(map) {
            return kind.filter(|kind| kind.0 != 0);
        }
        kind.or_else(|| lexer::int(word).and_then(|n| u32::try_from(n).ok()).map(MapType))
    }

    /// Whether a map is taken as it is declared, be it as odd as it may.
    pub(super) fn is_exact(&self, map: &Map) -> bool {
        self.given.is_some() || self.is_legacy(map)
    }

    /// Whether its definition is one from before BTF.
    pub(super) fn is_legacy(&self, map: &Map) -> bool {
        map.attributes.iter().any(|(name, _)| self.text(*name) == "legacy")
    }

    /// An attribute that only files know; `None`: it is none.
    pub(super) fn file_attribute(
        &mut self,
        plain: &mut PlainMap,
        name: Span,
        value: &'a Expr,
    ) -> Option<Result<(), Reported>> {
        Some(match self.text(name) {
            "legacy" => self.quoted(value).map(|section| {
                let section = crate::bytes::text(&section).into_owned();
                plain.legacy.get_or_insert_default().section = section;
            }),
            "bytes" => self.quoted(value).map(|bytes| plain.bytes = bytes),
            word @ ("at" | "size") => self.unsigned(value, u32::MAX.into(), &format!("`{word}`")).map(|n| {
                let n = u32::try_from(n).unwrap_or(u32::MAX);
                let place = plain.place.get_or_insert_default();
                *(if word == "at" { &mut place.offset } else { &mut place.size }) = n;
            }),
            _ => return None,
        })
    }

    /// The bytes of a string.
    fn quoted(&mut self, value: &Expr) -> Result<Vec<u8>, Reported> {
        if !matches!(value.kind, ExprKind::Str) {
            let d = Diagnostic::error(code::MAP, "this is a string in quotes", value.span);
            return Err(self.error(d));
        }
        let mut bytes = self.string(value.span)?;
        bytes.pop();
        Ok(bytes)
    }

    /// Completes a map whose definition is bytes: these say what it is, and so must the declaration.
    pub(super) fn define(&mut self, map: &'a Map, plain: &mut PlainMap) -> Result<(), Reported> {
        let Some(Legacy { bytes, .. }) = &mut plain.legacy else { return Ok(()) };
        let [key, value] = plain.given.unwrap_or([Side { size: 0, ty: None }; 2]);
        let mut ours = [plain.kind.0, key.size, value.size, plain.entries, plain.flags];
        let written = map.attributes.iter().find(|(name, _)| self.text(*name) == "bytes");
        if written.is_none() {
            let mut out = Out::new(self.endian);
            ours.iter().for_each(|field| out.u32(*field));
            *bytes = out.bytes;
        }
        let mut known = object::Map::default();
        define_map(&mut known, bytes, self.endian);
        if map.types.is_empty() && written.is_some() {
            // They alone say it.
            plain.given = Some([known.key_size, known.value_size].map(|size| Side { size, ty: None }));
            (ours[1], ours[2]) = (known.key_size, known.value_size);
        }
        let theirs = [known.kind.0, known.key_size, known.value_size, known.max_entries, known.flags];
        plain.unknown = known.unknown;
        let names = ["kind", "size of the key", "size of the value", "number of entries", "`flags`"];
        if let Some(((what, a), b)) = names.iter().zip(ours).zip(theirs).find(|((_, a), b)| a != b) {
            let message = format!("the {what} of this map is {a}, and {b} in its bytes");
            let d = Diagnostic::error(code::MAP, message, map.name);
            return Err(self.error(d.also(written.map_or(map.name, |(_, e)| e.span), "these bytes")));
        }
        if plain.extra != 0 || plain.numa_node.is_some() || plain.pin_by_name || plain.inner.is_some() {
            let message = "a definition from before BTF has kind, sizes, entries and flags only";
            return Err(self.error(Diagnostic::error(code::MAP, message, map.name)));
        }
        Ok(())
    }

    /// Takes a map of no kind as one that no type describes.
    pub(super) fn describe_nothing(plain: &mut PlainMap) {
        plain.given = Some([Side { size: 0, ty: None }; 2]);
        plain.unknown = Some(UNDESCRIBED.to_string());
    }
}
