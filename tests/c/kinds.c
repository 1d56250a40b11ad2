// Types that are not those of the kernel: other places, sizes and signs, members gone, and all that can be asked of them.
#define SEC(name) __attribute__((section(name), used))

#ifdef __clang__
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;
typedef signed long long s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
// Fields that moved, some into members without names.
struct task_struct___moved {
    char comm[16];
    s32 pid;
    s32 tgid;
    struct task_struct___moved *real_parent;
    struct mm_struct *mm;
    struct {
        u64 start_time;
    };
    u32 exit_code;
};
// Numbers of other sizes, without a sign: loads change their size.
struct sk_buff___sizes {
    u64 len;
    u16 hash;
    u16 mark;
    u64 priority;
    u8 protocol;
};
// Signs differ: such loads are poisoned.
struct task_struct___signs {
    s64 pid;
    s64 prio;
};
struct sk_buff___bits {
    u32 ip_summed : 5;
    s32 pkt_type : 7;
    u32 cloned : 1;
};
struct net_device___gone {
    int no_such_field;
    struct {
        int other;
    } no_such_struct;
    char name[4];
};
struct qstr___nested {
    union {
        struct {
            u32 len;
            u32 hash;
        };
        u64 hash_len;
    };
    const unsigned char *name;
};
struct bpf_prog_array___open {
    u64 rcu[2];
    struct item {
        void *prog;
        u64 cookie;
    } items[0];
};
struct no_such_struct_at_all {
    int x;
};
#pragma clang attribute pop

struct list_head {
    struct list_head *next, *prev;
};
struct list_head___other {
    struct list_head *next;
    int prev;
};
struct hlist_node___part {
    struct hlist_node *next;
};
union bpf_attr___small {
    u32 map_type;
};
typedef int pid_t;
typedef u64 sector_t;
typedef int (*initcall_t)(void);
typedef void (*rcu_callback_t)(struct rcu_head *head);
enum bpf_map_type___more {
    BPF_MAP_TYPE_HASH = 77,
    BPF_MAP_TYPE_NO_SUCH = 78,
    BPF_MAP_TYPE_RINGBUF___old = 79,
};
enum bpf_prog_type___wide { BPF_PROG_TYPE_XDP = 0x1ffffffffULL };
enum no_such_enum { NO_SUCH_VALUE = 5 };
enum perf_hw_id { PERF_COUNT_HW_MAX = -5 };

#define offset(field) __builtin_preserve_field_info(field, 0)
#define size(field) __builtin_preserve_field_info(field, 1)
#define exists(field) __builtin_preserve_field_info(field, 2)
#define sign(field) __builtin_preserve_field_info(field, 3)
#define left(field) __builtin_preserve_field_info(field, 4)
#define right(field) __builtin_preserve_field_info(field, 5)
#define here(type) __builtin_preserve_type_info(*(type *)0, 0)
#define bytes(type) __builtin_preserve_type_info(*(type *)0, 1)
#define same(type) __builtin_preserve_type_info(*(type *)0, 2)
#define local(type) __builtin_btf_type_id(*(type *)0, 0)
#define number(type) __builtin_btf_type_id(*(type *)0, 1)
#define known(type, value) __builtin_preserve_enum_value(*(type *)value, 0)
#define value(type, value) __builtin_preserve_enum_value(*(type *)value, 1)

char _license[] SEC("license") = "GPL";

SEC("raw_tp/sched_switch") int numbers(void **ctx) {
    struct task_struct___moved *task = ctx[1];
    struct sk_buff___sizes *skb = ctx[1];
    struct sk_buff___bits *bits = ctx[1];
    struct net_device___gone *gone = ctx[1];
    struct qstr___nested *name = ctx[1];
    struct bpf_prog_array___open *open = ctx[1];
    struct no_such_struct_at_all *none = ctx[1];
    u64 sum = offset(task->comm[3]) + offset(task->pid) * 3 + offset(task->start_time) * 5;
    sum += size(task->comm) + size(skb->len) * 3 + size(task->mm) * 5 + size(skb->protocol) * 7;
    sum += exists(task->tgid) + exists(gone->no_such_field) * 3 + exists(gone->name[3]) * 5;
    sum += exists(gone->no_such_struct.other) + exists(none->x) * 3 + exists(open->items[7].cookie) * 5;
    sum += sign(task->pid) + sign(skb->len) * 3 + sign(bits->pkt_type) * 5;
    sum += left(bits->ip_summed) + right(bits->ip_summed) * 3 + size(bits->ip_summed) * 5;
    sum += left(bits->pkt_type) + right(bits->pkt_type) * 3 + offset(bits->pkt_type) * 5;
    sum += left(bits->cloned) * 7 + left(skb->hash) * 11 + right(skb->priority) * 13;
    sum += offset(name->hash) + offset(name->name) * 3 + size(name->hash_len) * 5;
    sum += offset(open->items[2].prog) * 17;
    return sum != 0;
}

SEC("raw_tp/sched_switch") int types(void *ctx) {
    u64 sum = here(struct list_head) + here(struct no_such_struct_at_all) * 3 + here(pid_t) * 5;
    sum += here(union bpf_attr___small) + here(initcall_t) * 3 + here(struct hlist_node___part) * 5;
    sum += bytes(struct list_head) + bytes(union bpf_attr___small) * 3 + bytes(sector_t) * 5;
    sum += bytes(struct no_such_struct_at_all) * 7 + bytes(enum no_such_enum) * 11;
    sum += local(struct list_head) + local(enum no_such_enum) * 3 + local(struct net_device___gone) * 5;
    sum += number(struct list_head) + number(struct no_such_struct_at_all) * 3 + number(pid_t) * 5;
#if __clang_major__ > 15
    sum += same(struct list_head) + same(struct list_head___other) * 3 + same(struct hlist_node___part) * 5;
    sum += same(pid_t) + same(enum bpf_map_type___more) * 3 + same(rcu_callback_t) * 5 + same(sector_t) * 7;
#endif
    return sum != 0;
}

SEC("raw_tp/sched_switch") int enums(void *ctx) {
    u64 sum = known(enum bpf_map_type___more, BPF_MAP_TYPE_HASH);
    sum += known(enum bpf_map_type___more, BPF_MAP_TYPE_NO_SUCH) * 3;
    sum += known(enum bpf_map_type___more, BPF_MAP_TYPE_RINGBUF___old) * 5;
    sum += value(enum bpf_map_type___more, BPF_MAP_TYPE_HASH);
    sum += value(enum bpf_map_type___more, BPF_MAP_TYPE_RINGBUF___old) * 3;
    sum += value(enum perf_hw_id, PERF_COUNT_HW_MAX) * 3;
#if __clang_major__ > 15
    sum += value(enum bpf_prog_type___wide, BPF_PROG_TYPE_XDP) * 3;
#endif
    if (known(enum no_such_enum, NO_SUCH_VALUE))
        sum += value(enum no_such_enum, NO_SUCH_VALUE);
    return sum != 0;
}

// Loads through pointers that the verifier knows, and what is missing behind a question.
SEC("tp_btf/sched_switch") int loads(u64 *ctx) {
    struct task_struct___moved *prev = (void *)ctx[1], *next = (void *)ctx[2];
    struct net_device___gone *gone = (void *)ctx[2];
    struct task_struct___signs *signs = (void *)ctx[1];
    u64 sum = prev->pid + next->tgid + prev->comm[2] + prev->start_time;
    sum += next->real_parent->pid + (next->mm != 0);
    if (exists(gone->no_such_field))
        sum += gone->no_such_field;
    if (exists(gone->no_such_struct))
        sum += signs->pid + signs->prio;
    return sum == 1;
}

SEC("tp_btf/kfree_skb") int sized(u64 *ctx) {
    struct sk_buff___sizes *skb = (void *)ctx[0];
    return skb->len + skb->hash + skb->mark + skb->priority + skb->protocol == 7;
}
#else
SEC("raw_tp/sched_switch") int numbers(void **ctx) {
    return ctx[1] != 0;
}
#endif
