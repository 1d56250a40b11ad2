//! sk_msg and sk_skb programs on a sockmap or sockhash.

use std::os::fd::AsFd;

use bpfasm_asm::uapi::AttachType;
use nix::errno::Errno;

use super::held::{Attachment, Held};
use super::{Error, Occupant, Prog, Target, common};
use crate::sys::bpf::{self, LinkDetail, ProgAttach};

/// Attaches to a map that has no program of this kind: by link (Linux 6.10), before that with `BPF_PROG_ATTACH`.
pub fn attach(
    prog: &Prog<'_>,
    section: &str,
    kind: AttachType,
    target: &Target<'_>,
) -> Result<Attachment, Error> {
    let Some(map) = target.map else {
        return Err(Error::MissingTarget {
            hook: section.to_owned(),
            what: "a sockmap or sockhash",
            flag: "--sockmap NAME",
        });
    };
    let info = bpf::map_info(map)?;
    let hook = match info.name.as_str() {
        "" => format!("{section} on map {}", info.id),
        name => format!("{section} on map {name} ({})", info.id),
    };
    let place = bpf::Target::Fd(map);
    let taken = || {
        let there = bpf::prog_query(&bpf::Query { target: place, attach_type: kind, flags: 0 }).ok()?;
        let on_it =
            |detail: &LinkDetail| *detail == LinkDetail::Sockmap { map_id: info.id, attach_type: kind };
        let by: Vec<Occupant> =
            there.progs.iter().map(|&id| Occupant::of(id, common::link_of(id, on_it))).collect();
        (!by.is_empty()).then_some(by)
    };
    // The kernel would put the new program in the old one's place.
    if let Some(by) = taken() {
        return Err(Error::Taken { hook, by, text: None });
    }
    let e = match common::make_link(prog.fd, place, kind, 0) {
        Ok(fd) => return Ok(Attachment::new(hook, prog, Held::Link(fd))),
        Err(e) if matches!(e.errno, Errno::EINVAL | Errno::EOPNOTSUPP) => {
            let own = common::own(prog.fd)?;
            let own_map = common::own(map)?;
            match bpf::prog_attach(&ProgAttach::new(own.as_fd(), bpf::Target::Fd(own_map.as_fd()), kind)) {
                Ok(()) => {
                    let held =
                        Held::Attached { target: own_map, prog: own, attach_type: kind, until: "the map" };
                    return Ok(Attachment::new(hook, prog, held));
                }
                Err(e) => e,
            }
        }
        Err(e) => e,
    };
    match (e.errno, taken()) {
        (Errno::EBUSY | Errno::EEXIST, by) => {
            Err(Error::Taken { hook, by: by.unwrap_or_default(), text: None })
        }
        _ => {
            let hint = matches!(e.errno, Errno::EINVAL | Errno::EOPNOTSUPP)
                .then(|| "The map must be a sockmap or sockhash, and the program of this section".to_owned());
            Err(common::refused(&hook, e, common::NET_ADMIN, hint))
        }
    }
}
