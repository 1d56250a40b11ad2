//! What is told without being tried: the kernel's settings, its file systems, its types, and this process' rights.

use std::path::PathBuf;

use crate::kernel::{KernelTypes, release};
use crate::load::privileges::Facts;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::utsname::uname;

/// The settings of the compiler of programs to machine code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Jit {
    /// `net.core.bpf_jit_enable`: 0 off, 1 on, 2 on with traces. None where it cannot be read, as in a network
    /// namespace other than the first.
    pub enable: Option<u32>,
    /// `net.core.bpf_jit_harden`: 0 off, 1 for programs of the unprivileged, 2 for all.
    pub harden: Option<u32>,
    /// `net.core.bpf_jit_kallsyms`: whether programs are among the kernel's symbols.
    pub kallsyms: Option<u32>,
}

/// Where a file system is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its type: `bpf`, `tracefs`, `cgroup2`.
    pub kind: String,
    /// The directory.
    pub path: PathBuf,
    /// What a BPF file system lets programs do with a token (`delegate_cmds=`, `delegate_maps=` …).
    pub delegates: Vec<String>,
}

/// The surroundings of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// As `uname -r` prints it.
    pub release: String,
    /// As `uname -m` prints it.
    pub machine: String,
    /// Rights.
    pub rights: Facts,
    /// How much memory may be locked, in bytes; none for any amount. It counts where [`Facts::counts_memlock`].
    pub memlock: Option<u64>,
    /// The security modules in force; none where that cannot be read.
    pub security_modules: Option<Vec<String>>,
    /// Machine code.
    pub jit: Jit,
    /// BPF file systems, tracefs and cgroup v2.
    pub mounts: Vec<Mount>,
    /// The kernel's types: where they were found and how many bytes they are, or why there are none.
    pub types: Result<(PathBuf, u64), String>,
    /// Modules that have types of their own.
    pub modules: Vec<String>,
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn read(types: &KernelTypes<'_>) -> Self {
        let text = |path: &str| std::fs::read_to_string(path).ok();
        let number = |path: &str| text(path)?.trim().parse().ok();
        let limit = getrlimit(Resource::RLIMIT_MEMLOCK).map_or(RLIM_INFINITY, |(soft, _)| soft);
        let modules = types.modules().map(|all| all.iter().map(|module| module.name().to_owned()).collect());
        Self {
            release: release(),
            machine: uname().map(|u| u.machine().to_string_lossy().into_owned()).unwrap_or_default(),
            rights: Facts::of_this_process(),
            memlock: (limit != RLIM_INFINITY).then_some(limit),
            security_modules: text("/sys/kernel/security/lsm")
                .map(|list| list.trim().split(',').map(str::to_owned).collect()),
            jit: Jit {
                enable: number("/proc/sys/net/core/bpf_jit_enable"),
                harden: number("/proc/sys/net/core/bpf_jit_harden"),
                kallsyms: number("/proc/sys/net/core/bpf_jit_kallsyms"),
            },
            mounts: text("/proc/self/mounts").map(|table| mounts(&table)).unwrap_or_default(),
            types: types
                .vmlinux()
                .and_then(|_| types.path())
                .map_err(|e| e.to_string())
                .map(|path| (path.to_owned(), std::fs::metadata(path).map_or(0, |file| file.len()))),
            modules: modules.unwrap_or_default(),
        }
    }

    /// The mounts of a type.
    pub fn mounted<'e>(&'e self, kind: &'e str) -> impl Iterator<Item = &'e Mount> {
        self.mounts.iter().filter(move |mount| mount.kind == kind)
    }
}

/// Those of `/proc/self/mounts` that matter here: lines of source, directory, type and options.
fn mounts(table: &str) -> Vec<Mount> {
    let of = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (path, kind, options) = (words.next()?, words.next()?, words.next()?);
        let delegates = options.split(',').filter(|option| option.starts_with("delegate_"));
        ["bpf", "tracefs", "cgroup2"].contains(&kind).then(|| Mount {
            kind: kind.to_owned(),
            path: unescaped(path).into(),
            delegates: delegates.map(str::to_owned).collect(),
        })
    };
    table.lines().filter_map(of).collect()
}

/// A path in that table: blanks, tabs, line ends and backslashes are three octal digits.
fn unescaped(path: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(path.to_owned(), |path, (code, sign)| path.replace(code, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_of_a_table() {
        let table = "proc /proc proc rw,relatime 0 0\n\
                     bpf /sys/fs/bpf bpf rw,nosuid,mode=700 0 0\n\
                     none /tmp/a\\040b bpf rw,delegate_cmds=prog_load:map_create,delegate_maps=any 0 0\n\
                     broken\n\
                     cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
        let found = mounts(table);
        let paths: Vec<_> = found.iter().map(|m| (m.kind.as_str(), m.path.to_str().unwrap())).collect();
        assert_eq!(paths, [("bpf", "/sys/fs/bpf"), ("bpf", "/tmp/a b"), ("cgroup2", "/sys/fs/cgroup")]);
        assert_eq!(found[1].delegates, ["delegate_cmds=prog_load:map_create", "delegate_maps=any"]);
    }
}
