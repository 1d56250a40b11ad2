//! Large files of bare instructions: what is read as a stream is what the language makes of the same text.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bpfasm_asm::assemble::{Options, Stream, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::isa::{FORMS, Names};
use bpfasm_asm::object::Object;
use proptest::prelude::*;

/// The object of a text that comes in pieces of so many bytes.
fn streamed(text: &str, piece: usize) -> Option<Object> {
    let mut stream = Stream::new(text.len());
    let mut held = vec![];
    for part in format!("{text}\n").as_bytes().chunks(piece) {
        held.extend_from_slice(part);
        let taken = stream.take(&held).ok()?;
        held.drain(..taken);
    }
    stream.finish("dir/a-b.bpfasm", &Options::default()).ok()
}

/// What the language makes of it, where there is nothing to say but what lints find on the paths of a program, which
/// a stream has not whole.
fn compiled(text: &str) -> Option<Object> {
    let mut sources = Sources::default();
    let root = sources.add("dir/a-b.bpfasm", text);
    let compiled = compile(&mut sources, root, &Options::default());
    let on_paths = |code: &str| code.starts_with("E12");
    compiled.object.filter(|_| compiled.diagnostics.iter().all(|d| on_paths(d.code)))
}

/// Lines of all shapes, most of them right.
fn line() -> impl Strategy<Value = String> {
    let number = || {
        prop_oneof![
            -9i64..9,
            any::<i16>().prop_map(i64::from),
            any::<i32>().prop_map(i64::from),
            any::<i64>()
        ]
    };
    let form =
        (0..FORMS.len(), 0u8..11, 0u8..11, -3i16..9, number()).prop_map(|(row, dst, src, off, imm)| {
            let row = &FORMS[row];
            let insn = row.insn(dst, src, off, imm).or_else(|| row.insn(dst, src, off, imm % 1000));
            insn.unwrap_or_default().display(Names::default()).to_string()
        });
    let label = (0..6usize).prop_map(|n| format!("l{n}"));
    let common =
        (0u8..11, prop::sample::select(vec!["r", "w"]), number(), label).prop_flat_map(|(n, r, imm, l)| {
            prop::sample::select(vec![
                format!("{r}{n} = {imm}"),
                format!("{r}{n} += {imm:#x}"),
                format!("{r}{n} s>>= {r}3"),
                format!("r{n} = {imm} ll"),
                format!("{r}{n} = *(u8 *)(r10 - 8)"),
                format!("*(u16 *)(r{n} + 4) = {imm}"),
                format!("if {r}{n} == {imm} goto .{l}"),
                format!("if {r}{n} s< {r}2 goto +1"),
                format!("goto {l}"),
                format!("{l}:"),
                format!(".{l}: exit // {imm}"),
                format!("call {imm}"),
                "call bpf_get_prandom_u32".to_string(),
                "  \t".to_string(),
                "exit".to_string(),
            ])
        });
    prop_oneof![2 => form, 3 => common]
}

proptest! {
    #[test]
    fn a_stream_is_what_the_language_makes_of_it(
        lines in prop::collection::vec(line(), 1..6),
        piece in 1usize..64,
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let text = format!("{}{end}exit{end}", lines.join(end));
        if let Some(object) = streamed(&text, piece) {
            prop_assert_eq!(Some(object), compiled(&text), "{}", text);
        }
    }

    /// A line that was changed somewhere is still what it says, or is left to others.
    #[test]
    fn changed_lines(line in line(), at: prop::sample::Index, with in "[ -~]{0,2}", cut in 0usize..3) {
        let at = at.index(line.len() + 1);
        let after = line.get(at + cut..).unwrap_or("");
        let text = format!("l1: l2:\n{}{with}{after}\nexit\n", &line[..at]);
        if let Some(object) = streamed(&text, 1000) {
            prop_assert_eq!(Some(object), compiled(&text), "{}", text);
        }
    }
}

/// Lines that are plain in a body, too.
fn plain() -> impl Strategy<Value = String> {
    (0u8..11, -9i64..9, any::<i32>()).prop_flat_map(|(n, off, imm)| {
        prop::sample::select(vec![
            format!("r{n} = {imm}"),
            format!("w{n} /= r{n}"),
            format!("w{n} /= {imm}"),
            format!("*(u32 *)(r{n} + {off}) = {imm}"),
            format!("if r{n} s> {imm} goto +1"),
            format!("r{n} = {imm} ll"),
            String::new(),
        ])
    })
}

proptest! {
    /// Many plain lines of a body are taken at once, which nobody sees. A block comment makes a line less plain.
    #[test]
    fn plain_lines_of_a_body(lines in prop::collection::vec(prop_oneof![19 => plain(), 1 => line()], 1..40), macro_too: bool) {
        let build = |behind: &str| {
            let lines: String = lines.iter().map(|line| format!("  {line} {behind}// so\n")).collect();
            let (before, after) = if macro_too { ("macro m() {", "} prog p: \"xdp\" {\nm!\nexit") } else { ("prog p: \"xdp\" {", "exit") };
            let mut sources = Sources::default();
            let root = sources.add("a", format!("{before}\n{lines}{after}\n}}\n"));
            let compiled = compile(&mut sources, root, &Options::default());
            let said: Vec<_> = compiled.diagnostics.iter().map(|d| {
                let slice = sources.slice(d.primary.span);
                (d.code, d.message.clone(), sources.position(d.primary.span), slice.replace(behind, ""))
            }).collect();
            let func = |object: Object| {
                let func = &object.funcs[0];
                let lines: Vec<_> = func.lines.iter().map(|l| (l.insn, l.line, l.column)).collect();
                (func.insns.clone(), lines)
            };
            (said, compiled.object.map(func))
        };
        prop_assert_eq!(build(""), build("/**/ "));
    }
}

#[test]
fn what_is_common_is_read_as_a_stream() {
    let text = "// a comment\nr1 = r2\nr3 += 5\nw4 = *(u32 *)(r10 - 8)\n*(u64 *)(r10 - 16) = r3\n\
        if r1 > r2 goto +0\nr5 <<= 3\n.again: w0 = 0xffffffff\n  r2 ^= r3 // why not\nif w1 s< -4 goto again\n\
        r1 = 0x123456789 ll\nr1 = be16 r1\nlock *(u64 *)(r10 - 8) += r1\ncall bpf_ktime_get_ns\ngoto out\nout:\nexit";
    let object = streamed(text, 7).expect("plain");
    assert_eq!(Some(&object), compiled(text).as_ref());
    assert_eq!((object.funcs[0].insns.len(), object.funcs[0].name.as_str()), (15, "a_b"));
}

#[test]
fn what_there_is_something_to_say_about_is_none() {
    for text in [
        "prog p: \"xdp\" {\nexit\n}",
        "r1 = 5",
        "r10 = 5\nexit",
        "r1 = 010\nexit",
        "r1 = 0xffffffff\nexit",
        "goto x\nexit",
        "x:\nx:\nexit",
        "goto x\nexit\nx:",
        "goto +5\nexit",
        "r1 = 5 ll\ngoto -2",
        "r1 = c\nexit",
        "const A = 1\nexit",
        "r1 = 5;\nexit",
        "// \u{7f}\nexit",
        "// \u{e9}\nexit",
        "\u{feff}exit",
        "",
        "call nobody\nexit",
        "w1 = r2\nexit",
        "w1 = *(u64 *)(r2 + 0)\nexit",
    ] {
        assert_eq!(streamed(text, 1000), None, "{text}");
    }
}
