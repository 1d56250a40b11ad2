//! What `run` and `load` share: an object into the kernel, and its programs onto their hooks.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bpfasm_asm::diag::Sources;
use bpfasm_asm::object::Object;
use bpfasm_asm::uapi::MapType;
use bpfasm_loader::attach::{self, Attachment, How, Target};
use bpfasm_loader::load::values::{self, Element, Given};
use bpfasm_loader::load::{self, Loaded, LoadedProg, Options, ProgKind};
use bpfasm_loader::sys::bpf::{Kind, ProgInfo};
use bpfasm_loader::{Error, sys};
use serde_json::{Value, json};

use crate::args::{CompileArgs, ObjectArgs, TargetArgs};
use crate::compile::{self, Compiled};
use crate::fail::{Code, Failure};
use crate::{out, reject};

/// An object that is to be loaded, and where it came from.
pub struct Session {
    /// What the object is called.
    pub name: String,
    /// The object.
    pub object: Object,
    /// Its sources; none for an ELF file.
    pub sources: Sources,
    /// What became of its source text.
    pub compiled: Option<Compiled>,
}

impl Session {
    /// Reads or assembles a file.
    pub fn open(file: &Path, compile: &CompileArgs) -> Result<Self, Failure> {
        let (sources, object, compiled) = compile::loadable(file, compile)?;
        Ok(Self { name: stem(file), object, sources, compiled })
    }

    /// Loads it with the values of the command line. `others` are loaded with it, and `options` may say more: what is
    /// meant for one of them alone is nothing to this one.
    pub fn load(&self, args: &ObjectArgs, others: &[&Self], options: Options) -> Result<Loaded, Failure> {
        let (options, elements) = self.options(args, others, options)?;
        if options.programs.is_empty() && !args.prog.is_empty() {
            return Err(Failure::new(Code::Usage, format!("--prog names no program of `{}`", self.name)));
        }
        let loaded = load(&self.object, &self.sources, &options)?;
        for element in &elements {
            loaded.set(element)?;
        }
        Ok(loaded)
    }

    /// What the command line says of how it is loaded, and the elements that are put into its maps.
    pub fn options(
        &self,
        args: &ObjectArgs,
        others: &[&Self],
        options: Options,
    ) -> Result<(Options, Vec<Element>), Failure> {
        let object = &self.object;
        let mine = |texts: &[String], knows: fn(&Object, &str) -> bool| -> Vec<String> {
            let name = |text: &String| text.split(['=', '[']).next().unwrap_or_default().to_string();
            let elsewhere = |name: &str| others.iter().any(|other| knows(&other.object, name));
            let is_mine = |text: &&String| knows(object, &name(text)) || !elsewhere(&name(text));
            texts.iter().filter(is_mine).cloned().collect()
        };
        let is_map = |object: &Object, name: &str| object.map(name).is_some();
        let is_prog = |object: &Object, name: &str| object.programs().any(|(_, f)| f.name == name);
        let settings = mine(&args.set, |object, name| object.var(name).is_some());
        let mut options = Options {
            config: settings.iter().map(|text| values::setting(object, text)).collect::<Result<_, _>>()?,
            programs: mine(&args.prog, is_prog),
            name: self.name.clone(),
            max_entries: mine(&args.max_entries, is_map)
                .iter()
                .map(|text| values::max_entries(text))
                .collect::<Result<_, _>>()?,
            pin_root: Some(args.pin_root.clone()),
            btf: args.kinds.btf.clone(),
            types: mine(&args.kinds.types, is_prog).iter().map(|t| kind(t)).collect::<Result<_, _>>()?,
            targets: mine(&args.kinds.targets, is_prog)
                .iter()
                .map(|t| target_prog(t))
                .collect::<Result<_, _>>()?,
            ..options
        };
        let mut elements = vec![];
        for text in mine(&args.map, is_map) {
            match values::map(object, &text)? {
                Given::Element(element) => elements.push(element),
                // Before those of other objects.
                Given::Map(name, map) => options.maps.insert(0, (name, Arc::new(map))),
            }
        }
        Ok((options, elements))
    }
}

/// The name of a file's object: that of the file, up to its first dot.
fn stem(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().trim_matches('-').to_string()
}

/// A program and what it is, as the command line says.
fn kind(text: &str) -> Result<(String, ProgKind), Failure> {
    let wrong = |what: String| Failure::new(Code::Usage, format!("--type {text}: {what}"));
    let (name, kind) = text.split_once('=').ok_or_else(|| wrong("it is NAME=TYPE".into()))?;
    Ok((name.into(), kind.parse().map_err(wrong)?))
}

/// A program and whom it is for.
fn target_prog(text: &str) -> Result<(String, Arc<OwnedFd>), Failure> {
    let wrong = |what: &str| Failure::new(Code::Usage, format!("--target-prog {text}: {what}"));
    let (name, which) = text.split_once('=').ok_or_else(|| wrong("it is NAME=id:N or NAME=PIN"))?;
    let fd = match which.strip_prefix("id:") {
        Some(id) => {
            let id = id.parse().map_err(|_| wrong("this is no number of a program"))?;
            sys::bpf::fd_by_id(Kind::Prog, id)?
        }
        None => attach::open_pin(Path::new(which), Kind::Prog)?,
    };
    Ok((name.into(), Arc::new(fd)))
}

/// Loads an object; what the verifier rejects is told of its source.
pub fn load(object: &Object, sources: &Sources, options: &Options) -> Result<Loaded, Failure> {
    let loaded = load::load(object, options).map_err(|error| match error {
        Error::Rejected(rejection) => reject::report(&rejection, object, sources),
        other => Failure::from(other),
    })?;
    for note in &loaded.notes {
        out::message(format!("note: {note}"));
    }
    Ok(loaded)
}

/// Attaches all programs but those that are `done`, in the order of the object; what is attached comes off when one
/// fails. Programs that others enter by tail calls stay where they are, unless they are all that there is.
pub fn attach_all(
    object: &Object,
    loaded: &Loaded,
    args: &TargetArgs,
    done: &[String],
) -> Result<Vec<(String, Attachment)>, Failure> {
    let pinned = pinned_sockmap(args.sockmap.as_deref())?;
    let map = pinned.as_ref().map(AsFd::as_fd);
    let map = match map {
        Some(map) => Some(map),
        None => own_sockmap(loaded, args.sockmap.as_deref())?,
    };
    let target = target(args, map);
    let entered = |prog: &LoadedProg| object.entered_through(prog.index);
    let only = loaded.progs.iter().all(|prog| entered(prog).is_some());
    let (first, inner): (Vec<_>, Vec<_>) =
        loaded.progs.iter().partition(|prog| only || entered(prog).is_none());
    for prog in inner {
        let map = entered(prog).map_or("", |map| &map.name);
        out::message(format!("note: `{}` is entered through `{map}`, and not attached itself", prog.name));
    }
    let attached = first.into_iter().filter(|prog| !done.contains(&prog.name)).map(|prog| {
        let attachment = attach::attach(prog.as_fd(), &prog.hook, &target)?;
        for note in attachment.notes() {
            out::message(format!("note: {note}"));
        }
        Ok((prog.name.clone(), attachment))
    });
    attached.collect()
}

/// Lets an attachment outlive this process: a link needs a pin for that.
pub fn persist(
    attachment: &mut Attachment,
    path: impl FnOnce() -> Result<PathBuf, Failure>,
) -> Result<(), Failure> {
    match attachment.how() {
        How::Link => Ok(attachment.pin(&path()?)?),
        How::Netlink | How::ProgAttach => Ok(()),
        How::PerfIoctl => Err(Failure::new(
            Code::System,
            format!(
                "{}: this kernel has no links for this hook, so the program would come off with this process: use `bpfasm run`",
                attachment.hook()
            ),
        )),
    }
}

/// The flags that say where, with the map for sk_msg and sk_skb.
// The minimal command line has these types themselves.
#[cfg_attr(not(feature = "full"), expect(clippy::useless_conversion))]
pub fn target<'a>(args: &TargetArgs, map: Option<BorrowedFd<'a>>) -> Target<'a> {
    Target {
        dev: args.dev.clone(),
        cgroup: args.cgroup.clone(),
        map,
        xdp_mode: args.mode.into(),
        prefer_netlink: args.netlink,
        direction: args.direction.map(Into::into),
    }
}

/// The map that is given as a path.
pub fn pinned_sockmap(given: Option<&str>) -> Result<Option<OwnedFd>, Failure> {
    let Some(path) = given.filter(|given| given.contains('/')) else { return Ok(None) };
    Ok(Some(attach::open_pin(Path::new(path), Kind::Map)?))
}

/// The sockmap of the object: the one that is named, or the only one.
fn own_sockmap<'a>(loaded: &'a Loaded, given: Option<&str>) -> Result<Option<BorrowedFd<'a>>, Failure> {
    let is_sockmap = |m: &&load::LoadedMap| matches!(m.map.kind(), MapType::SOCKMAP | MapType::SOCKHASH);
    let mut maps = loaded.maps.iter().filter(is_sockmap);
    match (given, maps.next(), maps.next()) {
        (Some(name), ..) => match loaded.map(name).filter(is_sockmap) {
            Some(map) => Ok(Some(map.map.as_fd())),
            None => Err(Failure::new(
                Code::Usage,
                format!("--sockmap {name}: the object has no sockmap of that name"),
            )),
        },
        (None, Some(only), None) => Ok(Some(only.map.as_fd())),
        // Without one, or with two, the hook says what it needs.
        _ => Ok(None),
    }
}

/// What was loaded, for `--json`.
pub fn describe_program(prog: &load::LoadedProg) -> Value {
    let info = sys::bpf::prog_info(prog.as_fd()).ok();
    json!({
        "name": prog.name,
        "section": prog.section,
        "id": info.as_ref().map(|i| i.id),
        "tag": info.as_ref().map(|i| hex(&i.tag)),
        "insns": prog.slots,
        "bytes_xlated": info.as_ref().map(|i| i.xlated_len),
        "bytes_jited": info.as_ref().map(|i| i.jited_len),
    })
}

/// What was attached, for `--json`.
pub fn describe_attachment(attachment: &Attachment) -> Value {
    json!({
        "hook": attachment.hook(),
        "mode": attachment.mode().map(|m| m.to_string()),
        "how": attachment.how().to_string(),
        "link_id": attachment.link_id(),
        "lifetime": attachment.lifetime(),
    })
}

/// One line about a loaded program, for people.
pub fn loaded_line(prog: &load::LoadedProg) -> String {
    let id = sys::bpf::prog_info(prog.as_fd()).map_or("?".to_string(), |i| i.id.to_string());
    format!("loaded    {:<16} {}, program {id}, {} instructions", prog.name, prog.section, prog.slots)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A pinned program, with its name and type.
pub fn pinned_program(path: &Path) -> Result<(OwnedFd, ProgInfo), Failure> {
    let fd = attach::open_pin(path, Kind::Prog)?;
    let info = sys::bpf::prog_info(fd.as_fd())?;
    Ok((fd, info))
}
