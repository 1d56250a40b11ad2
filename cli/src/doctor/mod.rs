//! `doctor`: what this kernel and this process can do.

mod object;

use std::fmt::{Display, Write};

use bpfasm_asm::isa::Cpu;
use bpfasm_loader::kernel::probe::{Environment, Report, Verdict};
use bpfasm_loader::kernel::{BtfStore, KernelTypes};
use bpfasm_loader::load::privileges::Capability;
use serde_json::{Map, Value, json};

use crate::args::DoctorArgs;
use crate::fail::{Code, Failure};
use crate::out;

/// `bpfasm doctor`.
pub fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    let store = args.btf.as_deref().map_or_else(BtfStore::running, BtfStore::file);
    let types = KernelTypes::new(&store);
    if let Some(file) = &args.file {
        return object::object(file, &types, args);
    }
    let report = Report::new(&types, args.json || args.all);
    match args.json {
        true => out::line(as_json(&report))?,
        false => out::bytes(as_text(&report, args.all).as_bytes())?,
    }
    match report.verdict() {
        Verdict::Supported => Ok(()),
        Verdict::Denied(_) => Err(Failure::reported(Code::Permission)),
        Verdict::Unsupported(_) | Verdict::Unknown(_) => Err(Failure::reported(Code::System)),
    }
}

/// Names of things with what was answered about each.
type Answers<'a> = Vec<(&'a str, Verdict)>;

/// The answers of a report by their kinds, with the key in JSON, and what they are in text.
fn answers(report: &Report) -> [(&'static str, &'static str, Answers<'_>); 4] {
    let progs = report.prog_types.iter().map(|(kind, verdict)| (kind.name().unwrap_or_default(), *verdict));
    let maps = report.map_types.iter().map(|(kind, verdict)| (kind.name().unwrap_or_default(), *verdict));
    let links = report.link_types.iter().map(|(kind, verdict)| (kind.name().unwrap_or_default(), *verdict));
    let hooks = report.hooks.iter().map(|hook| (hook.def.name, hook.verdict));
    [
        ("program_types", "programs", progs.collect()),
        ("map_types", "maps", maps.collect()),
        ("link_types", "links", links.collect()),
        ("hooks", "hooks", hooks.collect()),
    ]
}

fn version((major, minor): (u8, u8)) -> String {
    format!("{major}.{minor}")
}

fn as_text(report: &Report, all: bool) -> String {
    let mut text = String::new();
    let mut row = |name: &str, what: &dyn Display| {
        let _ = writeln!(text, "{name:<12} {what}");
    };
    let env = &report.environment;
    row("kernel", &format_args!("Linux {} {}", env.release, env.machine));
    for (_, name, answers) in answers(report) {
        row(name, &summary(&answers));
    }
    let level = report.level.map_or("no level", Cpu::name);
    let beyond = report.features.iter().map(|(feature, verdict)| (feature.name, *verdict)).collect();
    row("instructions", &format_args!("{level}; {}", summary(&beyond)));
    row("types", &types(env));
    row("jit", &jit(env));
    row("rights", &rights(env));
    for kind in ["bpf", "tracefs", "cgroup2"] {
        let paths: Vec<String> = env
            .mounted(kind)
            .map(|m| {
                [m.path.display().to_string()]
                    .into_iter()
                    .chain(m.delegates.clone())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        row(kind, &if paths.is_empty() { "not mounted".to_owned() } else { paths.join(", ") });
    }
    let modules = env.security_modules.as_ref().map_or("not known".to_owned(), |list| list.join(", "));
    row("security", &format_args!("{modules}{}", suffix(&env.rights.lockdown)));
    if all {
        details(report, &mut text);
    }
    for finding in report.findings() {
        let _ = writeln!(text, "\n! {}\n  {}", finding.what, finding.help);
    }
    text
}

/// `; lockdown integrity`
fn suffix(lockdown: &str) -> String {
    if lockdown.is_empty() { String::new() } else { format!("; lockdown {lockdown}") }
}

/// How many are supported, and which are not.
fn summary(answers: &Answers) -> String {
    let count = |wanted: &str| answers.iter().filter(|(_, verdict)| verdict.name() == wanted).count();
    let mut text = format!("{} of {}", count("supported"), answers.len());
    for state in ["denied", "unsupported", "unknown"] {
        let names: Vec<&str> =
            answers.iter().filter(|(_, verdict)| verdict.name() == state).map(|(name, _)| *name).collect();
        match names.len() {
            0 => {}
            n @ 9.. => {
                let _ = write!(text, "; {n} {state}");
            }
            _ => {
                let _ = write!(text, "; {state}: {}", names.join(", "));
            }
        }
    }
    text
}

fn types(env: &Environment) -> String {
    match &env.types {
        Err(_) => "none of the kernel's".to_owned(),
        Ok((path, size)) => {
            let modules = match env.modules.len() {
                0 => String::new(),
                1 => "; 1 module".to_owned(),
                n => format!("; {n} modules"),
            };
            format!("{}, {} KB{modules}", path.display(), size.div_ceil(1024))
        }
    }
}

fn jit(env: &Environment) -> String {
    let enabled = match env.jit.enable {
        None => "not known here",
        Some(0) => "off",
        Some(_) => "on",
    };
    let hardened = match env.jit.harden {
        Some(1) => "; hardened for the unprivileged",
        Some(2..) => "; hardened",
        _ => "",
    };
    format!("{enabled}{hardened}")
}

fn rights(env: &Environment) -> String {
    let own = Capability::ALL.into_iter().filter(|c| env.rights.has(*c)).map(Capability::name);
    let mut words: Vec<&str> = own.collect();
    if words.is_empty() {
        words.push("no capability");
    }
    let space = if env.rights.user_namespace { "; in a user namespace" } else { "" };
    let others = match env.rights.unprivileged_disabled {
        0 => "; the unprivileged may load some",
        _ => "",
    };
    format!("{}{space}{others}", words.join(" "))
}

/// Every single answer.
fn details(report: &Report, text: &mut String) {
    for (_, name, answers) in answers(report) {
        let _ = writeln!(text, "\n{name}");
        for (name, verdict) in answers {
            let _ = writeln!(text, "  {name:<24} {}", told(verdict));
        }
    }
    let _ = writeln!(text, "\ninstructions");
    for (feature, verdict) in &report.features {
        let since = version(feature.since);
        let _ = writeln!(
            text,
            "  {:<24} {:<24} {}, Linux {since}",
            feature.name,
            told(*verdict),
            feature.cpu.name()
        );
    }
    for helpers in &report.helpers {
        let _ = writeln!(text, "\nhelpers of {}", helpers.kind);
        if helpers.verdict != Verdict::Supported {
            let _ = writeln!(text, "  {}", told(helpers.verdict));
        }
        for id in &helpers.allowed {
            let _ = writeln!(text, "  {id}");
        }
    }
}

/// `unsupported (EINVAL)`
fn told(verdict: Verdict) -> String {
    match verdict.errno() {
        None => verdict.name().to_owned(),
        Some(errno) => format!("{} ({errno:?})", verdict.name()),
    }
}

fn answer(verdict: Verdict) -> Value {
    json!({ "verdict": verdict.name(), "errno": verdict.errno().map(|errno| format!("{errno:?}")) })
}

fn as_json(report: &Report) -> Value {
    let env = &report.environment;
    let mut value = json!({
        "kernel": { "release": env.release, "machine": env.machine },
        "process": {
            "root": env.rights.root,
            "capabilities":
                Capability::ALL.into_iter().map(|c| (c.name().to_owned(), env.rights.has(c).into())).collect::<Map<_, _>>(),
            "user_namespace": env.rights.user_namespace,
            "memlock": { "counts": env.rights.counts_memlock, "limit": env.memlock },
        },
        "unprivileged_bpf_disabled": env.rights.unprivileged_disabled,
        "lockdown": Some(&env.rights.lockdown).filter(|mode| !mode.is_empty()),
        "security_modules": env.security_modules,
        "jit": { "enable": env.jit.enable, "harden": env.jit.harden, "kallsyms": env.jit.kallsyms },
        "btf": {
            "vmlinux": env.types.as_ref().ok().map(|(path, size)| json!({ "path": path, "size": size })),
            "error": env.types.as_ref().err(),
            "modules": env.modules,
        },
        "mounts": env.mounts.iter().map(|mount| {
            json!({ "type": mount.kind, "path": mount.path, "delegates": mount.delegates })
        }).collect::<Vec<_>>(),
        "instruction_set": {
            "level": report.level.map(Cpu::name),
            "features": report.features.iter().map(|(feature, verdict)| {
                let mut value = answer(*verdict);
                value["name"] = feature.name.into();
                value["level"] = feature.cpu.name().into();
                value["since"] = version(feature.since).into();
                value
            }).collect::<Vec<_>>(),
        },
        "findings": report.findings().iter().map(|finding| {
            json!({ "what": finding.what, "help": finding.help })
        }).collect::<Vec<_>>(),
    });
    for (key, _, answers) in answers(report) {
        value[key] = answers
            .into_iter()
            .map(|(name, verdict)| (name.to_owned(), answer(verdict)))
            .collect::<Map<_, _>>()
            .into();
    }
    let helpers = report.helpers.iter().map(|helpers| {
        let names: Vec<String> = helpers.allowed.iter().map(ToString::to_string).collect();
        let mut value = answer(helpers.verdict);
        value["allowed"] = names.into();
        (helpers.kind.to_string(), value)
    });
    value["helpers"] = helpers.collect::<Map<_, _>>().into();
    value
}
