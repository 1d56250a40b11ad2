//! XDP on a network device: by link, or over netlink where asked and on kernels without XDP links (before 5.9).

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use bpfasm_asm::uapi::AttachType;
use nix::errno::Errno;

use super::held::{Attachment, Held};
use super::{Error, Occupant, Prog, Target, XdpMode, common};
use crate::sys::bpf::{self, LinkDetail};
use crate::sys::netlink::{LinkInfo, Socket, XdpInfo, xdp_flags};

/// A program set over netlink.
#[derive(Debug)]
pub struct Set {
    /// In the device's network namespace, wherever this thread goes.
    socket: Socket,
    index: u32,
    dev: String,
    prog: OwnedFd,
    mode: XdpMode,
}

impl XdpMode {
    fn flag(self) -> u32 {
        match self {
            XdpMode::Native => xdp_flags::DRV_MODE,
            XdpMode::Generic => xdp_flags::SKB_MODE,
            XdpMode::Hardware => xdp_flags::HW_MODE,
        }
    }

    /// The id of the program that a device has in this mode.
    fn prog_id(self, xdp: &XdpInfo) -> Option<u32> {
        match self {
            XdpMode::Native => xdp.native,
            XdpMode::Generic => xdp.generic,
            XdpMode::Hardware => xdp.hardware,
        }
    }

    /// The mode in which a device has a program.
    fn of(xdp: &XdpInfo, prog_id: u32) -> Option<XdpMode> {
        [XdpMode::Native, XdpMode::Generic, XdpMode::Hardware]
            .into_iter()
            .find(|mode| mode.prog_id(xdp) == Some(prog_id))
    }
}

/// Attaches in the mode asked for, and reports the one that the kernel has.
pub fn attach(prog: &Prog<'_>, target: &Target<'_>) -> Result<Attachment, Error> {
    let mut socket = Socket::route()?;
    let link = common::device(&mut socket, "xdp", target)?;
    let hook = format!("xdp on {}", link.name);
    let mode = target.xdp_mode;
    let mut by = occupants(&link, mode);
    if !by.is_empty() {
        return Err(Error::Taken { hook, by, text: None });
    }
    let by_link = match target.prefer_netlink {
        true => None,
        // Whatever the reason is, netlink gives it in words; and an old kernel has no such link. So a refusal is
        // tried again there, in the same mode.
        false => {
            common::make_link(prog.fd, bpf::Target::Ifindex(link.index), AttachType::XDP, mode.flag()).ok()
        }
    };
    let mut warning = None;
    let held = match by_link {
        Some(fd) => Held::Link(fd),
        None => {
            // Everything that detaching needs is there before anything is attached.
            let set = Set {
                socket: Socket::route()?,
                index: link.index,
                dev: link.name.clone(),
                prog: common::own(prog.fd)?,
                mode,
            };
            let flags = mode.flag() | xdp_flags::UPDATE_IF_NOEXIST;
            match socket.set_xdp(link.index, prog.fd.as_raw_fd(), flags, None) {
                Ok(text) => warning = text,
                Err(e) if matches!(e.errno(), Some(Errno::EBUSY | Errno::EEXIST)) => {
                    // Someone came between, or a program of another mode is in the way.
                    if let Ok(now) = socket.link_by_index(link.index) {
                        by = occupants(&now, mode);
                    }
                    return Err(Error::Taken { hook, by, text: e.text().map(str::to_owned) });
                }
                Err(e) if matches!(e.errno(), Some(Errno::EPERM | Errno::EACCES)) => {
                    return Err(common::refused_netlink(&hook, e, common::NET_ADMIN, None));
                }
                Err(e) => {
                    let Some(errno) = e.errno() else { return Err(e.into()) };
                    let text = e.text().map(str::to_owned);
                    let hint = hint(&mut socket, &link, mode, errno, text.as_deref());
                    return Err(Error::Xdp { dev: link.name, mode, errno, text, hint });
                }
            }
            Held::Xdp(set)
        }
    };
    let mut attachment = Attachment::new(hook, prog, held);
    let now = socket.link_by_index(link.index)?;
    match XdpMode::of(&now.xdp, attachment.prog_id()) {
        Some(found) => attachment.set_mode(found),
        None => {
            let by = occupants(&now, mode).into_iter().next();
            let (hook, prog_id) = (attachment.hook().to_owned(), attachment.prog_id());
            return Err(Error::NotOurs { hook, prog_id, by });
        }
    }
    warning.into_iter().for_each(|text| attachment.note(format!("the kernel warns: {text}")));
    Ok(attachment)
}

/// Who is in the way of a program in this mode. Native and generic exclude each other.
fn occupants(link: &LinkInfo, mode: XdpMode) -> Vec<Occupant> {
    let xdp = &link.xdp;
    let ids = match mode {
        XdpMode::Hardware => [xdp.hardware, None],
        XdpMode::Native | XdpMode::Generic => [xdp.native, xdp.generic],
    };
    let on_it = |detail: &LinkDetail| *detail == LinkDetail::Xdp { ifindex: link.index };
    ids.into_iter().flatten().map(|id| Occupant::of(id, common::link_of(id, on_it))).collect()
}

/// What to do about a refusal.
fn hint(
    socket: &mut Socket,
    link: &LinkInfo,
    mode: XdpMode,
    errno: Errno,
    text: Option<&str>,
) -> Option<String> {
    let dev = &link.name;
    let says = |word: &str| text.is_some_and(|t| t.to_ascii_lowercase().contains(word));
    match mode {
        XdpMode::Native if errno == Errno::EOPNOTSUPP && !says("mtu") => Some(format!(
            "The driver of {dev} has no native XDP for this program: `--mode generic` works on every device"
        )),
        XdpMode::Native if matches!(errno, Errno::ERANGE | Errno::EMSGSIZE) || says("mtu") => {
            let peer = link.peer.filter(|_| link.kind.as_deref() == Some("veth"));
            let peer = peer.and_then(|index| socket.link_by_index(index).ok());
            let mut numbers = format!("The MTU of {dev} is {}", link.mtu);
            if let Some(peer) = &peer {
                numbers = format!("{numbers}, that of its peer {} {}", peer.name, peer.mtu);
            }
            let large = peer.filter(|peer| peer.mtu > link.mtu).map_or(dev.clone(), |peer| peer.name);
            Some(format!(
                "{numbers}; in native mode a packet must fit in one memory page, about 3500 bytes. Lower it (`ip link \
                 set dev {large} mtu 1500`), name the section xdp.frags, or use `--mode generic`"
            ))
        }
        XdpMode::Native => {
            Some("If the driver cannot do it, `--mode generic` works on every device".to_owned())
        }
        XdpMode::Hardware => Some(format!("{dev} runs no programs itself: use `--mode native` or `generic`")),
        XdpMode::Generic => None,
    }
}

impl Set {
    /// The device's name when the program was attached.
    pub fn dev(&self) -> &str {
        &self.dev
    }

    /// Takes the program off if it is still this one.
    pub fn detach(&mut self, hook: &str, prog_id: u32) -> Result<(), Error> {
        let flags = self.mode.flag();
        let fd = self.prog.as_raw_fd();
        let mut done = self.socket.set_xdp(self.index, -1, flags | xdp_flags::REPLACE, Some(fd));
        if matches!(&done, Err(e) if e.errno() == Some(Errno::EINVAL)) {
            // Before Linux 5.7 the kernel cannot compare, so we do.
            let now = self.socket.link_by_index(self.index);
            if now.is_ok_and(|now| self.mode.prog_id(&now.xdp) == Some(prog_id)) {
                done = self.socket.set_xdp(self.index, -1, flags, None);
            }
        }
        match done {
            Ok(_) => Ok(()),
            Err(e) if e.errno() == Some(Errno::ENODEV) => Ok(()),
            Err(e) if matches!(e.errno(), Some(Errno::EEXIST | Errno::EBUSY | Errno::EINVAL)) => {
                let now = self.socket.link_by_index(self.index)?;
                let by = occupants(&now, self.mode).into_iter().next();
                Err(Error::NotOurs { hook: hook.to_owned(), prog_id, by })
            }
            Err(e) => Err(common::refused_netlink(hook, e, common::NET_ADMIN, None)),
        }
    }
}

/// Takes program `prog` (descriptor) with number `prog_id` off a device, where it was set over netlink, not by a
/// link. Returns the mode in which it was there; nothing where it is not.
pub fn remove(link: &LinkInfo, (prog, prog_id): (BorrowedFd<'_>, u32)) -> Result<Option<XdpMode>, Error> {
    let Some(mode) = XdpMode::of(&link.xdp, prog_id) else { return Ok(None) };
    let hook = format!("xdp on {}", link.name);
    let mut set = Set {
        socket: Socket::route()?,
        index: link.index,
        dev: link.name.clone(),
        prog: common::own(prog)?,
        mode,
    };
    match set.detach(&hook, prog_id) {
        Ok(()) => Ok(Some(mode)),
        // A link holds it there, or another has its place by now.
        Err(Error::NotOurs { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}
