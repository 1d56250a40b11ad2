//! What maps hold at first, tables of functions for the kernel, variables in arenas, levels of the instruction set.

use super::plain::{PlainMap, PlainVar};
use super::types::{Ty, TyId};
use super::{Def, Expander, Reported};
use crate::diag::{Diagnostic, Span, code, nearest};
use crate::isa::Cpu;
use crate::lang::ast::{Arg, Expr, ExprKind, Map, Room, Var};
use crate::object::{Address, Linkage, Symbol};
use crate::sort::Sort;
use crate::uapi::MapType;

/// Indices of [`super::SECTIONS`].
const STRUCT_OPS: usize = 3;
const STRUCT_OPS_LINK: usize = 4;
const ARENA: usize = 5;

/// Bytes of a pointer.
const POINTER: u32 = 8;

impl<'a> Expander<'a> {
    /// What a map holds at first: maps in a map of maps, programs in a prog_array. Ordered by index.
    pub(super) fn map_values(
        &mut self,
        map: &'a Map,
        plain: &PlainMap,
    ) -> Result<Vec<(u32, Symbol)>, Reported> {
        let of_maps = plain.inner.is_some();
        if let Some((first, _)) = map.values.first()
            && !of_maps
            && plain.kind != MapType::PROG_ARRAY
            && self.given.is_none()
        {
            let d = Diagnostic::error(code::MAP, "a map of this kind begins without values", first.span);
            return Err(self.error(d.note("only maps of maps and prog_array have some from the beginning")));
        }
        if let Some((first, _)) = map.values.first()
            && plain.key.is_some_and(|key| self.types.size(key) != 4)
            && self.given.is_none()
        {
            let d = Diagnostic::error(
                code::MAP,
                "only a map with a key of 4 bytes begins with values",
                first.span,
            );
            return Err(self.error(d.note("loaders put each value under its number")));
        }
        let (mut values, mut failed): (Vec<(u32, Symbol)>, _) = (vec![], None);
        for (index, value) in &map.values {
            match self.map_value(plain, index, value) {
                Ok((n, _)) if values.iter().any(|v| v.0 == n) => {
                    let message = format!("index {n} has a value already");
                    failed = Some(self.error(Diagnostic::error(code::DUPLICATE, message, index.span)));
                }
                Ok(value) => values.push(value),
                Err(Reported) => failed = Some(Reported),
            }
        }
        values.order_by_key(|v| v.0);
        failed.map_or(Ok(values), Err)
    }

    fn map_value(
        &mut self,
        map: &PlainMap,
        index: &'a Expr,
        value: &'a Expr,
    ) -> Result<(u32, Symbol), Reported> {
        let of_maps = map.inner.is_some();
        // With a `btf` block, an object is taken as it is.
        let last = if self.given.is_some() { u32::MAX } else { map.entries.saturating_sub(1) }.into();
        let n = self.unsigned(index, last, "the index of a value")?;
        let span = value.span;
        let name = || self.names.get(self.text(span), span.file);
        let to = match (&value.kind, name()) {
            (ExprKind::Name(_), Some(Def::Map(to, _))) if of_maps => Symbol::Map(to),
            (ExprKind::Name(_), Some(Def::Func(to, func))) if !of_maps && func.section.is_some() => {
                Symbol::Func(to)
            }
            _ if self.given.is_some() => self.place_of_address(value)?,
            (ExprKind::Name(_), None) => {
                return Err(self.unknown(if of_maps { "map" } else { "program" }, span, |_| vec![]));
            }
            (_, def) => {
                let found = def.map_or("an expression", |def| def.what());
                let wanted = if of_maps { "a map" } else { "a program" };
                return Err(self.wrong_kind(span, found, wanted));
            }
        };
        Ok((u32::try_from(n).unwrap_or(u32::MAX), to))
    }

    /// The section of variables in an arena; checks that there is one.
    pub(super) fn in_arena(&mut self, name: Span) -> Result<usize, Reported> {
        match self.names.get(self.text(name), name.file) {
            Some(Def::Map(_, map)) if self.text(map.kind) == "arena" => Ok(ARENA),
            Some(def) => Err(self.wrong_kind(name, def.what(), "an arena")),
            None => Err(self.unknown("map", name, |_| vec![])),
        }
    }

    /// A table of functions for the kernel: section, offset and type.
    pub(super) fn struct_ops(&mut self, var: &'a Var, ty: TyId) -> Result<(usize, u32, TyId), Reported> {
        let section = if var.room == Room::StructOpsLink { STRUCT_OPS_LINK } else { STRUCT_OPS };
        if !matches!(self.types.get(ty), Ty::Struct(_)) {
            let message = format!("`{}` is no table of functions", self.types.name(ty));
            let d = Diagnostic::error(code::STRUCT_OPS, message, var.ty.span);
            return Err(self.error(d.help("it is one of the kernel's structs, such as `tcp_congestion_ops`")));
        }
        let mut bytes = vec![0; self.types.size(ty) as usize];
        let mut refs = vec![];
        let parts = match var.value.as_ref().map(|value| &value.kind) {
            Some(ExprKind::Braces(parts)) => parts.as_slice(),
            _ => &[],
        };
        for part in parts {
            // What is wrong has been reported; the next one may be right.
            let _ = self.table_entry(ty, part, &mut bytes, &mut refs);
        }
        let offset = self.place(section, &bytes, POINTER, var.name)?;
        let name = self.text(var.name).to_string();
        let symbol = self.symbol(var.name, var.symbol, Linkage::Global);
        refs.order_by_key(|(at, _)| *at);
        let tags = self.tags(&var.tags);
        let size = self.types.size(ty);
        let data = &mut self.program.data[section];
        data.vars.push(PlainVar { name, symbol, ty: Some(ty), offset, size, tags, btf: None });
        data.refs.extend(refs.into_iter().map(|(at, to)| Address::new(offset.saturating_add(at), to)));
        Ok((section, offset, ty))
    }

    fn table_entry(
        &mut self,
        ty: TyId,
        part: &'a Arg,
        bytes: &mut [u8],
        refs: &mut Vec<(u32, Symbol)>,
    ) -> Result<(), Reported> {
        let Some(name) = part.name else {
            let d = Diagnostic::error(code::STRUCT_OPS, "an entry of a table has a name", part.value.span);
            return Err(self.error(d.help("write `init: cc_init`")));
        };
        let place = self.walk_field(ty, name)?;
        let Ty::Pointer(to) = self.types.get(place.ty).clone() else {
            let start = place.offset as usize;
            let end = start.saturating_add(self.types.size(place.ty) as usize);
            let room =
                bytes.get_mut(start..end).filter(|_| place.bits.is_none()).ok_or(()).map_err(|()| {
                    let d = Diagnostic::error(code::STRUCT_OPS, "a bit field begins as zero here", name);
                    self.error(d)
                })?;
            return self.initial(&part.value, place.ty, room);
        };
        if !to.is_some_and(|to| matches!(self.types.get(to), Ty::Func(..))) {
            let text = self.text(name);
            let message = format!("`{text}` is not declared as a pointer to a function");
            let d = Diagnostic::error(code::STRUCT_OPS, message, name);
            let help = format!("declare the field as `{text}: *func(…) -> TYPE`; loaders look at that");
            return Err(self.error(d.help(help)));
        }
        let value = part.value.span;
        let def = match part.value.kind {
            ExprKind::Name(_) => self.names.get(self.text(value), value.file),
            _ => None,
        };
        match def {
            Some(Def::Func(index, func))
                if func.section.is_some_and(|s| self.text(s).contains("struct_ops")) =>
            {
                refs.push((place.offset, Symbol::Func(index)));
                Ok(())
            }
            Some(Def::Func(_, func)) => {
                let message = format!("`{}` is no program for a table of functions", self.text(value));
                let d = Diagnostic::error(code::STRUCT_OPS, message, value).also(func.name, "declared here");
                let text = self.text(func.name);
                Err(self.error(d.help(format!("its section is \"struct_ops/{text}\""))))
            }
            Some(def) => Err(self.wrong_kind(value, def.what(), "a program")),
            None => Err(self.unknown("program", value, |_| vec![])),
        }
    }

    /// `cpu v3`.
    pub(super) fn cpu(&mut self, level: Span) {
        let text = self.text(level);
        let Some(cpu) = Cpu::from_name(text) else {
            let d = Diagnostic::error(code::CPU, format!("there is no level `{text}`"), level);
            let levels = ["v1", "v2", "v3", "v4"];
            self.error(match nearest(text, levels) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), level, near),
                None => d.note("levels are v1, v2, v3 and v4"),
            });
            return;
        };
        if self.program.cpu.is_some() {
            let d = Diagnostic::error(code::CPU, "the level is given twice", level);
            self.error(d);
        }
        self.program.cpu = Some(cpu);
    }
}
