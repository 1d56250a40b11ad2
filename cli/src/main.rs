//! `bpfasm`: arguments, one library call, output.
fn main() {}
