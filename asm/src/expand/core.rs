//! CO-RE: values that are looked up again in the kernel that loads the program.

use std::fmt::Write;

use super::eval::{Int, Mem, Value};
use super::lower::Operands;
use super::names::written;
use super::plain::{CoreTy, PlainCore};
use super::types::{Class, Place, Ty, TyId};
use super::{Expander, Reported};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::{Endian, Syntax, Width};
use crate::lang::ast::{Expr, ExprKind, Step};
use crate::object::CoreKind;

/// The number of a value in the function that is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CoreId(usize);

/// Such a value.
#[derive(Debug, Clone)]
pub(super) struct CoreValue {
    kind: CoreKind,
    /// What it is in the types that the source declares. The number of a type is filled in later.
    value: i128,
    path: Path,
}

/// A type and what of it is meant.
#[derive(Debug, Clone)]
struct Path {
    root: TyId,
    /// The number of that type, where a `btf` block says it.
    ty: CoreTy,
    /// The numbers of members and elements; of an enum that of its value.
    indices: Vec<usize>,
    /// The same as text: `.in[1].y`.
    text: String,
    place: Place,
    /// The struct whose member a bit field is.
    within: Option<usize>,
}

/// The functions that give such values.
pub(super) const FUNCTIONS: &[&str] = &[
    "core",
    "core_size",
    "core_exists",
    "core_signed",
    "core_lshift",
    "core_rshift",
    "core_type_local",
    "core_type_id",
    "core_matches",
    "core_enum",
];

/// What stands between the parentheses of such a function.
enum Subject {
    Type(Path),
    Field(Path),
    /// A value of an enum.
    Value(Path, i128),
}

impl<'a> Expander<'a> {
    /// The value of `core(…)` and its relatives.
    pub(super) fn core_function(
        &mut self,
        span: Span,
        name: &str,
        args: &'a [Expr],
    ) -> Result<Value, Reported> {
        let [arg] = args else {
            let d = Diagnostic::error(code::ARGUMENT, format!("wrong operands of `{name}`"), span);
            return Err(self.error(d.help(format!("it takes one: `{name}({})`", example(name)))));
        };
        let (kind, path, value) = match (name, self.subject(arg)?) {
            ("core", Subject::Field(path)) => {
                let value = self.field_offset(arg.span, &path)?;
                (CoreKind::FIELD_OFFSET, path, value)
            }
            ("core_size", Subject::Field(path)) => {
                let value = self.field_size(arg.span, &path)?;
                (CoreKind::FIELD_SIZE, path, value)
            }
            ("core_exists", Subject::Field(path)) => (CoreKind::FIELD_EXISTS, path, 1),
            ("core_signed", Subject::Field(path)) => {
                let signed = matches!(self.types.class(path.place.ty), Some(Class::Signed | Class::Char));
                (CoreKind::FIELD_SIGNED, path, i128::from(signed))
            }
            ("core_lshift", Subject::Field(path)) => {
                let value = self.left_shift(arg.span, &path)?;
                (CoreKind::FIELD_LSHIFT, path, value)
            }
            ("core_rshift", Subject::Field(path)) => {
                let bits = self.field_bits(arg.span, &path)?;
                (CoreKind::FIELD_RSHIFT, path, i128::from(64 - bits))
            }
            ("core_type_local", Subject::Type(path)) => (CoreKind::TYPE_ID_LOCAL, path, 0),
            ("core_type_id", Subject::Type(path)) => (CoreKind::TYPE_ID_TARGET, path, 0),
            ("core_exists", Subject::Type(path)) => (CoreKind::TYPE_EXISTS, path, 1),
            ("core_size", Subject::Type(path)) => {
                let size = self.types.size(path.root);
                (CoreKind::TYPE_SIZE, path, i128::from(size))
            }
            ("core_matches", Subject::Type(path)) => (CoreKind::TYPE_MATCHES, path, 1),
            ("core_exists", Subject::Value(path, _)) => (CoreKind::ENUM_EXISTS, path, 1),
            ("core_enum", Subject::Value(path, value)) => (CoreKind::ENUM_VALUE, path, value),
            (_, subject) => {
                let what = match subject {
                    Subject::Type(_) => "a type",
                    Subject::Field(_) => "a field",
                    Subject::Value(..) => "a value of an enum",
                };
                let d = Diagnostic::error(code::CORE, format!("`{name}` does not take {what}"), arg.span);
                return Err(self.error(d.help(format!("write `{name}({})`", example(name)))));
            }
        };
        Ok(Value::Core(self.core_value(CoreValue { kind, value, path })))
    }

    fn core_value(&mut self, value: CoreValue) -> CoreId {
        self.body.cores.push(value);
        CoreId(self.body.cores.len() - 1)
    }

    /// A path that has not left its type yet.
    fn path_from(&mut self, root: TyId, span: Span) -> Result<Path, Reported> {
        let ty = self.core_type(root, span)?;
        Ok(Path { root, ty, indices: vec![], text: String::new(), place: Place::of(root), within: None })
    }

    /// What such a function asks about.
    fn subject(&mut self, arg: &'a Expr) -> Result<Subject, Reported> {
        if let Some(ty) = self.expr_as_type(arg) {
            return Ok(Subject::Type(self.path_from(ty?, arg.span)?));
        }
        // A field through a view, or a macro's argument that is one.
        if matches!(arg.kind, ExprKind::Field(..) | ExprKind::Param)
            && let Value::Mem(Mem { core: Some(id), .. }) = self.eval(arg)?
        {
            return Ok(Subject::Field(self.body.cores[id.0].path.clone()));
        }
        let ExprKind::Path(base, steps) = &arg.kind else {
            let what = "a type, a field such as `task_struct.pid`, or a value of an enum";
            return Err(self.error(Diagnostic::error(code::CORE, format!("expected {what}"), arg.span)));
        };
        let root = match self.expr_as_type(base) {
            Some(root) => root?,
            None => return Err(self.unknown("type", base.span, |_| vec![])),
        };
        let start = self.path_from(root, base.span)?;
        let (Ty::Enum(index), [Step::Field(name)]) = (self.types.get(root), steps.as_slice()) else {
            return self.core_path(start, steps).map(Subject::Field);
        };
        let (values, text) = (&self.types.enums[*index].values, self.text(*name));
        if let Some(at) = values.iter().position(|(name, _)| name == text) {
            let value = values[at].1;
            let path = Path { indices: vec![at], text: format!(".{}", written(text)), ..start };
            return Ok(Subject::Value(path, value));
        }
        let known: Vec<String> = values.iter().map(|v| v.0.clone()).collect();
        let message = format!("`{}` has no member `{text}`", self.types.name(root));
        let d = Diagnostic::error(code::FIELD, message, *name);
        Err(match crate::diag::nearest(text, known.iter().map(String::as_str)) {
            Some(near) => self.error(d.suggest(format!("did you mean `{near}`?"), *name, near)),
            None => self.error(d),
        })
    }

    /// Follows a path into a type.
    fn core_path(&mut self, mut path: Path, steps: &'a [Step]) -> Result<Path, Reported> {
        for step in steps {
            let ty = path.place.ty;
            let next = self.walk(Place::of(ty), std::slice::from_ref(step))?;
            match (step, self.types.get(ty)) {
                (Step::Field(name), Ty::Struct(s)) => {
                    let within = self.types.member_indices(*s, self.text(*name), &mut path.indices);
                    path.within = within;
                    let _ = write!(path.text, ".{}", written(self.text(*name)));
                }
                (Step::Index(_), Ty::Array(elem, _)) => {
                    let index = next.offset.checked_div(self.types.size(*elem)).unwrap_or(0);
                    path.indices.push(index as usize);
                    let _ = write!(path.text, "[{index}]");
                }
                // `walk` has reported it.
                _ => return Err(Reported),
            }
            path.place = Place { offset: path.place.offset.saturating_add(next.offset), ..next };
        }
        Ok(path)
    }

    /// The unit of a bit field as compilers have it: bits before it from the start of its struct, and its bytes.
    fn unit(&mut self, span: Span, path: &Path) -> Result<Option<(u32, u32)>, Reported> {
        let Some(bits) = path.place.bits else { return Ok(None) };
        let align = path.within.map_or(1, |s| self.types.structs[s].align).min(8);
        let start = bits.offset / (align * 8) * (align * 8);
        if bits.offset + bits.size > start + align * 8 {
            let message = format!("this bit field lies across two units of {align} bytes");
            return Err(self.error(Diagnostic::error(code::CORE, message, span)));
        }
        Ok(Some((start, align)))
    }

    fn field_offset(&mut self, span: Span, path: &Path) -> Result<i128, Reported> {
        let within = self.unit(span, path)?.map_or(0, |(start, _)| start / 8);
        Ok(i128::from(path.place.offset) + i128::from(within))
    }

    fn field_size(&mut self, span: Span, path: &Path) -> Result<i128, Reported> {
        let unit = self.unit(span, path)?;
        Ok(i128::from(unit.map_or_else(|| self.types.size(path.place.ty), |(_, bytes)| bytes)))
    }

    /// How many bits a number has that shifts can take out of 64.
    fn field_bits(&mut self, span: Span, path: &Path) -> Result<u32, Reported> {
        let bits =
            path.place.bits.map_or_else(|| self.types.size(path.place.ty).saturating_mul(8), |b| b.size);
        if (1..=64).contains(&bits) {
            return Ok(bits);
        }
        let message = format!("`{}` is no number of at most 64 bits", self.types.name(path.place.ty));
        Err(self.error(Diagnostic::error(code::CORE, message, span)))
    }

    /// How far a field is shifted to the left, so that its highest bit is the highest of 64.
    fn left_shift(&mut self, span: Span, path: &Path) -> Result<i128, Reported> {
        let bits = self.field_bits(span, path)?;
        let (before, bytes) = match (self.unit(span, path)?, path.place.bits) {
            (Some((start, bytes)), Some(place)) => (place.offset - start, bytes),
            _ => (0, bits / 8),
        };
        Ok(i128::from(match self.endian {
            Endian::Little => 64 - before - bits,
            Endian::Big => 64 - bytes * 8 + before,
        }))
    }

    /// The place in memory at such an offset from a register.
    pub(super) fn core_place(&mut self, span: Span, id: CoreId) -> Result<i64, Reported> {
        let CoreValue { kind, value, path } = &self.body.cores[id.0];
        if *kind == CoreKind::FIELD_OFFSET {
            return Ok(i64::try_from(*value).unwrap_or(i64::MAX));
        }
        let text = text(*kind, &self.types.name(path.root), &path.text);
        let d = Diagnostic::error(code::CORE, format!("`{text}` is no offset"), span);
        Err(self.error(d.help("an offset is `core(TYPE.field)`")))
    }

    /// A part of a place that is found through CO-RE.
    pub(super) fn core_part(
        &mut self,
        id: CoreId,
        mem: Mem,
        steps: &'a [Step],
        span: Span,
    ) -> Result<Mem, Reported> {
        let base = self.body.cores[id.0].path.clone();
        let path = self.core_path(base, steps)?;
        self.core_mem(path, mem.reg, span).map(|part| Mem { view: mem.view, ..part })
    }

    /// A field through a view of a `@core` struct.
    pub(super) fn core_field(
        &mut self,
        root: TyId,
        (reg, off): (u8, i64),
        steps: &'a [Step],
        span: Span,
    ) -> Result<Mem, Reported> {
        if off != 0 {
            let message = format!("`{}` does not begin at r{reg} here", self.types.name(root));
            let d = Diagnostic::error(code::CORE, message, span);
            return Err(self.error(d.note("the offset of the view would be lost: an instruction has one")));
        }
        let path = self.path_from(root, span)?;
        let path = self.core_path(path, steps)?;
        self.core_mem(path, reg, span)
    }

    fn core_mem(&mut self, path: Path, reg: u8, span: Span) -> Result<Mem, Reported> {
        let value = self.field_offset(span, &path)?;
        let (ty, bits) = (path.place.ty, path.place.bits);
        let bytes = self.field_size(span, &path)?;
        let core = Some(self.core_value(CoreValue { kind: CoreKind::FIELD_OFFSET, value, path }));
        Ok(Mem {
            reg,
            off: i64::try_from(value).unwrap_or(i64::MAX),
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            access: if bits.is_some() { None } else { self.types.access(ty) },
            ty: Some(ty),
            bits,
            view: None,
            core,
        })
    }

    /// Whether fields of a type are found through CO-RE.
    pub(super) fn is_core(&self, ty: TyId) -> bool {
        matches!(self.types.get(ty), Ty::Struct(s) if self.types.structs[*s].core)
    }

    /// `register op= core(…)`.
    pub(super) fn assign_core(
        &mut self,
        (span, value): (Span, Span),
        (syntax, width): (Syntax, Width),
        id: CoreId,
        o: Operands,
    ) -> Result<(), Reported> {
        let int = Int::host(self.body.cores[id.0].value);
        let imm = self.imm(value, int, width, matches!(syntax, Syntax::Alu(crate::isa::AluOp::Mov, ..)))?;
        self.emit(span, syntax, Operands { imm, ..o })?;
        self.note_core(id);
        Ok(())
    }

    /// `register = core(…) ll`.
    pub(super) fn assign_core_wide(&mut self, span: Span, dst: u8, id: CoreId) -> Result<(), Reported> {
        let value = self.body.cores[id.0].value;
        let imm = i64::try_from(value).or_else(|_| u64::try_from(value).map(u64::cast_signed));
        let imm = imm.unwrap_or_default();
        self.emit(span, Syntax::LoadImm64(0), Operands { dst, imm, ..Operands::default() })?;
        self.note_core(id);
        Ok(())
    }

    /// Lets the last instruction be looked up again.
    pub(super) fn note_core(&mut self, id: CoreId) {
        let CoreValue { kind, path, .. } = &self.body.cores[id.0];
        let mut access = if path.text.starts_with('.') && matches!(self.types.get(path.root), Ty::Enum(_)) {
            String::new()
        } else {
            "0".to_string()
        };
        for index in &path.indices {
            let colon = if access.is_empty() { "" } else { ":" };
            let _ = write!(access, "{colon}{index}");
        }
        let text = text(*kind, &self.type_text(path.root, path.ty), &path.text);
        let Some(insn) = self.body.insns.len().checked_sub(1) else { return };
        self.body.core.push(PlainCore { insn, ty: path.ty, access, kind: *kind, text, literal: false });
    }

    /// Reports such a value where the loader cannot fill it in.
    pub(super) fn no_core(&mut self, span: Span) -> Reported {
        let d = Diagnostic::error(code::CORE, "the loader cannot fill in a CO-RE value here", span);
        let d = d.note(
            "it fills in the immediate of arithmetic and of `= … ll`, and the offset of a load or store",
        );
        self.error(d.help("load it into a register first, on a line of its own"))
    }
}

/// How source writes it.
fn text(kind: CoreKind, root: &str, path: &str) -> String {
    format!("{}({root}{path})", kind.function().unwrap_or_default())
}

/// What such a function is about.
fn example(name: &str) -> &'static str {
    match name {
        "core_enum" => "ENUM.MEMBER",
        "core_type_local" | "core_type_id" | "core_matches" => "TYPE",
        _ => "TYPE.field",
    }
}
