//! `attach` and `detach`: programs that are pinned.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use bpfasm_asm::uapi::ProgType;
use bpfasm_loader::attach;
use bpfasm_loader::load::LINKS;
use bpfasm_loader::sys::bpf::Kind;
use bpfasm_loader::wait;
use serde_json::json;

use crate::args::{AttachArgs, DetachArgs};
use crate::fail::{Code, Failure};
use crate::{file, out, session};

/// `bpfasm attach`.
pub fn attach(args: &AttachArgs) -> Result<(), Failure> {
    let (prog, info) = session::pinned_program(&args.path)?;
    let hook = match &args.hook {
        Some(hook) => hook.as_str(),
        None => hook_of(info.kind).ok_or_else(|| {
            let kind = info.kind;
            Failure::new(Code::Usage, format!("a program of type {kind} has many hooks: name one, such as tc/egress or tracepoint/syscalls/sys_enter_execve"))
        })?,
    };
    let map = session::pinned_sockmap(args.target.sockmap.as_deref())?;
    if let (Some(name), None) = (&args.target.sockmap, &map) {
        return Err(Failure::new(
            Code::Usage,
            format!("--sockmap {name}: here it is the path of the map's pin"),
        ));
    }
    // What has begun is brought to its end: a signal from here on comes too late.
    wait::hold()?;
    let target = session::target(&args.target, map.as_ref().map(AsFd::as_fd));
    let mut attachment = attach::attach(prog.as_fd(), hook, &target)?;
    for note in attachment.notes() {
        out::message(format!("note: {note}"));
    }
    let mut made = None;
    let path = || {
        let (path, dir) = link_path(args)?;
        made = dir;
        Ok(path)
    };
    let done = session::persist(&mut attachment, path).and_then(|()| match args.json {
        true => out::line(session::describe_attachment(&attachment)),
        false => out::line(format!("attached  {:<16} {attachment}", info.name)),
    });
    match done {
        Ok(()) => attachment.keep(),
        Err(_) => {
            drop(attachment);
            made.map(fs::remove_dir);
        }
    }
    done
}

/// The hook of a program type that has but one.
fn hook_of(kind: ProgType) -> Option<&'static str> {
    match kind {
        ProgType::XDP => Some("xdp"),
        ProgType::SOCK_OPS => Some("sockops"),
        ProgType::SK_MSG => Some("sk_msg"),
        ProgType::SCHED_CLS => Some("tc"),
        _ => None,
    }
}

/// Where to pin the link, and the directory if it was made.
fn link_path(args: &AttachArgs) -> Result<(PathBuf, Option<PathBuf>), Failure> {
    if let Some(path) = &args.pin {
        return Ok((path.clone(), None));
    }
    let path = link_beside(&args.path);
    let dir = path.parent().unwrap_or(Path::new("/")).to_owned();
    match fs::create_dir(&dir) {
        Ok(()) => Ok((path, Some(dir))),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok((path, None)),
        Err(e) => Err(Failure::new(Code::System, format!("{}: {}", dir.display(), file::io_reason(&e)))),
    }
}

/// `DIR/links/NAME` for `DIR/NAME`.
fn link_beside(pin: &Path) -> PathBuf {
    let dir = pin.parent().unwrap_or(Path::new("/"));
    dir.join(LINKS).join(pin.file_name().unwrap_or_default())
}

/// `bpfasm detach`.
pub fn detach(args: &DetachArgs) -> Result<(), Failure> {
    // What has begun is brought to its end.
    wait::hold()?;
    let mut removed = vec![];
    let mut held = vec![];
    match attach::detach_pin(&args.path) {
        Ok(link) => removed.push(link),
        Err(attach::Error::OtherPin { is: Kind::Prog, .. }) => {
            let (prog, info) = session::pinned_program(&args.path)?;
            removed = attach::detach_prog(prog.as_fd(), link_beside(&args.path).parent())?;
            held = attach::links_of(info.id);
        }
        Err(e) => return Err(e.into()),
    }
    // The directory of links goes with the last one.
    for dir in [args.path.parent(), link_beside(&args.path).parent()].into_iter().flatten() {
        if dir.file_name().is_some_and(|name| name == LINKS) {
            let _ = fs::remove_dir(dir);
        }
    }
    for id in &held {
        out::message(format!(
            "note: link {id}, pinned elsewhere or held by a process, still has this program attached"
        ));
    }
    if removed.is_empty() && held.is_empty() {
        let path = args.path.display();
        let message = format!("{path}: this program is attached nowhere that bpfasm can see from here");
        return Err(Failure::new(Code::System, message));
    }
    if args.json {
        let hooks: Vec<_> = removed.iter().map(|r| r.hook.clone()).collect();
        return out::line(json!({ "detached": hooks, "links_left": held }));
    }
    removed.iter().try_for_each(|r| out::line(format!("detached  {r}")))
}
