#include "common.h"

int counter = 5;
static int hidden;
int zeros[16];
const volatile u64 limit = 1ull << 40;
static volatile const int seed = 7;
char text[] = "tab\tquote\" back\\slash \001\377 end";
const char *names[] = { "one", "two", "three\n" };
struct row { const char *name; int (*run)(int); };
static const struct row table[2];
int aligned_up __attribute__((aligned(64))) = 3;
static u64 custom SEC(".data.custom") = 0x1122334455667788;
int common_like;
u8 odd[7] = { 1, 2, 3 };
short half = -2;
u64 pointer_to = (u64)&counter;
int *element = &zeros[3];
float fraction = 1.5f;
double more = -2.25;
__int128 wide = 1;

static __noinline int twice(int x)
{
	hidden += x;
	return x * 2;
}

static __noinline int thrice(int x)
{
	return x * 3 + seed;
}

static const struct row table[2] = { { "twice", twice }, { "thrice", thrice } };

__attribute__((weak)) __noinline int weak_one(int x)
{
	return x + counter;
}

__attribute__((visibility("hidden"))) __noinline int hidden_one(int x)
{
	return x - counter;
}

extern int counter_too __attribute__((alias("counter")));

SEC("tc") int first(u32 *ctx)
{
	static const char fmt[] = "value %d %s";
	bpf_trace_printk(fmt, sizeof(fmt), twice(*ctx), names[*ctx & 1]);
	custom++;
	zeros[*ctx & 15]++;
	return weak_one(hidden_one(table[*ctx & 1].run != 0)) + (limit > 3) + counter_too;
}

SEC("tc") int second(u32 *ctx)
{
	bpf_trace_printk("second %d\n", 11, thrice(*ctx));
	bpf_trace_printk("second %d\n", 11, common_like);
	bpf_trace_printk("cond %d\n", 9, text[*ctx & 7] + odd[*ctx & 3] + half);
	return twice(first(ctx));
}

char _license[] SEC("license") = "Dual MIT/GPL";
int _version SEC("version") = 4;
