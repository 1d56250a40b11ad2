// Maps, variables, strings, subprograms that are static and global, atomics.
#define SEC(name) __attribute__((section(name), used))

struct {
    int (*type)[1];
    int (*max_entries)[64];
    unsigned *key;
    long *value;
} counts SEC(".maps");

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, unsigned long flags) = (void *)2;
static long (*print)(const char *format, int size, ...) = (void *)6;

char _license[] SEC("license") = "GPL";
long total;
volatile const int limit = 40;
static int last;

__attribute__((noinline)) int weigh(int size, unsigned kind) {
    return size / 3u + kind % 7;
}

static __attribute__((noinline)) long remember(long value) {
    last = value;
    return value * limit;
}

SEC("socket") int count(unsigned *ctx) {
    unsigned size = ctx[0];
    long *seen = lookup(&counts, &size);
    if (!seen) {
        long one = 1;
        update(&counts, &size, &one, 0);
        return 0;
    }
    __sync_fetch_and_add(seen, 1);
    total += *seen;
    if (size > 1500)
        print("large: %d\n", 11, size);
    return weigh(size, ctx[4]) + remember(*seen);
}

SEC("xdp") int pass(void *ctx) {
    return remember(2) > 0 ? 2 : 1;
}
