//! What an object can hold besides programs, maps and data: loaded by the loaders that others wrote.

use std::os::fd::AsFd;
use std::process::Command;

use bpfasm_asm::elf;
use bpfasm_loader::load::{Options, load};
use bpfasm_loader::sys::bpf::{TestRun, prog_test_run};
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

/// What a program gives for an empty packet, loaded by our own loader; or why it is not.
fn ours(object: &std::path::Path, program: &str) -> Result<u32, String> {
    let object = elf::read(&std::fs::read(object).expect("the object")).expect("readable");
    let loaded = load(&object, &Options::default()).map_err(|e| e.to_string())?;
    assert_eq!(loaded.notes, Vec::<String>::new());
    let mut run = TestRun { data_in: &[0; 64], repeat: 1, ..TestRun::default() };
    let prog = loaded.prog(program).expect("loaded");
    Ok(prog_test_run(prog.as_fd(), &mut run).map_err(|e| e.to_string())?.retval)
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
    let refused = "`p` needs `bpf_rcu_read_lock` of the kernel, which is not supported yet";
    assert_eq!(ours(&object, "p"), Err(refused.to_string()));
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
    let refused = "`p` needs the layout of `task_struct` in this kernel (CO-RE), which is not supported yet";
    assert_eq!(ours(&object, "p"), Err(refused.to_string()));
}

const MAPS: &str = r#"
license "GPL"

map inner_a: array<u32, u64>[4]
map inner_b: array<u32, u64>[4]
map outer: hash_of_maps<u32, array<u32, u64>[4]>[16] = { 0: inner_a, 3: inner_b }
map row: array_of_maps<array<u32, u64>[4]>[2] = { 1: inner_b }
map jumps: prog_array[8] = { 1: first, 2: second }

prog first: "xdp" {
    w0 = 11
    exit
}
prog second: "xdp" {
    w0 = 12
    exit
}

// Fills inner_b through outer, reads it through row, and goes on with `second`.
prog enter: "xdp" {
    r6 = r1
    stack { key: u32 }
    fp->key = 3
    r1 = outer ll
    r2 = fp
    r2 += offsetof(fp->key)
    call bpf_map_lookup_elem
    if r0 == 0 goto .fail
    fp->key = 2
    r1 = r0
    r2 = fp
    r2 += offsetof(fp->key)
    call bpf_map_lookup_elem
    if r0 == 0 goto .fail
    *(u64 *)(r0 + 0) = 77
    fp->key = 1
    r1 = row ll
    r2 = fp
    r2 += offsetof(fp->key)
    call bpf_map_lookup_elem
    if r0 == 0 goto .fail
    fp->key = 2
    r1 = r0
    r2 = fp
    r2 += offsetof(fp->key)
    call bpf_map_lookup_elem
    if r0 == 0 goto .fail
    r1 = *(u64 *)(r0 + 0)
    if r1 != 77 goto .fail
    r1 = r6
    r2 = jumps ll
    r3 = 2
    call bpf_tail_call
.fail:
    w0 = 1
    exit
}
"#;

#[test]
fn maps_begin_with_maps_and_programs() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let object = build(&dir, "maps", MAPS);
    assert_eq!(Loaded::open(&object).verdict("enter", &[0; 64]), Some(12));
    assert_eq!(ours(&object, "enter"), Ok(12));
    bpftool(&space, &object, "ls $PINS");
}

const FUNCTIONS: &str = r#"
license "GPL"

map numbers: array<u32, u64>[4]

// Verified on its own: its argument may be anything.
global func half(x: u32) -> u32 {
    w0 = w1
    w0 >>= 1
    exit
}

global func length(ctx: *xdp_md tag "arg:ctx") -> u32 {
    w0 = 3
    exit
}

func each(map: *void, key: *u32, value: *u64, sum: *u64) -> s64 {
    r1 = *(u64 *)(r4 + 0)
    r1 += 5
    *(u64 *)(r4 + 0) = r1
    r0 = 0
    exit
}

func turn(index: u32, sum: *u64) -> s64 {
    r1 = *(u64 *)(r2 + 0)
    r1 += 1
    *(u64 *)(r2 + 0) = r1
    r0 = 0
    exit
}

prog p: "xdp" {
    stack { sum: u64 }
    r6 = r1
    fp->sum = 0
    r1 = numbers ll
    r2 = each ll
    r3 = fp
    r3 += offsetof(fp->sum)
    r4 = 0
    call bpf_for_each_map_elem
    r1 = 100
    r2 = turn ll
    r3 = fp
    r3 += offsetof(fp->sum)
    r4 = 0
    call bpf_loop
    r1 = fp->sum
    call half
    r7 = r0
    r1 = r6
    call length
    w0 += w7
    exit
}

prog not_loaded_unless_named: "?xdp" {
    r0 = *(u64 *)(r1 + 4096)
    exit
}
"#;

#[test]
fn global_functions_and_callbacks_work() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = build(&dir, "functions", FUNCTIONS);
    assert_eq!(Loaded::open(&object).verdict("p", &[0; 64]), Some(63));
    assert_eq!(ours(&object, "p"), Ok(63));
}

const STRUCT_OPS: &str = r#"
license "GPL"

struct sock
struct tcp_congestion_ops {
    ssthresh: *func(sk: *sock) -> u32
    cong_avoid: *func(sk: *sock, ack: u32, acked: u32)
    undo_cwnd: *func(sk: *sock) -> u32
    name: char[16]
    owner: *void
}

prog ssthresh: "struct_ops/ssthresh" {
    r0 = 2
    exit
}
prog cong_avoid: "struct_ops/cong_avoid" {
    r0 = 0
    exit
}
prog undo_cwnd: "struct_ops/undo_cwnd" {
    r0 = 2
    exit
}

struct_ops bpfasm_cc: tcp_congestion_ops {
    ssthresh: ssthresh
    cong_avoid: cong_avoid
    undo_cwnd: undo_cwnd
    name: "bpfasm_cc"
}
struct_ops bpfasm_cc2: tcp_congestion_ops link {
    ssthresh: ssthresh
    cong_avoid: cong_avoid
    undo_cwnd: undo_cwnd
    name: "bpfasm_cc2"
}
"#;

#[test]
fn tables_of_functions_are_registered() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let dir = TempDir::new();
    let object = build(&dir, "struct_ops", STRUCT_OPS);
    assert_eq!(Loaded::open(&object).programs(), ["ssthresh", "cong_avoid", "undo_cwnd"]);
}

const ARENA: &str = r#"
license "GPL"
import "bpf"

map heap: arena[16] { flags: BPF_F_MMAPABLE }
global hits: u64 in heap = 40
global zero: u64 in heap

prog p: "xdp" {
    r2 = heap ll
    r1 = hits ll
    r1 = addr_space_cast(r1, 0, 1)
    r0 = *(u64 *)(r1 + 0)
    r0 += 1
    *(u64 *)(r1 + 0) = r0
    r1 = zero ll
    r1 = addr_space_cast(r1, 0, 1)
    r2 = *(u64 *)(r1 + 0)
    r0 += r2
    exit
}
"#;

#[test]
fn variables_stand_in_an_arena() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = build(&dir, "arena", ARENA);
    assert_eq!(Loaded::open(&object).verdict("p", &[0; 64]), Some(41));
    let refused = "`p` needs variables in an arena, which is not supported yet";
    assert_eq!(ours(&object, "p"), Err(refused.to_string()));
}

/// A list and a tree that a lock guards, an allocated object that a map keeps, and tags that say so.
const LISTS: &str = r#"
license "GPL"
import "bpf"

struct task_struct
struct elem {
    node: bpf_list_node
    data: u64
}
struct slot { one: *kptr elem, task: *kptr task_struct }

global guard: bpf_spin_lock in private "lists"
global head: bpf_list_head tag "contains:elem:node" in private "lists"
global tree: bpf_rb_root tag "contains:elem2:rb" in private "lists"
struct elem2 { rb: bpf_rb_node, key: u64 }
struct queue {
    lock: bpf_spin_lock
    head: bpf_list_head tag "contains:elem:node"
}
map queues: array<u32, queue>[1]
map slots: array<u32, slot>[1]

extern kfunc bpf_obj_new_impl(local_type_id: u64, meta: *void) -> *void
extern kfunc bpf_obj_drop_impl(p: *void, meta: *void)
extern kfunc bpf_list_push_back_impl(head: *bpf_list_head, node: *bpf_list_node, meta: *void, off: u64) -> s32
extern kfunc bpf_list_pop_front(head: *bpf_list_head) -> *bpf_list_node
extern kfunc bpf_rbtree_add_impl(root: *bpf_rb_root, node: *bpf_rb_node, less: *func(a: *bpf_rb_node, b: *bpf_rb_node) -> bool, meta: *void, off: u64) -> s32
extern kfunc bpf_rbtree_first(root: *bpf_rb_root) -> *bpf_rb_node
extern kfunc bpf_rbtree_remove(root: *bpf_rb_root, node: *bpf_rb_node) -> *bpf_rb_node
extern kfunc bpf_task_acquire(p: *task_struct) -> *task_struct
extern kfunc bpf_task_release(p: *task_struct)

func less(a: *bpf_rb_node, b: *bpf_rb_node) -> bool {
    r1 = *(u64 *)(r1 + sizeof(bpf_rb_node))
    r2 = *(u64 *)(r2 + sizeof(bpf_rb_node))
    w0 = 1
    if r1 < r2 goto .end
    w0 = 0
.end:
    exit
}

prog p: "tc" {
    stack { zero: u32 }
    r1 = core_type_local(elem) ll
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto .fail
    r6 = r0
    *(u64 *)(r6 + offsetof(elem, data)) = 40
    r1 = guard ll
    call bpf_spin_lock
    r1 = head ll
    r2 = r6
    r3 = 0
    r4 = 0
    call bpf_list_push_back_impl
    r1 = head ll
    call bpf_list_pop_front
    r6 = r0
    r1 = guard ll
    call bpf_spin_unlock
    if r6 == 0 goto .fail
    r7 = *(u64 *)(r6 + offsetof(elem, data))
    // Put into a map value.
    fp->zero = 0
    r1 = slots ll
    r2 = r10
    r2 += offsetof(fp->zero)
    call bpf_map_lookup_elem
    if r0 == 0 goto .drop
    r1 = r0
    r2 = r6
    call bpf_kptr_xchg
    if r0 == 0 goto .tree
    r1 = r0
    r2 = 0
    call bpf_obj_drop_impl
.tree:
    r1 = core_type_local(elem2) ll
    r2 = 0
    call bpf_obj_new_impl
    if r0 == 0 goto .fail
    *(u64 *)(r0 + offsetof(elem2, key)) = 2
    r6 = r0
    r1 = guard ll
    call bpf_spin_lock
    r1 = tree ll
    r2 = r6
    r3 = less ll
    r4 = 0
    r5 = 0
    call bpf_rbtree_add_impl
    r1 = tree ll
    call bpf_rbtree_first
    if r0 == 0 goto .unlock
    r1 = tree ll
    r2 = r0
    call bpf_rbtree_remove
    r6 = r0
    r1 = guard ll
    call bpf_spin_unlock
    if r6 == 0 goto .fail
    r2 = *(u64 *)(r6 + offsetof(elem2, key))
    r7 += r2
    r1 = r6
    r2 = 0
    call bpf_obj_drop_impl
    w0 = w7
    exit
.drop:
    r1 = r6
    r2 = 0
    call bpf_obj_drop_impl
.fail:
    w0 = 0
    exit
.unlock:
    r1 = guard ll
    call bpf_spin_unlock
    w0 = 1
    exit
}
"#;

#[test]
fn lists_trees_and_kept_objects_run_in_the_kernel() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let object = build(&dir, "lists", LISTS);
    let packet = dir.write("packet", "\0".repeat(64));
    let run = format!("bpftool prog run pinned $PINS/p data_in {}", packet.display());
    // 40 from the list and 2 from the tree; again, with an object in the map from the first time.
    for line in bpftool(&space, &object, &format!("{run} && {run}")).lines().filter(|l| !l.is_empty()) {
        assert!(line.starts_with("Return value: 42,"), "{line}");
    }
}

/// A thrown cookie: what the program's callback makes of it, two functions up; without one, it is the result.
const THROWN: &str = r#"
license "GPL"
extern kfunc bpf_throw(cookie: u64)

global func caught(cookie: u64) -> u64 {
    r0 = r1
    r0 += 2
    exit
}
func deeper(len: u64) {
    if r1 < 64 goto .short
    r1 = 40
    call bpf_throw
.short:
    exit
}
prog p: "tc" tag "exception_callback:caught" {
    r1 = *(u32 *)(r1 + 0)                   // len
    call deeper
    w0 = 1                                  // never
    exit
}
prog plain: "tc" {
    r1 = 40
    call bpf_throw
    w0 = 1
    exit
}
"#;

#[test]
fn an_exception_callback_gives_the_result() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = Loaded::open(&build(&dir, "thrown", THROWN));
    assert_eq!(object.verdict("p", &[0; 64]), Some(42));
    assert_eq!(object.verdict("p", &[0; 32]), Some(1));
    assert_eq!(object.verdict("plain", &[0; 64]), Some(40));
}

/// A bit field of the kernel's own `struct sk_buff`, beside what the context says of it. The source has it elsewhere.
const BITS: &str = r#"
license "GPL"
import "macros"
import "tc"

@core struct sk_buff {
    len: u32
    ip_summed: u8 : 2
    pkt_type: u8 : 3
    data: *u8
}
extern kfunc bpf_cast_to_kern_ctx(object: *void) -> *void

prog p: "tc" {
    view ctx = r1: __sk_buff
    view skb = r6: sk_buff
    r7 = ctx->pkt_type
    call bpf_cast_to_kern_ctx
    r6 = r0
    core_load_bits! r0, skb->pkt_type
    if r0 != r7 goto .fail
    r1 = core_size(skb->data)
    if r1 != 8 goto .fail
    exit
.fail:
    r0 = 100
    exit
}
"#;

#[test]
fn bit_fields_of_the_kernel_have_their_values() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let object = Loaded::open(&build(&dir, "bits", BITS));
    // PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST, as the loopback device sees it.
    for (to, wanted) in [([0; 6], 0), ([1, 0, 0x5e, 0, 0, 1], 2), ([2, 0, 0, 0, 0, 9], 3)] {
        let packet = [&to[..], &[0; 58]].concat();
        assert_eq!(object.verdict("p", &packet), Some(wanted));
    }
}
