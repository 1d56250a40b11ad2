//! `run`: load, attach, show what happens, detach.

use std::io::stdout;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use bpfasm_asm::btf;
use bpfasm_asm::object::Object;
use bpfasm_loader::load::{Loaded, Options};
use bpfasm_loader::sample;
use bpfasm_loader::trace::Trace;
use bpfasm_loader::wait::{Event, Waiter};
use bpfasm_loader::watch::Watch;
use serde_json::json;

use crate::args::RunArgs;
use crate::fail::{Code, Failure};
use crate::session::{self, Session};
use crate::{compile, out, show};

/// `bpfasm run`.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let session = Session::open(&args.object.file, &args.object.compile)?;
    if session.object.programs().next().is_none() {
        return Err(Failure::new(Code::Input, "there is no program in it"));
    }
    if args.test {
        return test(&session, args);
    }
    let mut loaded = session.load(&args.object, &[], Options::default())?;
    let mut pins = std::mem::take(&mut loaded.pins);
    // From here on a signal ends the run in order. Until now there was nothing to undo, and the verifier, which may
    // take seconds, could be interrupted.
    let mut waiter = Waiter::new()?;
    let mut trace = open_trace(&session.object)?;
    let mut watch = Watch::new(&session.object, &loaded);
    let attached = session::attach_all(&session.object, &loaded, &args.target, &[])?;
    pins.keep();
    for prog in &loaded.progs {
        if args.json {
            out::line(json!({ "loaded": session::describe_program(prog) }))?;
        } else {
            out::line(session::loaded_line(prog))?;
        }
    }
    for (name, attachment) in &attached {
        if args.json {
            out::line(json!({ "attached": session::describe_attachment(attachment), "program": name }))?;
        } else {
            out::line(format!("attached  {name:<16} {attachment}"))?;
        }
    }
    if !args.json {
        out::message("running; Ctrl-C detaches");
    }
    let watched = follow(args, &mut waiter, trace.as_mut(), &mut watch);

    // Off the hooks first; what happened up to then is shown even so.
    let mut detached = Ok(());
    for (name, attachment) in attached {
        let hook = attachment.hook().to_string();
        match attachment.detach() {
            Ok(()) if !args.json => out::message(format!("detached  {name:<16} {hook}")),
            Ok(()) => {}
            Err(e) => detached = Err(Failure::from(e)),
        }
    }
    let unseen = watched?;
    // Nothing is left to undo: a further signal may end the process.
    drop(waiter);
    if !Waiter::has_room(stdout().as_fd()) {
        out::message("note: nobody reads what is shown: the end of it is left out");
        return detached;
    }
    unseen.iter().try_for_each(out::line)?;
    let end = Instant::now() + LAST_WORDS;
    while let Some(trace) = &mut trace {
        let lines = show::messages(args.json, trace)?;
        lines.iter().try_for_each(out::line)?;
        if lines.is_empty() || Instant::now() >= end {
            break;
        }
    }
    show::changes(args.json, &mut watch).iter().try_for_each(out::line)?;
    detached
}

/// How long messages are read that were printed before the end; others may never stop printing.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Helpers that print to the trace pipe: `bpf_trace_printk`, `bpf_trace_vprintk`.
const PRINTERS: [i32; 2] = [6, 177];

/// The trace output, where a program writes to it.
fn open_trace(object: &Object) -> Result<Option<Trace>, Failure> {
    use bpfasm_asm::isa::{Insn, Syntax};
    let is_call = |insn: &Insn| insn.form().is_some_and(|f| f.syntax == Syntax::CallHelper);
    let prints = |insn: &Insn| PRINTERS.contains(&insn.imm) && is_call(insn);
    if !object.funcs.iter().flat_map(|f| &f.insns).any(|insn| prints(&insn)) {
        return Ok(None);
    }
    let trace = Trace::open()?;
    if trace.is_shared() {
        out::message("note: this kernel has but one trace pipe: its other readers miss what is shown here");
    }
    Ok(Some(trace))
}

/// Shows what happens until a signal or the end of the time; gives what was not shown by then.
fn follow(
    args: &RunArgs,
    waiter: &mut Waiter,
    mut trace: Option<&mut Trace>,
    watch: &mut Watch,
) -> Result<Vec<String>, Failure> {
    let interval = Duration::from_millis(args.interval);
    let start = Instant::now();
    let mut next = start + interval;
    // More seconds than the clock has are no end.
    let end = args.for_.and_then(|seconds| start.checked_add(Duration::from_secs(seconds)));
    loop {
        let now = Instant::now();
        if end.is_some_and(|end| now >= end) {
            return Ok(vec![]);
        }
        let mut lines = vec![];
        // Also while messages come without a pause.
        if now >= next {
            lines = show::changes(args.json, watch);
            next = Instant::now() + interval;
        }
        let until = end.map_or(next, |end| end.min(next));
        let input = trace.as_ref().map(|t| t.as_fd());
        let stop = match (waiter.wait(input, until.saturating_duration_since(now))?, trace.as_deref_mut()) {
            (Event::Stop, _) => true,
            (Event::Ready, Some(trace)) => {
                lines.extend(show::messages(args.json, trace)?);
                false
            }
            _ => false,
        };
        for (shown, line) in lines.iter().enumerate() {
            // Who reads no more must not keep the program attached.
            if stop || waiter.wait_to_write(stdout().as_fd())? == Event::Stop {
                return Ok(lines.split_off(shown));
            }
            out::line(line)?;
        }
        if stop {
            return Ok(vec![]);
        }
    }
}

/// `--test`: every packet program on every sample packet.
fn test(session: &Session, args: &RunArgs) -> Result<(), Failure> {
    let loaded = match session.load(&args.object, &[], Options::default()) {
        // What cannot be loaded for want of rights can still be shown.
        Err(failure) if failure.code() == Code::Permission => {
            if let Some(compiled) = &session.compiled {
                out::message("this is what was built:\n");
                compile::show(&session.sources, compiled)?;
            }
            return Err(failure);
        }
        other => other?,
    };
    let mut watch = Watch::new(&session.object, &loaded);
    let mut tried = false;
    for prog in &loaded.progs {
        if !args.json {
            out::line(session::loaded_line(prog))?;
        }
        for packet in sample::samples(port(session, &loaded)) {
            let verdict = match sample::try_on(prog.as_fd(), &packet.bytes) {
                Ok(verdict) => verdict,
                Err(e) => {
                    out::message(format!("note: `{}` cannot be tried on packets: {e}", prog.name));
                    break;
                }
            };
            tried = true;
            let name =
                sample::verdict(prog.kind, verdict).map_or_else(|| verdict.to_string(), str::to_string);
            if args.json {
                out::line(
                    json!({ "program": prog.name, "packet": packet.name, "retval": verdict, "verdict": name }),
                )?;
            } else {
                out::line(format!("{name:<16} {}", packet.name))?;
            }
        }
    }
    if !tried {
        return Err(Failure::new(Code::Usage, "--test: none of its programs takes packets"));
    }
    show::changes(args.json, &mut watch).iter().try_for_each(out::line)
}

/// The port that the program has as a variable, so that samples meet it.
fn port(session: &Session, loaded: &Loaded) -> u16 {
    let object = &session.object;
    let value = object.var("port").and_then(|(section, var)| {
        let data = loaded.data.iter().find(|d| d.index == section)?;
        let bytes = data.map.lookup(&[0; 4], 0).ok()??;
        let start = var.offset as usize;
        let bytes = bytes.get(start..start + var.size as usize)?.to_vec();
        btf::value::display(&object.btf, var.ty?, &bytes, object.endian).parse().ok()
    });
    value.unwrap_or(8080)
}
