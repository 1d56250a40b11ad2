// Types that kernels learned to read one after the other, all in use: the map's value has most of them.
#define SEC(name) __attribute__((section(name), used))
#define number(name, value) int(*name)[value]

enum wide { SMALL = 1, LARGE = 1UL << 40 };
enum negative { MINUS = -1 };
struct value {
    unsigned long count __attribute__((btf_decl_tag("counted")));
    double fraction;
    enum wide wide;
    enum negative negative;
    int __attribute__((btf_type_tag("user"))) *pointer;
};

struct {
    number(type, 1);
    unsigned *key;
    struct value *value;
    number(max_entries, 4);
} values SEC(".maps");

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, unsigned long flags) = (void *)2;

unsigned long seen;
char _license[] SEC("license") = "GPL";

__attribute__((noinline)) int more(int by) {
    return by + 1;
}

SEC("xdp") int count(void *ctx) {
    unsigned key = 0;
    struct value new = { .count = 1, .wide = SMALL };
    struct value *value = lookup(&values, &key);
    if (!value)
        return update(&values, &key, &new, 0) ? 0 : 2;
    value->count = more(value->count);
    seen = value->count;
    return 2;
}
