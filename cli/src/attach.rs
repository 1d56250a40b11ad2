//! `attach` and `detach`: programs that are pinned.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use bpfasm_asm::uapi::ProgType;
use bpfasm_loader::attach;
use bpfasm_loader::load::LINKS;
use serde_json::json;

use crate::args::{AttachArgs, DetachArgs};
use crate::fail::{Code, Failure};
use crate::{compile, out, session};

/// `bpfasm attach`.
pub fn attach(args: &AttachArgs) -> Result<(), Failure> {
    let (prog, info) = session::pinned_program(&args.path)?;
    let hook = match &args.hook {
        Some(hook) => hook.as_str(),
        None => hook_of(info.kind).ok_or_else(|| {
            let kind = info.kind;
            Failure::new(Code::Input, format!("a program of type {kind} has many hooks: name one, such as tc/egress or tracepoint/syscalls/sys_enter_execve"))
        })?,
    };
    let map = session::pinned_sockmap(args.target.sockmap.as_deref())?;
    let target = session::target(&args.target, map.as_ref().map(AsFd::as_fd));
    let mut attachment = attach::attach(prog.as_fd(), hook, &target)?;
    for note in attachment.notes() {
        out::message(format!("note: {note}"));
    }
    let mut made = None;
    let pinned = session::persist(&mut attachment, || {
        let (path, dir) = link_path(args)?;
        made = dir;
        Ok(path)
    });
    if let (Err(_), Some(made)) = (&pinned, made) {
        let _ = fs::remove_dir(made);
    }
    pinned?;
    let result = if args.json {
        out::line(session::describe_attachment(&attachment))
    } else {
        out::line(format!("attached  {:<16} {attachment}", info.name))
    };
    attachment.keep();
    result
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
        Err(e) => Err(Failure::new(Code::System, format!("{}: {}", dir.display(), compile::io_reason(&e)))),
    }
}

/// `DIR/links/NAME` for `DIR/NAME`.
fn link_beside(pin: &Path) -> PathBuf {
    let dir = pin.parent().unwrap_or(Path::new("/"));
    dir.join(LINKS).join(pin.file_name().unwrap_or_default())
}

/// `bpfasm detach`.
pub fn detach(args: &DetachArgs) -> Result<(), Failure> {
    let mut removed = vec![];
    match attach::detach_pin(&args.path) {
        Ok(link) => removed.push(link),
        Err(attach::Error::NotALink { .. }) => {
            let (_, info) = session::pinned_program(&args.path)?;
            let link = link_beside(&args.path);
            if link.exists() {
                removed.push(attach::detach_pin(&link)?);
            }
            removed.extend(attach::detach_prog(info.id)?);
        }
        Err(e) => return Err(e.into()),
    }
    // The directory of links goes with the last one.
    for dir in [args.path.parent(), link_beside(&args.path).parent()].into_iter().flatten() {
        if dir.file_name().is_some_and(|name| name == LINKS) {
            let _ = fs::remove_dir(dir);
        }
    }
    if args.json {
        let hooks: Vec<_> = removed.iter().map(|r| r.hook.clone()).collect();
        return out::line(json!({ "detached": hooks }));
    }
    if removed.is_empty() {
        return Err(Failure::new(
            Code::Input,
            format!(
                "{}: this program is attached nowhere that bpfasm can see from here",
                args.path.display()
            ),
        ));
    }
    removed.iter().try_for_each(|r| out::line(format!("detached  {r}")))
}
