//! What the verifier refused, as a diagnostic on the source line, and its log.

use bpfasm_asm::diag::{Diagnostic, Sources, code};
use bpfasm_asm::isa::Names;
use bpfasm_asm::object::Object;
use bpfasm_loader::verifier::Rejection;

use crate::fail::{Code, Failure};
use crate::{messages, out};

/// Prints it all, the log complete.
pub fn report(rejection: &Rejection, object: &Object, sources: &Sources) -> Failure {
    explain(rejection, object, sources);
    out::message(format!("\nThe verifier's log:\n{}", rejection.log.trim_end()));
    Failure::reported(Code::Rejected)
}

/// Prints what is wrong, where, and what is known of the reason.
pub fn explain(rejection: &Rejection, object: &Object, sources: &Sources) {
    let title = format!("the verifier rejected `{}`: {}", rejection.prog, rejection.reason());
    let insn = rejection.insn.as_ref().and_then(|at| {
        let insn = object.funcs.get(at.func)?.insns.get(at.index)?;
        let text =
            rejection.report.text.clone().unwrap_or_else(|| insn.display(Names::default()).to_string());
        Some(format!("instruction {} of `{}`: {text}", at.index, at.func_name))
    });
    let place = rejection.place.as_ref();
    let span = place.and_then(|place| sources.line_span(sources.find(&place.file)?.0, place.line));
    match span {
        Some(span) => {
            let mut d = Diagnostic::error(code::REJECTED, title, span);
            d.notes.extend(insn);
            messages::diagnostic(&d, sources);
        }
        None => {
            out::message(format!("error[{}]: {title}", code::REJECTED));
            if let Some(place) = place {
                out::message(format!("  --> {}:{}: {}", place.file, place.line, place.text.trim()));
            }
            if let Some(insn) = insn {
                out::message(format!("  = note: {insn}"));
            }
        }
    }
    // What the kernel says where it lets only those do something who may see its addresses.
    if rejection.log.contains("for !root") {
        out::message("note: the verifier is stricter without CAP_PERFMON: run it as root");
    }
    if rejection.reason().contains("non-GPL compatible") {
        out::message(
            "note: the file's licence says who may call it; where that is true: `license \"GPL\"`, or in a .s file \
             `.section license,\"aw\"` and in it `.asciz \"GPL\"`",
        );
    }
}
