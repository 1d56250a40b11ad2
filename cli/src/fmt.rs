//! `fmt`: source text in its one layout.

use std::fs;
use std::path::{Path, PathBuf};

use bpfasm_asm::assemble::Dialect;
use bpfasm_asm::diag::Sources;
use bpfasm_asm::lang::fmt::{Refused, format};
use bpfasm_asm::sort::Sort;

use crate::args::FmtArgs;
use crate::compile::{text, write_file};
use crate::fail::{Code, Failure};
use crate::file::{io_reason, read_bytes};
use crate::{messages, out};

/// The ending of source files.
const SOURCE: &str = "bpfasm";

/// `bpfasm fmt`.
pub fn fmt(args: &FmtArgs) -> Result<(), Failure> {
    let mut files = vec![];
    for file in &args.files {
        collect(file, &mut files)?;
    }
    if files.is_empty() {
        return Err(Failure::new(Code::Usage, format!("there is no .{SOURCE} file in these directories")));
    }
    // One file that is wrong keeps no other from being formatted.
    let mut result = Ok(());
    for file in &files {
        if let Err(failure) = one(file, args.check) {
            let code = failure.code();
            failure.report();
            result = Err(Failure::reported(code));
        }
    }
    result
}

/// The files that an argument stands for: itself, or what a directory holds.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let fail =
        |e: std::io::Error| Failure::new(Code::Input, format!("{}: {}", path.display(), io_reason(&e)));
    let mut entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(fail)?;
    entries.order_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // A link to a directory could lead round in a circle.
        if entry.file_type().is_ok_and(|t| t.is_dir()) && !hidden {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == SOURCE) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn one(file: &Path, check: bool) -> Result<(), Failure> {
    let (name, bytes) = read_bytes(file)?;
    let before = text(&name, bytes)?;
    let refuse = |what| Failure::new(Code::Input, format!("{name}: {what}, which has a layout of its own"));
    match Dialect::detect(&name, &before) {
        Dialect::Bpfasm => {}
        Dialect::Gas | Dialect::Llvm | Dialect::Gnu => {
            return Err(refuse("this is assembly of another assembler"));
        }
        Dialect::Listing => return Err(refuse("this is a listing of another tool")),
    }
    let mut sources = Sources::default();
    let root = sources.add(name.as_str(), before.as_str());
    let after = match format(&sources, root) {
        Ok(after) => after,
        Err(Refused::Syntax(diagnostics)) => {
            for diagnostic in &diagnostics {
                messages::diagnostic(diagnostic, &sources);
            }
            return Err(Failure::new(Code::Input, format!("{name} has syntax errors and stays as it is")));
        }
        Err(refused @ Refused::Changed(_)) => {
            return Err(Failure::new(Code::Input, format!("{name}: {refused}")));
        }
    };
    if check {
        return if after == before { Ok(()) } else { differ(&name, &before, &after) };
    }
    if file == Path::new("-") {
        return out::bytes(after.as_bytes());
    }
    if after == before {
        return Ok(());
    }
    // Where the name is a link, the file that it leads to.
    write_file(&fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf()), &[after.as_bytes().into()])
}

/// How many lines of a difference are shown.
const SHOWN: usize = 20;

/// Shows what would change.
fn differ(name: &str, before: &str, after: &str) -> Result<(), Failure> {
    let lines = differences(before, after);
    let mut text = String::new();
    for line in lines.iter().take(SHOWN) {
        text += &format!("{name}:{line}\n");
    }
    if lines.len() > SHOWN {
        text += &format!("{name}: … and {} more lines\n", lines.len() - SHOWN);
    }
    if lines.is_empty() {
        text += &format!("{name}: line ends or the last line's end\n");
    }
    out::bytes(text.as_bytes())?;
    Err(Failure::reported(Code::Input))
}

/// Lines that differ, each with its number in the old text, and `-` or `+`.
fn differences(before: &str, after: &str) -> Vec<String> {
    /// How far to look for a line that both have.
    const NEAR: usize = 50;
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let (mut i, mut j) = (0, 0);
    let mut lines = vec![];
    while i < old.len() || j < new.len() {
        if old.get(i) == new.get(j) {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let same = |a: usize, b: usize| old.get(i + a).is_some_and(|line| new.get(j + b) == Some(line));
        let near = (1..NEAR).find_map(|n| (0..=n).map(|a| (a, n - a)).find(|(a, b)| same(*a, *b)));
        let (a, b) = near.unwrap_or((old.len() - i, new.len() - j));
        lines.extend((0..a).map(|n| format!("{}: - {}", i + n + 1, old[i + n])));
        lines.extend((0..b).map(|n| format!("{}: + {}", i + 1, new[j + n])));
        (i, j) = (i + a, j + b);
    }
    lines
}
