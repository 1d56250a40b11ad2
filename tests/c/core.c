// Values that depend on the running kernel: fields, bit fields, sizes, types, enums.
#define SEC(name) __attribute__((section(name), used))

#ifdef __clang__
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inner {
    int first;
    unsigned long array[4];
};

struct task_struct {
    int pid;
    unsigned flag : 3, other : 5;
    struct task_struct *parent;
    struct inner inner;
    union {
        int one;
        long two;
    };
};

struct task_struct___old {
    long state;
};
#pragma clang attribute pop

enum color { RED, GREEN = 7 };
typedef int number;

static long (*const probe_read)(void *to, unsigned size, const void *from) = (void *)113;

char _license[] SEC("license") = "GPL";

SEC("raw_tp/sched_switch") int fields(struct task_struct **ctx) {
    struct task_struct *task = ctx[1], *parent;
    unsigned long value = 0;
    probe_read(&parent, sizeof(parent), &task->parent);
    probe_read(&value, sizeof(value), &parent->inner.array[2]);
    value += __builtin_preserve_field_info(task->pid, 0);
    value += __builtin_preserve_field_info(task->inner, 1);
    value += __builtin_preserve_field_info(((struct task_struct___old *)task)->state, 2);
    value += __builtin_preserve_field_info(task->flag, 4);
    value += __builtin_preserve_field_info(task->flag, 5);
    value += __builtin_preserve_field_info(task->other, 3);
    value += task->two;
    return value != 0;
}

SEC("raw_tp/sched_switch") int kinds(void *ctx) {
    long value = __builtin_btf_type_id(*(struct task_struct *)0, 0);
    value += __builtin_btf_type_id(*(struct inner *)0, 1);
    value += __builtin_preserve_type_info(*(number *)0, 0);
    value += __builtin_preserve_type_info(*(struct inner *)0, 1);
    value += __builtin_preserve_enum_value(*(enum color *)GREEN, 0);
    value += __builtin_preserve_enum_value(*(enum color *)RED, 1);
    return value != 0;
}
#else
SEC("raw_tp/sched_switch") int fields(void **ctx) {
    return ctx[1] != 0;
}
#endif
