//! The kernel's symbols, by address: `/proc/kallsyms`.

use std::collections::{BTreeSet, HashMap};

use bpfasm_asm::uapi::HelperId;

/// What the kernel counts the addresses of helpers from in calls.
const CALL_BASE: &str = "__bpf_call_base";

/// The table as text.
#[derive(Debug, Default)]
pub struct Symbols(String);

impl Symbols {
    /// Reads the table; it is empty where it cannot be read.
    #[must_use]
    pub fn read() -> Self {
        Self(std::fs::read_to_string("/proc/kallsyms").unwrap_or_default())
    }

    /// Each symbol: its address, type and name. Where the kernel hides addresses, they are 0.
    pub fn all(&self) -> impl Iterator<Item = (u64, &str, &str)> {
        self.0.lines().filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let address = u64::from_str_radix(words.next()?, 16).ok()?;
            Some((address, words.next()?, words.next()?))
        })
    }

    /// Those whose address is known.
    fn iter(&self) -> impl Iterator<Item = (u64, &str)> {
        self.all().map(|(address, _, name)| (address, name)).filter(|(address, _)| *address != 0)
    }

    /// What calls of helpers count from; `None` where the kernel hides addresses.
    #[must_use]
    pub fn call_base(&self) -> Option<u64> {
        self.iter().find(|(_, name)| *name == CALL_BASE).map(|(address, _)| address)
    }

    /// Whether system calls are functions that take the registers as a struct (`CONFIG_ARCH_HAS_SYSCALL_WRAPPER`).
    #[must_use]
    pub fn has_syscall_wrappers(&self) -> bool {
        let machine = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "x86" => "ia32",
            "aarch64" => "arm64",
            "riscv64" => "riscv",
            other => other,
        };
        let wrapper = format!("__{machine}_sys_bpf");
        self.all().any(|(_, _, name)| name == wrapper)
    }

    /// The names of what begins at these addresses; of several, that of a helper, or else the first.
    #[must_use]
    pub fn names(&self, addresses: &BTreeSet<u64>) -> HashMap<u64, String> {
        let mut names: HashMap<u64, String> = HashMap::new();
        for (address, name) in self.iter().filter(|(address, _)| addresses.contains(address)) {
            let better = HelperId::from_name(name).is_some();
            if better || !names.contains_key(&address) {
                names.insert(address, name.into());
            }
        }
        names
    }
}
