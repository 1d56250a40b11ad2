//! `load`: into the kernel, pinned, and onto hooks where a target is given.

use std::os::fd::AsFd;
use std::sync::Arc;

use bpfasm_loader::attach::Attachment;
use bpfasm_loader::load::{Existing, Loaded, Options, Pins, Place};
use bpfasm_loader::wait;
use serde_json::{Value, json};

use crate::args::LoadArgs;
use crate::calls::Calls;
use crate::fail::{Code, Failure};
use crate::out;
use crate::session::{self, Session};

/// An object that was loaded. What it holds comes off in this order, where it is not kept.
struct Done {
    attached: Vec<(String, Attachment)>,
    /// Programs that took another's place in its link.
    updated: Vec<String>,
    pins: Pins,
    loaded: Loaded,
}

/// `bpfasm load`.
pub fn load(args: &LoadArgs) -> Result<(), Failure> {
    let files = std::iter::once(&args.object.file).chain(&args.more);
    let sessions =
        files.map(|file| Session::open(file, &args.object.compile)).collect::<Result<Vec<_>, _>>()?;
    if sessions.iter().all(|s| s.object.programs().next().is_none() && s.object.maps.is_empty()) {
        return Err(Failure::new(Code::Input, "there is nothing to load in it: no program and no map"));
    }
    let calls = Calls::begin(&args.calls, args.json);
    let done = in_kernel(&sessions, args, &calls);
    calls.end(done)
}

/// All that goes through the kernel, and what is said of it.
fn in_kernel(sessions: &[Session], args: &LoadArgs, calls: &Calls) -> Result<(), Failure> {
    // Only a dry run does without.
    let place = args.pin.clone().map(|dir| Place {
        dir,
        maps: args.pin_maps.clone(),
        replace: args.replace,
        prefix: String::new(),
    });
    let kept = place.as_ref().filter(|place| place.replace).map(Place::maps);
    let mut options = Options { kept, ..Options::default() };
    let mut all = vec![];
    for session in sessions {
        let others: Vec<&Session> = sessions.iter().filter(|s| !std::ptr::eq(*s, session)).collect();
        let loaded = session.load(&args.object, &others, options.clone())?;
        for map in loaded.maps.iter().filter(|_| !others.is_empty()) {
            options.maps.push((map.name.clone(), Arc::new(Existing::share(map, &session.name)?)));
        }
        all.push(loaded);
    }
    // What has begun is brought to its end: a signal from here on comes too late.
    wait::hold()?;
    let mut done: Vec<Done> = vec![];
    for (session, loaded) in sessions.iter().zip(all) {
        let prefix = if sessions.len() > 1 { format!("{}_", session.name) } else { String::new() };
        let place = place.clone().map(|place| Place { prefix, ..place });
        done.push(settle(args, session, loaded, place.as_ref())?);
    }

    // In one piece, so that a reader who has seen enough of it ends nothing.
    if !calls.dry {
        out::line(told(args.json, &done, calls))?;
    }
    for Done { attached, mut pins, mut loaded, .. } in done {
        attached.into_iter().for_each(|(_, attachment)| attachment.keep());
        pins.keep();
        loaded.pins.keep();
    }
    Ok(())
}

/// What was done.
fn told(json: bool, done: &[Done], calls: &Calls) -> String {
    if !json {
        return done.iter().map(report).collect::<Vec<_>>().join("\n");
    }
    let lists = |list: fn(&Done) -> Vec<Value>| done.iter().flat_map(list).collect::<Vec<_>>();
    let notes = lists(|d| d.loaded.notes.iter().map(|note| json!(note)).collect());
    let mut document = json!({ "programs": lists(programs), "maps": lists(maps), "notes": notes });
    calls.describe(&mut document);
    document.to_string()
}

/// Pins a loaded object, and attaches it where that is wanted.
fn settle(
    args: &LoadArgs,
    session: &Session,
    loaded: Loaded,
    place: Option<&Place>,
) -> Result<Done, Failure> {
    let mut pins = place.map_or_else(|| Ok(Pins::default()), |place| loaded.pin(place))?;
    let wanted = args.attach || args.target.dev.is_some() || args.target.cgroup.is_some();
    let mut updated = vec![];
    for prog in loaded.progs.iter().filter(|_| args.replace && place.is_some()) {
        match pins.update_link(&prog.name, prog.as_fd())? {
            Some(true) => updated.push(prog.name.clone()),
            Some(false) if !wanted => out::message(format!(
                "note: the link of `{}` cannot change its program and keeps the old one: attach it anew",
                prog.name
            )),
            _ => {}
        }
    }
    let mut attached = vec![];
    if wanted {
        attached = session::attach_all(&session.object, &loaded, &args.target, &updated)?;
    }
    for (name, attachment) in attached.iter_mut().filter(|_| place.is_some()) {
        session::persist(attachment, || Ok(pins.link(name, args.replace)?))?;
    }
    Ok(Done { attached, updated, pins, loaded })
}

fn programs(done: &Done) -> Vec<Value> {
    let describe = |prog| {
        let mut value = session::describe_program(prog);
        value["pin"] = json!(pin(&done.pins.progs, &prog.name));
        let attachment = done.attached.iter().find(|a| a.0 == prog.name);
        value["attached"] = json!(attachment.map(|a| session::describe_attachment(&a.1)));
        value["link_updated"] = json!(done.updated.contains(&prog.name));
        value
    };
    done.loaded.progs.iter().map(describe).collect()
}

fn maps(done: &Done) -> Vec<Value> {
    let reused = |name: &str| done.loaded.map(name).is_some_and(|map| map.reused);
    let named = pinned_maps(done);
    named.into_iter().map(|(name, pin)| json!({ "name": name, "pin": pin, "reused": reused(name) })).collect()
}

/// All maps and sections with their pins, those that the object pins by name first.
fn pinned_maps(done: &Done) -> Vec<(&str, String)> {
    let shown = |path: &std::path::Path| path.display().to_string();
    let by_name = done.loaded.maps.iter().filter_map(|m| Some((m.name.as_str(), shown(m.pin.as_ref()?))));
    by_name.chain(done.pins.maps.iter().map(|(name, path)| (name.as_str(), shown(path)))).collect()
}

fn pin(pins: &[(String, std::path::PathBuf)], name: &str) -> Option<String> {
    pins.iter().find(|p| p.0 == name).map(|p| p.1.display().to_string())
}

fn report(done: &Done) -> String {
    let mut lines = vec![];
    for prog in &done.loaded.progs {
        let name = &prog.name;
        lines.push(session::loaded_line(prog));
        if let Some(path) = pin(&done.pins.progs, name) {
            lines.push(format!("pinned    {name:<16} {path}"));
        }
        lines.push(match done.attached.iter().find(|a| a.0 == *name) {
            Some((_, attachment)) => format!("attached  {name:<16} {attachment}"),
            None if done.updated.contains(name) => {
                format!(
                    "attached  {name:<16} in the link that was there, in the place of the program before it"
                )
            }
            None => format!("          {name:<16} not attached: it stays loaded until its pin is removed"),
        });
    }
    lines.extend(pinned_maps(done).iter().map(|(name, path)| format!("map       {name:<16} {path}")));
    lines.join("\n")
}
