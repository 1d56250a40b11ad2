//! Names of the kernel's types, helpers and sections.

use std::collections::HashSet;

use bpfasm_asm::uapi::section::{SECTIONS, Section, TargetRule, parse};
use bpfasm_asm::uapi::{AttachType, HelperId, LinkType, MapType, ProgType};

#[test]
fn types_have_the_names_of_bpftool_and_of_c() {
    assert_eq!(MapType(1).name(), Some("hash"));
    assert_eq!(MapType::from_name("ringbuf"), Some(MapType(27)));
    assert_eq!(MapType::from_name("lpm_trie"), Some(MapType(11)));
    assert_eq!(MapType::from_name("BPF_MAP_TYPE_PERCPU_ARRAY"), Some(MapType(6)));
    assert_eq!(MapType::ARENA.constant(), Some("BPF_MAP_TYPE_ARENA"));
    assert_eq!(ProgType::from_name("xdp"), Some(ProgType(6)));
    assert_eq!(ProgType::NETFILTER, ProgType(32));
    assert_eq!(AttachType::from_name("cgroup_inet_ingress"), Some(AttachType(0)));
    assert_eq!(AttachType::from_name("BPF_TCX_EGRESS"), Some(AttachType(47)));
    assert_eq!(LinkType::from_name("tcx"), Some(LinkType(11)));
    assert_eq!(ProgType::from_name("XDP"), None);
}

#[test]
fn a_number_without_a_name_prints_as_a_number() {
    assert_eq!(MapType(12345).name(), None);
    assert_eq!(MapType(12345).to_string(), "12345");
    assert_eq!(LinkType(u32::MAX).to_string(), "4294967295");
    assert_eq!(format!("{:>6}|{:<6}|", ProgType::XDP, MapType::HASH), "   xdp|hash  |");
}

#[test]
fn names_of_types_are_unique() {
    for map in MapType::ALL {
        assert_eq!(MapType::from_name(map.name().expect("a name")), Some(*map));
    }
    for prog in ProgType::ALL {
        assert_eq!(ProgType::from_name(prog.constant().expect("a constant")), Some(*prog));
    }
    for attach in AttachType::ALL {
        assert_eq!(AttachType::from_name(attach.name().expect("a name")), Some(*attach));
    }
    for link in LinkType::ALL {
        assert_eq!(LinkType::from_name(link.name().expect("a name")), Some(*link));
    }
}

#[test]
fn helpers_by_name_and_number() {
    assert_eq!(HelperId::all().count(), 211);
    for id in HelperId::all() {
        let name = id.name().expect("a name");
        assert!(name.starts_with("bpf_"), "{name}");
        assert_eq!(HelperId::from_name(name), Some(id), "{name}");
    }
    for (id, name) in [
        (1, "bpf_map_lookup_elem"),
        (6, "bpf_trace_printk"),
        (25, "bpf_perf_event_output"),
        (51, "bpf_redirect_map"),
        (71, "bpf_msg_redirect_hash"),
        (132, "bpf_ringbuf_submit"),
        (181, "bpf_loop"),
        (211, "bpf_cgrp_storage_delete"),
    ] {
        assert_eq!(HelperId(id).name(), Some(name));
    }
    assert_eq!(HelperId(0).name(), None);
    assert_eq!(HelperId(212).to_string(), "212");
    assert_eq!(HelperId::from_name("bpf_map_lookup"), None);
    assert_eq!(HelperId::from_name(""), None);
}

/// `(row, target, optional, legacy)`
fn parts(name: &str) -> Option<(&str, Option<&str>, bool, bool)> {
    parse(name).map(|Section { def, target, optional, legacy }| (def.name, target, optional, legacy))
}

#[test]
fn section_names_come_apart() {
    for (name, expected) in [
        ("xdp", Some(("xdp", None, false, false))),
        ("?xdp", Some(("xdp", None, true, false))),
        ("xdp/mine", Some(("xdp", Some("mine"), false, true))),
        ("xdp/devmap", Some(("xdp/devmap", None, false, false))),
        ("xdp.frags/cpumap", Some(("xdp.frags/cpumap", None, false, false))),
        ("xdp.frags", Some(("xdp.frags", None, false, false))),
        ("socket1", Some(("socket", None, false, true))),
        ("tc", Some(("tc", None, false, false))),
        ("tc/egress", Some(("tc/egress", None, false, false))),
        ("tcx/ingress", Some(("tcx/ingress", None, false, false))),
        ("classifier", Some(("classifier", None, false, false))),
        ("kprobe", Some(("kprobe", None, false, false))),
        ("kprobe/", Some(("kprobe", None, false, false))),
        ("kprobe/do_unlinkat", Some(("kprobe", Some("do_unlinkat"), false, false))),
        ("kprobe.multi/tcp_*", Some(("kprobe.multi", Some("tcp_*"), false, false))),
        (
            "?tracepoint/syscalls/sys_enter_execve",
            Some(("tracepoint", Some("syscalls/sys_enter_execve"), true, false)),
        ),
        ("raw_tracepoint/sys_enter", Some(("raw_tracepoint", Some("sys_enter"), false, false))),
        ("uprobe.s//bin/sh:main+8", Some(("uprobe.s", Some("/bin/sh:main+8"), false, false))),
        ("cgroup/connect4", Some(("cgroup/connect4", None, false, false))),
        ("cgroup/sock_create", Some(("cgroup/sock_create", None, false, false))),
        ("cgroup/sock", Some(("cgroup/sock", None, false, false))),
        ("sk_skb/stream_verdict", Some(("sk_skb/stream_verdict", None, false, false))),
        ("sk_skb/mine", Some(("sk_skb", Some("mine"), false, true))),
        ("kprobe2", None),
        ("xdpfoo", None),
        ("cgroup/nothing", None),
        (".text", None),
        ("?", None),
        ("", None),
    ] {
        assert_eq!(parts(name), expected, "{name}");
    }
}

#[test]
fn sections_know_type_attach_type_context_and_flags() {
    let row = |name| {
        let def = parse(name).expect(name).def;
        (def.prog_type, def.attach_type, def.ctx, def.prog_flags)
    };
    assert_eq!(row("xdp.frags"), (ProgType::XDP, Some(AttachType::XDP), "xdp_md", 1 << 5));
    assert_eq!(row("tc"), (ProgType::SCHED_CLS, None, "__sk_buff", 0));
    assert_eq!(row("sockops"), (ProgType::SOCK_OPS, Some(AttachType::CGROUP_SOCK_OPS), "bpf_sock_ops", 0));
    assert_eq!(row("sk_msg"), (ProgType::SK_MSG, Some(AttachType::SK_MSG_VERDICT), "sk_msg_md", 0));
    assert_eq!(row("cgroup_skb/ingress").1, Some(AttachType(0)), "zero is an attach type too");
    assert_eq!(row("lsm.s/file_open"), (ProgType::LSM, Some(AttachType::LSM_MAC), "", 1 << 4));
    assert_eq!(row("syscall"), (ProgType::SYSCALL, None, "", 1 << 4));
}

#[test]
fn each_section_row_is_found_by_its_name() {
    let mut names = HashSet::new();
    for def in SECTIONS {
        assert!(names.insert(def.name), "{} twice", def.name);
        assert_eq!(parts(def.name), Some((def.name, None, false, false)));
        let longer = format!("{}/x", def.name);
        let section = parse(&longer).expect("a target or a legacy ending");
        assert_eq!((section.target, section.legacy), (Some("x"), def.target == TargetRule::None), "{longer}");
    }
    assert_eq!(SECTIONS.len(), 116);
}
