//! The library that is built in: modules of `programs/lib`, by name.

macro_rules! modules {
    ($($name:literal)*) => {
        /// Name and text of every module.
        pub const MODULES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../programs/lib/", $name, ".bpfasm")))),*];
    };
}

modules! {
    "bpf" "cgroup" "errno" "eth" "fib" "flow" "ip" "iter" "l4" "lirc" "macros" "net" "nf" "sock" "sockopt" "syscall" "tc" "trace" "xdp"
}

/// The text of a module.
#[must_use]
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|m| m.0 == name).map(|m| m.1)
}

/// The module that defines a name; looked for as text, so only to help somebody who forgot an import.
#[must_use]
pub fn defining(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|m| m.1.lines().filter_map(defined).any(|(_, n)| n == name)).map(|m| m.0)
}

/// The names of all macros, or of everything else.
pub(super) fn names(macros: bool) -> impl Iterator<Item = &'static str> {
    let lines = MODULES.iter().flat_map(|m| m.1.lines());
    lines.filter_map(defined).filter(move |(word, _)| (*word == "macro") == macros).map(|(_, name)| name)
}

/// What a line defines: its keyword and the name.
fn defined(line: &str) -> Option<(&str, &str)> {
    let (word, rest) = line.split_once(' ')?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    matches!(word, "const" | "struct" | "union" | "macro").then_some((word, &rest[..end]))
}
