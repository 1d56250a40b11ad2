//! `dump --xlated` and `--jited`: what the kernel makes of instructions.

use std::io::{IsTerminal, stdout};
use std::os::fd::AsFd;
use std::path::Path;

use bpfasm_asm::dump::{Machine, Steps, Told, View};
use bpfasm_asm::object::Object;
use bpfasm_loader::Error;
use bpfasm_loader::inspect::{self, Program};
use bpfasm_loader::load::{self, Options};
use serde_json::{Value, json};

use crate::args::DumpArgs;
use crate::dump::insn;
use crate::fail::{Code, Failure};
use crate::input::{self, Source};
use crate::{compile, out, session};

/// `bpfasm dump --xlated`, `--jited`.
pub fn steps(args: &DumpArgs) -> Result<(), Failure> {
    match input::source(&args.input)? {
        Source::Loaded(which) => show(args, &[input::loaded(&which)?], None),
        Source::File(_) if args.input.raw || args.input.hex => Err(Failure::new(
            Code::Usage,
            "bare instructions cannot be loaded: say what they are for, in source text",
        )),
        Source::File(file) => file_steps(args, file),
    }
}

/// Loads the programs of a file, and lets go of them.
fn file_steps(args: &DumpArgs, file: &Path) -> Result<(), Failure> {
    let (sources, object, _) = compile::loadable(file, &args.input.compile)?;
    if object.programs().next().is_none() {
        return Err(Failure::new(Code::Input, "there is no program in it"));
    }
    let options = Options { programs: args.prog.clone(), ..Options::default() };
    let loaded = load::load(&inspect::numbered(&object), &options).map_err(|error| match error {
        // As it is told of the lines that people wrote.
        Error::Rejected(_) => session::load(&object, &sources, &options).err().unwrap_or(error.into()),
        other => other.into(),
    })?;
    let programs =
        loaded.progs.iter().map(|prog| inspect::program(prog.as_fd())).collect::<Result<Vec<_>, _>>()?;
    show(args, &programs, Some(&object))
}

fn show(args: &DumpArgs, programs: &[Program], given: Option<&Object>) -> Result<(), Failure> {
    let mut funcs: Vec<Steps> =
        programs.iter().flat_map(|program| program.steps(given, args.jited)).collect();
    if given.is_none() {
        let known = |name: &String| funcs.iter().any(|func| func.ran.1.name == *name);
        if let Some(unknown) = args.prog.iter().find(|name| !known(name)) {
            return Err(Failure::new(Code::Usage, format!("there is no program or function `{unknown}`")));
        }
        funcs.retain(|func| args.prog.is_empty() || args.prog.contains(&func.ran.1.name));
    } else if funcs.iter().any(|func| func.given.is_none()) {
        out::message("note: the kernel took no lines, so what became of which instruction is not known");
    }
    let machine = || funcs.iter().flat_map(|func| &func.steps).flat_map(|step| &step.machine);
    if args.jited && machine().next().is_none() {
        out::message(
            "note: there is no machine code: without a JIT the kernel interprets programs, or it hides what it made",
        );
    } else if machine().any(|machine| machine.text.is_empty()) {
        out::message("note: this bpfasm has no disassembler for this machine: only the bytes are shown");
    }
    if args.json {
        return out::line(Value::Array(funcs.iter().map(function).collect()));
    }
    let colour = stdout().is_terminal() && out::wants_colour();
    let view = View { source: !args.no_source, bytes: !args.no_bytes, colour };
    out::stream(|to| view.write_steps(&funcs, to))
}

fn function(func: &Steps) -> Value {
    let (_, shown) = func.given.unwrap_or(func.ran);
    let step = |(line, told, machine): (Option<_>, Vec<Told>, &[Machine])| {
        let mut value = json!({ "insns": told.iter().map(instruction).collect::<Vec<_>>() });
        if let Some((object, line)) = line {
            value["line"] = crate::dump::line(object, line);
        }
        if !machine.is_empty() {
            value["machine"] = machine.iter().map(code).collect();
        }
        value
    };
    json!({ "name": shown.name, "section": shown.section, "steps": func.iter().map(step).collect::<Vec<_>>() })
}

/// An instruction with the slot that it was given at, if it is one of those, and the one that it runs at.
fn instruction(told: &Told) -> Value {
    let mut value = insn(&told.item);
    for field in ["slot", "line"] {
        value.as_object_mut().map(|fields| fields.remove(field));
    }
    value["given"] = told.given.into();
    value["ran"] = told.ran.into();
    value
}

fn code(machine: &Machine) -> Value {
    let bytes: String = machine.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "offset": machine.offset, "bytes": bytes, "text": machine.text })
}
