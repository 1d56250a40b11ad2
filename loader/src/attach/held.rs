//! An attached program: what it is, until when it stays, and how it comes off.

use std::fmt;
use std::os::fd::{AsFd, IntoRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use bpfasm_asm::uapi::AttachType;
use nix::errno::Errno;

use super::{Error, How, Prog, XdpMode, common, tc, xdp};
use crate::sys::bpf::{self, ProgAttach};

/// What keeps the program on its hook.
#[derive(Debug)]
pub(super) enum Held {
    /// A link.
    Link(OwnedFd),
    /// XDP set over netlink.
    Xdp(xdp::Set),
    /// A tc filter.
    Filter(tc::Set),
    /// `BPF_PROG_ATTACH` to a cgroup or a map.
    Attached {
        /// The cgroup or the map.
        target: OwnedFd,
        /// The program.
        prog: OwnedFd,
        /// How it is attached.
        attach_type: AttachType,
        /// What must be gone for the attachment to end: `the cgroup`.
        until: &'static str,
    },
    /// A perf event with a program.
    Event(OwnedFd),
}

/// An attached program. Dropping it detaches it, unless [`keep`](Attachment::keep) was called.
#[derive(Debug)]
pub struct Attachment {
    hook: String,
    mode: Option<XdpMode>,
    prog_id: u32,
    link_id: Option<u32>,
    notes: Vec<String>,
    pin: Option<PathBuf>,
    held: Option<Held>,
}

impl Attachment {
    /// Takes over what was just attached.
    pub(super) fn new(hook: String, prog: &Prog<'_>, held: Held) -> Attachment {
        let link_id = match &held {
            // Links have no numbers before Linux 5.8.
            Held::Link(link) => bpf::link_id(link.as_fd()).ok().filter(|&id| id != 0),
            _ => None,
        };
        let (mode, notes, pin, held) = (None, Vec::new(), None, Some(held));
        Attachment { hook, mode, prog_id: prog.id, link_id, notes, pin, held }
    }

    pub(super) fn set_mode(&mut self, mode: XdpMode) {
        self.mode = Some(mode);
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Where it is attached, for people: `xdp on veth0`.
    pub fn hook(&self) -> &str {
        &self.hook
    }

    /// For XDP, the mode that the kernel reports for it.
    pub fn mode(&self) -> Option<XdpMode> {
        self.mode
    }

    /// The program's id.
    pub fn prog_id(&self) -> u32 {
        self.prog_id
    }

    /// The link's id, where there is a link and the kernel numbers it (Linux 5.8).
    pub fn link_id(&self) -> Option<u32> {
        self.link_id
    }

    /// What the user should know besides: the kernel's warnings, filters that run before this one.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What holds the program there.
    pub fn how(&self) -> How {
        match &self.held {
            Some(Held::Link(_)) | None => How::Link,
            Some(Held::Xdp(_) | Held::Filter(_)) => How::Netlink,
            Some(Held::Attached { .. }) => How::ProgAttach,
            Some(Held::Event(_)) => How::PerfIoctl,
        }
    }

    /// Until when the program stays if it is kept: half a sentence that begins with "until".
    pub fn lifetime(&self) -> String {
        match (&self.held, &self.pin) {
            (Some(Held::Link(_)), Some(pin)) => format!("until the pin {} is removed", pin.display()),
            (Some(Held::Link(_) | Held::Event(_)) | None, _) => "until this process ends".to_owned(),
            (Some(Held::Xdp(set)), _) => format!("until it is detached or {} is gone", set.dev()),
            (Some(Held::Filter(set)), _) => {
                format!("until it is detached, or {} or its clsact qdisc is gone", set.dev())
            }
            (Some(Held::Attached { until, .. }), _) => format!("until it is detached or {until} is gone"),
        }
    }

    /// Pins the link at a path in a BPF file system: it then outlives this process, if it is kept. Detaching removes
    /// the pin.
    ///
    /// # Errors
    /// [`Error::NoPin`] for what is no link; [`Error::Pin`].
    pub fn pin(&mut self, path: &Path) -> Result<(), Error> {
        let Some(Held::Link(link)) = &self.held else {
            return Err(Error::NoPin { hook: self.hook.clone(), how: self.how(), lifetime: self.lifetime() });
        };
        bpf::obj_pin(link.as_fd(), path).map_err(|source| pin_error(path, source))?;
        self.pin = Some(path.to_owned());
        Ok(())
    }

    /// Leaves the program attached: see [`lifetime`](Attachment::lifetime). A link without a pin, and a perf event,
    /// stay as long as this process.
    pub fn keep(mut self) {
        match self.held.take() {
            // Open until the process ends.
            Some(Held::Link(fd)) if self.pin.is_none() => drop(fd.into_raw_fd()),
            Some(Held::Event(fd)) => drop(fd.into_raw_fd()),
            _ => {}
        }
        self.pin = None;
    }

    /// Takes the program off, and the pin of its link away.
    ///
    /// # Errors
    /// [`Error::NotOurs`] when another program has its place by now; other refusals of the kernel. What is gone
    /// already, because the device or cgroup is gone, is no error.
    pub fn detach(mut self) -> Result<(), Error> {
        self.take_off()
    }

    fn take_off(&mut self) -> Result<(), Error> {
        let unpinned = match self.pin.take() {
            Some(pin) => remove_pin(&pin),
            None => Ok(()),
        };
        match self.held.take() {
            None => {}
            // Closing the last descriptor ends a link as well; detaching ends it also if someone else has one. Not
            // every kind and kernel can, and then closing is all there is.
            Some(Held::Link(link)) => {
                let _ = bpf::link_detach(link.as_fd());
            }
            Some(Held::Event(event)) => drop(event),
            Some(Held::Xdp(mut set)) => set.detach(&self.hook, self.prog_id)?,
            Some(Held::Filter(mut set)) => set.detach(&self.hook, self.prog_id)?,
            Some(Held::Attached { target, prog, attach_type, .. }) => {
                let target = bpf::Target::Fd(target.as_fd());
                match bpf::prog_detach(&ProgAttach::new(prog.as_fd(), target, attach_type)) {
                    Err(e) if e.errno == Errno::ENOENT => {
                        return Err(Error::NotOurs {
                            hook: self.hook.clone(),
                            prog_id: self.prog_id,
                            by: None,
                        });
                    }
                    Err(e) => return Err(common::refused(&self.hook, e, common::NET_ADMIN, None)),
                    Ok(()) => {}
                }
            }
        }
        unpinned
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        // Nobody is there to be told.
        let _ = self.take_off();
    }
}

impl fmt::Display for Attachment {
    /// `xdp on veth0, native mode, program 12, link 7, until this process ends`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hook)?;
        if let Some(mode) = self.mode {
            write!(f, ", {mode} mode")?;
        }
        write!(f, ", program {}", self.prog_id)?;
        match self.link_id {
            Some(id) => write!(f, ", link {id}")?,
            None => write!(f, ", by {}", self.how())?,
        }
        write!(f, ", {}", self.lifetime())
    }
}

/// Removes a pin; one that is gone is no error.
pub(super) fn remove_pin(path: &Path) -> Result<(), Error> {
    match crate::sys::fs::remove_file(path) {
        Err(source) if source.errno != Errno::ENOENT => Err(Error::Path { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

fn pin_error(path: &Path, source: crate::sys::Error) -> Error {
    let hint = match source.errno {
        Errno::EEXIST => {
            Some("Something is pinned there already: remove it or choose another name".to_owned())
        }
        Errno::ENOENT => Some("Make the directory first".to_owned()),
        Errno::EPERM | Errno::EACCES => {
            Some("The path must be in a BPF file system: `mount -t bpf bpf /sys/fs/bpf`".to_owned())
        }
        Errno::EINVAL => Some("Names in a BPF file system cannot have a dot".to_owned()),
        _ => None,
    };
    Error::Pin { path: path.to_owned(), source, hint }
}
