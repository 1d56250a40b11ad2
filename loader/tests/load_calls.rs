//! What a load costs, and that it leaves nothing behind. One test at a time: they count for the whole process.

mod load_common;

use bpfasm_asm::object::Object;
use bpfasm_asm::uapi::MapType;
use bpfasm_loader::inspect;
use bpfasm_loader::load::{Options, Place, load};
use load_common::*;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Our own descriptors for BPF objects.
fn descriptors() -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    links
        .filter_map(|e| std::fs::read_link(e.unwrap().path()).ok())
        .filter(|l| l.to_string_lossy().contains("bpf") || l.to_string_lossy().contains("btf"))
        .count()
}

/// Programs and maps in the kernel whose names begin so.
fn in_kernel(prefix: &str) -> usize {
    // A program goes after a grace period: wait for that.
    for _ in 0..50 {
        let progs = inspect::progs().unwrap().into_iter().map(|p| p.name);
        let maps = inspect::maps().unwrap().into_iter().map(|m| m.name);
        let count = progs.chain(maps).filter(|n| n.starts_with(prefix)).count();
        if count == 0 {
            return 0;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    1
}

#[test]
fn failures_leave_nothing() {
    if !may_load() {
        return;
    }
    let _guard = ONE_AT_A_TIME.lock();
    let prefix = format!("lk{}", std::process::id());
    let name = |n: &str| format!("{prefix}{n}");
    let rename = |mut object: Object| {
        for m in &mut object.maps {
            m.name = format!("{prefix}m");
        }
        object
    };
    let mut second_refused = rename(with_types(counter(&name("a"), MapType::HASH)));
    second_refused.funcs.extend(out_of_bounds(&name("b")).funcs);
    let mut bad_map = rename(with_data(&name("c")));
    bad_map.maps.push(map(&name("r"), MapType::ARRAY, 4, 4, 1));
    bad_map.maps.push(map(&name("s"), MapType::ARRAY, 8, 4, 1));
    let mut bad_ref = rename(counter(&name("d"), MapType::ARRAY));
    bad_ref.funcs[0].refs[0].insn = 2;

    for object in [second_refused, bad_map, bad_ref] {
        load(&object, &Options::default()).unwrap_err();
        assert_eq!(descriptors(), 0);
    }
    assert_eq!(in_kernel(&prefix), 0);

    // And the check itself can see something.
    let loaded = load(&pass(&name("e")), &Options::default()).unwrap();
    assert_eq!(descriptors(), 1);
    assert!(inspect::progs().unwrap().iter().any(|p| p.name.starts_with(&prefix)));
    drop(loaded);
    assert_eq!(descriptors(), 0);
}

/// Where the child pins.
const PIN: &str = "BPFASM_TEST_PIN";

/// Loads and pins a program with one map and types; run under strace by the test below, and nothing without it.
#[test]
fn hello() {
    let Ok(dir) = std::env::var(PIN) else { return };
    let object = with_types(counter("hello", MapType::ARRAY));
    let loaded = load(&object, &Options::default()).unwrap();
    assert_eq!(loaded.notes, Vec::<String>::new());
    loaded.pin(&Place::new(Path::new(&dir))).unwrap().keep();
}

#[test]
fn hello_costs_at_most_six_calls() {
    if !may_load() {
        return;
    }
    let _guard = ONE_AT_A_TIME.lock();
    if Command::new("strace").arg("-V").output().is_err() {
        return skip("no strace");
    }
    let base = std::env::temp_dir().join(format!("bpfasm-calls-{}", std::process::id()));
    let trace = base.with_extension("trace");
    std::fs::create_dir(&base).unwrap();
    // The BPF file system lives in a mount namespace that ends with the shell.
    let script = "mount -t bpf bpf \"$0\" && exec strace -f -e trace=bpf -o \"$1\" \"$2\" --exact hello";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script])
        .args([&base, &trace, &std::env::current_exe().unwrap()])
        .env(PIN, base.join("hello"))
        .output()
        .unwrap();
    let text = std::fs::read_to_string(&trace).unwrap_or_default();
    let _ = std::fs::remove_file(&trace);
    let _ = std::fs::remove_dir(&base);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let calls: Vec<&str> =
        text.lines().filter_map(|l| l.split_once("bpf(")?.1.split([',', ' ']).next()).collect();
    assert_eq!(calls, ["BPF_BTF_LOAD", "BPF_MAP_CREATE", "BPF_PROG_LOAD", "BPF_OBJ_PIN", "BPF_OBJ_PIN"]);
}
