//! Declarations: licence, maps, variables, functions.

use super::names::Def;
use super::plain::{PlainData, PlainFunc, PlainMap, PlainSymbol, PlainVar, Plains};
use super::types::TyId;
use super::{Expander, Reported};
use crate::diag::{Diagnostic, Span, code, nearest};
use crate::elf;
use crate::lang::ast::{Expr, Func, Map, Room, SymbolWords, Var};
use crate::object::Linkage;
use crate::uapi::{MapType, section};

/// Indices of [`super::SECTIONS`].
const DATA: usize = 0;
const BSS: usize = 1;
const RODATA: usize = 2;
/// How many bytes a data section may have: 64 MiB, more than any kernel maps for one.
pub(super) const LARGEST: u32 = 64 << 20;

impl<'a> Expander<'a> {
    /// The text of a string token without quotes and escapes: what a file holds as bytes that end with a NUL.
    pub(super) fn plain_string(&mut self, span: Span) -> Result<String, Reported> {
        let mut bytes = self.string(span)?;
        bytes.pop();
        match bytes.contains(&0) {
            false => Ok(crate::bytes::text(&bytes).into_owned()),
            true => {
                Err(self.error(Diagnostic::error(code::STRING, "this is text, which holds no NUL", span)))
            }
        }
    }

    /// Declaration tags; one that is wrong has been reported.
    pub(super) fn tags(&mut self, tags: &[Span]) -> Vec<String> {
        tags.iter().filter_map(|tag| self.plain_string(*tag).ok()).collect()
    }

    /// The same where each may belong to a parameter.
    pub(super) fn numbered_tags(&mut self, tags: &[(Option<usize>, Span)]) -> Vec<(Option<usize>, String)> {
        tags.iter().filter_map(|(param, tag)| Some((*param, self.plain_string(*tag).ok()?))).collect()
    }

    /// The symbol of a declaration.
    pub(super) fn symbol(&mut self, name: Span, words: SymbolWords, usual: Linkage) -> PlainSymbol {
        let given = words.name.and_then(|name| self.plain_string(name).ok());
        let name = given.unwrap_or_else(|| self.text(name).to_string());
        PlainSymbol { name, linkage: words.linkage(usual), weak: words.weak, hidden: words.hidden }
    }

    pub(super) fn license(&mut self, span: Span) {
        if let Ok(license) = self.plain_string(span) {
            self.program.license = Some(license);
        }
    }

    pub(super) fn map(&mut self, map: &'a Map) {
        let plain = self.plain_map(map).and_then(|mut plain| {
            self.describe_map(map, &mut plain)?;
            Ok(plain)
        });
        // A map that is wrong keeps its place, so that its uses are no errors too.
        self.program.maps.push(plain.unwrap_or_else(|Reported| PlainMap {
            name: self.text(map.name).to_string(),
            symbol: PlainSymbol::default(),
            kind: MapType(0),
            key: None,
            value: None,
            given: None,
            entries: 0,
            flags: 0,
            extra: 0,
            numa_node: None,
            pin_by_name: false,
            inner: None,
            values: vec![],
            refs: vec![],
            place: None,
            legacy: None,
            bytes: vec![],
            unknown: None,
            tags: vec![],
        }));
    }

    fn plain_map(&mut self, map: &'a Map) -> Result<PlainMap, Reported> {
        let word = self.text(map.kind);
        let Some(kind) = self.map_kind(map) else {
            let d = Diagnostic::error(code::MAP, format!("there is no kind of map `{word}`"), map.kind);
            let names = MapType::ALL.iter().filter(|kind| kind.0 != 0).filter_map(|kind| kind.name());
            return Err(self.error(match nearest(word, names.clone()) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), map.kind, near),
                None => d.note(format!("kinds are: {}", names.collect::<Vec<_>>().join(", "))),
            }));
        };
        let types: Result<Vec<TyId>, Reported> = map.types.iter().map(|ty| self.ty(ty)).collect();
        let types = types?;
        let (key, value) = self.key_and_value(map, kind, &types)?;
        let entries = match &map.entries {
            Some(expr) => self.unsigned(expr, u64::from(u32::MAX), "the number of entries")?,
            None => 0,
        };
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        let mut plain = PlainMap {
            name: self.text(map.name).to_string(),
            symbol: self.symbol(map.name, map.symbol, Linkage::Global),
            kind,
            key,
            value,
            given: None,
            entries,
            flags: 0,
            extra: 0,
            numa_node: None,
            pin_by_name: false,
            inner: None,
            values: vec![],
            refs: vec![],
            place: None,
            legacy: None,
            bytes: vec![],
            unknown: None,
            tags: self.tags(&map.tags),
        };
        for (name, value) in &map.attributes {
            match self.file_attribute(&mut plain, *name, value) {
                Some(result) => result?,
                None => self.attribute(&mut plain, *name, value)?,
            }
        }
        match &mut plain.legacy {
            Some(legacy) => legacy.bytes = std::mem::take(&mut plain.bytes),
            None => elf::trim(&mut plain.bytes),
        }
        if let Some(inner) = &map.inner {
            let inner = self.plain_map(inner)?;
            let symbol = PlainSymbol { linkage: Linkage::Global, ..PlainSymbol::default() };
            plain.inner = Some(Box::new(PlainMap { name: String::new(), symbol, ..inner }));
        }
        self.check_map(map, &plain)?;
        plain.values = self.map_values(map, &plain)?;
        Ok(plain)
    }

    fn key_and_value(
        &mut self,
        map: &'a Map,
        kind: MapType,
        types: &[TyId],
    ) -> Result<(Option<TyId>, Option<TyId>), Reported> {
        let word = self.text(map.kind);
        let d = |message: String| Diagnostic::error(code::MAP, message, map.kind);
        let exact = self.is_exact(map);
        let wanted = match (kind, types) {
            (_, [key, value]) if exact => return Ok((Some(*key), Some(*value))),
            // Slots of programs and per-CPU events need no types: both are 32-bit numbers.
            (MapType::PROG_ARRAY | MapType::PERF_EVENT_ARRAY | MapType::CGROUP_ARRAY, [])
                if !self.is_legacy(map) =>
            {
                let number = self.types.builtin("u32");
                return Ok((number, number));
            }
            (_, []) if exact => return Ok((None, None)),
            (MapType::RINGBUF | MapType::USER_RINGBUF | MapType::ARENA, []) => return Ok((None, None)),
            (MapType::RINGBUF | MapType::USER_RINGBUF | MapType::ARENA, _) => {
                format!("`{word}[SIZE]`, without types")
            }
            (MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER, [value]) => {
                return Ok((None, Some(*value)));
            }
            (MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER, _) => format!("`{word}<VALUE>[N]`"),
            (MapType::ARRAY_OF_MAPS, []) => return Ok((self.types.builtin("u32"), None)),
            (MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS, [key]) => return Ok((Some(*key), None)),
            (MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS, _) => {
                format!("`{word}<KEY, KIND<KEY, VALUE>[N]>[N]`")
            }
            (_, [key, value]) => return Ok((Some(*key), Some(*value))),
            _ => format!("`{word}<KEY, VALUE>[N]`"),
        };
        Err(self.error(d(format!("a map of this kind is written {wanted}"))))
    }

    fn attribute(&mut self, plain: &mut PlainMap, name: Span, value: &'a Expr) -> Result<(), Reported> {
        const ATTRIBUTES: &[&str] =
            &["flags", "pinning", "map_extra", "numa_node", "legacy", "bytes", "at", "size"];
        let max = u64::from(u32::MAX);
        match self.text(name) {
            "flags" => {
                let flags = self.unsigned(value, max, "the value of `flags`")?;
                plain.flags |= u32::try_from(flags).unwrap_or(0);
            }
            "map_extra" => plain.extra = self.unsigned(value, u64::MAX, "`map_extra`")?,
            "numa_node" => {
                let node = self.unsigned(value, max, "a NUMA node")?;
                plain.numa_node = u32::try_from(node).ok();
            }
            "pinning" if self.text(value.span) == "by_name" => plain.pin_by_name = true,
            "pinning" => {
                let d = Diagnostic::error(code::MAP, "a map is pinned `by_name` or not at all", value.span);
                return Err(self.error(d.suggest("write `by_name`", value.span, "by_name")));
            }
            word => {
                let d = Diagnostic::error(code::MAP, format!("a map has no attribute `{word}`"), name);
                return Err(self.error(match nearest(word, ATTRIBUTES.iter().copied()) {
                    Some(near) => d.suggest(format!("did you mean `{near}`?"), name, near),
                    None => d.note(format!("attributes are: {}", ATTRIBUTES.join(", "))),
                }));
            }
        }
        Ok(())
    }

    /// What the kernel would refuse with a bare EINVAL.
    fn check_map(&mut self, map: &'a Map, plain: &PlainMap) -> Result<(), Reported> {
        const NO_PREALLOC: u32 = 1;
        let at = map.entries.as_ref().map_or(map.name, |e| e.span);
        let d = |message: &str| Diagnostic::error(code::MAP, message, at);
        let sized_later = matches!(plain.kind, MapType::PERF_EVENT_ARRAY | MapType::ARENA);
        let without = [
            MapType::SK_STORAGE,
            MapType::INODE_STORAGE,
            MapType::TASK_STORAGE,
            MapType::CGRP_STORAGE,
            MapType::CGROUP_STORAGE,
            MapType::PERCPU_CGROUP_STORAGE,
        ];
        // With a `btf` block, an object is taken as it is: loaders may set its sizes. And so are old definitions.
        if self.is_exact(map) {
            return Ok(());
        }
        if plain.kind == MapType::STRUCT_OPS {
            let d =
                Diagnostic::error(code::MAP, "a map of this kind is declared with its functions", map.kind);
            return Err(self.error(d.help("write `struct_ops NAME: TYPE { … }`")));
        }
        if matches!(plain.kind, MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS) && plain.inner.is_none() {
            let word = self.text(map.kind);
            let d = Diagnostic::error(code::MAP, "this map does not say what it holds", map.kind);
            return Err(self.error(d.help(format!("write `{word}<u32, array<u32, u64>[4]>[16]`"))));
        }
        match plain.kind {
            kind if without.contains(&kind) => {}
            MapType::RINGBUF | MapType::USER_RINGBUF
                if !plain.entries.is_power_of_two() || !plain.entries.is_multiple_of(4096) =>
            {
                let d = d("a ring buffer's size is a power of two and a multiple of the page size");
                return Err(self.error(d.help("write, say, `ringbuf[256K]`")));
            }
            _ if plain.entries == 0 && !sized_later => {
                let d = d("this map has no entries");
                return Err(self.error(d.help("say how many, in brackets behind its type: `[1024]`")));
            }
            _ => {}
        }
        if plain.kind == MapType::LPM_TRIE && plain.flags & NO_PREALLOC == 0 {
            let d = Diagnostic::error(code::MAP, "an LPM trie is never preallocated", map.kind);
            return Err(self.error(d.help("write `{ flags: BPF_F_NO_PREALLOC }` behind its size")));
        }
        let arrays = [
            MapType::ARRAY_OF_MAPS,
            MapType::ARRAY,
            MapType::PERCPU_ARRAY,
            MapType::PROG_ARRAY,
            MapType::PERF_EVENT_ARRAY,
        ];
        if arrays.contains(&plain.kind) && plain.key.is_some_and(|key| self.types.size(key) != 4) {
            let at = map.types.first().map_or(map.kind, |ty| ty.span);
            let d = Diagnostic::error(code::MAP, "the key of an array is 4 bytes", at);
            return Err(self.error(d.suggest("write `u32`", at, "u32")));
        }
        Ok(())
    }

    /// The place of a variable, which is found when it is first asked for: section, offset and type.
    pub(super) fn variable(&mut self, var: &'a Var) -> Result<(usize, u32, TyId), Reported> {
        if let Some(known) = self.variables.get(&var.name) {
            return known.ok_or(Reported);
        }
        self.variables.insert(var.name, None);
        // As with constants, it does not matter where it is used.
        let frames = std::mem::take(&mut self.frames);
        let place = self.place_variable(var);
        self.frames = frames;
        let place = place.and_then(|place| {
            self.describe_var(var, place)?;
            Ok(place)
        });
        self.variables.insert(var.name, place.ok());
        place
    }

    /// Takes the type of a variable that was placed last from the `btf` block.
    fn describe_var(
        &mut self,
        var: &'a Var,
        (section, offset, ty): (usize, u32, TyId),
    ) -> Result<(), Reported> {
        let size = self.types.size(ty);
        let name = self.program.data[section].name.clone();
        let given = self.given_var(&name, var, (offset, size))?;
        if let Some(var) = self.program.data[section].vars.last_mut() {
            var.btf = given;
        }
        Ok(())
    }

    fn place_variable(&mut self, var: &'a Var) -> Result<(usize, u32, TyId), Reported> {
        let ty = self.ty(&var.ty)?;
        if matches!(var.room, Room::StructOps | Room::StructOpsLink) {
            return self.struct_ops(var, ty);
        }
        let (size, align) = self.types.layout(ty);
        if size > LARGEST {
            let message = format!("`{}` takes {size} bytes, which is too much", self.text(var.name));
            let d = Diagnostic::error(code::RANGE, message, var.ty.span);
            return Err(
                self.error(d.note(format!("variables are at most {LARGEST} bytes; maps can be larger")))
            );
        }
        let mut bytes = vec![0; size as usize];
        if let Some(value) = &var.value {
            self.recount();
            if self.initial(value, ty, &mut bytes).is_err() {
                bytes.fill(0);
            }
        } else if var.config {
            let d = Diagnostic::error(code::CONSTANT, "a config variable has a value", var.name);
            let name = self.text(var.name);
            self.error(d.help(format!("give the one that holds without `--set {name}=…`")));
        }
        let section = match (var.room, var.config, var.value.is_some()) {
            (Room::Arena(map), ..) => self.in_arena(map)?,
            // Not all loaders know `.bss` with a name.
            (Room::Named(name, _), config, _) => {
                self.named_section(if config { RODATA } else { DATA }, name)?
            }
            (_, true, _) => RODATA,
            (_, false, false) => BSS,
            _ => DATA,
        };
        let private = matches!(var.room, Room::Named(_, true));
        let usual = if private { Linkage::Static } else { Linkage::Global };
        let symbol = self.symbol(var.name, var.symbol, usual);
        let name = self.text(var.name).to_string();
        let offset = self.place(section, &bytes, align, var.name)?;
        let tags = self.tags(&var.tags);
        self.program.data[section].vars.push(PlainVar {
            name,
            symbol,
            ty: Some(ty),
            offset,
            size,
            tags,
            btf: None,
        });
        Ok((section, offset, ty))
    }

    /// The section of a kind with a name of its own behind a dot.
    fn named_section(&mut self, base: usize, name: Span) -> Result<usize, Reported> {
        let text = self.plain_string(name)?;
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let message = "the name of a section consists of letters, digits and `_`";
            let d = Diagnostic::error(code::SECTION, message, name);
            return Err(self.error(d.note("`.data.` or `.rodata.` comes in front of it")));
        }
        let (prefix, kind) = super::SECTIONS[base];
        let full = format!("{prefix}.{text}");
        let sections = &mut self.program.data;
        Ok(sections.iter().position(|section| section.name == full).unwrap_or_else(|| {
            sections.push(PlainData::new(full, kind));
            sections.len() - 1
        }))
    }

    /// Appends bytes to a data section, aligned; gives their offset.
    pub(super) fn place(
        &mut self,
        section: usize,
        bytes: &[u8],
        align: u32,
        span: Span,
    ) -> Result<u32, Reported> {
        let data = &mut self.program.data[section];
        let (end, largest) = (data.size(), u64::from(LARGEST));
        let start = end.checked_next_multiple_of(align.into()).unwrap_or(u64::MAX);
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let offset = u32::try_from(start).ok().filter(|_| start.saturating_add(len) <= largest);
        let Some(offset) = offset else {
            let message = format!("this makes {} larger than {LARGEST} bytes", data.name);
            return Err(self.error(Diagnostic::error(code::RANGE, message, span)));
        };
        data.align = data.align.max(align);
        if data.is_stored() {
            data.bytes.resize(offset as usize, 0);
            data.bytes.extend_from_slice(bytes);
        } else {
            data.room = start + len;
        }
        Ok(offset)
    }

    /// Where a string stands in `.rodata`; equal ones stand there once.
    pub(super) fn string_data(&mut self, span: Span) -> Result<(usize, u32), Reported> {
        let bytes = self.string(span)?;
        let offset = match self.strings.get(&bytes) {
            Some(offset) => *offset,
            None => {
                let offset = self.place(RODATA, &bytes, 1, span)?;
                self.program.data[RODATA].strings.push((offset, bytes.clone()));
                self.strings.insert(bytes, offset);
                offset
            }
        };
        Ok((RODATA, offset))
    }

    /// Takes a function's head, so that others can call it.
    pub(super) fn declare(&mut self, func: &'a Func) {
        let section = func.section.and_then(|span| self.section(span).ok());
        let hook = func.hook.and_then(|span| self.hook(span, section.as_deref()).ok());
        // The type of the context, which the program's BTF names.
        let ctx = section.as_deref().and_then(section::parse).map_or("", |s| s.def.ctx);
        if let Some(definition) = self.names.structure(ctx, func.name.file) {
            let _ = self.named_type(definition.name);
        }
        let mut params = vec![];
        for (name, ty) in &func.params {
            if let Ok(ty) = self.ty(ty) {
                params.push((self.text(*name).to_string(), ty));
            }
        }
        if let Some((_, extra)) = func.params.get(5) {
            self.error(Diagnostic::error(
                code::RANGE,
                "a function has at most five parameters: r1 to r5",
                extra.span,
            ));
        }
        let result = func.result.as_ref().and_then(|ty| self.ty(ty).ok());
        let name = match func.bare {
            true => self.sources.get(func.name.file).symbol(),
            false => self.text(func.name).to_string(),
        };
        let tags = self.numbered_tags(&func.tags);
        let usual = if section.is_some() || func.bare { Linkage::Global } else { Linkage::Static };
        let mut symbol = self.symbol(func.name, func.symbol, usual);
        if func.bare {
            symbol.name.clone_from(&name);
        }
        let btf = self.given_func(func, &symbol.name).ok().flatten();
        self.program.funcs.push(PlainFunc {
            name,
            symbol,
            apart: func.apart,
            unchecked: func.unchecked,
            further: vec![],
            tail: vec![],
            span: func.name,
            end: func.end,
            section,
            hook,
            btf,
            params,
            result,
            insns: Plains::default(),
            refs: vec![],
            labels: vec![],
            core: vec![],
            lines: vec![],
            bare: func.bare,
            tags,
        });
    }

    fn section(&mut self, span: Span) -> Result<String, Reported> {
        let name = self.plain_string(span)?;
        let unknown = section::parse(&name).is_none();
        if unknown {
            let (head, rest) = name.split_once('/').map_or((name.as_str(), None), |(h, r)| (h, Some(r)));
            let d = Diagnostic::warning(
                code::SECTION,
                format!("no program type belongs to section `{name}`"),
                span,
            );
            let d = match (nearest(head, section::SECTIONS.iter().map(|s| s.name)), rest) {
                (Some(near), Some(rest)) => d.suggest(format!("did you mean `{near}/{rest}`?"), span, format!("\"{near}/{rest}\"")),
                (Some(near), None) => d.suggest(format!("did you mean `{near}`?"), span, format!("\"{near}\"")),
                _ => d.help("sections are, for example, \"xdp\", \"tc/egress\" and \"tracepoint/syscalls/sys_enter_execve\""),
            };
            self.error(d);
        }
        Ok(name)
    }

    /// Where a program belongs: another section of the same program type.
    fn hook(&mut self, span: Span, section: Option<&str>) -> Result<String, Reported> {
        let hook = self.section(span)?;
        let kind = |name: &str| section::parse(name).map(|s| s.def.prog_type);
        if section.is_some_and(|section| kind(section) != kind(&hook)) {
            let d =
                Diagnostic::error(code::SECTION, format!("`{hook}` is for programs of another type"), span);
            return Err(self
                .error(d.help("name a section of the same type that says where: \"tc/egress\" for \"tc\"")));
        }
        Ok(hook)
    }

    /// Checks a macro that may never be used.
    pub(super) fn check_macro(&mut self, definition: &'a crate::lang::ast::Macro) {
        for (i, param) in definition.params.iter().enumerate() {
            let name = self.text(param.name);
            if let Some(first) = definition.params[..i].iter().find(|p| self.text(p.name) == name) {
                let d = Diagnostic::error(
                    code::DUPLICATE,
                    format!("parameter `{name}` is there already"),
                    param.name,
                );
                self.error(d.also(first.name, "here"));
            }
        }
    }

    /// The function of that name, for a call.
    pub(super) fn callable(&self, span: Span) -> Option<usize> {
        match self.names.get(self.text(span), span.file)? {
            Def::Func(index, _) => Some(index),
            _ => None,
        }
    }
}
