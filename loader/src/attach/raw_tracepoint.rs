//! Raw tracepoints: the tracepoint's own arguments, held by a link (`BPF_RAW_TRACEPOINT_OPEN`, Linux 4.17).

use nix::errno::Errno;

use super::held::{Attachment, Held};
use super::nearest::nearest;
use super::{Error, Prog, common, tracepoint};
use crate::sys::{bpf, fs};

/// Attaches to the tracepoint `name`, which has no category here.
pub fn attach(prog: &Prog<'_>, name: &str) -> Result<Attachment, Error> {
    let hook = format!("raw tracepoint {name}");
    match bpf::raw_tracepoint_open(Some(name), prog.fd, 0) {
        Ok(fd) => Ok(Attachment::new(hook, prog, Held::Link(fd))),
        Err(e) if e.errno == Errno::ENOENT => {
            // Without tracefs there is nothing to suggest.
            let names = fs::tracefs().map(|root| tracepoint::events(&root)).unwrap_or_default();
            let names = names.into_iter().filter_map(|e| e.split_once('/').map(|(_, name)| name.to_owned()));
            Err(Error::NoTracepoint { name: name.to_owned(), nearest: nearest(name, names) })
        }
        Err(e) => Err(common::refused(&hook, e, common::PERFMON, None)),
    }
}
