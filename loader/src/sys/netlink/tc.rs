//! Traffic control: the `clsact` qdisc and `bpf` filters on it (`<linux/pkt_sched.h>`, `<linux/pkt_cls.h>`).

use std::os::fd::RawFd;

use super::show::{Attribute, Show};
use super::{Attrs, CREATE, EXCL, Error, Message, Reply, Socket, i32_at, u32_at};

/// `RTM_NEWQDISC`.
pub(super) const RTM_NEWQDISC: u16 = 36;
/// `RTM_DELQDISC`.
pub(super) const RTM_DELQDISC: u16 = 37;
/// `RTM_GETQDISC`.
pub(super) const RTM_GETQDISC: u16 = 38;
/// `RTM_NEWTFILTER`.
pub(super) const RTM_NEWTFILTER: u16 = 44;
/// `RTM_DELTFILTER`.
pub(super) const RTM_DELTFILTER: u16 = 45;
/// `RTM_GETTFILTER`.
pub(super) const RTM_GETTFILTER: u16 = 46;

/// Length of `struct tcmsg`.
pub(super) const TCMSG: usize = 20;
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_CHAIN: u16 = 11;
const TCA_BPF_FD: u16 = 6;
const TCA_BPF_NAME: u16 = 7;
const TCA_BPF_FLAGS: u16 = 8;
const TCA_BPF_ID: u16 = 11;
/// Attributes of requests by name.
pub(super) const ATTRIBUTES: &[Attribute] = &[
    (TCA_KIND, "TCA_KIND", Show::Text),
    (TCA_CHAIN, "TCA_CHAIN", Show::Number),
    (
        TCA_OPTIONS,
        "TCA_OPTIONS",
        Show::Nest(&[
            (TCA_BPF_FD, "TCA_BPF_FD", Show::Fd),
            (TCA_BPF_NAME, "TCA_BPF_NAME", Show::Text),
            (TCA_BPF_FLAGS, "TCA_BPF_FLAGS", Show::Flags(&["ACT_DIRECT"])),
        ]),
    ),
];
/// `TCA_BPF_FLAG_ACT_DIRECT`: the program's result is the action.
const ACT_DIRECT: u32 = 1;
/// `ETH_P_ALL`.
const ETH_P_ALL: u16 = 3;

/// `TC_H_INGRESS` and `TC_H_CLSACT`: where such a qdisc hangs.
const CLSACT: u32 = 0xffff_fff1;
/// The handle that these qdiscs have: `ffff:`.
const CLSACT_HANDLE: u32 = 0xffff_0000;
/// `TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)`: the parent of filters on received packets.
pub const INGRESS_PARENT: u32 = 0xffff_fff2;
/// `TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)`: the parent of filters on sent packets.
pub const EGRESS_PARENT: u32 = 0xffff_fff3;

/// A queueing discipline of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qdisc {
    /// The device's number.
    pub index: u32,
    /// Where it hangs.
    pub parent: u32,
    /// What it is: `clsact`, `ingress`, `fq_codel`.
    pub kind: String,
}

impl Qdisc {
    /// Whether it sits at the one place where `clsact` and `ingress` go.
    pub fn is_ingress_hook(&self) -> bool {
        self.parent == CLSACT
    }
}

/// A filter of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The device's number.
    pub index: u32,
    /// [`INGRESS_PARENT`] or [`EGRESS_PARENT`].
    pub parent: u32,
    /// Order: the lowest number runs first; from 1.
    pub priority: u16,
    /// The protocol it is for, as the kernel's message has it: an EtherType in network order.
    pub protocol: u16,
    /// The filter's number within its priority; 0 for the header of a priority, which is no filter.
    pub handle: u32,
    /// The chain, 0 unless someone jumps.
    pub chain: u32,
    /// What it is: `bpf`, `u32`, `flower`.
    pub kind: String,
    /// A bpf filter's program id.
    pub prog_id: Option<u32>,
    /// A bpf filter's name.
    pub name: Option<String>,
}

/// `struct tcmsg`.
fn tcmsg(index: u32, handle: u32, parent: u32, info: u32) -> [u8; TCMSG] {
    let mut bytes = [0; TCMSG];
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes[8..12].copy_from_slice(&handle.to_ne_bytes());
    bytes[12..16].copy_from_slice(&parent.to_ne_bytes());
    bytes[16..20].copy_from_slice(&info.to_ne_bytes());
    bytes
}

/// `tcm_info` of a filter: the priority, and the protocol in network order.
fn info(priority: u16, protocol: u16) -> u32 {
    u32::from(priority) << 16 | u32::from(protocol)
}

/// Reads an `RTM_NEWQDISC`.
fn read_qdisc(reply: &Reply) -> Option<Qdisc> {
    Some(Qdisc {
        index: u32::try_from(i32_at(&reply.payload, 4)?).ok()?,
        parent: u32_at(&reply.payload, 12)?,
        kind: Attrs::new(&reply.payload, TCMSG).text(TCA_KIND)?,
    })
}

/// Reads an `RTM_NEWTFILTER`.
fn read_filter(reply: &Reply) -> Option<Filter> {
    let attrs = Attrs::new(&reply.payload, TCMSG);
    let kind = attrs.text(TCA_KIND)?;
    let options = attrs.nested(TCA_OPTIONS);
    let bpf = kind == "bpf";
    let info = u32_at(&reply.payload, 16)?;
    Some(Filter {
        index: u32::try_from(i32_at(&reply.payload, 4)?).ok()?,
        handle: u32_at(&reply.payload, 8)?,
        parent: u32_at(&reply.payload, 12)?,
        priority: u16::try_from(info >> 16).ok()?,
        protocol: u16::try_from(info & 0xffff).ok()?,
        chain: attrs.u32(TCA_CHAIN).unwrap_or(0),
        prog_id: options.u32(TCA_BPF_ID).filter(|_| bpf),
        name: options.text(TCA_BPF_NAME).filter(|_| bpf),
        kind,
    })
}

impl Socket {
    /// The queueing disciplines of a device.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub fn qdiscs(&mut self, index: u32) -> Result<Vec<Qdisc>, Error> {
        let replies = self.dump(&Message::new(RTM_GETQDISC, 0, &tcmsg(index, 0, 0, 0)))?;
        Ok(replies.iter().filter_map(read_qdisc).filter(|q| q.index == index).collect())
    }

    /// Adds the `clsact` qdisc, to which filters on both directions attach and which queues nothing.
    ///
    /// # Errors
    /// `EEXIST` when it or an `ingress` qdisc is there; `ENOENT` when the kernel has no `sch_ingress`.
    pub fn add_clsact(&mut self, index: u32) -> Result<(), Error> {
        let header = tcmsg(index, CLSACT_HANDLE, CLSACT, 0);
        let mut message = Message::new(RTM_NEWQDISC, CREATE | EXCL, &header);
        message.attr_str(TCA_KIND, "clsact");
        self.request(message).map(|_| ())
    }

    /// Removes the `clsact` qdisc with all filters on it.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub fn delete_clsact(&mut self, index: u32) -> Result<(), Error> {
        let mut message = Message::new(RTM_DELQDISC, 0, &tcmsg(index, CLSACT_HANDLE, CLSACT, 0));
        message.attr_str(TCA_KIND, "clsact");
        self.request(message).map(|_| ())
    }

    /// The filters on one side of a device, in no particular order, priority headers (handle 0) included.
    ///
    /// # Errors
    /// The kernel's refusal; a device without `clsact` has no filters, which is none.
    pub fn filters(&mut self, index: u32, parent: u32) -> Result<Vec<Filter>, Error> {
        let replies = match self.dump(&Message::new(RTM_GETTFILTER, 0, &tcmsg(index, 0, parent, 0))) {
            // No qdisc, no filters.
            Err(e) if matches!(e.errno(), Some(nix::errno::Errno::EINVAL | nix::errno::Errno::ENOENT)) => {
                return Ok(Vec::new());
            }
            other => other?,
        };
        let ours = |f: &Filter| f.index == index && f.parent == parent;
        Ok(replies.iter().filter_map(read_filter).filter(ours).collect())
    }

    /// Adds a direct-action bpf filter for all protocols; what is there is never replaced.
    ///
    /// # Errors
    /// `EEXIST` when the priority and handle are taken; the kernel's text otherwise.
    pub fn add_bpf_filter(
        &mut self,
        (index, parent): (u32, u32),
        (priority, handle): (u16, u32),
        fd: RawFd,
        name: &str,
    ) -> Result<(), Error> {
        let header = tcmsg(index, handle, parent, info(priority, ETH_P_ALL.to_be()));
        let mut message = Message::new(RTM_NEWTFILTER, CREATE | EXCL, &header);
        message.attr_str(TCA_KIND, "bpf").nested(TCA_OPTIONS, |m| {
            m.attr_i32(TCA_BPF_FD, fd).attr_str(TCA_BPF_NAME, name).attr_u32(TCA_BPF_FLAGS, ACT_DIRECT);
        });
        self.request(message).map(|_| ())
    }

    /// Removes one filter.
    ///
    /// # Errors
    /// `ENOENT` when it is gone.
    pub fn delete_filter(&mut self, filter: &Filter) -> Result<(), Error> {
        let header =
            tcmsg(filter.index, filter.handle, filter.parent, info(filter.priority, filter.protocol));
        let mut message = Message::new(RTM_DELTFILTER, 0, &header);
        message.attr_str(TCA_KIND, &filter.kind);
        if filter.chain != 0 {
            message.attr_u32(TCA_CHAIN, filter.chain);
        }
        self.request(message).map(|_| ())
    }
}
