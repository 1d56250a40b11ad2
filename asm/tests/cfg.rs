//! Control flow: blocks, the ways between them, and what is drawn of them.

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::cfg::{LineKind, When, cfgs, dot, svg};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::object::{Func, Object};
use proptest::prelude::*;

const SOURCE: &str = r#"
license "GPL"
func twice(of: u64) -> u64 {
    r0 = r1
    r0 += r1
    exit
}
prog p: "xdp" {
    r6 = 4
.again:
    r1 = "<&\"> %d" ll
    r2 = 8
    call bpf_trace_printk
    r1 = r6
    call twice
    r6 += -1
    if r6 s> 0 goto .again
    if r0 == 0 goto .out
    r0 = 1
.out:
    r0 = 2
    goto .end
.end:
    exit
}
"#;

fn object() -> Object {
    let mut sources = Sources::default();
    let root = sources.add("a.bpfasm", SOURCE.to_string());
    compile(&mut sources, root, &Options { endian: Endian::Little, ..Options::default() })
        .object
        .expect("sound")
}

#[test]
fn blocks_and_ways() {
    let object = object();
    let all: Vec<&Func> = object.funcs.iter().collect();
    let found = cfgs(&object, &all, false);
    let p = &found[1];
    let slots: Vec<usize> = p.blocks.iter().map(|block| block.slot).collect();
    assert_eq!(slots, [0, 1, 9, 10, 11, 13]);
    let ways =
        |block: usize| p.blocks[block].next.iter().map(|edge| (edge.to, edge.when)).collect::<Vec<_>>();
    assert_eq!(ways(0), [(1, When::Next)]);
    assert_eq!(ways(1), [(1, When::True), (2, When::False)]);
    assert_eq!(ways(2), [(4, When::True), (3, When::False)]);
    assert_eq!(ways(3), [(4, When::Next)]);
    assert_eq!(ways(4), [(5, When::Jump)]);
    assert_eq!(ways(5), []);
    let calls: Vec<_> = p.blocks.iter().map(|block| block.calls.as_slice()).collect();
    assert_eq!(calls, [&[][..], &[0], &[], &[], &[], &[]]);
    let text: Vec<&str> = p.blocks[1].lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        text,
        [
            ".l1:",
            "   1: r1 = section(\".rodata\") ll  ; \"<&\"> %d\"",
            "   3: r2 = 8",
            "   4: call bpf_trace_printk  ; helper 6",
            "   5: r1 = r6",
            "   6: call twice  ; function",
            "   7: r6 += -1",
            "   8: if r6 s> 0 goto .l1",
        ]
    );
    // Only what is asked for, and then there is nothing to lead a call to.
    let alone = cfgs(&object, &all[1..], true);
    assert!(alone[0].blocks.iter().all(|block| block.calls.is_empty()));
    let source = alone[0].blocks[1].lines.iter().filter(|line| line.kind == LineKind::Source);
    assert_eq!(source.map(|line| line.text.as_str()).next(), Some("; a.bpfasm:11  r1 = \"<&\\\"> %d\" ll"));
}

#[test]
fn graphviz() {
    let object = object();
    let text = dot(&cfgs(&object, &object.funcs.iter().collect::<Vec<_>>(), false));
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for line in [
        "subgraph cluster_1 {",
        "label=\"section xdp: p\"",
        "f1b0 [label=\"   0: r6 = 4\\l\"]",
        "f1b1 -> f1b1 [label=\"true\", color=\"darkgreen\"]",
        "f1b1 -> f1b2 [label=\"false\", color=\"firebrick\"]",
        "f1b3 -> f1b4 [style=dotted]",
        "f1b4 -> f1b5",
        "f1b1 -> f0b0 [label=\"call\", style=dashed, color=\"gray40\", constraint=false]",
    ] {
        assert!(lines.contains(&line), "{line}: {text}");
    }
    // Quotes within quotes.
    assert!(text.contains(r#"r1 = section(\".rodata\") ll  ; \"<&\"> %d\"\l"#), "{text}");
}

/// Whether tags are closed in order, and no character stands where XML has none.
fn is_xml(text: &str) -> bool {
    let mut open = vec![];
    for part in text.split('<').skip(1) {
        let Some((tag, content)) = part.split_once('>') else { return false };
        let entities = content.split('&').skip(1);
        let known = |rest: &str| ["amp;", "lt;", "gt;"].iter().any(|entity| rest.starts_with(entity));
        if content.contains('>')
            || !entities.into_iter().all(known)
            || content.contains(|c: char| c.is_control() && c != '\n')
        {
            return false;
        }
        match tag.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            Some(_) => {}
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap_or(tag)),
        }
    }
    open.is_empty()
}

#[test]
fn a_picture() {
    let object = object();
    let found = cfgs(&object, &object.funcs.iter().collect::<Vec<_>>(), true);
    let text = svg(&found);
    assert_eq!(text, svg(&found));
    assert!(is_xml(&text), "{text}");
    assert_eq!(text.matches("<rect ").count(), 7);
    assert_eq!(text.matches("<title>true</title>").count(), 2);
    assert_eq!(text.matches("<title>call</title>").count(), 1);
    assert!(text.contains("; \"&lt;&amp;\"&gt; %d\""), "{text}");
}

proptest! {
    /// Any bytes are drawn: each instruction stands in one block, and each way leads to one that is there.
    #[test]
    fn any_code(bytes in prop::collection::vec(any::<u64>(), 0..60), near in any::<bool>()) {
        let bytes: Vec<u8> = bytes
            .into_iter()
            // Jumps that are near.
            .flat_map(|n| if near { (n & 0xffff_ffff_0007_0fff | 0x5).to_le_bytes() } else { n.to_le_bytes() })
            .collect();
        let insns = Insn::decode_all(&bytes, Endian::Little).expect("whole slots");
        let count = insns.len();
        let func = Func { name: "f\u{1}<".into(), section: "xdp".into(), insns: insns.into(), ..Func::default() };
        let object = Object { funcs: vec![func], ..Object::default() };
        let found = cfgs(&object, &[&object.funcs[0]], true);
        let blocks = &found[0].blocks;
        let shown = blocks.iter().flat_map(|b| &b.lines).filter(|line| line.kind == LineKind::Insn).count();
        prop_assert_eq!(shown, count);
        prop_assert!(blocks.iter().flat_map(|b| &b.next).all(|edge| edge.to < blocks.len()));
        prop_assert!(is_xml(&svg(&found)));
        let text = dot(&found);
        prop_assert!(text.starts_with("digraph"));
    }
}
