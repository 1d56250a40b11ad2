//! What a run shows, as lines: what programs print, and values as they change.

use bpfasm_loader::trace::{Entry, Trace};
use bpfasm_loader::watch::{Change, ELEMENTS, Watch};
use serde_json::json;

use crate::fail::Failure;
use crate::out;

/// What changed since the last call.
pub fn changes(json: bool, watch: &mut Watch) -> Vec<String> {
    let lines = watch.changes().iter().map(|change| change_line(json, change)).collect();
    for map in watch.too_large() {
        out::message(format!(
            "note: map `{map}` has more than {ELEMENTS} elements: the others are not shown"
        ));
    }
    lines
}

/// What was printed since the last call.
pub fn messages(json: bool, trace: &mut Trace) -> Result<Vec<String>, Failure> {
    Ok(trace.read()?.into_iter().map(|entry| entry_line(json, entry)).collect())
}

fn entry_line(json: bool, entry: Entry) -> String {
    match (entry, json) {
        (Entry::Message(m), false) => {
            format!("{:.6}  {}-{}  {}", m.time.as_secs_f64(), m.task, m.pid, m.text)
        }
        (Entry::Message(m), true) => {
            let time = m.time.as_secs_f64();
            let message = json!({ "task": m.task, "pid": m.pid, "cpu": m.cpu, "time": time, "text": m.text });
            json!({ "trace": message }).to_string()
        }
        (Entry::Lost { cpu, count }, false) => format!("({count} messages of CPU {cpu} are lost)"),
        (Entry::Lost { cpu, count }, true) => json!({ "lost": { "cpu": cpu, "count": count } }).to_string(),
        (Entry::Other(text), false) => text,
        (Entry::Other(text), true) => json!({ "trace": { "text": text } }).to_string(),
    }
}

fn change_line(json: bool, change: &Change) -> String {
    if json {
        let cpu = |(cpu, value): &(usize, String)| json!({ "cpu": cpu, "value": value });
        let cpus: Vec<_> = change.cpus.iter().map(cpu).collect();
        return json!({ "name": change.name, "key": change.key, "value": change.value, "cpus": cpus })
            .to_string();
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
    format!("{}{key} = {value}{cpus}", change.name)
}
