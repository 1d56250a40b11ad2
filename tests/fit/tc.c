// Maps as tc's loader has them: a pin for all, ids, a map of maps with what it holds, programs by the id of an array.
#define SEC(name) __attribute__((section(name), used))

struct bpf_elf_map {
    unsigned type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct bpf_elf_map SEC("maps") shared = { .type = 1, .size_key = 4, .size_value = 8, .max_elem = 16, .pinning = 2 };
struct bpf_elf_map SEC("maps") inner = {
    .type = 2, .size_key = 4, .size_value = 8, .max_elem = 2, .id = 9, .inner_idx = 3
};
struct bpf_elf_map SEC("maps") outer = { .type = 12, .size_key = 4, .size_value = 4, .max_elem = 5, .inner_id = 9 };
struct bpf_elf_map SEC("maps") jumps = { .type = 3, .size_key = 4, .size_value = 4, .max_elem = 2, .id = 7 };

static long (*tail_call)(void *ctx, void *map, unsigned index) = (void *)12;
static void *(*lookup)(void *map, const void *key) = (void *)1;

char _license[] SEC("license") = "GPL";

SEC("classifier") int enter(void *ctx) {
    unsigned key = 3;
    void *within = lookup(&outer, &key);
    unsigned long *value = lookup(&shared, &key);
    if (value)
        return *value;
    tail_call(ctx, &jumps, 1);
    return within ? 7 : 1;
}
