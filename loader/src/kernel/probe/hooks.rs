//! Hooks: which kinds of programs can be loaded, and for what.

use super::{CANNOT_ASK, Probe, Tried, Verdict, links};
use crate::sys::bpf::ProgLoad;
use bpfasm_asm::btf::{TypeId, Wanted};
use bpfasm_asm::uapi::section::{SECTIONS, SectionDef};
use bpfasm_asm::uapi::{AttachType, ProgType};
use nix::errno::Errno;

const FUNC: u32 = 12;
const TYPEDEF: u32 = 8;

/// What a program is loaded for in a probe where it needs a function or tracepoint of the kernel: such that kernels
/// with this hook have.
const TARGETS: [(AttachType, u32, &str); 8] = [
    (AttachType::TRACE_RAW_TP, TYPEDEF, "btf_trace_sched_switch"),
    (AttachType::TRACE_FENTRY, FUNC, "bpf_fentry_test1"),
    (AttachType::TRACE_FEXIT, FUNC, "bpf_fentry_test1"),
    (AttachType::TRACE_FSESSION, FUNC, "bpf_fentry_test1"),
    (AttachType::MODIFY_RETURN, FUNC, "bpf_modify_return_test"),
    (AttachType::LSM_MAC, FUNC, "bpf_lsm_file_open"),
    (AttachType::LSM_CGROUP, FUNC, "bpf_lsm_socket_bind"),
    (AttachType::TRACE_ITER, FUNC, "bpf_iter_task"),
];

/// Program types whose programs have a target in the kernel's types or in another program.
const TARGETED: [ProgType; 4] = [ProgType::TRACING, ProgType::LSM, ProgType::EXT, ProgType::STRUCT_OPS];

/// A kind of program and what it is loaded for: a row of the table of section names. Rows that the kernel cannot tell
/// apart are one.
#[derive(Debug, Clone, Copy)]
pub struct Hook {
    /// The first row.
    pub def: &'static SectionDef,
    /// Whether such a program can be loaded and attached.
    pub verdict: Verdict,
    /// Whether the kernel knows the type of program, whatever it said about this one.
    known: bool,
    /// What it is loaded for in a probe.
    target: TypeId,
}

impl Hook {
    /// What the answer says about the type of program.
    pub(super) fn kind_verdict(&self) -> Verdict {
        if self.known { Verdict::Supported } else { self.verdict }
    }

    /// Whether other programs can be tried at it.
    pub(super) fn takes_programs(&self) -> bool {
        self.verdict == Verdict::Supported && !(self.lacks_target())
    }

    /// Whether a probe has nothing to load such a program for.
    fn lacks_target(&self) -> bool {
        TARGETED.contains(&self.def.prog_type) && self.target == TypeId::VOID
    }

    /// A program for this hook.
    pub(super) fn prog<'a>(&self, insns: &'a [u8]) -> ProgLoad<'a> {
        ProgLoad {
            flags: self.def.prog_flags,
            expected_attach_type: self.def.attach_type.unwrap_or(AttachType(0)),
            attach_btf_id: self.target,
            ..ProgLoad::new(self.def.prog_type, insns, c"GPL")
        }
    }
}

impl Probe<'_, '_> {
    /// All hooks, each tried with a program that returns 0 or, where the hook does not take that, 1.
    pub fn hooks(&mut self) -> Vec<Hook> {
        let key = |def: &SectionDef| (def.prog_type, def.attach_type, def.prog_flags);
        let mut rows: Vec<&'static SectionDef> = vec![];
        for def in SECTIONS {
            if !rows.iter().any(|row| key(row) == key(def)) {
                rows.push(def);
            }
        }
        self.tried(&rows)
    }

    /// The hook of one row of the table of section names, tried.
    pub fn hook(&mut self, def: &'static SectionDef) -> Option<Hook> {
        self.tried(&[def]).pop()
    }

    fn tried(&mut self, rows: &[&'static SectionDef]) -> Vec<Hook> {
        let target = |def: &SectionDef| TARGETS.iter().find(|(attach, ..)| Some(*attach) == def.attach_type);
        let mut wanted = Wanted::default();
        let targets = rows.iter().filter_map(|def| target(def));
        targets.for_each(|(_, kind, name)| wanted.add(name, &[*kind]));
        let sought = !wanted.is_empty() && self.types.seek(&mut wanted).is_ok();
        let find = |def: &SectionDef| {
            let (_, kind, name) = target(def).filter(|_| sought)?;
            self.types.find(&wanted, name, *kind, Some("vmlinux")).ok()?.map(|found| found.id)
        };
        let hook = |def: &&'static SectionDef| {
            let target = find(def).unwrap_or(TypeId::VOID);
            Hook { def, verdict: CANNOT_ASK, known: false, target }
        };
        let mut hooks: Vec<Hook> = rows.iter().map(hook).collect();
        hooks.iter_mut().for_each(|hook| self.try_hook(hook));
        hooks
    }

    fn try_hook(&mut self, hook: &mut Hook) {
        let tried = match self.load(&hook.prog(&super::returns(0))) {
            // Some hooks take other results only.
            Tried::Rejected(..) if !hook.lacks_target() => self.load(&hook.prog(&super::returns(1))),
            tried => tried,
        };
        hook.known = !matches!(tried, Tried::Refused(_));
        // The plain hook of a type is as old as the type, and may be older than the name of its attach type.
        let plain = hook.def.prog_type.name() == Some(hook.def.name);
        let constant = hook.def.attach_type.filter(|_| !plain).and_then(AttachType::constant);
        hook.verdict = match tried {
            _ if constant.is_some() && self.has_constant(constant) == Some(false) => {
                Verdict::Unsupported(Errno::EINVAL)
            }
            Tried::Loaded(fd) => links::attachable(hook.def, &fd),
            Tried::Refused(errno) => Verdict::of(errno),
            // It asks for the target that was not given.
            Tried::Rejected(..) if hook.lacks_target() && constant.is_none() => Verdict::Supported,
            Tried::Rejected(..) if hook.lacks_target() => CANNOT_ASK,
            Tried::Rejected(errno, _) => Verdict::Unsupported(errno),
        };
    }
}
