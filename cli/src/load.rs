//! `load`: into the kernel, pinned, and onto hooks where a target is given.

use bpfasm_loader::attach::Attachment;
use bpfasm_loader::load::{Loaded, Pins};
use bpfasm_loader::wait;
use serde_json::json;

use crate::args::LoadArgs;
use crate::fail::{Code, Failure};
use crate::out;
use crate::session::{self, Session};

/// `bpfasm load`.
pub fn load(args: &LoadArgs) -> Result<(), Failure> {
    let session = Session::open(&args.object)?;
    if session.object.programs().next().is_none() && session.object.maps.is_empty() {
        return Err(Failure::new(Code::Input, "there is nothing to load in it: no program and no map"));
    }
    let loaded = session.load(&args.object)?;
    // What has begun is brought to its end: a signal from here on comes too late.
    wait::hold()?;
    let mut pins = loaded.pin(&args.pin)?;

    let wanted = args.attach || args.target.dev.is_some() || args.target.cgroup.is_some();
    let attached =
        if wanted { session::attach_all(&session.object, &loaded, &args.target) } else { Ok(vec![]) };
    let pinned = attached.and_then(|mut attached| {
        for (name, attachment) in &mut attached {
            session::persist(attachment, || Ok(pins.link(name)?))?;
        }
        Ok(attached)
    });
    // Dropped attachments take their own pins away; then the rest can go.
    let attached = pinned.inspect_err(|_| pins.remove())?;

    let said = if args.json {
        let programs = loaded.progs.iter().map(|prog| {
            let mut value = session::describe_program(prog);
            value["pin"] =
                json!(pins.progs.iter().find(|p| p.0 == prog.name).map(|p| p.1.display().to_string()));
            let attachment = attached.iter().find(|a| a.0 == prog.name);
            value["attached"] = json!(attachment.map(|a| session::describe_attachment(&a.1)));
            value
        });
        let programs: Vec<_> = programs.collect();
        let maps: Vec<_> = pins
            .maps
            .iter()
            .map(|(name, path)| json!({ "name": name, "pin": path.display().to_string() }))
            .collect();
        json!({ "programs": programs, "maps": maps, "notes": loaded.notes }).to_string()
    } else {
        report(&loaded, &pins, &attached)
    };
    // In one piece, so that a reader who has seen enough of it ends nothing.
    match out::line(said) {
        Ok(()) => attached.into_iter().for_each(|(_, attachment)| attachment.keep()),
        Err(e) => {
            drop(attached);
            pins.remove();
            return Err(e);
        }
    }
    Ok(())
}

fn report(loaded: &Loaded, pins: &Pins, attached: &[(String, Attachment)]) -> String {
    let mut lines = vec![];
    for prog in &loaded.progs {
        lines.push(session::loaded_line(prog));
        if let Some((_, path)) = pins.progs.iter().find(|p| p.0 == prog.name) {
            lines.push(format!("pinned    {:<16} {}", prog.name, path.display()));
        }
        lines.push(match attached.iter().find(|a| a.0 == prog.name) {
            Some((name, attachment)) => format!("attached  {name:<16} {attachment}"),
            None => {
                format!("          {:<16} not attached: it stays loaded until its pin is removed", prog.name)
            }
        });
    }
    lines.extend(pins.maps.iter().map(|(name, path)| format!("map       {name:<16} {}", path.display())));
    lines.join("\n")
}
