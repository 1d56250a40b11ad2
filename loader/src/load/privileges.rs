//! Why the kernel said `EPERM`, and the one thing to do.
//!
//! Sources: `bpf_prog_load()`, `is_net_admin_prog_type()`, `is_perfmon_prog_type()` and `map_create()` in Linux
//! `kernel/bpf/syscall.c`; capabilities(7); `Documentation/admin-guide/sysctl/kernel.rst`.

use super::memlock::counts_memlock;
use crate::kernel::series;
use bpfasm_asm::uapi::{MapType, ProgType};
use std::fmt;

/// A capability: its number and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability {
    number: u32,
    name: &'static str,
}

impl Capability {
    /// Those that count for BPF. `CAP_SYS_ADMIN` stands for all the others.
    pub const ALL: [Capability; 4] = [BPF, PERFMON, NET_ADMIN, SYS_ADMIN];

    /// Its name: `CAP_BPF`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }
}

const NET_ADMIN: Capability = Capability { number: 12, name: "CAP_NET_ADMIN" };
const SYS_ADMIN: Capability = Capability { number: 21, name: "CAP_SYS_ADMIN" };
const PERFMON: Capability = Capability { number: 38, name: "CAP_PERFMON" };
const BPF: Capability = Capability { number: 39, name: "CAP_BPF" };

/// Types that want `CAP_NET_ADMIN` too.
const NETWORK: [ProgType; 20] = [
    ProgType::SCHED_CLS,
    ProgType::SCHED_ACT,
    ProgType::XDP,
    ProgType::CGROUP_SOCK,
    ProgType::LWT_IN,
    ProgType::LWT_OUT,
    ProgType::LWT_XMIT,
    ProgType::SOCK_OPS,
    ProgType::SK_SKB,
    ProgType::CGROUP_DEVICE,
    ProgType::SK_MSG,
    ProgType::CGROUP_SOCK_ADDR,
    ProgType::LWT_SEG6LOCAL,
    ProgType::LIRC_MODE2,
    ProgType::FLOW_DISSECTOR,
    ProgType::CGROUP_SYSCTL,
    ProgType::CGROUP_SOCKOPT,
    ProgType::EXT,
    ProgType::SK_LOOKUP,
    ProgType::NETFILTER,
];
/// Types that want `CAP_PERFMON` too.
const TRACING: [ProgType; 9] = [
    ProgType::KPROBE,
    ProgType::TRACEPOINT,
    ProgType::PERF_EVENT,
    ProgType::RAW_TRACEPOINT,
    ProgType::RAW_TRACEPOINT_WRITABLE,
    ProgType::TRACING,
    ProgType::STRUCT_OPS,
    ProgType::EXT,
    ProgType::LSM,
];

/// Maps that want `CAP_NET_ADMIN` too (`map_create()`).
const NETWORK_MAPS: [MapType; 5] =
    [MapType::SOCKMAP, MapType::SOCKHASH, MapType::DEVMAP, MapType::DEVMAP_HASH, MapType::XSKMAP];

/// Types that a kernel may let anybody load; so may it let anybody make maps.
const UNPRIVILEGED: [ProgType; 2] = [ProgType::SOCKET_FILTER, ProgType::CGROUP_SKB];

/// What the kernel did not let the process make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A program.
    Prog(ProgType),
    /// A map.
    Map(MapType),
}

/// Why something was not permitted; its text says what is missing and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// Capabilities are missing.
    Capabilities {
        /// Which.
        missing: Vec<Capability>,
        /// Whether it is root all the same, as in a container.
        root: bool,
    },
    /// Any process could do this, if `kernel.unprivileged_bpf_disabled` were 0.
    Unprivileged {
        /// What it is: 1 (for good) or 2.
        setting: u32,
    },
    /// The process is root only in its own user namespace.
    UserNamespace,
    /// Too little memory may be locked (before Linux 5.11).
    Memlock,
    /// The kernel is locked down.
    Lockdown(String),
    /// The capabilities are there; something else refuses.
    Other,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Diagnosis::Capabilities { missing, root } => {
                let names: Vec<&str> = missing.iter().map(|c| c.name).collect();
                let what_to_do =
                    if *root { "though it is root: give its container these" } else { "run it as root" };
                write!(f, "this process lacks {}; {what_to_do}", names.join(" and "))
            }
            Diagnosis::Unprivileged { setting } => write!(
                f,
                "this process lacks CAP_BPF, and kernel.unprivileged_bpf_disabled is {setting}; run it as root"
            ),
            Diagnosis::UserNamespace => f.write_str(
                "this process is in a user namespace, where no capability counts for BPF; run it as root outside \
                 of the container",
            ),
            Diagnosis::Memlock => f.write_str(
                "before Linux 5.11 maps and programs count as locked memory, and the limit is reached; raise it \
                 (ulimit -l unlimited)",
            ),
            Diagnosis::Lockdown(mode) => write!(
                f,
                "the kernel is locked down ({mode}), which forbids programs to read its memory; boot it without \
                 lockdown= and secure boot, or use a program type that does not"
            ),
            Diagnosis::Other => f.write_str(
                "this process has the capabilities, so a security module or a seccomp filter forbids it, or \
                 this kernel does not let such programs be loaded; see the kernel's log (dmesg)",
            ),
        }
    }
}

/// The facts that a diagnosis is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Effective capabilities, a bit each.
    effective: u64,
    /// Whether the effective user is root.
    pub root: bool,
    /// `kernel.unprivileged_bpf_disabled`; 0 where there is none.
    pub unprivileged_disabled: u32,
    /// Whether this is not the first user namespace.
    pub user_namespace: bool,
    /// The lockdown mode: `none`, `integrity`, `confidentiality`; empty where there is none.
    pub lockdown: String,
    /// Before 5.8 there are no `CAP_BPF` and `CAP_PERFMON`.
    only_sys_admin: bool,
    /// Whether maps and programs count as locked memory: before 5.11.
    pub counts_memlock: bool,
}

impl Facts {
    /// Those of this process, on this kernel.
    #[must_use]
    pub fn of_this_process() -> Facts {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        Facts {
            effective: effective(&read("/proc/self/status")).unwrap_or(0),
            root: nix::unistd::geteuid().is_root(),
            unprivileged_disabled: read("/proc/sys/kernel/unprivileged_bpf_disabled")
                .trim()
                .parse()
                .unwrap_or(0),
            user_namespace: is_nested(&read("/proc/self/uid_map")),
            lockdown: lockdown(&read("/sys/kernel/security/lockdown")),
            only_sys_admin: series().is_some_and(|v| v < (5, 8)),
            counts_memlock: counts_memlock(),
        }
    }

    /// Whether it has a capability.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.effective >> capability.number & 1 == 1
    }

    /// Why it may not load such a program or make such a map.
    #[must_use]
    pub fn diagnose(&self, what: Refused) -> Diagnosis {
        let is = |table: &[ProgType]| matches!(what, Refused::Prog(kind) if table.contains(&kind));
        let network_map = matches!(what, Refused::Map(kind) if NETWORK_MAPS.contains(&kind));
        let mut missing = Vec::new();
        if self.only_sys_admin {
            missing.push(SYS_ADMIN);
        } else {
            missing.push(BPF);
            missing.extend((is(&NETWORK) || network_map).then_some(NET_ADMIN));
            missing.extend(is(&TRACING).then_some(PERFMON));
        }
        missing.retain(|&c| !self.has(c) && !self.has(SYS_ADMIN));
        if !missing.is_empty() {
            let anybody = matches!(what, Refused::Map(_)) && !network_map || is(&UNPRIVILEGED);
            match self.unprivileged_disabled {
                setting if setting != 0 && anybody && !self.root => Diagnosis::Unprivileged { setting },
                _ => Diagnosis::Capabilities { missing, root: self.root },
            }
        } else if self.user_namespace {
            Diagnosis::UserNamespace
        } else if self.counts_memlock {
            Diagnosis::Memlock
        } else if self.lockdown == "confidentiality" && is(&TRACING) {
            Diagnosis::Lockdown(self.lockdown.clone())
        } else {
            Diagnosis::Other
        }
    }
}

/// Why this process may not load such a program or make such a map.
#[must_use]
pub fn diagnose(what: Refused) -> Diagnosis {
    Facts::of_this_process().diagnose(what)
}

/// The line `CapEff` of `/proc/self/status`.
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Whether `/proc/self/uid_map` is another than that of the first user namespace, which maps all to itself.
fn is_nested(uid_map: &str) -> bool {
    !uid_map.is_empty() && uid_map.split_whitespace().ne(["0", "0", "4294967295"])
}

/// The mode in brackets: `none [integrity] confidentiality`.
fn lockdown(text: &str) -> String {
    let inside = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inside.map_or_else(String::new, |(mode, _)| mode.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const XDP: Refused = Refused::Prog(ProgType::XDP);
    const KPROBE: Refused = Refused::Prog(ProgType::KPROBE);
    const MAP: Refused = Refused::Map(MapType::HASH);
    const SOCKHASH: Refused = Refused::Map(MapType::SOCKHASH);

    #[test]
    fn what_the_files_say() {
        assert_eq!(effective("Name:\tx\nCapEff:\t000001fffeffffff\nCapBnd:\t0\n"), Some(0x1ff_feff_ffff));
        assert!(!is_nested("         0          0 4294967295\n"));
        assert!(is_nested("         0       1000          1\n"));
        assert_eq!(lockdown("none [integrity] confidentiality\n"), "integrity");
        assert_eq!(lockdown(""), "");
    }

    #[test]
    fn the_first_thing_missing_is_named() {
        let lacks = |c| Diagnosis::Capabilities { missing: vec![c], root: false };
        let nobody = Facts::default();
        let text = nobody.diagnose(XDP).to_string();
        assert_eq!(text, "this process lacks CAP_BPF and CAP_NET_ADMIN; run it as root");
        let closed = Facts { unprivileged_disabled: 2, ..Facts::default() };
        assert_eq!(closed.diagnose(MAP), Diagnosis::Unprivileged { setting: 2 });
        assert_eq!(
            closed.diagnose(Refused::Prog(ProgType::SOCKET_FILTER)),
            Diagnosis::Unprivileged { setting: 2 }
        );
        assert!(matches!(closed.diagnose(XDP), Diagnosis::Capabilities { .. }));
        let contained = Facts { root: true, unprivileged_disabled: 2, ..Facts::default() };
        assert_eq!(
            contained.diagnose(MAP).to_string(),
            "this process lacks CAP_BPF; though it is root: give its container these"
        );
        let bpf = Facts { effective: 1 << 39, ..Facts::default() };
        assert_eq!(bpf.diagnose(XDP), lacks(NET_ADMIN));
        assert_eq!(bpf.diagnose(KPROBE), lacks(PERFMON));
        assert_eq!(bpf.diagnose(SOCKHASH), lacks(NET_ADMIN));
        let old = Facts { only_sys_admin: true, effective: 1 << 39, ..Facts::default() };
        assert_eq!(old.diagnose(MAP), lacks(SYS_ADMIN));
        let root = Facts { effective: u64::MAX, ..Facts::default() };
        assert_eq!(root.diagnose(XDP), Diagnosis::Other);
        let container = Facts { user_namespace: true, ..root.clone() };
        assert_eq!(container.diagnose(XDP), Diagnosis::UserNamespace);
        let locked = Facts { lockdown: "confidentiality".into(), ..root.clone() };
        assert!(matches!(locked.diagnose(KPROBE), Diagnosis::Lockdown(_)));
        assert_eq!(locked.diagnose(XDP), Diagnosis::Other);
        assert_eq!(Facts { counts_memlock: true, ..root }.diagnose(XDP), Diagnosis::Memlock);
    }
}
