//! Text to types.

use std::ops::Range;

use super::{ANONYMOUS, ENCODINGS, KINDS, LINKAGES};
use crate::btf::{
    Btf, Enumerator, FuncLinkage, IntEncoding, Kind, Member, Param, SecInfo, Type, TypeId, VarLinkage,
};
use crate::diag::{Diagnostic, FileId, Span, code, nearest};
use crate::escape::unescape;

/// Where the closing brace of a block of types stands, in the text behind its opening brace. Braces in names and in
/// comments are none.
#[must_use]
pub fn end(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bytes = line.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'}' => return Some(start + at),
                b'\'' => at = quoted(line, at).unwrap_or(line.len()),
                b'/' if line[at..].starts_with("//") => at = line.len(),
                _ => at += 1,
            }
        }
        start += line.len();
    }
    None
}

/// The types that a text says, which stands in a file from byte `start` on. Lines that cannot be read are told and
/// left out; the types behind them keep their numbers.
#[must_use]
pub fn parse(text: &str, file: FileId, start: u32) -> (Btf, Vec<Diagnostic>) {
    let mut parser =
        Parser { file, start, btf: Btf::default(), open: None, named: vec![], diagnostics: vec![] };
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Err(diagnostic) = parser.line(line, offset) {
            parser.diagnostics.push(*diagnostic);
            // The member that is left out is not missing, too.
            parser.open = parser.open.map(|open| Open { vlen: None, ..open });
        }
        offset += line.len();
    }
    parser.close();
    parser.check_named();
    (parser.btf, parser.diagnostics)
}

type Outcome<T> = Result<T, Box<Diagnostic>>;

/// Where the quoted name that begins at a byte of a line ends.
fn quoted(line: &str, start: usize) -> Option<usize> {
    let mut escaped = false;
    let mut inner = line.bytes().enumerate().skip(start + 1).take_while(|(_, b)| *b != b'\n');
    let close = inner.find(|(_, b)| {
        let closes = *b == b'\'' && !escaped;
        escaped = *b == b'\\' && !escaped;
        closes
    });
    close.map(|(at, _)| at + 1)
}

/// The type whose members are being read.
struct Open {
    /// Of its first line.
    span: Span,
    /// How many members that line announces.
    vlen: Option<u32>,
    /// `kind_flag`, where the line says it.
    flag: Option<bool>,
}

/// What a line of a data section says about the type it names.
struct Named {
    span: Span,
    id: TypeId,
    kind: String,
    name: String,
}

struct Parser {
    file: FileId,
    start: u32,
    btf: Btf,
    /// Nothing, too, behind a first line that cannot be read: there is no knowing what its members are.
    open: Option<Open>,
    named: Vec<Named>,
    diagnostics: Vec<Diagnostic>,
}

impl Parser {
    fn line(&mut self, text: &str, offset: usize) -> Outcome<()> {
        let mut line = Line { text, at: 0, file: self.file, start: self.start, offset, fields: vec![] };
        match line.peek() {
            None => Ok(()),
            Some(b'[') => {
                self.close();
                let (ty, open) = self.head(&mut line).inspect_err(|_| {
                    // Its number is taken all the same.
                    self.btf.add(Type::anonymous(Kind::Ptr(TypeId::VOID)));
                })?;
                self.open = Some(open);
                self.btf.add(ty);
                Ok(())
            }
            Some(_) => match &self.open {
                Some(_) => self.member(&mut line),
                None if self.btf.types.is_empty() => Err(line
                    .error("a type begins with its number", line.rest())
                    .label("expected `[1]`")
                    .into()),
                None => Ok(()),
            },
        }
    }

    /// `[1] INT 'int' size=4 …`.
    fn head(&self, line: &mut Line) -> Outcome<(Type, Open)> {
        let from = line.at;
        line.at += 1;
        let number = line.word();
        let id: u32 = line.number(number.clone(), "the number of a type")?;
        if line.peek() != Some(b']') {
            return Err(line.error("the number of a type ends with `]`", line.rest()).into());
        }
        line.at += 1;
        let expected = self.btf.types.len() + 1;
        if u32::try_from(expected) != Ok(id) {
            let span = line.span(number);
            let d = line.error("types are numbered 1, 2, 3 and so on, in this order", span);
            let d = d.label(format!("this one is {expected}"));
            return Err(d.suggest("say its number", span, expected.to_string()).into());
        }
        line.skip_blanks();
        let word = line.word();
        let word_span = line.span(word.clone());
        let kind_word = &line.text[word];
        let Some(kind) = KINDS.iter().skip(1).position(|k| *k == kind_word).map(|at| at + 1) else {
            let d = line.error(format!("`{kind_word}` is no kind of type"), word_span);
            return Err(match nearest(kind_word, KINDS.iter().skip(1).copied()) {
                Some(near) => d.suggest("a kind with a similar name exists", word_span, near),
                None => d.note(format!("the kinds are {}", KINDS[1..].join(", "))),
            }
            .into());
        };
        line.skip_blanks();
        let name = line.name()?;
        line.read_fields()?;
        let kind = kind_of(kind, line)?;
        let vlen = match kind {
            Kind::Struct { .. }
            | Kind::Union { .. }
            | Kind::Enum { .. }
            | Kind::Enum64 { .. }
            | Kind::FuncProto { .. }
            | Kind::DataSec { .. } => line.optional("vlen")?,
            _ => None,
        };
        let flag = match kind {
            Kind::Struct { .. } | Kind::Union { .. } => line.flag()?,
            _ => None,
        };
        line.finish()?;
        let end = line.text.trim_end().len();
        Ok((Type { name, kind }, Open { span: line.span(from..end), vlen, flag }))
    }

    /// A line of the open type.
    fn member(&mut self, line: &mut Line) -> Outcome<()> {
        let id = self.btf.types.len();
        let (Some(open), Some(ty)) = (&self.open, self.btf.types.last_mut()) else { return Ok(()) };
        match &mut ty.kind {
            Kind::Struct { members, bitfields, .. } | Kind::Union { members, bitfields, .. } => {
                let name = line.member_name()?;
                let (ty, bit_offset) = (line.id("type_id")?, line.required("bits_offset")?);
                let width = line.field_span("bitfield_size");
                let bit_size = line.optional("bitfield_size")?.unwrap_or(0);
                line.finish()?;
                if bit_size != 0 && open.flag == Some(false) {
                    let d = line.error("a bit field in a type with `kind_flag=0`", width);
                    return Err(d.also(open.span, "here").into());
                }
                *bitfields = open.flag.unwrap_or(*bitfields || bit_size != 0);
                members.push(Member { name, ty, bit_offset, bit_size });
            }
            Kind::Enum { signed, values, .. } => {
                let name = line.member_name()?;
                let span = line.field_span("val");
                let value: i64 = line.required("val")?;
                line.finish()?;
                let fits = if *signed { i32::try_from(value).is_ok() } else { u32::try_from(value).is_ok() };
                if !fits {
                    let d = line.error(format!("{value} does not fit an enum of 32 bits"), span);
                    let encoding = if *signed { "SIGNED" } else { "UNSIGNED" };
                    return Err(d.note(format!("its values are {encoding}")).also(open.span, "here").into());
                }
                values.push(Enumerator { name, value });
            }
            Kind::Enum64 { signed, values, .. } => {
                let name = line.member_name()?;
                let value = match signed {
                    true => line.required("val")?,
                    false => line.required::<u64>("val")?.cast_signed(),
                };
                line.finish()?;
                values.push(Enumerator { name, value });
            }
            Kind::FuncProto { params, .. } => {
                let name = line.member_name()?;
                let ty = line.id("type_id")?;
                line.finish()?;
                params.push(Param { name, ty });
            }
            Kind::DataSec { vars, .. } => {
                line.read_fields()?;
                let var = line.id("type_id")?;
                vars.push(SecInfo { var, offset: line.required("offset")?, size: line.required("size")? });
                if line.peek() == Some(b'(') {
                    self.named.push(line.named(var)?);
                }
                line.finish()?;
            }
            kind => {
                let d = line.error(format!("a type of kind {} has no members", kind.word()), line.rest());
                return Err(d.also(open.span, format!("type {id}")).into());
            }
        }
        Ok(())
    }

    /// The open type has all its members.
    fn close(&mut self) {
        let (Some(open), Some(ty)) = (self.open.take(), self.btf.types.last_mut()) else { return };
        let mut far = false;
        let count = match &mut ty.kind {
            Kind::Struct { members, bitfields, .. } | Kind::Union { members, bitfields, .. } => {
                *bitfields = open.flag.unwrap_or(*bitfields);
                let count = members.len();
                if *bitfields {
                    members.retain(|m| m.bit_offset < 1 << 24);
                }
                far = members.len() < count;
                count
            }
            Kind::Enum { values, .. } | Kind::Enum64 { values, .. } => values.len(),
            Kind::FuncProto { params, .. } => params.len(),
            Kind::DataSec { vars, .. } => vars.len(),
            _ => return,
        };
        let told = open.vlen.is_none_or(|vlen| usize::try_from(vlen) == Ok(count));
        let message = match () {
            () if !told => format!("the number of members is not what `vlen` says: {count} follow"),
            () if count > usize::from(u16::MAX) => format!("{count} members are too many: 65535 is the most"),
            () if far => "a member beyond 2 MiB, where bit fields have no offset".to_string(),
            () => return,
        };
        self.diagnostics.push(Diagnostic::error(code::BTF_TEXT, message, open.span));
    }

    /// What data sections say about their variables must be so.
    fn check_named(&mut self) {
        for named in std::mem::take(&mut self.named) {
            let (kind, name) = match self.btf.get(named.id) {
                Some(ty) => (ty.kind.word(), ty.name.as_str()),
                None => (KINDS[0], ""),
            };
            if (kind, name) != (named.kind.as_str(), named.name.as_str()) {
                let message = format!("type {} is {kind} '{name}'", named.id.0);
                self.diagnostics.push(Diagnostic::error(code::BTF_TEXT, message, named.span));
            }
        }
    }
}

/// What a kind's first line says, members apart.
fn kind_of(kind: usize, line: &mut Line) -> Outcome<Kind> {
    Ok(match kind {
        1 => {
            let size = line.required("size")?;
            let (offset, bits) = (line.required("bits_offset")?, line.required("nr_bits")?);
            let span = line.field_span("encoding");
            let encoding = line.named_number("encoding", &ENCODINGS)?;
            if encoding > 15 {
                return Err(line.error("an encoding has four bits: 15 is the most", span).into());
            }
            Kind::Int { size, encoding: IntEncoding(encoding), offset, bits }
        }
        2 => Kind::Ptr(line.id("type_id")?),
        3 => Kind::Array {
            elem: line.id("type_id")?,
            index: line.id("index_type_id")?,
            len: line.required("nr_elems")?,
        },
        4 => Kind::Struct { size: line.required("size")?, members: vec![], bitfields: false },
        5 => Kind::Union { size: line.required("size")?, members: vec![], bitfields: false },
        // bpftool before 7.0 tells no encoding, and prints all as unsigned.
        6 => Kind::Enum { size: line.required("size")?, signed: line.signed()?, values: vec![] },
        7 => Kind::Fwd { union: line.named_number("fwd_kind", &[(0u8, "struct"), (1, "union")])? == 1 },
        8 => Kind::Typedef(line.id("type_id")?),
        9 => Kind::Volatile(line.id("type_id")?),
        10 => Kind::Const(line.id("type_id")?),
        11 => Kind::Restrict(line.id("type_id")?),
        12 => {
            let names = LINKAGES.map(|(n, name)| (u16::try_from(n).unwrap_or(0), name));
            let linkage = FuncLinkage(line.named_number("linkage", &names)?);
            Kind::Func { proto: line.id("type_id")?, linkage }
        }
        13 => Kind::FuncProto { ret: line.id("ret_type_id")?, params: vec![] },
        14 => {
            let linkage = VarLinkage(line.named_number("linkage", &LINKAGES)?);
            Kind::Var { ty: line.id("type_id")?, linkage }
        }
        15 => Kind::DataSec { size: line.required("size")?, vars: vec![] },
        16 => Kind::Float { size: line.required("size")? },
        17 => {
            let (ty, component) = (line.id("type_id")?, line.required("component_idx")?);
            Kind::DeclTag { ty, component, attribute: line.flag()?.unwrap_or(false) }
        }
        18 => Kind::TypeTag { ty: line.id("type_id")?, attribute: line.flag()?.unwrap_or(false) },
        _ => Kind::Enum64 { size: line.required("size")?, signed: line.signed()?, values: vec![] },
    })
}

/// `key=value`, as places in the line.
struct Field {
    key: Range<usize>,
    value: Range<usize>,
}

/// A line being read.
struct Line<'a> {
    text: &'a str,
    at: usize,
    file: FileId,
    /// Where the text begins in the file, and the line in the text.
    start: u32,
    offset: usize,
    /// What has not been asked for yet.
    fields: Vec<Field>,
}

impl<'a> Line<'a> {
    /// The next byte that is no blank; nothing at the end and before a comment.
    fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        rest.bytes().next().filter(|_| !rest.starts_with("//"))
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.text[self.at..].trim_start().len();
    }

    /// Up to what cannot stand in a word.
    fn word(&mut self) -> Range<usize> {
        let rest = &self.text[self.at..];
        let len = rest.find(|c: char| c.is_whitespace() || "]='\"".contains(c)).unwrap_or(rest.len());
        let start = self.at;
        self.at += len;
        start..self.at
    }

    /// A name in quotes.
    fn name(&mut self) -> Outcome<String> {
        if self.peek() != Some(b'\'') {
            return Err(self
                .error("a name in quotes is missing", self.rest())
                .label("expected `'name'`")
                .into());
        }
        let start = self.at;
        let Some(end) = quoted(self.text, start) else {
            return Err(self.error("this name does not end", self.rest()).help("end it with `'`").into());
        };
        self.at = end;
        let inner = start + 1..end - 1;
        let text = &self.text[inner.clone()];
        if text == ANONYMOUS {
            return Ok(String::new());
        }
        let bytes = unescape(text).map_err(|at| {
            let from = inner.start + at;
            let len = self.text[from..].chars().take(2).map(char::len_utf8).sum::<usize>();
            self.error("this escape does not exist", self.span(from..from + len))
        })?;
        match String::from_utf8(bytes) {
            Ok(name) if name.contains('\0') => {
                Err(self.error("a name holds no NUL", self.span(start..end)).into())
            }
            Ok(name) => Ok(name),
            Err(_) => Err(self.error("this name is no UTF-8", self.span(start..end)).into()),
        }
    }

    /// The name of a member, and the fields behind it.
    fn member_name(&mut self) -> Outcome<String> {
        let name = self.name()?;
        self.read_fields()?;
        Ok(name)
    }

    fn read_fields(&mut self) -> Outcome<()> {
        while self.peek().is_some_and(|b| b != b'(') {
            let key = self.word();
            if key.is_empty() || !self.text[self.at..].starts_with('=') {
                let first = self.text[key.start..].chars().next().map_or(0, char::len_utf8);
                let span = self.span(key.start..self.at.max(key.start + first));
                return Err(self.error("expected `key=value`", span).into());
            }
            self.at += 1;
            let rest = &self.text[self.at..];
            let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let value = self.at..self.at + len;
            self.at = value.end;
            let value = value.start..value.end - usize::from(self.text[value.clone()].ends_with(','));
            if self.fields.iter().any(|f| self.text[f.key.clone()] == self.text[key.clone()]) {
                let message = format!("`{}` is given twice", &self.text[key.clone()]);
                return Err(self.error(message, self.span(key.start..value.end)).into());
            }
            self.fields.push(Field { key, value });
        }
        Ok(())
    }

    /// `(VAR 'name')`, what a data section tells about a type.
    fn named(&mut self, id: TypeId) -> Outcome<Named> {
        let start = self.at;
        self.at += 1;
        let kind = self.word();
        let kind = self.text[kind].to_string();
        let name = self.name()?;
        if self.peek() != Some(b')') {
            return Err(self.error("expected `)`", self.rest()).into());
        }
        self.at += 1;
        Ok(Named { span: self.span(start..self.at), id, kind, name })
    }

    /// The place of a field that is there.
    fn field_span(&self, key: &str) -> Span {
        let field = self.fields.iter().find(|f| self.text[f.key.clone()] == *key);
        field.map_or(self.rest(), |f| self.span(f.key.start..f.value.end))
    }

    fn take(&mut self, key: &str) -> Option<Range<usize>> {
        let at = self.fields.iter().position(|f| self.text[f.key.clone()] == *key)?;
        Some(self.fields.remove(at).value)
    }

    fn missing(&self, key: &str) -> Box<Diagnostic> {
        let line = self.text.trim_end();
        let last = line.chars().next_back().map_or(0, char::len_utf8);
        self.error(format!("`{key}=` is missing"), self.span(line.len() - last..line.len())).into()
    }

    fn required<T: std::str::FromStr>(&mut self, key: &str) -> Outcome<T> {
        self.optional(key)?.ok_or_else(|| self.missing(key))
    }

    fn optional<T: std::str::FromStr>(&mut self, key: &str) -> Outcome<Option<T>> {
        self.take(key).map(|value| self.number(value, &format!("`{key}`"))).transpose()
    }

    fn id(&mut self, key: &str) -> Outcome<TypeId> {
        self.required(key).map(TypeId)
    }

    fn number<T: std::str::FromStr>(&self, value: Range<usize>, what: &str) -> Outcome<T> {
        let text = &self.text[value.clone()];
        let digits = text.strip_suffix("ULL").or(text.strip_suffix("LL")).unwrap_or(text);
        let is_number = digits.strip_prefix('-').unwrap_or(digits).bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number).ok_or_else(|| {
            let message = match is_number && !digits.is_empty() {
                true => format!("{digits} does not fit {what}"),
                false => format!("`{text}` is no number for {what}"),
            };
            self.error(message, self.span(value)).into()
        })
    }

    /// A number that may have a name.
    fn named_number<T: std::str::FromStr + Copy>(&mut self, key: &str, names: &[(T, &str)]) -> Outcome<T> {
        let value = self.take(key).ok_or_else(|| self.missing(key))?;
        let text = &self.text[value.clone()];
        if let Some((number, _)) = names.iter().find(|(_, name)| *name == text) {
            return Ok(*number);
        }
        self.number(value, &format!("`{key}`")).map_err(|d| {
            let names: Vec<&str> = names.iter().map(|(_, name)| *name).collect();
            Box::new(d.note(format!("its names are {}", names.join(", "))))
        })
    }

    /// The encoding of an enum.
    fn signed(&mut self) -> Outcome<bool> {
        let Some(value) = self.take("encoding") else { return Ok(false) };
        match &self.text[value.clone()] {
            "SIGNED" => Ok(true),
            "UNSIGNED" => Ok(false),
            _ => Err(self.error("an enum is SIGNED or UNSIGNED", self.span(value)).into()),
        }
    }

    fn flag(&mut self) -> Outcome<Option<bool>> {
        let span = self.field_span("kind_flag");
        match self.optional::<u32>("kind_flag")? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(_) => Err(self.error("`kind_flag` is 0 or 1", span).into()),
        }
    }

    /// Nothing may be left.
    fn finish(&mut self) -> Outcome<()> {
        if let Some(field) = self.fields.first() {
            let message = format!("`{}` says nothing here", &self.text[field.key.clone()]);
            return Err(self.error(message, self.span(field.key.start..field.value.end)).into());
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("nothing follows here", self.rest()).into()),
        }
    }

    fn error(&self, message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::error(code::BTF_TEXT, message, span)
    }

    /// From here to the end of the line.
    fn rest(&self) -> Span {
        let end = self.text.trim_end().len();
        self.span(self.at.min(end)..end)
    }

    fn span(&self, range: Range<usize>) -> Span {
        let place = |at: usize| {
            let at = u32::try_from(self.offset + at).unwrap_or(u32::MAX);
            self.start.saturating_add(at)
        };
        Span { file: self.file, start: place(range.start), end: place(range.end) }
    }
}
