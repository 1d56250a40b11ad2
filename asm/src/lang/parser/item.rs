//! Declarations.

use super::super::ast::{
    Const, ConstFn, Expr, ExprKind, File, Func, Item, ItemKind, Macro, MacroParam, Param, ParamKind, Room,
    SymbolWords, TypeExpr, Var,
};
use super::super::dialect::DIALECTS;
use super::super::token::Kind;
use super::super::words::DECLARATIONS as ITEMS;
use super::{Parsed, Parser, Reported, elsewhere};
use crate::diag::{Diagnostic, Span, code};
use crate::object::Linkage;

/// What `static`, `weak` and `hidden` stand before.
const SYMBOLS: [&str; 5] = ["prog", "func", "map", "global", "config"];

/// The habit of C to put the type before the name; there, `;` stands behind the closing brace, too.
const TYPE_FIRST: &str = "type first";

impl Parser<'_> {
    pub(super) fn file(&mut self) -> File {
        File { items: self.items(None) }
    }

    /// Declarations up to the end of the file, or to what closes a brace.
    pub(super) fn items(&mut self, open: Option<Span>) -> Vec<Item> {
        let mut items = vec![];
        if open.is_none()
            && let Some(item) = self.bare()
        {
            items.push(item);
        }
        // Lines outside of all declarations are reported once.
        let mut outside = false;
        loop {
            self.skip_newlines();
            match open {
                Some(_) if self.eat("}") => return items,
                Some(open) if self.peek().kind == Kind::Eof => {
                    self.unclosed(open);
                    return items;
                }
                _ if self.peek().kind == Kind::Eof => return items,
                _ => {}
            }
            self.forget();
            let start = self.peek().span;
            let word = self.peek().kind == Kind::Ident && ITEMS.contains(&self.word(0));
            if word || self.peek().kind == Kind::At {
                outside = false;
                match self.item() {
                    Ok(kind) => {
                        items.push(Item { span: start.to(self.last()), kind });
                        let braces = self.text(self.last()) == "}";
                        if braces && self.told.contains(&TYPE_FIRST) {
                            self.eat(";");
                        }
                        // Where a brace is missing, the line has ended.
                        if self.before().next().is_none_or(|t| t.kind != Kind::Newline)
                            && self.end_of_line("the declaration", start).is_err()
                            && !braces
                        {
                            items.pop();
                        }
                    }
                    Err(Reported) => {
                        self.recover_from(start);
                        // Lines of its body, where it does not get that far, are outside of all declarations.
                        outside = true;
                        // What remains of a declaration; else, the brace belongs to what stands around.
                        if open.is_none() {
                            self.eat("}");
                        }
                    }
                }
            } else {
                outside = self.no_item(outside);
                self.recover_from(start);
            }
        }
    }

    /// Whether a declaration begins here: its word, and what follows it. A field may begin like a struct.
    pub(super) fn starts_item(&self) -> bool {
        self.peek().kind == Kind::Ident
            && ITEMS.contains(&self.word(0))
            && match self.word(0) {
                "struct" | "union" => self.nth(1).kind == Kind::Ident && self.is_nth(2, "{"),
                "enum" => self.is_nth(1, "{") || self.is_nth(2, "{") || self.is_nth(2, ":"),
                "packed" => matches!(self.word(1), "struct" | "union") && self.nth(2).kind == Kind::Ident,
                "type" => self.nth(1).kind == Kind::Ident && self.is_nth(2, "="),
                "btf" => self.is_nth(1, "{"),
                "static" | "weak" | "hidden" => {
                    self.nth(1).kind == Kind::Ident && self.nth(2).kind == Kind::Ident
                }
                "const" => self.nth(1).kind == Kind::Ident && (self.is_nth(2, "=") || self.is_nth(2, "(")),
                "version" => self.nth(1).kind == Kind::Int,
                _ => matches!(self.nth(1).kind, Kind::Ident | Kind::Str),
            }
    }

    /// Takes a declaration that stands in the body that a brace opens: further in than that brace's line.
    pub(super) fn misplaced(&mut self, open: Span) -> bool {
        let start = self.peek().span;
        let further_in = |parser: &Self| {
            let line = parser.text[..open.start as usize].rfind('\n').map_or(0, |at| at + 1);
            let indent = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
            parser.indentation(start).len() > indent(&parser.text[line..])
        };
        if self.within_misplaced || !self.starts_item() || !further_in(self) {
            return false;
        }
        let word = self.word(0);
        let d = Diagnostic::error(code::SYNTAX, format!("`{word}` does not stand within a body"), start);
        self.report(
            d.also(open, "of this one").help("move it out, before or behind the declaration around it"),
        );
        self.within_misplaced = true;
        match self.item() {
            Ok(kind) => self.misplaced.push(Item { span: start.to(self.last()), kind }),
            Err(Reported) => self.recover_from(start),
        }
        self.within_misplaced = false;
        true
    }

    fn item(&mut self) -> Parsed<ItemKind> {
        if self.peek().kind == Kind::At && self.word(0) != "@core" {
            return Ok(ItemKind::Control(self.control(Self::items_in_braces)?));
        }
        // `global` begins a variable, too.
        let symbol = self.symbol(|p| SYMBOLS.contains(&p.word(1)) && p.nth(2).kind == Kind::Ident);
        if symbol != SymbolWords::default() && !SYMBOLS.contains(&self.word(0)) {
            let what = SYMBOLS.map(|word| format!("`{word}`")).join(", ");
            return Err(self.expected(&format!("what has a symbol: {what}")));
        }
        Ok(match self.word(0) {
            "const" if self.is_nth(2, "(") => ItemKind::ConstFn(self.const_fn()?),
            "param" => ItemKind::Param(self.param()?),
            "license" => ItemKind::License(self.after_word("a string such as \"GPL\"")?),
            "import" if self.blocks > 0 => {
                let d = Diagnostic::error(
                    code::SYNTAX,
                    "an import does not depend on an `@if`",
                    self.peek().span,
                );
                return Err(
                    self.report(d.help("write it outside; what it declares and nobody uses costs nothing"))
                );
            }
            "btf" if self.blocks > 0 => {
                let message = "a `btf` block does not depend on an `@if`";
                let d = Diagnostic::error(code::SYNTAX, message, self.peek().span);
                return Err(self.report(d.help("write it outside: an object has one list of types")));
            }
            "btf" => ItemKind::Btf(self.types()?),
            "import" if self.is_nth(1, "btf") => ItemKind::ImportBtf(self.import_btf()?),
            "dialect" => ItemKind::Dialect(self.dialect()?),
            "import" => ItemKind::Import(self.after_word("the name of a module, such as \"net\"")?),
            "const" => ItemKind::Const(self.constant()?),
            "struct" | "union" | "packed" | "@core" => ItemKind::Struct(self.structure()?),
            "enum" => ItemKind::Enum(self.enumeration()?),
            "type" => ItemKind::Alias(self.alias()?),
            "map" => ItemKind::Map(self.map(symbol)?),
            "struct_ops" => ItemKind::Var(self.struct_ops()?),
            "cpu" => ItemKind::Cpu(self.cpu()?),
            "endian" => ItemKind::Endian(self.endian()?),
            "version" => {
                self.bump();
                ItemKind::Version(self.expr()?)
            }
            "section" => ItemKind::Section(self.section()?),
            "global" | "config" => ItemKind::Var(self.variable(symbol)?),
            "macro" => ItemKind::Macro(self.macro_definition()?),
            "extern" => ItemKind::Extern(self.external()?),
            _ => ItemKind::Func(self.function(symbol)?),
        })
    }

    /// `static`, `weak` and `hidden` in front of what has a symbol, and `global` where it is such a word.
    pub(super) fn symbol(&mut self, global: fn(&Self) -> bool) -> SymbolWords {
        let mut symbol = SymbolWords::default();
        while self.nth(1).kind == Kind::Ident {
            match self.word(0) {
                "static" => symbol.linkage = Some(Linkage::Static),
                "global" if global(self) => symbol.linkage = Some(Linkage::Global),
                "weak" => symbol.weak = true,
                "hidden" => symbol.hidden = true,
                _ => break,
            }
            self.bump();
        }
        symbol
    }

    /// A name and, where the symbol has another one, `as "symbol"`.
    pub(super) fn symbol_name(&mut self, what: &str, symbol: &mut SymbolWords) -> Parsed<Span> {
        let name = self.name(what)?;
        self.renamed(symbol)?;
        Ok(name)
    }

    /// `as "symbol"`, if it is there.
    pub(super) fn renamed(&mut self, symbol: &mut SymbolWords) -> Parsed<()> {
        if self.eat("as") {
            symbol.name = Some(self.expect_kind(Kind::Str, "the symbol's name in quotes")?);
        }
        Ok(())
    }

    /// The name of another tool's dialect, which stands before all else.
    fn dialect(&mut self) -> Parsed<Span> {
        let start = self.peek().span;
        let name = self.after_word("\"gnu\" or \"llvm\"")?;
        let known: Vec<&str> = DIALECTS.iter().map(|dialect| dialect.0).collect();
        let text = self.text(name).trim_matches('"');
        let d = if !known.contains(&text) {
            let d = Diagnostic::error(code::DIALECT, format!("there is no dialect `{text}`"), name);
            d.note("there are \"gnu\" and \"llvm\"; the native language needs no word")
        } else if self.lexer.dialect.is_none() || self.text[..start.start as usize].contains("dialect \"") {
            let message = "a dialect is the first declaration of its file";
            Diagnostic::error(code::DIALECT, message, start)
                .help("it says how the file is read from its first line on")
        } else {
            return Ok(name);
        };
        Err(self.report(d))
    }

    /// Reports what begins no declaration, unless it is a further line of the same kind. Gives whether more of
    /// them may follow.
    fn no_item(&mut self, outside: bool) -> bool {
        let token = self.peek();
        let word = self.text(token.span);
        if self.eat("}") {
            if !outside {
                self.report(Diagnostic::error(code::BRACE, "this `}` closes nothing", token.span));
            }
            return true;
        }
        let near = crate::diag::nearest(word, ITEMS.iter().copied());
        if token.kind == Kind::Bad || outside && near.is_none() {
            return outside;
        }
        let d = Diagnostic::error(code::SYNTAX, format!("`{word}` begins no declaration"), token.span);
        let before = self.before().find(|t| t.kind != Kind::Newline);
        let d = match before {
            Some(before) if self.text(before.span) == "}" => d.also(before.span, "the one above ends here"),
            _ => d,
        };
        if let Some(d) = self.declaration_habit(d.clone()) {
            self.report(d);
            return false;
        }
        self.report(match near {
            Some(near) => d.suggest(format!("did you mean `{near}`?"), token.span, near),
            None => d
                .note(format!("a file consists of these: {}", ITEMS.join(", ")))
                .help("instructions belong into `prog NAME: \"section\" { … }`"),
        });
        near.is_none()
    }

    pub(super) fn after_word(&mut self, what: &str) -> Parsed<Span> {
        self.bump();
        let token = self.peek();
        if token.kind == Kind::Ident {
            let quoted = format!("\"{}\"", self.text(token.span));
            let d = Diagnostic::error(code::SYNTAX, format!("expected {what}"), token.span);
            return Err(self.report(d.suggest("write it in quotes", token.span, quoted)));
        }
        self.expect_kind(Kind::Str, what)
    }

    fn constant(&mut self) -> Parsed<Const> {
        self.bump();
        let name = self.name("the constant's name")?;
        let next = self.peek();
        let typed = match next.kind {
            Kind::Ident if elsewhere::ty(self.text(name)).is_some() => {
                Some(Span { end: next.span.start, ..name })
            }
            _ if self.is(":") && self.nth(1).kind == Kind::Ident => Some(next.span.to(self.nth(1).span)),
            _ => None,
        };
        if let Some(span) = typed {
            let d = Diagnostic::error(code::SYNTAX, "a constant has no type", span);
            return Err(self.report(d.suggest("it is a number", span, "")));
        }
        self.expect("=")?;
        Ok(Const { name, value: self.expr()? })
    }

    /// `NAME=VALUE` of the command line.
    pub(super) fn define(&mut self) -> Parsed<Item> {
        let name = self.name("a parameter's name, as in `-D SIZE=64`")?;
        let value = match self.eat("=") {
            true => self.expr()?,
            false => Expr { span: name.after(), kind: ExprKind::Int(1) },
        };
        self.skip_newlines();
        if self.peek().kind != Kind::Eof {
            return Err(self.expected("the end of the value"));
        }
        Ok(Item { span: name.to(value.span), kind: ItemKind::Define(Const { name, value }) })
    }

    fn const_fn(&mut self) -> Parsed<ConstFn> {
        self.bump();
        let name = self.name("the function's name")?;
        self.expect("(")?;
        let mut params = vec![];
        while !self.is(")") {
            params.push(self.name("a parameter's name")?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        self.expect("=")?;
        Ok(ConstFn { name, params, value: self.expr()? })
    }

    fn param(&mut self) -> Parsed<Param> {
        self.bump();
        let name = self.name("the parameter's name")?;
        let value = if self.eat("=") { Some(self.expr()?) } else { None };
        Ok(Param { name, value })
    }

    /// `name: type`.
    pub(super) fn typed_name(&mut self, what: &str) -> Parsed<(Span, TypeExpr)> {
        let name = self.name(what)?;
        Ok((name, self.type_of(name, what)?))
    }

    /// `: type` behind a name.
    fn type_of(&mut self, name: Span, what: &str) -> Parsed<TypeExpr> {
        if self.peek().kind == Kind::Ident
            && let Some(ty) = elsewhere::ty(self.text(name))
        {
            let span = name.to(self.peek().span);
            let ours = format!("{}: {ty}", self.word(0));
            let d = Diagnostic::error(code::SYNTAX, format!("a type stands behind its name: `{ours}`"), span);
            // The `;` behind it goes, too.
            let (span, end) = match self.is_nth(1, ";") {
                true => (span.to(self.nth(1).span), if self.ends(2) { "" } else { "," }),
                false => (span, ""),
            };
            return Err(self.once(TYPE_FIRST, d.suggest("write", span, ours + end)));
        }
        if matches!(self.peek().kind, Kind::Ident | Kind::Newline) || self.is(")") || self.is("=") {
            let d = Diagnostic::error(code::SYNTAX, "expected `:` and a type behind the name", name.after());
            return Err(self.report(d.help(format!("write {what}"))));
        }
        self.expect(":")?;
        self.ty()
    }

    fn variable(&mut self, mut symbol: SymbolWords) -> Parsed<Var> {
        const WHAT: &str = "a variable, such as `hits: u64`";
        let word = self.bump().span;
        let name = self.symbol_name(WHAT, &mut symbol)?;
        let ty = self.type_of(name, WHAT)?;
        let tags = self.tags()?;
        let room = if self.eat("in") { self.room()? } else { Room::Data };
        let value = if self.eat("=") { Some(self.initial_value()?) } else { None };
        if value.is_some() && (self.is("in") || self.is("tag")) {
            let message = format!("`{}` stands before the value", self.word(0));
            let d = Diagnostic::error(code::SYNTAX, message, self.peek().span);
            return Err(self.report(d.help("it belongs to the type: `global hits: u64 in \"counters\" = 5`")));
        }
        Ok(Var { name, symbol, ty, value, config: self.text(word) == "config", room, tags })
    }

    /// `in NAME`, `in "NAME"`, `in private "NAME"`: what stands behind the word.
    fn room(&mut self) -> Parsed<Room> {
        let private = self.eat("private");
        if private || self.peek().kind == Kind::Str {
            let name = self.expect_kind(Kind::Str, "the name of a section in quotes")?;
            return Ok(Room::Named(name, private));
        }
        self.name("the name of an arena, or of a section in quotes").map(Room::Arena)
    }

    /// `tag "text" …`, as often as there are some.
    pub(super) fn tags(&mut self) -> Parsed<Vec<Span>> {
        let mut tags = vec![];
        while self.eat("tag") {
            tags.push(self.expect_kind(Kind::Str, "a tag in quotes, such as \"arg:nonnull\"")?);
        }
        Ok(tags)
    }

    fn function(&mut self, mut symbol: SymbolWords) -> Parsed<Func> {
        let word = self.bump().span;
        let name = self.symbol_name("a name", &mut symbol)?;
        let (mut section, mut hook, mut params, mut result) = (None, None, vec![], None);
        let mut tags = vec![];
        if self.text(word) == "prog" {
            if self.is("{") {
                let (span, name) = (self.last().after(), self.text(name));
                let d = Diagnostic::error(code::SYNTAX, format!("`{name}` has no section"), span);
                self.report(d.suggest("it fixes the program's type, such as", span, ": \"xdp\""));
            } else {
                self.expect(":")?;
                let what = "the section that fixes the program's type, such as \"xdp\"";
                section = Some(self.expect_kind(Kind::Str, what)?);
            }
            if self.eat("at") {
                hook = Some(self.expect_kind(Kind::Str, "where the program belongs, such as \"tc/egress\"")?);
            }
        } else {
            if self.is("(") {
                params = self.tagged_parameters(&mut tags)?;
            }
            if self.eat("->") {
                result = Some(self.ty()?);
            }
        }
        tags.extend(self.tags()?.into_iter().map(|tag| (None, tag)));
        let btf = match self.eat("btf") {
            true => Some(self.expect_kind(Kind::Number, "the number of a type, such as `#12`")?),
            false => None,
        };
        let (apart, unchecked) = (self.eat("apart"), self.eat("unchecked"));
        let head = word.to(self.peek().span);
        let (body, end) = self.whole_body()?;
        Ok(Func {
            name,
            symbol,
            section,
            hook,
            btf,
            params,
            result,
            tags,
            apart,
            unchecked,
            head,
            body,
            end,
            bare: false,
        })
    }

    fn macro_definition(&mut self) -> Parsed<Macro> {
        self.bump();
        let name = self.name("the macro's name")?;
        self.expect("(")?;
        let mut params = vec![];
        while !self.is(")") {
            params.push(self.macro_param()?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        let (body, _) = self.whole_body()?;
        Ok(Macro { name, params, body })
    }

    fn macro_param(&mut self) -> Parsed<MacroParam> {
        let name = self.name("a parameter, such as `tmp: reg`")?;
        self.expect(":")?;
        let span = self.name("the parameter's kind")?;
        let word = self.text(span);
        let Some(kind) = ParamKind::from_text(word) else {
            let names: Vec<&str> = ParamKind::ALL.iter().map(|k| k.1).collect();
            let d = Diagnostic::error(code::SYNTAX, format!("`{word}` is no kind of parameter"), span);
            return Err(self.report(match crate::diag::nearest(word, names.iter().copied()) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), span, near),
                None => d.note(format!("a parameter is one of: {}", names.join(", "))),
            }));
        };
        let optional = self.eat("?");
        let default = match self.eat("=") {
            true if kind == ParamKind::Block && self.is("{") => Some(self.block()?),
            true => Some(self.expr()?),
            false => None,
        };
        Ok(MacroParam { name, kind, default, optional })
    }
}
