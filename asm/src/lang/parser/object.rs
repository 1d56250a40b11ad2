//! Declarations of what only an object file has.

use super::super::ast::{Extern, ExternWord, TypeExpr};
use super::{Parsed, Parser};
use crate::diag::{Diagnostic, Span, code};

impl Parser<'_> {
    /// `extern [weak] kfunc NAME(name: type, …) -> type`, `extern [weak] ksym NAME: type`.
    pub(super) fn external(&mut self) -> Parsed<Extern> {
        self.bump();
        let weak = self.eat("weak");
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
        let name = self.name("its name")?;
        let (mut params, mut ty) = (vec![], None);
        if kind.is_func() {
            params = self.parameters()?;
            if self.eat("->") {
                ty = Some(self.ty()?);
            }
        } else if self.eat(":") {
            ty = Some(self.ty()?);
        }
        Ok(Extern { name, kind: *kind, weak, params, ty })
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
}
