//! `.s` files in pieces, and the lines that are read quickly: both are what the whole reader makes of the text.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bpfasm_asm::assemble::{Dialect, GasStream, Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::isa::read::{To, quick, read};
use bpfasm_asm::isa::{self, Endian, Insn};
use proptest::prelude::*;

/// The object file of a text that comes in pieces of so many bytes.
fn streamed(text: &str, piece: usize, endian: Endian) -> Option<Vec<u8>> {
    let mut stream = GasStream::new(text.len(), endian);
    let mut held = vec![];
    for part in format!("{text}\n").as_bytes().chunks(piece) {
        held.extend_from_slice(part);
        let taken = stream.take(&held);
        held.drain(..taken);
    }
    stream.finish().ok().map(|pieces| pieces.concat())
}

/// The object file of the whole text, and whether there is nothing to say about it.
fn whole(text: &str, endian: Endian) -> (Option<Vec<u8>>, bool) {
    let mut sources = Sources::default();
    let root = sources.add("a.s", text);
    let options = Options { dialect: Some(Dialect::Gas), endian, ..Options::default() };
    let compiled = compile(&mut sources, root, &options);
    (compiled.elf, compiled.diagnostics.is_empty())
}

const ALU: &[&str] =
    &["add", "sub", "mul", "div", "sdiv", "mod", "smod", "mov", "lsh", "arsh", "xor", "and", "or"];
const JUMPS: &[&str] = &["jeq", "jne", "jgt", "jge", "jlt", "jle", "jsgt", "jsge", "jslt", "jsle", "jset"];

/// An instruction in the syntax of GNU as, right or nearly.
fn gnu() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        4 => (-9i64..300).prop_map(|n| n.to_string()),
        1 => any::<i32>().prop_map(|n| n.to_string()),
        1 => any::<u32>().prop_map(|n| format!("{n:#x}")),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        1 => Just("010".to_string()),
        1 => Just("l1".to_string()),
    ];
    let operand = prop_oneof![(0u8..12).prop_map(|n| format!("%r{n}")), number];
    let memory = (
        0u8..12,
        prop_oneof![
            Just(String::new()),
            (-9i64..70000).prop_map(|n| format!("{n:+}")),
            (-9i64..9).prop_map(|n| format!("+{n}"))
        ],
    )
        .prop_map(|(n, off)| format!("[%r{n}{off}]"));
    let to = prop::sample::select(vec!["l1", ".l2", "l3", "0", "+1", "-1", "1", "1f", "r1", "l1+8", "40000"]);
    let parts = (prop::sample::select(ALU), prop::sample::select(JUMPS), 0u8..11, operand, memory, to);
    let style = (
        prop::sample::select(vec!["", "32"]),
        prop::sample::select(vec!["b", "h", "w", "dw", "sw"]),
        prop::sample::select(vec![",", ", "]),
        0usize..8,
    );
    (parts, style).prop_map(
        |((alu, jump, n, operand, memory, to), (width, size, comma, shape))| match shape {
            0 | 1 => format!("{alu}{width} %r{n}{comma}{operand}"),
            2 => format!("{jump}{width} %r{n}{comma}{operand}{comma}{to}"),
            3 => format!("ldx{size} %r{n}{comma}{memory}"),
            4 => format!("stx{size} {memory}{comma}%r{n}"),
            5 => format!("st{size} {memory}{comma}{operand}"),
            6 => format!("ja {to}"),
            _ => format!("lddw %r{n}{comma}{operand}"),
        },
    )
}

/// A line of a `.s` file.
fn line() -> impl Strategy<Value = String> {
    let other = prop::sample::select(vec![
        "l1:",
        ".l2:",
        "l3: exit",
        "1:",
        "\t.text",
        "\t.section xdp,\"ax\",@progbits",
        "\t.globl l1",
        "\t.type l1,@function",
        "\t.size l1, .-l1",
        ".quad l1",
        ".byte 1,2",
        ".p2align 3",
        ".bss",
        "/* a",
        "b */",
        ".ascii \"a # b\"",
        "r1 = l3 ll",
        "goto l1",
        "call l1",
        "r1 = 5 # so",
        "r1 = 5; r2 = 6",
        ".loc 1 2 3",
        ".file 1 \"a.c\"",
        "// a",
        "",
        "call 5",
        "r1 = 0x123456789 ll",
        "if r1 > r2 goto +0",
        "w1 = w2",
        "nonsense",
    ])
    .prop_map(str::to_string);
    prop_oneof![3 => gnu(), 2 => other]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_line_read_quickly_is_what_the_reader_says(
        line in gnu(), at: prop::sample::Index, with in "[ -~]{0,2}", cut in 0usize..3, change: bool
    ) {
        let at = at.index(line.len() + 1);
        let text = if change {
            format!("{}{with}{}", &line[..at], line.get(at + cut..).unwrap_or(""))
        } else {
            line
        };
        if let Some(found) = quick::gnu_line(text.as_bytes()) {
            let mut reading = read(&text, isa::Dialect::Llvm, None).expect("the reader takes it");
            let name = text.get(found.label.start as usize..found.label.end as usize);
            if let To::Label(label) = reading.to {
                prop_assert_eq!(label.of(&text).trim_start_matches('.'), name.unwrap(), "{}", text);
                let zero = isa::read::Number { at: label, int: Some(0) };
                reading.to = To::Slots(zero);
            } else {
                prop_assert_eq!(name, Some(""), "{}", text);
            }
            let (insn, _) = Insn::decode(&found.slot, Endian::Little).expect("an instruction");
            prop_assert_eq!(Some(Insn { hi: found.hi, ..insn }), reading.insn(), "{}", text);
            prop_assert_eq!(text[..found.end].trim_end().len(), reading.len, "{}", text);
        }
    }

    #[test]
    fn a_stream_is_what_the_whole_text_is(
        lines in prop::collection::vec(line(), 1..12),
        piece in 1usize..64,
        end in prop::sample::select(vec!["\n", "\r\n"]),
        big: bool,
    ) {
        let endian = if big { Endian::Big } else { Endian::Little };
        let text = lines.join(end);
        let (file, silent) = whole(&text, endian);
        let stream = streamed(&text, piece, endian);
        if silent && !text.contains("/*") {
            prop_assert_eq!(stream, file, "{}", text);
        } else {
            prop_assert_eq!(stream, None, "{}", text);
        }
    }
}

#[test]
fn common_lines_are_read_quickly() {
    for text in [
        "mov %r1,%r2",
        "add %r3, 5",
        "ldxw %r4,[%r10+-8]",
        "stxdw [%r10+-16], %r3",
        "jgt %r1,%r2,0",
        "mov32 %r0,2",
        "ja .out",
        "stb [%r1],255",
        "jeq32 %r1,-1,l1",
        " arsh %r9,63 // so",
    ] {
        assert_eq!(quick::gnu_line(text.as_bytes()).map(|line| line.len), Some(text.len()), "{text}");
    }
    for text in
        ["mov %w1,%r2", "add %r11,5", "add %r1,010", "ja r1", "ja.l1", "stb [%r1],256", "add %r1,5 # so"]
    {
        assert_eq!(quick::gnu_line(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn lines_of_directives_stand_between_runs_of_instructions() {
    let text = "\t.section xdp,\"ax\",@progbits\n\t.globl f\nf:\nmov %r0,2\nr1 = 3\nja .out\nr1 = 0x123456789 ll\n.out:\nexit\n\
                \t.size f, .-f\n\t.text\ng:\nr0 = 1\nexit\n";
    for endian in [Endian::Little, Endian::Big] {
        let (file, silent) = whole(text, endian);
        assert!(silent && file.is_some());
        assert_eq!(streamed(text, 7, endian), file);
    }
}

#[test]
fn what_is_not_what_it_seems_is_left_to_the_whole_reader() {
    for text in
        ["/*\nexit\n*/\nexit\n", "exit\n\t.ident \"GCC: (GNU) 12\"\n", ".bss\nexit\n", "exit\nnonsense\n"]
    {
        assert_eq!(streamed(text, 100, Endian::Little), None, "{text}");
    }
}
