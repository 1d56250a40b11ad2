//! `diff`: what differs between two objects.

use std::fmt::Write;
use std::io::{IsTerminal, stdout};

use bpfasm_asm::diff::{self, Change, Difference, How};
use bpfasm_asm::disasm::InsnText;
use serde_json::{Value, json};

use crate::args::DiffArgs;
use crate::fail::{Code, Failure};
use crate::{compile, input, out};

/// `bpfasm diff`.
pub fn diff(args: &DiffArgs) -> Result<(), Failure> {
    let endian = compile::endian(args.endian);
    let [left, right] = input::sources(&args.from)?;
    let left = input::read(&left, &args.compile, endian)?;
    let right = input::read(&right, &args.compile, endian)?;
    let found = diff::diff(&left, &right);
    if args.json {
        out::line(Value::Array(found.iter().map(as_json).collect()))?;
    } else if !args.quiet {
        let colour = stdout().is_terminal() && out::wants_colour();
        let mut text = String::new();
        found.iter().for_each(|difference| show(&mut text, difference, colour));
        out::bytes(text.as_bytes())?;
    }
    if found.is_empty() { Ok(()) } else { Err(Failure::reported(Code::Input)) }
}

fn show(out: &mut String, difference: &Difference, colour: bool) {
    let (red, green, plain) = if colour { ("\x1b[31m", "\x1b[32m", "\x1b[0m") } else { ("", "", "") };
    let what = &difference.what;
    let head = if what.is_empty() { String::new() } else { format!("{what}: ") };
    let _ = match &difference.how {
        How::Removed => writeln!(out, "{red}- {what}{plain}"),
        How::Added => writeln!(out, "{green}+ {what}{plain}"),
        How::Value { field, left, right } => {
            writeln!(out, "{head}{field}\n  {red}- {left}{plain}\n  {green}+ {right}{plain}")
        }
        How::Code(changes) => {
            let _ = writeln!(out, "{what}: code");
            for change in changes {
                side(out, "-", red, plain, &change.left);
                side(out, "+", green, plain, &change.right);
            }
            Ok(())
        }
    };
}

fn side(out: &mut String, sign: &str, colour: &str, plain: &str, insns: &[InsnText]) {
    for insn in insns {
        let records =
            if insn.records.is_empty() { String::new() } else { format!("  ; {}", insn.records.join(", ")) };
        let _ = writeln!(out, "  {colour}{sign} {:>5}: {}{records}{plain}", insn.slot, insn.text);
    }
}

fn as_json(difference: &Difference) -> Value {
    let what = &difference.what;
    let insns = |insns: &[InsnText]| {
        insns
            .iter()
            .map(|insn| json!({ "slot": insn.slot, "text": insn.text, "core": insn.records }))
            .collect::<Vec<_>>()
    };
    let change = |change: &Change| json!({ "left": insns(&change.left), "right": insns(&change.right) });
    match &difference.how {
        How::Removed => json!({ "what": what, "how": "removed" }),
        How::Added => json!({ "what": what, "how": "added" }),
        How::Value { field, left, right } => {
            json!({ "what": what, "how": "changed", "field": field, "left": left, "right": right })
        }
        How::Code(changes) => {
            json!({ "what": what, "how": "code", "changes": changes.iter().map(change).collect::<Vec<_>>() })
        }
    }
}
