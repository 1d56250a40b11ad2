//! Diagnostics on standard error: for people, a line each, or as JSON.

use std::sync::OnceLock;

use bpfasm_asm::assemble::Compiled;
use bpfasm_asm::diag::{Diagnostic, Severity, Sources, Span, Style, render};
use serde_json::{Value, json};

use crate::args::Format;
use crate::out;

/// How many characters of a line JSON shows.
const TEXT: usize = 2000;

/// Set once, from the command line.
static FORMAT: OnceLock<Format> = OnceLock::new();

/// Fixes how all further messages are written.
pub fn set_format(format: Format) {
    let _ = FORMAT.set(format);
}

fn format() -> Format {
    FORMAT.get().copied().unwrap_or_default()
}

/// Whether messages are JSON.
pub fn is_json() -> bool {
    format() == Format::Json
}

/// What is to say about a source text, and how many errors it has.
pub fn compiled(sources: &Sources, compiled: &Compiled) {
    for d in &compiled.diagnostics {
        diagnostic(d, sources);
        if format() == Format::Human {
            out::error_line("");
        }
    }
    let file = sources.iter().next().map_or("", |s| &s.name);
    let told = |severity| compiled.diagnostics.iter().filter(|d| d.severity == severity).count();
    let warnings = told(Severity::Warning);
    if compiled.warnings > warnings {
        summary(
            "warning",
            &format!("{} warnings in {file}, of which {warnings} are told", compiled.warnings),
        );
    }
    let errors = told(Severity::Error);
    match compiled.errors {
        0 => {}
        1 => summary("error", &format!("1 error in {file}")),
        n if n == errors => summary("error", &format!("{n} errors in {file}")),
        n => summary("error", &format!("{n} errors in {file}, of which the first {errors} are told")),
    }
}

/// One diagnostic.
pub fn diagnostic(d: &Diagnostic, sources: &Sources) {
    out::error_line(&match format() {
        Format::Human => render(d, sources, Style { colour: out::colour(), width: None }),
        Format::Short => short(d, sources),
        Format::Json => json(d, sources).to_string(),
    });
}

/// What made a run fail, with its exit code.
pub fn failure(message: &str, exit_code: u8) {
    let rendered = format!("error: {message}");
    out::error_line(&match format() {
        Format::Human | Format::Short => rendered,
        Format::Json => {
            let mut line = plain("error", message, &rendered);
            line["exit_code"] = exit_code.into();
            line.to_string()
        }
    });
}

/// Any other message, as JSON.
pub fn note(text: &str) -> String {
    plain("note", text.strip_prefix("note: ").unwrap_or(text), text).to_string()
}

fn summary(level: &str, message: &str) {
    let rendered = format!("{level}: {message}");
    out::error_line(&match format() {
        Format::Json => plain(level, message, &rendered).to_string(),
        Format::Human | Format::Short => rendered,
    });
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn short(d: &Diagnostic, sources: &Sources) -> String {
    let (line, column) = sources.position(d.primary.span);
    let name = &sources.get(d.primary.span.file).name;
    format!("{name}:{line}:{column}: {}[{}]: {}", level(d.severity), d.code, d.message)
}

/// A message without a place.
fn plain(level: &str, message: &str, rendered: &str) -> Value {
    json!({ "code": null, "level": level, "message": message, "spans": [], "children": [], "rendered": rendered })
}

/// A diagnostic as rustc's JSON has it, so that what reads one reads the other; `lint` and `expansion` are ours.
fn json(d: &Diagnostic, sources: &Sources) -> Value {
    let secondary = d.secondary.iter().map(|l| place(sources, l.span, false, Some(&l.text)));
    let spans = std::iter::once(place(sources, d.primary.span, true, Some(&d.primary.text))).chain(secondary);
    let note = |text: &String| json!({ "level": "note", "message": text, "spans": [], "code": null });
    let help = |help: &bpfasm_asm::diag::Help| {
        let edit = |(span, text): &(Span, String)| {
            let mut place = place(sources, *span, true, None);
            place["suggested_replacement"] = text.as_str().into();
            place["suggestion_applicability"] = "MaybeIncorrect".into();
            place
        };
        let spans: Vec<Value> = help.edits.iter().map(edit).collect();
        json!({ "level": "help", "message": help.message, "spans": spans, "code": null })
    };
    let uses = d.expansion.iter();
    let uses = uses.map(|(span, name)| json!({ "macro": name, "span": place(sources, *span, false, None) }));
    json!({
        "code": { "code": d.code, "explanation": bpfasm_asm::diag::page(d.code) },
        "lint": d.lint,
        "level": level(d.severity),
        "message": d.message,
        "spans": spans.collect::<Vec<_>>(),
        "children": d.notes.iter().map(note).chain(d.help.iter().map(help)).collect::<Vec<_>>(),
        "expansion": uses.collect::<Vec<_>>(),
        "rendered": render(d, sources, Style::default()),
    })
}

/// A place: bytes from 0, lines and columns from 1; columns count characters, and the last one is the first behind it.
fn place(sources: &Sources, span: Span, primary: bool, label: Option<&str>) -> Value {
    let end = span.after();
    let ((line, column, text), (line_end, column_end)) = (sources.line(span), sources.position(end));
    json!({
        "file_name": sources.get(span.file).name,
        "byte_start": span.start,
        "byte_end": span.end,
        "line_start": line,
        "column_start": column,
        "line_end": line_end,
        "column_end": column_end,
        "is_primary": primary,
        "label": label.filter(|l| !l.is_empty()),
        "text": text.chars().take(TEXT).collect::<String>(),
    })
}
