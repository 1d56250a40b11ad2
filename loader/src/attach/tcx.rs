//! tcx: tc programs held by a link (Linux 6.6).

use bpfasm_asm::uapi::AttachType;
use nix::errno::Errno;

use super::held::{Attachment, Held};
use super::{Direction, Error, Prog, Target, common};
use crate::sys::bpf;
use crate::sys::netlink::Socket;

/// Attaches after the programs that are there.
pub fn attach(prog: &Prog<'_>, direction: Direction, target: &Target<'_>) -> Result<Attachment, Error> {
    let link = common::device(&mut Socket::route()?, &format!("tcx {direction}"), target)?;
    let hook = format!("tcx {direction} on {}", link.name);
    let kind = match direction {
        Direction::Ingress => AttachType::TCX_INGRESS,
        Direction::Egress => AttachType::TCX_EGRESS,
    };
    match common::make_link(prog.fd, bpf::Target::Ifindex(link.index), kind, 0) {
        Ok(fd) => Ok(Attachment::new(hook, prog, Held::Link(fd))),
        Err(e) => {
            let hint = (e.errno == Errno::EINVAL).then(|| {
                format!("tcx needs Linux 6.6: before that, name the section tc/{direction}, which uses the clsact qdisc")
            });
            Err(common::refused(&hook, e, common::NET_ADMIN, hint))
        }
    }
}
