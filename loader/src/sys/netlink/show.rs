//! Requests in words, for who watches, and what answers them where none is sent.

use super::link::{self, IFINFOMSG, RTM_GETLINK, RTM_SETLINK};
use super::message::HEADER;
use super::tc::{self, TCMSG};
use super::{Answer, Attrs, CREATE, DUMP, EXCL, Error, Message, name_of, u32_at};
use crate::sys::seam::{Fields, Value};
use crate::sys::stand_in;
use nix::errno::Errno;

/// How the payload of an attribute is shown.
#[derive(Clone, Copy)]
pub(super) enum Show {
    Text,
    Number,
    Fd,
    Flags(&'static [&'static str]),
    /// Attributes again.
    Nest(&'static [Attribute]),
}

/// An attribute: number, name, payload.
pub(super) type Attribute = (u16, &'static str, Show);

/// Adds the fields of a request, which are those of its family's header and its attributes.
pub(super) fn fields(message: &Message, more_flags: u16, to: Fields) -> Fields {
    let payload = message.payload();
    let flags = message.flags() | more_flags;
    let set: Vec<&str> = [(CREATE, "CREATE"), (EXCL, "EXCL"), (DUMP, "DUMP")]
        .into_iter()
        .filter(|(flag, _)| flags & flag == *flag && (*flag != EXCL || flags & DUMP != DUMP))
        .map(|(_, name)| name)
        .collect();
    let to = to.add("nlmsg_flags", (!set.is_empty()).then(|| Value::Name(set.join("|"))));
    let word = |at| u32_at(payload, at).unwrap_or(0);
    let number = |n: u32| (n != 0).then(|| Value::Number(n.into()));
    let hex = |n: u32| (n != 0).then(|| Value::Hex(n.into()));
    if is_link(message.kind()) {
        let to = to.add("ifi_index", number(word(4)));
        attributes(Attrs::new(payload, IFINFOMSG), link::ATTRIBUTES, to)
    } else {
        let to = to
            .add("tcm_ifindex", number(word(4)))
            .add("tcm_handle", hex(word(8)))
            .add("tcm_parent", hex(word(12)))
            .add("priority", number(word(16) >> 16));
        attributes(Attrs::new(payload, TCMSG), tc::ATTRIBUTES, to)
    }
}

fn is_link(kind: u16) -> bool {
    matches!(kind, RTM_GETLINK | RTM_SETLINK)
}

fn attributes(attrs: Attrs<'_>, names: &'static [Attribute], mut to: Fields) -> Fields {
    for (kind, payload) in attrs {
        let Some((_, name, show)) = names.iter().find(|(number, ..)| *number == kind) else { continue };
        let number = u32_at(payload, 0).unwrap_or(0);
        let text = || String::from_utf8_lossy(payload.strip_suffix(b"\0").unwrap_or(payload)).into_owned();
        let value = match show {
            Show::Nest(inner) => {
                to = attributes(Attrs::new(payload, 0), inner, to);
                continue;
            }
            Show::Text => Value::Text(text()),
            Show::Number => Value::Number(number.into()),
            Show::Fd => Value::Fd(number.cast_signed()),
            Show::Flags(names) => Value::flags(number, names).unwrap_or(Value::Number(0)),
        };
        to = to.add(name, value);
    }
    to
}

/// The answer of a kernel that takes everything. Devices are those that there are.
pub(super) fn stand_in(message: &Message, more_flags: u16) -> Result<Answer, Error> {
    let payload = message.payload();
    let index = u32_at(payload, 4).unwrap_or(0);
    match message.kind() {
        RTM_SETLINK => {
            if let Some((fd, flags)) = link::xdp_of(payload) {
                stand_in::set_xdp(index, fd, flags);
            }
            Ok(Answer::default())
        }
        RTM_GETLINK if more_flags & DUMP != DUMP => {
            let request = name_of(message.kind());
            let name = link::asked_name(payload);
            let Some((index, name)) = stand_in::device(index, name.as_deref()) else {
                return Err(Error::Refused { request, errno: Errno::ENODEV, text: None });
            };
            let reply = link::reply(index, &name, stand_in::xdp(index));
            Ok(Answer { replies: vec![reply], ..Answer::default() })
        }
        _ => Ok(Answer::default()),
    }
}

impl Message {
    /// The family's header and the attributes.
    pub(super) fn payload(&self) -> &[u8] {
        self.bytes().get(HEADER..).unwrap_or(&[])
    }
}
