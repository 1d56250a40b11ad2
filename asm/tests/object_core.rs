//! CO-RE: the same records as clang has for the same questions, on the same types.

mod common;
mod object_common;

use std::collections::BTreeMap;

use bpfasm_asm::elf;
use bpfasm_asm::expand::to_text;
use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::object::{CoreKind, Object};
use common::{assemble, bare, errors, through};
use object_common::clang;

const C: &str = r#"
#define SEC(name) __attribute__((section(name), used))
#define core __attribute__((preserve_access_index))
typedef unsigned int u32; typedef unsigned long long u64; typedef unsigned char u8; typedef short s16;
enum state { RUNNING = 3, DEAD = -4 };
enum wide : u64 { TINY = 1, HUGE = 0x123456789abcdef0ull };
struct inner { u32 x; u32 y[4]; } core;
struct task {
    u32 pid;
    u32 flag : 3;
    u32 : 5;
    int level : 7;
    struct inner in[2];
    union { u64 a; struct { u32 low; s16 high; }; };
    struct task *next;
    enum state state;
    u8 tail[];
} core;
#define FIELD(f, kind) asm volatile("" :: "r"((u64)__builtin_preserve_field_info(t->f, kind)))
#define ALL(f) do { FIELD(f, 0); FIELD(f, 1); FIELD(f, 2); FIELD(f, 3); FIELD(f, 4); FIELD(f, 5); } while (0)
#define USE(v) asm volatile("" :: "r"((u64)(v)))
SEC("tc") int prog(struct task *t)
{
    ALL(pid); ALL(flag); ALL(level); ALL(in[1].y[2]); ALL(a); ALL(low); ALL(high);
    FIELD(next, 0); FIELD(next, 1); FIELD(next, 2);
    FIELD(state, 0); FIELD(tail[5], 0); FIELD(in, 1); FIELD(in[1], 0);
    USE(__builtin_btf_type_id(*(struct task *)0, 0));
    USE(__builtin_btf_type_id(*(struct inner *)0, 1));
    USE(__builtin_preserve_type_info(*(struct task *)0, 0));
    USE(__builtin_preserve_type_info(*(struct task *)0, 1));
    USE(__builtin_preserve_type_info(*(struct task *)0, 2));
    USE(__builtin_preserve_enum_value(*(enum state *)DEAD, 0));
    USE(__builtin_preserve_enum_value(*(enum state *)DEAD, 1));
    USE(__builtin_preserve_enum_value(*(enum wide *)HUGE, 0));
    USE(__builtin_preserve_enum_value(*(enum wide *)HUGE, 1));
    USE(t->in[0].x);
    t->low = 7;
    return 0;
}
"#;

const TYPES: &str = r#"
enum state { RUNNING = 3, DEAD = -4 }
enum wide: u64 { TINY = 1, HUGE = 0x123456789abcdef0 }
struct inner { x: u32, y: u32[4] }
@core struct task {
    pid: u32
    flag: u32 : 3
    _: u32 : 5
    level: s32 : 7
    in: inner[2]
    union {
        a: u64
        struct { low: u32, high: s16 }
    }
    next: *task
    state: state
    tail: u8[]
}
"#;

/// The program with the same questions.
fn source() -> String {
    let mut body = String::from("view t = r1: task\n");
    let mut line = |text: &str| body += &format!("    {text}\n");
    for field in ["pid", "flag", "level", "in[1].y[2]", "a", "low", "high"] {
        for function in ["core", "core_size", "core_exists", "core_signed", "core_lshift", "core_rshift"] {
            line(&format!("r2 = {function}(task.{field})"));
        }
    }
    for text in [
        "r2 = core(task.next)",
        "r2 = core_size(task.next)",
        "r2 = core_exists(task.next)",
        "r2 = core(task.state)",
        "r2 = core(task.tail[5])",
        "r2 = core_size(task.in)",
        "r2 = core(task.in[1])",
        "r2 = core_type_local(task) ll",
        "r2 = core_type_id(inner) ll",
        "r2 = core_exists(task)",
        "r2 = core_size(task)",
        "w2 = core_matches(task)",
        "r2 = core_exists(state.DEAD) ll",
        "r2 = core_enum(state.DEAD) ll",
        "r2 = core_exists(wide.HUGE)",
        "r2 = core_enum(wide.HUGE) ll",
        "w2 = t->in[0].x",
        "t->low = 7",
        "r0 = 0",
        "exit",
    ] {
        line(text);
    }
    format!("{TYPES}\nprog prog: \"tc\" {{\n{body}}}\n")
}

/// What is asked, and the answer that stands in the instruction. Numbers of types are not told.
fn questions(object: &Object) -> BTreeMap<(u32, String, String), i64> {
    let mut all = BTreeMap::new();
    for func in &object.funcs {
        for relo in &func.core {
            let insn: Insn = func.insns.get(relo.insn).expect("the instruction");
            let name = object.btf.get(relo.ty).expect("the type").name.clone();
            let value = match (relo.kind, insn.code & 7) {
                (CoreKind::TYPE_ID_LOCAL | CoreKind::TYPE_ID_TARGET, _) => {
                    assert_eq!(insn.imm.cast_unsigned(), relo.ty.0, "{relo:?}");
                    0
                }
                (_, 0) => insn.imm64(),
                (_, 1..=3) => insn.off.into(),
                _ => insn.imm.into(),
            };
            all.insert((relo.kind.0, name, relo.access.clone()), value);
        }
    }
    all
}

#[test]
fn the_records_are_those_of_clang() {
    for (target, endian) in [("bpfel", Endian::Little), ("bpfeb", Endian::Big)] {
        let Some(theirs) = clang(&format!("core-{target}"), target, C) else { return };
        let theirs = questions(&elf::read(&theirs).expect("clang's"));
        let ours = assemble(&source(), endian).unwrap_or_else(|text| panic!("{text}"));
        let bytes = elf::write(&ours).expect("written");
        assert_eq!(questions(&elf::read(&bytes).expect("read")), questions(&ours));
        let ours = questions(&ours);
        for (question, answer) in &theirs {
            assert_eq!(ours.get(question), Some(answer), "{question:?} {endian:?}");
        }
        for question in ours.keys() {
            assert!(theirs.contains_key(question), "clang does not ask {question:?}");
        }
        assert!(ours.len() > 55, "{}", ours.len());
    }
}

#[test]
fn expanded_text_has_them_still() {
    let source = source();
    for endian in [Endian::Little, Endian::Big] {
        let (sources, compiled) = through(&source, endian);
        let text = to_text(&compiled.program, &sources, &compiled.files, endian);
        assert!(text.contains("r2 = core(task.in[1].y[2])"), "{text}");
        assert!(text.contains("w2 = *(u32 *)(r1 + core(task.in[0].x))"), "{text}");
        let object = compiled.object.expect("an object");
        let again = assemble(&text, endian).unwrap_or_else(|text| panic!("{text}"));
        assert_eq!(bare(again), bare(object), "{text}");
    }
}

#[test]
fn what_cannot_be_looked_up_is_an_error() {
    for line in [
        "if r2 > core(task.pid) goto +0",
        "*(u32 *)(r2 + 0) = core(task.pid)",
        "r2 = *(u32 *)(r1 + core_size(task.pid))",
        "r2 = *(u32 *)(r1 + core(task.pid) + 4)",
        "r2 = core(task.pid) + 4",
        "r2 = core(task)",
        "r2 = core_enum(task.pid)",
        "r2 = core_enum(task)",
        "r2 = core_lshift(task.in)",
        "r2 = core_matches(task.pid)",
        "w2 = t4->pid",
    ] {
        let body = format!("    view t4 = r1 + 4: task\n    {line}\n    r0 = 0\n    exit\n");
        let source = format!("{TYPES}\nprog prog: \"tc\" {{\n{body}}}\n");
        assert_eq!(errors(&source), ["E0707"], "{line}");
    }
}
