// What maps begin with, functions of every linkage, callbacks, and variables in sections of every name.
#include "bpf.h"

int first(void *ctx);

struct inner {
	__uint(type, ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} one SEC(".maps"), two SEC(".maps");

struct {
	__uint(type, ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [1] = &one, [3] = &two } };

struct {
	__uint(type, HASH_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, u32);
	__array(values, struct inner);
} hashed SEC(".maps") = { .values = { [5] = &two } };

struct {
	__uint(type, PROG_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { [2] = (void *)&first } };

u64 zero, seven = 7;
static u64 hidden_seven = 7;
const volatile u32 limit = 10;
const volatile struct {
	u16 port;
	u8 name[6];
} settings SEC(".rodata.settings") = { 8080, "eth0" };
u32 counts[100] SEC(".bss.counts");
u64 start SEC(".data.start") = 1ull << 40;

static __noinline int local(int x) { return x * (int)limit; }
__noinline int global(int x) { return local(x) + settings.port; }
__hidden __noinline int unseen(int x) { return local(x) - 1; }
__weak __noinline int weak(int x) { return unseen(x) + 2; }

static int each(void *map, u32 *key, u64 *value, u64 *sum)
{
	*sum += *value;
	return 0;
}

static int turn(u32 index, u64 *sum)
{
	*sum += global(index);
	return 0;
}

SEC("socket") int first(void *ctx)
{
	u64 sum = zero + seven + hidden_seven + start;
	u32 key = 1;
	for_each_map_elem(&one, each, &sum, 0);
	loop(3, turn, &sum, 0);
	void *inner = map_lookup(&outer, &key);
	u64 *value = inner ? map_lookup(inner, &key) : 0;
	counts[sum & 63]++;
	return value ? *value : weak(sum);
}

SEC("socket") int second(void *ctx)
{
	static const char text[] = "%d of %s";
	trace_printk(text, sizeof(text), unseen(2), "many");
	tail_call(ctx, &jumps, 2);
	return 0;
}

SEC("?socket") int third(void *ctx) { return seven = global(1); }
