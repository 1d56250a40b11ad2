//! Declarations of what only an object file has.

use super::super::ast::{
    Content, Expr, Extern, ExternWord, FurtherSymbol, Map, Room, SymbolWords, TypeExpr, Var,
};
use super::super::token::Kind;
use super::{Parsed, Parser};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::Endian;
use crate::uapi::MapType;

impl Parser<'_> {
    /// `extern [weak] kfunc NAME(name: type, …) -> type`, `extern [weak] ksym NAME: type`.
    pub(super) fn external(&mut self) -> Parsed<Extern> {
        self.bump();
        let mut symbol = self.symbol(|_| true);
        let word = self.name("what is defined elsewhere, such as `kfunc`")?;
        let text = self.text(word);
        let Some((kind, ..)) = ExternWord::ALL.iter().find(|k| k.1 == text) else {
            let names = ExternWord::ALL.iter().map(|k| k.1);
            let d = Diagnostic::error(code::SYNTAX, format!("`extern {text}` declares nothing"), word);
            return Err(self.report(match crate::diag::nearest(text, names.clone()) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), word, near),
                None => {
                    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
                    d.note(format!("`extern` is followed by one of {}", names.join(", ")))
                }
            }));
        };
        let name = self.symbol_name("its name", &mut symbol)?;
        let (mut params, mut ty, mut tags) = (vec![], None, vec![]);
        let words: &[&str] = match kind {
            ExternWord::Common => &["size", "align"],
            ExternWord::Absolute => &["="],
            _ => &[],
        };
        let mut numbers = vec![];
        for word in words {
            self.expect(word)?;
            numbers.push(self.operand()?);
        }
        if kind.is_func() {
            params = self.tagged_parameters(&mut tags)?;
            if self.eat("->") {
                ty = Some(self.ty()?);
            }
        } else if numbers.is_empty() && self.eat(":") {
            ty = Some(self.ty()?);
        }
        tags.extend(self.tags()?.into_iter().map(|tag| (None, tag)));
        Ok(Extern { name, symbol, kind: *kind, numbers, params, ty, tags })
    }

    /// `(name: type, …)`.
    pub(super) fn parameters(&mut self) -> Parsed<Vec<(Span, TypeExpr)>> {
        let mut params = vec![];
        self.expect("(")?;
        while !self.is(")") {
            params.push(self.typed_name("a parameter, such as `len: u32`")?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(params)
    }

    /// `(name: type tag "text", …)`; the tags are appended with the number of their parameter.
    pub(super) fn tagged_parameters(
        &mut self,
        tags: &mut Vec<(Option<usize>, Span)>,
    ) -> Parsed<Vec<(Span, TypeExpr)>> {
        let mut params = vec![];
        self.expect("(")?;
        while !self.is(")") {
            params.push(self.typed_name("a parameter, such as `len: u32`")?);
            tags.extend(self.tags()?.into_iter().map(|tag| (Some(params.len() - 1), tag)));
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(params)
    }

    /// `map NAME: kind<K, V>[N] { … } = { 0: name }`.
    pub(super) fn map(&mut self, mut symbol: SymbolWords) -> Parsed<Map> {
        self.bump();
        let name = self.symbol_name("the map's name", &mut symbol)?;
        self.expect(":")?;
        let mut map = self.nested(Self::map_type)?;
        (map.name, map.symbol) = (name, symbol);
        map.tags = self.tags()?;
        if self.eat("=") {
            let mut refs = vec![];
            let values = self.braced("the value", |p| p.map_value(&mut refs))?;
            (map.values, map.refs) = (values.into_iter().flatten().collect(), refs);
        }
        Ok(map)
    }

    /// `kind<K, V>[N] { … }`.
    fn map_type(&mut self) -> Parsed<Map> {
        let kind = match self.peek().kind {
            Kind::Int => self.bump().span,
            _ => self.name("a kind of map, such as `hash`")?,
        };
        let (mut types, mut inner) = (vec![], None);
        if self.eat("<") {
            loop {
                // What maps of maps hold last is a map; some kinds have no types.
                let last = matches!(self.text(kind), "array_of_maps" | "hash_of_maps");
                let is_map = || {
                    self.is_nth(1, "<")
                        || self.peek().kind == Kind::Int
                        || MapType::from_name(self.word(0)).is_some()
                };
                if last && inner.is_none() && is_map() {
                    inner = Some(Box::new(self.nested(Self::map_type)?));
                } else {
                    types.push(self.ty()?);
                }
                if !self.eat(",") {
                    break;
                }
            }
            self.close_angle()?;
        }
        let mut entries = None;
        if self.eat("[") {
            entries = Some(self.expr()?);
            self.expect("]")?;
        }
        let mut attributes = vec![];
        if self.is("{") {
            attributes = self.braced("the attribute", Self::attribute)?;
        }
        let (symbol, values, refs, tags) = (SymbolWords::default(), vec![], vec![], vec![]);
        Ok(Map { name: kind, symbol, kind, types, entries, attributes, inner, values, refs, tags })
    }

    /// A `>`; of two that touch, the first.
    fn close_angle(&mut self) -> Parsed<()> {
        match self.is(">>") {
            true => self.lexer.tokens[self.at].span.start += 1,
            false => drop(self.expect(">")?),
        }
        Ok(())
    }

    fn attribute(&mut self) -> Parsed<(Span, Expr)> {
        let name = self.name("an attribute, such as `flags: BPF_F_NO_PREALLOC`")?;
        self.expect(":")?;
        Ok((name, self.expr()?))
    }

    /// `index: name`, or `offset: &name`, which goes to `refs`.
    fn map_value(&mut self, refs: &mut Vec<(Expr, Content)>) -> Parsed<Option<(Expr, Expr)>> {
        let index = self.expr()?;
        self.expect(":")?;
        if let Some(address) = self.address()? {
            refs.push((index, address));
            return Ok(None);
        }
        Ok(Some((index, self.expr()?)))
    }

    /// `struct_ops NAME: TYPE link { field: value, … }`.
    pub(super) fn struct_ops(&mut self) -> Parsed<Var> {
        self.bump();
        let (name, ty) = self.typed_name("a table, such as `cc: tcp_congestion_ops`")?;
        let tags = self.tags()?;
        let room = if self.eat("link") { Room::StructOpsLink } else { Room::StructOps };
        if !self.is("{") {
            return Err(self.expected("the functions in braces, such as `{ init: cc_init }`"));
        }
        let (symbol, value) = (SymbolWords::default(), Some(self.initial_value()?));
        Ok(Var { name, symbol, ty, value, config: false, room, tags })
    }

    /// `alias NAME at N size N`.
    pub(super) fn further_symbol(&mut self) -> Parsed<FurtherSymbol> {
        self.bump();
        let mut symbol = self.symbol(|_| true);
        let name = self.symbol_name("its name", &mut symbol)?;
        let offset = if self.eat("at") { Some(self.operand()?) } else { None };
        let size = if self.eat("size") { Some(self.operand()?) } else { None };
        Ok(FurtherSymbol { name, symbol, offset, size })
    }

    /// `cpu v3`.
    pub(super) fn cpu(&mut self) -> Parsed<Span> {
        self.bump();
        self.name("a level of the instruction set, `v1` to `v4`")
    }

    /// `endian big`.
    pub(super) fn endian(&mut self) -> Parsed<Endian> {
        self.bump();
        let orders = [Endian::Little, Endian::Big];
        match orders.into_iter().find(|order| self.eat(order.name())) {
            Some(order) => Ok(order),
            None => Err(self.expected("`little` or `big`")),
        }
    }
}
