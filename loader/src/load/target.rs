//! What a program attaches to, where the kernel wants to know it before the verifier begins: a function, tracepoint or
//! iterator that is found by its type, or a function of another program.

use std::os::fd::BorrowedFd;

use bpfasm_asm::btf::{self, Btf, TypeId, Wanted};
use bpfasm_asm::diag::nearest;
use bpfasm_asm::uapi::{AttachType, ProgType};

use super::ProgKind;
use crate::error::{Error, Result};
use crate::inspect::btf_bytes;
use crate::kernel::{KernelTypes, Symbols, kind};
use crate::sys::bpf::prog_info;

/// Attach types of programs whose functions are named when they are attached.
const LATER: [AttachType; 3] =
    [AttachType::TRACE_FENTRY_MULTI, AttachType::TRACE_FEXIT_MULTI, AttachType::TRACE_FSESSION_MULTI];

/// What a program attaches to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Target<'k> {
    /// Its type; `void` where the kernel asks for none.
    pub(super) id: TypeId,
    /// What has that type, where it is not the kernel itself: a module's BTF, or a program.
    pub(super) of: Option<BorrowedFd<'k>>,
    /// The member of a table that it stands for, in the place of an attach type.
    pub(super) member: Option<AttachType>,
}

/// A program that has a target, which is to be found.
#[derive(Debug)]
pub(super) struct Attaching<'k> {
    prog: &'k str,
    kind: &'k ProgKind,
    /// The module and the name that its section says.
    named: Option<(Option<&'k str>, &'k str)>,
    /// The name of the target's type.
    full: String,
    /// The program that the user has named.
    to: Option<BorrowedFd<'k>>,
}

impl<'k> Attaching<'k> {
    /// A program and what it is; nothing where the kernel asks for no target.
    pub(super) fn new(prog: &'k str, kind: &'k ProgKind, to: Option<BorrowedFd<'k>>) -> Option<Self> {
        let has_one = match kind.kind {
            ProgType::EXT | ProgType::LSM => true,
            ProgType::TRACING => !LATER.contains(&kind.attach_type),
            _ => false,
        };
        let parts = |target: &'k String| match target.split_once(':') {
            Some((module, name)) => (Some(module), name),
            None => (None, target.as_str()),
        };
        let named = kind.target.as_ref().map(parts);
        let new = Self { prog, kind, named, full: String::new(), to };
        let full = format!("{}{}", new.types().0, named.map_or("", |(_, name)| name));
        has_one.then_some(Self { full, ..new })
    }

    /// Wants the type of the target.
    pub(super) fn want<'n>(&'n self, wanted: &mut Wanted<'n>) {
        if self.is_kernels() {
            wanted.add(&self.full, &[self.types().1]);
        }
    }

    /// Whether its target is of the kernel, and named.
    fn is_kernels(&self) -> bool {
        self.named.is_some() && self.to.is_none() && self.kind.kind != ProgType::EXT
    }

    /// Finds the target.
    pub(super) fn find(&self, kernel: &KernelTypes<'k>, sought: &Wanted) -> Result<Target<'k>> {
        let what = self.what();
        let (module, name) =
            self.named.ok_or_else(|| self.fail(format!("its section names no {what}: SECTION/NAME")))?;
        if let Some(to) = self.to {
            return self.in_program(name, to);
        }
        if self.kind.kind == ProgType::EXT {
            let to = format!("--target-prog {}=id:N, or the path of a pin", self.prog);
            return Err(
                self.fail(format!("it takes the place of `{name}` in a program that is to be named: {to}"))
            );
        }
        match kernel.find(sought, &self.full, self.types().1, module)? {
            Some(found) => {
                Ok(Target { id: found.id, of: found.module.map(|module| module.fd()), member: None })
            }
            None => Err(self.missing(module, name, kernel)),
        }
    }

    /// What the types of its targets begin with, and their kind.
    fn types(&self) -> (&'static str, u32) {
        match self.kind.attach_type {
            AttachType::TRACE_RAW_TP => ("btf_trace_", kind::TYPEDEF),
            AttachType::LSM_MAC | AttachType::LSM_CGROUP => ("bpf_lsm_", kind::FUNC),
            AttachType::TRACE_ITER => ("bpf_iter_", kind::FUNC),
            _ => ("", kind::FUNC),
        }
    }

    /// What its targets are.
    fn what(&self) -> &'static str {
        match self.kind.attach_type {
            AttachType::TRACE_RAW_TP => "tracepoint",
            AttachType::LSM_MAC | AttachType::LSM_CGROUP => "hook of security modules",
            AttachType::TRACE_ITER => "iterator",
            _ => "function",
        }
    }

    /// A function of another program.
    fn in_program(&self, named: &str, to: BorrowedFd<'k>) -> Result<Target<'k>> {
        let info = prog_info(to)?;
        let of = format!("program {} (`{}`)", info.id, info.name);
        if info.btf_id == 0 {
            return Err(
                self.fail(format!("{of} was loaded without types, so that its functions have no names"))
            );
        }
        let bytes = btf_bytes(info.btf_id)?;
        let types: Btf<&str> = btf::decode(&bytes).map_err(|e| self.fail(format!("{of}: {e}")))?.btf;
        let is_func = |kind: &btf::Kind<&str>| matches!(kind, btf::Kind::Func { .. });
        match types.find(named, is_func) {
            Some(id) => Ok(Target { id, of: Some(to), member: None }),
            None => {
                let names = types.types.iter().filter(|ty| is_func(&ty.kind)).map(|ty| ty.name);
                let near = mean(nearest(named, names));
                Err(self.fail(format!("{of} has no function `{named}`{near}")))
            }
        }
    }

    /// Why there is no such target, and which may be meant.
    fn missing(&self, module: Option<&str>, name: &str, kernel: &KernelTypes) -> Error {
        let (prefix, kind) = self.types();
        let modules = kernel.modules().unwrap_or_default();
        let names = kernel.names(kind).filter_map(|name| name.strip_prefix(prefix));
        let near = mean(nearest(name, names));
        let what = self.what();
        let is_symbol = || Symbols::read().all().any(|(_, _, known)| known == name);
        self.fail(match module {
            Some(module) if module != "vmlinux" && !modules.iter().any(|known| known.name() == module) => {
                let known: Vec<_> = modules.iter().map(|module| module.name()).collect();
                let near = mean(nearest(module, known));
                format!("no module `{module}` with types is loaded{near}")
            }
            Some(module) => format!("`{module}` has no {what} `{name}`{near}"),
            None if kind == kind::FUNC && prefix.is_empty() && is_symbol() => {
                format!("the kernel's types do not describe function `{name}`, though it has one{near}")
            }
            None => format!("this kernel has no {what} `{name}`{near}"),
        })
    }

    fn fail(&self, what: String) -> Error {
        Error::Target { prog: self.prog.to_owned(), what }
    }
}

/// The suggestion of another name.
pub(super) fn mean(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
