//! `build`, `check`, `expand`: source text in, objects and diagnostics out.

use std::borrow::Cow;
use std::fs;
use std::io::{IsTerminal, Write, stdout};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub use bpfasm_asm::assemble::Compiled;
use bpfasm_asm::assemble::{self, Dialect, Options};
use bpfasm_asm::diag::{Diagnostic, Sources, Span, code, nearest};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::lint::{LINTS, Level, Levels};
use bpfasm_asm::object::Object;
use bpfasm_asm::{elf, expand};
use serde_json::json;

use crate::args::{
    BuildArgs, CheckArgs, CompileArgs, DialectArg, EndianArg, ExpandArgs, LintArgs, SourceArgs,
};
use crate::disk::Disk;
use crate::fail::{Code, Failure};
use crate::file::{ELF, io_reason, read_bytes};
use crate::stream::{self, Streamed};
use crate::{messages, out};

/// `bpfasm build`.
pub fn build(args: &BuildArgs) -> Result<(), Failure> {
    let (object, elf) = match streamed(&args.source) {
        Some(Streamed::Object(object)) => (Some(*object), None),
        Some(Streamed::Elf(pieces)) => (None, Some(pieces)),
        None => {
            let compiled = compile(&args.source)?.1;
            (compiled.object, compiled.elf.map(|elf| vec![elf.into()]))
        }
    };
    let pieces = match (&elf, &object) {
        (Some(pieces), _) => pieces.iter().map(|piece| Cow::Borrowed(&**piece)).collect(),
        (None, Some(object)) => elf::pieces(object).map_err(|e| Failure::new(Code::Input, e))?,
        (None, None) => return Err(Failure::reported(Code::Input)),
    };
    let output = args.output.clone().unwrap_or_else(|| default_output(&args.source.file));
    if args.json && output == Path::new("-") {
        return Err(Failure::new(
            Code::Usage,
            "--json and the object cannot both go to standard output: use -o FILE",
        ));
    }
    if is_same(&args.source.file, &output) {
        let output = output.display();
        return Err(Failure::new(
            Code::Usage,
            format!("{output}: the object would take the place of its source: use -o FILE"),
        ));
    }
    write_output(&output, &pieces)?;
    if args.json {
        let size = pieces.iter().map(|piece| piece.len()).sum();
        let elf = elf.as_ref().map(|pieces| pieces.concat());
        let object = loaded(object, elf, &output.display().to_string())?;
        out::line(describe(&object, &output, size))?;
    }
    Ok(())
}

/// `bpfasm check`.
pub fn check(args: &CheckArgs) -> Result<(), Failure> {
    if streamed(&args.source).is_some() {
        return Ok(());
    }
    let (_, compiled) = compile(&args.source)?;
    let sound = compiled.object.is_some() || compiled.elf.is_some();
    if sound { Ok(()) } else { Err(Failure::reported(Code::Input)) }
}

/// What was compiled, as plain instructions.
pub fn show(sources: &Sources, compiled: &Compiled) -> Result<(), Failure> {
    out::line(expand::to_text(&compiled.program, sources, &compiled.files, Endian::HOST))
}

/// `bpfasm expand`.
pub fn expand(args: &ExpandArgs) -> Result<(), Failure> {
    let (sources, compiled) = compile(&args.source)?;
    if compiled.elf.is_some() {
        return Err(Failure::new(
            Code::Usage,
            "a .s file is not expanded: `build` writes what it says, and `disasm` shows that as plain instructions",
        ));
    }
    if compiled.object.is_none() {
        return Err(Failure::reported(Code::Input));
    }
    if compiled.files.is_empty() {
        let message = format!("{}: there are no macros to expand in this", args.source.file.display());
        return Err(Failure::new(Code::Usage, message));
    }
    let text = expand::to_text(&compiled.program, &sources, &compiled.files, compiled.endian);
    out::bytes(text.as_bytes())
}

/// An object to load, out of source text or an ELF file, with its sources where there are some.
pub fn loadable(file: &Path, args: &CompileArgs) -> Result<(Sources, Object, Option<Compiled>), Failure> {
    let (name, bytes) = read_bytes(file)?;
    if bytes.starts_with(ELF) {
        return Ok((Sources::default(), loaded(None, Some(bytes), &name)?, None));
    }
    let (sources, mut compiled) = compile_text(name.clone(), bytes, args, Endian::HOST, &[])?;
    check_section(&name, args, &compiled)?;
    if compiled.elf.is_some() {
        let object = loaded(None, compiled.elf, &name)?;
        if object.programs().next().is_none() && !object.funcs.is_empty() {
            let message = format!("{name}: say before its code what that is for: .section xdp,\"ax\"");
            return Err(Failure::new(Code::Usage, message));
        }
        return Ok((Sources::default(), object, None));
    }
    if compiled.bare && args.section.is_none() && compiled.object.is_some() {
        let message = format!("{}: say what its bare instructions are for: --section xdp", file.display());
        return Err(Failure::new(Code::Usage, message));
    }
    match compiled.object.take() {
        Some(object) => Ok((sources, object, Some(compiled))),
        None => Err(Failure::reported(Code::Input)),
    }
}

/// The object out of a source text that has no errors.
fn loaded(object: Option<Object>, elf: Option<Vec<u8>>, name: &str) -> Result<Object, Failure> {
    match (object, elf) {
        (Some(object), _) => Ok(object),
        (None, Some(bytes)) => {
            elf::read(&bytes).map_err(|e| Failure::new(Code::Input, format!("{name}: {e}")))
        }
        (None, None) => Err(Failure::reported(Code::Input)),
    }
}

/// The bytes of an object file: as they are, or as they would be built.
pub fn elf(file: &Path, args: &CompileArgs, endian: Endian) -> Result<Vec<u8>, Failure> {
    let (name, bytes) = read_bytes(file)?;
    if bytes.starts_with(ELF) {
        return Ok(bytes);
    }
    let compiled = compile_text(name, bytes, args, endian, &[])?.1;
    match (compiled.elf, compiled.object) {
        (Some(bytes), _) => Ok(bytes),
        (None, Some(object)) => elf::write(&object).map_err(|e| Failure::new(Code::Input, e)),
        (None, None) => Err(Failure::reported(Code::Input)),
    }
}

/// An object to look at, out of source text, a listing or an ELF file.
pub fn object(file: &Path, args: &CompileArgs, endian: Endian) -> Result<Object, Failure> {
    let (name, bytes) = read_bytes(file)?;
    if bytes.starts_with(ELF) {
        return loaded(None, Some(bytes), &name);
    }
    let compiled = compile_text(name.clone(), bytes, args, endian, &[])?.1;
    loaded(compiled.object, compiled.elf, &name)
}

/// The byte order that is asked for, or else this machine's.
pub fn endian(asked: Option<EndianArg>) -> Endian {
    asked.map_or(Endian::HOST, Endian::from)
}

/// A large file of plain instructions, about which there is nothing to say.
fn streamed(args: &SourceArgs) -> Option<Streamed> {
    if args.compile.cpu.is_some() {
        return None;
    }
    let section = args.compile.section.as_deref();
    let name = args.file.display().to_string();
    match dialect(&args.compile).unwrap_or_else(|| Dialect::detect(&name, "")) {
        Dialect::Gas if section.is_none() => return stream::gas(&args.file, endian(args.endian)),
        Dialect::Gas | Dialect::Llvm | Dialect::Gnu => return None,
        Dialect::Bpfasm | Dialect::Listing => {}
    }
    // Lints need the program, which a stream does not keep; without a word, so large a file is taken as it is.
    let LintArgs { warn, deny, .. } = &args.compile.lints;
    if !warn.is_empty() || !deny.is_empty() {
        return None;
    }
    let options = Options { endian: endian(args.endian), section, ..Options::default() };
    if args.compile.describe { None } else { stream::bare(&args.file, &options) }
}

fn compile(args: &SourceArgs) -> Result<(Sources, Compiled), Failure> {
    let (name, bytes) = read_bytes(&args.file)?;
    let maps = maps(&args.maps)?;
    let (sources, compiled) = compile_text(name.clone(), bytes, &args.compile, endian(args.endian), &maps)?;
    check_section(&name, &args.compile, &compiled)?;
    if args.endian.is_some_and(|asked| Endian::from(asked) != compiled.endian) {
        let order = compiled.endian.name();
        let message = format!("{name}: it says `endian {order}` itself; leave --endian out");
        return Err(Failure::new(Code::Usage, message));
    }
    Ok((sources, compiled))
}

fn dialect(args: &CompileArgs) -> Option<Dialect> {
    args.dialect.map(|dialect| match dialect {
        DialectArg::Bpfasm => Dialect::Bpfasm,
        DialectArg::Gas => Dialect::Gas,
        DialectArg::Llvm => Dialect::Llvm,
        DialectArg::Gnu => Dialect::Gnu,
        DialectArg::Listing => Dialect::Listing,
    })
}

/// `27=drops` and `0xffff888103401000=drops`.
fn maps(given: &[String]) -> Result<Vec<(u64, &str)>, Failure> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    let mut maps = vec![];
    for text in given {
        let pair = text.split_once('=').filter(|(_, name)| !name.is_empty());
        let Some(map) = pair.and_then(|(text, name)| Some((number(text)?, name))) else {
            let message = format!("--map {text}: write NUMBER=NAME, as in 27=drops");
            return Err(Failure::new(Code::Usage, message));
        };
        maps.push(map);
    }
    Ok(maps)
}

fn compile_text(
    name: String,
    bytes: Vec<u8>,
    args: &CompileArgs,
    endian: Endian,
    maps: &[(u64, &str)],
) -> Result<(Sources, Compiled), Failure> {
    let text = text(&name, bytes)?;
    let mut sources = Sources::default();
    let root = sources.add(name, text);
    let files = Disk { dirs: &args.include };
    let options = Options {
        endian,
        lints: levels(&args.lints)?,
        section: args.section.as_deref(),
        describe: args.describe,
        defines: &args.define,
        dialect: dialect(args),
        maps,
        cpu: args.cpu,
        files: &files,
    };
    let compiled = assemble::compile(&mut sources, root, &options);
    messages::compiled(&sources, &compiled);
    Ok((sources, compiled))
}

/// Refuses a section for text that says its sections itself.
fn check_section(name: &str, args: &CompileArgs, compiled: &Compiled) -> Result<(), Failure> {
    let sound = compiled.object.is_some() || compiled.elf.is_some();
    if args.section.is_some() && !compiled.bare && sound {
        let mut message = format!("{name}: it says its sections itself; --section is for bare instructions");
        if compiled.elf.is_some() {
            message += "; in a .s file `.section xdp,\"ax\"` stands before them";
        }
        return Err(Failure::new(Code::Usage, message));
    }
    Ok(())
}

/// The levels of lints that flags set.
fn levels(args: &LintArgs) -> Result<Levels, Failure> {
    let given = [(Level::Allow, &args.allow), (Level::Warn, &args.warn), (Level::Deny, &args.deny)];
    let words = given.into_iter().flat_map(|(level, names)| names.iter().map(move |n| (level, n.as_str())));
    let mut levels = Levels::default();
    levels.set(&words.collect::<Vec<_>>()).map_err(|unknown| {
        let names = LINTS.iter().map(|lint| lint.name).chain(Levels::GROUPS);
        let near = nearest(unknown, names)
            .map_or("`bpfasm explain` lists them".to_string(), |near| format!("did you mean `{near}`?"));
        Failure::new(Code::Usage, format!("there is no lint `{unknown}`: {near}"))
    })?;
    Ok(levels)
}

/// Source text out of the bytes of a file.
pub fn text(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    if bytes.starts_with(ELF) {
        return Err(Failure::new(Code::Input, format!("{name}: this is an ELF file, not source text")));
    }
    String::from_utf8(bytes).map_err(|e| no_text(name, &e))
}

/// Reports the first byte that is no UTF-8; what else may be wrong is not looked at.
fn no_text(name: &str, error: &std::string::FromUtf8Error) -> Failure {
    let at = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(at).copied().unwrap_or_default();
    let mut sources = Sources::default();
    // Up to there, nothing is replaced.
    let file = sources.add(name, String::from_utf8_lossy(error.as_bytes()).into_owned());
    let start = u32::try_from(at).unwrap_or_default();
    let end = start.saturating_add(u32::try_from(char::REPLACEMENT_CHARACTER.len_utf8()).unwrap_or_default());
    let d = Diagnostic::error(
        code::CHARACTER,
        format!("the byte {byte:#04x} is no UTF-8 text"),
        Span { file, start, end },
    );
    messages::diagnostic(&d.help("save the file as UTF-8"), &sources);
    Failure::reported(Code::Input)
}

fn default_output(source: &Path) -> PathBuf {
    if source == Path::new("-") { PathBuf::from("-") } else { source.with_extension("o") }
}

/// Whether two paths lead to one file.
pub fn is_same(a: &Path, b: &Path) -> bool {
    let file = |path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|m| (m.dev(), m.ino()));
    file(a).is_some_and(|a| file(b) == Some(a))
}

pub fn write_output(output: &Path, pieces: &[Cow<[u8]>]) -> Result<(), Failure> {
    if output == Path::new("-") {
        if stdout().is_terminal() {
            return Err(Failure::new(Code::Usage, "this is no text for a terminal: use -o FILE"));
        }
        return out::bytes(&pieces.concat());
    }
    write_file(output, pieces)
}

/// Writes a file whole or not at all: beside it first, then in its place.
pub fn write_file(output: &Path, pieces: &[Cow<[u8]>]) -> Result<(), Failure> {
    let write = |path: &Path| {
        let mut file = fs::File::create(path)?;
        pieces.iter().try_for_each(|piece| file.write_all(piece))
    };
    let fail =
        |e: &std::io::Error| Failure::new(Code::System, format!("{}: {}", output.display(), io_reason(e)));
    // What is no plain file (a pipe, /dev/null) is written to as it is.
    if fs::metadata(output).is_ok_and(|m| !m.is_file()) {
        return write(output).map_err(|e| fail(&e));
    }
    let mut beside = output.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    // It keeps its rights.
    let rights = || fs::metadata(output).map_or(Ok(()), |m| fs::set_permissions(&beside, m.permissions()));
    let written = write(Path::new(&beside)).and_then(|()| rights());
    let result = written.and_then(|()| fs::rename(&beside, output));
    result.map_err(|e| {
        let _ = fs::remove_file(&beside);
        fail(&e)
    })
}

fn describe(object: &Object, output: &Path, size: usize) -> serde_json::Value {
    let funcs = |programs: bool| {
        let funcs = object.funcs.iter().filter(|f| (f.section != bpfasm_asm::object::TEXT) == programs);
        funcs.map(|f| json!({ "name": f.name, "section": f.section, "slots": f.slots() })).collect::<Vec<_>>()
    };
    let maps = object.maps.iter().map(|m| {
        json!({
            "name": m.name,
            "type": m.kind.to_string(),
            "bytes_key": m.key_size,
            "bytes_value": m.value_size,
            "max_entries": m.max_entries,
        })
    });
    json!({
        "output": output.display().to_string(),
        "size": size,
        "endian": object.endian.name(),
        "license": object.license,
        "programs": funcs(true),
        "functions": funcs(false),
        "maps": maps.collect::<Vec<_>>(),
        "data": object.data.iter().map(|d| json!({ "name": d.name, "size": d.size() })).collect::<Vec<_>>(),
    })
}
