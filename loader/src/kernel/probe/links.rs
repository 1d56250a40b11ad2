//! Whether a loaded program could be attached: it is attached to what cannot be there.

use super::{CANNOT_ASK, Hook, Probe, Tried, Verdict, returns};
use crate::sys::bpf::{
    LinkCreate, LinkOptions, ProgAttach, Target, link_create, prog_attach, raw_tracepoint_open,
};
use bpfasm_asm::uapi::section::SectionDef;
use bpfasm_asm::uapi::{AttachType, LinkType, ProgType};
use nix::errno::Errno;
use std::os::fd::{AsFd, OwnedFd};

/// No descriptor, and no interface.
const NOWHERE: Target<'static> = Target::Ifindex(u32::MAX);

/// Which hook a link is tried with, by its section. Those without can only be looked up in the kernel's types: the
/// kernel refuses a target that is not there just as it refuses a link that it does not have.
const TRIED: [(LinkType, &str); 9] = [
    (LinkType::RAW_TRACEPOINT, "raw_tracepoint"),
    (LinkType::CGROUP, "cgroup_skb/egress"),
    (LinkType::NETNS, "sk_lookup"),
    (LinkType::PERF_EVENT, "perf_event"),
    (LinkType::KPROBE_MULTI, "kprobe.multi"),
    (LinkType::NETFILTER, "netfilter"),
    (LinkType::TCX, "tc/ingress"),
    (LinkType::NETKIT, "netkit/primary"),
    (LinkType::SOCKMAP, "sk_msg"),
];

/// A link to nowhere. The kernel knows such links where it misses the target, rather than refusing the request.
fn link(def: &SectionDef, prog: &OwnedFd) -> Errno {
    let attach_type = match (def.prog_type, def.attach_type) {
        (_, Some(attach_type)) => attach_type,
        (ProgType::PERF_EVENT, None) => AttachType::PERF_EVENT,
        (_, None) => return Errno::EINVAL,
    };
    let options = match attach_type {
        // In their words: one symbol, whose name is at address 8. A netfilter hook of family 0 there is none.
        AttachType::TRACE_KPROBE_MULTI | AttachType::TRACE_KPROBE_SESSION => {
            LinkOptions::Netfilter { pf: 0, hook: 1, priority: 8, flags: 0 }
        }
        _ => LinkOptions::None,
    };
    let create = LinkCreate { prog: prog.as_fd(), target: NOWHERE, attach_type, flags: 0, options };
    link_create(&create).map_or_else(|e| e.errno, |_| Errno::from_raw(0))
}

/// Whether a refusal is about the request, and not about its target.
fn is_unknown(errno: Errno) -> bool {
    matches!(errno, Errno::EINVAL | Errno::EOPNOTSUPP)
}

/// Whether a program that could be loaded can be attached, too, as far as the kernel tells: many kernels do not look
/// at the attach type before.
pub(super) fn attachable(def: &SectionDef, prog: &OwnedFd) -> Verdict {
    let (kind, Some(attach_type)) = (def.prog_type, def.attach_type) else { return Verdict::Supported };
    // Attached by netlink, socket options or with lists of addresses: a request that is not understood says nothing.
    let silent = match kind {
        ProgType::XDP | ProgType::SK_REUSEPORT | ProgType::TRACING | ProgType::LSM => true,
        ProgType::KPROBE => {
            !matches!(attach_type, AttachType::TRACE_KPROBE_MULTI | AttachType::TRACE_KPROBE_SESSION)
        }
        _ => false,
    };
    if silent || !is_unknown(link(def, prog)) {
        return Verdict::Supported;
    }
    match prog_attach(&ProgAttach::new(prog.as_fd(), NOWHERE, attach_type)) {
        Err(e) if is_unknown(e.errno) => Verdict::Unsupported(e.errno),
        Err(e) if e.errno == Errno::EPERM => Verdict::Denied(e.errno),
        _ => Verdict::Supported,
    }
}

impl Probe<'_, '_> {
    pub(super) fn link_type(&mut self, kind: LinkType, hooks: &[Hook]) -> Verdict {
        let section = TRIED.iter().find(|(tried, _)| *tried == kind).map(|(_, section)| *section);
        let known = self.has_constant(kind.constant());
        let Some(section) = section else {
            let best = hooks.iter().map(|hook| hook.verdict).reduce(Verdict::or);
            return match known {
                // Without programs there are no links.
                Some(true) if best != Some(Verdict::Supported) => best.unwrap_or(CANNOT_ASK),
                Some(true) => Verdict::Supported,
                Some(false) => Verdict::Unsupported(Errno::EINVAL),
                None => CANNOT_ASK,
            };
        };
        let Some(hook) = hooks.iter().find(|hook| hook.def.name == section) else { return CANNOT_ASK };
        let prog = match self.load(&hook.prog(&returns(1))) {
            Tried::Loaded(prog) => prog,
            Tried::Refused(errno) => return Verdict::of(errno),
            Tried::Rejected(errno, _) => return Verdict::Unknown(errno),
        };
        let errno = match kind {
            LinkType::RAW_TRACEPOINT => raw_tracepoint_open(Some("no such tracepoint"), prog.as_fd(), 0)
                .map_or_else(|e| e.errno, |_| Errno::from_raw(0)),
            _ => link(hook.def, &prog),
        };
        match errno {
            Errno::EPERM | Errno::EACCES => Verdict::Denied(errno),
            errno if is_unknown(errno) => Verdict::Unsupported(errno),
            _ => Verdict::Supported,
        }
    }
}
