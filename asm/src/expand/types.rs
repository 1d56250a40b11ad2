//! Types with their layout, as C lays them out.

use std::collections::HashMap;

use super::{Expander, Reported, library};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::Size;
use crate::lang::ast::{Expr, ExprKind, Field, Step, Struct, TypeExpr, TypeExprKind};

/// The number of a type in [`Types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TyId(pub usize);

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ty {
    /// One of [`BUILTINS`], by its index.
    Builtin(usize),
    /// A pointer; `None`: to `void`.
    Pointer(Option<TyId>),
    /// What a pointer to a struct points to: its name is enough.
    Forward(String, bool),
    /// An array: element and length.
    Array(TyId, u32),
    /// A struct or union, by its index in [`Types::structs`].
    Struct(usize),
}

/// How the bytes of a built-in type are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// An unsigned number in the target's order.
    Unsigned,
    /// A signed number in the target's order.
    Signed,
    /// An unsigned number, most significant byte first.
    Big,
    /// True or false.
    Bool,
    /// A character.
    Char,
    /// Bytes that no single load takes.
    Bytes,
}

/// A built-in type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its size in bytes.
    pub size: u32,
    /// Its alignment in bytes.
    pub align: u32,
    /// What it means.
    pub class: Class,
}

const fn builtin(name: &'static str, size: u32, align: u32, class: Class) -> Builtin {
    Builtin { name, size, align, class }
}

/// All built-in types.
pub const BUILTINS: &[Builtin] = &[
    builtin("u8", 1, 1, Class::Unsigned),
    builtin("u16", 2, 2, Class::Unsigned),
    builtin("u32", 4, 4, Class::Unsigned),
    builtin("u64", 8, 8, Class::Unsigned),
    builtin("s8", 1, 1, Class::Signed),
    builtin("s16", 2, 2, Class::Signed),
    builtin("s32", 4, 4, Class::Signed),
    builtin("s64", 8, 8, Class::Signed),
    builtin("be16", 2, 2, Class::Big),
    builtin("be32", 4, 4, Class::Big),
    builtin("be64", 8, 8, Class::Big),
    builtin("bool", 1, 1, Class::Bool),
    builtin("char", 1, 1, Class::Char),
    builtin("ip4", 4, 4, Class::Big),
    builtin("ip6", 16, 4, Class::Bytes),
    builtin("mac", 6, 1, Class::Bytes),
];

/// A struct or union with its layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructTy {
    /// Its name; empty for an anonymous one.
    pub name: String,
    /// Whether members lie over one another.
    pub union: bool,
    /// Size in bytes, padding at the end included.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Its members, in order; an anonymous one has an empty name.
    pub fields: Vec<FieldTy>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTy {
    /// Its name; empty for an anonymous struct or union.
    pub name: String,
    /// Its type.
    pub ty: TyId,
    /// Offset in bytes.
    pub offset: u32,
}

/// All types that were met.
#[derive(Debug, Default)]
pub struct Types {
    list: Vec<Ty>,
    index: HashMap<Ty, TyId>,
    /// Structs and unions.
    pub structs: Vec<StructTy>,
    /// Named ones by the place of their name; `None` while its layout is being made.
    by_name: HashMap<Span, Option<Result<TyId, Reported>>>,
}

impl Types {
    /// The type of a number.
    #[must_use]
    pub fn get(&self, id: TyId) -> &Ty {
        &self.list[id.0]
    }

    /// All types with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (TyId, &Ty)> {
        self.list.iter().enumerate().map(|(i, ty)| (TyId(i), ty))
    }

    fn add(&mut self, ty: Ty) -> TyId {
        *self.index.entry(ty).or_insert_with_key(|ty| {
            self.list.push(ty.clone());
            TyId(self.list.len() - 1)
        })
    }

    /// A built-in type by name.
    pub fn builtin(&mut self, name: &str) -> Option<TyId> {
        let index = BUILTINS.iter().position(|b| b.name == name)?;
        Some(self.add(Ty::Builtin(index)))
    }

    /// Size and alignment in bytes.
    #[must_use]
    pub fn layout(&self, id: TyId) -> (u32, u32) {
        match self.get(id) {
            Ty::Builtin(b) => (BUILTINS[*b].size, BUILTINS[*b].align),
            Ty::Pointer(_) => (8, 8),
            Ty::Forward(..) => (0, 1),
            // Checked when the array was made.
            Ty::Array(elem, len) => {
                let (size, align) = self.layout(*elem);
                (size.saturating_mul(*len), align)
            }
            Ty::Struct(s) => (self.structs[*s].size, self.structs[*s].align),
        }
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self, id: TyId) -> u32 {
        self.layout(id).0
    }

    /// What a person calls it.
    #[must_use]
    pub fn name(&self, id: TyId) -> String {
        match self.get(id) {
            Ty::Builtin(b) => BUILTINS[*b].name.to_string(),
            Ty::Pointer(Some(to)) => format!("*{}", self.name(*to)),
            Ty::Pointer(None) => "*void".to_string(),
            Ty::Forward(name, _) => name.clone(),
            Ty::Array(elem, len) => format!("{}[{len}]", self.name(*elem)),
            Ty::Struct(s) => match (self.structs[*s].name.as_str(), self.structs[*s].union) {
                ("", false) => "struct { … }".to_string(),
                ("", true) => "union { … }".to_string(),
                (name, _) => name.to_string(),
            },
        }
    }

    /// The one load that takes a value of the type: its size, and whether it is signed.
    #[must_use]
    pub fn access(&self, id: TyId) -> Option<(Size, bool)> {
        let signed = match self.get(id) {
            Ty::Pointer(_) => false,
            Ty::Builtin(b) if BUILTINS[*b].class != Class::Bytes => BUILTINS[*b].class == Class::Signed,
            _ => return None,
        };
        let size = Size::from_bytes(u64::from(self.size(id)))?;
        Some((size, signed && size != Size::DW))
    }

    /// Whether its bytes are a number, most significant byte first.
    #[must_use]
    pub fn is_big(&self, id: TyId) -> bool {
        matches!(self.get(id), Ty::Builtin(b) if BUILTINS[*b].class == Class::Big)
    }

    /// The path to what begins that many bytes into a type: `.a.b[2]`. `None`: nothing begins there.
    pub(super) fn path_to(&self, id: TyId, offset: u32) -> Option<String> {
        if offset == 0 { Some(String::new()) } else { self.path_within(id, offset) }
    }

    /// The same with at least one step, for a struct that has no name itself.
    fn path_within(&self, id: TyId, offset: u32) -> Option<String> {
        match self.get(id) {
            Ty::Array(elem, len) => {
                let size = self.size(*elem);
                let index = offset.checked_div(size).filter(|index| index < len)?;
                Some(format!("[{index}]{}", self.path_to(*elem, offset % size)?))
            }
            Ty::Struct(s) => self.structs[*s].fields.iter().find_map(|field| {
                let rest = offset.checked_sub(field.offset)?;
                if field.name.is_empty() {
                    return self.path_within(field.ty, rest);
                }
                Some(format!(".{}{}", field.name, self.path_to(field.ty, rest)?))
            }),
            _ => None,
        }
    }

    /// The member of a struct, also within anonymous ones: its offset in bytes and its type.
    fn member(&self, structure: usize, name: &str) -> Option<(u32, TyId)> {
        self.structs[structure].fields.iter().find_map(|f| match self.get(f.ty) {
            _ if f.name == name => Some((f.offset, f.ty)),
            Ty::Struct(inner) if f.name.is_empty() => {
                self.member(*inner, name).map(|(offset, ty)| (f.offset + offset, ty))
            }
            _ => None,
        })
    }

    /// The names of all members, those of anonymous ones too.
    #[must_use]
    pub fn member_names(&self, structure: usize) -> Vec<&str> {
        let fields = self.structs[structure].fields.iter();
        fields
            .flat_map(|f| match self.get(f.ty) {
                Ty::Struct(inner) if f.name.is_empty() => self.member_names(*inner),
                _ => vec![f.name.as_str()],
            })
            .collect()
    }
}

impl<'a> Expander<'a> {
    /// The type that an expression of types names.
    pub(super) fn ty(&mut self, expr: &'a TypeExpr) -> Result<TyId, Reported> {
        self.deeper(expr.span, |e| e.ty_here(expr))
    }

    fn ty_here(&mut self, expr: &'a TypeExpr) -> Result<TyId, Reported> {
        match &expr.kind {
            TypeExprKind::Name => self.named_type(expr.span),
            TypeExprKind::Param => self.type_argument(expr.span),
            TypeExprKind::Pointer(to) => {
                // A pointer needs no layout of what it points to, so structs may refer to each other.
                let name = self.text(to.span);
                let target = match (&to.kind, self.names.structure(name, to.span.file)) {
                    (TypeExprKind::Name, Some(s)) => {
                        Some(self.types.add(Ty::Forward(name.to_string(), s.union)))
                    }
                    (TypeExprKind::Name, None) if name == "void" => None,
                    // A module of the library may point to what another one defines.
                    (TypeExprKind::Name, None) if library::defining(name).is_some() => {
                        Some(self.types.add(Ty::Forward(name.to_string(), false)))
                    }
                    _ => Some(self.ty(to)?),
                };
                Ok(self.types.add(Ty::Pointer(target)))
            }
            TypeExprKind::Array(elem, len) => {
                let elem = self.ty(elem)?;
                self.array(elem, len, expr.span)
            }
        }
    }

    fn array(&mut self, elem: TyId, len: &'a Expr, span: Span) -> Result<TyId, Reported> {
        let n = self.unsigned(len, u64::from(u32::MAX), "the length of an array")?;
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        if self.types.size(elem).checked_mul(n).is_none_or(|size| size > 1 << 30) {
            return Err(self.error(Diagnostic::error(code::RANGE, "this array is larger than 1 GiB", span)));
        }
        Ok(self.types.add(Ty::Array(elem, n)))
    }

    fn is_struct(&self, name: Span) -> bool {
        self.names.structure(self.text(name), name.file).is_some()
    }

    /// A type by name.
    pub(super) fn named_type(&mut self, name: Span) -> Result<TyId, Reported> {
        let text = self.text(name);
        if let Some(builtin) = self.types.builtin(text) {
            return Ok(builtin);
        }
        match self.names.structure(text, name.file) {
            Some(definition) => self.structure(definition, name),
            None => {
                let known = BUILTINS.iter().map(|b| b.name);
                Err(self.unknown("type", name, known.collect()))
            }
        }
    }

    pub(super) fn structure(&mut self, definition: &'a Struct, used: Span) -> Result<TyId, Reported> {
        match self.types.by_name.get(&definition.name) {
            Some(Some(known)) => return *known,
            Some(None) => {
                let name = self.text(definition.name);
                let d = Diagnostic::error(code::CYCLE, format!("`{name}` contains itself"), used);
                return Err(self.error(d.help(format!("a pointer can: `*{name}`"))));
            }
            None => {}
        }
        self.types.by_name.insert(definition.name, None);
        let name = self.text(definition.name).to_string();
        let id = self.layout(definition, name);
        self.types.by_name.insert(definition.name, Some(id));
        id
    }

    fn layout(&mut self, definition: &'a Struct, name: String) -> Result<TyId, Reported> {
        let mut layout = StructTy { name, union: definition.union, size: 0, align: 1, fields: vec![] };
        let mut end = 0u64;
        let mut places: Vec<(&str, Span)> = vec![];
        let mut failed = None;
        for field in &definition.fields {
            let (span, name, ty) = match field {
                Field::Named(span, ty) => (*span, self.text(*span), self.ty(ty)),
                Field::Anonymous(inner) => (inner.name, "", self.layout(inner, String::new())),
            };
            let Ok(ty) = ty else {
                failed = Some(Reported);
                continue;
            };
            if let Some((_, first)) = places.iter().find(|(n, _)| !n.is_empty() && *n == name) {
                let d = Diagnostic::error(code::DUPLICATE, format!("field `{name}` is there already"), span);
                failed = Some(self.error(d.also(*first, "here")));
                continue;
            }
            places.push((name, span));
            let (size, align) = self.types.layout(ty);
            let offset = if layout.union { 0 } else { end.next_multiple_of(u64::from(align)) };
            end = end.max(offset + u64::from(size));
            layout.align = layout.align.max(align);
            let Ok(offset) = u32::try_from(offset) else { break };
            layout.fields.push(FieldTy { name: name.to_string(), ty, offset });
        }
        if let Some(failed) = failed {
            return Err(failed);
        }
        let Ok(size) = u32::try_from(end.next_multiple_of(u64::from(layout.align))) else {
            let d = Diagnostic::error(code::RANGE, "this struct is larger than 4 GiB", definition.name);
            return Err(self.error(d));
        };
        layout.size = size;
        self.types.structs.push(layout);
        Ok(self.types.add(Ty::Struct(self.types.structs.len() - 1)))
    }

    /// Follows a path into a type: the offset in bytes, and the type that stands there.
    pub(super) fn walk(&mut self, start: TyId, path: &'a [Step]) -> Result<(u32, TyId), Reported> {
        let (mut offset, mut ty) = (0u32, start);
        for step in path {
            let (more, next) = match (step, self.types.get(ty).clone()) {
                (Step::Field(name), _) => self.walk_field(ty, *name)?,
                (Step::Index(index), Ty::Array(elem, len)) => {
                    let n = self.unsigned(index, u64::from(u32::MAX), "an index")?;
                    if n >= u64::from(len) {
                        let message =
                            format!("index {n} is beyond the {len} elements of `{}`", self.types.name(ty));
                        return Err(self.error(Diagnostic::error(code::RANGE, message, index.span)));
                    }
                    // Within the array, whose size fits.
                    (self.types.size(elem) * u32::try_from(n).unwrap_or(0), elem)
                }
                (Step::Index(index), _) => return Err(self.no_part(ty, index.span, "elements")),
            };
            offset += more;
            ty = next;
        }
        Ok((offset, ty))
    }

    /// Follows one name into a type.
    pub(super) fn walk_field(&mut self, ty: TyId, name: Span) -> Result<(u32, TyId), Reported> {
        let Ty::Struct(structure) = *self.types.get(ty) else {
            return Err(self.no_part(ty, name, "fields"));
        };
        match self.types.member(structure, self.text(name)) {
            Some(found) => Ok(found),
            None => Err(self.no_field(ty, structure, name)),
        }
    }

    fn no_part(&mut self, ty: TyId, span: Span, parts: &str) -> Reported {
        let message = format!("`{}` has no {parts}", self.types.name(ty));
        self.error(Diagnostic::error(code::FIELD, message, span))
    }

    fn no_field(&mut self, ty: TyId, structure: usize, name: Span) -> Reported {
        let text = self.text(name);
        let names = self.types.member_names(structure);
        let mut d =
            Diagnostic::error(code::FIELD, format!("`{}` has no field `{text}`", self.types.name(ty)), name);
        d = match crate::diag::nearest(text, names.iter().copied()) {
            Some(near) => d.suggest(format!("did you mean `{near}`?"), name, near),
            None => d.note(format!("its fields are: {}", names.join(", "))),
        };
        self.error(d)
    }

    /// A type that is written where an expression stands: `sizeof(u32[4])`. `None`: it is no type.
    pub(super) fn expr_as_type(&mut self, expr: &'a Expr) -> Option<Result<TyId, Reported>> {
        match &expr.kind {
            ExprKind::Name => {
                let text = self.text(expr.span);
                let is_type = BUILTINS.iter().any(|b| b.name == text) || self.is_struct(expr.span);
                is_type.then(|| self.named_type(expr.span))
            }
            ExprKind::Param => self.type_argument_if(expr.span).map(Ok),
            ExprKind::Path(base, steps) if steps.iter().all(|s| matches!(s, Step::Index(_))) => {
                let mut ty = match self.expr_as_type(base)? {
                    Ok(ty) => ty,
                    Err(Reported) => return Some(Err(Reported)),
                };
                for step in steps {
                    let Step::Index(len) = step else { continue };
                    ty = match self.array(ty, len, expr.span) {
                        Ok(ty) => ty,
                        Err(Reported) => return Some(Err(Reported)),
                    };
                }
                Some(Ok(ty))
            }
            _ => None,
        }
    }
}
