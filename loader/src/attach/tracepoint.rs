//! Tracepoints through perf events: by link (Linux 5.15), before that with `PERF_EVENT_IOC_SET_BPF`.

use std::os::fd::AsFd;

use bpfasm_asm::uapi::AttachType;
use nix::errno::Errno;

use super::held::{Attachment, Held};
use super::nearest::nearest;
use super::{Error, Prog, common};
use crate::sys::fs::{Dir, tracefs};
use crate::sys::{bpf, perf};

/// Attaches to `CATEGORY/NAME`.
pub fn attach(prog: &Prog<'_>, event: &str) -> Result<Attachment, Error> {
    let hook = format!("tracepoint {event}");
    let id = id(event)?;
    let needs = "CAP_PERFMON and CAP_BPF, as root has them, or kernel.perf_event_paranoid=-1";
    let refused = |e| common::refused(&hook, e, needs, None);
    let fd = perf::open_tracepoint(id).map_err(refused)?;
    let held = match common::make_link(prog.fd, bpf::Target::Fd(fd.as_fd()), AttachType::PERF_EVENT, 0) {
        Ok(link) => {
            // The link holds the event; it does not start it.
            perf::enable(fd.as_fd()).map_err(refused)?;
            Held::Link(link)
        }
        Err(e) if e.errno == Errno::EINVAL => {
            perf::set_bpf(fd.as_fd(), prog.fd).map_err(|e| {
                let hint = (e.errno == Errno::EINVAL).then(|| {
                    "The program must be of section tracepoint/…, and read no more of its context than this \
                     tracepoint has"
                        .to_owned()
                });
                common::refused(&hook, e, needs, hint)
            })?;
            perf::enable(fd.as_fd()).map_err(refused)?;
            Held::Event(fd)
        }
        Err(e) => return Err(refused(e)),
    };
    Ok(Attachment::new(hook, prog, held))
}

/// The number of a tracepoint, from tracefs.
fn id(event: &str) -> Result<u64, Error> {
    let no_tracefs = |source| Error::NoTracefs { name: event.to_owned(), source };
    let root = tracefs().map_err(no_tracefs)?;
    let missing = || Error::NoTracepoint { name: event.to_owned(), nearest: nearest(event, events(&root)) };
    // The name becomes a path: it has one slash, and goes nowhere but down.
    let (category, name) = event.split_once('/').ok_or_else(missing)?;
    if [category, name].iter().any(|part| part.is_empty() || part.contains('/') || part.starts_with('.')) {
        return Err(missing());
    }
    match root.read(&format!("events/{event}/id")) {
        Ok(text) => text.trim().parse().map_err(|_| missing()),
        Err(e) if e.errno == Errno::ENOENT => Err(missing()),
        Err(e) => Err(no_tracefs(e)),
    }
}

/// All tracepoints, as `CATEGORY/NAME`.
pub fn events(root: &Dir) -> Vec<String> {
    let mut all = Vec::new();
    for category in root.names("events").unwrap_or_default() {
        // Plain files like `enable` have no names in them.
        for name in root.names(&format!("events/{category}")).unwrap_or_default() {
            if !matches!(name.as_str(), "enable" | "filter") {
                all.push(format!("{category}/{name}"));
            }
        }
    }
    all
}
