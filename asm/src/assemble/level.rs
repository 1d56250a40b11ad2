//! Levels of the instruction set: what a level lacks, and jumps that are too far.

use crate::diag::{Diagnostic, Sources, Span, code};
use crate::isa::{Cpu, Form, Syntax};

/// Reports an instruction that a level does not have.
pub(super) fn above(form: &Form, limit: Cpu, span: Span) -> Diagnostic {
    let message = format!("this instruction needs cpu {}", form.cpu.name());
    let d = Diagnostic::error(code::CPU, message, span).note(form.doc);
    let d = d.note(format!("the level is {}", limit.name()));
    match form.since {
        Some((major, minor)) => d.help(format!("kernels have it from Linux {major}.{minor} on")),
        None => d,
    }
}

/// Says how to jump further.
pub(super) fn further(
    d: Diagnostic,
    syntax: Option<Syntax>,
    cpu: Option<Cpu>,
    span: Span,
    sources: &Sources,
) -> Diagnostic {
    if cpu.is_some_and(|cpu| cpu < Cpu::V4) {
        return d.help(
            "jump to a `goto` in between, which goes on from there; `gotol` reaches further from cpu v4 on",
        );
    }
    let text = sources.slice(span);
    let target = text.rfind("goto ").map(|at| (at, &text[at + "goto ".len()..]));
    match (syntax, target) {
        (Some(Syntax::Goto), Some((0, target))) => {
            d.suggest("`gotol` reaches further (Linux 6.6)", span, format!("gotol {target}"))
        }
        (Some(Syntax::Goto), _) => d.help("`gotol` reaches further (Linux 6.6)"),
        (Some(Syntax::If(..)), Some((at, target))) if !text.contains('\n') => {
            let indent = " ".repeat(sources.line(span).1.saturating_sub(1) as usize);
            let lines = format!("{}goto +1\n{indent}goto +1\n{indent}gotol {target}", &text[..at]);
            d.suggest("jump over a `gotol`, which reaches further (Linux 6.6)", span, lines)
        }
        _ => d.help("jump the other way over a `gotol`, which reaches further (Linux 6.6)"),
    }
}
