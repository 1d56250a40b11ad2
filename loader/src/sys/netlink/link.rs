//! Network devices and the XDP programs on them: `RTM_GETLINK`, `RTM_SETLINK` (`<linux/if_link.h>`).

use std::os::fd::RawFd;

use super::show::{Attribute, Show};
use super::{Attrs, Error, Message, Reply, Socket, i32_at};

/// `RTM_NEWLINK`.
const RTM_NEWLINK: u16 = 16;
/// `RTM_GETLINK`.
pub(super) const RTM_GETLINK: u16 = 18;
/// `RTM_SETLINK`.
pub(super) const RTM_SETLINK: u16 = 19;

/// Length of `struct ifinfomsg`.
pub(super) const IFINFOMSG: usize = 16;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_XDP: u16 = 43;
const IFLA_ALT_IFNAME: u16 = 53;

const IFLA_XDP_FD: u16 = 1;
const IFLA_XDP_ATTACHED: u16 = 2;
const IFLA_XDP_FLAGS: u16 = 3;
const IFLA_XDP_PROG_ID: u16 = 4;
const IFLA_XDP_DRV_PROG_ID: u16 = 5;
const IFLA_XDP_SKB_PROG_ID: u16 = 6;
const IFLA_XDP_HW_PROG_ID: u16 = 7;
const IFLA_XDP_EXPECTED_FD: u16 = 8;

/// `IFNAMSIZ` without the zero byte; longer names are alternative names (kernel 5.5).
const NAME_MAX: usize = 15;

/// `XDP_FLAGS_*`.
pub mod xdp_flags {
    /// Refuse when something is attached already.
    pub const UPDATE_IF_NOEXIST: u32 = 1;
    /// Generic mode: on socket buffers, in the network stack.
    pub const SKB_MODE: u32 = 1 << 1;
    /// Native mode: in the driver.
    pub const DRV_MODE: u32 = 1 << 2;
    /// On the device.
    pub const HW_MODE: u32 = 1 << 3;
    /// Only if the program of `IFLA_XDP_EXPECTED_FD` is there (kernel 5.7).
    pub const REPLACE: u32 = 1 << 4;
}

/// Attributes of requests by name.
pub(super) const ATTRIBUTES: &[Attribute] = &[
    (IFLA_IFNAME, "IFLA_IFNAME", Show::Text),
    (IFLA_ALT_IFNAME, "IFLA_ALT_IFNAME", Show::Text),
    (
        IFLA_XDP,
        "IFLA_XDP",
        Show::Nest(&[
            (IFLA_XDP_FD, "IFLA_XDP_FD", Show::Fd),
            (
                IFLA_XDP_FLAGS,
                "IFLA_XDP_FLAGS",
                Show::Flags(&["UPDATE_IF_NOEXIST", "SKB_MODE", "DRV_MODE", "HW_MODE", "REPLACE"]),
            ),
            (IFLA_XDP_EXPECTED_FD, "IFLA_XDP_EXPECTED_FD", Show::Fd),
        ]),
    ),
];

/// The name in an `RTM_GETLINK`.
pub(super) fn asked_name(payload: &[u8]) -> Option<String> {
    let attrs = Attrs::new(payload, IFINFOMSG);
    attrs.text(IFLA_IFNAME).or_else(|| attrs.text(IFLA_ALT_IFNAME))
}

/// Descriptor and flags of the XDP program in an `RTM_SETLINK`.
pub(super) fn xdp_of(payload: &[u8]) -> Option<(RawFd, u32)> {
    let xdp = Attrs::new(payload, IFINFOMSG).nested(IFLA_XDP);
    Some((xdp.u32(IFLA_XDP_FD)?.cast_signed(), xdp.u32(IFLA_XDP_FLAGS).unwrap_or(0)))
}

/// An `RTM_NEWLINK` about a device, with the flags and the number of its XDP program.
pub(super) fn reply(index: u32, name: &str, xdp: Option<(u32, u32)>) -> Reply {
    let mut message = Message::new(RTM_NEWLINK, 0, &ifinfomsg(index));
    message.attr_str(IFLA_IFNAME, name).nested(IFLA_XDP, |m| {
        if let Some((flags, id)) = xdp {
            let kind = match flags {
                flags if flags & xdp_flags::SKB_MODE != 0 => IFLA_XDP_SKB_PROG_ID,
                flags if flags & xdp_flags::HW_MODE != 0 => IFLA_XDP_HW_PROG_ID,
                _ => IFLA_XDP_DRV_PROG_ID,
            };
            m.attr_u32(kind, id);
        }
    });
    Reply { kind: RTM_NEWLINK, payload: message.payload().to_vec() }
}

/// The XDP programs of a device, as the kernel reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct XdpInfo {
    /// `XDP_ATTACHED_*`: 0 none, 1 native, 2 generic, 3 hardware, 4 several.
    pub attached: u8,
    /// The program's id where there is one mode only.
    pub id: Option<u32>,
    /// The id of the program in native mode.
    pub native: Option<u32>,
    /// The id of the program in generic mode.
    pub generic: Option<u32>,
    /// The id of the program on the device.
    pub hardware: Option<u32>,
}

/// A network device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkInfo {
    /// Its number in this network namespace.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The largest packet in bytes, without the link header.
    pub mtu: u32,
    /// `IF_OPER_*`; 6 is up.
    pub operstate: u8,
    /// The kind of a virtual device: `veth`.
    pub kind: Option<String>,
    /// The device that this one belongs to (for a veth its peer), when it is in the same network namespace.
    pub peer: Option<u32>,
    /// The XDP programs on it.
    pub xdp: XdpInfo,
}

/// `struct ifinfomsg` with only the index filled in.
fn ifinfomsg(index: u32) -> [u8; IFINFOMSG] {
    let mut bytes = [0; IFINFOMSG];
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes
}

/// Reads an `RTM_NEWLINK`.
fn read(reply: &Reply) -> Option<LinkInfo> {
    if reply.kind != RTM_NEWLINK {
        return None;
    }
    let attrs = Attrs::new(&reply.payload, IFINFOMSG);
    let xdp = attrs.nested(IFLA_XDP);
    let id = |kind| xdp.u32(kind).filter(|&id| id != 0);
    let elsewhere = attrs.find(IFLA_LINK_NETNSID).is_some();
    Some(LinkInfo {
        index: u32::try_from(i32_at(&reply.payload, 4)?).ok()?,
        name: attrs.text(IFLA_IFNAME)?,
        mtu: attrs.u32(IFLA_MTU).unwrap_or(0),
        operstate: attrs.u8(IFLA_OPERSTATE).unwrap_or(0),
        kind: attrs.nested(IFLA_LINKINFO).text(IFLA_INFO_KIND),
        peer: attrs.u32(IFLA_LINK).filter(|&i| i != 0 && !elsewhere),
        xdp: XdpInfo {
            attached: xdp.u8(IFLA_XDP_ATTACHED).unwrap_or(0),
            id: id(IFLA_XDP_PROG_ID),
            native: id(IFLA_XDP_DRV_PROG_ID),
            generic: id(IFLA_XDP_SKB_PROG_ID),
            hardware: id(IFLA_XDP_HW_PROG_ID),
        },
    })
}

impl Socket {
    /// All network devices of the socket's namespace.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub fn links(&mut self) -> Result<Vec<LinkInfo>, Error> {
        let replies = self.dump(&Message::new(RTM_GETLINK, 0, &ifinfomsg(0)))?;
        Ok(replies.iter().filter_map(read).collect())
    }

    /// The device with this name or alternative name.
    ///
    /// # Errors
    /// `ENODEV` when there is none.
    pub fn link_by_name(&mut self, name: &str) -> Result<LinkInfo, Error> {
        let mut message = Message::new(RTM_GETLINK, 0, &ifinfomsg(0));
        message.attr_str(if name.len() > NAME_MAX { IFLA_ALT_IFNAME } else { IFLA_IFNAME }, name);
        self.one_link(message)
    }

    /// The device with this number.
    ///
    /// # Errors
    /// `ENODEV` when there is none.
    pub fn link_by_index(&mut self, index: u32) -> Result<LinkInfo, Error> {
        self.one_link(Message::new(RTM_GETLINK, 0, &ifinfomsg(index)))
    }

    fn one_link(&mut self, message: Message) -> Result<LinkInfo, Error> {
        let answer = self.request(message)?;
        answer.replies.iter().find_map(read).ok_or(Error::Malformed { request: "RTM_GETLINK" })
    }

    /// Sets or (with `fd` −1) removes a device's XDP program. `flags` are [`xdp_flags`]; with `REPLACE` the program
    /// there must be the one of `expected`. Returns the kernel's warning, if it had one.
    ///
    /// # Errors
    /// `EBUSY`, `EEXIST` when a program is there already; `EOPNOTSUPP`, `EINVAL`, `ERANGE` and others from the
    /// driver, with its text.
    pub fn set_xdp(
        &mut self,
        index: u32,
        fd: RawFd,
        flags: u32,
        expected: Option<RawFd>,
    ) -> Result<Option<String>, Error> {
        let mut message = Message::new(RTM_SETLINK, 0, &ifinfomsg(index));
        message.nested(IFLA_XDP, |m| {
            m.attr_i32(IFLA_XDP_FD, fd).attr_u32(IFLA_XDP_FLAGS, flags);
            if let Some(expected) = expected {
                m.attr_i32(IFLA_XDP_EXPECTED_FD, expected);
            }
        });
        self.request(message).map(|answer| answer.warning)
    }
}
