#include "common.h"

struct task { int pid; int tgid; char comm[16]; struct task *parent; u32 flags : 3, rest : 29; } CORE;
enum color { RED, GREEN = 70000, BLUE = -5 };

extern int kernel_func(int) __attribute__((section(".ksyms")));
extern int maybe_func(int) __attribute__((section(".ksyms"), weak));
extern const int some_symbol __attribute__((section(".ksyms")));
extern int LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
extern int CONFIG_MAYBE __attribute__((section(".kconfig"), weak));

struct context { int sum; };

static long callback(u32 index, struct context *ctx)
{
	ctx->sum += index;
	return 0;
}

__noinline int switched(u32 x)
{
	switch (x) {
	case 0: return 17;
	case 1: return 23;
	case 2: return 99;
	case 3: return -4;
	case 4: return 12345;
	case 5: return 7;
	case 6: return 8;
	case 7: return 1000000;
	default: return 0;
	}
}

SEC("raw_tp/sched_switch") int trace(struct task **ctx)
{
	struct task *task = ctx[0];
	struct context sums = { 0 };
	s64 signed_value = -(s64)task->pid;
	bpf_loop(10, callback, &sums, 0);
	for (int i = 0; i < task->tgid; i++) {
		if ((u32)i % 3 == 1)
			sums.sum += switched(i);
		else
			sums.sum -= task->parent->comm[i & 15];
	}
	signed_value = (u64)signed_value / (3 + (u64)ctx);
	u16 swapped = __builtin_bswap16(sums.sum);
	u64 swapped64 = __builtin_bswap64(signed_value);
	if (&maybe_func)
		sums.sum += maybe_func(1);
	if (__builtin_preserve_field_info(task->flags, 2))
		sums.sum += __builtin_preserve_field_info(task->flags, 0);
	sums.sum += kernel_func(LINUX_KERNEL_VERSION) + CONFIG_MAYBE + (&some_symbol != 0);
	return sums.sum + swapped + (int)swapped64 + squared(sums.sum);
}

static __noinline s64 deep(s64 a, s64 b, s64 c, s64 d, s64 e)
{
	if (a == 0)
		return b + c + d + e;
	volatile char buffer[64];
	buffer[a & 63] = b;
	return (a > b) + (a < c) * 3 + (d >= e) + (a <= d) + ((u64)a > (u64)e) + buffer[c & 63];
}

SEC("kprobe/one") int probe_one(void *ctx)
{
	u64 now = bpf_ktime_get_ns();
	return deep(now, now >> 3, (s64)now >> 5, now << 2, now ^ 0xffffffff) | deep(1, 2, 3, 4, 0x123456789abcdefll);
}

SEC("kprobe/two") int probe_two(void *ctx)
{
	volatile u64 place = 1;
	__sync_fetch_and_add(&place, 3);
	asm volatile("r1 = 5\n\tr1 += 7\n\t*(u64 *)(r10 - 8) = r1" ::: "r1");
	return place & 0xff;
}

#line 1000 "elsewhere.inc"
SEC("kprobe/three") int probe_three(int *ctx)
{
	return *ctx ? squared(*ctx) : 1;
}

char _license[] SEC("license") = "GPL";
