//! What is looked at: an object of any origin, or bare instructions.

use std::path::Path;

use bpfasm_asm::elf;
use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::object::{Func, Linkage, Object, TEXT};

use crate::args::InputArgs;
use crate::compile::{self, read_bytes};
use crate::fail::{Code, Failure};

/// The object that a file is, or that its text or its instructions make.
pub fn object(args: &InputArgs) -> Result<Object, Failure> {
    let endian = compile::endian(args.endian);
    if args.raw || args.hex { bare(args, endian) } else { compile::object(&args.file, &args.compile, endian) }
}

/// The bytes of the object file that a file is, or that its text or its instructions make; and the name of the file.
pub fn elf(args: &InputArgs) -> Result<(String, Vec<u8>), Failure> {
    let endian = compile::endian(args.endian);
    let name = compile::name(&args.file);
    if args.raw || args.hex {
        return Ok((name, elf::write(&bare(args, endian)?).map_err(|e| Failure::new(Code::Input, e))?));
    }
    Ok((name, compile::elf(&args.file, &args.compile, endian)?))
}

/// Bare instructions as a function of an object that has nothing else.
fn bare(args: &InputArgs, endian: Endian) -> Result<Object, Failure> {
    let (name, bytes) = read_bytes(&args.file)?;
    let bytes = if args.hex { digits(&name, &bytes)? } else { bytes };
    let insns =
        Insn::decode_all(&bytes, endian).map_err(|e| Failure::new(Code::Input, format!("{name}: {e}")))?;
    let stem = args.file.file_stem().filter(|_| args.file != Path::new("-"));
    let func = Func {
        name: stem.map_or("main".into(), |stem| stem.to_string_lossy().into_owned()),
        section: args.compile.section.clone().unwrap_or(TEXT.into()),
        linkage: Linkage::Global,
        insns: insns.into(),
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
