// Locks, timers, references to the kernel's objects and storage in them: maps whose types the kernel reads.
#include "bpf.h"

struct bpf_timer {
	u64 opaque[2];
} __attribute__((aligned(8)));

struct bpf_spin_lock {
	u32 val;
};

struct task_struct {
	int pid;
} __core;

static struct task_struct *(*const get_current_task_btf)(void) = (void *)158;

struct element {
	struct bpf_spin_lock lock;
	u32 count;
	struct bpf_timer timer;
#ifdef __kptr
	struct task_struct __kptr *task;
#endif
};

struct {
	__uint(type, HASH);
	__uint(max_entries, 16);
	__type(key, u64);
	__type(value, struct element);
} elements SEC(".maps");

struct {
	__uint(type, TASK_STORAGE);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, u64);
} of_task SEC(".maps");

struct {
	__uint(type, CGRP_STORAGE);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, u64);
} of_cgroup SEC(".maps");

struct {
	__uint(type, SK_STORAGE);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, u64);
} of_socket SEC(".maps");

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 100);
} events SEC(".maps");

struct {
	__uint(type, USER_RINGBUF);
	__uint(max_entries, 8192);
} orders SEC(".maps");

struct {
	__uint(type, BLOOM_FILTER);
	__uint(max_entries, 100);
	__uint(map_extra, 3);
	__type(value, u32);
} seen SEC(".maps");

static int ends(void *map, u64 *key, struct element *element)
{
	spin_lock(&element->lock);
	element->count = 0;
	spin_unlock(&element->lock);
	return 0;
}

SEC("tc") int begins(void *ctx)
{
	u64 key = 1;
	u32 pid = get_current_task_btf()->pid;
	struct element *element = map_lookup(&elements, &key);
	if (!element)
		return 0;
	spin_lock(&element->lock);
	element->count += pid;
	spin_unlock(&element->lock);
	timer_init(&element->timer, &elements, 1);
	timer_set_callback(&element->timer, ends);
	timer_start(&element->timer, 1000, 0);
	u64 *event = ringbuf_reserve(&events, 8, 0);
	if (event) {
		*event = ktime();
		ringbuf_submit(event, 0);
	}
	return 0;
}
