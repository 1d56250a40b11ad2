//! Taking off what an earlier run left: programs, and links by their pins.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;

use super::{Error, common, held, tc, xdp};
use crate::sys;
use crate::sys::bpf::{self, Kind};
use crate::sys::netlink::Socket;

/// One thing that was taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Where it was, for people: `tc egress on veth0, priority 49152`.
    pub hook: String,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hook)
    }
}

/// Opens the pin of an object of this kind.
///
/// # Errors
/// [`Error::Path`] when there is no such path or it may not be opened, [`Error::NotAPin`], [`Error::OtherPin`].
pub fn open_pin(path: &Path, wanted: Kind) -> Result<OwnedFd, Error> {
    let fd = bpf::obj_get(path, 0).map_err(|source| {
        // The kernel's answer to any other file, and to directories, is that of a closed one.
        let is_pin = || sys::fs::magic(path) == Ok(sys::fs::BPFFS) && !path.is_dir();
        match source.errno {
            Errno::EACCES | Errno::EPERM if path.exists() && !is_pin() => {
                Error::NotAPin { path: path.to_owned() }
            }
            _ => Error::Path { path: path.to_owned(), source },
        }
    })?;
    match bpf::kind_of(fd.as_fd()) {
        Some(is) if is != wanted => Err(Error::OtherPin { path: path.to_owned(), is, wanted }),
        _ => Ok(fd),
    }
}

/// Takes a program off every device of this network namespace where it was attached over netlink, XDP and tc
/// filters, and off what the links hold that are pinned in the directory `links`. A qdisc stays, since it may serve
/// others.
///
/// # Errors
/// The kernel's refusal; what was found before that is off.
pub fn detach_prog(prog: BorrowedFd<'_>, links: Option<&Path>) -> Result<Vec<Removed>, Error> {
    let prog_id = bpf::prog_info(prog)?.id;
    let mut removed = Vec::new();
    // A directory that is not there has no links.
    for entry in links.and_then(|dir| std::fs::read_dir(dir).ok()).into_iter().flatten().flatten() {
        let path = entry.path();
        if let Ok(link) = open_pin(&path, Kind::Link)
            && bpf::link_info(link.as_fd())?.prog_id == prog_id
        {
            removed.push(take_off(&path, &link)?);
        }
    }
    let mut socket = Socket::route()?;
    for link in socket.links()? {
        let dev = &link.name;
        if let Some(mode) = xdp::remove(&link, (prog, prog_id))? {
            removed.push(Removed { hook: format!("xdp on {dev}, {mode} mode") });
        }
        for (direction, priority) in tc::remove(&mut socket, &link, prog_id)? {
            removed.push(Removed { hook: format!("tc {direction} on {dev}, priority {priority}") });
        }
    }
    Ok(removed)
}

/// The numbers of the links that hold a program, as far as they may be seen.
#[must_use]
pub fn links_of(prog_id: u32) -> Vec<u32> {
    common::links().filter(|(_, info)| info.prog_id == prog_id).map(|(_, info)| info.id).collect()
}

/// Takes off what the link pinned at `path` holds, and removes the pin. Links of kinds that cannot be detached by
/// force (perf events, raw tracepoints) end here only if nobody else has them.
///
/// # Errors
/// Those of [`open_pin`] for a link; the pin cannot be removed.
pub fn detach_pin(path: &Path) -> Result<Removed, Error> {
    take_off(path, &open_pin(path, Kind::Link)?)
}

fn take_off(path: &Path, link: &OwnedFd) -> Result<Removed, Error> {
    let info = bpf::link_info(link.as_fd())?;
    // The pin first: if it must stay, so does what it holds.
    held::remove_pin(path)?;
    let _ = bpf::link_detach(link.as_fd());
    let kind = info.kind.name().unwrap_or("unknown");
    Ok(Removed { hook: format!("{kind} link {} with program {}", info.id, info.prog_id) })
}
