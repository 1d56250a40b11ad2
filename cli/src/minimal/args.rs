//! The command line of the minimal build: the verbs and flags that load and attach, in one table, with the names that
//! they have in the whole one.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::exit;

use bpfasm_asm::diag::nearest;
use bpfasm_loader::attach::{Direction, XdpMode};

use crate::fail::{Code, Failure};
use crate::out;

/// The verbs.
pub enum Command {
    Run(RunArgs),
    Load(LoadArgs),
    Attach(AttachArgs),
    Detach(DetachArgs),
}

/// Here nothing is compiled.
pub struct CompileArgs;

/// Here no calls are told.
pub struct CallArgs;

/// What programs are, where their sections do not say.
pub struct KindArgs {
    pub types: Vec<String>,
    pub targets: Vec<String>,
    pub btf: Option<PathBuf>,
}

/// What is loaded.
pub struct ObjectArgs {
    pub file: PathBuf,
    pub prog: Vec<String>,
    pub set: Vec<String>,
    pub map: Vec<String>,
    pub max_entries: Vec<String>,
    pub pin_root: PathBuf,
    pub kinds: KindArgs,
    pub compile: CompileArgs,
}

/// Where it is attached.
pub struct TargetArgs {
    pub dev: Option<String>,
    pub cgroup: Option<PathBuf>,
    pub mode: XdpMode,
    pub netlink: bool,
    pub direction: Option<Direction>,
    pub sockmap: Option<String>,
}

/// `bpfasm run`.
pub struct RunArgs {
    pub object: ObjectArgs,
    pub target: TargetArgs,
    pub test: bool,
    pub for_: Option<u64>,
    pub interval: u64,
    pub json: bool,
}

/// `bpfasm load`.
pub struct LoadArgs {
    pub object: ObjectArgs,
    pub more: Vec<PathBuf>,
    pub pin: Option<PathBuf>,
    pub pin_maps: Option<PathBuf>,
    pub replace: bool,
    pub attach: bool,
    pub calls: CallArgs,
    pub target: TargetArgs,
    pub json: bool,
}

/// `bpfasm attach`.
pub struct AttachArgs {
    pub path: PathBuf,
    pub hook: Option<String>,
    pub target: TargetArgs,
    pub pin: Option<PathBuf>,
    pub json: bool,
}

/// `bpfasm detach`.
pub struct DetachArgs {
    pub path: PathBuf,
    pub json: bool,
}

/// A verb: its name, what stands behind it, and what it does.
type Verb = (&'static str, &'static str, &'static str);

const RUN: Verb = ("run", "FILE", "Load an object, attach it, show what happens, detach");
const LOAD: Verb = ("load", "FILE… --pin DIR", "Load objects and pin them; attach where a target is given");
const ATTACH: Verb = ("attach", "PIN [HOOK]", "Attach a pinned program");
const DETACH: Verb = ("detach", "PIN", "Detach a pinned program or link");
const VERBS: &[Verb] = &[RUN, LOAD, ATTACH, DETACH];

/// A flag: its name, what its value is called, if it has one, the verbs that take it, and what it means.
struct Flag(&'static str, &'static str, &'static [Verb], &'static str);

const FLAGS: &[Flag] = &[
    Flag("prog", "NAME", &[RUN, LOAD], "Load only this program; may be repeated"),
    Flag("set", "NAME=VALUE", &[RUN, LOAD], "Set a variable before loading; may be repeated"),
    Flag(
        "map",
        "MAP[KEY]=VALUE",
        &[RUN, LOAD],
        "Put an element into a map; MAP=PIN, MAP=id:N: take that one",
    ),
    Flag("max-entries", "MAP=N", &[RUN, LOAD], "Make a map with so many entries; may be repeated"),
    Flag("type", "NAME=TYPE[:ATTACH]", &[RUN, LOAD], "Load a program as this type; may be repeated"),
    Flag(
        "target-prog",
        "NAME=id:N|PIN",
        &[RUN, LOAD],
        "The program that a program of freplace, fentry or fexit is for",
    ),
    Flag("btf", "FILE", &[RUN, LOAD], "Look types up in this file, in the place of the kernel's own"),
    Flag("pin-root", "DIR", &[RUN, LOAD], "Where maps are pinned by their names [default: /sys/fs/bpf]"),
    Flag("dev", "IF", &[RUN, LOAD, ATTACH], "Network device, for XDP and tc"),
    Flag("cgroup", "PATH", &[RUN, LOAD, ATTACH], "Directory of a cgroup v2"),
    Flag("mode", "MODE", &[RUN, LOAD, ATTACH], "Where XDP runs: native, generic, hardware [default: native]"),
    Flag("netlink", "", &[RUN, LOAD, ATTACH], "Attach XDP over netlink rather than by a link"),
    Flag("direction", "DIRECTION", &[RUN, LOAD, ATTACH], "Which packets, for tc: ingress, egress"),
    Flag("sockmap", "MAP", &[RUN, LOAD, ATTACH], "Sockmap or sockhash for sk_msg and sk_skb"),
    Flag("pin", "DIR", &[LOAD], "Directory on a BPF file system to pin to"),
    Flag("pin", "PATH", &[ATTACH], "Pin the link here [default: links/NAME beside the program's pin]"),
    Flag("pin-maps", "DIR", &[LOAD], "Pin maps to this directory [default: maps in that of --pin]"),
    Flag("replace", "", &[LOAD], "Take the place of what is pinned there"),
    Flag("attach", "", &[LOAD], "Attach as well; implied by --dev and --cgroup"),
    Flag("test", "", &[RUN], "Attach nowhere: run packet programs on sample packets"),
    Flag("for", "SECONDS", &[RUN], "End after this many seconds"),
    Flag("interval", "MS", &[RUN], "How often maps are looked at, in milliseconds [default: 250]"),
    Flag("json", "", VERBS, "Print JSON"),
];

/// What was given, as it stands.
struct Given {
    flags: Vec<(&'static str, OsString)>,
    files: Vec<OsString>,
}

/// The command line of this process; ends the process where it is wrong.
pub fn parse() -> Command {
    let mut args = std::env::args_os().skip(1);
    let verb = args.next();
    let name = verb.as_ref().map(|verb| verb.to_string_lossy()).unwrap_or_default();
    let Some(verb) = VERBS.iter().find(|verb| verb.0 == name) else {
        if matches!(&*name, "--version" | "-V") {
            say(format!("bpfasm {} (minimal)", env!("CARGO_PKG_VERSION")));
        }
        if matches!(&*name, "" | "help" | "--help" | "-h") {
            say(help());
        }
        let near = nearest(&name, VERBS.iter().map(|verb| verb.0));
        wrong(format!("there is no verb `{name}`{}", meant(near)));
    };
    given(*verb, args).and_then(|given| given.command(*verb)).unwrap_or_else(|e| wrong(e))
}

fn given(verb: Verb, mut args: impl Iterator<Item = OsString>) -> Result<Given, String> {
    let mut given = Given { flags: vec![], files: vec![] };
    let flags = || FLAGS.iter().filter(|flag| flag.2.iter().any(|v| v.0 == verb.0));
    while let Some(arg) = args.next() {
        let Some(text) = arg.to_str().filter(|text| text.starts_with('-') && text.len() > 1) else {
            given.files.push(arg);
            continue;
        };
        match text {
            "--" => given.files.extend(args.by_ref()),
            "--help" | "-h" => say(verb_help(verb)),
            _ => {
                let long = text.strip_prefix("--").unwrap_or(text);
                let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v.into())));
                let Some(flag) = flags().find(|flag| flag.0 == name && text.starts_with("--")) else {
                    let near = nearest(name, flags().map(|flag| flag.0)).map(|near| format!("--{near}"));
                    return Err(format!("{} has no flag `{text}`{}", verb.0, meant(near.as_deref())));
                };
                let value = match (flag.1, value) {
                    ("", Some(_)) => return Err(format!("--{name} takes no value")),
                    ("", None) => OsString::new(),
                    (_, Some(value)) => value,
                    (what, None) => args.next().ok_or_else(|| format!("--{name} needs a value: {what}"))?,
                };
                given.flags.push((flag.0, value));
            }
        }
    }
    Ok(given)
}

impl Given {
    fn command(mut self, verb: Verb) -> Result<Command, String> {
        let mut files = std::mem::take(&mut self.files).into_iter();
        let path: PathBuf = files.next().ok_or(format!("{} needs {}", verb.0, verb.1))?.into();
        let json = self.has("json");
        if let Some(other) = ["dev", "cgroup", "for"].iter().find(|flag| self.has("test") && self.has(flag)) {
            return Err(format!("--test attaches nowhere, so --{other} says nothing with it"));
        }
        let command = match verb.0 {
            "run" => Command::Run(RunArgs {
                object: self.object(path)?,
                target: self.target()?,
                test: self.has("test"),
                for_: self.number("for")?,
                interval: self.interval()?,
                json,
            }),
            "load" => Command::Load(LoadArgs {
                object: self.object(path)?,
                more: files.by_ref().map(PathBuf::from).collect(),
                pin: Some(self.path("pin").ok_or("load needs --pin DIR")?),
                pin_maps: self.path("pin-maps"),
                replace: self.has("replace"),
                attach: self.has("attach"),
                calls: CallArgs,
                target: self.target()?,
                json,
            }),
            "attach" => Command::Attach(AttachArgs {
                path,
                hook: files.next().map(text).transpose()?,
                target: self.target()?,
                pin: self.path("pin"),
                json,
            }),
            _ => Command::Detach(DetachArgs { path, json }),
        };
        match files.next() {
            Some(more) => Err(format!("what is `{}` here for?", more.display())),
            None => Ok(command),
        }
    }

    fn object(&self, file: PathBuf) -> Result<ObjectArgs, String> {
        Ok(ObjectArgs {
            file,
            prog: self.texts("prog")?,
            set: self.texts("set")?,
            map: self.texts("map")?,
            max_entries: self.texts("max-entries")?,
            pin_root: self.path("pin-root").unwrap_or_else(|| "/sys/fs/bpf".into()),
            kinds: KindArgs {
                types: self.texts("type")?,
                targets: self.texts("target-prog")?,
                btf: self.path("btf"),
            },
            compile: CompileArgs,
        })
    }

    fn target(&self) -> Result<TargetArgs, String> {
        let modes =
            [("native", XdpMode::Native), ("generic", XdpMode::Generic), ("hardware", XdpMode::Hardware)];
        let directions = [("ingress", Direction::Ingress), ("egress", Direction::Egress)];
        Ok(TargetArgs {
            dev: self.text("dev")?,
            cgroup: self.path("cgroup"),
            mode: self.one_of("mode", &modes)?.unwrap_or(XdpMode::Native),
            netlink: self.has("netlink"),
            direction: self.one_of("direction", &directions)?,
            sockmap: self.text("sockmap")?,
        })
    }

    fn values<'a>(&'a self, flag: &'a str) -> impl Iterator<Item = &'a OsString> {
        self.flags.iter().filter(move |(name, _)| *name == flag).map(|(_, value)| value)
    }

    fn has(&self, flag: &str) -> bool {
        self.values(flag).next().is_some()
    }

    fn path(&self, flag: &str) -> Option<PathBuf> {
        self.values(flag).last().map(PathBuf::from)
    }

    fn texts(&self, flag: &str) -> Result<Vec<String>, String> {
        self.values(flag).cloned().map(text).collect()
    }

    fn text(&self, flag: &str) -> Result<Option<String>, String> {
        self.values(flag).last().cloned().map(text).transpose()
    }

    fn number(&self, flag: &str) -> Result<Option<u64>, String> {
        let number = |text: String| text.parse().map_err(|_| format!("--{flag} {text}: this is no number"));
        self.text(flag)?.map(number).transpose()
    }

    fn interval(&self) -> Result<u64, String> {
        match self.number("interval")?.unwrap_or(250) {
            interval @ 10..=60_000 => Ok(interval),
            other => Err(format!("--interval {other}: from 10 to 60000")),
        }
    }

    fn one_of<T: Copy>(&self, flag: &str, known: &[(&str, T)]) -> Result<Option<T>, String> {
        let Some(text) = self.text(flag)? else { return Ok(None) };
        let found = known.iter().find(|(name, _)| *name == text);
        let names = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        found
            .map(|(_, value)| Some(*value))
            .ok_or_else(|| format!("--{flag} {text}: it is one of {}", names()))
    }
}

fn text(given: OsString) -> Result<String, String> {
    given.into_string().map_err(|given| format!("{}: this is no text", given.display()))
}

fn meant(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!(": did you mean `{near}`?"))
}

fn help() -> String {
    let mut text = "Loads eBPF objects and attaches them.\n\n".to_string();
    for (name, operands, about) in VERBS {
        let _ = writeln!(text, "  bpfasm {:<24} {about}", format!("{name} {operands}"));
    }
    text + "\n`bpfasm VERB --help` lists its flags. This build takes objects only, no text."
}

fn verb_help(verb: Verb) -> String {
    let mut text = format!("{}\n\nUsage: bpfasm {} {} [FLAGS]\n\n", verb.2, verb.0, verb.1);
    for Flag(name, value, _, about) in FLAGS.iter().filter(|flag| flag.2.iter().any(|v| v.0 == verb.0)) {
        let _ = writeln!(text, "  --{:<22} {about}", format!("{name} {value}"));
    }
    text
}

/// Prints what was asked for, and ends.
fn say(text: String) -> ! {
    exit(out::line(text.trim_end()).map_or(1, |()| 0))
}

fn wrong(message: String) -> ! {
    Failure::new(Code::Usage, message).report();
    exit(Code::Usage as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(verb: Verb, args: &[&str]) -> Result<Command, String> {
        given(verb, args.iter().map(OsString::from)).and_then(|given| given.command(verb))
    }

    #[test]
    fn flags_stand_anywhere_and_their_values_in_both_ways() {
        let args = ["a.o", "--pin", "/p", "--mode=generic", "b.o", "--set", "x=1", "--set=y=2", "--", "--c"];
        let Ok(Command::Load(args)) = command(LOAD, &args) else { panic!("not read") };
        assert_eq!((args.object.file, args.more), ("a.o".into(), vec!["b.o".into(), "--c".into()]));
        assert_eq!((args.pin, args.object.set), (Some("/p".into()), vec!["x=1".into(), "y=2".into()]));
        assert_eq!((args.target.mode, args.json, args.replace), (XdpMode::Generic, false, false));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (verb, args, wanted) in [
            (LOAD, &["a.o"][..], "load needs --pin DIR"),
            (LOAD, &["a.o", "--replce"], "load has no flag `--replce`: did you mean `--replace`?"),
            (RUN, &["a.o", "--pin", "x"], "run has no flag `--pin`"),
            (RUN, &[], "run needs FILE"),
            (RUN, &["a.o", "--for"], "--for needs a value: SECONDS"),
            (RUN, &["a.o", "--for", "x"], "--for x: this is no number"),
            (RUN, &["a.o", "--json=1"], "--json takes no value"),
            (RUN, &["a.o", "--interval", "1"], "--interval 1: from 10 to 60000"),
            (RUN, &["a.o", "--mode", "x"], "--mode x: it is one of native, generic, hardware"),
            (RUN, &["a.o", "--test", "--dev", "x"], "--test attaches nowhere, so --dev says nothing with it"),
            (ATTACH, &["p", "xdp", "x"], "what is `x` here for?"),
        ] {
            let error = command(verb, args).err().unwrap_or_default();
            assert!(error.starts_with(wanted), "{args:?}: {error}");
        }
    }
}
