//! Assembles a file in the syntax of the rbpf crate: `rbpf-as SOURCE OUTPUT`.

use std::{env, fs};

fn main() {
    let [_, source, output] = &env::args().collect::<Vec<_>>()[..] else { panic!("usage: rbpf-as SOURCE OUTPUT") };
    let text = fs::read_to_string(source).expect("the source");
    let code = rbpf::assembler::assemble(&text).expect("well-formed text");
    fs::write(output, code).expect("the output");
}
