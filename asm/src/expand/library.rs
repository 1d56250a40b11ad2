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
    let defines = |line: &str| {
        let mut words =
            line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| !w.is_empty());
        matches!(words.next(), Some("const" | "struct" | "union" | "macro")) && words.next() == Some(name)
    };
    MODULES.iter().find(|m| m.1.lines().any(defines)).map(|m| m.0)
}
