// Loops, switches, long chains of jumps, tail calls.
#define SEC(name) __attribute__((section(name), used))

static long (*tail_call)(void *ctx, void *map, unsigned index) = (void *)12;
static unsigned (*random_number)(void) = (void *)7;

struct {
    int (*type)[3];
    int (*max_entries)[4];
    unsigned *key;
    unsigned *value;
} chain SEC(".maps");

SEC("tc") int walk(unsigned *ctx) {
    unsigned sum = 0;
    for (unsigned i = 0; i < (ctx[0] & 63); i++) {
        switch ((ctx[1] >> (i & 31)) & 7) {
        case 0: sum += 3; break;
        case 1: sum ^= i; break;
        case 2: sum -= 9; break;
        case 3: sum <<= 1; break;
        case 4: continue;
        case 5: goto out;
        default: sum |= random_number();
        }
    }
    tail_call(ctx, &chain, sum & 3);
out:
    return sum > 100 && sum < 200 ? 1 : 0;
}
