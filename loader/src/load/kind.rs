//! What a program is: its type, what it is loaded for, and what it attaches to.

use std::str::FromStr;

use bpfasm_asm::diag::nearest;
use bpfasm_asm::uapi::section::{self, SECTIONS};
use bpfasm_asm::uapi::{AttachType, ProgType};

use super::target::mean;

/// What a program is, as its section says or, where that says nothing, the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgKind {
    /// `enum bpf_prog_type`.
    pub kind: ProgType,
    /// What it is loaded for; 0 where the type has none.
    pub attach_type: AttachType,
    /// `BPF_F_*` of `prog_flags`.
    pub flags: u32,
    /// What follows the section's name: a function, a tracepoint …
    pub target: Option<String>,
}

impl ProgKind {
    /// What a section says; nothing for names that fix no type.
    #[must_use]
    pub fn of_section(name: &str) -> Option<Self> {
        section::parse(name).map(|section| Self {
            kind: section.def.prog_type,
            attach_type: section.def.attach_type.unwrap_or(AttachType(0)),
            flags: section.def.prog_flags,
            target: section.target.map(str::to_owned),
        })
    }
}

/// `TYPE[:ATTACH_TYPE]`, where the type is a section's name (`tc`, `fentry/vfs_read`) or that of the kernel's
/// (`sched_cls`), and the attach type one of the kernel's (`tcx_ingress`).
impl FromStr for ProgKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(kind) = Self::of_section(text) {
            return Ok(kind);
        }
        let (name, attach) = text.split_once(':').map_or((text, None), |(name, attach)| (name, Some(attach)));
        let by_type = |kind| Self { kind, attach_type: AttachType(0), flags: 0, target: None };
        let kind = Self::of_section(name).or_else(|| ProgType::from_name(name).map(by_type));
        let mut kind = kind.ok_or_else(|| {
            let names = ProgType::ALL.iter().filter_map(|kind| kind.name());
            let near = nearest(name, names.chain(SECTIONS.iter().map(|def| def.name)));
            format!("`{name}` is neither a type of program nor the name of a section{}", mean(near))
        })?;
        if let Some(attach) = attach {
            kind.attach_type = AttachType::from_name(attach).ok_or_else(|| {
                let names = AttachType::ALL.iter().filter_map(|kind| kind.name());
                format!("`{attach}` is no attach type{}", mean(nearest(attach, names)))
            })?;
        }
        Ok(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_said_by_section_or_by_the_kernels_name() {
        let kind = |text: &str| text.parse::<ProgKind>();
        let of = |kind, attach_type, flags, target: Option<&str>| {
            Ok(ProgKind { kind, attach_type, flags, target: target.map(Into::into) })
        };
        assert_eq!(kind("tc"), of(ProgType::SCHED_CLS, AttachType(0), 0, None));
        assert_eq!(kind("sched_cls:tcx_ingress"), of(ProgType::SCHED_CLS, AttachType::TCX_INGRESS, 0, None));
        assert_eq!(kind("xdp.frags:xdp_devmap"), of(ProgType::XDP, AttachType::XDP_DEVMAP, 1 << 5, None));
        let target = Some("xfs:xfs_file_open");
        assert_eq!(
            kind("fentry/xfs:xfs_file_open"),
            of(ProgType::TRACING, AttachType::TRACE_FENTRY, 0, target)
        );
        for (text, words) in [
            (
                "sched_cl",
                "`sched_cl` is neither a type of program nor the name of a section; did you mean `sched_cls`?",
            ),
            ("xdp:xdp_cpumab", "`xdp_cpumab` is no attach type; did you mean `xdp_cpumap`?"),
            ("", "`` is neither a type of program nor the name of a section"),
        ] {
            assert_eq!(kind(text).unwrap_err(), words);
        }
    }
}
