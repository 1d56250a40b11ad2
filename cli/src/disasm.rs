//! `disasm`: any object as source text.

use std::borrow::Cow;
use std::path::Path;

use bpfasm_asm::disasm;

use crate::args::DisasmArgs;
use crate::compile;
use crate::fail::{Code, Failure};
use crate::input::{self, Source};
use crate::out;

/// `bpfasm disasm`.
pub fn disasm(args: &DisasmArgs) -> Result<(), Failure> {
    let object = input::object(&args.input)?;
    let text = disasm::to_text(&object);
    if args.output == Path::new("-") {
        return out::bytes(text.as_bytes());
    }
    if let Source::File(file) = input::source(&args.input)?
        && compile::is_same(file, &args.output)
    {
        let message = format!("{}: the text would take the place of the object", args.output.display());
        return Err(Failure::new(Code::Usage, message));
    }
    compile::write_file(&args.output, &[Cow::Borrowed(text.as_bytes())])
}
