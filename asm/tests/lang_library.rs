//! The library as a whole: every module builds, and its macros for helpers are complete.

mod common;

use bpfasm_asm::diag::{Diagnostics, Sources};
use bpfasm_asm::expand::library;
use bpfasm_asm::isa::{Endian, Syntax};
use bpfasm_asm::lang::ast::{ItemKind, Macro};
use bpfasm_asm::lang::parser::parse;
use bpfasm_asm::uapi::HelperId;

use common::{BOTH, assemble};

/// The macros of a module by name, with how many parameters they have.
fn macros(module: &str) -> Vec<(String, usize)> {
    let mut sources = Sources::default();
    let root = sources.add(module, library::module(module).expect("a module"));
    let mut diagnostics = Diagnostics::default();
    let file = parse(&sources, root, &mut diagnostics);
    assert_eq!(diagnostics.iter().count(), 0, "{module}");
    let params = |m: &Macro| (sources.slice(m.name).to_string(), m.params.len());
    file.items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Macro(m) => Some(params(m)),
            _ => None,
        })
        .collect()
}

#[test]
fn every_module_builds_alone() {
    for (module, _) in library::MODULES {
        for endian in BOTH {
            let text = format!("import \"{module}\"\nprog p: \"xdp\" {{\n    w0 = 0\n    exit\n}}\n");
            assemble(&text, endian).unwrap_or_else(|e| panic!("{module}: {e}"));
        }
    }
}

#[test]
fn every_helper_has_a_macro_that_calls_it() {
    let macros = macros("helpers");
    for helper in HelperId::all() {
        let name = helper.name().expect("a name");
        let (_, params) = macros.iter().find(|m| m.0 == name).unwrap_or_else(|| panic!("no {name}!"));
        let args: Vec<String> = (1..=*params).map(|n| n.to_string()).collect();
        let text = format!(
            "import \"helpers\"\nprog p: \"xdp\" {{\n    {name}! {}\n    exit\n}}\n",
            args.join(", ")
        );
        let object = assemble(&text, Endian::Little).unwrap_or_else(|e| panic!("{name}: {e}"));
        let insns: Vec<_> = object.funcs[0].insns.iter().collect();
        // The arguments in their order, then the call.
        for (insn, n) in insns.iter().zip(1u8..).take(*params) {
            assert_eq!((insn.dst, insn.imm), (n, i32::from(n)), "{name}");
        }
        let call = insns[*params];
        assert_eq!(call.form().map(|f| f.syntax), Some(Syntax::CallHelper), "{name}");
        assert_eq!(u32::try_from(call.imm), Ok(helper.0), "{name}");
    }
    assert_eq!(macros.len(), HelperId::all().count());
}
