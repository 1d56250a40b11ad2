//! Types: declarations of them, and types where they are used.

use super::super::ast::{
    Alias, Arg, BtfName, Enum, Expr, ExprKind, Field, ImportBtf, Member, Struct, TypeExpr, TypeExprKind,
};
use super::super::token::Kind;
use super::{Parsed, Parser};
use crate::diag::{Diagnostic, Span, code};

/// The type tags that the kernel knows.
const TYPE_TAGS: &[&str] = &["kptr", "kptr_untrusted", "percpu_kptr", "uptr", "user", "rcu", "percpu"];

impl Parser<'_> {
    /// `struct NAME { … }`; without braces it declares the name only.
    pub(super) fn structure(&mut self) -> Parsed<Struct> {
        let core = self.peek().kind == Kind::At && self.word(0) == "@core";
        if core {
            self.bump();
        }
        let packed = self.eat("packed");
        if !self.is("struct") && !self.is("union") {
            return Err(self.expected("`struct` or `union`"));
        }
        let union = self.is("union");
        self.bump();
        if self.is("{") && matches!(self.word(2), "__uint" | "__type" | "__array") {
            let d = Diagnostic::error(code::SYNTAX, "a map is no struct here", self.last());
            return Err(self.report(d.help("declare it as `map NAME: hash<u32, u64>[64]`")));
        }
        let name = self.name("a name")?;
        let align = self.align()?;
        let tags = self.tags()?;
        let only_name = !packed && align.is_none() && tags.is_empty() && !self.is("{");
        let (fields, broken) = match only_name {
            true => (None, false),
            false => self.members("the field", Self::field).map(|(fields, broken)| (Some(fields), broken))?,
        };
        Ok(Struct { name, union, core, packed, align, tags, fields, broken })
    }

    /// `struct { … }` within another type.
    fn inline(&mut self) -> Parsed<Struct> {
        let packed = self.eat("packed");
        let name = self.bump().span;
        let align = self.align()?;
        let tags = self.tags()?;
        let (fields, broken) = self.nested(|p| p.members("the field", Self::field))?;
        let union = self.text(name) == "union";
        Ok(Struct { name, union, core: false, packed, align, tags, fields: Some(fields), broken })
    }

    fn starts_inline(&self) -> bool {
        let at = usize::from(self.is("packed"));
        let keyword = self.is_nth(at, "struct") || self.is_nth(at, "union");
        keyword && (self.is_nth(at + 1, "{") || self.is_nth(at + 1, "align") && self.is_nth(at + 2, "("))
    }

    /// `align(N)`.
    fn align(&mut self) -> Parsed<Option<Expr>> {
        if !(self.is("align") && self.is_nth(1, "(")) {
            return Ok(None);
        }
        self.bump();
        self.in_parens().map(Some)
    }

    fn field(&mut self) -> Parsed<Field> {
        if self.starts_inline() {
            return self.inline().map(Field::Anonymous);
        }
        let (name, ty) = self.typed_name("a field, such as `port: be16`")?;
        let bits = if self.eat(":") { Some(self.expr()?) } else { None };
        let align = self.align()?;
        Ok(Field::Named(Member { name, ty, bits, align, tags: self.tags()? }))
    }

    /// `enum NAME: type { A, B = 5 }`.
    pub(super) fn enumeration(&mut self) -> Parsed<Enum> {
        let word = self.bump().span;
        let named = self.peek().kind == Kind::Ident;
        let name = if named { self.bump().span } else { word };
        let base = if self.eat(":") { Some(self.ty()?) } else { None };
        let (values, broken) = self.members("the member", |p| {
            let name = p.name("a member, such as `ACCEPT = 1`")?;
            let value = if p.eat("=") { Some(p.expr()?) } else { None };
            Ok((name, value))
        })?;
        Ok(Enum { name, named, base, values, broken })
    }

    /// What stands in braces, and whether some of it could not be understood.
    fn members<T>(
        &mut self,
        what: &str,
        member: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<(Vec<T>, bool)> {
        let known = self.broken.len();
        let members = self.braced(what, member)?;
        Ok((members, self.broken.len() > known))
    }

    /// `type NAME = type`.
    pub(super) fn alias(&mut self) -> Parsed<Alias> {
        self.bump();
        let name = self.name("the type's name")?;
        self.expect("=")?;
        let ty = self.ty()?;
        Ok(Alias { name, ty, tags: self.tags()? })
    }

    /// `import btf "vmlinux" { … }`.
    pub(super) fn import_btf(&mut self) -> Parsed<ImportBtf> {
        self.bump();
        let file = self.after_word("where the types are, such as \"vmlinux\"")?;
        Ok(ImportBtf { file, names: self.braced("the type", Self::btf_name)? })
    }

    /// `btf { … }`: gives the place of what stands between the braces.
    pub(super) fn types(&mut self) -> Parsed<Span> {
        self.bump();
        let open = self.expect("{")?;
        let lines = match self.peek().kind {
            Kind::Lines => self.bump().span,
            _ => open.after(),
        };
        self.skip_newlines();
        if self.peek().kind == Kind::Eof || self.starts_item() {
            self.unclosed(open);
            return Ok(lines);
        }
        self.expect("}")?;
        Ok(lines)
    }

    fn btf_name(&mut self) -> Parsed<BtfName> {
        let core = (self.peek().kind == Kind::At && self.word(0) == "@core").then(|| self.bump().span);
        let word = ["struct", "union", "enum", "type", "const"].contains(&self.word(0));
        let kind = word && self.nth(1).kind == Kind::Ident;
        let kind = kind.then(|| self.bump().span);
        Ok(BtfName { name: self.name("the name of a type, such as `task_struct`")?, kind, core })
    }

    /// A type.
    pub(super) fn ty(&mut self) -> Parsed<TypeExpr> {
        self.nested(|p| {
            let start = p.peek().span;
            let kind = if p.eat("*") {
                TypeExprKind::Pointer(Box::new(p.pointed()?))
            } else if p.peek().kind == Kind::Param {
                p.bump();
                TypeExprKind::Param
            } else if p.peek().kind == Kind::Number {
                p.bump();
                TypeExprKind::Number
            } else if p.starts_inline() {
                TypeExprKind::Inline(Box::new(p.inline()?))
            } else if p.is("func") && p.is_nth(1, "(") {
                p.bump();
                p.function_type()?
            } else if p.is("[") && p.nth(1).kind == Kind::Ident {
                let d = Diagnostic::error(code::SYNTAX, "an array's length stands behind its type", start);
                return Err(p.report(d.help(format!("write `{}[4]`", p.word(1)))));
            } else if p.is("&") {
                let d = Diagnostic::error(code::SYNTAX, "a pointer is written with `*`", start);
                return Err(p.report(d.suggest("write", start, "*")));
            } else {
                p.name("a type")?;
                TypeExprKind::Name
            };
            let mut ty = TypeExpr { span: start.to(p.last()), kind };
            let mut lengths = vec![];
            while p.eat("[") {
                p.operator()?;
                let length = if p.is("]") { None } else { Some(Box::new(p.expr()?)) };
                p.expect("]")?;
                lengths.push(length);
            }
            // As in C, the first length is that of the whole: `u8[2][3]` are two rows of three.
            for length in lengths.into_iter().rev() {
                let kind = TypeExprKind::Array(Box::new(ty), length);
                ty = TypeExpr { span: start.to(p.last()), kind };
            }
            Ok(ty)
        })
    }

    /// What a pointer points to: a type, before which tags may stand.
    fn pointed(&mut self) -> Parsed<TypeExpr> {
        let start = self.peek().span;
        let tag = if self.is("tag") && self.is_nth(1, "(") {
            self.bump();
            self.bump();
            let tag = self.expect_kind(Kind::Str, "a tag, such as \"kptr\"")?;
            self.expect(")")?;
            tag
        } else if TYPE_TAGS.contains(&self.word(0))
            && (self.nth(1).kind == Kind::Ident || self.is_nth(1, "*"))
        {
            self.bump().span
        } else {
            return self.ty();
        };
        let inner = self.nested(Self::pointed)?;
        Ok(TypeExpr { span: start.to(self.last()), kind: TypeExprKind::Tagged(tag, Box::new(inner)) })
    }

    /// `(name: type, …) -> type`.
    fn function_type(&mut self) -> Parsed<TypeExprKind> {
        let params = self.parameters()?;
        let result = if self.eat("->") { Some(Box::new(self.ty()?)) } else { None };
        Ok(TypeExprKind::Func(params, result))
    }

    /// What a variable holds at first: a constant, a string, or elements in braces.
    pub(super) fn initial_value(&mut self) -> Parsed<Expr> {
        if !self.is("{") {
            return self.expr();
        }
        let start = self.peek().span;
        let parts = self.initial_values()?;
        Ok(Expr { span: start.to(self.last()), kind: ExprKind::Braces(parts) })
    }

    fn initial_values(&mut self) -> Parsed<Vec<Arg>> {
        self.nested(|p| {
            p.braced("the value", |p| {
                let start = p.peek().span;
                if p.peek().kind == Kind::At && p.word(0) == "@for" {
                    let looped = p.for_loop(Self::initial_values)?;
                    let kind = ExprKind::For(Box::new(looped));
                    return Ok(Arg { name: None, value: Expr { span: start.to(p.last()), kind } });
                }
                let named = p.peek().kind == Kind::Ident && p.is_nth(1, ":");
                let name = if named { Some(p.bump().span) } else { None };
                if named {
                    p.bump();
                }
                if p.is_nth(1, "=") {
                    let text = p.word(0);
                    let near = format!("{}: ", text.trim_start_matches('.'));
                    let place = p.peek().span.to(p.nth(1).span);
                    let d = Diagnostic::error(code::SYNTAX, "a field's value stands behind `:`", place);
                    return Err(p.report(d.suggest("write", place, near.trim_end())));
                }
                Ok(Arg { name, value: p.initial_value()? })
            })
        })
    }
}
