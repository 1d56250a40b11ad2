//! Taking off what an earlier run left: programs by number, links by pin.

use std::fmt;
use std::os::fd::AsFd;
use std::path::Path;

use super::{Error, common, held, tc, xdp};
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

/// Takes program `prog_id` off every device of this network namespace where it was attached over netlink: XDP and tc
/// filters. What a link holds is left: see [`detach_pin`]. A qdisc stays, since it may serve others.
///
/// # Errors
/// The kernel's refusal; what was found before that is off.
pub fn detach_prog(prog_id: u32) -> Result<Vec<Removed>, Error> {
    let prog = bpf::fd_by_id(Kind::Prog, prog_id)?;
    let mut socket = Socket::route()?;
    let mut removed = Vec::new();
    for link in socket.links()? {
        let dev = &link.name;
        let on_it = |detail: &bpf::LinkDetail| *detail == bpf::LinkDetail::Xdp { ifindex: link.index };
        if common::link_of(prog_id, on_it).is_none()
            && let Some(mode) = xdp::remove(&link, (prog.as_fd(), prog_id))?
        {
            removed.push(Removed { hook: format!("xdp on {dev}, {mode} mode") });
        }
        for (direction, priority) in tc::remove(&mut socket, &link, prog_id)? {
            removed.push(Removed { hook: format!("tc {direction} on {dev}, priority {priority}") });
        }
    }
    Ok(removed)
}

/// Takes off what the link pinned at `path` holds, and removes the pin. Links of kinds that cannot be detached by
/// force (perf events, raw tracepoints) end here only if nobody else has them.
///
/// # Errors
/// [`Error::Path`] when there is no pin at the path, [`Error::NotALink`] when it is that of a program or map.
pub fn detach_pin(path: &Path) -> Result<Removed, Error> {
    let wrong = |source| Error::Path { path: path.to_owned(), source };
    let link = bpf::obj_get(path, 0).map_err(wrong)?;
    // A program's or map's descriptor would be asked as one of its own kind, and answer.
    if !common::is_link(link.as_fd()) {
        return Err(Error::NotALink { path: path.to_owned() });
    }
    let info = bpf::link_info(link.as_fd()).map_err(wrong)?;
    let _ = bpf::link_detach(link.as_fd());
    held::remove_pin(path)?;
    let kind = info.kind.name().unwrap_or("unknown");
    Ok(Removed { hook: format!("{kind} link {} with program {}", info.id, info.prog_id) })
}
