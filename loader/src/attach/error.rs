//! What can go wrong when attaching, in whole sentences that end with what to do.

use std::fmt;
use std::path::PathBuf;

use nix::errno::Errno;

use bpfasm_asm::uapi::ProgType;

use super::XdpMode;
use crate::sys;
use crate::sys::bpf::{Kind, fd_by_id, prog_info};

/// A program that has a place already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupant {
    /// The program's id.
    pub prog_id: u32,
    /// Its name, where it has one and may be seen.
    pub name: Option<String>,
    /// The id of the link that holds it there, where it is held by a link.
    pub link_id: Option<u32>,
}

impl Occupant {
    /// What the kernel tells about program `prog_id`.
    pub(super) fn of(prog_id: u32, link_id: Option<u32>) -> Occupant {
        use std::os::fd::AsFd;
        let name = fd_by_id(Kind::Prog, prog_id)
            .and_then(|fd| prog_info(fd.as_fd()))
            .ok()
            .map(|info| info.name)
            .filter(|name| !name.is_empty());
        Occupant { prog_id, name, link_id }
    }
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "program {}", self.prog_id)?;
        if let Some(name) = &self.name {
            write!(f, " ({name})")?;
        }
        if let Some(id) = self.link_id {
            write!(f, " by link {id}")?;
        }
        Ok(())
    }
}

/// Why a program was not attached or detached.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The section's name is in no table.
    #[error(
        "`{section}` is no section name that says where to attach; `xdp`, `tc/ingress`, `sockops` or \
         `tracepoint/CATEGORY/NAME` are"
    )]
    UnknownSection {
        /// The name.
        section: String,
    },
    /// Programs of this section cannot be attached as they are.
    #[error("a program of section `{section}` cannot be attached: {why}")]
    NotAttachable {
        /// The name.
        section: String,
        /// Why, or what to write instead.
        why: &'static str,
    },
    /// A program of another type than the section's.
    #[error("a program of type {kind} cannot be attached to `{section}`, which takes type {wanted}")]
    WrongType {
        /// The section's name.
        section: String,
        /// The type that belongs to it.
        wanted: ProgType,
        /// The type that the program has.
        kind: ProgType,
    },
    /// The section does not say where, and neither did the caller.
    #[error("{hook} needs {what}: say {flag}")]
    MissingTarget {
        /// What was to be attached to.
        hook: String,
        /// What is missing.
        what: &'static str,
        /// The option that says it.
        flag: &'static str,
    },
    /// There is no such network device in this network namespace.
    #[error("there is no network device `{name}` in this network namespace{}", suggest(nearest))]
    NoDevice {
        /// The name asked for.
        name: String,
        /// Names of devices that it may have meant; all where there are few.
        nearest: Vec<String>,
    },
    /// The path is not a cgroup v2 directory.
    #[error("`{}` is not a directory of the cgroup v2 hierarchy{}", path.display(), mounted_at(mounted))]
    NotCgroup2 {
        /// The path asked for.
        path: PathBuf,
        /// Where cgroup2 is mounted.
        mounted: Vec<PathBuf>,
    },
    /// A path cannot be opened.
    #[error("`{}` cannot be opened: {}", path.display(), source.errno.desc())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        source: sys::Error,
    },
    /// There is no such tracepoint.
    #[error("this kernel has no tracepoint `{name}`{}", suggest(nearest))]
    NoTracepoint {
        /// The name asked for.
        name: String,
        /// Names that it may have meant.
        nearest: Vec<String>,
    },
    /// tracefs, which has the tracepoints' numbers, cannot be had.
    #[error(
        "the number of tracepoint `{name}` cannot be read from tracefs: {source}; this needs root, and before \
         Linux 5.2 also `mount -t tracefs tracefs /sys/kernel/tracing`"
    )]
    NoTracefs {
        /// The tracepoint.
        name: String,
        /// Why.
        source: sys::Error,
    },
    /// The place is taken.
    #[error(
        "{hook} is taken{}: nothing was replaced. Detach that first{}",
        occupied_by(by),
        kernel_says(text)
    )]
    Taken {
        /// The place.
        hook: String,
        /// Who has it, where the kernel tells.
        by: Vec<Occupant>,
        /// The kernel's words, where it has any.
        text: Option<String>,
    },
    /// The device or its driver refused an XDP program.
    #[error("{dev} does not take the program in {mode} mode: {errno:?}{}{}", kernel_says(text), then(hint))]
    Xdp {
        /// The device.
        dev: String,
        /// The mode asked for.
        mode: XdpMode,
        /// The error number.
        errno: Errno,
        /// The kernel's words, where it has any.
        text: Option<String>,
        /// What to do.
        hint: Option<String>,
    },
    /// The caller lacks a right.
    #[error("attaching to {hook} is not permitted ({call}: {errno}): it needs {needs}{}", kernel_says(text))]
    NotPermitted {
        /// What was to be attached to.
        hook: String,
        /// The call that was refused.
        call: String,
        /// `EPERM` or `EACCES`.
        errno: Errno,
        /// The capability, or the setting.
        needs: &'static str,
        /// The kernel's words, where it has any.
        text: Option<String>,
    },
    /// Any other refusal.
    #[error("{hook}: {call}: {errno}{}{}", kernel_says(text), then(hint))]
    Refused {
        /// What was to be attached to or detached from.
        hook: String,
        /// The call that was refused.
        call: String,
        /// The error number.
        errno: Errno,
        /// The kernel's words, where it has any.
        text: Option<String>,
        /// What to do.
        hint: Option<String>,
    },
    /// What we attached is no longer there: somebody else has put another in its place.
    #[error("{hook} no longer has program {prog_id}{}: left as it is", now_there(by.as_ref()))]
    NotOurs {
        /// The place.
        hook: String,
        /// The program that was attached.
        prog_id: u32,
        /// What is there now.
        by: Option<Occupant>,
    },
    /// Only links can be pinned.
    #[error("{hook} is held by {how}, which cannot be pinned and needs no pin to stay: {lifetime}")]
    NoPin {
        /// The place.
        hook: String,
        /// What holds the program.
        how: super::How,
        /// Until when it stays.
        lifetime: String,
    },
    /// A link cannot be pinned at this path.
    #[error("the link cannot be pinned at `{}`: {}{}", path.display(), source.errno.desc(), then(hint))]
    Pin {
        /// The path.
        path: PathBuf,
        /// Why.
        source: sys::Error,
        /// What to do.
        hint: Option<String>,
    },
    /// A path that is no pin.
    #[error("`{}` is not a pin in a BPF file system", path.display())]
    NotAPin {
        /// The path.
        path: PathBuf,
    },
    /// A pin of something else.
    #[error("`{}` is the pin of a {is}, not of a {wanted}", path.display())]
    OtherPin {
        /// The path.
        path: PathBuf,
        /// What it is the pin of.
        is: Kind,
        /// What was looked for.
        wanted: Kind,
    },
    /// The conversation with the kernel failed before it came to the matter.
    #[error("the kernel's list of network devices cannot be read: {0}")]
    Netlink(#[from] sys::netlink::Error),
    /// A program, link or map tells nothing about itself.
    #[error("the kernel tells nothing about the program or link: {0}")]
    Info(#[from] sys::Error),
}

/// `: did you mean …?`
fn suggest(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(": did you mean {}?", names.join(", ")),
    }
}

/// Where cgroup2 is, or that it is nowhere.
fn mounted_at(mounted: &[PathBuf]) -> String {
    match mounted.first() {
        Some(path) => format!(": that is mounted at {}. Give a directory there", path.display()),
        None => ", which is not mounted here: `mount -t cgroup2 none /sys/fs/cgroup/unified`".to_owned(),
    }
}

/// ` by program 7 (drop)`.
fn occupied_by(by: &[Occupant]) -> String {
    match by {
        [] => String::new(),
        by => format!(" by {}", by.iter().map(Occupant::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// `, but program 7 (drop)`.
fn now_there(by: Option<&Occupant>) -> String {
    by.map(|by| format!(", but {by}")).unwrap_or_default()
}

/// The extended acknowledgement.
fn kernel_says(text: &Option<String>) -> String {
    text.as_ref().map(|text| format!(". The kernel says: {}", text.trim_end_matches('.'))).unwrap_or_default()
}

/// A further sentence.
fn then(hint: &Option<String>) -> String {
    hint.as_ref().map(|hint| format!(". {hint}")).unwrap_or_default()
}
