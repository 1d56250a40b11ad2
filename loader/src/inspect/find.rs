//! A loaded program by what people know of it.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use super::Error;
use crate::attach::open_pin;
use crate::load::kernel_name;
use crate::sys::bpf::{Kind, NAME_LEN, ProgInfo, fd_by_id, prog_info};
use nix::errno::Errno;

/// What is known of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Its number.
    Id(u32),
    /// Its name; the kernel keeps 15 bytes of it.
    Name(String),
    /// The hash of its instructions.
    Tag([u8; 8]),
    /// The path of a pin.
    Pinned(PathBuf),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Which::Id(id) => write!(f, "id {id}"),
            Which::Name(name) => write!(f, "name {name}"),
            Which::Tag(tag) => write!(f, "tag {}", hex(*tag)),
            Which::Pinned(path) => write!(f, "pinned {}", path.display()),
        }
    }
}

/// A tag as people write it.
pub(super) fn hex(tag: [u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(tag))
}

/// Opens the one program that is meant.
///
/// # Errors
/// [`Error::NoProgram`], [`Error::Several`], [`Error::Pin`], and refusals of the kernel.
pub fn find(which: &Which) -> Result<OwnedFd, Error> {
    let none = || Error::NoProgram { which: which.clone() };
    let wanted: Box<dyn Fn(&ProgInfo) -> bool> = match which {
        Which::Id(id) => {
            return fd_by_id(Kind::Prog, *id)
                .map_err(|e| if e.errno == Errno::ENOENT { none() } else { e.into() });
        }
        Which::Pinned(path) => return Ok(open_pin(path, Kind::Prog)?),
        Which::Name(name) => {
            let name = kernel_name(name);
            let kept = name[..name.len().min(NAME_LEN - 1)].to_string();
            Box::new(move |info| info.name == kept)
        }
        Which::Tag(tag) => Box::new(move |info| info.tag == *tag),
    };
    let mut found = vec![];
    for fd in super::opened(Kind::Prog) {
        let fd = fd?;
        let info = prog_info(fd.as_fd())?;
        if wanted(&info) {
            found.push((fd, info));
        }
    }
    match found.len() {
        0 => Err(none()),
        1 => Ok(found.remove(0).0),
        _ => {
            let found = found.into_iter().map(|(_, info)| info).collect();
            Err(Error::Several { which: which.clone(), found })
        }
    }
}
