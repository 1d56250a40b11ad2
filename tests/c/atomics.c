// What -mcpu=v3 and later have: atomics that return the old value.
#define SEC(name) __attribute__((section(name), used))

long word;
int half;

SEC("socket") int swap(unsigned *ctx) {
    long a = __sync_fetch_and_add(&word, 5);
    a += __sync_fetch_and_or(&half, 3);
    a ^= __sync_fetch_and_and(&word, 0xff);
    a += __sync_fetch_and_xor(&half, 9);
    a += __sync_lock_test_and_set(&word, a);
    a += __sync_val_compare_and_swap(&half, 1, ctx[0]);
    __sync_fetch_and_add(&word, 1);
    __sync_fetch_and_add(&half, 1);
    return a;
}
