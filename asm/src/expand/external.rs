//! What is defined elsewhere: in the kernel, or in another object.

use super::lower::Operands;
use super::plain::{ExternTy, PlainExtern};
use super::{Expander, Reported};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::Syntax;
use crate::lang::ast::{Extern, ExternWord};
use crate::object::{ExternKind, Linkage, Symbol};
use crate::uapi::HelperId;

impl<'a> Expander<'a> {
    /// Takes its declaration; one that is wrong keeps its place.
    pub(super) fn external(&mut self, external: &'a Extern) {
        let kind = match external.kind {
            ExternWord::Kfunc | ExternWord::Ksym => ExternKind::Ksym,
            ExternWord::Kconfig => ExternKind::Kconfig,
            ExternWord::Func | ExternWord::Var => ExternKind::Object,
            ExternWord::Common | ExternWord::Absolute => {
                let number = |e: &mut Self, n: usize| {
                    external.numbers.get(n).and_then(|expr| e.unsigned(expr, u64::MAX, "this number").ok())
                };
                let [first, second] = [0, 1].map(|n| number(self, n).unwrap_or(0));
                match external.kind {
                    ExternWord::Common => ExternKind::Common { size: first, align: second },
                    _ => ExternKind::Absolute(first),
                }
            }
        };
        let mut params = vec![];
        for (name, ty) in &external.params {
            if let Ok(ty) = self.ty(ty) {
                params.push((self.text(*name).to_string(), ty));
            }
        }
        if let Some((_, extra)) = external.params.get(5) {
            let message = "a function has at most five parameters: r1 to r5";
            self.error(Diagnostic::error(code::RANGE, message, extra.span));
        }
        let ty = external.ty.as_ref().and_then(|ty| self.ty(ty).ok());
        if external.kind == ExternWord::Kconfig && external.ty.is_none() {
            let d = Diagnostic::error(code::EXTERN, "a kconfig value has a type", external.name);
            let name = self.text(external.name);
            self.error(d.suggest("write it", external.name, format!("{name}: u32")));
        }
        let ty = if external.kind.is_func() { ExternTy::Func(params, ty) } else { ExternTy::Var(ty) };
        let name = self.text(external.name).to_string();
        let tags = self.numbered_tags(&external.tags);
        let symbol = self.symbol(external.name, external.symbol, Linkage::Global);
        let btf = self.given_extern(external, &symbol.name, kind).ok().flatten();
        let kept = self.given.is_some() && !self.sources.get(external.name.file).is_library();
        self.program.externs.push(PlainExtern { name, symbol, kind, btf, kept, ty, tags });
    }

    /// Calls it.
    pub(super) fn call_external(
        &mut self,
        span: Span,
        name: Span,
        index: usize,
        external: &'a Extern,
    ) -> Result<(), Reported> {
        // With a `btf` block, an object is taken as it is.
        if !external.kind.is_func() && self.given.is_none() {
            return Err(self.wrong_kind(name, external.kind.describe(), "a function"));
        }
        self.emit(span, Syntax::CallLocal, Operands { imm: -1, ..Operands::default() })?;
        self.refer(Symbol::Extern(index));
        Ok(())
    }

    /// Reports a name that a helper has, too.
    pub(super) fn two_callees(&mut self, name: Span, external: &'a Extern, helper: HelperId) -> Reported {
        let text = self.text(name);
        let message = format!("`{text}` is a helper and {}", external.kind.describe());
        let d = Diagnostic::error(code::CALL, message, name).also(external.name, "declared here");
        let d = d.suggest("if the declared one is meant, say so", name, format!("kfunc {text}"));
        self.error(d.suggest("if the helper is meant, say so", name, format!("helper {}", helper.0)))
    }
}
