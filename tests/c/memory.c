// Loads and stores of every size, with offsets in both directions; the stack.
#define SEC(name) __attribute__((section(name), used))

struct packet {
    unsigned char ttl;
    unsigned short port;
    unsigned address;
    unsigned long stamp;
    signed char level;
    short delta;
    int skew;
};

static void *(*lookup)(void *map, const void *key) = (void *)1;

struct {
    int (*type)[2];
    int (*max_entries)[1];
    int *key;
    struct packet *value;
} packets SEC(".maps");

SEC("xdp") int copy(void *ctx) {
    int zero = 0;
    struct packet *p = lookup(&packets, &zero);
    if (!p)
        return 0;
    struct packet local = *p;
    local.ttl--;
    local.port = 80;
    local.stamp += local.address;
    volatile unsigned char buffer[24];
    for (int i = 0; i < 24; i++)
        buffer[i] = i * local.ttl;
    *p = local;
    p->address = 0x7f000001;
    p->stamp = -1;
    return p->level + p->delta + p->skew + buffer[local.port & 15];
}
