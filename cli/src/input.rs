//! What is looked at: an object of any origin, bare instructions, or a loaded program.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use bpfasm_asm::elf;
use bpfasm_asm::isa::{self, Endian};
use bpfasm_asm::object::{Func, Linkage, Object, TEXT};
use bpfasm_loader::inspect::{self, Which};

use crate::args::{CompileArgs, InputArgs};
use crate::fail::{Code, Failure};
use crate::file::{name, read_bytes};
use crate::{compile, out};

/// Where an object is.
pub enum Source<'a> {
    /// A file of any kind, or standard input.
    File(&'a Path),
    /// The kernel: a loaded program.
    Loaded(Which),
}

/// What is looked at.
pub fn source(args: &InputArgs) -> Result<Source<'_>, Failure> {
    let [source] = sources(&args.from)?;
    if matches!(source, Source::Loaded(_)) && (args.raw || args.hex) {
        return Err(Failure::new(Code::Usage, "--raw and --hex say what a file is, not a program"));
    }
    Ok(source)
}

/// So many sources, each a file or three words that name a program.
pub fn sources<const N: usize>(words: &[PathBuf]) -> Result<[Source<'_>; N], Failure> {
    let mut found = vec![];
    let mut rest = words;
    while let [first, more @ ..] = rest {
        rest = more;
        found.push(match (first.to_str(), more) {
            (Some("prog"), [how, which, more @ ..]) => {
                rest = more;
                Source::Loaded(program(&how.to_string_lossy(), which)?)
            }
            _ => Source::File(first),
        });
    }
    let count = found.len();
    found.try_into().map_err(|_| {
        let wanted = if N == 1 { "one is" } else { "two are" };
        let message = format!(
            "{wanted} wanted, not {count}; each is a file, or a program: prog id N, prog name NAME, prog tag TAG, \
             prog pinned PATH"
        );
        Failure::new(Code::Usage, message)
    })
}

fn program(how: &str, which: &Path) -> Result<Which, Failure> {
    let text = which.to_string_lossy();
    let wrong = |what: &str| Failure::new(Code::Usage, format!("prog {how} {text}: {what}"));
    Ok(match how {
        "id" => Which::Id(text.parse().map_err(|_| wrong("this is no number of a program"))?),
        "name" => Which::Name(text.into_owned()),
        "tag" => {
            let tag = u64::from_str_radix(&text, 16).ok().filter(|_| text.len() == 16);
            Which::Tag(tag.ok_or_else(|| wrong("a tag is 16 hexadecimal digits"))?.to_be_bytes())
        }
        "pinned" => Which::Pinned(which.to_owned()),
        _ => return Err(wrong("say `id`, `name`, `tag` or `pinned` behind `prog`")),
    })
}

/// A loaded program; what is not known of it is told.
pub fn loaded(which: &Which) -> Result<inspect::Program, Failure> {
    let program = inspect::program(inspect::find(which)?.as_fd())?;
    for note in &program.notes {
        out::message(format!("note: {note}"));
    }
    Ok(program)
}

/// The object that a source is, or that its text makes.
pub fn read(source: &Source, args: &CompileArgs, endian: Endian) -> Result<Object, Failure> {
    match source {
        Source::File(file) => compile::object(file, args, endian),
        Source::Loaded(which) => Ok(loaded(which)?.object),
    }
}

/// The object that a source is, or that its text or its instructions make.
pub fn object(args: &InputArgs) -> Result<Object, Failure> {
    let endian = compile::endian(args.endian);
    match source(args)? {
        Source::File(file) if args.raw || args.hex => bare(args, file, endian),
        source => read(&source, &args.compile, endian),
    }
}

/// The bytes of the object file that a source is, or that its text or its instructions make; and its name.
pub fn elf(args: &InputArgs) -> Result<(String, Vec<u8>), Failure> {
    let endian = compile::endian(args.endian);
    let write = |object: &Object| elf::write(object).map_err(|e| Failure::new(Code::Input, e));
    match source(args)? {
        Source::File(file) if args.raw || args.hex => Ok((name(file), write(&bare(args, file, endian)?)?)),
        Source::File(file) => Ok((name(file), compile::elf(file, &args.compile, endian)?)),
        Source::Loaded(which) => Ok((format!("prog {which}"), write(&loaded(&which)?.object)?)),
    }
}

/// Bare instructions as a function of an object that has nothing else.
fn bare(args: &InputArgs, file: &Path, endian: Endian) -> Result<Object, Failure> {
    let (name, bytes) = read_bytes(file)?;
    let bytes = if args.hex { digits(&name, &bytes)? } else { bytes };
    let insns =
        isa::Code::decode(&bytes, endian).map_err(|e| Failure::new(Code::Input, format!("{name}: {e}")))?;
    let stem = file.file_stem().filter(|_| file != Path::new("-"));
    let func = Func {
        name: stem.map_or("main".into(), |stem| stem.to_string_lossy().into_owned()),
        section: args.compile.section.clone().unwrap_or(TEXT.into()),
        linkage: Linkage::Global,
        insns,
        ..Func::default()
    };
    Ok(Object { endian, funcs: vec![func], ..Object::default() })
}

/// Hexadecimal digits, two a byte, with blanks, commas and `0x` anywhere between bytes.
fn digits(name: &str, text: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![];
    for (number, line) in text.split(|b| *b == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        for word in line.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
            let digits = word.strip_prefix("0x").unwrap_or(word);
            let pairs = digits.as_bytes().chunks(2).map(|pair| {
                let pair = str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
                pair.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(pair, 16).ok())?
            });
            let more: Option<Vec<u8>> = pairs.collect();
            let wrong = || {
                let line = number + 1;
                Failure::new(
                    Code::Input,
                    format!("{name}:{line}: `{word}` is not bytes: two hexadecimal digits each"),
                )
            };
            bytes.extend(more.ok_or_else(wrong)?);
        }
    }
    Ok(bytes)
}
