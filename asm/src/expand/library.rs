//! The library that is built in: modules of `programs/lib`, by name.

use std::sync::OnceLock;

macro_rules! modules {
    ($($name:literal)*) => {
        /// Name and text of every module.
        pub const MODULES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../programs/lib/", $name, ".bpfasm")))),*];
    };
}

modules! {
    "bpf" "cgroup" "control" "csum" "errno" "eth" "fib" "flow" "helpers" "ip" "iter" "l4" "lirc" "macros" "net" "nf" "parse" "ringbuf" "sock" "sockopt" "syscall" "tc" "trace" "xdp"
}

/// The text of a module.
#[must_use]
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|m| m.0 == name).map(|m| m.1)
}

/// The module that defines a name; looked for as text, so only to help somebody who forgot an import.
#[must_use]
pub fn defining(name: &str) -> Option<&'static str> {
    let index = index();
    let at = index.partition_point(|entry| entry.name < name);
    index.get(at).filter(|entry| entry.name == name).map(|entry| entry.module)
}

/// The names of all macros, or of everything else, sorted.
pub(super) fn names(macros: bool) -> impl Iterator<Item = &'static str> {
    index().iter().filter(move |entry| (entry.word == "macro") == macros).map(|entry| entry.name)
}

/// What a module defines: its keyword and name.
struct Entry {
    name: &'static str,
    word: &'static str,
    module: &'static str,
}

/// All that the library defines, sorted by name; made when somebody first asks.
fn index() -> &'static [Entry] {
    static INDEX: OnceLock<Vec<Entry>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let entries = |(module, text): &(&'static str, &'static str)| {
            let module = *module;
            text.lines().filter_map(defined).map(move |(word, name)| Entry { name, word, module })
        };
        let mut all: Vec<Entry> = MODULES.iter().flat_map(entries).collect();
        all.sort_by_key(|entry| entry.name);
        all
    })
}

/// What a line defines.
fn defined(line: &'static str) -> Option<(&'static str, &'static str)> {
    let (word, rest) = line.split_once(' ')?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    matches!(word, "const" | "struct" | "union" | "enum" | "type" | "macro").then_some((word, &rest[..end]))
}
