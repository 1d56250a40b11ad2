// Functions wherever they may stand: several programs of a section, static ones beside them, callbacks, weak and
// hidden ones, two of one name.
#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))

static long (*const loop)(unsigned count, void *callback, void *ctx, unsigned long flags) = (void *)181;

char _license[] SEC("license") = "GPL";

NOINLINE int open(int x) {
    return x * 3;
}

__attribute__((weak)) NOINLINE int replaceable(int x) {
    return open(x) + 1;
}

__attribute__((visibility("hidden"))) NOINLINE int hidden(int x) {
    return x ^ 0x55;
}

static long each(unsigned index, long *sum) {
    *sum += index;
    return index == 9;
}

static NOINLINE int local(int x) {
    return replaceable(x) + hidden(x);
}

SEC("xdp") int one(int *ctx) {
    long sum = 0;
    loop(100, each, &sum, 0);
    return local(*ctx) + sum;
}

SEC("xdp") int two(int *ctx) {
    return open(ctx[1]);
}

SEC("?xdp.frags") int perhaps(int *ctx) {
    return local(ctx[2]);
}

__attribute__((section("xdp"))) static NOINLINE int beside(int x) {
    return x + 100;
}

SEC("xdp") int three(int *ctx) {
    return beside(ctx[0]);
}

SEC("fentry/do_unlinkat") int a_name_that_is_longer_than_the_kernel_takes(void *ctx) {
    return 0;
}
