// What is defined elsewhere: functions and variables of the kernel, its configuration.
#define SEC(name) __attribute__((section(name), used))
#define EXTERN(name) __attribute__((section(name)))
#define WEAK __attribute__((weak))

extern int CONFIG_HZ EXTERN(".kconfig");
extern _Bool CONFIG_BPF_JIT EXTERN(".kconfig") WEAK;
extern int LINUX_KERNEL_VERSION EXTERN(".kconfig");
extern const int init_pid EXTERN(".ksyms");
extern const void other EXTERN(".ksyms") WEAK;
extern void *acquire(void *what, int flags) EXTERN(".ksyms");
extern void release(void *what) EXTERN(".ksyms") WEAK;

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tc") int configured(void *ctx) {
    return CONFIG_HZ + CONFIG_BPF_JIT + LINUX_KERNEL_VERSION;
}

SEC("tc") int called(void *ctx) {
    void *held = acquire(ctx, 1);
    if (held && release)
        release(held);
    return init_pid + (&other != 0);
}
