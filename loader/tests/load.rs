//! Objects into the running kernel.

mod load_common;

use bpfasm_asm::btf::{IntEncoding, Kind};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::uapi::{AttachType, MapType, ProgType};
use bpfasm_loader::error::Error;
use bpfasm_loader::load::{Options, load};
use bpfasm_loader::sys::bpf::{TestRun, map_info, possible_cpus, prog_code, prog_info, prog_test_run};
use load_common::*;
use nix::errno::Errno;
use std::os::fd::AsFd;

const PACKET: [u8; 64] = [0; 64];

fn run(fd: &impl AsFd, repeat: u32) -> u32 {
    let mut run = TestRun { data_in: &PACKET, repeat, ..TestRun::default() };
    prog_test_run(fd.as_fd(), &mut run).unwrap().retval
}

#[test]
fn an_empty_program() {
    if !may_load() {
        return;
    }
    let loaded = load(&pass("xdp_pass"), &Options::default()).unwrap();
    assert_eq!(loaded.notes, Vec::<String>::new());
    let [prog] = &loaded.progs[..] else { panic!("{:?}", loaded.progs) };
    assert_eq!((prog.kind, prog.attach_type, prog.slots), (ProgType::XDP, AttachType::XDP, 2));
    assert_eq!(run(prog, 1), 2);
    let info = prog_info(prog.as_fd()).unwrap();
    assert_eq!((info.kind, info.name.as_str(), info.xlated_len), (ProgType::XDP, "xdp_pass", 16));
    assert!(info.gpl_compatible && info.btf_id == 0 && info.map_ids.is_empty());
    assert_eq!(prog_code(info.id).unwrap().xlated[8..], [0x95, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_counter_counts() {
    if !may_load() {
        return;
    }
    for types in [false, true] {
        let object = counter("count", MapType::ARRAY);
        let object = if types { with_types(object) } else { object };
        let loaded = load(&object, &Options::default()).unwrap();
        assert_eq!(loaded.notes, Vec::<String>::new());
        assert_eq!(run(&loaded.progs[0], 5), 2);
        let map = &loaded.map("hits").unwrap().map;
        assert_eq!(map.lookup(&[0; 4], 0).unwrap(), Some(5u64.to_ne_bytes().to_vec()));
        assert_eq!(map.lookup(&9u32.to_ne_bytes(), 0).unwrap(), None);
        assert_eq!(map.keys().map(Result::unwrap).collect::<Vec<_>>(), [vec![0; 4]]);
        let (map_info, prog_info) =
            (map_info(map.as_fd()).unwrap(), prog_info(loaded.progs[0].as_fd()).unwrap());
        assert_eq!(prog_info.map_ids, [map_info.id]);
        assert_eq!(map_info.btf_key.0 != 0, types);
        assert_eq!(prog_info.btf_id != 0, types);
    }
}

#[test]
fn per_cpu_values_have_a_part_for_each_cpu() {
    if !may_load() {
        return;
    }
    let loaded = load(&counter("count_cpu", MapType::PERCPU_ARRAY), &Options::default()).unwrap();
    run(&loaded.progs[0], 3);
    let map = &loaded.maps[0].map;
    let value = map.lookup(&[0; 4], 0).unwrap().unwrap();
    let parts: Vec<u64> = map.parts(&value).map(|p| u64::from_ne_bytes(p.try_into().unwrap())).collect();
    assert_eq!(parts.len(), possible_cpus().unwrap());
    assert_eq!(parts.iter().sum::<u64>(), 3);
    assert_eq!(map.update(&[0; 4], &[0; 4], 0).unwrap_err().errno, Errno::EINVAL);
}

#[test]
fn hash_elements_come_and_go() {
    if !may_load() {
        return;
    }
    let mut object = pass("hash_user");
    object.maps.push(map("flows", MapType::HASH, 3, 5, 10));
    let loaded = load(&object, &Options::default()).unwrap();
    let map = &loaded.maps[0].map;
    for n in 0..4 {
        map.update(&[n; 3], &[n; 5], 1).unwrap();
    }
    assert_eq!(map.update(&[1; 3], &[0; 5], 1).unwrap_err().errno, Errno::EEXIST);
    map.delete(&[1; 3]).unwrap();
    assert_eq!(map.delete(&[1; 3]).unwrap_err().errno, Errno::ENOENT);
    let mut keys: Vec<Vec<u8>> = map.keys().map(Result::unwrap).collect();
    keys.sort();
    assert_eq!(keys, [[0; 3], [2; 3], [3; 3]]);
    assert_eq!(map.lookup(&[2; 3], 0).unwrap(), Some(vec![2; 5]));
    assert_eq!(map.lookup(&[2; 4], 0).unwrap_err().errno, Errno::EINVAL);
}

#[test]
fn data_sections_config_and_subprograms() {
    if !may_load() {
        return;
    }
    for types in [false, true] {
        let object = with_data("with_data");
        let object = if types { with_types(object) } else { object };
        let loaded = load(&object, &Options::default()).unwrap();
        assert_eq!(loaded.notes, Vec::<String>::new());
        assert_eq!(run(&loaded.progs[0], 1), 120);
        let names: Vec<&str> = loaded.data.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, [".rodata", ".data", ".bss"]);
        let [rodata, data, bss] = &loaded.data[..] else { unreachable!() };
        assert_eq!(rodata.map.update(&[0; 4], &[0; 8], 0).unwrap_err().errno, Errno::EPERM);
        data.map.update(&[0; 4], &21u32.to_ne_bytes(), 0).unwrap();
        bss.map.update(&[0; 4], &[1, 1, 0, 0, 0, 0, 0, 0], 0).unwrap();
        assert_eq!(map_info(bss.map.as_fd()).unwrap().btf_value.0 != 0, types);
        let one = u32::from_ne_bytes([1, 1, 0, 0]);
        assert_eq!(run(&loaded.progs[0], 1), 121 + one);

        let config = vec![("port".to_owned(), 4000u32.to_ne_bytes().to_vec())];
        let loaded = load(&object, &Options { config, ..Options::default() }).unwrap();
        assert_eq!(run(&loaded.progs[0], 1), 4020);
    }
}

#[test]
fn config_that_does_not_fit() {
    let object = with_data("with_data");
    let with = |name: &str, value: &[u8]| {
        let config = vec![(name.to_owned(), value.to_vec())];
        load(&object, &Options { config, ..Options::default() }).unwrap_err().to_string()
    };
    assert_eq!(
        with("prot", &[0; 4]),
        "no variable called `prot`; the object has `other`, `port`, `limit` and `seen`"
    );
    assert_eq!(with("port", &[0; 2]), "variable `port` takes 4 bytes, not 2");
}

#[test]
fn objects_that_cannot_be_loaded() {
    let mut object = pass("p");
    object.endian = if cfg!(target_endian = "big") { Endian::Little } else { Endian::Big };
    assert!(matches!(load(&object, &Options::default()).unwrap_err(), Error::Endian { .. }));

    let mut object = pass("p");
    object.funcs[0].section = "no_such_section".into();
    assert_eq!(
        load(&object, &Options::default()).unwrap_err().to_string(),
        "program `p`: section `no_such_section` does not say which type of program it is"
    );

    let programs = vec!["q".to_owned()];
    let e = load(&pass("p"), &Options { programs, ..Options::default() }).unwrap_err();
    assert_eq!(e.to_string(), "no program called `q`; the object has `p`");
}

#[test]
fn references_that_fit_no_instruction() {
    if !may_load() {
        return;
    }
    let mut object = counter("broken", MapType::ARRAY);
    object.funcs[0].refs[0].insn = 1;
    let e = load(&object, &Options::default()).unwrap_err();
    assert!(matches!(e, Error::Object { insn: 1, .. }), "{e}");
    object.funcs[0].refs[0].insn = 100;
    let e = load(&object, &Options::default()).unwrap_err();
    assert!(matches!(e, Error::Object { insn: 100, .. }), "{e}");
}

#[test]
fn a_program_that_reads_out_of_bounds() {
    if !may_load() {
        return;
    }
    for types in [false, true] {
        let object = out_of_bounds("reads_wild");
        let object = if types { with_types(object) } else { object };
        let Error::Rejected(r) = load(&object, &Options::default()).unwrap_err() else { panic!() };
        assert_eq!((r.prog.as_str(), r.errno), ("reads_wild", Errno::EACCES));
        assert!(r.log.contains("processed 2 insns"), "the log has its end:\n{}", r.log);
        let insn = r.insn.as_ref().unwrap();
        assert_eq!((insn.slot, insn.index, insn.func_name.as_str()), (1, 1, "reads_wild"));
        assert_eq!(r.report.text.as_deref(), Some("(71) r0 = *(u8 *)(r2 +0)"));
        assert!(
            r.report.reason[0].starts_with("invalid access to packet, off=0 size=1"),
            "{:?}",
            r.report.reason
        );
        let r2 = r.report.registers.iter().find(|r| r.name == "R2").unwrap();
        assert!(r2.value.starts_with("pkt("), "{r2:?}");
        let place = r.place.as_ref().unwrap();
        assert_eq!((place.file.as_str(), place.line, place.column), ("test.bpfasm", 11, 5));
        let source = r.report.source.as_ref();
        assert_eq!(source.and_then(|s| s.line), types.then_some(11), "what the kernel knows of the source");
        assert!(
            r.to_string().starts_with("test.bpfasm:11: program `reads_wild` is refused at instruction 1: ")
        );
    }
}

#[test]
fn a_subprogram_that_is_refused() {
    if !may_load() {
        return;
    }
    let mut object = with_data("calls");
    // The subprogram returns what nobody has set.
    object.funcs[1].insns.set(0, insn(0xbf, 0, 9, 0, 0));
    let Error::Rejected(r) = load(&object, &Options::default()).unwrap_err() else { panic!() };
    let insn = r.insn.as_ref().unwrap();
    assert_eq!((insn.func_name.as_str(), insn.index, insn.slot), ("add", 0, 14));
    assert_eq!(r.reason(), "R9 !read_ok");
    assert_eq!(r.place.as_ref().unwrap().line, 10);
}

#[test]
fn a_log_longer_than_any_first_guess() {
    if !may_load() {
        return;
    }
    let mut insns = vec![mov32(0, 0); 3000];
    insns.push(insn(0xbf, 0, 9, 0, 0));
    insns.push(exit());
    let object = object(vec![func("long_log", "xdp", insns, vec![])]);
    let Error::Rejected(r) = load(&object, &Options::default()).unwrap_err() else { panic!() };
    assert_eq!(r.report.steps.len(), 3001);
    assert_eq!(r.report.steps[0].insn, 0, "the head of the log is there");
    assert_eq!((r.insn.as_ref().unwrap().slot, r.reason().as_str()), (3000, "R9 !read_ok"));
}

#[test]
fn refused_before_any_instruction_is_walked() {
    if !may_load() {
        return;
    }
    let insns = vec![mov32(0, 2), exit(), mov32(0, 1), exit()];
    let object = object(vec![func("unreachable", "xdp", insns, vec![])]);
    let Error::Rejected(r) = load(&object, &Options::default()).unwrap_err() else { panic!() };
    assert_eq!((r.reason().as_str(), r.insn.as_ref().unwrap().slot), ("unreachable insn 2", 2));
    assert_eq!(r.place.as_ref().unwrap().line, 12);
}

#[test]
fn maps_that_cannot_be() {
    if !may_load() {
        return;
    }
    let mut object = pass("p");
    object.maps.push(map("events", MapType::RINGBUF, 0, 0, 0));
    let e = load(&object, &Options::default()).unwrap_err().to_string();
    assert!(e.starts_with("map `events`: bpf(BPF_MAP_CREATE): EINVAL"), "{e}");
    assert!(e.ends_with("say how many entries it has: --max-entries events=N"), "{e}");
    let sized = |name: &str| {
        let max_entries = vec![(name.to_owned(), 5000)];
        load(&object, &Options { max_entries, ..Options::default() })
    };
    assert_eq!(sized("events").unwrap().maps[0].max_entries, 8192);
    assert_eq!(sized("event").unwrap_err().to_string(), "no map called `event`; the object has `events`");
}

#[test]
fn map_types_with_and_without_types() {
    if !may_load() {
        return;
    }
    let kinds = [
        MapType::HASH,
        MapType::ARRAY,
        MapType::PROG_ARRAY,
        MapType::PERF_EVENT_ARRAY,
        MapType::PERCPU_HASH,
        MapType::PERCPU_ARRAY,
        MapType::LRU_HASH,
        MapType::DEVMAP,
        MapType::SOCKMAP,
        MapType::CPUMAP,
        MapType::SOCKHASH,
        MapType::DEVMAP_HASH,
        MapType::CGROUP_ARRAY,
    ];
    let mut object = pass("many_maps");
    for kind in kinds {
        object.maps.push(map(kind.name().unwrap(), kind, 4, 4, 4));
    }
    object.maps[3].max_entries = 0;
    let loaded = load(&with_types(object), &Options::default()).unwrap();
    // The only note is that two names are too long.
    assert_eq!(loaded.notes.len(), 1, "{:?}", loaded.notes);
    assert!(loaded.notes[0].contains("`perf_event_array` as `perf_event_arra`"), "{:?}", loaded.notes);
    assert_eq!(usize::try_from(loaded.maps[3].max_entries).unwrap(), possible_cpus().unwrap());
}

#[test]
fn types_that_the_kernel_refuses_are_left_out() {
    if !may_load() {
        return;
    }
    let mut object = with_types(counter("bad_types", MapType::ARRAY));
    // More bits than its four bytes have.
    object.btf.types[0].kind = Kind::Int { size: 4, encoding: IntEncoding::UNSIGNED, offset: 0, bits: 64 };
    let loaded = load(&object, &Options::default()).unwrap();
    assert_eq!(loaded.notes.len(), 1, "{:?}", loaded.notes);
    assert!(loaded.notes[0].starts_with("loaded without types"), "{:?}", loaded.notes);
    assert!(loaded.notes[0].contains("nr_bits exceeds type_size"), "{:?}", loaded.notes);
    assert!(loaded.btf.is_none());
    assert_eq!(run(&loaded.progs[0], 1), 2);
}

#[test]
fn a_map_that_would_be_pinned_by_name_is_told_to_be_new() {
    if !may_load() {
        return;
    }
    let mut object = counter("by_name", MapType::ARRAY);
    object.maps[0].pin_by_name = true;
    let loaded = load(&object, &Options::default()).unwrap();
    assert_eq!(loaded.notes, ["map `hits` is new, and not pinned by its name"]);
}
