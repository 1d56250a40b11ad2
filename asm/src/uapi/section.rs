//! What a section's name says about the programs in it: libbpf's table of section names.

use super::{AttachType, ProgType};

/// One row: a section name, or the part of it before `/target`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionDef {
    /// The name without `/target`, `+`, `?`.
    pub name: &'static str,
    /// Whether `/target` must, may or cannot follow.
    pub target: TargetRule,
    /// The program type.
    pub prog_type: ProgType,
    /// The expected attach type, where the kernel checks one or a link needs one.
    pub attach_type: Option<AttachType>,
    /// The struct that the context points to, as uapi names it (`xdp_md`); empty where there is none.
    pub ctx: &'static str,
    /// `BPF_F_*` flags of `prog_flags` that the name stands for (sleepable, xdp.frags).
    pub prog_flags: u32,
}

/// Whether `/target` follows a section's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetRule {
    /// Never.
    None,
    /// It may.
    Optional,
    /// It must.
    Required,
}

/// A section name, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section<'a> {
    /// The row.
    pub def: &'static SectionDef,
    /// What follows the first `/` that is not part of the row's name.
    pub target: Option<&'a str>,
    /// Whether the name began with `?`: not loaded unless asked for.
    pub optional: bool,
}
