//! cgroups, sockmaps, tracepoints and raw tracepoints, with objects of the test's own.
#![allow(missing_docs)]

mod attach_support;

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use attach_support::*;
use bpfasm_asm::uapi::{AttachType, MapType};
use bpfasm_loader::attach::{How, Target, detach_pin};
use bpfasm_loader::sys::bpf::{self, Map, MapCreate, ProgAttach, Query, map_create, prog_attach, prog_query};
use nix::mount::{MsFlags, mount};
use nix::sched::CloneFlags;

fn on_cgroup(path: &Path) -> Target<'static> {
    Target { cgroup: Some(path.to_owned()), ..Target::default() }
}

/// The programs on a cgroup or map.
fn on(fd: impl AsFd, attach_type: AttachType) -> Vec<u32> {
    prog_query(&Query { target: bpf::Target::Fd(fd.as_fd()), attach_type, flags: 0 }).unwrap().progs
}

fn sockhash() -> Map {
    map_create(&MapCreate {
        kind: MapType::SOCKHASH,
        key_size: 4,
        value_size: 4,
        max_entries: 8,
        flags: 0,
        inner: None,
        numa_node: 0,
        kernel_value: None,
        token: None,
        name: "socks",
        btf: None,
        extra: 0,
    })
    .unwrap()
}

#[test]
fn sock_ops_on_a_cgroup() {
    if !root() {
        return;
    }
    let Some(cgroup) = Cgroup::new("sockops") else { return };
    let dir = std::fs::File::open(&cgroup.0).unwrap();
    let (one, two) = (load("sockops", "one", &returns(1)), load("sockops", "two", &returns(1)));
    let a = attach(&one, "sockops", &on_cgroup(&cgroup.0)).unwrap();
    let b = attach(&two, "sockops", &on_cgroup(&cgroup.0)).unwrap();
    assert_eq!(a.how(), How::Link);
    assert_eq!(on(&dir, AttachType::CGROUP_SOCK_OPS), [prog_id(&one), prog_id(&two)]);
    a.detach().unwrap();
    assert_eq!(on(&dir, AttachType::CGROUP_SOCK_OPS), [prog_id(&two)]);
    drop(b);
    assert!(on(&dir, AttachType::CGROUP_SOCK_OPS).is_empty());
    let skb = load("cgroup_skb/egress", "skb", &returns(1));
    let c = attach(&skb, "cgroup_skb/egress", &on_cgroup(&cgroup.0)).unwrap();
    assert_eq!(on(&dir, AttachType::CGROUP_INET_EGRESS), [prog_id(&skb)]);
    drop(c);
    assert!(on(&dir, AttachType::CGROUP_INET_EGRESS).is_empty());
}

#[test]
fn a_cgroup_program_that_allows_no_other_is_named() {
    if !root() {
        return;
    }
    let Some(cgroup) = Cgroup::new("alone") else { return };
    let dir = std::fs::File::open(&cgroup.0).unwrap();
    let (one, two) = (load("sockops", "one", &returns(1)), load("sockops", "two", &returns(1)));
    let place = bpf::Target::Fd(dir.as_fd());
    prog_attach(&ProgAttach::new(one.as_fd(), place, AttachType::CGROUP_SOCK_OPS)).unwrap();
    let said = attach(&two, "sockops", &on_cgroup(&cgroup.0)).unwrap_err();
    let id = prog_id(&one);
    assert!(said.contains(&format!("is taken by program {id} (one): nothing was replaced")), "{said}");
    assert_eq!(on(&dir, AttachType::CGROUP_SOCK_OPS), [id]);
}

#[test]
fn what_is_no_cgroup() {
    if !root() {
        return;
    }
    let Some(cgroup) = Cgroup::new("wrong") else { return };
    let prog = load("sockops", "one", &returns(1));
    for path in [PathBuf::from("/proc"), cgroup.0.join("cgroup.procs")] {
        let said = attach(&prog, "sockops", &on_cgroup(&path)).unwrap_err();
        let begin = format!(
            "`{}` is not a directory of the cgroup v2 hierarchy: that is mounted at /",
            path.display()
        );
        assert!(said.starts_with(&begin), "{said}");
    }
    let said = attach(&prog, "sockops", &on_cgroup(&cgroup.0.join("none"))).unwrap_err();
    assert!(said.ends_with("cannot be opened: No such file or directory"), "{said}");
    let said = attach(&prog, "sockops", &Target::default()).unwrap_err();
    assert!(said.starts_with("sockops needs a cgroup: say --cgroup PATH"), "{said}");
}

#[test]
fn sk_msg_on_a_sockhash() {
    if !root() {
        return;
    }
    let map = sockhash();
    let (one, two) = (load("sk_msg", "one", &returns(1)), load("sk_msg", "two", &returns(1)));
    let attachment = attach(&one, "sk_msg", &on_map(map.as_fd())).unwrap();
    assert_eq!(on(&map, AttachType::SK_MSG_VERDICT), [prog_id(&one)]);
    let said = attach(&two, "sk_msg", &on_map(map.as_fd())).unwrap_err();
    assert!(said.contains(&format!("taken by program {} (one)", prog_id(&one))), "{said}");
    assert!(attachment.hook().starts_with("sk_msg on map socks ("), "{}", attachment.hook());
    drop(attachment);
    assert!(on(&map, AttachType::SK_MSG_VERDICT).is_empty());
    for section in ["sk_skb/stream_parser", "sk_skb/stream_verdict"] {
        let prog = load(section, "skb", &returns(1));
        attach(&prog, section, &on_map(map.as_fd())).unwrap().detach().unwrap();
    }
    let said = attach(&two, "sk_msg", &Target::default()).unwrap_err();
    assert!(said.starts_with("sk_msg needs a sockmap or sockhash"), "{said}");
}

#[test]
fn a_sockmap_program_without_a_link_is_never_replaced() {
    if !root() {
        return;
    }
    let map = sockhash();
    let (one, two) = (load("sk_msg", "one", &returns(1)), load("sk_msg", "two", &returns(1)));
    let place = bpf::Target::Fd(map.as_fd());
    prog_attach(&ProgAttach::new(one.as_fd(), place, AttachType::SK_MSG_VERDICT)).unwrap();
    attach(&two, "sk_msg", &on_map(map.as_fd())).unwrap_err();
    assert_eq!(on(&map, AttachType::SK_MSG_VERDICT), [prog_id(&one)]);
}

#[test]
fn tracepoints_through_a_link() {
    if !root() {
        return;
    }
    let prog = load("tracepoint/sched/sched_switch", "tp", &returns(0));
    let attachment = attach(&prog, "tracepoint/sched/sched_switch", &Target::default()).unwrap();
    assert_eq!((attachment.how(), attachment.hook()), (How::Link, "tracepoint sched/sched_switch"));
    let id = attachment.link_id().unwrap();
    assert!(link_exists(id));
    drop(attachment);
    soon("the link is gone", || !link_exists(id));
    for (wrong, right) in
        [("sched/sched_swich", "sched/sched_switch"), ("schd/sched_switch", "sched/sched_switch")]
    {
        let said = attach(&prog, &format!("tp/{wrong}"), &Target::default()).unwrap_err();
        assert!(
            said.starts_with(&format!("this kernel has no tracepoint `{wrong}`: did you mean ")),
            "{said}"
        );
        assert!(said.contains(right), "{said}");
    }
    for odd in ["../../x", "sched/..", "sched", "a/b/c"] {
        let said = attach(&prog, &format!("tp/{odd}"), &Target::default()).unwrap_err();
        assert!(said.starts_with("this kernel has no tracepoint"), "{said}");
    }
    let said = attach(&prog, "tp", &Target::default()).unwrap_err();
    assert!(said.contains("it does not name its tracepoint"), "{said}");
}

#[test]
fn raw_tracepoints() {
    if !root() {
        return;
    }
    let prog = load("raw_tp/sched_switch", "raw", &returns(0));
    let attachment = attach(&prog, "raw_tp/sched_switch", &Target::default()).unwrap();
    let id = attachment.link_id().unwrap();
    assert!(link_exists(id));
    attachment.detach().unwrap();
    soon("the link is gone", || !link_exists(id));
    let said = attach(&prog, "raw_tp/sched_swich", &Target::default()).unwrap_err();
    assert!(said.contains("no tracepoint `sched_swich`: did you mean sched_switch"), "{said}");
}

#[test]
fn sections_that_say_nothing_about_where() {
    if !root() {
        return;
    }
    let prog = load("xdp", "pass", &returns(2));
    let said = attach(&prog, ".text", &Target::default()).unwrap_err();
    assert!(said.starts_with("`.text` is no section name"), "{said}");
    let said = attach(&prog, "tc/egress", &Target::default()).unwrap_err();
    let wrong = "a program of type xdp cannot be attached to `tc/egress`, which takes type sched_cls";
    assert_eq!(said, wrong);
    let prog = load("socket", "filter", &returns(0));
    let said = attach(&prog, "socket", &Target::default()).unwrap_err();
    assert!(said.starts_with("a program of section `socket` cannot be attached"), "{said}");
}

#[test]
fn pins_hold_links_and_end_them() {
    // A mount namespace is shared with nobody only if the thread's file system view is its own.
    in_namespace(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS, || {
        let nothing: Option<&str> = None;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing).unwrap();
        mount(Some("bpf"), "/mnt", Some("bpf"), MsFlags::empty(), nothing).unwrap();
        let Some(cgroup) = Cgroup::new("pins") else { return };
        let dir = std::fs::File::open(&cgroup.0).unwrap();
        let prog = load("sockops", "one", &returns(1));
        let there = || on(&dir, AttachType::CGROUP_SOCK_OPS);

        // Kept: the pin holds it, until it is taken off through the pin.
        let pin = Path::new("/mnt/link");
        let mut attachment = attach(&prog, "sockops", &on_cgroup(&cgroup.0)).unwrap();
        attachment.pin(pin).unwrap();
        assert_eq!(attachment.lifetime(), "until the pin /mnt/link is removed");
        attachment.keep();
        assert_eq!(there(), [prog_id(&prog)]);
        let removed = detach_pin(pin).unwrap().to_string();
        assert!(removed.starts_with("cgroup link "), "{removed}");
        assert!(there().is_empty() && !pin.exists());

        // Not kept: the pin goes too.
        let mut attachment = attach(&prog, "sockops", &on_cgroup(&cgroup.0)).unwrap();
        attachment.pin(pin).unwrap();
        let mut second = attach(&prog, "sockops", &on_cgroup(&cgroup.0)).unwrap();
        let said = second.pin(pin).unwrap_err().to_string();
        assert!(said.contains("File exists. Something is pinned there already"), "{said}");
        drop((attachment, second));
        assert!(there().is_empty() && !pin.exists());

        bpf::obj_pin(prog.as_fd(), Path::new("/mnt/prog")).unwrap();
        let said = detach_pin(Path::new("/mnt/prog")).unwrap_err().to_string();
        assert_eq!(said, "`/mnt/prog` is the pin of a program, not of a link");
        assert!(Path::new("/mnt/prog").exists());
    });
}
