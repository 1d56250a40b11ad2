//! `load`: into the kernel, pinned, and onto hooks where a target is given.

use serde_json::json;

use crate::args::LoadArgs;
use crate::fail::Failure;
use crate::out;
use crate::session::{self, Session};

/// `bpfasm load`.
pub fn load(args: &LoadArgs) -> Result<(), Failure> {
    let session = Session::open(&args.object)?;
    let loaded = session.load(&args.object)?;
    let mut pins = loaded.pin(&args.pin)?;

    let wanted = args.attach || args.target.dev.is_some() || args.target.cgroup.is_some();
    let attached = if wanted { session::attach_all(&loaded, &args.target) } else { Ok(vec![]) };
    let pinned = attached.and_then(|mut attached| {
        for (name, attachment) in &mut attached {
            session::persist(attachment, || Ok(pins.link(name)?))?;
        }
        Ok(attached)
    });
    // Dropped attachments take their own pins away; then the rest can go.
    let attached = pinned.inspect_err(|_| pins.remove())?;

    let result = if args.json {
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
        out::line(json!({ "programs": programs, "maps": maps, "notes": loaded.notes }))
    } else {
        report(&loaded, &pins, &attached)
    };
    for (_, attachment) in attached {
        attachment.keep();
    }
    result
}

fn report(
    loaded: &bpfasm_loader::load::Loaded,
    pins: &bpfasm_loader::load::Pins,
    attached: &[(String, bpfasm_loader::attach::Attachment)],
) -> Result<(), Failure> {
    for prog in &loaded.progs {
        out::line(session::loaded_line(prog))?;
        if let Some((_, path)) = pins.progs.iter().find(|p| p.0 == prog.name) {
            out::line(format!("pinned    {:<16} {}", prog.name, path.display()))?;
        }
        match attached.iter().find(|a| a.0 == prog.name) {
            Some((name, attachment)) => out::line(format!("attached  {name:<16} {attachment}"))?,
            None => out::line(format!(
                "          {:<16} not attached: it stays loaded until its pin is removed",
                prog.name
            ))?,
        }
    }
    for (name, path) in &pins.maps {
        out::line(format!("map       {name:<16} {}", path.display()))?;
    }
    Ok(())
}
