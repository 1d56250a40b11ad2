//! Types of BTF to types of the language, with all that their layout needs.

use std::rc::Rc;

use super::imports::{Imported, numbers};
use super::types::{BUILTINS, Bits, EnumTy, FieldTy, StructTy, Ty, TyId};
use super::{Expander, Reported};
use crate::btf::{Btf, Error, IntEncoding, Kind, Member, Param, Scan, Type, TypeId};
use crate::diag::{Diagnostic, Span, code};

/// The largest struct in bytes.
const LARGEST: u32 = 1 << 28;

/// What stands for the number of a file where types come from the `btf` block.
pub(super) const BLOCK: usize = usize::MAX;

/// Types by their numbers.
#[derive(Clone, Copy)]
enum Numbered<'a> {
    File(&'a Scan<'a>),
    Block(&'a Btf),
}

impl Numbered<'_> {
    fn get(self, id: TypeId) -> Result<Option<Type>, Error> {
        match self {
            Numbered::File(scan) => scan.get(id),
            Numbered::Block(btf) => Ok(btf.get(id).cloned()),
        }
    }

    /// Whether pointers have four bytes.
    fn is_32_bit(self) -> bool {
        matches!(self, Numbered::File(scan) if scan.is_32_bit())
    }
}

/// Where a type comes from: its file, the number of that, and the place that names it.
#[derive(Clone, Copy)]
struct Origin<'a> {
    types: Numbered<'a>,
    number: usize,
    span: Span,
}

impl<'a> Expander<'a> {
    /// The type that a list of imports names.
    pub(super) fn imported(&mut self, import: &'a Imported<'a>) -> Result<TyId, Reported> {
        let (number, id) = import.found.ok_or(Reported)?;
        let types = match self.given {
            Some(given) if number == BLOCK => Numbered::Block(&given.given.btf),
            _ => Numbered::File(self.scans.get(number).and_then(Option::as_ref).ok_or(Reported)?),
        };
        let ty = self.converted(Origin { types, number, span: import.name }, id)?;
        if let (true, Ty::Struct(index)) = (import.core, self.types.get(ty).clone()) {
            self.types.structs[index].core = true;
        }
        Ok(ty)
    }

    /// Where types of the `btf` block come from; reports that there is none.
    fn block_origin(&mut self, span: Span) -> Result<Origin<'a>, Reported> {
        match self.given {
            Some(given) => Ok(Origin { types: Numbered::Block(&given.given.btf), number: BLOCK, span }),
            None => {
                let message = format!("there is no `btf` block with a type `{}`", self.text(span));
                let d = Diagnostic::error(code::BLOCK, message, span);
                Err(self.error(d.help("`#N` is type number N of the block: write a name instead")))
            }
        }
    }

    /// The number that `#N` is; 0 is `void`. Records of a file may name types that it does not have.
    pub(super) fn any_number(&mut self, span: Span) -> Result<TypeId, Reported> {
        self.block_origin(span)?;
        match self.text(span)[1..].parse::<u32>() {
            Ok(number) => Ok(TypeId(number)),
            Err(_) => self.number(span),
        }
    }

    /// The number that `#N` is, and whether the block has that type.
    pub(super) fn number(&mut self, span: Span) -> Result<TypeId, Reported> {
        self.block_origin(span)?;
        let count = self.given.map_or(0, |given| given.given.btf.types.len());
        let number = self.text(span)[1..].parse::<u32>().ok();
        match number.filter(|n| usize::try_from(*n).is_ok_and(|n| n <= count)) {
            Some(number) => Ok(TypeId(number)),
            None => {
                let message = format!("there is no type `{}`", self.text(span));
                let d = Diagnostic::error(code::BLOCK, message, span);
                let word = self.given.map_or(span, |given| given.given.word);
                Err(self.error(d.also(word, format!("this has {count}"))))
            }
        }
    }

    /// The type `#N`.
    pub(super) fn numbered(&mut self, span: Span) -> Result<TyId, Reported> {
        let id = self.number(span)?;
        if id == TypeId::VOID {
            let d = Diagnostic::error(code::TYPE, "type 0 is `void`, which has no size", span);
            return Err(self.error(d.help("a pointer to it is `*void`")));
        }
        self.given_type(id, span)
    }

    /// The type of a number that the block has.
    pub(super) fn given_type(&mut self, id: TypeId, span: Span) -> Result<TyId, Reported> {
        let origin = self.block_origin(span)?;
        self.converted(origin, id)
    }

    /// What `*#N` points to.
    pub(super) fn numbered_pointee(&mut self, span: Span) -> Result<Option<TyId>, Reported> {
        let id = self.number(span)?;
        let origin = self.block_origin(span)?;
        self.opaque(origin, id)
    }

    fn broken(&mut self, origin: Origin, why: &str) -> Reported {
        let (code, message) = match origin.types {
            Numbered::File(_) => (code::BTF, "cannot be taken over"),
            Numbered::Block(_) => (code::BLOCK, "cannot be used"),
        };
        let message = format!("`{}` {message}: {why}", self.text(origin.span));
        self.error(Diagnostic::error(code, message, origin.span))
    }

    fn btf_type(&mut self, origin: Origin, id: TypeId) -> Result<Type, Reported> {
        match origin.types.get(id) {
            Ok(Some(ty)) => Ok(ty),
            Ok(None) => Err(self.broken(origin, &format!("type {} is missing", id.0))),
            Err(why) => Err(self.broken(origin, &why.to_string())),
        }
    }

    /// The kernel, where a type of a module is one of it.
    fn home(&self, origin: Origin<'a>, id: TypeId) -> Option<Origin<'a>> {
        let Numbered::File(scan) = origin.types else { return None };
        let base = scan.base_of(id)?;
        let same = |scan: &Option<Rc<Scan>>| scan.as_ref().is_some_and(|scan| Rc::ptr_eq(scan, base));
        Some(Origin { types: Numbered::File(base), number: self.scans.iter().position(same)?, ..origin })
    }

    /// A type, converted once. Those of the kernel that a module's refer to are the kernel's.
    fn converted(&mut self, origin: Origin<'a>, id: TypeId) -> Result<TyId, Reported> {
        let origin = self.home(origin, id).unwrap_or(origin);
        let key = (origin.number, id);
        match self.btf_types.get(&key) {
            Some(Some(known)) => return *known,
            Some(None) => return Err(self.broken(origin, "it contains itself")),
            None => {}
        }
        self.btf_types.insert(key, None);
        let result = self.deeper(origin.span, |e| {
            let ty = e.btf_type(origin, id)?;
            e.convert(origin, ty)
        });
        self.btf_types.insert(key, Some(result));
        if let (Ok(ty), BLOCK) = (result, origin.number) {
            // What a type is called comes after what it stands for.
            self.given_ids.entry(ty).or_insert(id);
        }
        result
    }

    fn convert(&mut self, origin: Origin<'a>, ty: Type) -> Result<TyId, Reported> {
        Ok(match ty.kind {
            Kind::Int { size, encoding, .. } => self.int_type(&ty.name, size, encoding),
            Kind::Float { size } => self.types.add(Ty::Foreign(ty.name, size, true)),
            Kind::Ptr(to) => {
                if origin.types.is_32_bit() {
                    return Err(self.broken(origin, "its pointers have 4 bytes, those of eBPF 8"));
                }
                let to = self.opaque(origin, to)?;
                self.types.add(Ty::Pointer(to))
            }
            Kind::Array { elem, len, .. } => {
                let elem = self.converted(origin, elem)?;
                if self.types.size(elem).checked_mul(len).is_none_or(|size| size > LARGEST) {
                    return Err(self.broken(origin, "it holds an array of more than 256 MiB"));
                }
                self.types.add(Ty::Array(elem, len))
            }
            Kind::Struct { size, members, .. } => {
                return self.convert_struct(origin, ty.name, false, size, members);
            }
            Kind::Union { size, members, .. } => {
                return self.convert_struct(origin, ty.name, true, size, members);
            }
            Kind::Enum { size, signed, values } | Kind::Enum64 { size, signed, values } => {
                let base = format!("{}{}", if signed { 's' } else { 'u' }, u64::from(size) * 8);
                let Some(base) = self.types.builtin(&base) else {
                    return Err(self.broken(origin, &format!("it holds an enum of {size} bytes")));
                };
                let values = numbers(values, signed);
                self.types.enums.push(EnumTy { name: ty.name, base, values });
                self.types.add(Ty::Enum(self.types.enums.len() - 1))
            }
            Kind::Typedef(of) => {
                let inner = self.converted(origin, of)?;
                match self.builtin_named(&ty.name, inner) {
                    Some(builtin) => builtin,
                    None => self.types.add(Ty::Alias(ty.name, inner, vec![])),
                }
            }
            Kind::Const(of) | Kind::Volatile(of) | Kind::Restrict(of) | Kind::TypeTag { ty: of, .. } => {
                self.converted(origin, of)?
            }
            kind => {
                let name = if ty.name.is_empty() { String::new() } else { format!(" `{}`", ty.name) };
                return Err(self.broken(origin, &format!("{}{name} has no size", kind.word())));
            }
        })
    }

    /// An integer of C.
    fn int_type(&mut self, name: &str, size: u32, encoding: IntEncoding) -> TyId {
        let sign = if encoding.0 & IntEncoding::SIGNED.0 != 0 { 's' } else { 'u' };
        let ours = match (name, size) {
            (_, 1) if encoding.0 & IntEncoding::BOOL.0 != 0 => "bool".to_string(),
            ("char", 1) => "char".to_string(),
            _ => format!("{sign}{}", u64::from(size) * 8),
        };
        match self.types.builtin(&ours) {
            Some(builtin) => builtin,
            None => self.types.add(Ty::Foreign(name.to_string(), size, false)),
        }
    }

    /// The built-in type that a typedef means: `__u32`, `__be16` and their like.
    fn builtin_named(&mut self, name: &str, of: TyId) -> Option<TyId> {
        let ours = name.strip_prefix("__").unwrap_or(name);
        let number =
            BUILTINS.iter().any(|b| b.name == ours && !matches!(ours, "ip4" | "ip6" | "mac" | "char"));
        let same = number && matches!(self.types.named(of), Ty::Builtin(_) | Ty::Alias(..)) && {
            let builtin = self.types.builtin(ours)?;
            self.types.class(of).is_some() && self.types.size(of) == self.types.size(builtin)
        };
        if same { self.types.builtin(ours) } else { None }
    }

    /// What a pointer points to, without what that holds: structs by name only.
    fn opaque(&mut self, origin: Origin<'a>, to: TypeId) -> Result<Option<TyId>, Reported> {
        self.deeper(origin.span, |e| e.opaque_here(origin, to))
    }

    fn opaque_here(&mut self, origin: Origin<'a>, to: TypeId) -> Result<Option<TyId>, Reported> {
        if to == TypeId::VOID {
            return Ok(None);
        }
        let ty = self.btf_type(origin, to)?;
        let named = !ty.name.is_empty();
        Ok(match ty.kind {
            Kind::Struct { .. } if named => Some(self.types.add(Ty::Forward(ty.name, false))),
            Kind::Union { .. } if named => Some(self.types.add(Ty::Forward(ty.name, true))),
            Kind::Fwd { union } => Some(self.types.add(Ty::Forward(ty.name, union))),
            Kind::Ptr(to) => {
                let to = self.opaque(origin, to)?;
                Some(self.types.add(Ty::Pointer(to)))
            }
            Kind::Int { .. } | Kind::Float { .. } => Some(self.converted(origin, to)?),
            Kind::Const(of)
            | Kind::Volatile(of)
            | Kind::Restrict(of)
            | Kind::Typedef(of)
            | Kind::TypeTag { ty: of, .. } => self.opaque(origin, of)?,
            Kind::FuncProto { ret, params } => {
                let mut types = vec![];
                for Param { name, ty } in params {
                    // One without type and name stands for any more.
                    if ty != TypeId::VOID {
                        types.push((name, self.converted(origin, ty)?));
                    }
                }
                let result = if ret == TypeId::VOID { None } else { Some(self.converted(origin, ret)?) };
                Some(self.types.add(Ty::Func(types, result)))
            }
            _ => None,
        })
    }

    fn convert_struct(
        &mut self,
        origin: Origin<'a>,
        name: String,
        union: bool,
        size: u32,
        members: Vec<Member>,
    ) -> Result<TyId, Reported> {
        if size > LARGEST {
            return Err(self.broken(origin, "it holds a struct of more than 256 MiB"));
        }
        let mut fields = vec![];
        let mut align = 1;
        for member in members {
            let ty = self.converted(origin, member.ty)?;
            align = align.max(self.types.layout(ty).1);
            let bits = self.member_bits(origin, &member, size)?;
            if bits.is_none() && !member.bit_offset.is_multiple_of(8) {
                return Err(self.broken(origin, &format!("`{}` in it begins within a byte", member.name)));
            }
            fields.push(FieldTy { name: member.name, ty, offset: member.bit_offset / 8, bits, tags: vec![] });
        }
        // BTF does not tell that a struct is packed; its offsets do.
        let natural = |f: &FieldTy| f.bits.is_some() || f.offset.is_multiple_of(self.types.layout(f.ty).1);
        if !size.is_multiple_of(align) || !fields.iter().all(natural) {
            align = 1;
        }
        self.types.structs.push(StructTy { name, union, core: false, size, align, tags: vec![], fields });
        Ok(self.types.add(Ty::Struct(self.types.structs.len() - 1)))
    }

    /// Where a bit field lies. Old compilers and pahole give its width to the integer instead of the member.
    fn member_bits(
        &mut self,
        origin: Origin<'a>,
        member: &Member,
        size: u32,
    ) -> Result<Option<Bits>, Reported> {
        if member.bit_size != 0 {
            return Ok(Some(Bits::new(member.bit_offset, u32::from(member.bit_size), size)));
        }
        let mut id = member.ty;
        let mut ty = self.btf_type(origin, id)?;
        while let Some(of) = ty.kind.alias().filter(|of| *of != id) {
            id = of;
            ty = self.btf_type(origin, id)?;
        }
        Ok(match ty.kind {
            Kind::Int { size: bytes, bits, offset, .. }
                if u32::from(bits) < bytes.min(8) * 8 && bits != 0 =>
            {
                let start = member.bit_offset.saturating_add(u32::from(offset));
                Some(Bits::new(start, u32::from(bits), size))
            }
            _ => None,
        })
    }
}
