//! Declared types: structs with their layout, enums, aliases; and paths into types.

use std::collections::HashMap;

use super::imports::Imported;
use super::layout::Layout;
use super::types::{BUILTINS, Bits, Class, EnumTy, FieldTy, Place, StructTy, Ty, TyId};
use super::{Def, Expander, Int, Reported};
use crate::diag::{Diagnostic, Span, code};
use crate::lang::ast::{Alias, Enum, Expr, ExprKind, Field, Member, Step, Struct, TypeExpr, TypeExprKind};

/// The largest array or struct in bytes.
const LARGEST: u32 = 1 << 30;

impl<'a> Expander<'a> {
    /// The type that an expression of types names.
    pub(super) fn ty(&mut self, expr: &'a TypeExpr) -> Result<TyId, Reported> {
        self.deeper(expr.span, |e| e.ty_here(expr))
    }

    fn ty_here(&mut self, expr: &'a TypeExpr) -> Result<TyId, Reported> {
        match &expr.kind {
            TypeExprKind::Name => self.named_type(expr.span),
            TypeExprKind::Param => self.type_argument(expr.span),
            TypeExprKind::Number => self.numbered(expr.span),
            TypeExprKind::Pointer(to) => {
                let target = self.pointee(to)?;
                Ok(self.types.add(Ty::Pointer(target)))
            }
            TypeExprKind::Array(elem, Some(len)) => {
                let elem = self.ty(elem)?;
                self.array(elem, len, expr.span)
            }
            TypeExprKind::Array(_, None) => {
                let d = Diagnostic::error(code::LAYOUT, "an array without a length", expr.span);
                Err(self
                    .error(d.note("only the last field of a struct may be one, for what follows the struct")))
            }
            TypeExprKind::Inline(inner) => self.layout(inner, String::new()),
            TypeExprKind::Func(..) | TypeExprKind::Tagged(..) => {
                let d =
                    Diagnostic::error(code::TYPE, "a function is no value, a pointer to it is", expr.span);
                let text = self.text(expr.span);
                Err(self.error(d.suggest("write", expr.span, format!("*{text}"))))
            }
        }
    }

    /// What a pointer points to; `None`: `void`. It needs no layout of a struct, so structs may refer to each
    /// other, and to such as are not declared.
    fn pointee(&mut self, to: &'a TypeExpr) -> Result<Option<TyId>, Reported> {
        let ty = match &to.kind {
            TypeExprKind::Tagged(tag, to) => {
                let to = self.pointee(to)?;
                let quoted = self.text(*tag).starts_with('"');
                let tag = if quoted { self.plain_string(*tag)? } else { self.text(*tag).to_string() };
                self.types.add(Ty::Tag(tag, to))
            }
            TypeExprKind::Name => {
                let name = self.text(to.span);
                match self.names.get(name, to.span.file) {
                    Some(Def::Struct(s)) => self.types.add(Ty::Forward(name.to_string(), s.union)),
                    Some(Def::Imported(import)) if import.is_struct => {
                        self.types.add(Ty::Forward(name.to_string(), import.union))
                    }
                    None if name == "void" => return Ok(None),
                    None if BUILTINS.iter().all(|b| b.name != name) => {
                        self.types.add(Ty::Forward(name.to_string(), false))
                    }
                    _ => self.named_type(to.span)?,
                }
            }
            TypeExprKind::Number => return self.numbered_pointee(to.span),
            TypeExprKind::Func(params, result) => {
                let mut types = vec![];
                for (name, ty) in params {
                    types.push((self.text(*name).to_string(), self.ty(ty)?));
                }
                let result = result.as_ref().map(|ty| self.ty(ty)).transpose()?;
                self.types.add(Ty::Func(types, result))
            }
            _ => self.ty(to)?,
        };
        Ok(Some(ty))
    }

    fn array(&mut self, elem: TyId, len: &'a Expr, span: Span) -> Result<TyId, Reported> {
        let n = self.unsigned(len, u64::from(u32::MAX), "the length of an array")?;
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        if self.types.size(elem).checked_mul(n).is_none_or(|size| size > LARGEST) {
            return Err(self.error(Diagnostic::error(code::RANGE, "this array is larger than 1 GiB", span)));
        }
        Ok(self.types.add(Ty::Array(elem, n)))
    }

    /// Whether a name is that of a type that somebody declared.
    fn is_declared_type(&self, name: Span) -> bool {
        self.names.get(self.text(name), name.file).is_some_and(|def| def.is_type())
    }

    /// A type by name.
    pub(super) fn named_type(&mut self, name: Span) -> Result<TyId, Reported> {
        let text = self.text(name);
        if let Some(builtin) = self.types.builtin(self.word(name)) {
            return Ok(builtin);
        }
        match self.names.get(text, name.file) {
            Some(Def::Struct(definition)) => self.structure(definition, name),
            Some(Def::Enum(definition)) => self.enumeration(definition, name),
            Some(Def::Alias(definition)) => self.alias(definition, name),
            Some(Def::Imported(import)) => self.imported(import),
            _ => Err(self.unknown("type", name, |_| BUILTINS.iter().map(|b| b.name).collect())),
        }
    }

    /// Works a declared type out once.
    fn once(
        &mut self,
        declared: Span,
        used: Span,
        work: impl FnOnce(&mut Self) -> Result<TyId, Reported>,
    ) -> Result<TyId, Reported> {
        match self.types.by_name.get(&declared) {
            Some(Some(known)) => return *known,
            Some(None) => {
                let name = self.text(declared);
                let d = Diagnostic::error(code::CYCLE, format!("`{name}` contains itself"), used);
                return Err(self.error(d.help(format!("a pointer to a struct can: `*{name}`"))));
            }
            None => {}
        }
        self.types.by_name.insert(declared, None);
        // A type means the same wherever it is used: no views and arguments of the place of use.
        let frames = std::mem::take(&mut self.frames);
        let id = work(self);
        self.frames = frames;
        self.types.by_name.insert(declared, Some(id));
        id
    }

    pub(super) fn structure(&mut self, definition: &'a Struct, used: Span) -> Result<TyId, Reported> {
        let name = self.text(definition.name);
        self.once(definition.name, used, |e| {
            if definition.fields.is_none() {
                let message = format!("the fields of `{name}` are not declared");
                let d =
                    Diagnostic::error(code::LAYOUT, message, used).also(definition.name, "only its name is");
                return Err(e.error(d.help(format!("a pointer needs no more: `*{name}`"))));
            }
            e.layout(definition, name.to_string())
        })
    }

    pub(super) fn alias(&mut self, definition: &'a Alias, used: Span) -> Result<TyId, Reported> {
        self.once(definition.name, used, |e| {
            let ty = e.ty(&definition.ty)?;
            let name = e.text(definition.name).to_string();
            let tags = e.tags(&definition.tags);
            Ok(e.types.add(Ty::Alias(name, ty, tags)))
        })
    }

    /// `align(N)`; 0 where it is not given.
    fn alignment(&mut self, align: Option<&'a Expr>) -> Result<u32, Reported> {
        let Some(expr) = align else { return Ok(0) };
        let n = self.unsigned(expr, 1 << 16, "an alignment")?;
        match u32::try_from(n) {
            Ok(n) if n.is_power_of_two() => Ok(n),
            _ => {
                let message = format!("an alignment is a power of two, not {n}");
                Err(self.error(Diagnostic::error(code::LAYOUT, message, expr.span)))
            }
        }
    }

    pub(super) fn layout(&mut self, definition: &'a Struct, name: String) -> Result<TyId, Reported> {
        let fields = definition.fields.as_deref().unwrap_or_default();
        let mut layout = Layout::new(definition.union, definition.packed);
        let mut made: Vec<FieldTy> = vec![];
        let mut places: HashMap<&str, Span> = HashMap::new();
        let mut failed = definition.broken.then_some(Reported);
        for (i, declared) in fields.iter().enumerate() {
            let last = i + 1 == fields.len() && !definition.union;
            let (span, field) = match declared {
                Field::Named(member) => (member.name, self.member(member, last, &mut layout)),
                Field::Anonymous(inner) => {
                    let field = self.layout(inner, String::new()).map(|ty| {
                        let offset = layout.field(self.types.layout(ty), 0);
                        Some(FieldTy { name: String::new(), ty, offset, bits: None, tags: vec![] })
                    });
                    (inner.name, field)
                }
            };
            let name = self.text(span);
            let has_name = name != "_" && matches!(declared, Field::Named(_));
            if let Some(first) = places.get(name).filter(|_| has_name) {
                let d = Diagnostic::error(code::DUPLICATE, format!("field `{name}` is there already"), span);
                failed = Some(self.error(d.also(*first, "here")));
                continue;
            }
            if has_name {
                places.insert(name, span);
            }
            match field {
                Ok(field) => made.extend(field),
                Err(Reported) => failed = Some(Reported),
            }
        }
        let least = self.alignment(definition.align.as_ref());
        if let Some(failed) = failed {
            return Err(failed);
        }
        layout.align(least?);
        // Offsets in bits fit into 32 bits.
        let Some((size, align)) = layout.finish().filter(|(size, _)| *size <= LARGEST / 4) else {
            let d = Diagnostic::error(code::RANGE, "this struct is larger than 256 MiB", definition.name);
            return Err(self.error(d));
        };
        for field in &mut made {
            if let Some(bits) = &mut field.bits {
                *bits = Bits::new(bits.offset, bits.size, size);
            }
        }
        let union = definition.union;
        let (core, tags) = (definition.core, self.tags(&definition.tags));
        self.types.structs.push(StructTy { name, union, core, size, align, tags, fields: made });
        Ok(self.types.add(Ty::Struct(self.types.structs.len() - 1)))
    }

    /// Places a member; `None` for a bit field that is only padding.
    fn member(
        &mut self,
        member: &'a Member,
        last: bool,
        layout: &mut Layout,
    ) -> Result<Option<FieldTy>, Reported> {
        let ty = match &member.ty.kind {
            TypeExprKind::Array(elem, None) if last => {
                let elem = self.ty(elem)?;
                self.types.add(Ty::Array(elem, 0))
            }
            _ => self.ty(&member.ty)?,
        };
        let least = self.alignment(member.align.as_ref())?;
        let name = self.text(member.name).to_string();
        let tags = self.tags(&member.tags);
        let Some(width) = &member.bits else {
            let offset = layout.field(self.types.layout(ty), least);
            return Ok(Some(FieldTy { name, ty, offset, bits: None, tags }));
        };
        let size = self.bit_width(ty, member, width)?;
        let named = name != "_";
        let offset = layout.bits(size, self.types.layout(ty), least, named);
        let bits = Bits { offset, size, unit: None };
        Ok(named.then_some(FieldTy { name, ty, offset: offset / 8, bits: Some(bits), tags }))
    }

    /// The width of a bit field, as C allows it.
    fn bit_width(&mut self, ty: TyId, member: &'a Member, width: &'a Expr) -> Result<u32, Reported> {
        let what = self.types.name(ty);
        let most = match self.types.class(ty) {
            Some(Class::Bool) => 1,
            Some(Class::Unsigned | Class::Signed | Class::Char) => 8 * self.types.size(ty),
            Some(Class::Big) => {
                let d =
                    Diagnostic::error(code::LAYOUT, format!("a bit field of type `{what}`"), member.ty.span);
                let d = d.note("its bits would not lie beside each other on a little-endian target");
                return Err(self.error(d.help("give each byte fields of its own, of type `u8`")));
            }
            _ => {
                let message = format!("a bit field is a number, not `{what}`");
                return Err(self.error(Diagnostic::error(code::LAYOUT, message, member.ty.span)));
            }
        };
        let bits = self.int(width)?.value;
        let least = i128::from(self.text(member.name) != "_");
        match u32::try_from(bits) {
            Ok(size) if bits >= least && size <= most => Ok(size),
            _ => {
                let message = format!("a bit field of `{what}` has {least} to {most} bits, not {bits}");
                let d = Diagnostic::error(code::LAYOUT, message, width.span);
                Err(self.error(if bits == 0 {
                    d.help(format!("padding up to the next `{what}` is `_: {what} : 0`"))
                } else {
                    d
                }))
            }
        }
    }

    pub(super) fn enumeration(&mut self, definition: &'a Enum, used: Span) -> Result<TyId, Reported> {
        self.once(definition.name, used, |e| e.enum_type(definition))
    }

    fn enum_type(&mut self, definition: &'a Enum) -> Result<TyId, Reported> {
        if definition.broken {
            return Err(Reported);
        }
        let base = match &definition.base {
            Some(expr) => {
                let base = self.ty(expr)?;
                let class = self.types.class(base);
                if !matches!(class, Some(Class::Unsigned | Class::Signed | Class::Big)) {
                    let message = format!("the values of an enum are no `{}`", self.types.name(base));
                    let d = Diagnostic::error(code::TYPE, message, expr.span);
                    return Err(self.error(d.note("they are of u8 to u64, s8 to s64, or be16 to be64")));
                }
                Some(base)
            }
            None => None,
        };
        let big = base.filter(|base| self.types.is_big(*base)).map(|base| self.types.size(base));
        let (mut values, mut failed, mut next) = (vec![], None, 0i128);
        for (name, value) in &definition.values {
            let int = match value {
                Some(expr) => self.int(expr),
                None => Ok(Int::host(next)),
            };
            // What failed has a value, too, so that its uses are no errors.
            let int = int.and_then(|int| self.enum_value(int, base, big, *name)).unwrap_or_else(|Reported| {
                failed = Some(Reported);
                Int::host(0)
            });
            next = big.map_or(int.value, |bytes| self.swap(int.value, bytes)) + 1;
            self.constants.insert(*name, Some(int));
            values.push((self.text(*name).to_string(), int.value));
        }
        if let Some(failed) = failed {
            return Err(failed);
        }
        let base = match base {
            Some(base) => base,
            None => self.enum_base(definition, &values)?,
        };
        let name = if definition.named { self.text(definition.name).to_string() } else { String::new() };
        self.types.enums.push(EnumTy { name, base, values });
        Ok(self.types.add(Ty::Enum(self.types.enums.len() - 1)))
    }

    /// A member's value: in the byte order of the enum, and within its range.
    fn enum_value(
        &mut self,
        int: Int,
        base: Option<TyId>,
        big: Option<u32>,
        name: Span,
    ) -> Result<Int, Reported> {
        let Some(base) = base else { return Ok(int) };
        let value = match big {
            Some(bytes) if int.big == bytes => return Ok(int),
            _ => int.value,
        };
        let (min, max) = self.types.range(base);
        if value < min || value > max {
            let message = format!("`{}` holds {min} to {max}, not {value}", self.types.name(base));
            return Err(self.error(Diagnostic::error(code::RANGE, message, name)));
        }
        Ok(match big {
            Some(bytes) => Int { value: self.swap(value, bytes), big: bytes },
            None => int,
        })
    }

    /// The type of an enum that names none: 32 bits, signed where a value is negative, as in C.
    fn enum_base(&mut self, definition: &'a Enum, values: &[(String, i128)]) -> Result<TyId, Reported> {
        let name = if values.iter().any(|v| v.1 < 0) { "s32" } else { "u32" };
        let base = self.types.builtin(name).ok_or(Reported)?;
        let (min, max) = self.types.range(base);
        if let Some((i, (_, value))) = values.iter().enumerate().find(|(_, v)| v.1 < min || v.1 > max) {
            let wide = if name == "u32" { "u64" } else { "s64" };
            let message = format!("{value} does not fit into the 32 bits of an enum");
            let d = Diagnostic::error(code::RANGE, message, definition.values[i].0);
            let place = definition.name.after();
            return Err(self.error(d.suggest("give the enum a type", place, format!(": {wide}"))));
        }
        Ok(base)
    }

    /// The value of an enum's member.
    pub(super) fn enum_member(&mut self, definition: &'a Enum, index: usize) -> Result<Int, Reported> {
        let (name, _) = definition.values[index];
        if let Some(Some(int)) = self.constants.get(&name) {
            return Ok(*int);
        }
        if let Some(None) = self.types.by_name.get(&definition.name) {
            let message = format!("`{}` has no value yet here", self.text(name));
            let d = Diagnostic::error(code::CYCLE, message, name);
            return Err(self.error(d.note("members of an enum get their values one after the other")));
        }
        self.enumeration(definition, name)?;
        self.constants.get(&name).copied().flatten().ok_or(Reported)
    }

    /// `NAME.MEMBER` of an enum. `None`: it is something else.
    pub(super) fn member_of_enum(&mut self, base: &Expr, steps: &'a [Step]) -> Option<Result<Int, Reported>> {
        let (ExprKind::Name(_), [Step::Field(name)]) = (&base.kind, steps) else { return None };
        let definition = match self.names.get(self.text(base.span), base.span.file)? {
            Def::Enum(definition) => definition,
            Def::Imported(import) => return self.member_of_import(import, *name),
            _ => return None,
        };
        let text = self.text(*name);
        if let Some(index) = definition.values.iter().position(|v| self.text(v.0) == text) {
            return Some(self.enum_member(definition, index));
        }
        let message = format!("`{}` has no member `{text}`", self.text(base.span));
        let d = Diagnostic::error(code::FIELD, message, *name);
        let known = definition.values.iter().map(|v| self.text(v.0));
        Some(Err(match crate::diag::nearest(text, known) {
            Some(near) => self.error(d.suggest(format!("did you mean `{near}`?"), *name, near)),
            None => self.error(d.also(definition.name, "declared here")),
        }))
    }

    fn member_of_import(&mut self, import: &'a Imported<'a>, name: Span) -> Option<Result<Int, Reported>> {
        let text = self.text(name);
        if let Some((_, value)) = import.values.iter().find(|v| v.0 == text) {
            return Some(Ok(Int::host(*value)));
        }
        if import.values.is_empty() {
            return None;
        }
        let message = format!("`{}` has no member `{text}`", self.text(import.name));
        let d = Diagnostic::error(code::FIELD, message, name);
        Some(Err(match crate::diag::nearest(text, import.values.iter().map(|v| v.0.as_str())) {
            Some(near) => self.error(d.suggest(format!("did you mean `{near}`?"), name, near)),
            None => self.error(d.also(import.name, "imported here")),
        }))
    }

    /// Follows a path into a type.
    pub(super) fn walk(&mut self, start: Place, path: &'a [Step]) -> Result<Place, Reported> {
        let mut place = start;
        for step in path {
            let next = match (step, self.types.get(place.ty).clone()) {
                (Step::Field(name), _) => self.walk_field(place.ty, *name)?,
                (Step::Index(index), Ty::Array(elem, len)) => {
                    let offset = self.element(place.ty, elem, len, index)?;
                    Place { offset, ..Place::of(elem) }
                }
                (Step::Index(index), _) => return Err(self.no_part(place.ty, index.span, "elements")),
            };
            place = Place { offset: place.offset.saturating_add(next.offset), ..next };
        }
        Ok(place)
    }

    /// The offset of an element. Where an array ends is not known of one without a length.
    fn element(&mut self, array: TyId, elem: TyId, len: u32, index: &'a Expr) -> Result<u32, Reported> {
        let n = self.unsigned(index, u64::from(u32::MAX), "an index")?;
        if len != 0 && n >= u64::from(len) {
            let message = format!("index {n} is beyond the {len} elements of `{}`", self.types.name(array));
            return Err(self.error(Diagnostic::error(code::RANGE, message, index.span)));
        }
        let offset = n.checked_mul(u64::from(self.types.size(elem))).and_then(|n| u32::try_from(n).ok());
        offset.filter(|n| *n <= LARGEST).ok_or(()).map_err(|()| {
            let d = Diagnostic::error(code::RANGE, "this element lies more than 1 GiB away", index.span);
            self.error(d)
        })
    }

    /// Follows one name into a type.
    pub(super) fn walk_field(&mut self, ty: TyId, name: Span) -> Result<Place, Reported> {
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

    pub(super) fn no_field(&mut self, ty: TyId, structure: usize, name: Span) -> Reported {
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
            ExprKind::Name(_) => {
                let text = self.word(expr.span);
                let is_type = BUILTINS.iter().any(|b| b.name == text) || self.is_declared_type(expr.span);
                is_type.then(|| self.named_type(expr.span))
            }
            ExprKind::Param => self.type_argument_if(expr.span).map(Ok),
            ExprKind::Number => Some(self.numbered(expr.span)),
            ExprKind::Path(base, steps) if steps.iter().all(|s| matches!(s, Step::Index(_))) => {
                let mut ty = match self.expr_as_type(base)? {
                    Ok(ty) => ty,
                    Err(Reported) => return Some(Err(Reported)),
                };
                for step in steps.iter().rev() {
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
