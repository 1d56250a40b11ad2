//! The seam between this crate and the kernel: what loading and attaching asks of it passes here, call by call.
//!
//! Ordinarily nothing happens here but a branch. Where this thread has a [`Watch`], it sees each call in words
//! before it is made, decides whether it is made, refused, or answered with a stand-in, and hears how it ended. A dry
//! run, an account of what is done, and tests that let any call fail are three watches.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::{Error, Result};

/// What a field of a call holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(u64),
    /// A number that may be negative.
    Signed(i64),
    /// A number whose bits or bytes mean something.
    Hex(u64),
    /// A descriptor.
    Fd(RawFd),
    /// A number of a set whose members have names; flags are joined by `|`.
    Name(String),
    /// Text: a name, a path.
    Text(String),
    /// Bytes, such as a key.
    Bytes(Vec<u8>),
}

impl Value {
    /// Flags by the names of their bits, the lowest first; none where no bit is set.
    pub(super) fn flags(flags: u32, names: &[&str]) -> Option<Value> {
        let bit = |bit: u32| match names.get(usize::try_from(bit).ok()?) {
            _ if flags & 1 << bit == 0 => None,
            Some(name) => Some((*name).to_owned()),
            None => Some(format!("{:#x}", 1u32 << bit)),
        };
        let set: Vec<String> = (0..u32::BITS).filter_map(bit).collect();
        (!set.is_empty()).then(|| Value::Name(set.join("|")))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Bytes that are shown of a long value.
        const SHOWN: usize = 32;
        match self {
            Value::Number(n) => n.fmt(f),
            Value::Signed(n) => n.fmt(f),
            Value::Hex(n) => write!(f, "{n:#x}"),
            Value::Fd(fd) => fd.fmt(f),
            Value::Name(name) => f.write_str(name),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Bytes(bytes) => {
                bytes.iter().take(SHOWN).try_for_each(|b| write!(f, "{b:02x}"))?;
                if bytes.len() > SHOWN { write!(f, "… ({} bytes)", bytes.len()) } else { Ok(()) }
            }
        }
    }
}

/// The fields of a call, by the kernel's names, in its order. Fields that are 0 where that means "none" are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(&'static str, Value)>);

impl Fields {
    /// Adds a field, where it holds something.
    pub(super) fn add(mut self, name: &'static str, value: impl Into<Option<Value>>) -> Fields {
        self.0.extend(value.into().map(|value| (name, value)));
        self
    }

    /// Adds a path.
    pub(super) fn path(self, path: impl AsRef<std::path::Path>) -> Fields {
        self.add("path", Value::Text(path.as_ref().to_string_lossy().into_owned()))
    }

    /// What a field holds.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }
}

/// A call on its way to the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name, as errors have it: `bpf(BPF_MAP_CREATE)`, `RTM_NEWTFILTER`, `mkdir`.
    pub name: &'static str,
    /// What is asked for.
    pub fields: Fields,
    /// Whether it changes nothing and only looks.
    pub asks: bool,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is made.
    Make,
    /// It is not made, and fails.
    Refuse(Errno),
    /// It is not made, and answered as if it had succeeded.
    StandIn,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Well, with nothing to tell.
    Done,
    /// With a descriptor.
    Fd(RawFd),
    /// With a refusal, and the kernel's text where there is one.
    Failed(Errno, Option<String>),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Done => f.write_str("ok"),
            Outcome::Fd(fd) => write!(f, "fd {fd}"),
            Outcome::Failed(errno, None) => write!(f, "{errno:?}"),
            Outcome::Failed(errno, Some(text)) => write!(f, "{errno:?} ({text})"),
        }
    }
}

/// Someone who sees the calls of this thread.
pub trait Watch {
    /// Says what becomes of a call.
    fn before(&mut self, call: &Call) -> Verdict;
    /// Hears how it ended, and how long that took.
    fn after(&mut self, call: Call, outcome: Outcome, took: Duration);
}

type Watcher = Rc<RefCell<dyn Watch>>;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static WATCHER: RefCell<Option<Watcher>> = const { RefCell::new(None) };
}

/// As long as it lives, the calls of this thread are watched.
#[derive(Debug)]
pub struct Watching(());

/// Has the calls of this thread watched, by this watch alone.
pub fn watch(watcher: Watcher) -> Watching {
    super::stand_in::forget();
    WATCHER.set(Some(watcher));
    WATCHED.set(true);
    Watching(())
}

impl Drop for Watching {
    fn drop(&mut self) {
        WATCHED.set(false);
        WATCHER.set(None);
    }
}

/// Whether anybody watches the calls of this thread.
#[inline]
pub(super) fn watched() -> bool {
    WATCHED.get()
}

/// What a call that went well gives.
pub(super) trait Tell {
    /// What there is to tell of it.
    fn tell(&self) -> Outcome {
        Outcome::Done
    }
}

impl Tell for () {}
impl Tell for u64 {}
impl Tell for OwnedFd {
    fn tell(&self) -> Outcome {
        Outcome::Fd(self.as_raw_fd())
    }
}

/// What a call that failed gives.
pub(super) trait Refusal {
    /// The error of a call that the watch refuses.
    fn refused(call: &'static str, errno: Errno) -> Self;
    /// Why it failed.
    fn refusal(&self) -> Outcome;
}

impl Refusal for Error {
    fn refused(call: &'static str, errno: Errno) -> Error {
        Error { call, errno }
    }

    fn refusal(&self) -> Outcome {
        Outcome::Failed(self.errno, None)
    }
}

/// Makes a call, unless somebody watches and decides otherwise.
///
/// `fields` says in words what is asked for, `stand_in` answers in the kernel's place, and `make` makes the call. A
/// call that only `asks` is never answered by a stand-in.
#[inline]
pub(super) fn through<T: Tell, E: Refusal>(
    name: &'static str,
    asks: bool,
    fields: impl FnOnce(Fields) -> Fields,
    stand_in: impl FnOnce() -> std::result::Result<T, E>,
    make: impl FnOnce() -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    if !watched() {
        return make();
    }
    let open = begin(Call { name, fields: fields(Fields::default()), asks });
    let answer = match open.verdict {
        Verdict::Make => make(),
        Verdict::Refuse(errno) => Err(E::refused(name, errno)),
        Verdict::StandIn => stand_in(),
    };
    open.end(answer.as_ref().map_or_else(Refusal::refusal, Tell::tell));
    answer
}

/// [`through`] for a call that changes something and gives nothing back.
pub(super) fn act(
    call: &'static str,
    fields: impl FnOnce(Fields) -> Fields,
    make: impl FnOnce() -> nix::Result<()>,
) -> Result<()> {
    through(call, false, fields, || Ok(()), || make().map_err(|errno| Error { call, errno }))
}

/// [`through`] for a call that is made also where others are answered by stand-ins, since it changes nothing.
#[inline]
pub(super) fn ask<T: Tell>(
    name: &'static str,
    fields: impl FnOnce(Fields) -> Fields,
    make: impl FnOnce() -> Result<T>,
) -> Result<T> {
    through(name, true, fields, || Err(Error { call: name, errno: Errno::ENOSYS }), make)
}

/// A call between its beginning and its end.
struct Open {
    watcher: Option<Watcher>,
    call: Call,
    verdict: Verdict,
    start: Instant,
}

#[cold]
fn begin(call: Call) -> Open {
    let watcher = WATCHER.with_borrow(Clone::clone);
    let mut verdict = watcher.as_ref().map_or(Verdict::Make, |w| w.borrow_mut().before(&call));
    if call.asks && verdict == Verdict::StandIn {
        verdict = Verdict::Make;
    }
    Open { watcher, call, verdict, start: Instant::now() }
}

impl Open {
    #[cold]
    fn end(self, outcome: Outcome) {
        let took = self.start.elapsed();
        if let (Verdict::Make, Outcome::Fd(fd)) = (self.verdict, &outcome) {
            // The number may have been that of a stand-in.
            super::stand_in::closed(*fd);
        }
        if let Some(watcher) = self.watcher {
            watcher.borrow_mut().after(self.call, outcome, took);
        }
    }
}
