//! What the kernel tells about links and types.

mod load_common;

use bpfasm_asm::uapi::{LinkType, MapType};
use bpfasm_loader::inspect;
use bpfasm_loader::load::{Options, load};
use bpfasm_loader::sys::bpf::{Kind, LinkDetail, link_info, map_info, prog_info, raw_tracepoint_open};
use load_common::*;
use nix::errno::Errno;
use std::os::fd::AsFd;

#[test]
fn a_link_tells_what_it_is() {
    if !may_load() {
        return;
    }
    let object =
        object(vec![func("nothing", "raw_tp/sched_process_exit", vec![mov32(0, 0), exit()], vec![])]);
    let loaded = load(&object, &Options::default()).unwrap();
    let prog = loaded.progs[0].as_fd();
    let link = raw_tracepoint_open(Some("sched_process_exit"), prog, 0).unwrap();
    let info = link_info(link.as_fd()).unwrap();
    assert_eq!(info.kind, LinkType::RAW_TRACEPOINT);
    assert_eq!(info.prog_id, prog_info(prog).unwrap().id);
    assert_eq!(info.detail, LinkDetail::RawTracepoint { name: "sched_process_exit".into() });
    assert_eq!(inspect::link(info.id).unwrap(), info);
    assert!(inspect::links().unwrap().contains(&info));
    drop(link);
    assert_eq!(inspect::link(info.id).unwrap_err().errno, Errno::ENOENT);
    let e = raw_tracepoint_open(Some("no_such_tracepoint"), prog, 0).unwrap_err();
    assert_eq!(e.to_string(), "bpf(BPF_RAW_TRACEPOINT_OPEN): ENOENT: No such file or directory");
}

#[test]
fn by_number() {
    if !may_load() {
        return;
    }
    let object = with_types(counter("by_number", MapType::HASH));
    let loaded = load(&object, &Options::default()).unwrap();
    let prog = prog_info(loaded.progs[0].as_fd()).unwrap();
    let map = map_info(loaded.maps[0].map.as_fd()).unwrap();
    assert_eq!(inspect::prog(prog.id).unwrap(), prog);
    assert_eq!(inspect::map(map.id).unwrap(), map);
    assert!(inspect::progs().unwrap().contains(&prog));
    assert!(inspect::maps().unwrap().contains(&map));
    assert_eq!(inspect::open_map(map.id).unwrap().lookup(&[0; 4], 0).unwrap(), None);
    let kernel = inspect::btfs().unwrap().into_iter().find(|b| b.id == prog.btf_id).unwrap();
    assert!(!kernel.kernel && kernel.name.is_empty());
    let bytes = inspect::btf_bytes(prog.btf_id).unwrap();
    assert_eq!(bpfasm_asm::btf::decode(&bytes).unwrap().btf.types, object.btf.types);
    assert!(inspect::ids(Kind::Btf).any(|id| id == Ok(prog.btf_id)));
}
