//! One program: which type it has, loading it, and its log when the verifier refuses it.

use super::core::Core;
use super::layout::Places;
use super::memlock::Memlock;
use super::names::kernel_name;
use super::target::{Attaching, Target};
use super::types::{Records as TypeRecords, Types};
use super::{Layout, LoadedProg, Options, ProgKind, privileges, struct_ops};
use crate::error::{Error, Result};
use crate::sys::bpf::{LoadFailed, Log, ProgLoad, Records, prog_load};
use crate::verifier::Rejection;
use bpfasm_asm::btf::ext::{FUNC_INFO_LEN, LINE_INFO_LEN};
use bpfasm_asm::object::{Func, Linkage, Object, Symbol, TEXT};
use bpfasm_asm::uapi::ProgType;
use nix::errno::Errno;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

/// How often a load is tried again that a signal interrupted.
const INTERRUPTED: usize = 5;
/// The last and largest log buffer for kernels that do not tell the size (before 5.2 the limit is 16 MiB − 1).
const LARGEST_LOG: usize = (16 << 20) - 1;
/// Log levels (`BPF_LOG_LEVEL1`, `BPF_LOG_LEVEL2`): the instructions walked through, and all states.
const PATH: u32 = 1;
const STATES: u32 = 2;

/// A program that is to be loaded.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) index: usize,
    pub(super) kind: ProgKind,
    /// What its log shall tell if it is accepted.
    log_level: u32,
}

impl Choice {
    /// The target of its type that the kernel asks for.
    pub(super) fn attaching<'a>(&'a self, object: &'a Object, options: &'a Options) -> Option<Attaching<'a>> {
        let name = &object.funcs[self.index].name;
        let to = options.targets.iter().find(|(prog, _)| prog == name).map(|(_, fd)| fd.as_fd());
        Attaching::new(name, &self.kind, to)
    }
}

/// The programs to load: those named, or all but the optional ones and those that others call.
pub(super) fn select(object: &Object, options: &Options) -> Result<Vec<Choice>> {
    let names = &options.programs;
    let asked =
        options.types.iter().map(|(name, _)| name).chain(options.targets.iter().map(|(name, _)| name));
    for name in names.iter().chain(asked) {
        if !object.programs().any(|(_, f)| &f.name == name) {
            let known = object.programs().map(|(_, f)| f.name.clone()).collect();
            return Err(Error::NoProgram { name: name.clone(), known });
        }
    }
    let called = called(object);
    let mut chosen = Vec::new();
    for (index, func) in object.programs() {
        let named = names.contains(&func.name);
        // Tables bring their programs, whatever these say of themselves.
        let tables = struct_ops::is_made_for(object, index);
        let left_out = || called.contains(&index) || tables == Some(false);
        if if names.is_empty() { left_out() } else { !named } {
            continue;
        }
        let given = options.types.iter().find(|(name, _)| *name == func.name).map(|(_, given)| given.clone());
        let is_asked = named || given.is_some() || tables == Some(true);
        let kind = given.or_else(|| ProgKind::of_section(&func.section));
        let unknown = || Error::Section { prog: func.name.clone(), section: func.section.clone() };
        let mut kind = kind.ok_or_else(unknown)?;
        kind.flags |= options.prog_flags;
        if is_asked || !func.section.starts_with('?') {
            chosen.push(Choice { index, kind, log_level: options.log_level });
        }
    }
    Ok(chosen)
}

/// Static functions in sections of programs that other functions call: parts of these, and no programs.
pub(super) fn called(object: &Object) -> BTreeSet<usize> {
    let is_called = |index: &usize| {
        object.funcs.get(*index).is_some_and(|func| func.linkage == Linkage::Static && func.section != TEXT)
    };
    let callers = object.funcs.iter().enumerate();
    let calls = callers.flat_map(|(caller, func)| {
        func.refs.iter().filter_map(move |r| match r.to {
            Symbol::Func(called) if called != caller => Some(called),
            _ => None,
        })
    });
    calls.filter(is_called).collect()
}

/// Loads one program.
pub(super) fn load(
    object: &Object,
    Choice { index, kind, log_level }: &Choice,
    layout: Layout,
    target: Target<'_>,
    places: &Places<'_, '_>,
    types: Option<&Types>,
    memlock: &mut Memlock,
) -> Result<LoadedProg> {
    let func = &object.funcs[*index];
    let bytes = layout.encode(object, places)?;
    let records = types.map_or_else(TypeRecords::default, |t| t.records(&layout));
    let record = |bytes, size: usize| Records { bytes, size: u32::try_from(size).unwrap_or(0) };
    let license = CString::new(object.license_text().into_owned()).unwrap_or_default();
    let name = kernel_name(&func.name);
    let mut prog = ProgLoad {
        kern_version: object.version.unwrap_or(0),
        flags: kind.flags,
        name: &name,
        expected_attach_type: target.member.unwrap_or(kind.attach_type),
        attach_btf_id: target.id,
        attach_to: target.of,
        fd_array: places.fds(),
        ..ProgLoad::new(kind.kind, &bytes, &license)
    };
    if !records.func_info.is_empty() {
        prog.btf = types.map(|t| t.fd.as_fd());
        prog.func_info = record(&records.func_info, FUNC_INFO_LEN);
        prog.line_info = record(&records.line_info, LINE_INFO_LEN);
    }
    let first = memlock.retry(|token| {
        let prog = ProgLoad { token, ..prog };
        let without_log = || try_load(&prog, None).map(|fd| (fd, String::new()));
        match *log_level {
            0 => without_log(),
            level => match load_with_log(&prog, level) {
                // That the log is too long for this kernel says nothing about the program.
                Err((failed, _)) if failed.error.errno == Errno::ENOSPC => without_log(),
                result => result.map_err(|(failed, _)| failed),
            },
        }
    });
    prog.token = memlock.token();
    // The log of a program that is refused tells its path. This time it may be accepted.
    let path = match *log_level {
        level if level & (PATH | STATES) == 0 => level | PATH,
        level => level,
    };
    let (fd, log) = match first {
        Ok(loaded) => loaded,
        Err(failed) => load_with_log(&prog, path)
            .map_err(|(_, log)| refused(object, func, kind.kind, &layout, places.core, failed, log))?,
    };
    let slots = layout.slots();
    Ok(LoadedProg {
        name: func.name.clone(),
        section: func.section.clone(),
        hook: func.hook.clone().unwrap_or_else(|| func.section.clone()),
        index: *index,
        kind: kind.kind,
        attach_type: kind.attach_type,
        slots,
        layout,
        fd,
        log,
    })
}

/// Loads, and again when a signal came in between.
fn try_load(
    prog: &ProgLoad<'_>,
    mut log: Option<(u32, &mut [u8])>,
) -> std::result::Result<OwnedFd, LoadFailed> {
    let mut left = INTERRUPTED;
    loop {
        let request = log.as_mut().map(|(level, buf)| Log { level: *level, buf });
        match prog_load(prog, request) {
            Err(e) if e.error.errno == Errno::EAGAIN && left > 0 => left -= 1,
            result => return result,
        }
    }
}

/// Loads with a log, which is whole: of one that does not fit, Linux 6.4 tells how long it is; before that, only trying
/// helps. The log is empty if the kernel refused the program before looking at it.
fn load_with_log(
    prog: &ProgLoad<'_>,
    level: u32,
) -> std::result::Result<(OwnedFd, String), (LoadFailed, String)> {
    let mut room = 64 * 1024;
    loop {
        let mut buf = vec![0; room];
        let loaded = try_load(prog, Some((level, &mut buf)));
        if let Err(e) = &loaded
            && e.error.errno == Errno::ENOSPC
            && room < LARGEST_LOG
        {
            room = usize::try_from(e.log_true_size).unwrap_or(0).max((room * 4).min(LARGEST_LOG));
            continue;
        }
        buf.truncate(buf.iter().position(|&b| b == 0).unwrap_or(buf.len()));
        let log = text(buf);
        return match loaded {
            Ok(fd) => Ok((fd, log)),
            Err(e) => Err((e, log)),
        };
    }
}

/// The log as text, whatever bytes a program's names have brought into it.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

fn refused(
    object: &Object,
    func: &Func,
    kind: ProgType,
    layout: &Layout,
    core: &Core<'_, '_>,
    failed: LoadFailed,
    log: String,
) -> Error {
    let source = failed.error;
    if says_nothing(&log) {
        return if source.errno == Errno::EPERM {
            let what = format!("program `{}`", func.name);
            Error::NotPermitted {
                what,
                source,
                diagnosis: privileges::diagnose(privileges::Refused::Prog(kind)),
            }
        } else {
            Error::Program { prog: func.name.clone(), source, help: help(source.errno) }
        };
    }
    let why = |func, insn| core.why(func, insn);
    Error::Rejected(Box::new(Rejection::new(object, func, layout, &why, source.errno, log)))
}

/// Whether a log has no word about the program: it was refused before the verifier looked at it.
fn says_nothing(log: &str) -> bool {
    log.lines().all(|line| line.trim().is_empty() || line.starts_with("processed 0 insns"))
}

fn help(errno: Errno) -> Option<&'static str> {
    match errno {
        Errno::EINVAL => Some("this kernel has no such program type, attach type or flag"),
        Errno::E2BIG => Some("it has no instruction, or too many (4096 without CAP_BPF, else one million)"),
        Errno::ENOMEM => Some("there is not enough memory for it"),
        _ => None,
    }
}
