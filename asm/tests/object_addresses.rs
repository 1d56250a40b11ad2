//! Maps in maps, programs in maps, tables of functions, arenas: as clang writes them, read and written again.

mod object_common;

use bpfasm_asm::elf;
use bpfasm_asm::object::{Address, DataKind, Symbol};
use object_common::clang;

const SOURCE: &str = r#"
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
typedef unsigned int u32; typedef unsigned long long u64;
struct inner { __uint(type, 2); __uint(max_entries, 4); __type(key, u32); __type(value, u64); } inner_a SEC(".maps"), inner_b SEC(".maps");
struct { __uint(type, 13); __uint(max_entries, 16); __type(key, u32); __array(values, struct inner); } outer SEC(".maps") = { .values = { [0] = &inner_a, [3] = &inner_b } };
SEC("xdp") int p1(void *ctx) { return 1; }
SEC("xdp") int p2(void *ctx) { return 2; }
struct { __uint(type, 3); __uint(max_entries, 8); __uint(key_size, 4); __array(values, int (void *)); } jmp SEC(".maps") = { .values = { [1] = (void *)&p1, [2] = (void *)&p2 } };
struct tcp_congestion_ops { u32 (*ssthresh)(void *sk); void (*init)(void *sk); char name[16]; void *owner; };
SEC("struct_ops/cc_init") void cc_init(u64 *ctx) { }
SEC("struct_ops/cc_ss") u32 cc_ss(u64 *ctx) { return 2; }
SEC(".struct_ops") struct tcp_congestion_ops cc = { .init = (void *)cc_init, .ssthresh = (void *)cc_ss, .name = "bpf_cc" };
SEC(".struct_ops.link") struct tcp_congestion_ops cc2 = { .init = (void *)cc_init, .ssthresh = (void *)cc_ss, .name = "bpf_cc2" };
extern int bpf_jiffies64(void) SEC(".ksyms");
struct { __uint(type, 33); __uint(max_entries, 10); __uint(map_flags, 1<<10); } arena SEC(".maps");
int __attribute__((address_space(1))) gv = 5;
int __attribute__((address_space(1))) gz;
static __attribute__((noinline)) long cb(void *m, void *k, void *v, void *c) { return 0; }
static __attribute__((noinline)) long cb2(void *m, void *k, void *v, void *c) { return *(int*)m; }
__attribute__((btf_decl_tag("exception_callback:oops"))) SEC("tc") int usecb(void *ctx) { gv = gz; return ((long(*)(void*,void*,void*,u64))164)(&inner_a, cb2, 0, 0)+ ((long(*)(void*,void*,void*,u64))164)(&inner_a, cb, 0, 0); }
SEC("?xdp") int opt(void *ctx) { return 1; }
struct tk { int __attribute__((btf_type_tag("kptr"))) *p; };
__attribute__((noinline)) int glob(struct tk *x __attribute__((btf_decl_tag("arg:nonnull")))) { return x ? *x->p : 0; }
SEC("tc") int uses(void *ctx) { struct tk t = {}; return glob(&t); }
char LICENSE[] SEC("license") = "GPL";
"#;

#[test]
fn what_clang_makes_is_read_and_comes_out_again() {
    for endian in ["bpfel", "bpfeb"] {
        let Some(bytes) = clang(&format!("addresses-{endian}"), endian, SOURCE) else { return };
        let object = elf::read(&bytes).expect("read");
        let map = |name: &str| object.maps.iter().position(|m| m.name == name).expect(name);
        let func = |name: &str| Symbol::Func(object.funcs.iter().position(|f| f.name == name).expect(name));
        let outer = &object.maps[map("outer")];
        assert_eq!(outer.values, [(0, Symbol::Map(map("inner_a"))), (3, Symbol::Map(map("inner_b")))]);
        assert_eq!(outer.value_size, 4);
        let inner = outer.inner.as_deref().expect("what it holds");
        assert_eq!((inner.key_size, inner.value_size, inner.max_entries), (4, 8, 4));
        let jmp = &object.maps[map("jmp")];
        assert_eq!(jmp.values, [(1, func("p1")), (2, func("p2"))]);
        let (section, cc) = object.var("cc").expect("cc");
        assert_eq!((object.data[section].kind, cc.size), (DataKind::StructOps, 40));
        let to = |offset, name| Address::new(offset, func(name));
        assert_eq!(object.data[section].refs, [to(0, "cc_ss"), to(8, "cc_init")]);
        let (section, gz) = object.var("gz").expect("gz");
        assert_eq!((object.data[section].kind, gz.offset), (DataKind::Arena, 4));
        let written = elf::write(&object).expect("written");
        assert_eq!(elf::read(&written).expect("read again"), object);
    }
}
