//! Numbers to bytes and back in the byte order of the object; every read is checked.

use crate::isa::Endian;

/// Bytes being written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Out {
    /// Byte order of all numbers.
    pub endian: Endian,
    /// What has been written.
    pub bytes: Vec<u8>,
}

impl Out {
    pub fn new(endian: Endian) -> Self {
        Self { endian, bytes: Vec::new() }
    }

    pub fn u8(&mut self, v: u8) {
        self.bytes.push(v);
    }

    pub fn u16(&mut self, v: u16) {
        self.bytes.extend(match self.endian {
            Endian::Little => v.to_le_bytes(),
            Endian::Big => v.to_be_bytes(),
        });
    }

    pub fn u32(&mut self, v: u32) {
        self.bytes.extend(u32_bytes(v, self.endian));
    }

    pub fn u64(&mut self, v: u64) {
        self.bytes.extend(match self.endian {
            Endian::Little => v.to_le_bytes(),
            Endian::Big => v.to_be_bytes(),
        });
    }
}

/// The four bytes of a number.
pub(crate) fn u32_bytes(v: u32, endian: Endian) -> [u8; 4] {
    match endian {
        Endian::Little => v.to_le_bytes(),
        Endian::Big => v.to_be_bytes(),
    }
}

/// The 16-bit number at a byte offset.
pub(crate) fn u16_at(data: &[u8], at: usize, endian: Endian) -> Option<u16> {
    let b = data.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(match endian {
        Endian::Little => u16::from_le_bytes(b),
        Endian::Big => u16::from_be_bytes(b),
    })
}

/// The 32-bit number at a byte offset.
pub(crate) fn u32_at(data: &[u8], at: usize, endian: Endian) -> Option<u32> {
    let b = data.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(match endian {
        Endian::Little => u32::from_le_bytes(b),
        Endian::Big => u32::from_be_bytes(b),
    })
}
