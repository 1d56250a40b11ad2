//! `verify`: what the kernel's verifier says of each program.

use std::io::{IsTerminal, Write, stderr};
use std::path::Path;

use bpfasm_loader::Error;
use bpfasm_loader::load::Options;
use bpfasm_loader::load::verify::{Verified, programs, verify as show_to_verifier};
use bpfasm_loader::sys::bpf::PROG_FLAGS;
use serde_json::{Value, json};

use crate::args::VerifyArgs;
use crate::fail::{Code, Failure};
use crate::session::Session;
use crate::{compare, messages, out, reject};

/// `bpfasm verify`.
pub fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let old = args.compare.as_deref().map(compare::read).transpose()?;
    let prog_flags = flags(&args.prog_flags)?;
    let files: Vec<&Path> =
        std::iter::once(&args.object.file).chain(&args.more).map(|f| f.as_path()).collect();
    let shows_progress = files.len() > 1 && stderr().is_terminal() && !messages::is_json();
    let mut rows = vec![];
    let mut worst: Option<Code> = None;
    let mut fail = |code: Code| {
        // That the verifier said no is what was asked for.
        if worst.is_none_or(|worst| worst != Code::Rejected && code == Code::Rejected) {
            worst = Some(code);
        }
    };
    for (at, file) in files.iter().enumerate() {
        let name = file.display().to_string();
        if shows_progress {
            progress(&format!("{}/{} {name}", at + 1, files.len()));
        }
        let session = match Session::open(file, &args.object.compile) {
            Ok(session) => session,
            Err(failure) => {
                fail(failure.code());
                let told = failure.told();
                told.iter().for_each(|message| out::message(format!("error: {message}")));
                rows.push(json!({ "file": name, "program": null, "verdict": "error", "error": told }));
                continue;
            }
        };
        let options = Options { log_level: args.log_level, prog_flags, ..Options::default() };
        let (options, _) = session.options(&args.object, &[], options)?;
        for program in programs(&session.object, &options) {
            let verified = show_to_verifier(&session.object, &program, &options);
            let mut row = describe(&name, &verified);
            if args.log_level != 0 {
                row["log"] = json!(verified.log);
            }
            match verified.verdict {
                Ok(_) => {}
                Err(Error::Rejected(rejection)) => {
                    fail(Code::Rejected);
                    reject::explain(&rejection, &session.object, &session.sources);
                }
                Err(error) => {
                    out::message(format!("error: {name}: {program}: {error}"));
                    fail(Failure::from(error).code());
                }
            }
            rows.push(row);
        }
    }
    if shows_progress {
        progress("");
    }
    // A file that could not be read may have had it.
    let unread = rows.iter().any(|row| row["program"].is_null());
    let known = |name: &&String| unread || rows.iter().any(|row| row["program"] == name.as_str());
    if let Some(missing) = args.object.prog.iter().find(|name| !known(name)) {
        return Err(Failure::new(Code::Usage, format!("--prog {missing}: there is no program of that name")));
    }
    let worse = old.map(|old| compare::regressions(&old, &rows));
    if args.json {
        let mut document = json!({ "programs": rows });
        if let Some(worse) = &worse {
            document["regressions"] = json!(worse);
        }
        out::line(document)?;
    } else {
        table(&rows)?;
    }
    for line in worse.iter().flatten() {
        out::message(format!("worse: {line}"));
        fail(Code::Input);
    }
    worst.map_or(Ok(()), |code| Err(Failure::reported(code)))
}

/// The flags that are named, `strict-alignment` as `BPF_F_STRICT_ALIGNMENT`.
fn flags(names: &[String]) -> Result<u32, Failure> {
    let of = |flag: &str| flag.to_ascii_lowercase().replace('_', "-");
    names.iter().try_fold(0, |flags, name| {
        let bit = PROG_FLAGS.iter().position(|flag| of(flag) == *name);
        let bit = bit.and_then(|bit| u32::try_from(bit).ok()).ok_or_else(|| {
            let known: Vec<String> = PROG_FLAGS.iter().map(|flag| of(flag)).collect();
            Failure::new(Code::Usage, format!("--prog-flags {name}: the flags are {}", known.join(", ")))
        })?;
        Ok(flags | 1 << bit)
    })
}

/// Writes how far it is over what was written before.
fn progress(text: &str) {
    let _ = write!(stderr().lock(), "\r\x1b[K{text}");
}

fn describe(file: &str, verified: &Verified) -> Value {
    let stats = &verified.stats;
    let (verdict, error, rejection) = match &verified.verdict {
        Ok(_) => ("accepted", None, None),
        Err(Error::Rejected(rejection)) => ("rejected", Some(rejection.reason()), Some(rejection)),
        Err(error) => ("error", Some(error.to_string()), None),
    };
    let accepted = verified.verdict.as_ref().ok();
    let place = rejection.and_then(|r| r.place.as_ref());
    json!({
        "file": file,
        "program": verified.program,
        "section": verified.section,
        "type": accepted.map(|a| a.kind.to_string()),
        "verdict": verdict,
        "insns": accepted.map(|a| a.slots),
        "insns_processed": stats.processed,
        "states_total": stats.states,
        "states_peak": stats.peak_states,
        "states_per_insn": stats.states_per_insn,
        "mark_read": stats.mark_read,
        "stack_depth": stats.stack_depth,
        "verification_us": stats.time,
        "bytes_xlated": accepted.map(|a| a.xlated),
        "bytes_jited": accepted.map(|a| a.jited),
        "error": error,
        "errno": rejection.map(|r| format!("{:?}", r.errno)),
        "rejected_at": rejection.map(|r| json!({
            "insn": r.insn.as_ref().map(|i| i.slot),
            "function": r.insn.as_ref().map(|i| &i.func_name),
            "text": r.report.text,
            "file": place.map(|p| &p.file),
            "line": place.map(|p| p.line),
            "source": place.map(|p| p.text.trim()),
        })),
    })
}

/// The columns: heading, field, whether it is a number.
const COLUMNS: [(&str, &str, bool); 13] = [
    ("file", "file", false),
    ("program", "program", false),
    ("verdict", "verdict", false),
    ("insns", "insns", true),
    ("processed", "insns_processed", true),
    ("states", "states_total", true),
    ("peak", "states_peak", true),
    ("per insn", "states_per_insn", true),
    ("stack", "stack_depth", true),
    ("us", "verification_us", true),
    ("xlated", "bytes_xlated", true),
    ("jited", "bytes_jited", true),
    ("", "rejected_at", false),
];

/// The table, for people; the log of each program where it was asked for.
fn table(rows: &[Value]) -> Result<(), Failure> {
    let shown = rows.iter().map(|row| COLUMNS.map(|(_, field, _)| cell(row, field)));
    let lines: Vec<[String; COLUMNS.len()]> =
        std::iter::once(COLUMNS.map(|(heading, ..)| heading.to_owned())).chain(shown).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(width);
    for (at, line) in lines.iter().enumerate() {
        let mut text = String::new();
        for ((cell, width), (.., number)) in line.iter().zip(widths).zip(COLUMNS) {
            text += &if number { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
        }
        out::line(text.trim_end())?;
        let log = at.checked_sub(1).and_then(|at| rows[at]["log"].as_str());
        log.map_or(Ok(()), |log| out::line(log.trim_end()))?;
    }
    Ok(())
}

fn cell(row: &Value, field: &str) -> String {
    match &row[field] {
        Value::Null if field == "rejected_at" => row["error"].as_str().unwrap_or_default().to_owned(),
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(depths) if depths.is_empty() => "-".to_owned(),
        Value::Array(depths) => depths.iter().map(Value::to_string).collect::<Vec<_>>().join("+"),
        at @ Value::Object(_) => {
            let error = row["error"].as_str().unwrap_or_default();
            match at["insn"].as_u64() {
                Some(insn) => format!("at {insn}: {error}"),
                None => error.to_owned(),
            }
        }
        other => other.to_string(),
    }
}
