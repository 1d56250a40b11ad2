//! Programs on a cgroup v2 directory: sock_ops, skb, sock, sock_addr, device, sysctl, sockopt.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use bpfasm_asm::uapi::AttachType;
use bpfasm_asm::uapi::section::Section;
use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::held::{Attachment, Held};
use super::{Direction, Error, Occupant, Prog, Target, common};
use crate::sys;
use crate::sys::bpf::{self, ProgAttach};

/// Attaches beside the programs that are there: by link (Linux 5.7), before that with `BPF_F_ALLOW_MULTI`.
pub fn attach(
    prog: &Prog<'_>,
    name: &str,
    section: &Section<'_>,
    target: &Target<'_>,
) -> Result<Attachment, Error> {
    let Some(path) = &target.cgroup else {
        return Err(Error::MissingTarget {
            hook: name.to_owned(),
            what: "a cgroup",
            flag: "--cgroup PATH (a directory of the cgroup v2 hierarchy)",
        });
    };
    let kind = match (section.def.attach_type, target.direction) {
        (Some(kind), _) => kind,
        (None, Some(Direction::Ingress)) => AttachType::CGROUP_INET_INGRESS,
        (None, Some(Direction::Egress)) => AttachType::CGROUP_INET_EGRESS,
        (None, None) => {
            return Err(Error::MissingTarget {
                hook: format!("section {name}"),
                what: "a direction",
                flag: "--direction ingress (or egress), or name the section cgroup_skb/ingress or cgroup_skb/egress",
            });
        }
    };
    let cgroup = open(path)?;
    let hook = format!("{name} on cgroup {}", path.display());
    let place = bpf::Target::Fd(cgroup.as_fd());
    let e = match common::make_link(prog.fd, place, kind, 0) {
        Ok(fd) => return Ok(Attachment::new(hook, prog, Held::Link(fd))),
        Err(e) if e.errno == Errno::EINVAL => {
            let own = common::own(prog.fd)?;
            let mut how = ProgAttach::new(prog.fd, place, kind);
            how.flags = bpf::F_ALLOW_MULTI;
            match bpf::prog_attach(&how) {
                Ok(()) => {
                    let held =
                        Held::Attached { target: cgroup, prog: own, attach_type: kind, until: "the cgroup" };
                    return Ok(Attachment::new(hook, prog, held));
                }
                Err(e) => e,
            }
        }
        Err(e) => e,
    };
    // EPERM is also what the kernel says when a program there, or in a cgroup above, allows no other.
    let query = bpf::Query { target: place, attach_type: kind, flags: 0 };
    match bpf::prog_query(&query) {
        Ok(there) if e.errno == Errno::EPERM && !there.progs.is_empty() => {
            let by = there.progs.iter().map(|&id| Occupant::of(id, None)).collect();
            let text = Some("it allows no other program (no BPF_F_ALLOW_MULTI)".to_owned());
            Err(Error::Taken { hook, by, text: text.filter(|_| there.flags & bpf::F_ALLOW_MULTI == 0) })
        }
        _ => Err(common::refused(&hook, e, common::NET_ADMIN, None)),
    }
}

/// Opens a cgroup v2 directory.
fn open(path: &Path) -> Result<OwnedFd, Error> {
    let wrong = |source| Error::Path { path: path.to_owned(), source };
    if sys::fs::magic(path).map_err(wrong)? != sys::fs::CGROUP2 {
        return Err(Error::NotCgroup2 { path: path.to_owned(), mounted: mounted() });
    }
    sys::fs::open(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY).map_err(|e| match e.errno {
        // A file in the hierarchy, like cgroup.procs.
        Errno::ENOTDIR => Error::NotCgroup2 { path: path.to_owned(), mounted: mounted() },
        _ => wrong(e),
    })
}

/// Where cgroup2 is mounted in this mount namespace.
fn mounted() -> Vec<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let (path, kind) = (fields.next()?, fields.next()?);
            (kind == "cgroup2").then(|| PathBuf::from(path))
        })
        .collect()
}
