//! `doc`: what modules and files say about themselves.

use std::fmt::Write as _;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::{Sources, nearest};
use bpfasm_asm::expand::library::{defining, module, modules};
use bpfasm_asm::lang::doc::{Entry, Member, Module, document, first_sentence};
use serde_json::{Value, json};

use crate::args::DocArgs;
use crate::compile::text;
use crate::disk::Disk;
use crate::fail::{Code, Failure};
use crate::file::read_bytes;
use crate::out;

/// Columns that text may take.
const WIDTH: usize = 80;

/// `bpfasm doc`.
pub fn doc(args: &DocArgs) -> Result<(), Failure> {
    let page = Page { colour: stdout().is_terminal() && out::wants_colour(), text: String::new() };
    let Some(of) = &args.of else {
        let all = modules().map(library).collect::<Vec<_>>();
        return if args.json { json_lines(all.iter().map(|m| summary_json(m))) } else { page.index(&all) };
    };
    let mut wanted = args.name.as_deref();
    let modules = match module(of) {
        Some(_) => library(of),
        None if Path::new(of).is_file() || of == "-" => file(Path::new(of), &args.include)?,
        // A name alone is looked for everywhere.
        None if wanted.is_none() => match defining(of.trim_end_matches('!')) {
            Some(home) => {
                wanted = Some(of);
                library(home)
            }
            None => return Err(unknown_module(of)),
        },
        None => return Err(unknown_module(of)),
    };
    let Some(wanted) = wanted else {
        return if args.json {
            json_lines(modules.iter().take(1).map(module_json))
        } else {
            page.module(&modules)
        };
    };
    let plain = wanted.trim_end_matches('!');
    let entries = || modules.iter().flat_map(|m| m.entries.iter().map(move |e| (m, e)));
    let found: Vec<_> = entries().filter(|(_, e)| e.name == plain).collect();
    if found.is_empty() {
        let what = format!("`{of}` has no `{plain}`");
        return Err(Failure::new(
            Code::Usage,
            match nearest(plain, entries().map(|(_, e)| e.name.as_str())) {
                Some(near) => format!("{what}: did you mean `{near}`?"),
                None => format!("{what}: `bpfasm doc {of}` lists what it has"),
            },
        ));
    }
    if args.json {
        return json_lines(found.iter().map(|(m, e)| entry_json(m, e)));
    }
    page.entries(&found)
}

fn unknown_module(name: &str) -> Failure {
    Failure::new(
        Code::Usage,
        match nearest(name, modules()) {
            Some(near) => format!("there is no module, file or name `{name}`: did you mean `{near}`?"),
            None => format!("there is no module, file or name `{name}`: `bpfasm doc` lists the modules"),
        },
    )
}

/// A module of the library, and those that it imports.
fn library(name: &str) -> Vec<Module> {
    // As a file of its own, all that it declares is worked out.
    documented(name.to_string(), module(name).unwrap_or_default().to_string(), &[]).0
}

fn file(path: &Path, dirs: &[PathBuf]) -> Result<Vec<Module>, Failure> {
    let (name, bytes) = read_bytes(path)?;
    let text = text(&name, bytes)?;
    let (modules, errors) = documented(name.clone(), text, dirs);
    if errors > 0 {
        out::message(format!(
            "note: {name} has errors, so something may be missing: `bpfasm check` tells them"
        ));
    }
    Ok(modules)
}

/// A text and what it imports, and how many errors there are.
fn documented(name: String, text: String, dirs: &[PathBuf]) -> (Vec<Module>, usize) {
    let mut sources = Sources::default();
    let root = sources.add(name, text);
    let files = Disk { dirs };
    let compiled = compile(&mut sources, root, &Options { files: &files, ..Options::default() });
    let types = &compiled.program.types;
    let modules = compiled.files.iter().map(|(id, file)| {
        let module = document(&sources, (*id, file), types);
        Module { name: module.name.trim_matches(['<', '>']).to_string(), ..module }
    });
    (modules.collect(), compiled.errors)
}

fn json_lines(values: impl Iterator<Item = Value>) -> Result<(), Failure> {
    out::line(Value::Array(values.collect()))
}

fn summary_json(modules: &[Module]) -> Value {
    let m = &modules[0];
    json!({ "module": m.name, "summary": m.summary() })
}

fn module_json(m: &Module) -> Value {
    json!({
        "module": m.name,
        "text": m.text,
        "imports": m.imports,
        "entries": m.entries.iter().map(|e| entry_json(m, e)).collect::<Vec<_>>(),
    })
}

fn entry_json(m: &Module, e: &Entry) -> Value {
    let fields = e.fields.iter().map(
        |f| json!({ "name": f.name, "type": f.ty, "offset": f.offset, "depth": f.depth, "text": f.text }),
    );
    json!({
        "module": m.name,
        "line": e.line,
        "kind": e.word,
        "name": e.name,
        "head": e.head,
        "text": e.text,
        "group": e.group,
        "size": e.size,
        "changes": e.changes(),
        "fields": fields.collect::<Vec<_>>(),
    })
}

/// Text for a person.
struct Page {
    colour: bool,
    text: String,
}

impl Page {
    fn print(self) -> Result<(), Failure> {
        out::bytes(self.text.trim_end_matches('\n').as_bytes())?;
        out::bytes(b"\n")
    }

    /// All modules, a line or two each.
    fn index(mut self, all: &[Vec<Module>]) -> Result<(), Failure> {
        let width = modules().map(str::len).max().unwrap_or(0) + 2;
        for m in all.iter().filter_map(|modules| modules.first()) {
            let name = format!("{:width$}", m.name);
            self.hanging(&name, &m.summary());
        }
        self.text.push_str("\n`bpfasm doc MODULE` shows one, `bpfasm doc MODULE NAME` a part of it.\n");
        self.print()
    }

    fn module(mut self, modules: &[Module]) -> Result<(), Failure> {
        let Some((first, others)) = modules.split_first() else { return Ok(()) };
        self.whole(first);
        // A module that only brings others is shown with them.
        for other in others {
            if first.entries.is_empty() {
                self.text.push('\n');
                self.whole(other);
            } else if first.imports.contains(&other.name) {
                self.text.push('\n');
                self.hanging(&format!("import \"{}\"  ", other.name), &first_sentence(&other.text));
            }
        }
        self.print()
    }

    fn whole(&mut self, m: &Module) {
        let title = self.bold(&m.name);
        let _ = writeln!(self.text, "{title}\n");
        self.indented(&m.text, 4);
        let mut group = "";
        let mut before: Option<&Entry> = None;
        for e in &m.entries {
            // What takes one line stands close to its neighbours, as it does in the source.
            let close = !e.leads && e.is_short() && before.is_some_and(Entry::is_short);
            if !close {
                self.text.push('\n');
            }
            if e.group != group && !e.group.is_empty() {
                self.indented(&e.group, 0);
            }
            group = &e.group;
            self.entry(e);
            before = Some(e);
        }
    }

    fn entries(mut self, found: &[(&Module, &Entry)]) -> Result<(), Failure> {
        for (m, e) in found {
            let place = format!("{}:{}", m.name, e.line);
            let _ = writeln!(
                self.text,
                "{}",
                if module(&m.name).is_some() { format!("import \"{}\"", m.name) } else { place }
            );
            if !e.group.is_empty() {
                self.indented(&e.group, 0);
            }
            self.text.push('\n');
            self.entry(e);
        }
        self.print()
    }

    fn entry(&mut self, e: &Entry) {
        // Before the name, as in `extern kfunc NAME`, and behind it.
        let (kind, rest) = e.head.split_once(e.name.as_str()).unwrap_or(("", &e.head));
        let size = e.size.map_or(String::new(), |n| format!("  // {}", bytes(n)));
        let (start, name) = (format!("{} {kind}", e.word), self.bold(&e.name));
        let width = [&start, &e.name, rest, &size].iter().map(|s| s.chars().count()).sum::<usize>();
        if width <= WIDTH || !rest.starts_with('(') {
            let _ = writeln!(self.text, "{start}{name}{rest}{size}");
        } else {
            // A parameter a line.
            let _ = writeln!(self.text, "{start}{name}(");
            let close = rest.rfind(')').unwrap_or(rest.len());
            for parameter in rest.get(1..close).unwrap_or_default().split(", ") {
                let _ = writeln!(self.text, "    {parameter},");
            }
            let _ = writeln!(self.text, "{}", &rest[close..]);
        }
        self.indented(&e.text, 4);
        let widths = e.fields.iter().map(|f| declared(f).chars().count());
        let width = widths.filter(|n| *n < WIDTH / 2).max().unwrap_or(0);
        for f in &e.fields {
            self.field(f, width);
        }
    }

    fn field(&mut self, f: &Member, width: usize) {
        let offset = f.offset.map_or(String::new(), |n| n.to_string());
        let head = format!("{offset:>8}  {:width$}  ", declared(f));
        self.hanging(&head, &f.text);
    }

    fn bold(&self, text: &str) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_string() }
    }

    /// A text behind a head; its further lines begin below its first. Behind a long head, all of them are lower.
    fn hanging(&mut self, head: &str, text: &str) {
        let (mut head, mut indent) = (head.to_string(), head.chars().count());
        if indent > WIDTH * 2 / 3 && !text.is_empty() {
            let _ = writeln!(self.text, "{}", head.trim_end());
            indent = WIDTH / 2;
            head = " ".repeat(indent);
        }
        let mut lines = wrapped(text, WIDTH.saturating_sub(indent)).into_iter();
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(self.text, "{}", format!("{head}{first}").trim_end());
        for line in lines {
            let _ = writeln!(self.text, "{}{line}", " ".repeat(indent));
        }
    }

    /// Paragraphs; a line that is indented itself stays one.
    fn indented(&mut self, text: &str, indent: usize) {
        let mut paragraph = String::new();
        for line in text.lines().chain([""]) {
            let own = line.starts_with("  ") || line.trim().is_empty();
            if !own {
                paragraph += &format!("{line} ");
                continue;
            }
            for line in wrapped(&paragraph, WIDTH - indent) {
                let _ = writeln!(self.text, "{}{line}", " ".repeat(indent));
            }
            paragraph.clear();
            if !line.trim().is_empty() {
                let row = format!("{}{line}", " ".repeat(indent));
                if row.chars().count() > WIDTH {
                    // Of a row of a table, what stands behind its first column.
                    let start = row.len() - row.trim_start().len();
                    let gap = row[start..].find("  ").map_or(start, |at| start + at);
                    let rest = row[gap..].trim_start();
                    self.hanging(&row[..row.len() - rest.len()], rest);
                } else {
                    let _ = writeln!(self.text, "{row}");
                }
            } else if text.lines().count() > 1 && !self.text.ends_with("\n\n") {
                self.text.push('\n');
            }
        }
        while self.text.ends_with("\n\n") {
            self.text.pop();
        }
    }
}

/// A member as it is declared, further in if it is within an unnamed one.
fn declared(f: &Member) -> String {
    let ty = if f.ty.is_empty() { String::new() } else { format!(": {}", f.ty) };
    format!("{}{}{ty}", "  ".repeat(f.depth), f.name)
}

fn bytes(n: u32) -> String {
    if n == 1 { "1 byte".to_string() } else { format!("{n} bytes") }
}

/// A text in lines of some columns.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![];
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.extend((!line.is_empty()).then_some(line));
    lines
}
