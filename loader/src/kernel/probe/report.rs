//! All answers together, and what of them somebody has to do something about.

use super::{Environment, Feature, Helpers, Hook, Probe, Verdict, level};
use crate::kernel::KernelTypes;
use crate::load::privileges::Refused;
use bpfasm_asm::isa::Cpu;
use bpfasm_asm::uapi::{LinkType, MapType, ProgType};
use nix::errno::Errno;

/// Something that is missing or forbidden, and the one thing to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub what: String,
    /// Why, and what to do.
    pub help: String,
}

/// What this kernel and this process can do.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was read.
    pub environment: Environment,
    /// Program types, by number.
    pub prog_types: Vec<(ProgType, Verdict)>,
    /// Map types, by number.
    pub map_types: Vec<(MapType, Verdict)>,
    /// Link types, by number.
    pub link_types: Vec<(LinkType, Verdict)>,
    /// What programs can be loaded for, in the order of section names.
    pub hooks: Vec<Hook>,
    /// The instruction set, oldest features first.
    pub features: Vec<(Feature, Verdict)>,
    /// The highest level of the instruction set that is there as a whole.
    pub level: Option<Cpu>,
    /// Helpers, by type of program; empty unless they were asked for: there are thousands of answers.
    pub helpers: Vec<Helpers>,
}

impl Report {
    /// Asks for everything; for helpers only where they are wanted.
    #[must_use]
    pub fn new(types: &KernelTypes<'_>, with_helpers: bool) -> Self {
        let mut probe = Probe::new(types);
        let hooks = probe.hooks();
        let features = probe.features(&hooks);
        Self {
            environment: Environment::read(types),
            prog_types: Probe::prog_types(&hooks),
            map_types: probe.map_types(),
            link_types: probe.link_types(&hooks),
            level: level(&features),
            features,
            helpers: if with_helpers { probe.helpers(&hooks) } else { vec![] },
            hooks,
        }
    }

    /// Whether any program can be loaded, or else why not.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let all = self.prog_types.iter().map(|(_, verdict)| *verdict);
        all.reduce(Verdict::or).unwrap_or(Verdict::Unsupported(Errno::ENOSYS))
    }

    /// What is missing or forbidden, the worst first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let env = &self.environment;
        let finding = |what: &str, help: &str| Finding { what: what.to_owned(), help: help.to_owned() };
        if matches!(self.verdict(), Verdict::Unsupported(Errno::ENOSYS)) {
            let help =
                "there is no bpf(2): use a kernel with CONFIG_BPF_SYSCALL, or a sandbox that lets it pass";
            return vec![finding("no program can be loaded", help)];
        }
        let mut findings = self.denied();
        if let Err(why) = &env.types {
            let help = format!(
                "{why}; programs that fit themselves to the kernel or attach to its functions need them: give a \
                 file with --btf, or use a kernel with CONFIG_DEBUG_INFO_BTF"
            );
            findings.push(finding("the kernel shows no types of its own", &help));
        }
        if env.jit.enable == Some(0) {
            let help = "they are interpreted, many times slower: sysctl net.core.bpf_jit_enable=1";
            findings.push(finding("programs are not compiled to machine code", help));
        }
        if env.rights.lockdown == "confidentiality" {
            let help = "programs cannot read the kernel's memory: boot without lockdown= and secure boot";
            findings.push(finding("the kernel is locked down (confidentiality)", help));
        }
        if env.rights.counts_memlock && env.memlock.is_some_and(|limit| limit < 8 << 20) {
            let help = "before Linux 5.11 maps and programs count as locked memory: ulimit -l unlimited";
            findings.push(finding("little memory may be locked", help));
        }
        let mounts = [
            ("bpf", "nothing can be pinned: mount -t bpf bpf /sys/fs/bpf"),
            ("cgroup2", "programs for cgroups have no place: mount -t cgroup2 cgroup2 /sys/fs/cgroup"),
        ];
        for (kind, help) in mounts.into_iter().filter(|(kind, _)| env.mounted(kind).next().is_none()) {
            findings.push(finding(&format!("file system {kind} is not mounted"), help));
        }
        findings
    }

    /// What this process may not do, together by the reason.
    fn denied(&self) -> Vec<Finding> {
        let denied = |verdict: &Verdict| matches!(verdict, Verdict::Denied(_));
        let progs = self.prog_types.iter().filter(|(_, verdict)| denied(verdict));
        let progs = progs.map(|(kind, _)| ("programs", kind.to_string(), Refused::Prog(*kind)));
        // Of a type that has other hooks, only these.
        let whole =
            |hook: &&Hook| self.prog_types.iter().all(|(kind, v)| *kind != hook.def.prog_type || !denied(v));
        let hooks = self.hooks.iter().filter(|hook| denied(&hook.verdict)).filter(whole);
        let hooks = hooks.map(|hook| ("hooks", hook.def.name.to_owned(), Refused::Prog(hook.def.prog_type)));
        let maps = self.map_types.iter().filter(|(_, verdict)| denied(verdict));
        let maps = maps.map(|(kind, _)| ("maps", kind.to_string(), Refused::Map(*kind)));
        let mut findings: Vec<(&str, Finding)> = vec![];
        for (of, name, refused) in progs.chain(hooks).chain(maps) {
            let help = self.environment.rights.diagnose(refused).to_string();
            match findings.iter_mut().find(|(known, finding)| *known == of && finding.help == help) {
                Some((_, finding)) => finding.what += &format!(", {name}"),
                None => findings.push((of, Finding { what: format!("{of} denied: {name}"), help })),
            }
        }
        findings.into_iter().map(|(_, finding)| finding).collect()
    }
}
