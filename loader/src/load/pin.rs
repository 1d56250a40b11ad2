//! Pins: programs as `DIR/PROG`, maps as `DIR/maps/MAP`, data sections as `DIR/maps/bss` and so on.

use super::Loaded;
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::bpf::obj_pin;
use crate::sys::fs::{BPFFS, magic, make_dir, remove_dir, remove_file};
use nix::errno::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

const MAPS: &str = "maps";
/// The directory of pinned links beside programs.
pub const LINKS: &str = "links";

/// What was pinned.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Pins {
    /// Directories that were made, in that order.
    pub dirs: Vec<PathBuf>,
    /// Where links shall be pinned: their directory is made for the first of them.
    links: PathBuf,
    /// Programs: name, path.
    pub progs: Vec<(String, PathBuf)>,
    /// Maps and data sections: name, path.
    pub maps: Vec<(String, PathBuf)>,
}

impl Pins {
    /// The path for the link of a program, `DIR/links/PROG`; makes the directory.
    ///
    /// # Errors
    /// [`Error::PinExists`], [`Error::Pin`].
    pub fn link(&mut self, prog: &str) -> Result<PathBuf> {
        let links = self.links.clone();
        make(&links, self)?;
        let path = links.join(prog);
        if path.symlink_metadata().is_ok() { Err(Error::PinExists { path }) } else { Ok(path) }
    }

    /// Removes these pins and the directories that were made for them. What cannot be removed stays.
    pub fn remove(&self) {
        for (_, path) in self.maps.iter().chain(&self.progs) {
            let _ = remove_file(path);
        }
        for dir in self.dirs.iter().rev() {
            let _ = remove_dir(dir);
        }
    }
}

impl Loaded {
    /// Pins everything below a directory of a BPF file system, which is made if its parent is there.
    ///
    /// # Errors
    /// [`Error::NotBpffs`], [`Error::PinExists`], [`Error::PinName`], [`Error::Pin`]; then nothing is pinned and
    /// no directory is left.
    pub fn pin(&self, dir: &Path) -> Result<Pins> {
        let maps = dir.join(MAPS);
        let progs: Vec<Wanted<'_>> =
            self.progs.iter().map(|p| wanted(dir, &p.name, &p.name, p.as_fd())).collect();
        let named = self.maps.iter().map(|m| wanted(&maps, &m.name, &m.name, m.map.as_fd()));
        let sections = self.data.iter().map(|d| wanted(&maps, &d.name, &section_pin(&d.name), d.map.as_fd()));
        let maps_wanted: Vec<Wanted<'_>> = named.chain(sections).collect();
        preflight(dir, progs.iter().chain(&maps_wanted))?;

        let mut pins = Pins { links: dir.join(LINKS), ..Pins::default() };
        let result = make(dir, &mut pins)
            .and_then(|()| pin_all(&progs, &mut pins.progs))
            .and_then(|()| if maps_wanted.is_empty() { Ok(()) } else { make(&maps, &mut pins) })
            .and_then(|()| pin_all(&maps_wanted, &mut pins.maps));
        match result {
            Ok(()) => Ok(pins),
            Err(e) => {
                pins.remove();
                Err(e)
            }
        }
    }
}

/// A pin that is to be made.
struct Wanted<'l> {
    name: &'l str,
    file: String,
    path: PathBuf,
    fd: BorrowedFd<'l>,
}

fn wanted<'l>(dir: &Path, name: &'l str, file: &str, fd: BorrowedFd<'l>) -> Wanted<'l> {
    Wanted { name, file: file.to_owned(), path: dir.join(file), fd }
}

/// A section's name without its dots, which the file system refuses: `.bss` as `bss`, `.rodata.str` as
/// `rodata_str`.
fn section_pin(section: &str) -> String {
    section.trim_start_matches('.').replace('.', "_")
}

/// What can be known before anything is made.
fn preflight<'w, 'l: 'w>(dir: &Path, mut wanted: impl Iterator<Item = &'w Wanted<'l>>) -> Result<()> {
    let pin_error = |path: &Path, source| Error::Pin { path: path.into(), source };
    let there = match magic(dir) {
        Ok(BPFFS) => true,
        Ok(_) => return Err(Error::NotBpffs { path: dir.into() }),
        // To be made. A BPF file system does not even look for a name with a dot: EPERM.
        Err(e) => {
            let parent = parent(dir);
            if magic(parent).map_err(|e| pin_error(parent, e))? != BPFFS {
                return Err(Error::NotBpffs { path: parent.into() });
            }
            let name = dir.file_name().unwrap_or_default().to_string_lossy();
            if name.contains('.') {
                return Err(Error::PinName { path: dir.into(), name: name.into() });
            }
            if e.errno != Errno::ENOENT {
                return Err(pin_error(dir, e));
            }
            false
        }
    };
    wanted.try_for_each(|w| {
        if w.file.is_empty() || w.file.contains(['.', '/']) {
            return Err(Error::PinName { path: w.path.clone(), name: w.file.clone() });
        }
        if !there {
            return Ok(());
        }
        match w.path.symlink_metadata() {
            Ok(_) => Err(Error::PinExists { path: w.path.clone() }),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(()),
            Err(e) => Err(failed(&w.path, "stat", &e)),
        }
    })
}

fn parent(dir: &Path) -> &Path {
    dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a directory unless it is there, and remembers it if it was made.
fn make(dir: &Path, pins: &mut Pins) -> Result<()> {
    match make_dir(dir) {
        Ok(()) => pins.dirs.push(dir.into()),
        Err(e) if e.errno == Errno::EEXIST => {}
        Err(source) => return Err(Error::Pin { path: dir.into(), source }),
    }
    Ok(())
}

fn pin_all(wanted: &[Wanted<'_>], done: &mut Vec<(String, PathBuf)>) -> Result<()> {
    for w in wanted {
        obj_pin(w.fd, &w.path).map_err(|e| match e.errno {
            Errno::EEXIST => Error::PinExists { path: w.path.clone() },
            _ => Error::Pin { path: w.path.clone(), source: e },
        })?;
        done.push((w.name.to_owned(), w.path.clone()));
    }
    Ok(())
}

fn failed(path: &Path, call: &'static str, e: &io::Error) -> Error {
    let errno = e.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
    Error::Pin { path: path.into(), source: sys::Error { call, errno } }
}
