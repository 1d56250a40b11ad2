// Maps of maps and of programs, with what they hold at first; all the attributes that maps have.
#define SEC(name) __attribute__((section(name), used))
#define NUMBER(name, value) int (*name)[value]
#define TYPE(name, value) value *name
#define VALUES(name, value) value *name[]

struct key {
    unsigned prefix;
    unsigned char bytes[4];
};

struct inner {
    NUMBER(type, 2);
    NUMBER(max_entries, 4);
    TYPE(key, unsigned);
    TYPE(value, long);
} small SEC(".maps"), other SEC(".maps");

struct {
    NUMBER(type, 12);
    NUMBER(max_entries, 2);
    TYPE(key, unsigned);
    VALUES(values, struct inner);
} outer SEC(".maps") = { .values = { &small, &other } };

struct {
    NUMBER(type, 13);
    NUMBER(max_entries, 8);
    NUMBER(key_size, 4);
    VALUES(values, struct inner);
} by_hash SEC(".maps") = { .values = { [3] = &small } };

SEC("socket") int first(void *ctx);

struct {
    NUMBER(type, 3);
    NUMBER(max_entries, 2);
    NUMBER(key_size, 4);
    int (*values[])(void *);
} jumps SEC(".maps") = { .values = { [1] = first } };

struct {
    NUMBER(type, 11);
    NUMBER(max_entries, 100);
    NUMBER(map_flags, 1);
    NUMBER(pinning, 1);
    TYPE(key, struct key);
    TYPE(value, char);
} routes SEC(".maps");

struct {
    NUMBER(type, 27);
    NUMBER(max_entries, 4096);
} events SEC(".maps");

struct {
    NUMBER(type, 30);
    NUMBER(max_entries, 64);
    NUMBER(map_extra, 3);
    NUMBER(value_size, 8);
} seen SEC(".maps");

struct {
    NUMBER(type, 4);
    NUMBER(key_size, 4);
    NUMBER(value_size, 4);
} perf SEC(".maps");

static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const tail_call)(void *ctx, void *map, unsigned index) = (void *)12;

char _license[] SEC("license") = "GPL";

SEC("socket") int first(void *ctx) {
    unsigned index = 1;
    void *in = lookup(&outer, &index);
    if (!in)
        in = lookup(&by_hash, &index);
    if (in)
        in = lookup(in, &index);
    return in || lookup(&routes, &index);
}

SEC("socket") int second(void *ctx) {
    tail_call(ctx, &jumps, 1);
    return (void *)&events != (void *)&seen && (void *)&perf != (void *)&seen;
}
