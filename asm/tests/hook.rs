//! A program's hook, through an ELF file and back.

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::btf::Kind;
use bpfasm_asm::diag::Sources;
use bpfasm_asm::elf;
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::Object;

const TEXT: &str = r#"
prog one: "classifier" at "tc/egress" {
    w0 = 0
    exit
}
prog two: "xdp" {
    w0 = 2
    exit
}
prog three: "classifier" at "tc/ingress" {
    w0 = 0
    exit
}
"#;

fn object(endian: Endian) -> Object {
    let mut sources = Sources::default();
    let root = sources.add("hook.bpfasm", TEXT);
    compile(&mut sources, root, &Options { endian, ..Options::default() }).object.expect("an object")
}

#[test]
fn hooks_come_back_from_the_file() {
    for endian in [Endian::Little, Endian::Big] {
        let object = object(endian);
        let read = elf::read(&elf::write(&object).expect("written")).expect("read");
        let hook = |name: &str| read.funcs.iter().find(|f| f.name == name).expect("there").hook.clone();
        assert_eq!(hook("one").as_deref(), Some("tc/egress"));
        assert_eq!(hook("two"), None);
        assert_eq!(hook("three").as_deref(), Some("tc/ingress"));
        assert_eq!(read.btf, object.btf);
    }
}

#[test]
fn the_kernel_is_not_told() {
    // Declaration tags are refused before Linux 5.16, with all other types.
    let tag = |kind: &Kind| matches!(kind, Kind::DeclTag { .. });
    assert!(!object(Endian::Little).btf.types.iter().any(|t| tag(&t.kind)));
}
