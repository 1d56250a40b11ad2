// A map of every type, with every attribute; variables in every section that becomes a map.
#define SEC(name) __attribute__((section(name), used))
#define number(name, value) int(*name)[value]
#define type_of(name, type) typeof(type) *name

typedef unsigned int u32;
typedef unsigned long u64;

struct entry {
    u32 a;
    u64 b;
};
struct prefix {
    u32 length;
    u32 address;
};

#define SIMPLE(name, kind, k, v, n)                                                                                  \
    struct {                                                                                                         \
        number(type, kind);                                                                                          \
        type_of(key, k);                                                                                             \
        type_of(value, v);                                                                                           \
        number(max_entries, n);                                                                                      \
    } name SEC(".maps")
#define FLAGGED(name, kind, k, v, n, flags)                                                                          \
    struct {                                                                                                         \
        number(type, kind);                                                                                          \
        type_of(key, k);                                                                                             \
        type_of(value, v);                                                                                           \
        number(max_entries, n);                                                                                      \
        number(map_flags, flags);                                                                                    \
    } name SEC(".maps")

SIMPLE(hash, 1, u32, struct entry, 16);
SIMPLE(array, 2, u32, struct entry, 16);
SIMPLE(prog_array, 3, u32, u32, 4);
SIMPLE(perf_events, 4, u32, u32, 0);
SIMPLE(few_perf_events, 4, u32, u32, 1);
SIMPLE(percpu_hash, 5, u32, struct entry, 16);
SIMPLE(percpu_array, 6, u32, struct entry, 16);
SIMPLE(stacks, 7, u32, u64[127], 16);
SIMPLE(cgroups, 8, u32, u32, 4);
SIMPLE(lru, 9, u32, struct entry, 16);
FLAGGED(lru_percpu, 10, u32, struct entry, 16, 2);
FLAGGED(trie, 11, struct prefix, u32, 16, 1);
SIMPLE(devices, 14, u32, u32, 4);
SIMPLE(sockets, 15, u32, u32, 4);
SIMPLE(cpus, 16, u32, u64, 1);
SIMPLE(xsks, 17, u32, u32, 4);
SIMPLE(socket_hash, 18, u32, u32, 4);
SIMPLE(reuseport, 20, u32, u64, 4);
FLAGGED(socket_store, 24, int, struct entry, 0, 1);
SIMPLE(device_hash, 25, u32, u32, 4);
FLAGGED(inode_store, 28, int, struct entry, 0, 1);
FLAGGED(task_store, 29, int, struct entry, 0, 1);
FLAGGED(cgroup_store, 32, int, struct entry, 0, 1);
FLAGGED(mapped_array, 2, u32, u64, 3, 1024);
FLAGGED(a_name_that_is_longer_than_the_kernel_keeps, 1, u32, u32, 3, 1);

struct {
    number(type, 22);
    type_of(value, struct entry);
    number(max_entries, 8);
} queue SEC(".maps");

struct {
    number(type, 23);
    type_of(value, struct entry);
    number(max_entries, 8);
} stack SEC(".maps");

struct {
    number(type, 30);
    type_of(value, u32);
    number(max_entries, 100);
    number(map_extra, 3);
} bloom SEC(".maps");

struct {
    number(type, 27);
    number(max_entries, 5000);
} ring SEC(".maps"), second_ring SEC(".maps");

struct {
    number(type, 31);
    number(max_entries, 4096);
} user_ring SEC(".maps");

struct {
    number(type, 1);
    number(key_size, 12);
    number(value_size, 20);
    number(max_entries, 7);
    number(map_flags, 4);
    number(numa_node, 0);
} near SEC(".maps");

struct {
    number(type, 1);
    number(key_size, 12);
    number(value_size, 20);
    number(max_entries, 7);
    number(numa_node, 0);
} unflagged SEC(".maps");

struct inner {
    number(type, 2);
    type_of(key, u32);
    type_of(value, struct entry);
    number(max_entries, 3);
};
struct inner first SEC(".maps"), second SEC(".maps");

struct {
    number(type, 12);
    number(max_entries, 4);
    type_of(key, u32);
    struct inner *values[];
} outer SEC(".maps") = { .values = { [1] = &first, [3] = &second } };

struct {
    number(type, 13);
    number(max_entries, 4);
    type_of(key, u32);
    struct inner *values[];
} outer_hash SEC(".maps") = { .values = { [2] = &second } };

char _license[] SEC("license") = "GPL";
u64 seen;
u64 limit = 7;
static volatile u64 hidden = 2;
u64 apart SEC(".data.apart") = 4;
u64 empty SEC(".bss.empty");
const volatile u64 fixed = 11;
const volatile u64 also_fixed SEC(".rodata.also") = 13;

static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;

SEC("socket") int leaf(void *ctx) {
    return 5;
}

struct {
    number(type, 3);
    number(max_entries, 3);
    type_of(key, u32);
    int (*values[])(void *);
} jumps SEC(".maps") = { .values = { [2] = (void *)&leaf } };

SEC("socket") int all(void *ctx) {
    seen += limit + hidden + apart + empty + fixed + also_fixed;
    empty += 1;
    tail_call(ctx, &jumps, 2);
    return seen;
}
