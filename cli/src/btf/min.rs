//! `btf min`: a kernel's types, cut to what objects need.

use bpfasm_asm::{btf, fit};

use super::from::From;
use crate::args::BtfMinArgs;
use crate::compile;

use crate::fail::{Code, Failure};
use crate::file;

/// `bpfasm btf min`.
pub fn min(args: &BtfMinArgs) -> Result<(), Failure> {
    let words: Vec<String> = args.from.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let types = &words[..if words[0] == "module" { 2 } else { 1 }];
    let files = &args.from[types.len()..];
    if files.is_empty() {
        return Err(Failure::new(Code::Usage, "there is no object behind the types"));
    }
    let from = From::read(types, args.base.as_deref())?;
    let (vmlinux, module) = from.scan()?;
    let read = |file: &std::path::PathBuf| compile::object(file, &args.compile, vmlinux.endian());
    let objects = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let objects: Vec<_> = objects.iter().collect();
    let modules: Vec<_> = module.into_iter().collect();
    let cut = fit::cut(&objects, &vmlinux, &modules).map_err(|(index, error)| {
        let func = objects[index].funcs.get(error.func).map_or("", |func| &func.name);
        let name = file::name(&files[index]);
        Failure::new(Code::Input, format!("{name}: `{func}`, instruction {}: {error}", error.insn))
    })?;
    let wrong = |error: btf::Error| Failure::new(Code::Input, format!("{}: {error}", from.name));
    let bytes = cut.encode(vmlinux.endian()).map_err(wrong)?;
    compile::write_output(&args.output, &[bytes.into()])
}
