//! Text to tokens to a tree: whatever comes, every diagnostic has a place in the text and can be drawn.
#![no_main]

use bpfasm_asm::diag::{Diagnostics, Sources, Style, render};
use bpfasm_asm::lang::parser::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let root = sources.add("fuzz.bpfasm", text);
    let mut diagnostics = Diagnostics::default();
    let _ = parse(&sources, root, &mut diagnostics);
    for diagnostic in diagnostics.finish().kept.iter().take(20) {
        let (start, end) = (diagnostic.primary.span.start as usize, diagnostic.primary.span.end as usize);
        assert!(text.get(start..end).is_some(), "{diagnostic:?}");
        let _ = render(diagnostic, &sources, Style { colour: false, width: Some(80) });
    }
});
