//! Tags: on types behind pointers, on programs, functions and their parameters, as clang writes them.

mod common;

use bpfasm_asm::btf::{Btf, Kind, TypeId};
use bpfasm_asm::elf;
use bpfasm_asm::object::Linkage;
use common::{BOTH, assemble};

const SOURCE: &str = r#"
struct task { pid: u32 }
struct held { one: *kptr task, two: *tag("mine") task, three: *user void }
map holds: array<u32, held>[1]

global func peek(t: *task tag "arg:nonnull" tag "arg:trusted", n: u32) -> u32 {
    w0 = 0
    exit
}
func caught(cookie: u64) -> u32 {
    w0 = 1
    exit
}
prog p: "tc" tag "exception_callback:caught" {
    w0 = 0
    exit
}
"#;

fn tags(btf: &Btf) -> Vec<(String, String, i32)> {
    let name = |id: TypeId| btf.get(id).map_or(String::new(), |ty| ty.name.clone());
    let tag = |ty: &bpfasm_asm::btf::Type| match ty.kind {
        Kind::DeclTag { ty: of, component, .. } => Some((ty.name.clone(), name(of), component)),
        Kind::TypeTag { ty: of, .. } => Some((ty.name.clone(), name(of), 0)),
        _ => None,
    };
    btf.types.iter().filter_map(tag).collect()
}

#[test]
fn tags_stand_in_btf() {
    for endian in BOTH {
        let object = assemble(SOURCE, endian).unwrap_or_else(|text| panic!("{text}"));
        let found = tags(&object.btf);
        let wanted = [
            ("kptr", "task", 0),
            ("mine", "task", 0),
            ("user", "", 0),
            ("arg:nonnull", "peek", 0),
            ("arg:trusted", "peek", 0),
            ("exception_callback:caught", "p", -1),
        ];
        for (tag, of, component) in wanted {
            assert!(found.contains(&(tag.into(), of.into(), component)), "{tag}: {found:?}");
        }
        assert_eq!(found.len(), wanted.len());
        assert_eq!(object.funcs[0].linkage, Linkage::Global);
        assert_eq!(object.funcs[1].linkage, Linkage::Static);
        let written = elf::write(&object).expect("written");
        let read = elf::read(&written).expect("read");
        assert_eq!(read.btf, object.btf);
    }
}
