// The loads of packet data that classic filters had, and a function of another object.
#define SEC(name) __attribute__((section(name), used))

unsigned long load_byte(void *skb, unsigned long off) __asm__("llvm.bpf.load.byte");
unsigned long load_half(void *skb, unsigned long off) __asm__("llvm.bpf.load.half");
unsigned long load_word(void *skb, unsigned long off) __asm__("llvm.bpf.load.word");
extern int elsewhere(unsigned long value);

SEC("socket") int parse(void *skb) {
    if (load_half(skb, 12) != 0x0800)
        return 0;
    unsigned long header = (load_byte(skb, 14) & 15) * 4;
    return elsewhere(load_word(skb, 14 + header));
}
