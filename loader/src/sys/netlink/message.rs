//! Netlink messages as bytes: a builder for requests, a reader of attributes (`netlink(7)`, `<linux/netlink.h>`).
//!
//! All integers are in the machine's byte order, everything begins on a multiple of four bytes.

use super::Error;

/// Length of `struct nlmsghdr`.
pub const HEADER: usize = 16;
/// Length of `struct nlattr`.
const ATTR_HEADER: usize = 4;
/// `NLA_F_NESTED`: the attribute holds attributes.
const NESTED: u16 = 1 << 15;
/// `NLA_TYPE_MASK`: the type without the two flag bits.
const TYPE_MASK: u16 = 0x3fff;

/// Rounds up to the next multiple of four.
const fn align(len: usize) -> usize {
    len.saturating_add(3) & !3
}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub struct Message {
    /// The whole message; its length and sequence number are filled in when it is sent.
    bytes: Vec<u8>,
    kind: u16,
    flags: u16,
    /// An attribute was longer than its 16-bit length can say.
    too_long: bool,
}

impl Message {
    /// Starts a request of type `kind` (`RTM_*`) with the `NLM_F_*` flags it needs beyond `NLM_F_REQUEST`, followed
    /// by the family's fixed header.
    pub fn new(kind: u16, flags: u16, family_header: &[u8]) -> Message {
        let mut bytes = vec![0; HEADER];
        bytes.extend_from_slice(family_header);
        bytes.resize(align(bytes.len()), 0);
        Message { bytes, kind, flags, too_long: false }
    }

    /// The message type.
    pub fn kind(&self) -> u16 {
        self.kind
    }

    /// The `NLM_F_*` flags beyond those that sending adds.
    pub(super) fn flags(&self) -> u16 {
        self.flags
    }

    /// The bytes so far, with a header that is not filled in.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds an attribute with the given payload.
    pub fn attr(&mut self, kind: u16, payload: &[u8]) -> &mut Message {
        let start = self.open(kind);
        self.bytes.extend_from_slice(payload);
        self.close(start);
        self
    }

    /// Adds a 32-bit attribute in the machine's byte order.
    pub fn attr_u32(&mut self, kind: u16, value: u32) -> &mut Message {
        self.attr(kind, &value.to_ne_bytes())
    }

    /// Adds a signed 32-bit attribute (a file descriptor) in the machine's byte order.
    pub fn attr_i32(&mut self, kind: u16, value: i32) -> &mut Message {
        self.attr(kind, &value.to_ne_bytes())
    }

    /// Adds a text attribute with the zero byte that ends it.
    pub fn attr_str(&mut self, kind: u16, value: &str) -> &mut Message {
        let start = self.open(kind);
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(0);
        self.close(start);
        self
    }

    /// Adds an attribute made of the attributes that `fill` adds.
    pub fn nested(&mut self, kind: u16, fill: impl FnOnce(&mut Message)) -> &mut Message {
        let start = self.open(kind | NESTED);
        fill(self);
        self.close(start);
        self
    }

    /// Writes an attribute header with the length open; returns where it is.
    fn open(&mut self, kind: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    /// Fills in the length of the attribute that began at `start`, and pads.
    fn close(&mut self, start: usize) {
        match u16::try_from(self.bytes.len() - start) {
            Ok(len) => self.bytes[start..start + 2].copy_from_slice(&len.to_ne_bytes()),
            Err(_) => self.too_long = true,
        }
        self.bytes.resize(align(self.bytes.len()), 0);
    }

    /// The bytes to send: with length, type, flags and sequence number.
    ///
    /// # Errors
    /// [`Error::TooLong`] when an attribute or the message does not fit its length field.
    pub(super) fn finish(mut self, sequence: u32, more_flags: u16) -> Result<Vec<u8>, Error> {
        let len = u32::try_from(self.bytes.len()).map_err(|_| Error::TooLong)?;
        if self.too_long {
            return Err(Error::TooLong);
        }
        self.bytes[..4].copy_from_slice(&len.to_ne_bytes());
        self.bytes[4..6].copy_from_slice(&self.kind.to_ne_bytes());
        self.bytes[6..8].copy_from_slice(&(self.flags | more_flags).to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        Ok(self.bytes)
    }
}

/// One message out of what the kernel sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a> {
    pub kind: u16,
    pub flags: u16,
    pub sequence: u32,
    pub payload: &'a [u8],
}

/// Splits the first message off `bytes`; `None` where what is left is no whole message.
pub(super) fn split(bytes: &[u8]) -> Option<(Raw<'_>, &[u8])> {
    let len = usize::try_from(u32_at(bytes, 0)?).ok()?;
    if len < HEADER {
        return None;
    }
    let raw = Raw {
        kind: u16_at(bytes, 4)?,
        flags: u16_at(bytes, 6)?,
        sequence: u32_at(bytes, 8)?,
        payload: bytes.get(HEADER..len)?,
    };
    Some((raw, bytes.get(align(len)..).unwrap_or(&[])))
}

/// The two bytes at `at`, in the machine's byte order.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// The four bytes at `at`, in the machine's byte order.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The four bytes at `at` as a signed number, in the machine's byte order.
pub fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The attributes in a run of bytes: an iterator over `(type, payload)`, which stops at the first malformed one.
#[derive(Debug, Clone, Copy)]
pub struct Attrs<'a>(&'a [u8]);

impl<'a> Attrs<'a> {
    /// The attributes that begin `from` bytes into `payload` (after the family's fixed header).
    pub fn new(payload: &'a [u8], from: usize) -> Attrs<'a> {
        Attrs(payload.get(align(from)..).unwrap_or(&[]))
    }

    /// The payload of the first attribute of type `kind`.
    pub fn find(mut self, kind: u16) -> Option<&'a [u8]> {
        self.find_map(|(k, payload)| (k == kind).then_some(payload))
    }

    /// The attributes inside the first one of type `kind`; none where there is no such attribute.
    pub fn nested(self, kind: u16) -> Attrs<'a> {
        Attrs(self.find(kind).unwrap_or(&[]))
    }

    /// The 32-bit attribute of type `kind`.
    pub fn u32(self, kind: u16) -> Option<u32> {
        u32_at(self.find(kind)?, 0)
    }

    /// The 8-bit attribute of type `kind`.
    pub fn u8(self, kind: u16) -> Option<u8> {
        self.find(kind)?.first().copied()
    }

    /// The text attribute of type `kind`, up to its zero byte.
    pub fn text(self, kind: u16) -> Option<String> {
        let bytes = self.find(kind)?;
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let len = usize::from(u16_at(self.0, 0)?);
        let kind = u16_at(self.0, 2)? & TYPE_MASK;
        let payload = self.0.get(ATTR_HEADER..len)?;
        self.0 = self.0.get(align(len)..).unwrap_or(&[]);
        Some((kind, payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_back_as_they_went_in() {
        let mut message = Message::new(16, 0, &[0; 5]);
        message.attr(1, b"abc").nested(2, |m| {
            m.attr_u32(3, 7).attr_str(4, "veth0");
        });
        let bytes = message.finish(9, 1).unwrap();
        assert_eq!(bytes.len() % 4, 0);
        let (raw, rest) = split(&bytes).unwrap();
        assert!(rest.is_empty());
        assert_eq!((raw.kind, raw.flags, raw.sequence), (16, 1, 9));
        let attrs = Attrs::new(raw.payload, 5);
        assert_eq!(attrs.find(1), Some(&b"abc"[..]));
        assert_eq!(attrs.nested(2).u32(3), Some(7));
        assert_eq!(attrs.nested(2).text(4).as_deref(), Some("veth0"));
        assert_eq!(attrs.count(), 2);
    }

    #[test]
    fn odd_bytes_are_no_panic() {
        assert!(split(&[]).is_none());
        assert!(split(&[8, 0, 0, 0]).is_none());
        assert!(split(&[255; 20]).is_none());
        assert_eq!(Attrs::new(&[3, 0, 1, 0], 0).count(), 0);
        assert_eq!(Attrs::new(&[200, 0, 1, 0], 0).count(), 0);
        assert_eq!(Attrs::new(&[1, 2], 40).count(), 0);
    }

    #[test]
    fn an_attribute_beyond_64_kib_is_refused() {
        let mut message = Message::new(16, 0, &[]);
        message.attr(1, &vec![0; 70_000]);
        assert!(matches!(message.finish(1, 0), Err(Error::TooLong)));
    }
}
