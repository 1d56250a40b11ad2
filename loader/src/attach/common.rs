//! What several families of hooks need: devices, who is on them, and refusals told.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bpfasm_asm::uapi::AttachType;
use nix::errno::Errno;

use super::nearest::nearest;
use super::{Error, Target};
use crate::inspect;
use crate::sys;
use crate::sys::bpf::{self, Kind, LinkDetail, LinkInfo};
use crate::sys::netlink::{self, Socket};

/// What netlink and links on devices and cgroups need.
pub const NET_ADMIN: &str = "CAP_NET_ADMIN (and CAP_BPF), as root has them";
/// What tracing needs.
pub const PERFMON: &str = "CAP_PERFMON and CAP_BPF, as root has them";

/// The device that the target names.
///
/// # Errors
/// [`Error::MissingTarget`], [`Error::NoDevice`].
pub fn device(socket: &mut Socket, hook: &str, target: &Target<'_>) -> Result<netlink::LinkInfo, Error> {
    let Some(name) = &target.dev else {
        return Err(Error::MissingTarget {
            hook: hook.to_owned(),
            what: "a network device",
            flag: "--dev IF",
        });
    };
    match socket.link_by_name(name) {
        Ok(link) => Ok(link),
        // The kernel refuses names that no device can have with other numbers.
        Err(e) if matches!(e.errno(), Some(Errno::ENODEV | Errno::EINVAL | Errno::ERANGE)) => {
            let names = socket.links()?.into_iter().map(|link| link.name);
            Err(Error::NoDevice { name: name.clone(), nearest: nearest(name, names) })
        }
        Err(e) => Err(e.into()),
    }
}

/// A second descriptor of a program, to be kept as long as it is attached.
pub fn own(prog: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    sys::duplicate(prog).map_err(Error::Info)
}

/// All links of this machine that may be seen; none where that is not permitted.
pub fn links() -> impl Iterator<Item = (OwnedFd, LinkInfo)> {
    let opened = inspect::opened(Kind::Link).filter_map(Result::ok);
    opened.filter_map(|fd| bpf::link_info(fd.as_fd()).ok().map(|info| (fd, info)))
}

/// The link that holds a program on a place.
pub fn link_of(prog_id: u32, at: impl Fn(&LinkDetail) -> bool) -> Option<u32> {
    links().find(|(_, info)| info.prog_id == prog_id && at(&info.detail)).map(|(_, info)| info.id)
}

/// Makes a link.
pub fn make_link(
    prog: BorrowedFd<'_>,
    target: bpf::Target<'_>,
    attach_type: AttachType,
    flags: u32,
) -> sys::Result<OwnedFd> {
    let options = bpf::LinkOptions::None;
    bpf::link_create(&bpf::LinkCreate { prog, target, attach_type, flags, options })
}

/// A refusal of a system call: the right that is missing, or the number with a hint.
pub fn refused(hook: &str, e: sys::Error, needs: &'static str, hint: Option<String>) -> Error {
    tell(hook, (e.call.to_owned(), e.errno, None), needs, hint)
}

/// A refusal over netlink.
pub fn refused_netlink(hook: &str, e: netlink::Error, needs: &'static str, hint: Option<String>) -> Error {
    match &e {
        netlink::Error::Refused { request, errno, text } => {
            tell(hook, ((*request).to_owned(), *errno, text.clone()), needs, hint)
        }
        netlink::Error::Sys(e) => refused(hook, *e, needs, hint),
        _ => Error::Netlink(e),
    }
}

fn tell(
    hook: &str,
    (call, errno, text): (String, Errno, Option<String>),
    needs: &'static str,
    hint: Option<String>,
) -> Error {
    let hook = hook.to_owned();
    match errno {
        Errno::EPERM | Errno::EACCES => Error::NotPermitted { hook, call, errno, needs, text },
        _ => Error::Refused { hook, call, errno, text, hint },
    }
}
