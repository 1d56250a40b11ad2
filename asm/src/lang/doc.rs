//! Documentation out of comments: a module's first comment, and what stands with `///` before each declaration.

use super::ast::{Control, Field, File, Item, ItemKind, Struct, TypeExpr};
use crate::diag::{FileId, Source, Sources, Span};
use crate::expand::{StructTy, Ty, Types};

/// What a file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name: that of a module of the library, or the path of a file.
    pub name: String,
    /// The comment that it begins with, without the slashes.
    pub text: String,
    /// What it imports, without quotes.
    pub imports: Vec<String>,
    /// Its declarations, in order.
    pub entries: Vec<Entry>,
}

/// A declaration that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name; that of a macro without `!`.
    pub name: String,
    /// The word that declares it: `struct`, `const`, `macro`.
    pub word: &'static str,
    /// It as it is written, on one line and without its body: `bounds(ptr: reg, len: imm)`, `ETH_P_IP = 0x800`.
    pub head: String,
    /// Its own comment, without the slashes.
    pub text: String,
    /// The plain comment above the run of declarations that it belongs to.
    pub group: String,
    /// Whether it is the first of its run: an empty line is above.
    pub leads: bool,
    /// Size in bytes, of a type whose layout is known.
    pub size: Option<u32>,
    /// A struct's members, those of unnamed ones within included.
    pub fields: Vec<Member>,
    /// Line in the file, from 1.
    pub line: u32,
}

/// A member of a struct or union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name; of an unnamed struct or union its word.
    pub name: String,
    /// Its type as it is written; with `: N` for a bit field; empty for an unnamed struct or union.
    pub ty: String,
    /// Bytes from the start of the struct, where its layout is known.
    pub offset: Option<u32>,
    /// How many unnamed structs or unions it is in.
    pub depth: usize,
    /// Its comment, above or behind it.
    pub text: String,
}

impl Module {
    /// The first sentence of what it says.
    #[must_use]
    pub fn summary(&self) -> String {
        first_sentence(&self.text)
    }
}

impl Entry {
    /// Whether there is no more to show than one line.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.text.is_empty() && self.fields.is_empty()
    }

    /// The sentences that say what using it changes: registers, mostly.
    #[must_use]
    pub fn changes(&self) -> Option<String> {
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let at = if text.starts_with("Changes ") { 0 } else { text.find(". Changes ")? + 2 };
        Some(first_sentence(&text[at..]))
    }
}

/// The first sentence of a text, without its full stop.
#[must_use]
pub fn first_sentence(text: &str) -> String {
    let paragraph = text.lines().take_while(|line| !line.trim().is_empty());
    let words = paragraph.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let end = words.find(". ").unwrap_or(words.len());
    words[..end].trim_end_matches('.').to_string()
}

/// What a file documents. `types` has the layouts that were worked out for it.
#[must_use]
pub fn document(sources: &Sources, (id, file): (FileId, &File), types: &Types) -> Module {
    let source = sources.get(id);
    let text = source.text.trim_start_matches('\u{feff}');
    let head = text.lines().map_while(|line| line.strip_prefix("//").filter(|rest| !rest.starts_with('/')));
    let mut reader = Reader { sources, source, types, group: String::new(), entries: vec![] };
    for item in &file.items {
        reader.item(item);
    }
    let imports = file.items.iter().filter_map(|item| match item.kind {
        ItemKind::Import(name) => Some(sources.slice(name).trim_matches('"').to_string()),
        _ => None,
    });
    Module {
        name: source.name.clone(),
        text: joined(head),
        imports: imports.collect(),
        entries: reader.entries,
    }
}

struct Reader<'a> {
    sources: &'a Sources,
    source: &'a Source,
    types: &'a Types,
    /// The plain comment above the present run of lines.
    group: String,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    fn item(&mut self, item: &Item) {
        let (word, name) = match &item.kind {
            ItemKind::Const(c) => ("const", c.name),
            ItemKind::Struct(s) if s.union => ("union", s.name),
            ItemKind::Struct(s) => ("struct", s.name),
            ItemKind::Enum(e) => ("enum", e.name),
            ItemKind::Alias(a) => ("type", a.name),
            ItemKind::Map(m) => ("map", m.name),
            ItemKind::Var(v) if v.config => ("config", v.name),
            ItemKind::Var(v) => ("global", v.name),
            ItemKind::Func(f) if f.section.is_some() => ("prog", f.name),
            ItemKind::Func(f) => ("func", f.name),
            ItemKind::Macro(m) => ("macro", m.name),
            ItemKind::Extern(e) => ("extern", e.name),
            ItemKind::ConstFn(f) => ("const", f.name),
            ItemKind::Param(p) => ("param", p.name),
            ItemKind::Control(control) => {
                // Which branch is taken depends on the build: all are shown.
                if let Control::If(branches) = control {
                    branches.iter().flat_map(|b| &b.body).for_each(|item| self.item(item));
                }
                return;
            }
            ItemKind::License(_)
            | ItemKind::Import(_)
            | ItemKind::ImportBtf(_)
            | ItemKind::Btf(_)
            | ItemKind::Dialect(_)
            | ItemKind::Cpu(_)
            | ItemKind::Endian(_)
            | ItemKind::Version(_)
            | ItemKind::Section(_)
            | ItemKind::Define(_)
            | ItemKind::Broken(_)
            | ItemKind::NotImported => return,
        };
        let (text, plain, first) = self.above(item.span);
        if !plain.is_empty() || first {
            self.group = plain;
        }
        let mut fields = vec![];
        let mut size = None;
        if let ItemKind::Struct(s) = &item.kind {
            let id = self.types.declared(self.sources.slice(s.name), s.union);
            let layout = id.and_then(|id| self.structure(self.types.get(id)));
            size = layout.map(|l| l.size);
            self.fields(s, layout, 0, 0, &mut fields);
        }
        let (line, _) = self.sources.position(item.span);
        self.entries.push(Entry {
            name: self.sources.slice(name).to_string(),
            word,
            head: self.head(item.span),
            text,
            group: self.group.clone(),
            leads: first,
            size,
            fields,
            line,
        });
    }

    /// A declaration without its first word and its body, on one line.
    fn head(&self, span: Span) -> String {
        let text = self.sources.slice(span);
        let mut depth = 0u32;
        let body = text.find(|c| {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == '{' && depth == 0
        });
        let words = text[..body.unwrap_or(text.len())].split_whitespace().collect::<Vec<_>>();
        let about_symbol = |word: &&str| matches!(*word, "static" | "weak" | "hidden");
        words.into_iter().skip_while(about_symbol).skip(1).collect::<Vec<_>>().join(" ")
    }

    /// The comments right above a declaration: its own, the plain one above that, and whether nothing but an empty
    /// line is above.
    fn above(&self, span: Span) -> (String, String, bool) {
        let before = self.source.text.get(..span.start as usize).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let mut lines = before[..start].lines().rev().map(str::trim).peekable();
        let (mut own, mut plain) = (vec![], vec![]);
        while let Some(text) = lines.peek().and_then(|line| line.strip_prefix("///")) {
            own.push(text);
            lines.next();
        }
        while let Some(text) =
            lines.peek().and_then(|line| line.strip_prefix("//")).filter(|t| !t.starts_with('/'))
        {
            plain.push(text);
            lines.next();
        }
        let first = lines.peek().is_none_or(|line| line.is_empty());
        (joined(own.into_iter().rev()), joined(plain.into_iter().rev()), first)
    }

    /// The comment behind something, on its line.
    fn behind(&self, span: Span) -> String {
        let after = self.source.text.get(span.end as usize..).unwrap_or_default();
        let line = after.lines().next().unwrap_or_default().trim_start_matches([',', ' ', '\t']);
        line.strip_prefix("//").map_or(String::new(), |text| text.trim_start_matches('/').trim().to_string())
    }

    fn structure(&self, ty: &Ty) -> Option<&StructTy> {
        match ty {
            Ty::Struct(index) => self.types.structs.get(*index),
            _ => None,
        }
    }

    fn fields(
        &self,
        s: &Struct,
        layout: Option<&StructTy>,
        base: u32,
        depth: usize,
        fields: &mut Vec<Member>,
    ) {
        let mut unnamed = layout.into_iter().flat_map(|l| &l.fields).filter(|f| f.name.is_empty());
        for field in s.fields.iter().flatten() {
            match field {
                Field::Named(member) => {
                    let name = self.sources.slice(member.name);
                    let place = layout.and_then(|l| l.fields.iter().find(|f| f.name == name));
                    let mut ty = self.ty(&member.ty);
                    let mut end = member.ty.span;
                    if let Some(bits) = &member.bits {
                        ty += &format!(": {}", self.sources.slice(bits.span));
                        end = bits.span;
                    }
                    let above = self.above(member.name).0;
                    fields.push(Member {
                        name: name.to_string(),
                        ty,
                        offset: place.map(|f| base + f.offset),
                        depth,
                        text: if above.is_empty() { self.behind(end) } else { above },
                    });
                }
                Field::Anonymous(inner) => {
                    let place = unnamed.next();
                    let offset = place.map(|f| base + f.offset);
                    let name = if inner.union { "union" } else { "struct" }.to_string();
                    let text = self.above(inner.name).0;
                    fields.push(Member { name, ty: String::new(), offset, depth, text });
                    let layout = place.and_then(|f| self.structure(self.types.get(f.ty)));
                    self.fields(inner, layout, offset.unwrap_or(0), depth + 1, fields);
                }
            }
        }
    }

    fn ty(&self, ty: &TypeExpr) -> String {
        self.sources.slice(ty.span).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Lines of a comment as text: one blank behind the slashes belongs to them.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect::<Vec<_>>().join("\n")
}
