//! `diff`: what differs between two objects.

use std::fmt::Write;
use std::io::{IsTerminal, stdout};
use std::os::fd::AsFd;
use std::path::Path;

use bpfasm_asm::diff::{self, Change, Difference, How};
use bpfasm_asm::disasm::InsnText;
use bpfasm_asm::object::{DataKind, Object};
use bpfasm_loader::inspect::{self, Program};
use bpfasm_loader::load::{Options, values};
use serde_json::{Value, json};

use crate::args::DiffArgs;
use crate::fail::{Code, Failure};
use crate::input::{self, Source};
use crate::{compile, out, session};

/// `bpfasm diff`.
pub fn diff(args: &DiffArgs) -> Result<(), Failure> {
    let endian = compile::endian(args.endian);
    let (left, right) = match input::sources(&args.from)? {
        [Source::Loaded(left), Source::Loaded(right)] => {
            (structure(input::loaded(&left)?), structure(input::loaded(&right)?))
        }
        [Source::File(file), Source::Loaded(which)] => {
            let loaded = input::loaded(&which)?;
            (structure(beside(args, file, &loaded)?), structure(loaded))
        }
        [Source::Loaded(which), Source::File(file)] => {
            let loaded = input::loaded(&which)?;
            let other = structure(beside(args, file, &loaded)?);
            (structure(loaded), other)
        }
        [Source::File(left), Source::File(right)] => {
            let read = |file| compile::object(file, &args.compile, endian);
            (read(left)?, read(right)?)
        }
    };
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

/// A program of a file as the kernel makes it, loaded for that and let go: what the kernel rewrites is the same on both
/// sides then.
fn beside(args: &DiffArgs, file: &Path, loaded: &Program) -> Result<Program, Failure> {
    let (sources, object, _) = compile::loadable(file, &args.compile)?;
    let config = args.set.iter().map(|text| values::setting(&object, text)).collect::<Result<_, _>>()?;
    let main = &loaded.object.funcs[0].name;
    let programs: Vec<&str> = object.programs().map(|(_, func)| func.name.as_str()).collect();
    let name = match (&args.prog, programs.as_slice()) {
        (Some(name), _) => name.as_str(),
        (None, [only]) => only,
        // Without types the kernel has but the beginning of its name.
        (None, all) => all.iter().find(|name| name.starts_with(main.as_str())).copied().unwrap_or(main),
    };
    let options = Options { config, programs: vec![name.into()], ..Options::default() };
    let own = session::load(&object, &sources, &options)?;
    let [prog] = own.progs.as_slice() else {
        return Err(Failure::new(Code::Input, format!("{}: it has more than one `{name}`", file.display())));
    };
    Ok(inspect::program(prog.as_fd())?)
}

/// A loaded program without what changes while it runs.
fn structure(program: Program) -> Object {
    let mut object = program.object;
    for data in object.data.iter_mut().filter(|data| data.kind != DataKind::Rodata) {
        (data.room, data.bytes) = (data.size(), vec![]);
    }
    object
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
