//! What is defined elsewhere, and what depends on the kernel's types: as clang writes it, read and written again.

mod object_common;

use bpfasm_asm::elf;
use bpfasm_asm::object::{CoreKind, ExternKind, Symbol};
use object_common::clang;

const SOURCE: &str = r#"
#define SEC(name) __attribute__((section(name), used))
#define core __attribute__((preserve_access_index))
enum state { RUNNING = 3, DEAD = -4 };
enum wide : unsigned long long { HUGE = 0x123456789abcdef0ull };
struct inner { int x; int y[4]; } core;
struct task { int pid; unsigned char flag : 3; struct inner in[2]; } core;
extern int kernel_function(struct task *t, int n) SEC(".ksyms");
extern void maybe(void) SEC(".ksyms") __attribute__((weak));
extern const int plain_symbol SEC(".ksyms");
extern const void untyped SEC(".ksyms");
extern unsigned LINUX_KERNEL_VERSION SEC(".kconfig");
extern unsigned long CONFIG_HZ SEC(".kconfig") __attribute__((weak));
extern int elsewhere(int);
SEC("tc") int prog(struct task *ctx)
{
    unsigned long long sum = ctx->pid + ctx->in[1].y[2];
    sum += __builtin_preserve_field_info(ctx->flag, 0) + __builtin_preserve_field_info(ctx->flag, 1);
    sum += __builtin_preserve_field_info(ctx->flag, 2) + __builtin_preserve_field_info(ctx->flag, 3);
    sum += __builtin_preserve_field_info(ctx->flag, 4) + __builtin_preserve_field_info(ctx->flag, 5);
    sum += __builtin_btf_type_id(*(struct task *)0, 0) + __builtin_btf_type_id(*(struct task *)0, 1);
    sum += __builtin_preserve_type_info(*(struct task *)0, 0) + __builtin_preserve_type_info(*(struct task *)0, 1);
    sum += __builtin_preserve_type_info(*(struct task *)0, 2);
    sum += __builtin_preserve_enum_value(*(enum state *)RUNNING, 0);
    sum += __builtin_preserve_enum_value(*(enum wide *)HUGE, 1);
    if (maybe)
        maybe();
    sum += kernel_function(ctx, 5) + plain_symbol + (unsigned long)&untyped;
    return sum + LINUX_KERNEL_VERSION + CONFIG_HZ + elsewhere(sum);
}
"#;

#[test]
fn what_clang_makes_is_read_and_comes_out_again() {
    for endian in ["bpfel", "bpfeb"] {
        let Some(bytes) = clang(&format!("extern-{endian}"), endian, SOURCE) else { return };
        let object = elf::read(&bytes).expect("read");
        let kind = |name: &str| {
            let found = object.externs.iter().find(|e| e.name == name);
            found.map(|e| (e.kind, e.weak, e.btf.is_some())).expect(name)
        };
        assert_eq!(kind("kernel_function"), (ExternKind::Ksym, false, true));
        assert_eq!(kind("maybe"), (ExternKind::Ksym, true, true));
        assert_eq!(kind("untyped"), (ExternKind::Ksym, false, true));
        assert_eq!(kind("CONFIG_HZ"), (ExternKind::Kconfig, true, true));
        assert_eq!(kind("LINUX_KERNEL_VERSION"), (ExternKind::Kconfig, false, true));
        assert_eq!(kind("elsewhere"), (ExternKind::Object, false, true));
        let func = &object.funcs[0];
        let used = func.refs.iter().filter(|r| matches!(r.to, Symbol::Extern(_))).count();
        assert!(used >= object.externs.len(), "{:?}", func.refs);
        let kinds: Vec<CoreKind> = func.core.iter().map(|c| c.kind).collect();
        for (kind, function) in CoreKind::ALL {
            assert!(kinds.contains(kind), "{kind:?} ({function}) is missing: {kinds:?}");
        }
        let deep = func.core.iter().find(|c| c.access == "0:2:1:1:2").expect("ctx->in[1].y[2]");
        assert_eq!(object.btf.get(deep.ty).expect("its type").name, "task");
        let written = elf::write(&object).expect("written");
        assert_eq!(elf::read(&written).expect("read again"), object);
    }
}
