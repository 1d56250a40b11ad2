//! `run`: load, attach, show what happens, detach.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::Object;
use bpfasm_asm::{btf, expand};
use bpfasm_loader::load::Loaded;
use bpfasm_loader::sample;
use bpfasm_loader::trace::{Entry, Trace};
use bpfasm_loader::wait::{Event, Waiter};
use bpfasm_loader::watch::{Change, Watch};
use serde_json::json;

use crate::args::RunArgs;
use crate::fail::{Code, Failure};
use crate::out;
use crate::session::{self, Session};

/// `bpfasm run`.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let session = Session::open(&args.object)?;
    if args.test {
        return test(&session, args);
    }
    // From here on a signal ends the run in order.
    let mut waiter = Waiter::new()?;
    let loaded = session.load(&args.object)?;
    let mut trace = open_trace(&session.object)?;
    let mut watch = Watch::new(&session.object, &loaded);
    let attached = session::attach_all(&loaded, &args.target)?;
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
    watched?;
    show(args, trace.as_mut(), &mut watch)?;
    detached
}

/// Helpers that print to the trace pipe: `bpf_trace_printk`, `bpf_trace_vprintk`.
const PRINTERS: [i32; 2] = [6, 177];

/// The trace output, where a program writes to it.
fn open_trace(object: &Object) -> Result<Option<Trace>, Failure> {
    use bpfasm_asm::isa::{Insn, Syntax};
    let is_call = |insn: &Insn| insn.form().is_some_and(|f| f.syntax == Syntax::CallHelper);
    let prints = |insn: &Insn| PRINTERS.contains(&insn.imm) && is_call(insn);
    if !object.funcs.iter().flat_map(|f| &f.insns).any(prints) {
        return Ok(None);
    }
    let trace = Trace::open().map_err(|e| Failure::new(Code::System, e))?;
    if trace.is_shared() {
        out::message("note: this kernel shares one trace pipe: messages of other programs come too");
    }
    Ok(Some(trace))
}

fn follow(
    args: &RunArgs,
    waiter: &mut Waiter,
    mut trace: Option<&mut Trace>,
    watch: &mut Watch,
) -> Result<(), Failure> {
    let start = Instant::now();
    let interval = Duration::from_millis(args.interval);
    let mut next = start + interval;
    loop {
        let left = args.for_.map(|seconds| Duration::from_secs(seconds).saturating_sub(start.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(());
        }
        let tick = next.saturating_duration_since(Instant::now());
        let input = trace.as_ref().map(|t| t.as_fd());
        match waiter.wait(input, left.map_or(tick, |left| left.min(tick)))? {
            Event::Stop => return Ok(()),
            Event::Input => {}
            Event::Timeout if Instant::now() < next => {}
            Event::Timeout => {
                next = Instant::now() + interval;
                show(args, trace.as_deref_mut(), watch)?;
                continue;
            }
        }
        if let Some(trace) = trace.as_deref_mut() {
            show_trace(args, trace)?;
        }
    }
}

fn show(args: &RunArgs, trace: Option<&mut Trace>, watch: &mut Watch) -> Result<(), Failure> {
    if let Some(trace) = trace {
        show_trace(args, trace)?;
    }
    watch.changes().iter().try_for_each(|change| show_change(args.json, change))
}

fn show_trace(args: &RunArgs, trace: &mut Trace) -> Result<(), Failure> {
    let entries = trace.read().map_err(|e| Failure::new(Code::System, e))?;
    for entry in entries {
        let line = match (entry, args.json) {
            (Entry::Message(m), false) => {
                format!("{:.6}  {}-{}  {}", m.time.as_secs_f64(), m.task, m.pid, m.text)
            }
            (Entry::Message(m), true) => {
                let message = json!({ "task": m.task, "pid": m.pid, "cpu": m.cpu, "time": m.time.as_secs_f64(), "text": m.text });
                json!({ "trace": message }).to_string()
            }
            (Entry::Lost { cpu, count }, false) => format!("({count} messages of CPU {cpu} are lost)"),
            (Entry::Lost { cpu, count }, true) => {
                json!({ "lost": { "cpu": cpu, "count": count } }).to_string()
            }
            (Entry::Other(text), false) => text,
            (Entry::Other(text), true) => json!({ "trace": { "text": text } }).to_string(),
        };
        out::line(line)?;
    }
    Ok(())
}

fn show_change(as_json: bool, change: &Change) -> Result<(), Failure> {
    if as_json {
        let cpus: Vec<_> =
            change.cpus.iter().map(|(cpu, value)| json!({ "cpu": cpu, "value": value })).collect();
        return out::line(
            json!({ "name": change.name, "key": change.key, "value": change.value, "cpus": cpus }),
        );
    }
    let key = change.key.as_ref().map_or(String::new(), |key| format!("[{key}]"));
    let value = change.value.as_deref().unwrap_or("gone");
    let cpus = match change.cpus.as_slice() {
        [] | [_] => String::new(),
        cpus => {
            let each: Vec<String> = cpus.iter().map(|(cpu, value)| format!("cpu{cpu} {value}")).collect();
            format!("  ({})", each.join(", "))
        }
    };
    out::line(format!("{}{key} = {value}{cpus}", change.name))
}

/// `--test`: every packet program on every sample packet.
fn test(session: &Session, args: &RunArgs) -> Result<(), Failure> {
    let loaded = match session.load(&args.object) {
        // What cannot be loaded for want of rights can still be shown.
        Err(failure) if failure.code() == Code::Permission => {
            show_built(session)?;
            return Err(failure);
        }
        other => other?,
    };
    let mut watch = Watch::new(&session.object, &loaded);
    for prog in &loaded.progs {
        if !args.json {
            out::line(session::loaded_line(prog))?;
        }
        for packet in sample::samples(port(session, &loaded)) {
            let verdict = sample::try_on(prog.as_fd(), &packet.bytes).map_err(|e| {
                Failure::new(Code::System, format!("`{}` cannot be tried on packets: {e}", prog.name))
            })?;
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
    watch.changes().iter().try_for_each(|change| show_change(args.json, change))
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

fn show_built(session: &Session) -> Result<(), Failure> {
    let Some(compiled) = &session.compiled else { return Ok(()) };
    out::message("this is what was built:\n");
    let endian = if cfg!(target_endian = "big") { Endian::Big } else { Endian::Little };
    out::line(expand::to_text(&compiled.program, &session.sources, &compiled.files, endian))
}
