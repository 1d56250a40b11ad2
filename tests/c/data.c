// Data of all kinds: sections of other names, pads, statics of one name, strings, addresses in data, large tables.
#define SEC(name) __attribute__((section(name), used))

struct pair {
    char tag;
    long value;
    short parts[3];
};

char _license[] SEC("license") = "GPL";
int counter;
long zeroed[100];
unsigned char start = 7;
struct pair pairs[2] = { { 'a', -1, { 1, 2, 3 } }, { 'b', 0x1122334455667788, { 9 } } };
const volatile int limit = 100;
const volatile char name[16] = "eth0";
const char *const names[] = { "one", "two", "three" };
int special SEC(".data.special") = 40;
const int table[64] SEC(".rodata.table") = { 1, 2, 4, 8, [63] = -1 };
long late SEC(".bss.late");
static int local = 3;

static long (*const print)(const char *format, int size, ...) = (void *)6;

__attribute__((noinline)) int next(void) {
    static int local = 10;
    return local++;
}

__attribute__((noinline)) int after(void) {
    static int local = 20;
    return local += 2;
}

SEC("socket") int all(int *ctx) {
    char text[] = "a text on the stack, long enough for the section of strings: %d\n";
    print(text, sizeof(text), ctx[0]);
    counter += next() + after() + local++;
    special++;
    late += table[ctx[0] & 63];
    zeroed[ctx[1] & 63] = start;
    return pairs[1].value + limit + name[1] + names[ctx[2] & 1][0];
}
