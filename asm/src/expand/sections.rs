//! Data sections as they are: `section` blocks, places in them, and relocations of any kind.

use std::collections::HashMap;

use super::eval::Value;
use super::names::Def;
use super::plain::{PlainData, PlainVar};
use super::types::TyId;
use super::{Expander, Reported};
use crate::diag::{Diagnostic, Span, code, nearest};
use crate::elf;
use crate::lang::ast::{
    Content, DataSymbol, Expr, ExprKind, Extent, Item, ItemKind, Reloc as Written, Section,
};
use crate::lang::lexer;
use crate::object::{Address, Anchor, DataKind, Form, Linkage, Reloc, Symbol};
use crate::sort::Sort;

/// How many bytes of a section a file may hold.
const LARGEST: u64 = super::decl::LARGEST as u64;
/// Bytes of an address.
const ADDRESS: u64 = 8;

/// The end of the bytes that lines gave so far, and the last of these lines.
#[derive(Debug, Default)]
struct Filled {
    bytes: Vec<u8>,
    last: Option<Span>,
}

impl<'a> Expander<'a> {
    /// `version 0x50a00`.
    pub(super) fn version(&mut self, span: Span, version: &'a Expr) {
        if self.program.version.is_some() {
            self.error(Diagnostic::error(code::SYNTAX, "the version is given twice", span));
        }
        let version = self.unsigned(version, u32::MAX.into(), "a version of the kernel");
        self.program.version = version.ok().and_then(|version| u32::try_from(version).ok());
    }

    /// Takes the sections of `section` blocks: heads, bytes and symbols. What refers to others follows later.
    pub(super) fn sections(&mut self, items: &[&'a Item]) {
        for (number, section) in blocks(items).enumerate() {
            // What is wrong has been reported.
            let _ = self.section_block(number, section);
        }
    }

    fn section_block(&mut self, block: usize, section: &'a Section) -> Result<(), Reported> {
        let name = self.plain_string(section.name)?;
        let usual = elf::data_kind(&name);
        let kind = match &section.kind {
            Some((_, kind, _)) => *kind,
            None if usual != DataKind::Other => usual,
            None => {
                let message = format!("the name `{name}` does not say what kind of section this is");
                let d = Diagnostic::error(code::SECTION, message, section.name);
                self.error(d.suggest("one that only the file knows is", section.name.after(), " other"));
                DataKind::Other
            }
        };
        let index = self.new_section(block, section, name, kind)?;
        if let Some((_, _, numbers)) = &section.kind
            && let Some(form) = self.form(numbers)?
        {
            let data = &mut self.program.data[index];
            data.form = Some(form).filter(|form| *form != elf::usual_form(kind, &data.name));
        }
        if let Some(align) = &section.align {
            let number = self.unsigned(align, 1 << 31, "an alignment")?;
            let number = u32::try_from(number).ok().filter(|n| n.is_power_of_two());
            let Some(number) = number else {
                let d = Diagnostic::error(code::LAYOUT, "an alignment is a power of two", align.span);
                return Err(self.error(d));
            };
            self.program.data[index].align = number;
        }
        self.contents(index, section)
    }

    /// A place among the sections of the program for a block.
    fn new_section(
        &mut self,
        block: usize,
        section: &'a Section,
        name: String,
        kind: DataKind,
    ) -> Result<usize, Reported> {
        let number = section
            .number
            .as_ref()
            .map_or(Ok(1), |n| self.unsigned(n, u64::MAX, "the number of a section"))?;
        let id = (name, number);
        let known = self.section_ids.get(&id).copied();
        let before = number <= 1 || self.section_ids.contains_key(&(id.0.clone(), number - 1));
        if known.is_some_and(|index| self.program.data[index].block.is_some()) || !before || number == 0 {
            let last = (1..).take_while(|n| self.section_ids.contains_key(&(id.0.clone(), *n))).last();
            let next = last.unwrap_or(0) + 1;
            let message = match number {
                1 => format!("there is a section `{}` already", id.0),
                _ => format!("this is not section {number} of the name `{}`", id.0),
            };
            let d = Diagnostic::error(code::DUPLICATE, message, section.name);
            return Err(self.error(d.help(format!("the next one of this name has `as {next}` behind it"))));
        }
        let data = PlainData { block: Some(block), ..PlainData::new(id.0.clone(), kind) };
        let index = match known {
            Some(index) => {
                self.program.data[index] = data;
                index
            }
            None => {
                self.program.data.push(data);
                self.program.data.len() - 1
            }
        };
        self.section_ids.insert(id, index);
        Ok(index)
    }

    /// Type, flags and size of entries of a section's header.
    fn form(&mut self, numbers: &'a [Expr]) -> Result<Option<Form>, Reported> {
        let [kind, flags, entry @ ..] = numbers else { return Ok(None) };
        let kind = self.unsigned(kind, u32::MAX.into(), "the type of a section")?;
        let flags = self.unsigned(flags, u64::MAX, "the flags of a section")?;
        let entry = entry.first().map_or(Ok(0), |n| self.unsigned(n, u64::MAX, "the size of entries"))?;
        Ok(Some(Form { kind: u32::try_from(kind).unwrap_or(0), flags, entry }))
    }

    /// Bytes and symbols.
    fn contents(&mut self, index: usize, section: &'a Section) -> Result<(), Reported> {
        let size = match &section.size {
            Some(size) => Some((self.unsigned(size, u64::MAX, "the size of a section")?, size.span)),
            None => None,
        };
        let stored = self.program.data[index].is_stored();
        let (mut end, mut filled, mut failed) = (0, Filled::default(), None);
        let mut symbols = vec![];
        for (offset, content) in &section.lines {
            let result = self.content((offset, content), stored, size, &mut filled, &mut symbols);
            match result {
                Ok(ends) => end = end.max(ends),
                Err(Reported) => failed = Some(Reported),
            }
        }
        let size = match size {
            Some((size, _)) => size,
            None => end,
        };
        let span = section.size.as_ref().map_or(section.name, |size| size.span);
        if stored && size > LARGEST {
            let d = Diagnostic::error(code::RANGE, format!("a section of {size} bytes is too large"), span);
            return Err(self.error(d.note(format!("a file may hold {LARGEST} bytes of it"))));
        }
        // Those at the same place stay in their order.
        symbols.order_by_key(|(_, var): &(Span, PlainVar)| var.offset);
        for (at, (name, _)) in symbols.iter().enumerate() {
            self.symbols.insert(*name, (index, at));
        }
        let data = &mut self.program.data[index];
        data.vars = symbols.into_iter().map(|(_, var)| var).collect();
        data.bytes = filled.bytes;
        if stored {
            data.bytes.resize(usize::try_from(size).unwrap_or(0), 0);
        } else {
            data.room = size;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Takes a line; gives where what it describes ends.
    fn content(
        &mut self,
        (offset, content): (&'a Expr, &'a Content),
        stored: bool,
        size: Option<(u64, Span)>,
        filled: &mut Filled,
        symbols: &mut Vec<(Span, PlainVar)>,
    ) -> Result<u64, Reported> {
        let at = self.unsigned(offset, u32::MAX.into(), "an offset")?;
        let (bytes, span) = match content {
            Content::Symbol(symbol) => {
                let var = self.data_symbol(u32::try_from(at).unwrap_or(u32::MAX), symbol)?;
                let (end, ty) = (at + u64::from(var.size), var.ty);
                symbols.push((symbol.name, var));
                let (Extent::Typed(_, Some(value)), Some(ty)) = (&symbol.extent, ty) else { return Ok(end) };
                (Some(std::borrow::Cow::Owned(self.data_value(value, ty)?)), value.span)
            }
            // They are looked at when all names are known.
            Content::Reloc(..) => return Ok(at),
            Content::Address(expr) => (None, expr.span),
            Content::Bytes(span, bytes) => (Some(std::borrow::Cow::Borrowed(bytes)), *span),
            Content::Str(span) => {
                let mut bytes = self.string(*span)?;
                bytes.pop();
                (Some(std::borrow::Cow::Owned(bytes)), *span)
            }
        };
        if !stored {
            let d = Diagnostic::error(code::LAYOUT, "a file holds no bytes of this section", span);
            return Err(self.error(d.note("it is zero at first")));
        }
        let len = bytes.as_ref().map_or(ADDRESS, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let end = at.saturating_add(len);
        let most = size.map_or(LARGEST, |(size, _)| size.min(LARGEST));
        if end > most {
            let message = format!("this ends at byte {end}, and the section has {most}");
            let d = Diagnostic::error(code::LAYOUT, message, span);
            return Err(self.error(match size {
                Some((_, size)) => d.also(size, "its size"),
                None => d,
            }));
        }
        let Some(bytes) = bytes else { return Ok(end) };
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        if start < filled.bytes.len() {
            let message = format!("these bytes begin before byte {}", filled.bytes.len());
            let d = Diagnostic::error(code::LAYOUT, message, span);
            let last = filled.last.unwrap_or(span);
            return Err(
                self.error(d.also(last, "where these end").help("lines stand in order of their offsets"))
            );
        }
        filled.bytes.resize(start, 0);
        filled.bytes.extend_from_slice(&bytes);
        filled.last = Some(span);
        Ok(end)
    }

    fn data_symbol(&mut self, offset: u32, symbol: &'a DataSymbol) -> Result<PlainVar, Reported> {
        let (size, ty) = match &symbol.extent {
            Extent::Bytes(size) => (self.unsigned(size, u32::MAX.into(), "the size of a symbol")?, None),
            Extent::Typed(ty, _) => {
                let ty = self.ty(ty)?;
                (self.types.size(ty).into(), Some(ty))
            }
        };
        Ok(PlainVar {
            name: self.text(symbol.name).to_string(),
            symbol: self.symbol(symbol.name, symbol.symbol, Linkage::Global),
            ty,
            offset,
            size: u32::try_from(size).unwrap_or(u32::MAX),
            tags: vec![],
            btf: None,
        })
    }

    /// The bytes of a value.
    fn data_value(&mut self, value: &'a Expr, ty: TyId) -> Result<Vec<u8>, Reported> {
        let size = self.types.size(ty);
        if u64::from(size) > LARGEST {
            let d =
                Diagnostic::error(code::RANGE, format!("a value of {size} bytes is too large"), value.span);
            return Err(self.error(d.note(format!("a file may hold {LARGEST} bytes of a section"))));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        self.recount();
        self.initial(value, ty, &mut bytes)?;
        Ok(bytes)
    }

    /// Takes the addresses in sections and maps, and the types of symbols.
    pub(super) fn addresses(&mut self, items: &[&'a Item]) {
        let maps = items.iter().filter_map(|item| match &item.kind {
            ItemKind::Map(map) => Some(map),
            _ => None,
        });
        for (number, map) in maps.enumerate() {
            self.program.maps[number].refs = self.address_lines(&map.refs);
        }
        let data = self.program.data.iter().enumerate();
        let places: HashMap<usize, usize> =
            data.filter_map(|(index, data)| Some((data.block?, index))).collect();
        for (number, section) in blocks(items).enumerate() {
            let Some(index) = places.get(&number).copied() else { continue };
            let refs = self.address_lines(&section.lines);
            let types =
                self.given.and_then(|given| given.sections.get(self.program.data[index].name.as_str()));
            let data = &mut self.program.data[index];
            data.refs = refs;
            for var in &mut data.vars {
                var.btf = types.and_then(|section| section.types.get(var.symbol.name.as_str())).copied();
            }
            for (_, content) in &section.lines {
                if let Content::Symbol(symbol) = content {
                    // What differs has been reported.
                    let _ = self.agree_symbol(symbol);
                }
            }
        }
    }

    /// A symbol's type is that of the variable in the block.
    fn agree_symbol(&mut self, symbol: &'a DataSymbol) -> Result<(), Reported> {
        let Extent::Typed(written, _) = &symbol.extent else { return Ok(()) };
        let (section, at) = self.symbols.get(&symbol.name).copied().ok_or(Reported)?;
        let var = &self.program.data[section].vars[at];
        match (var.ty, var.btf) {
            (Some(ours), Some(theirs)) => self.agree_var(symbol.name, written.span, ours, theirs),
            _ => Ok(()),
        }
    }

    /// The addresses among lines, ordered by offset.
    fn address_lines(&mut self, lines: &'a [(Expr, Content)]) -> Vec<Address> {
        let mut refs = vec![];
        for (offset, content) in lines {
            if let Ok(Some(address)) = self.address_line(offset, content) {
                refs.push(address);
            }
        }
        refs.order_by_key(|address: &Address| address.offset);
        refs
    }

    fn address_line(&mut self, offset: &'a Expr, content: &'a Content) -> Result<Option<Address>, Reported> {
        let offset = match content {
            Content::Address(_) | Content::Reloc(..) => {
                let at = self.unsigned(offset, u32::MAX.into(), "an offset")?;
                u32::try_from(at).unwrap_or(u32::MAX)
            }
            _ => return Ok(None),
        };
        Ok(Some(match content {
            Content::Reloc(span, reloc) => {
                let (reloc, to) = self.reloc(*span, reloc)?;
                Address { offset, to, reloc }
            }
            Content::Address(expr) => Address::new(offset, self.place_of_address(expr)?),
            _ => return Ok(None),
        }))
    }

    /// What has an address.
    pub(super) fn place_of_address(&mut self, expr: &'a Expr) -> Result<Symbol, Reported> {
        let value = self.eval(expr)?;
        match self.addressed(value)? {
            Some((symbol, 0)) => Ok(symbol),
            _ => Err(self.wrong_kind(expr.span, value.what(), "something that has an address")),
        }
    }

    // Places.

    /// The value of a symbol's name.
    pub(super) fn symbol_value(&self, symbol: &DataSymbol) -> Result<Value, Reported> {
        let (section, at) = self.symbols.get(&symbol.name).copied().ok_or(Reported)?;
        let var = &self.program.data[section].vars[at];
        Ok(Value::Data(section, var.offset, var.ty))
    }

    /// The symbol that an expression names.
    fn symbol_named(&self, expr: &Expr) -> Option<&PlainVar> {
        let ExprKind::Name(_) = expr.kind else { return None };
        let Some(Def::Symbol(symbol)) = self.names.get(self.text(expr.span), expr.span.file) else {
            return None;
        };
        let (section, at) = self.symbols.get(&symbol.name)?;
        self.program.data[*section].vars.get(*at)
    }

    /// The size of a symbol of a `section` block.
    pub(super) fn symbol_size(&self, expr: &Expr) -> Option<u32> {
        self.symbol_named(expr).map(|var| var.size)
    }

    /// What stands at a place in data.
    pub(super) fn data_type(&mut self, expr: &Expr, known: Option<TyId>) -> Result<TyId, Reported> {
        let given = self.symbol_named(expr).and_then(|var| var.btf);
        match (known, given) {
            (Some(ty), _) => Ok(ty),
            (None, Some(id)) => self.given_type(id, expr.span),
            (None, None) => {
                let message = format!("nothing says of what type `{}` is", self.text(expr.span));
                Err(self.error(Diagnostic::error(code::TYPE, message, expr.span)))
            }
        }
    }

    /// The section that `section("NAME")` or `section("NAME", 2)` names.
    pub(super) fn section_named(&mut self, span: Span, args: &'a [Expr]) -> Result<usize, Reported> {
        let (name, number) = match args {
            [name] => (name, 1),
            [name, number] => (name, self.unsigned(number, u64::MAX, "the number of a section")?),
            _ => (args.first().ok_or(Reported)?, 1),
        };
        let ExprKind::Str = name.kind else {
            let d = Diagnostic::error(code::KIND, "a section is named by a string", name.span);
            return Err(self.error(d.help("write `section(\".rodata\")`")));
        };
        let text = self.plain_string(name.span)?;
        let is_block = |index: &usize| self.program.data[*index].block.is_some();
        let found = self.section_ids.get(&(text.clone(), number)).copied();
        if let Some(index) = found.filter(is_block) {
            return Ok(index);
        }
        let message = match number {
            1 => format!("no `section` block describes `{text}`"),
            n => format!("there are no {n} `section` blocks for `{text}`"),
        };
        let blocks = self.section_ids.iter().filter(|(_, index)| is_block(index));
        let mut known: Vec<&str> = blocks.map(|((name, _), _)| name.as_str()).collect();
        known.order();
        let d = Diagnostic::error(code::UNKNOWN, message, span);
        let near = nearest(&text, known).map(str::to_string);
        Err(self.error(match near {
            Some(near) if number == 1 => {
                d.suggest(format!("did you mean `{near}`?"), name.span, format!("\"{near}\""))
            }
            _ => d.help("`section \"NAME\" { … }` describes one"),
        }))
    }

    /// A place so many bytes behind another.
    pub(super) fn beside(&mut self, span: Span, place: Value, distance: i128) -> Result<Value, Reported> {
        let found = match place {
            Value::Data(section, offset, _) => {
                let offset = u32::try_from(i128::from(offset) + distance).ok();
                offset.map(|offset| Value::Data(section, offset, None))
            }
            Value::Extern(index, before) => {
                let sum = i32::try_from(i128::from(before) + distance).ok();
                sum.map(|sum| Value::Extern(index, sum))
            }
            other => Some(other),
        };
        found.ok_or(()).map_err(|()| {
            let d = Diagnostic::error(code::RANGE, "there is no such place", span);
            self.error(d.note("it lies before the start of the section, or more than 4 GiB behind it"))
        })
    }

    // Relocations.

    /// A relocation as it is written, and what the place means.
    pub(super) fn reloc(
        &mut self,
        span: Span,
        written: &'a Written,
    ) -> Result<(Option<Box<Reloc>>, Symbol), Reported> {
        let to = written.to.as_ref().map_or(Ok(Symbol::Unknown), |to| self.place_of_address(to))?;
        let Some(kind) = written.kind else { return Ok((None, to)) };
        let Some(base) = &written.base else { return Ok((Some(Box::new(Reloc::NONE)), to)) };
        let (at, word) = (kind, self.text(kind));
        let number = lexer::int(word).and_then(|n| u32::try_from(n).ok());
        let Some(kind) = Reloc::kind_from_name(word).or(number) else {
            let d = Diagnostic::error(code::RECORD, format!("there is no relocation `{word}`"), at);
            return Err(self.error(match nearest(word, Reloc::names()) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), at, near),
                None => {
                    d.note("it is a number, or one of the names that BPF's ABI has, such as `R_BPF_64_64`")
                }
            }));
        };
        let base = self.anchor(base)?;
        let addend = match &written.addend {
            Some((minus, addend)) => {
                let value = self.int(addend)?.value;
                let value = i64::try_from(if *minus { -value } else { value });
                let Ok(value) = value else {
                    let d = Diagnostic::error(code::RANGE, "what a relocation adds has 64 bits", addend.span);
                    return Err(self.error(d));
                };
                Some(value)
            }
            None => None,
        };
        let within =
            written.within.as_ref().map_or(Ok(0), |n| self.unsigned(n, 255, "the place of a relocation"))?;
        let reloc = Reloc { kind, base, addend, within: u8::try_from(within).unwrap_or(0) };
        if reloc == Reloc::NONE {
            let d = Diagnostic::error(code::RECORD, "this is no relocation", span);
            return Err(self.error(d.suggest("write", span, "@reloc none")));
        }
        Ok((Some(Box::new(reloc)), to))
    }

    /// What a relocation counts from.
    fn anchor(&mut self, expr: &'a Expr) -> Result<Anchor, Reported> {
        let name = |e: &Self, expr: &Expr| e.names.get(e.text(expr.span), expr.span.file);
        let wanted = "something that has a symbol";
        match &expr.kind {
            ExprKind::Int(0) => Ok(Anchor::Nothing),
            ExprKind::Call(word, args) => match (self.text(*word), args.as_slice()) {
                ("section", [of @ Expr { kind: ExprKind::Name(_), .. }]) => match name(self, of) {
                    Some(Def::Func(index, _)) => Ok(Anchor::Code(index)),
                    Some(Def::Map(index, _)) => Ok(Anchor::Maps(index)),
                    Some(def) => Err(self.wrong_kind(of.span, def.what(), "a function or a map")),
                    None => Err(self.unknown("function", of.span, |_| vec![])),
                },
                ("section", args @ ([_] | [_, _])) => self.section_named(expr.span, args).map(Anchor::Data),
                ("alias", [of, number]) => match name(self, of) {
                    Some(Def::Func(index, _)) => {
                        let number = self.unsigned(number, u32::MAX.into(), "the number of an alias")?;
                        Ok(Anchor::Label(index, usize::try_from(number).unwrap_or(usize::MAX)))
                    }
                    _ => Err(self.wrong_kind(of.span, "something else", "a function")),
                },
                _ => Err(self.wrong_kind(expr.span, "no name", wanted)),
            },
            ExprKind::Name(_) => match name(self, expr) {
                Some(Def::Func(index, _)) => Ok(Anchor::Func(index)),
                Some(Def::Map(index, _)) => Ok(Anchor::Map(index)),
                Some(Def::Extern(index, _)) => Ok(Anchor::Extern(index)),
                Some(Def::Symbol(symbol)) => self
                    .symbols
                    .get(&symbol.name)
                    .map(|(section, at)| Anchor::Var(*section, *at))
                    .ok_or(Reported),
                Some(Def::Var(var)) => {
                    let (section, offset, _) = self.variable(var)?;
                    let text = self.text(var.name);
                    let vars = &self.program.data[section].vars;
                    let at = vars.iter().position(|var| var.offset == offset && var.name == text);
                    at.map(|at| Anchor::Var(section, at)).ok_or(Reported)
                }
                Some(def) => Err(self.wrong_kind(expr.span, def.what(), wanted)),
                None => Err(self.unknown("symbol", expr.span, |_| vec![])),
            },
            _ => Err(self.wrong_kind(expr.span, "no name", wanted)),
        }
    }
}

/// The `section` blocks, in their order.
fn blocks<'a>(items: &[&'a Item]) -> impl Iterator<Item = &'a Section> {
    items.iter().filter_map(|item| match &item.kind {
        ItemKind::Section(section) => Some(section),
        _ => None,
    })
}
