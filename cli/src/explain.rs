//! `bpfasm explain`: the page of SPEC.md about a code or a lint.

use std::fmt::Write;
use std::io::{IsTerminal, stdout};

use bpfasm_asm::diag::{code, nearest, page};
use bpfasm_asm::lint::{LINTS, Lint};

use crate::args::ExplainArgs;
use crate::fail::{Code, Failure};
use crate::out;

/// `bpfasm explain`.
pub fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let Some(what) = &args.what else { return out::bytes(list().as_bytes()) };
    let lint = Lint::named(what).or_else(|| Lint::of_warning(what));
    let wanted = Lint::named(what).map_or(what.to_ascii_uppercase(), |lint| lint.code.to_string());
    let Some(((code, title), page)) = code::ALL.iter().find(|c| c.0 == wanted).zip(page(&wanted)) else {
        let known = code::ALL.iter().map(|c| c.0).chain(LINTS.iter().map(|l| l.name));
        let near = nearest(what, known).map_or("without an argument, all are listed".to_string(), |near| {
            format!("did you mean `{near}`?")
        });
        return Err(Failure::new(Code::Usage, format!("there is no code or lint `{what}`: {near}")));
    };
    let colour = stdout().is_terminal() && out::wants_colour();
    let mut text = format!("{}\n\n{}\n", bold(&format!("{code}: {title}"), colour), terminal(page, colour));
    if let Some(lint) = lint {
        let _ = writeln!(
            text,
            "\nAs a warning, this is the lint `{0}` ({1} unless told otherwise).\n\
             `--allow {0}`, `--warn {0}` and `--deny {0}` change that.",
            lint.name,
            lint.default.name()
        );
    }
    out::bytes(text.as_bytes())
}

/// All codes, and all lints.
fn list() -> String {
    let mut text = String::new();
    for (code, title) in code::ALL {
        let _ = writeln!(text, "{code}  {title}");
    }
    text.push_str("\nLints, which --allow, --warn and --deny take:\n");
    for lint in LINTS {
        let _ = writeln!(text, "{:<16}  {}  {:<5}  {}", lint.name, lint.code, lint.default.name(), lint.doc);
    }
    text
}

fn bold(text: &str, colour: bool) -> String {
    if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_string() }
}

/// Markdown for a terminal: examples are indented, code in a line is coloured or keeps its quotes.
fn terminal(page: &str, colour: bool) -> String {
    let mut lines = vec![];
    let mut example = false;
    for line in page.lines() {
        if line.starts_with("```") {
            example = !example;
        } else if example {
            lines.push(format!("    {line}").trim_end().to_string());
        } else if colour {
            let parts = line.split('`').enumerate();
            lines.push(
                parts
                    .map(|(i, p)| if i % 2 == 1 { format!("\x1b[36m{p}\x1b[0m") } else { p.into() })
                    .collect(),
            );
        } else {
            lines.push(line.to_string());
        }
    }
    lines.join("\n").trim_end().to_string()
}
