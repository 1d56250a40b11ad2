// Variables of the kernel, which it finds where it keeps the names of all its symbols.
#include "bpf.h"

struct rq {
	u32 cpu;
} __core;
extern const struct rq runqueues __ksym;
extern const int bpf_prog_active __ksym;
extern const struct rq no_such_runqueues __ksym __weak;

u64 symbols;

SEC("raw_tp/sched_switch") int ksyms(void *ctx)
{
	const struct rq *queue = per_cpu_ptr(&runqueues, 0);
	const int *active = this_cpu_ptr(&bpf_prog_active);
	symbols = *active;
	if (queue)
		symbols += queue->cpu;
	if (&no_such_runqueues)
		symbols += no_such_runqueues.cpu;
	return 0;
}

