//! Maps of every kind, made as libbpf makes them.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use bpfasm_asm::elf;
use bpfasm_loader::inspect::open_pinned_map;
use bpfasm_loader::load::{Loaded, Options, load};
use bpfasm_loader::sys::bpf::{MapInfo, TestRun, link_info, map_info, obj_get, prog_info, prog_test_run};
use bpfasm_tests::bin;
use bpfasm_tests::cgroup::Cgroup;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, Output, TempDir, ready, run, wait_until};
use libbpf_rs::{MapCore, ObjectBuilder, PrintLevel};

/// Compiles a source of `tests/fit`.
#[track_caller]
fn compile(compiler: &str, name: &str, dir: &TempDir) -> PathBuf {
    let source = bin::repo().join("tests/fit").join(name).with_extension("c");
    let object = dir.file(name).with_extension("o");
    let flags = [compiler, "-O2", "-g", "-target", "bpf"];
    assert!(bin::compiles(&flags, &source, &object), "{compiler} {}", source.display());
    object
}

/// Loads an object as `bpfasm` does.
#[track_caller]
fn ours(path: &Path) -> Loaded {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    loaded(path, &Options { name, ..Options::default() })
}

#[track_caller]
fn loaded(path: &Path, options: &Options) -> Loaded {
    let object = elf::read(&std::fs::read(path).expect("the object")).expect("readable");
    load(&object, options).expect("loaded")
}

/// What there is to compare of a map: all but its numbers, which no two maps share.
fn comparable(fd: impl AsFd) -> (String, MapInfo, [bool; 3]) {
    let mut info = map_info(fd.as_fd()).expect("a map");
    let has = |n: u32| n != 0;
    let types = [has(info.btf_id), has(info.btf_key.0), has(info.btf_value.0)];
    (info.id, info.btf_id, info.btf_key.0, info.btf_value.0) = (0, 0, 0, 0);
    (info.name.clone(), info, types)
}

/// Maps by what the kernel calls them, and what they are.
type Maps = BTreeMap<String, (MapInfo, [bool; 3])>;

#[test]
fn every_map_is_what_libbpf_makes_of_it() {
    let compilers = ["clang-19", "clang-14"];
    if !ready(&[Need::Root, Need::Tool(compilers[0]), Need::Tool(compilers[1])]) {
        return;
    }
    for compiler in compilers {
        let dir = TempDir::new();
        let path = compile(compiler, "every_map", &dir);
        libbpf_rs::set_print(Some((PrintLevel::Warn, |_, text| eprint!("{text}"))));
        let open = ObjectBuilder::default().open_file(&path).expect("libbpf opens the object");
        let theirs = open.load().expect("libbpf loads the object");
        let loaded = ours(&path);
        let named = |(name, info, types)| (name, (info, types));
        let wanted: Maps = theirs.maps().map(|m| named(comparable(m.as_fd()))).collect();
        let maps = loaded.maps.iter().map(|m| named(comparable(m.map.as_fd())));
        let found: Maps = maps.chain(loaded.data.iter().map(|d| named(comparable(d.map.as_fd())))).collect();
        for (name, wanted) in &wanted {
            assert_eq!(found.get(name), Some(wanted), "{compiler}: {name}");
        }
        assert!(found.len() > 40, "{}", found.len());
        assert_eq!(found.len(), wanted.len());
        assert!(found.contains_key("every_ma.rodata"), "{found:?}");
        let kept = "a name_that_is".replace(' ', "_");
        let notes: Vec<&String> = loaded.notes.iter().filter(|n| !n.contains(&kept)).collect();
        assert_eq!(notes, ["map `unflagged`: its numa_node counts only with flag BPF_F_NUMA_NODE"]);

        let mut run = TestRun { data_in: &[0; 64], repeat: 1, ..TestRun::default() };
        let entered = prog_test_run(loaded.prog("all").expect("loaded").as_fd(), &mut run).expect("a run");
        assert_eq!(entered.retval, 5, "through the array of programs");
        let inner = loaded.map("outer").expect("a map").map.lookup(&3u32.to_ne_bytes(), 0).expect("a lookup");
        let second = map_info(loaded.map("second").expect("a map").map.as_fd()).expect("a map").id;
        assert_eq!(inner, Some(second.to_ne_bytes().to_vec()));
    }
}

#[test]
fn maps_of_tc_hold_each_other_and_are_pinned_for_all() {
    if !ready(&[Need::Root, Need::Tool("clang-19")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let path = compile("clang-19", "tc", &dir);
    space.run(|| {
        let options = Options { pin_root: Some("/sys/fs/bpf".into()), ..Options::default() };
        let mut first = loaded(&path, &options);
        let pin = Path::new("/sys/fs/bpf/tc/globals/shared");
        assert_eq!(first.map("shared").expect("a map").pin.as_deref(), Some(pin));
        let id = |map: &str, loaded: &Loaded| {
            map_info(loaded.map(map).expect("a map").map.as_fd()).expect("a map").id
        };
        let held = first.map("outer").expect("a map").map.lookup(&3u32.to_ne_bytes(), 0).expect("a lookup");
        assert_eq!(held, Some(id("inner", &first).to_ne_bytes().to_vec()));
        let mut run = TestRun { data_in: &[0; 64], repeat: 1, ..TestRun::default() };
        let result = prog_test_run(first.prog("enter").expect("loaded").as_fd(), &mut run).expect("a run");
        assert_eq!(result.retval, 7, "it finds the inner map");
        first.pins.keep();
        let second = loaded(&path, &options);
        assert!(second.map("shared").expect("a map").reused);
        assert_eq!(id("shared", &second), id("shared", &first));
        assert_ne!(id("inner", &second), id("inner", &first));
    });
}

/// Runs `bpfasm` inside, to its end.
fn call(space: &Space, args: &str) -> Output {
    space.output(bin::bpfasm(args.split_whitespace()))
}

/// A program that counts in map `hits` and returns a number, and has another map of its own.
fn counting(dir: &TempDir, name: &str, own: &str, result: u32) -> String {
    let text = format!(
        "license \"GPL\"\nmap hits: array<u32, u64>[1]\nmap {own}: array<u32, u64>[1]\n\
         config add: u32 = 0\nglobal seen: u64\n\
         prog {name}: \"cgroup_skb/egress\" {{\n    *(u32 *)(r10 - 4) = 0\n    r2 = r10\n    r2 += -4\n    \
         r1 = hits ll\n    call bpf_map_lookup_elem\n    if r0 == 0 goto .end\n    r1 = 1\n    \
         lock *(u64 *)(r0 + 0) += r1\n    r1 = seen ll\n    *(u64 *)(r1 + 0) = 1\n    r1 = add ll\n    r1 = *(u32 *)(r1 + 0)\n\
         .end:\n    w0 = {result}\n    exit\n}}\n"
    );
    dir.write(&format!("{name}.bpfasm"), text).display().to_string()
}

#[test]
fn objects_of_one_call_share_maps_by_name() {
    if !ready(&[Need::Root]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let files = format!("{} {}", counting(&dir, "one", "first", 1), counting(&dir, "two", "second", 1));
    let pin = "/sys/fs/bpf/both";
    let said =
        call(&space, &format!("load {files} --pin {pin} --set add=3 --max-entries second=5 --json")).ok();
    let said: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let names: Vec<&str> =
        said["maps"].as_array().expect("maps").iter().filter_map(|m| m["pin"].as_str()).collect();
    let wanted = ["hits", "first", "one_bss", "one_rodata", "second", "two_bss", "two_rodata"]
        .map(|n| format!("{pin}/maps/{n}"));
    let (mut names, mut wanted) = (names, wanted.to_vec());
    names.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    space.run(|| {
        let map = |name: &str| open_pinned_map(&Path::new(pin).join("maps").join(name)).expect("a pin");
        assert_eq!(map_info(map("second").as_fd()).expect("a map").max_entries, 5);
        assert_eq!(
            map("two_rodata").lookup(&[0; 4], 0).expect("a lookup"),
            Some(3u32.to_ne_bytes().to_vec())
        );
        for name in ["one", "two"] {
            let prog = obj_get(&Path::new(pin).join(name), 0).expect("a pin");
            let mut run = TestRun { data_in: &[0; 64], repeat: 2, ..TestRun::default() };
            prog_test_run(prog.as_fd(), &mut run).expect("a run");
        }
        assert_eq!(map("hits").lookup(&[0; 4], 0).expect("a lookup"), Some(4u64.to_ne_bytes().to_vec()));
    });
    // Nothing of two objects is left if the second cannot be.
    let files = format!("{} {}", counting(&dir, "one", "first", 1), counting(&dir, "bad", "second", 7));
    let output = call(&space, &format!("load {files} --pin /sys/fs/bpf/none")).exited(3);
    assert!(output.stderr.contains("bad"), "{output}");
    space.run(|| assert!(!Path::new("/sys/fs/bpf/none").exists()));
}

#[test]
fn a_program_is_replaced_in_its_link() {
    if !ready(&[Need::Root]) {
        return;
    }
    let (space, dir, group) = (Space::new(), TempDir::new(), Cgroup::new("replaced").expect("a cgroup"));
    let pin = "/sys/fs/bpf/again";
    let file = counting(&dir, "again", "own", 1);
    let at = format!("--cgroup {}", group.path().display());
    call(&space, &format!("load {file} --pin {pin} {at}")).ok();
    let state = || {
        space.run(|| {
            let open = |path: &str| obj_get(&Path::new(pin).join(path), 0).expect("a pin");
            let link = link_info(open("links/again").as_fd()).expect("a link");
            let prog = prog_info(open("again").as_fd()).expect("a program").id;
            let hits = map_info(open("maps/hits").as_fd()).expect("a map").id;
            (prog, link.prog_id, link.id, hits)
        })
    };
    let before = state();
    assert_eq!(before.0, before.1);
    let output = call(&space, &format!("load {file} --pin {pin}")).exited(5);
    assert!(output.stderr.contains("exists"), "{output}");

    // One that is refused, and one that cannot be attached: all is as it was.
    let bad = counting(&dir, "again", "own", 7);
    call(&space, &format!("load {bad} --pin {pin} --replace")).exited(3);
    let _ = counting(&dir, "again", "own", 1);
    let more = counting(&dir, "other", "own", 1);
    let text = std::fs::read_to_string(&more).expect("text").replace("cgroup_skb/egress", "xdp");
    std::fs::write(&more, text.replace("w0 = 1", "w0 = 2")).expect("written");
    call(&space, &format!("load {file} {more} --pin {pin} --replace --attach")).exited(2);
    assert_eq!(state(), before);

    let output = call(&space, &format!("load {file} --pin {pin} --replace")).ok();
    assert!(output.stdout.contains("in the link that was there"), "{output}");
    let after = state();
    assert!(after.0 == after.1 && after.0 != before.0, "{before:?} {after:?}");
    assert_eq!((after.2, after.3), (before.2, before.3), "the link and the map are the same");
}

#[test]
fn tables_of_functions_take_effect_with_and_without_a_link() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let path = bin::build(&bin::repo().join("tests/objects/struct_ops.bpfasm"), &dir);
    let theirs = ObjectBuilder::default().open_file(&path).expect("opened").load().expect("libbpf loads it");
    let loaded = ours(&path);
    assert_eq!(loaded.notes, Vec::<String>::new());
    for table in &loaded.tables {
        let map = theirs.maps().find(|m| m.name().to_string_lossy() == table.name).expect("a map");
        let libbpfs = comparable(map.as_fd());
        let same = (comparable(table.map.as_fd()), libbpfs.clone());
        assert_eq!(same.0, same.1);
    }
    let known = |name: &str| {
        let all = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control");
        all.expect("a list").split_whitespace().any(|known| known == name)
    };
    let [plain, linked] = &loaded.tables[..] else { panic!("{:?}", loaded.tables) };
    assert!((plain.link, linked.link) == (false, true) && !known("bpfasm_cc") && !known("bpfasm_cc2"));
    assert!(plain.register().expect("registered").is_none());
    let link = linked.register().expect("registered").expect("a link");
    assert!(known("bpfasm_cc") && known("bpfasm_cc2"));
    plain.map.delete(&[0; 4]).expect("deleted");
    drop(link);
    assert!(!known("bpfasm_cc"));
    wait_until("the link to end", std::time::Duration::from_secs(5), || (!known("bpfasm_cc2")).then_some(()));
}

#[test]
fn a_table_that_the_kernel_does_not_take() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let text = std::fs::read_to_string(bin::repo().join("tests/objects/struct_ops.bpfasm")).expect("text");
    for (from, to, said) in [
        (
            "tcp_congestion_ops",
            "tcp_congestion_op",
            "table `bpfasm_cc`: this kernel takes no tables of `tcp_congestion_op`; did you mean `tcp_congestion_ops`?",
        ),
        ("    name:", "    nmae:", "table `bpfasm_cc`: this kernel has no member `nmae` in it"),
        (
            "undo_cwnd: undo_cwnd",
            "undo_cwnd: ssthresh",
            "program `ssthresh`: it stands for different functions in `bpfasm_cc` and `bpfasm_cc`: one program cannot",
        ),
    ] {
        let file = dir.write("table.bpfasm", text.replace(from, to));
        let path = bin::build(&file, &dir);
        let object = elf::read(&std::fs::read(path).expect("the object")).expect("readable");
        assert_eq!(load(&object, &Options::default()).expect_err(to).to_string(), said);
    }
}

#[test]
fn in_a_user_namespace_a_token_gives_the_right() {
    if !ready(&[Need::Root, Need::Tool("python3"), Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    let object = compile("clang-19", "newer", &dir);
    let load = |token: &str| {
        let mut command = Command::new(bin::repo().join("tests/delegated"));
        command.arg("env").arg(token).arg(bin::path()).arg("load").arg(&object);
        run(command.args(["--pin", "/sys/fs/bpf/token", "--explain"]))
    };
    let output = load("ANY=thing").ok();
    // Asked for once, when it is needed, and given with all that follows.
    for (call, times) in [("BPF_TOKEN_CREATE", 1), ("TOKEN_FD", 2), ("btf_token_fd", 1), ("prog_token_fd", 1)]
    {
        assert_eq!(output.text().matches(call).count(), times, "{call}\n{output}");
    }
    assert!(!output.text().contains("types"), "{output}");
    let output = load("LIBBPF_BPF_TOKEN_PATH=").exited(4);
    assert!(!output.text().contains("BPF_TOKEN_CREATE"), "{output}");
    assert!(output.stderr.contains("this process is in a user namespace"), "{output}");
}
