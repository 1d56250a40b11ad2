//! What an object can hold besides programs, maps and data: loaded by the loaders that others wrote.

use std::process::Command;

use bpfasm_tests::bin;
use bpfasm_tests::kernel::Loaded;
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready};

/// The object of a source text.
#[track_caller]
fn build(dir: &TempDir, name: &str, source: &str) -> std::path::PathBuf {
    bin::build(&dir.write(&format!("{name}.bpfasm"), source), dir)
}

/// Loads an object with bpftool; gives what `then` prints, a line of shell that finds the programs in `$PINS`.
#[track_caller]
fn bpftool(space: &Space, object: &std::path::Path, then: &str) -> String {
    let pins = "/sys/fs/bpf/objects";
    let line = format!("bpftool prog loadall {} {pins} && PINS={pins} && {then}", object.display());
    let output = space.output(Command::new("sh").args(["-ec", &line]));
    output.ok().stdout
}

const EXTERNS: &str = r#"
license "GPL"

struct bpf_cpumask { bits: u64 }

extern kfunc bpf_rcu_read_lock()
extern kfunc bpf_rcu_read_unlock()
extern kfunc bpf_cpumask_create() -> *bpf_cpumask
extern kfunc bpf_cpumask_release(cpumask: *bpf_cpumask)
extern weak kfunc no_such_function(n: s32) -> s32
extern ksym bpf_prog_put
extern weak ksym no_such_variable
extern kconfig LINUX_KERNEL_VERSION: u32
extern kconfig CONFIG_HZ: u64
extern weak kconfig CONFIG_NO_SUCH_THING: bool
extern kfunc not_used_and_not_there()

prog p: "syscall" {
    call bpf_rcu_read_lock
    call bpf_rcu_read_unlock
    call bpf_cpumask_create
    if r0 == 0 goto .fail
    r1 = r0
    call bpf_cpumask_release
    r1 = no_such_function ll
    if r1 == 0 goto .missing
    r1 = 1
    call no_such_function
.missing:
    r1 = bpf_prog_put ll
    if r1 == 0 goto .fail
    r1 = no_such_variable ll
    if r1 != 0 goto .fail
    r1 = CONFIG_NO_SUCH_THING ll
    w1 = *(u8 *)(r1 + 0)
    if w1 != 0 goto .fail
    r1 = CONFIG_HZ ll
    r1 = *(u64 *)(r1 + 0)
    if r1 == 0 goto .fail
    r1 = LINUX_KERNEL_VERSION ll
    w0 = *(u32 *)(r1 + 0)
    w0 >>= 16
    exit
.fail:
    w0 = 0
    exit
}
"#;

#[test]
fn externs_are_found_in_the_kernel() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let object = build(&dir, "externs", EXTERNS);
    assert_eq!(Loaded::open(&object).programs(), ["p"]);
    let xlated = bpftool(&space, &object, "bpftool prog dump xlated pinned $PINS/p");
    assert!(xlated.contains("call bpf_rcu_read_lock"), "{xlated}");
}

/// Fields in another order than the kernel's, and some that no kernel has.
const CORE: &str = r#"
license "GPL"

@core struct task_struct {
    tgid: s32
    pid: s32
    comm: char[16]
    group_leader: *task_struct
}
struct task_struct___nowhere { no_such_field: u64 }
struct no_such_struct { a: u32 }
enum bpf_map_type { BPF_MAP_TYPE_ARRAY = 77, NO_SUCH_MAP_TYPE = 78 }

prog p: "xdp" {
    call bpf_get_current_pid_tgid
    r7 = r0
    call bpf_get_current_task_btf
    r6 = r0
    view task = r6: task_struct
    w1 = task->pid
    if w1 != w7 goto .fail
    r6 = task->group_leader
    w1 = *(u32 *)(r6 + core(task_struct.tgid))
    r7 >>= 32
    if w1 != w7 goto .fail
    r1 = core_exists(task_struct.comm)
    r1 += core_exists(task_struct)
    r1 += core_exists(bpf_map_type.BPF_MAP_TYPE_ARRAY)
    if r1 != 3 goto .fail
    r1 = core_exists(task_struct___nowhere.no_such_field)
    r1 += core_exists(no_such_struct)
    r1 += core_exists(bpf_map_type.NO_SUCH_MAP_TYPE)
    r1 += core_matches(no_such_struct)
    if r1 == 0 goto .none
    r1 = *(u64 *)(r6 + core(task_struct___nowhere.no_such_field))
    goto .fail
.none:
    r1 = core_enum(bpf_map_type.BPF_MAP_TYPE_ARRAY) ll
    if r1 != 2 goto .fail
    r1 = core_type_id(task_struct) ll
    if r1 == 0 goto .fail
    w0 = core_size(task_struct.comm)
    exit
.fail:
    w0 = 0
    exit
}
"#;

#[test]
fn core_values_are_looked_up_in_the_kernel() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let object = build(&dir, "core", CORE);
    let text = bpftool(&space, &object, "bpftool prog dump xlated pinned $PINS/p");
    assert!(text.contains("r1 = 0x2") && !text.contains("r1 = 0x4d"), "{text}");
    let loaded = Loaded::open(&object);
    assert_eq!(loaded.verdict("p", &[0; 64]), Some(16));
}
