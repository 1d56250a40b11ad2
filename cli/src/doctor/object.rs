//! `doctor FILE`: what of an object this kernel does not take, and why.

use std::collections::HashSet;
use std::path::Path;

use bpfasm_asm::object::Object;
use bpfasm_loader::Error;
use bpfasm_loader::kernel::KernelTypes;
use bpfasm_loader::kernel::probe::{Lack, Probe};
use bpfasm_loader::load::Options;
use bpfasm_loader::load::verify::{Verified, make, programs, verify};
use serde_json::{Value, json};

use crate::args::DoctorArgs;
use crate::fail::Failure;
use crate::out;
use crate::session::Session;

/// What became of a program, and what it does not get.
struct Checked {
    verified: Verified,
    lacks: Vec<Lack>,
}

/// Loads each program and makes each map by itself, lets them go, and tells what is in the way.
pub fn object(file: &Path, types: &KernelTypes<'_>, args: &DoctorArgs) -> Result<(), Failure> {
    let session = Session::open(file, &args.compile)?;
    let object = &session.object;
    let options = Options { btf: args.btf.clone(), ..Options::default() };
    let mut probe = Probe::new(types);
    let checked = programs(object, &options)
        .into_iter()
        .map(|name| Checked { lacks: probe.lacks(object, &name), verified: verify(object, &name, &options) });
    let checked: Vec<Checked> = checked.collect();
    let maps = (0..object.maps.len()).map(|map| (map, make(object, map, &options)));
    let maps: Vec<(usize, Result<(), Error>)> = maps.collect();
    match args.json {
        true => out::line(as_json(object, &checked, &maps))?,
        false => out::bytes(as_text(object, &checked, &maps).as_bytes())?,
    }
    let progs = checked.into_iter().filter_map(|one| one.verified.verdict.err());
    let failed = progs.chain(maps.into_iter().filter_map(|(_, made)| made.err()));
    let worst = failed.map(|error| Failure::from(error).code()).max_by_key(|code| *code as u8);
    worst.map_or(Ok(()), |code| Err(Failure::reported(code)))
}

/// Why a program or map was refused, in one line or a few: of a rejection what the verifier said last.
fn reason(error: &Error) -> String {
    match error {
        Error::Rejected(rejection) => format!("the verifier says: {}", rejection.reason()),
        error => error.to_string(),
    }
}

fn as_text(object: &Object, checked: &[Checked], maps: &[(usize, Result<(), Error>)]) -> String {
    let mut text = Text::default();
    for (index, made) in maps {
        let map = &object.maps[*index];
        text.row(&map.name, &map.kind.to_string(), made.as_ref().map(|()| "can be made".to_owned()));
    }
    for Checked { verified, lacks } in checked {
        let loads =
            verified.verdict.as_ref().map(|accepted| format!("loads, {} instructions", accepted.slots));
        text.row(&verified.program, &verified.section, loads);
        text.lines.extend(lacks.iter().map(|lack| format!("  {} {}: {}", lack.kind, lack.name, lack.why)));
    }
    if text.lines.is_empty() {
        text.lines.push("nothing to load is in it".to_owned());
    }
    text.lines.join("\n") + "\n"
}

/// Lines for people.
#[derive(Default)]
struct Text {
    lines: Vec<String>,
    /// Reasons that have been told: that of a map is that of all programs.
    told: HashSet<String>,
}

impl Text {
    fn row(&mut self, name: &str, kind: &str, outcome: Result<String, &Error>) {
        let word = outcome.as_ref().map_or_else(|error| state(error), String::as_str);
        self.lines.push(format!("{name:<24} {kind:<24} {word}"));
        let reason = outcome.err().map(reason);
        self.lines.extend(
            reason.filter(|reason| self.told.insert(reason.clone())).map(|reason| format!("  {reason}")),
        );
    }
}

/// What a refusal is, in a word.
fn state(error: &Error) -> &'static str {
    match error {
        Error::Rejected(_) => "rejected",
        Error::NotPermitted { .. } => "denied",
        _ => "refused",
    }
}

fn as_json(object: &Object, checked: &[Checked], maps: &[(usize, Result<(), Error>)]) -> Value {
    let verdict = |error: Option<&Error>, good: &'static str| json!({ "verdict": error.map_or(good, state), "error": error.map(reason) });
    let program = |Checked { verified, lacks }: &Checked| {
        let mut value = verdict(verified.verdict.as_ref().err(), "loads");
        value["name"] = verified.program.as_str().into();
        value["section"] = verified.section.as_str().into();
        let lack = |lack: &Lack| json!({ "kind": lack.kind, "name": lack.name, "why": lack.why });
        value["lacks"] = lacks.iter().map(lack).collect();
        value
    };
    let map = |(index, made): &(usize, Result<(), Error>)| {
        let map = &object.maps[*index];
        let mut value = verdict(made.as_ref().err(), "made");
        value["name"] = map.name.as_str().into();
        value["type"] = map.kind.to_string().into();
        value
    };
    let programs: Vec<Value> = checked.iter().map(program).collect();
    let maps: Vec<Value> = maps.iter().map(map).collect();
    json!({ "programs": programs, "maps": maps })
}
