//! Tags: on types behind pointers, on programs, functions and their parameters, as clang writes them.

mod common;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

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

/// Everything that clang lets a tag stand on, but for what assembly has none of: local variables.
const OURS: &str = r#"
license "GPL"
struct task tag "a struct" { pid: u32 }
type num = u32 tag "a typedef"
struct held {
    one: *kptr task tag "a field" tag "twice"
    two: *tag("second") tag("first") task
    three: *rcu *user s32
    num: num align(8) tag "aligned"
    bits: u32 : 3 tag "bits"
    hidden: *percpu_kptr task
}
global glob: held tag "a global"
global priv: num tag "n" in private "x" = 1
config port: num tag "c" in "x" = 2
map known: array<num, held>[1] tag "a map"
extern kfunc ext(t: *task tag "p") tag "e"
global func peek(t: *task tag "arg:nonnull", n: u32 tag "x") -> s32 {
    w0 = 0
    exit
}
prog p: "tc" tag "f" {
    r1 = 0
    call ext
    r1 = glob ll
    r1 = priv ll
    r1 = port ll
    r1 = known ll
    w0 = 0
    exit
}
"#;
const CLANG: &str = r#"
#define D(x) __attribute__((btf_decl_tag(x)))
#define T(x) __attribute__((btf_type_tag(x)))
struct task { unsigned int pid; } D("a struct");
typedef unsigned int num D("a typedef");
struct held {
    struct task T("kptr") *one D("a field") D("twice");
    struct task T("first") T("second") *two;
    int T("user") *T("rcu") *three;
    num num __attribute__((aligned(8))) D("aligned");
    unsigned int bits : 3 D("bits");
    struct task T("percpu_kptr") *hidden;
};
struct held glob D("a global");
__attribute__((section(".data.x"), used)) static num priv D("n") = 1;
__attribute__((section(".rodata.x"))) const volatile num port D("c") = 2;
struct { int (*type)[2]; num *key; struct held *value; int (*max_entries)[1]; }
    known D("a map") __attribute__((section(".maps"), used));
extern void ext(struct task *t D("p")) D("e");
__attribute__((noinline)) int peek(struct task *t D("arg:nonnull"), unsigned n D("x")) { return 0; }
D("f") int p(void *ctx) { ext(0); return 0; }
"#;

/// A type as C has it; kernel headers' names of numbers, and what our variables of constants lack, left out.
fn describe(btf: &Btf, id: TypeId) -> String {
    let Some(ty) = btf.get(id) else { return "void".into() };
    match &ty.kind {
        Kind::Ptr(to) => format!("*{}", describe(btf, *to)),
        Kind::TypeTag { ty: of, .. } => format!("tag({}) {}", ty.name, describe(btf, *of)),
        Kind::Typedef(of) if ty.name.starts_with("__") => describe(btf, *of),
        Kind::Const(of) | Kind::Volatile(of) => describe(btf, *of),
        Kind::Array { elem, len, .. } => format!("{}[{len}]", describe(btf, *elem)),
        _ => ty.name.clone(),
    }
}

/// Each declaration tag with what it stands on, each struct's members with their types, each variable.
fn shape(btf: &Btf) -> BTreeSet<String> {
    let mut shape = BTreeSet::new();
    for ty in &btf.types {
        match &ty.kind {
            Kind::DeclTag { ty: of, component, .. } => {
                shape.insert(format!("{} on {} {component}", ty.name, describe(btf, *of)));
            }
            Kind::Struct { members, .. } if !ty.name.is_empty() => {
                for m in members {
                    let at = (m.bit_offset, m.bit_size);
                    shape.insert(format!("{}.{}: {} at {at:?}", ty.name, m.name, describe(btf, m.ty)));
                }
            }
            Kind::Var { ty: of, linkage } => {
                shape.insert(format!("{}: {} {linkage:?}", ty.name, describe(btf, *of)));
            }
            _ => {}
        }
    }
    shape
}

#[test]
fn tags_are_those_of_clang() {
    let clang = Command::new("clang-19")
        .args(["-O2", "-g", "-target", "bpfel", "-w", "-x", "c", "-c", "-", "-o", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut clang) = clang else {
        assert!(
            std::env::var_os("BPFASM_NO_SKIP").is_none(),
            "must not be skipped: clang-19 is not installed"
        );
        println!("skipped: clang-19 is not installed");
        return;
    };
    clang.stdin.take().unwrap().write_all(CLANG.as_bytes()).unwrap();
    let output = clang.wait_with_output().unwrap();
    assert!(output.status.success());
    let theirs = elf::read(&output.stdout).expect("clang's object is read");
    let ours = assemble(OURS, bpfasm_asm::isa::Endian::Little).unwrap_or_else(|text| panic!("{text}"));
    assert_eq!(shape(&ours.btf), shape(&theirs.btf));
    assert_eq!(shape(&ours.btf).iter().filter(|line| line.contains(" on ")).count(), 15);
    let read = elf::read(&elf::write(&ours).expect("written")).expect("read");
    assert_eq!(read.btf, ours.btf);
    assert_eq!(read.data, ours.data);
}

/// Of a struct and of a variable: what only a tag names is in the object, whole.
#[test]
fn what_a_list_holds_is_a_type_of_the_object() {
    let source = r#"
import "bpf"
struct elem { node: bpf_list_node, key: u64 }
struct leaf { node: bpf_rb_node, key: u64 }
struct queue { lock: bpf_spin_lock, head: bpf_list_head tag "contains:elem:node" }
map queues: array<u32, queue>[1]
global guard: bpf_spin_lock in private "trees"
global tree: bpf_rb_root tag "contains:leaf:node" in private "trees"
prog p: "tc" {
    w0 = 0
    exit
}
"#;
    let object = assemble(source, BOTH[0]).unwrap_or_else(|text| panic!("{text}"));
    for name in ["elem", "leaf"] {
        let found = object.btf.types.iter().find(|ty| ty.name == name);
        let members = found.and_then(|ty| match &ty.kind {
            Kind::Struct { members, .. } => Some(members.len()),
            _ => None,
        });
        assert_eq!(members, Some(2), "{name}");
    }
}
