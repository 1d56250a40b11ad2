//! Instructions put into functions and taken out: what counts them moves along.

mod common;

use bpfasm_asm::disasm;
use bpfasm_asm::elf;
use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::object::{EditError, Func, Object};
use proptest::prelude::*;

/// `goto +0`, which does nothing.
const NOP: Insn = Insn { code: 0x05, dst: 0, src: 0, off: 0, imm: 0, hi: None };

/// All that counts instructions: jumps of each kind and both ways, calls with and without a relocation, wide loads, source
/// lines, CO-RE records, further symbols.
const SOURCE: &str = "
license \"GPL\"
struct task { pid: u32 }
map hits: array<u32, u64>[4]
func five {
    r0 = 5
    exit
}
prog p: \"socket\" {
    alias inner at 16 size 24
    alias place at 40
    @file \"a.c\"
    @line 1:1 \"one\"
    r6 = r1
    @line 2:1 \"two\"
    r1 = hits ll
.again:
    if r1 == 0 goto .end
    @line 3:1 \"three\"
    @relo task \"0:0\" 0
    r2 = 0
    if w6 > 9 goto .again
    gotol .later
    may_goto .end
    call five
.later:
    @line 4:1 \"four\"
    r1 = hits ll
    r3 = -7 ll
    goto .again
.end:
    r0 = 0
    exit
}
";

fn object() -> Object {
    common::assemble(SOURCE, Endian::Little).unwrap_or_else(|told| panic!("{told}"))
}

fn prog(object: &Object) -> usize {
    object.funcs.iter().position(|func| func.name == "p").expect("the program")
}

/// The text of each instruction with the line that holds there, what it refers to and its CO-RE records; jumps with the
/// number of the instruction that they lead to.
fn told(object: &Object, func: usize) -> Vec<(String, Option<u32>)> {
    let texts = &disasm::instructions(object)[func];
    let of = &object.funcs[func];
    let told = |(i, insn): (usize, &disasm::InsnText)| {
        let target = insn.target.and_then(|slot| of.insns.at_slot(slot));
        let line = of.lines.iter().rev().find(|line| line.insn as usize <= i).map(|line| line.line);
        (format!("{} {target:?} {:?}", insn.without_target(), insn.records), line)
    };
    texts.iter().enumerate().map(told).collect()
}

/// The same as if the nops at these places were not there: jumps lead to what stands behind them.
fn without(object: &Object, func: usize, at: usize, count: usize) -> Vec<(String, Option<u32>)> {
    let old = |n: usize| if n < at { n } else { n.saturating_sub(count).max(at) };
    let mut told = told(object, func);
    told.drain(at..at + count);
    for (text, _) in &mut told {
        if let Some((start, rest)) = text.split_once("Some(").map(|(a, b)| (a.to_string(), b.to_string())) {
            let (number, rest) = rest.split_once(')').expect("a number");
            *text = format!("{start}Some({}){rest}", old(number.parse().expect("a number")));
        }
    }
    told
}

fn labels(func: &Func) -> Vec<(u32, u32)> {
    func.labels.iter().map(|label| (label.offset, label.size)).collect()
}

proptest! {
    #[test]
    fn nops_change_nothing(at in 0usize..15, count in 1usize..5) {
        let before = object();
        let mut object = before.clone();
        let func = prog(&object);
        let at = at.min(object.funcs[func].insns.len());
        object.funcs[func].splice(at..at, &vec![NOP; count]).expect("room");
        prop_assert_eq!(object.funcs[func].insns.len(), before.funcs[func].insns.len() + count);
        prop_assert_eq!(without(&object, func, at, count), told(&before, func));
        // Taken out again, all is as before.
        let mut again = object.clone();
        again.funcs[func].splice(at..at + count, &[]).expect("they are there");
        prop_assert_eq!(&again, &before);
        // And a file holds it, as does text.
        if at < before.funcs[func].insns.len() {
            let read = elf::read(&elf::write(&object).expect("a file")).expect("what was written");
            prop_assert_eq!(told(&read, prog(&read)), told(&object, func));
        }
    }
}

#[test]
fn what_is_replaced_is_gone_with_all_that_belongs_to_it() {
    let mut object = object();
    let func = prog(&object);
    let before = object.funcs[func].clone();
    // The map's load and the instruction behind it; `two` began there and goes on.
    object.funcs[func].splice(1..3, &[]).expect("room");
    let after = &object.funcs[func];
    assert_eq!(after.insns.len(), before.insns.len() - 2);
    assert_eq!(after.refs.len(), before.refs.len() - 1);
    let lines: Vec<_> = after.lines.iter().map(|line| (line.insn, line.line)).collect();
    assert_eq!(lines, [(0, 1), (1, 3), (6, 4)]);
    assert_eq!(labels(after), [(8, 8), (16, 0)]);
    assert_eq!(after.core[0].insn, before.core[0].insn - 2);
    // With something in its stead, the line stays.
    let mut other = before.clone();
    other.splice(1..3, &[NOP, NOP]).expect("room");
    let lines: Vec<_> = other.lines.iter().map(|line| (line.insn, line.line)).collect();
    assert_eq!(lines, [(0, 1), (1, 2), (3, 3), (8, 4)]);
    // A jump to what is gone leads to what follows.
    let text = told(&object, func);
    assert_eq!(text[2].0, "if w6 > 9 goto  Some(1) []");
}

#[test]
fn a_call_that_counts_is_counted() {
    let text = "
prog first: \"socket\" unchecked {
    @reloc none to second
    call pc+2
    exit
}
prog between: \"socket\" {
    exit
}
func second {
    exit
}
";
    // Functions of one section, so that the distance leads across both.
    let text = text.replace("func second", "prog second: \"socket\"");
    let mut object = common::assemble(&text, Endian::Little).unwrap_or_else(|told| panic!("{told}"));
    object.funcs[0].splice(1..1, &[NOP, NOP]).expect("room");
    assert_eq!(object.funcs[0].insns.get(0).map(|insn| insn.imm), Some(4));
    object.funcs[0].splice(0..0, &[NOP]).expect("room");
    assert_eq!(object.funcs[0].insns.get(1).map(|insn| insn.imm), Some(4));
    let read = elf::read(&elf::write(&object).expect("a file")).expect("what was written");
    assert_eq!(told(&read, 0), told(&object, 0));
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut object = object();
    let func = prog(&object);
    let before = object.clone();
    let len = before.funcs[func].insns.len();
    assert_eq!(
        object.funcs[func].splice(3..len + 1, &[]),
        Err(EditError::Range { start: 3, end: len + 1, len })
    );
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = object.funcs[func].splice(3..2, &[]);
    assert_eq!(reversed, Err(EditError::Range { start: 3, end: 2, len }));
    let far = object.funcs[func].splice(4..4, &vec![NOP; 40_000]);
    assert!(matches!(far, Err(EditError::TooFar { insn: 2, distance: 40_000.. })), "{far:?}");
    assert_eq!(object, before);
}
