//! What answers in the kernel's place: descriptors of nothing, and what is remembered of them.
//!
//! A stand-in is an open descriptor (an eventfd), so that it has the number that the kernel would have given, and is
//! closed as that one would be.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::{Error, Result, bpf};

/// What a descriptor stands for.
#[derive(Debug, Clone)]
pub(super) enum Thing {
    /// A program: type and name.
    Prog(u32, [u8; bpf::NAME_LEN]),
    /// A map: type, key size, value size, entries, flags; name; `map_extra`.
    Map([u32; 5], [u8; bpf::NAME_LEN], u64),
    /// A link.
    Link,
    /// Anything that is not asked about.
    Other,
}

/// What stand-ins there are, and what they did.
#[derive(Debug, Default)]
struct Model {
    things: BTreeMap<RawFd, (u32, Thing)>,
    last_id: u32,
    /// XDP programs on devices: device, flags of the mode, number of the program.
    xdp: Vec<(u32, u32, u32)>,
}

thread_local! {
    static MODEL: RefCell<Model> = RefCell::default();
}

/// Begins anew.
pub(super) fn forget() {
    MODEL.take();
}

/// A descriptor was given by the kernel: what stood there before is gone.
pub(super) fn closed(fd: RawFd) {
    MODEL.with_borrow_mut(|model| model.things.remove(&fd));
}

/// A descriptor that stands for a thing.
pub(super) fn open(call: &'static str, thing: Thing) -> Result<OwnedFd> {
    let fd = EventFd::from_flags(EfdFlags::EFD_CLOEXEC).map_err(|errno| Error { call, errno })?;
    let fd = OwnedFd::from(fd);
    MODEL.with_borrow_mut(|model| {
        model.last_id += 1;
        model.things.insert(fd.as_raw_fd(), (model.last_id, thing));
    });
    Ok(fd)
}

/// A second descriptor that stands for the same.
pub(super) fn duplicate(of: BorrowedFd<'_>, new: OwnedFd) -> Result<OwnedFd> {
    MODEL.with_borrow_mut(|model| {
        if let Some(known) = model.things.get(&of.as_raw_fd()).cloned() {
            model.things.insert(new.as_raw_fd(), known);
        }
    });
    Ok(new)
}

/// What a descriptor stands for, with the number of the object; nothing for one that the kernel gave.
pub(super) fn thing(fd: RawFd) -> Option<(u32, Thing)> {
    MODEL.with_borrow(|model| model.things.get(&fd).cloned())
}

/// An XDP program was put on a device, or with a descriptor of −1 taken off.
pub(super) fn set_xdp(ifindex: u32, fd: RawFd, flags: u32) {
    let id = thing(fd).map(|(id, _)| id);
    MODEL.with_borrow_mut(|model| {
        model.xdp.retain(|(device, ..)| *device != ifindex);
        model.xdp.extend(id.map(|id| (ifindex, flags, id)));
    });
}

/// The XDP program on a device: flags of its mode, its number.
pub(super) fn xdp(ifindex: u32) -> Option<(u32, u32)> {
    MODEL.with_borrow(|model| model.xdp.iter().find(|x| x.0 == ifindex).map(|x| (x.1, x.2)))
}

/// The number of a device by its name, or the other way round.
pub(super) fn device(index: u32, name: Option<&str>) -> Option<(u32, String)> {
    match name {
        Some(name) => Some((nix::net::if_::if_nametoindex(name).ok()?, name.to_owned())),
        None => Some((index, nix::net::if_::if_indextoname(index).ok()?.into_string().ok()?)),
    }
}

/// The answer to a question about something that is not there.
pub(super) fn nothing<T>(call: &'static str) -> Result<T> {
    Err(Error { call, errno: Errno::ENOENT })
}
