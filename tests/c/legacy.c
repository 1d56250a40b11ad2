// Maps as they were declared before BTF, with definitions of different lengths.
#define SEC(name) __attribute__((section(name), used))

struct short_def {
    unsigned type, key_size, value_size, max_entries, flags;
};

struct short_def SEC("maps") counts = { 1, 4, 8, 64, 0 };
struct short_def SEC("maps") jumps = { 3, 4, 4, 2, 0 };

static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const tail_call)(void *ctx, void *map, unsigned index) = (void *)12;

unsigned _version SEC("version") = 0x060100;
char _license[] SEC("license") = "GPL";

SEC("socket/0") int first(void *ctx) {
    unsigned key = 3;
    unsigned long *value = lookup(&counts, &key);
    if (value)
        __sync_fetch_and_add(value, 1);
    tail_call(ctx, &jumps, 1);
    return 0;
}

SEC("socket/1") int second(void *ctx) {
    return 1;
}
