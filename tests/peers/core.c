// What the benchmark loads: a program with twelve CO-RE relocations, in structs that every kernel has.
#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))

struct mm_struct {
    unsigned long total_vm, start_code;
} CORE;
struct signal_struct {
    int nr_threads;
} CORE;
struct qstr {
    unsigned hash, len;
} CORE;
struct dentry {
    struct qstr d_name;
} CORE;
struct task_struct {
    int pid, tgid, prio;
    unsigned long utime, stime;
    struct task_struct *real_parent;
    struct signal_struct *signal;
    char comm[16];
} CORE;

char _license[] SEC("license") = "GPL";

SEC("tp_btf/sched_switch") int p(unsigned long long *ctx) {
    struct task_struct *prev = (void *)ctx[1], *next = (void *)ctx[2];
    unsigned long long sum = prev->pid + prev->tgid + prev->prio;
    sum += next->utime + next->stime + next->comm[0];
    sum += prev->real_parent->pid + next->signal->nr_threads;
    sum += __builtin_preserve_field_info(((struct mm_struct *)0)->total_vm, 0);
    sum += __builtin_preserve_field_info(((struct dentry *)0)->d_name.len, 2);
    return sum == 1;
}
