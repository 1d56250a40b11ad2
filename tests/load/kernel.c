// What programs take from the kernel: its configuration, functions, addresses and types.
#include "bpf.h"

enum libbpf_tristate { NO, YES, MODULE };

extern int LINUX_KERNEL_VERSION __kconfig;
extern u32 CONFIG_HZ __kconfig;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL __kconfig;
extern _Bool CONFIG_BPF __kconfig;
extern char CONFIG_DEFAULT_HOSTNAME[32] __kconfig __weak;
extern int CONFIG_NO_SUCH_THING __kconfig __weak;
extern _Bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;
extern _Bool LINUX_HAS_BPF_COOKIE __kconfig;

extern const void schedule __ksym;
extern const void no_such_symbol __ksym __weak;

struct task_struct {
	int pid, tgid;
	u64 start_time;
	struct task_struct *real_parent;
	char comm[16];
	u32 no_such_field;
} __core;

struct task_struct___other {
	int pid;
} __core;

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int no_such_kfunc(int x) __ksym __weak;

u64 configured, symbols, fields;

SEC("raw_tp/sched_switch") int config(void *ctx)
{
	configured = LINUX_KERNEL_VERSION + CONFIG_HZ + CONFIG_BPF_SYSCALL + CONFIG_BPF;
	configured += CONFIG_DEFAULT_HOSTNAME[0] + CONFIG_NO_SUCH_THING + LINUX_HAS_SYSCALL_WRAPPER + LINUX_HAS_BPF_COOKIE;
	return 0;
}

SEC("raw_tp/sched_switch") int addresses(void *ctx)
{
	symbols = (u64)&schedule + (u64)&no_such_symbol;
	return 0;
}

SEC("tp_btf/sched_switch") int types(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[2];
	struct task_struct___other *other = (void *)ctx[1];
	bpf_rcu_read_lock();
	fields += task->pid + task->real_parent->tgid + task->start_time + task->comm[3] + other->pid;
	bpf_rcu_read_unlock();
	if (__builtin_preserve_field_info(task->no_such_field, 2))
		fields += task->no_such_field;
	return 0;
}

SEC("tp_btf/sched_switch") int lacking(u64 *ctx)
{
	if (no_such_kfunc)
		fields += no_such_kfunc(1);
	return 0;
}
