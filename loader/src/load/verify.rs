//! What the verifier says of each program, loaded by itself; nothing is attached or pinned, and nothing stays.

use super::{Options, load, prog};
use crate::error::Error;
use crate::sys::bpf::prog_info;
use crate::verifier::Stats;
use bpfasm_asm::object::Object;
use bpfasm_asm::uapi::{MapType, ProgType};
use std::os::fd::AsFd;

/// `BPF_LOG_STATS`.
const STATISTICS: u32 = 4;

/// Maps whose number of entries is 0, or found out.
const WITHOUT_ENTRIES: [MapType; 8] = [
    MapType::CGROUP_STORAGE,
    MapType::PERCPU_CGROUP_STORAGE,
    MapType::SK_STORAGE,
    MapType::INODE_STORAGE,
    MapType::TASK_STORAGE,
    MapType::CGRP_STORAGE,
    MapType::STRUCT_OPS,
    MapType::PERF_EVENT_ARRAY,
];

/// A program that was shown to the verifier.
#[derive(Debug)]
pub struct Verified {
    /// Its name.
    pub program: String,
    /// Its section.
    pub section: String,
    /// What it took, as far as the kernel tells.
    pub stats: Stats,
    /// What the verifier told, at the level asked for.
    pub log: String,
    /// What became of it.
    pub verdict: Result<Accepted, Error>,
}

/// A program that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// `enum bpf_prog_type`.
    pub kind: ProgType,
    /// Its length in 8-byte slots, with the functions that it calls.
    pub slots: usize,
    /// Length of the instructions after the verifier in bytes.
    pub xlated: u32,
    /// Length of the machine code in bytes; 0 without a JIT.
    pub jited: u32,
}

/// The programs of an object that [`verify`] is for: those that are named, or all, also the optional ones.
#[must_use]
pub fn programs(object: &Object, options: &Options) -> Vec<String> {
    let called = prog::called(object);
    let all = object.programs().filter(|(index, _)| !called.contains(index)).map(|(_, func)| &func.name);
    all.filter(|name| options.programs.is_empty() || options.programs.contains(name)).cloned().collect()
}

/// How many entries maps have: one where the object leaves it to who loads it.
fn sized(object: &Object, options: &Options) -> Vec<(String, u32)> {
    let open = object.maps.iter().filter(|map| map.max_entries == 0 && !WITHOUT_ENTRIES.contains(&map.kind));
    let one = open.map(|map| (map.name.clone(), 1));
    let one = one.filter(|(name, _)| !options.max_entries.iter().any(|(given, _)| given == name));
    options.max_entries.iter().cloned().chain(one).collect()
}

/// Makes one map by itself, without what it begins with, and lets it go.
///
/// # Errors
/// Why the kernel does not make it.
pub fn make(object: &Object, map: usize, options: &Options) -> Result<(), Error> {
    let mut alone = Object { endian: object.endian, btf: object.btf.clone(), ..Object::default() };
    alone.maps.extend(object.maps.get(map).cloned());
    alone.maps.iter_mut().for_each(|map| map.values.clear());
    let options =
        Options { max_entries: sized(&alone, options), name: options.name.clone(), ..Options::default() };
    load(&alone, &options).map(drop)
}

/// Loads one program by itself, with the maps and the data that it needs, and lets it go.
#[must_use]
pub fn verify(object: &Object, program: &str, options: &Options) -> Verified {
    let section = object.programs().find(|(_, func)| func.name == program);
    let section = section.map(|(_, func)| func.section.clone()).unwrap_or_default();
    let options = Options {
        programs: vec![program.to_owned()],
        log_level: options.log_level | STATISTICS,
        // What is meant for others is nothing to this one.
        types: options.types.iter().filter(|(name, _)| name == program).cloned().collect(),
        targets: options.targets.iter().filter(|(name, _)| name == program).cloned().collect(),
        max_entries: sized(object, options),
        pin_root: None,
        kept: None,
        ..options.clone()
    };
    let loaded = load(object, &options).and_then(|mut loaded| {
        let prog = loaded.progs.pop().ok_or_else(|| Error::NoProgram {
            name: program.to_owned(),
            known: object.programs().map(|(_, func)| func.name.clone()).collect(),
        })?;
        let info = prog_info(prog.fd.as_fd())?;
        let (xlated, jited) = (info.xlated_len, info.jited_len);
        let mut stats = Stats::of(&prog.log);
        // Linux 5.16 tells it also without a log.
        stats.processed = stats.processed.or(Some(info.verified_insns.into()).filter(|&n| n != 0));
        Ok((Accepted { kind: prog.kind, slots: prog.slots, xlated, jited }, prog.log, stats))
    });
    let (verdict, log, stats) = match loaded {
        Ok((accepted, log, stats)) => (Ok(accepted), log, stats),
        Err(Error::Rejected(rejection)) => {
            let (log, stats) = (rejection.log.clone(), Stats::of(&rejection.log));
            (Err(Error::Rejected(rejection)), log, stats)
        }
        Err(e) => (Err(e), String::new(), Stats::default()),
    };
    Verified { program: program.to_owned(), section, stats, log, verdict }
}
