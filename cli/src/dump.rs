//! `dump`: the instructions of an object, to be studied.

use std::io::{self, IsTerminal, Write, stdout};

use bpfasm_asm::cfg::{self, Block, Cfg};
use bpfasm_asm::diag::nearest;
use bpfasm_asm::dump::{self, Item, Llvm, Reference, View};
use bpfasm_asm::object::{ExternKind, Func, Line, Object};
use serde_json::{Value, json};

use crate::args::{CfgFormat, DumpArgs};
use crate::fail::{Code, Failure};
use crate::{input, out, steps};

/// `bpfasm dump`.
pub fn dump(args: &DumpArgs) -> Result<(), Failure> {
    if args.llvm {
        return llvm(args);
    }
    if args.xlated || args.jited {
        return steps::steps(args);
    }
    let object = input::object(&args.input)?;
    let funcs = chosen(args, &object)?;
    if let Some(format) = args.cfg {
        return flow(&cfg::cfgs(&object, &funcs, !args.no_source), format);
    }
    if args.json {
        return out::stream(|to| functions(&object, &funcs, to));
    }
    let colour = stdout().is_terminal() && out::wants_colour();
    let view = View { source: !args.no_source, bytes: !args.no_bytes, colour };
    out::stream(|to| view.write(&object, &funcs, to))
}

/// The control flow of functions.
fn flow(cfgs: &[Cfg], format: CfgFormat) -> Result<(), Failure> {
    match format {
        CfgFormat::Dot => out::bytes(cfg::dot(cfgs).as_bytes()),
        CfgFormat::Svg => out::bytes(cfg::svg(cfgs).as_bytes()),
        CfgFormat::Json => out::line(Value::Array(cfgs.iter().map(|cfg| blocks(cfg, cfgs)).collect())),
    }
}

fn blocks(cfg: &Cfg, all: &[Cfg]) -> Value {
    let block = |block: &Block| {
        json!({
            "slot": block.slot,
            "lines": block.lines.iter().map(|line| line.text.trim_start()).collect::<Vec<_>>(),
            "next": block.next.iter().map(|e| json!({ "block": e.to, "when": e.when.name() })).collect::<Vec<_>>(),
            "calls": block.calls.iter().map(|to| all[*to].name.as_str()).collect::<Vec<_>>(),
        })
    };
    json!({
        "name": cfg.name,
        "section": cfg.section,
        "blocks": cfg.blocks.iter().map(block).collect::<Vec<_>>(),
    })
}

/// As LLVM prints it.
fn llvm(args: &DumpArgs) -> Result<(), Failure> {
    let (name, bytes) = input::elf(&args.input)?;
    let listing = Llvm::parse(&bytes).map_err(|e| Failure::new(Code::Input, format!("{name}: {e}")))?;
    let only = args.input.compile.section.as_deref();
    out::stream(|to| listing.write(&name, only, to))
}

/// The functions that flags choose; each flag must name one.
fn chosen<'a>(args: &DumpArgs, object: &'a Object) -> Result<Vec<&'a Func>, Failure> {
    let section = args.input.compile.section.as_deref();
    let there = |what: &str, wanted: &str, of: fn(&Func) -> &str| {
        if object.funcs.iter().any(|f| of(f) == wanted) {
            return Ok(());
        }
        let near = nearest(wanted, object.funcs.iter().map(of));
        let near = near.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
        Err(Failure::new(Code::Usage, format!("there is no {what} `{wanted}`{near}")))
    };
    section.map_or(Ok(()), |section| there("code in section", section, |f| &f.section))?;
    args.prog.iter().try_for_each(|name| there("program or function", name, |f| &f.name))?;
    let wanted = |f: &&Func| {
        section.is_none_or(|section| f.section == section)
            && (args.prog.is_empty() || args.prog.contains(&f.name))
    };
    Ok(object.funcs.iter().filter(wanted).collect())
}

/// An array of functions; an instruction is a line.
fn functions(object: &Object, funcs: &[&Func], to: &mut dyn Write) -> io::Result<()> {
    let mut to = io::BufWriter::with_capacity(1 << 16, to);
    to.write_all(b"[")?;
    for (i, func) in funcs.iter().enumerate() {
        let (name, section) = (json!(func.name), json!(func.section));
        let comma = if i > 0 { "," } else { "" };
        write!(to, "{comma}\n{{\"name\":{name},\"section\":{section},\"insns\":[")?;
        for (i, item) in dump::items(object, func).enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(to, "{comma}\n{}", insn(&item))?;
        }
        to.write_all(b"]}")?;
    }
    to.write_all(b"]\n")?;
    to.flush()
}

/// An instruction, with what there is to say about it.
pub fn insn(item: &Item) -> Value {
    let object = item.object();
    let mut bytes = vec![];
    item.insn.encode(object.endian, &mut bytes);
    let bytes: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut value = json!({ "slot": item.slot, "bytes": bytes, "text": item.to_string() });
    if let Some(target) = item.target {
        value["target"] = target.into();
    }
    if let Some(to) = item.reference() {
        value["ref"] = reference(&to);
    }
    if let Some(at) = item.line {
        value["line"] = line(object, at);
    }
    if let Some(relo) = item.core {
        value["core"] = json!({
            "text": dump::core::text(&object.btf, relo),
            "type": relo.ty.0,
            "access": relo.access,
            "kind": relo.kind.0,
        });
    }
    value
}

/// A source line.
pub fn line(object: &Object, line: &Line) -> Value {
    let file = object.files.get(line.file as usize).map_or("", String::as_str);
    let text = object.texts.get(line.text).unwrap_or_default();
    json!({ "file": file, "line": line.line, "column": line.column, "text": text })
}

fn reference(to: &Reference) -> Value {
    match to {
        Reference::Map(map) => json!({ "kind": "map", "name": map.name, "type": map.kind.to_string() }),
        Reference::Func(name) => json!({ "kind": "function", "name": name }),
        Reference::Extern(external) => {
            let from = match external.kind {
                ExternKind::Ksym => "ksym",
                ExternKind::Kconfig => "kconfig",
                ExternKind::Object => "object",
                ExternKind::Common { .. } => "common",
                ExternKind::Absolute(_) => "absolute",
            };
            json!({ "kind": "extern", "name": external.name, "from": from })
        }
        Reference::Data { section, variable, offset, string } => json!({
            "kind": "data",
            "section": section,
            "offset": offset,
            "name": variable.map(|(name, _)| name),
            "string": string,
        }),
        Reference::Helper(id) => json!({ "kind": "helper", "id": id.0, "name": id.name() }),
    }
}
