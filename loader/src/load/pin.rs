//! Pins: programs as `DIR/PROG`, maps as `DIR/maps/MAP`, data sections as `DIR/maps/bss` and so on; and what takes the
//! place of other pins, in such a way that there is no moment without.

use super::Loaded;
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::bpf::{Kind, fd_by_id, link_info, link_update, map_info, obj_get, obj_pin};
use crate::sys::fs::{BPFFS, magic, make_dir, remove_dir, remove_file, rename};
use nix::errno::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

const MAPS: &str = "maps";
/// The directory of pinned links beside programs.
pub const LINKS: &str = "links";

/// What was pinned. Dropping it takes all back, unless [`keep`](Pins::keep) was called: new pins and directories are
/// removed, and what had been in the place of a pin is there again.
#[derive(Debug, Default)]
pub struct Pins {
    /// Directories that were made, in that order.
    pub dirs: Vec<PathBuf>,
    /// Where links shall be pinned: their directory is made for the first of them.
    links: PathBuf,
    /// Programs: name, path.
    pub progs: Vec<(String, PathBuf)>,
    /// Maps and data sections: name, path.
    pub maps: Vec<(String, PathBuf)>,
    undo: Vec<Undo>,
}

/// A step, and what undoes it.
#[derive(Debug)]
enum Undo {
    /// A directory that was made.
    Dir(PathBuf),
    /// A pin where there was none.
    Pin(PathBuf),
    /// A pin in the place of another.
    Replaced(PathBuf, OwnedFd),
    /// A link that had another program.
    Updated { link: OwnedFd, before: OwnedFd },
    /// A link's pin that stands aside, under another name.
    Aside(PathBuf),
}

/// How to pin.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Where programs go, and below it maps and links, in a BPF file system; it is made if its parent is there.
    pub dir: PathBuf,
    /// Where maps go instead.
    pub maps: Option<PathBuf>,
    /// Whether pins, and the programs of links, may take the place of others.
    pub replace: bool,
    /// What the names of data sections begin with, where several objects are pinned in one place.
    pub prefix: String,
}

impl Place {
    /// Everything in one directory, where nothing is yet.
    #[must_use]
    pub fn new(dir: &Path) -> Place {
        Place { dir: dir.into(), ..Place::default() }
    }

    /// Where maps are pinned.
    #[must_use]
    pub fn maps(&self) -> PathBuf {
        self.maps.clone().unwrap_or_else(|| self.dir.join(MAPS))
    }
}

impl Pins {
    /// The path for the link of a program, `DIR/links/PROG`; makes the directory. With `replace` what is there stands
    /// aside, and goes in the end.
    ///
    /// # Errors
    /// [`Error::PinExists`], [`Error::Pin`].
    pub fn link(&mut self, prog: &str, replace: bool) -> Result<PathBuf> {
        let links = self.links.clone();
        self.make(&links)?;
        let path = links.join(prog);
        if path.symlink_metadata().is_ok() {
            if !replace {
                return Err(Error::PinExists { path });
            }
            rename(&path, &aside(&path)).map_err(|source| Error::Pin { path: path.clone(), source })?;
            self.undo.push(Undo::Aside(path.clone()));
        }
        Ok(path)
    }

    /// Puts a program into the link that is pinned for it, `DIR/links/PROG`. `None`: there is none; `false`: it keeps its
    /// program for good, as links of perf events do.
    ///
    /// # Errors
    /// [`Error::Pin`].
    pub fn update_link(&mut self, prog: &str, new: BorrowedFd<'_>) -> Result<Option<bool>> {
        let path = self.links.join(prog);
        let failed = |source| Error::Pin { path: path.clone(), source };
        let link = match obj_get(&path, 0) {
            Ok(link) => link,
            Err(e) if e.errno == Errno::ENOENT => return Ok(None),
            Err(e) => return Err(failed(e)),
        };
        let info = link_info(link.as_fd()).map_err(failed)?;
        let before = fd_by_id(Kind::Prog, info.prog_id).map_err(failed)?;
        match link_update(link.as_fd(), new, None) {
            Ok(()) => {
                self.undo.push(Undo::Updated { link, before });
                Ok(Some(true))
            }
            Err(e) if matches!(e.errno, Errno::EINVAL | Errno::EOPNOTSUPP) => Ok(Some(false)),
            Err(e) => Err(failed(e)),
        }
    }

    /// Leaves everything as it is now.
    pub fn keep(&mut self) {
        for step in std::mem::take(&mut self.undo) {
            if let Undo::Aside(path) = step {
                let _ = remove_file(&aside(&path));
            }
        }
    }

    /// Takes everything back. What cannot be taken back stays.
    pub fn remove(&mut self) {
        while let Some(step) = self.undo.pop() {
            match step {
                Undo::Dir(dir) => drop(remove_dir(&dir)),
                Undo::Pin(path) => drop(remove_file(&path)),
                Undo::Replaced(path, before) => drop(replace(before.as_fd(), &path)),
                Undo::Updated { link, before } => drop(link_update(link.as_fd(), before.as_fd(), None)),
                Undo::Aside(path) => drop(rename(&aside(&path), &path)),
            }
        }
    }

    /// Makes a directory unless it is there, and remembers it if it was made.
    fn make(&mut self, dir: &Path) -> Result<()> {
        if self.dirs.iter().any(|made| made == dir) {
            return Ok(());
        }
        match make_dir(dir) {
            Ok(()) => {
                self.dirs.push(dir.into());
                self.undo.push(Undo::Dir(dir.into()));
            }
            Err(e) if e.errno == Errno::EEXIST => {}
            Err(source) => return Err(Error::Pin { path: dir.into(), source }),
        }
        Ok(())
    }

    /// Pins something under a path; with `replace`, also where something else is.
    fn pin(&mut self, fd: BorrowedFd<'_>, path: &Path, over: bool) -> Result<()> {
        let failed = |source| Error::Pin { path: path.into(), source };
        match obj_pin(fd, path) {
            Ok(()) => self.undo.push(Undo::Pin(path.into())),
            Err(e) if e.errno == Errno::EEXIST && over => {
                let before = obj_get(path, 0).map_err(failed)?;
                replace(fd, path)?;
                self.undo.push(Undo::Replaced(path.into(), before));
            }
            Err(e) if e.errno == Errno::EEXIST => return Err(Error::PinExists { path: path.into() }),
            Err(e) => return Err(failed(e)),
        }
        Ok(())
    }

    /// Pins a map under the path that its name fixes, below `root`. Directories on the way are made.
    pub(super) fn by_name(
        &mut self,
        name: &str,
        map: BorrowedFd<'_>,
        root: &Path,
        path: &Path,
    ) -> Result<()> {
        on_bpffs(root)?;
        let below = path.parent().and_then(|dir| dir.strip_prefix(root).ok());
        let mut dir = root.to_path_buf();
        self.make(&dir)?;
        for part in below.into_iter().flat_map(Path::components) {
            dir.push(part);
            self.make(&dir)?;
        }
        self.pin(map, path, false)?;
        self.maps.push((name.to_owned(), path.into()));
        Ok(())
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Where a pin is made that takes the place of `path`, and where a link's pin stands meanwhile.
fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push("~");
    path.with_file_name(name)
}

/// Puts a pin in the place of another, in one step: there is no moment without one.
fn replace(fd: BorrowedFd<'_>, path: &Path) -> Result<()> {
    let new = aside(path);
    let failed = |source| Error::Pin { path: path.into(), source };
    let pinned = match obj_pin(fd, &new) {
        // Left by a run that was killed.
        Err(e) if e.errno == Errno::EEXIST => remove_file(&new).and_then(|()| obj_pin(fd, &new)),
        result => result,
    };
    pinned.map_err(failed)?;
    rename(&new, path).map_err(|e| {
        let _ = remove_file(&new);
        failed(e)
    })
}

impl Loaded {
    /// Pins everything: programs, maps, data sections. A map that is pinned by its name already, or is the one that is
    /// pinned there, stays where it is.
    ///
    /// # Errors
    /// [`Error::NotBpffs`], [`Error::PinExists`], [`Error::PinName`], [`Error::Pin`]; then nothing is pinned and
    /// no directory is left.
    pub fn pin(&self, place: &Place) -> Result<Pins> {
        let (dir, to) = (&place.dir, place.maps());
        let progs: Vec<Wanted<'_>> =
            self.progs.iter().map(|p| wanted(dir, &p.name, &p.name, p.as_fd())).collect();
        let unpinned = self.maps.iter().filter(|m| m.pin.is_none());
        let named = unpinned.map(|m| (m.reused, wanted(&to, &m.name, &m.name, m.map.as_fd())));
        let named = named.filter(|(reused, w)| !(*reused && is_pinned(w))).map(|(_, w)| w);
        let sections = self.data.iter().map(|d| {
            let file = format!("{}{}", place.prefix, section_pin(&d.name));
            wanted(&to, &d.name, &file, d.map.as_fd())
        });
        let tables = self.tables.iter().map(|t| wanted(&to, &t.name, &t.name, t.map.as_fd()));
        let maps: Vec<Wanted<'_>> = named.chain(tables).chain(sections).collect();
        let there = on_bpffs(dir)?;
        names(progs.iter().chain(&maps))?;
        // What is made with its parent is not looked for before.
        if !place.replace {
            free(progs.iter().filter(|_| there))?;
            let there = !maps.is_empty() && if place.maps.is_some() { on_bpffs(&to)? } else { there };
            free(maps.iter().filter(|_| there))?;
        }

        let mut pins = Pins::default();
        pins.links = dir.join(LINKS);
        pins.make(dir)?;
        for w in &progs {
            pins.pin(w.fd, &w.path, place.replace)?;
            pins.progs.push((w.name.to_owned(), w.path.clone()));
        }
        if !maps.is_empty() {
            pins.make(&to)?;
        }
        for w in &maps {
            pins.pin(w.fd, &w.path, place.replace)?;
            pins.maps.push((w.name.to_owned(), w.path.clone()));
        }
        Ok(pins)
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

/// Whether this very map is pinned there.
fn is_pinned(wanted: &Wanted<'_>) -> bool {
    let id = |fd: BorrowedFd<'_>| map_info(fd).map(|info| info.id).ok();
    obj_get(&wanted.path, 0).is_ok_and(|fd| id(fd.as_fd()).is_some_and(|there| Some(there) == id(wanted.fd)))
}

/// A section's name without its dots, which the file system refuses: `.bss` as `bss`, `.rodata.str` as
/// `rodata_str`.
fn section_pin(section: &str) -> String {
    section.trim_start_matches('.').replace('.', "_")
}

/// Refuses to pin where something is, before anything is made.
fn free<'w, 'l: 'w>(mut wanted: impl Iterator<Item = &'w Wanted<'l>>) -> Result<()> {
    wanted.try_for_each(|w| match w.path.symlink_metadata() {
        Ok(_) => Err(Error::PinExists { path: w.path.clone() }),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(()),
        Err(e) => Err(failed(&w.path, "stat", &e)),
    })
}

/// Whether a directory on a BPF file system is there; `false` where it can be made.
fn on_bpffs(dir: &Path) -> Result<bool> {
    let pin_error = |path: &Path, source| Error::Pin { path: path.into(), source };
    match magic(dir) {
        Ok(BPFFS) => Ok(true),
        Ok(_) => Err(Error::NotBpffs { path: dir.into() }),
        // To be made. A BPF file system does not even look for a name with a dot: EPERM.
        Err(e) => {
            let name = dir.file_name().unwrap_or_default().to_string_lossy();
            let dotted = name.contains('.');
            if e.errno != Errno::ENOENT && !dotted {
                return Err(pin_error(dir, e));
            }
            let parent = parent(dir);
            if magic(parent).map_err(|e| pin_error(parent, e))? != BPFFS {
                return Err(Error::NotBpffs { path: parent.into() });
            }
            if dotted {
                return Err(Error::PinName { path: dir.into(), name: name.into() });
            }
            Ok(false)
        }
    }
}

/// Refuses names that no pin can have.
fn names<'w, 'l: 'w>(mut wanted: impl Iterator<Item = &'w Wanted<'l>>) -> Result<()> {
    match wanted.find(|w| w.file.is_empty() || w.file.contains(['.', '/'])) {
        Some(w) => Err(Error::PinName { path: w.path.clone(), name: w.file.clone() }),
        None => Ok(()),
    }
}

fn parent(dir: &Path) -> &Path {
    dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn failed(path: &Path, call: &'static str, e: &io::Error) -> Error {
    let errno = e.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
    Error::Pin { path: path.into(), source: sys::Error { call, errno } }
}
