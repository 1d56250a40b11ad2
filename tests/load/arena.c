// Memory that programs and user space share, with variables in it.
#include "bpf.h"

#if __clang_major__ < 19 || __BPF_CPU_VERSION__ < 3
#error this needs address spaces
#endif
#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, ARENA);
	__uint(map_flags, 1 << 10);
	__uint(max_entries, 4);
} arena SEC(".maps");

int __arena SEC(".addr_space.1") counter = 5;
int __arena *__arena SEC(".addr_space.1") place;

extern void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, u32 count, int node, u64 flags) __ksym;

SEC("syscall") int count(void *ctx)
{
	int __arena *page = bpf_arena_alloc_pages(&arena, (void __arena *)0, 1, -1, 0);
	place = page;
	counter++;
	return page ? counter : 0;
}
