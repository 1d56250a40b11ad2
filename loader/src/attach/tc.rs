//! tc filters in direct-action mode on the `clsact` qdisc, over netlink: they stay until removed, on every kernel.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

use super::held::{Attachment, Held};
use super::{Direction, Error, Prog, Target, common};
use crate::sys::netlink::{self, EGRESS_PARENT, Filter, INGRESS_PARENT, Socket};

/// The priority of the first filter on an empty side, as the kernel itself would choose it.
const FIRST_PRIORITY: u16 = 0xc000;
/// The handle within our priority.
const HANDLE: u32 = 1;
/// How often a priority is chosen anew that someone else took meanwhile.
const TRIES: usize = 8;

/// A filter of ours.
#[derive(Debug)]
pub struct Set {
    /// In the device's network namespace, wherever this thread goes.
    socket: Socket,
    dev: String,
    filter: Filter,
    /// Whether the qdisc was not there before.
    made_qdisc: bool,
}

/// Adds a filter that runs before those that are there.
pub fn attach(prog: &Prog<'_>, direction: Direction, target: &Target<'_>) -> Result<Attachment, Error> {
    let mut socket = Socket::route()?;
    let link = common::device(&mut socket, &format!("tc {direction}"), target)?;
    let hook = format!("tc {direction} on {}", link.name);
    let name = if prog.name.is_empty() { "bpfasm" } else { &prog.name };
    let filter = Filter {
        index: link.index,
        parent: parent(direction),
        priority: FIRST_PRIORITY,
        protocol: 0,
        handle: HANDLE,
        chain: 0,
        kind: "bpf".to_owned(),
        prog_id: Some(prog.id),
        name: Some(name.to_owned()),
    };
    let made_qdisc = make_qdisc(&mut socket, &hook, &link, direction)?;
    let mut set = Set { socket, dev: link.name, filter, made_qdisc };
    match set.add(prog.fd, name) {
        Ok(before) => {
            let mut attachment = Attachment::new(hook, prog, Held::Filter(set));
            if let Some(before) = before {
                attachment.note(format!(
                    "filters that run before this one: {before}; one that decides about a packet hides it from this one"
                ));
            }
            Ok(attachment)
        }
        Err(e) => {
            set.tidy();
            Err(common::refused_netlink(&hook, e, common::NET_ADMIN, None))
        }
    }
}

/// Where the filters of a direction hang.
fn parent(direction: Direction) -> u32 {
    match direction {
        Direction::Ingress => INGRESS_PARENT,
        Direction::Egress => EGRESS_PARENT,
    }
}

/// Sees that there is a qdisc for the filter; returns whether it was made.
fn make_qdisc(
    socket: &mut Socket,
    hook: &str,
    link: &netlink::LinkInfo,
    direction: Direction,
) -> Result<bool, Error> {
    let e = match socket.add_clsact(link.index) {
        Ok(()) => return Ok(true),
        Err(e) => e,
    };
    if e.errno() == Some(Errno::EEXIST) {
        let there = socket.qdiscs(link.index)?.into_iter().find(netlink::Qdisc::is_ingress_hook);
        match there.map(|q| q.kind).as_deref() {
            // The older `ingress` qdisc takes filters on received packets all the same.
            Some("clsact") => return Ok(false),
            Some("ingress") if direction == Direction::Ingress => return Ok(false),
            _ => {}
        }
        let dev = &link.name;
        let hint = format!(
            "{dev} has an `ingress` qdisc, which has no egress side: remove it (`tc qdisc del dev {dev} ingress`) or \
             name the section tcx/egress"
        );
        return Err(common::refused_netlink(hook, e, common::NET_ADMIN, Some(hint)));
    }
    let hint = (e.errno() == Some(Errno::ENOENT)).then(|| {
        "The kernel lacks the clsact qdisc (CONFIG_NET_SCH_INGRESS): `modprobe sch_ingress`".to_owned()
    });
    Err(common::refused_netlink(hook, e, common::NET_ADMIN, hint))
}

impl Set {
    /// The device's name when the filter was added.
    pub fn dev(&self) -> &str {
        &self.dev
    }

    /// Adds the filter in front of those that are there, or where there is no room in the first gap. Returns how many
    /// are before it, if any.
    fn add(&mut self, prog: BorrowedFd<'_>, name: &str) -> Result<Option<usize>, netlink::Error> {
        let place = (self.filter.index, self.filter.parent);
        let mut tries = TRIES;
        loop {
            let used: Vec<u16> = self
                .socket
                .filters(place.0, place.1)?
                .iter()
                .filter(|f| f.chain == 0)
                .map(|f| f.priority)
                .collect();
            self.filter.priority = free_priority(&used);
            match self.socket.add_bpf_filter(place, (self.filter.priority, HANDLE), prog.as_raw_fd(), name) {
                Err(e) if e.errno() == Some(Errno::EEXIST) && tries > 0 => tries -= 1,
                Err(e) => return Err(e),
                Ok(()) => break,
            }
        }
        // It is there now: whatever fails from here on must not make it look as if it were not.
        let filters = self.socket.filters(place.0, place.1).unwrap_or_default();
        if let Some(ours) = filters.iter().find(|f| self.is_ours(f)) {
            self.filter = ours.clone();
        }
        let before = |f: &&Filter| f.chain == 0 && f.handle != 0 && f.priority < self.filter.priority;
        let count = filters.iter().filter(before).count();
        Ok((count > 0).then_some(count))
    }

    /// Whether a filter is the one that was added.
    fn is_ours(&self, f: &Filter) -> bool {
        let place = |f: &Filter| (f.index, f.parent, f.chain, f.priority, f.handle, f.prog_id);
        place(f) == place(&self.filter)
    }

    /// Removes the filter if it still is this one, and the qdisc if it came with it and nobody else uses it.
    pub fn detach(&mut self, hook: &str, prog_id: u32) -> Result<(), Error> {
        if self.socket.link_by_index(self.filter.index).is_err_and(|e| e.errno() == Some(Errno::ENODEV)) {
            return Ok(());
        }
        let there = self.socket.filters(self.filter.index, self.filter.parent)?;
        let done = match there.iter().find(|f| self.is_ours(f)) {
            Some(ours) => match self.socket.delete_filter(ours) {
                Ok(()) => Ok(()),
                Err(e) => Err(common::refused_netlink(hook, e, common::NET_ADMIN, None)),
            },
            None => Err(Error::NotOurs { hook: hook.to_owned(), prog_id, by: None }),
        };
        self.tidy();
        done
    }

    /// Removes the qdisc if it was made for this filter and has no others.
    fn tidy(&mut self) {
        let empty = |socket: &mut Socket, index, parent| {
            socket.filters(index, parent).is_ok_and(|filters| filters.is_empty())
        };
        let index = self.filter.index;
        if self.made_qdisc
            && empty(&mut self.socket, index, INGRESS_PARENT)
            && empty(&mut self.socket, index, EGRESS_PARENT)
        {
            let _ = self.socket.delete_clsact(index);
        }
    }
}

/// The priority right before all that are used; the lowest free one where someone has the first.
fn free_priority(used: &[u16]) -> u16 {
    match used.iter().min() {
        None => FIRST_PRIORITY,
        Some(&first) if first > 1 => first - 1,
        Some(_) => (1..=u16::MAX).find(|p| !used.contains(p)).unwrap_or(u16::MAX),
    }
}

/// Removes all filters with program `prog_id` from a device; returns on which sides they were.
pub fn remove(
    socket: &mut Socket,
    link: &netlink::LinkInfo,
    prog_id: u32,
) -> Result<Vec<(Direction, u16)>, Error> {
    let mut removed = Vec::new();
    if !socket.qdiscs(link.index)?.iter().any(netlink::Qdisc::is_ingress_hook) {
        return Ok(removed);
    }
    for direction in [Direction::Ingress, Direction::Egress] {
        for filter in socket.filters(link.index, parent(direction))? {
            if filter.prog_id == Some(prog_id) {
                let hook = format!("tc {direction} on {}", link.name);
                socket
                    .delete_filter(&filter)
                    .map_err(|e| common::refused_netlink(&hook, e, common::NET_ADMIN, None))?;
                removed.push((direction, filter.priority));
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities() {
        assert_eq!(free_priority(&[]), FIRST_PRIORITY);
        assert_eq!(free_priority(&[10, 7, 20]), 6);
        assert_eq!(free_priority(&[1]), 2);
        assert_eq!(free_priority(&[1, 2, 4]), 3);
    }
}
