//! Route netlink: sockets, messages, attributes, extended acknowledgements (`netlink(7)`, `rtnetlink(7)`).

mod link;
mod message;
mod show;
mod tc;

pub use link::{LinkInfo, XdpInfo, xdp_flags};
pub use message::{Attrs, Message, i32_at, u16_at, u32_at};
pub use tc::{EGRESS_PARENT, Filter, INGRESS_PARENT, Qdisc};

use std::os::fd::{AsRawFd, OwnedFd};

use super::seam::{Fields, Outcome, Refusal, Tell, ask, through};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, socket,
};

/// `NLM_F_REQUEST`.
const REQUEST: u16 = 0x1;
/// `NLM_F_ACK`: answer with an acknowledgement also when all is well.
const ACK: u16 = 0x4;
/// `NLM_F_DUMP`: give all objects.
const DUMP: u16 = 0x300;
/// `NLM_F_DUMP_INTR`: the list changed while it was given.
const DUMP_INTR: u16 = 0x10;
/// `NLM_F_EXCL`: refuse to change what exists.
pub const EXCL: u16 = 0x200;
/// `NLM_F_CREATE`: make what does not exist.
pub const CREATE: u16 = 0x400;
/// `NLM_F_CAPPED`: an error message without the request's payload.
const CAPPED: u16 = 0x100;
/// `NLM_F_ACK_TLVS`: attributes follow in an error message.
const ACK_TLVS: u16 = 0x200;

/// `NLMSG_ERROR`: an acknowledgement or an error.
const MSG_ERROR: u16 = 2;
/// `NLMSG_DONE`: the end of a dump.
const MSG_DONE: u16 = 3;
/// `NLMSGERR_ATTR_MSG`: the kernel's text.
const ERROR_TEXT: u16 = 1;

/// How errors name the call that opens a socket.
const OPEN: &str = "socket(AF_NETLINK)";
/// `SOL_NETLINK`.
const SOL_NETLINK: i32 = 270;
/// `NETLINK_CAP_ACK`: no copy of the request in the answer.
const OPT_CAP_ACK: i32 = 10;
/// `NETLINK_EXT_ACK`: errors with text (kernel 4.12).
const OPT_EXT_ACK: i32 = 11;
/// `NETLINK_GET_STRICT_CHK`: dumps that filter as asked (kernel 4.20).
const OPT_STRICT_CHECK: i32 = 12;

/// Room for one answer; the kernel sends at most 32 KiB at a time.
const BUFFER: usize = 64 * 1024;
/// How often a dump is repeated that changed while it was read.
const DUMP_TRIES: usize = 8;

/// A netlink conversation that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A system call on the socket failed.
    #[error(transparent)]
    Sys(#[from] super::Error),
    /// The kernel refused the request.
    #[error("{request}: {errno}{}", text.as_ref().map(|t| format!(": {t}")).unwrap_or_default())]
    Refused {
        /// The request's type: `RTM_SETLINK`.
        request: &'static str,
        /// Why, as a number.
        errno: Errno,
        /// Why, in the kernel's words, where it has any (its extended acknowledgement).
        text: Option<String>,
    },
    /// The kernel's answer is not what the protocol says.
    #[error("the kernel's answer to {request} is malformed")]
    Malformed {
        /// The request's type.
        request: &'static str,
    },
    /// The request does not fit in a netlink message.
    #[error("a netlink attribute is longer than 65535 bytes")]
    TooLong,
}

impl Refusal for Error {
    fn refused(call: &'static str, errno: Errno) -> Error {
        Error::Refused { request: call, errno, text: None }
    }

    fn refusal(&self) -> Outcome {
        Outcome::Failed(self.errno().unwrap_or(Errno::EPROTO), self.text().map(str::to_owned))
    }
}

impl Tell for Answer {}

impl Error {
    /// The error number of a refusal or of a failed system call.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Error::Sys(e) => Some(e.errno),
            Error::Refused { errno, .. } => Some(*errno),
            Error::Malformed { .. } | Error::TooLong => None,
        }
    }

    /// The kernel's own words, where it gave any.
    pub fn text(&self) -> Option<&str> {
        match self {
            Error::Refused { text, .. } => text.as_deref(),
            _ => None,
        }
    }
}

/// One message of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its type (`RTM_NEWLINK`).
    pub kind: u16,
    /// The family's fixed header and the attributes.
    pub payload: Vec<u8>,
}

/// All that the kernel said to a request that it accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The objects asked for.
    pub replies: Vec<Reply>,
    /// A warning in the kernel's words.
    pub warning: Option<String>,
    /// Whether a dump changed while it was read.
    interrupted: bool,
}

/// A route netlink socket. It belongs for ever to the network namespace in which it was opened.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens a socket in this thread's network namespace.
    ///
    /// Options that an old kernel does not know are left out: errors then carry no text.
    ///
    /// # Errors
    /// The failed system call.
    pub fn route() -> Result<Socket, Error> {
        let fail = |call| move |errno| super::Error { call, errno };
        let fd = ask(
            OPEN,
            |to| to,
            || {
                let route = SockProtocol::NetlinkRoute;
                socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, route)
                    .map_err(fail(OPEN))
            },
        )?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 0)).map_err(fail("bind(AF_NETLINK)"))?;
        for option in [OPT_CAP_ACK, OPT_EXT_ACK, OPT_STRICT_CHECK] {
            switch_on(&fd, option);
        }
        Ok(Socket { fd, sequence: 0, buffer: vec![0; BUFFER] })
    }

    /// Sends a request and waits for its acknowledgement; what the kernel sent before that comes along.
    ///
    /// # Errors
    /// [`Error::Refused`] with the kernel's text, or a failed system call.
    pub fn request(&mut self, message: Message) -> Result<Answer, Error> {
        self.talk(&message, ACK)
    }

    /// Asks for all objects that match.
    ///
    /// # Errors
    /// As [`request`](Socket::request); `EINTR` when the list never stood still while it was read.
    pub fn dump(&mut self, message: &Message) -> Result<Vec<Reply>, Error> {
        for _ in 0..DUMP_TRIES {
            let answer = self.talk(message, DUMP)?;
            if !answer.interrupted {
                return Ok(answer.replies);
            }
        }
        Err(Error::Refused { request: name_of(message.kind()), errno: Errno::EINTR, text: None })
    }

    /// One request, one answer.
    fn talk(&mut self, message: &Message, flags: u16) -> Result<Answer, Error> {
        let fields = |to: Fields| show::fields(message, flags, to);
        let stand_in = || show::stand_in(message, flags);
        let make = || self.send_and_wait(message.clone(), flags);
        through(name_of(message.kind()), false, fields, stand_in, make)
    }

    fn send_and_wait(&mut self, message: Message, flags: u16) -> Result<Answer, Error> {
        let request = name_of(message.kind());
        self.sequence = self.sequence.wrapping_add(1);
        let bytes = message.finish(self.sequence, REQUEST | flags)?;
        let fail = |call| move |errno| super::Error { call, errno };
        send(self.fd.as_raw_fd(), &bytes, MsgFlags::empty()).map_err(fail("send(AF_NETLINK)"))?;
        let mut answer = Answer::default();
        loop {
            let got = match recv(self.fd.as_raw_fd(), &mut self.buffer, MsgFlags::MSG_TRUNC) {
                Err(Errno::EINTR) => continue,
                other => other.map_err(fail("recv(AF_NETLINK)"))?,
            };
            let mut rest = self.buffer.get(..got).ok_or(Error::Malformed { request })?;
            while !rest.is_empty() {
                let (raw, next) = message::split(rest).ok_or(Error::Malformed { request })?;
                rest = next;
                // An answer to an earlier request that nobody waited for.
                if raw.sequence != self.sequence {
                    continue;
                }
                answer.interrupted |= raw.flags & DUMP_INTR != 0;
                match raw.kind {
                    MSG_ERROR | MSG_DONE => {
                        answer.warning = verdict(request, &raw)?;
                        return Ok(answer);
                    }
                    kind => answer.replies.push(Reply { kind, payload: raw.payload.to_vec() }),
                }
            }
        }
    }
}

/// Switches a netlink option on; a kernel that does not know it is none the worse.
fn switch_on(fd: &OwnedFd, option: i32) {
    let one: libc::c_int = 1;
    let len = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the descriptor is open, and the value is an int that outlives the call, of the length given.
    unsafe { libc::setsockopt(fd.as_raw_fd(), SOL_NETLINK, option, (&raw const one).cast(), len) };
}

/// What an acknowledgement says: a warning perhaps, or an error with text.
fn verdict(request: &'static str, raw: &message::Raw<'_>) -> Result<Option<String>, Error> {
    let malformed = Error::Malformed { request };
    let Some(code) = i32_at(raw.payload, 0) else {
        // The end of a dump may come without a number.
        return if raw.kind == MSG_DONE { Ok(None) } else { Err(malformed) };
    };
    let mut text = None;
    if raw.flags & ACK_TLVS != 0 {
        let mut from = 4;
        if raw.kind == MSG_ERROR {
            // The request's header follows the number, and its payload when the answer was not capped.
            let copied = match raw.flags & CAPPED {
                0 => u32_at(raw.payload, 4).and_then(|len| usize::try_from(len).ok()).ok_or(malformed)?,
                _ => message::HEADER,
            };
            from += copied;
        }
        text = Attrs::new(raw.payload, from).text(ERROR_TEXT).filter(|t| !t.is_empty());
    }
    match code {
        0 => Ok(text),
        code => Err(Error::Refused { request, errno: super::errno(code.saturating_neg()), text }),
    }
}

/// The name of a request type that is used here.
fn name_of(kind: u16) -> &'static str {
    match kind {
        link::RTM_GETLINK => "RTM_GETLINK",
        link::RTM_SETLINK => "RTM_SETLINK",
        tc::RTM_NEWQDISC => "RTM_NEWQDISC",
        tc::RTM_DELQDISC => "RTM_DELQDISC",
        tc::RTM_GETQDISC => "RTM_GETQDISC",
        tc::RTM_NEWTFILTER => "RTM_NEWTFILTER",
        tc::RTM_DELTFILTER => "RTM_DELTFILTER",
        tc::RTM_GETTFILTER => "RTM_GETTFILTER",
        _ => "a netlink request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error message as the kernel builds it: number, the request's header, then the text.
    fn error(code: i32, flags: u16, echoed: usize) -> Vec<u8> {
        let mut payload = code.to_ne_bytes().to_vec();
        payload.extend(u32::try_from(16 + echoed).unwrap().to_ne_bytes());
        payload.extend([0; 12]);
        if flags & CAPPED == 0 {
            payload.extend(vec![0xee; echoed]);
        }
        payload.extend([8, 0, 1, 0].map(|b: u8| b));
        payload.extend(b"why\0");
        payload
    }

    #[test]
    fn the_kernels_text_is_found_behind_the_echo() {
        for flags in [ACK_TLVS, ACK_TLVS | CAPPED] {
            let payload = error(-34, flags, 20);
            let raw = message::Raw { kind: MSG_ERROR, flags, sequence: 1, payload: &payload };
            let err = verdict("RTM_SETLINK", &raw).unwrap_err();
            if cfg!(target_endian = "little") {
                assert_eq!(err.text(), Some("why"));
            }
            assert_eq!(err.errno(), Some(Errno::ERANGE));
        }
    }

    #[test]
    fn no_number_is_malformed() {
        let raw = message::Raw { kind: MSG_ERROR, flags: 0, sequence: 1, payload: &[1] };
        assert!(matches!(verdict("RTM_SETLINK", &raw), Err(Error::Malformed { .. })));
    }

    #[test]
    fn an_unknown_device_is_refused() {
        let mut socket = Socket::route().unwrap();
        let err = socket.link_by_name("no-such-dev").unwrap_err();
        assert_eq!(err.errno(), Some(Errno::ENODEV));
    }

    #[test]
    fn loopback_is_number_one() {
        let mut socket = Socket::route().unwrap();
        let lo = socket.link_by_name("lo").unwrap();
        assert_eq!((lo.index, lo.name.as_str()), (1, "lo"));
        assert!(socket.links().unwrap().contains(&lo));
    }
}
