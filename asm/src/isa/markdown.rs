//! The instruction table of `SPEC.md`.

use std::fmt::{self, Write};

use super::form::{FORMS, Field, Form};
use super::{Endian, Insn, Names};

/// All rows of [`FORMS`] as a Markdown table, with an example of each: its text and its bytes, little endian.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "| instruction | form | bytes | code | dst | src | off | imm | cpu | Linux | what it does |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for form in FORMS {
        // A `String` takes everything; nothing here can fail.
        let _ = row(&mut out, form);
    }
    out
}

fn row(out: &mut String, form: &Form) -> fmt::Result {
    let example: Insn = form.example();
    let text = escaped(&example.display(Names::default()).to_string());
    write!(out, "| `{text}` | {} | `", escaped(form.name))?;
    let bytes = Insn::encode_all(&[example], Endian::Little);
    for (at, byte) in bytes.iter().enumerate() {
        write!(out, "{}{byte:02x}", if at == 0 { "" } else { " " })?;
    }
    write!(out, "` | `{:02x}`", form.code)?;
    for (name, field) in [("dst", form.dst), ("src", form.src), ("off", form.off), ("imm", form.imm)] {
        match field {
            Field::Operand => write!(out, " | {name}")?,
            Field::Fixed(value) => write!(out, " | {value}")?,
        }
    }
    write!(out, " | {} | ", form.cpu.name())?;
    match form.since {
        Some((major, minor)) => write!(out, "{major}.{minor}")?,
        None => out.write_str("no")?,
    }
    writeln!(out, " | {} |", escaped(form.doc))
}

/// Text without what would end a cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
