// Every width and sign of arithmetic, byte orders, constants of 64 bits. Signed division is new in v4.
#define SEC(name) __attribute__((section(name), used))

SEC("socket") long mix(unsigned *ctx) {
    long a = ctx[0], b = ctx[1];
    unsigned c = ctx[2], d = ctx[3];
    a = (a << 7) ^ (b >> 3);
    a |= b & 0x55aa;
    a -= b * 19;
    if (c)
        a += d % c + d / c;
    c = (c >> 5) | (c << 27);
    a ^= (int)c >> 9;
    a = -a;
    a += __builtin_bswap16(c) + __builtin_bswap32(d) + (long)__builtin_bswap64(b);
    a ^= 0x1122334455667788;
    a += (signed char)b + (short)d + (long)(int)c;
    return a + ~b;
}

SEC("tc") int signs(int *ctx) {
    int a = ctx[0], b = ctx[1];
#if __BPF_CPU_VERSION__ >= 4
    int sum = a % 10 / b;
#else
    int sum = (unsigned)a % 10 * 3;
#endif
    if (a < b)
        sum += a;
    if (a <= -5)
        sum -= b;
    if ((unsigned)a > 0xfffffff0u)
        sum ^= 7;
    if (a & 0x40)
        sum = ~sum;
    return sum;
}
