// What the programs here have in common. Compilers find the kernel's own names nowhere: these are their own.
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) __typeof__(value) *name
#define __array(name, value) __typeof__(value) *name[]
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))
#define __hidden __attribute__((visibility("hidden")))
#define __ksym __attribute__((section(".ksyms")))
#define __kconfig __attribute__((section(".kconfig")))
#define __core __attribute__((preserve_access_index))
#if __has_attribute(btf_type_tag)
#define __kptr __attribute__((btf_type_tag("kptr")))
#endif
#if __has_attribute(btf_decl_tag)
#define __tag(text) __attribute__((btf_decl_tag(text)))
#else
#define __tag(text)
#endif

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum { ARRAY = 2, HASH = 1, PROG_ARRAY = 3, PERCPU_ARRAY = 6, ARRAY_OF_MAPS = 12, HASH_OF_MAPS = 13, SK_STORAGE = 24,
       STRUCT_OPS = 26, RINGBUF = 27, INODE_STORAGE = 28, TASK_STORAGE = 29, BLOOM_FILTER = 30, USER_RINGBUF = 31,
       CGRP_STORAGE = 32, ARENA = 33 };

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*const ktime)(void) = (void *)5;
static long (*const trace_printk)(const char *format, u32 size, ...) = (void *)6;
static long (*const tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static void (*const spin_lock)(void *lock) = (void *)93;
static void (*const spin_unlock)(void *lock) = (void *)94;
static void *(*const sk_storage_get)(void *map, void *sk, void *value, u64 flags) = (void *)107;
static void *(*const ringbuf_reserve)(void *map, u64 size, u64 flags) = (void *)131;
static void (*const ringbuf_submit)(void *data, u64 flags) = (void *)132;
static void *(*const per_cpu_ptr)(const void *var, u32 cpu) = (void *)153;
static void *(*const this_cpu_ptr)(const void *var) = (void *)154;
static long (*const for_each_map_elem)(void *map, void *callback, void *ctx, u64 flags) = (void *)164;
static long (*const timer_init)(void *timer, void *map, u64 flags) = (void *)169;
static long (*const timer_set_callback)(void *timer, void *callback) = (void *)170;
static long (*const timer_start)(void *timer, u64 ns, u64 flags) = (void *)171;
static long (*const loop)(u32 count, void *callback, void *ctx, u64 flags) = (void *)181;

char LICENSE[] SEC("license") = "GPL";
