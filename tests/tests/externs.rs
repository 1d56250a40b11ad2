//! What programs take from the kernel, compiled from C: loaded by us and by libbpf 1.7, with the same instructions and the
//! same result.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use bpfasm_asm::elf;
use bpfasm_asm::object::Object;
use bpfasm_loader::inspect;
use bpfasm_loader::load::{Loaded, Options, load};
use bpfasm_loader::sys::bpf::{TestRun, prog_test_run};
use bpfasm_tests::bin::compiles;
use bpfasm_tests::tool::{Need, TempDir, ready};
use libbpf_rs::ObjectBuilder;

/// Begins each source.
const HEAD: &str = r#"
#define SEC(name) __attribute__((section(name), used))
#define KCONFIG __attribute__((section(".kconfig")))
#define KSYMS __attribute__((section(".ksyms")))
#define WEAK __attribute__((weak))
#define NOINLINE __attribute__((noinline))
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned u32; typedef unsigned long long u64;
char _license[] SEC("license") = "GPL";
"#;

const COMPILERS: [&str; 2] = ["clang-19", "clang-14"];

/// What one compiler makes of a source.
#[track_caller]
fn compile(compiler: &str, dir: &TempDir, body: &str) -> PathBuf {
    let source = dir.write("source.c", format!("{HEAD}{body}"));
    let object = dir.file(&format!("{compiler}.o"));
    let made = compiles(&[compiler, "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-c"], &source, &object);
    assert!(made, "{compiler} refuses it");
    object
}

fn read(path: &Path) -> Object {
    elf::read(&std::fs::read(path).expect("the object")).expect("readable")
}

#[track_caller]
fn ours(path: &Path) -> Loaded {
    let loaded = load(&read(path), &Options::default()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(loaded.notes, Vec::<String>::new());
    loaded
}

/// Runs the program `p` of type syscall.
#[track_caller]
fn run(prog: impl AsFd) -> u32 {
    prog_test_run(prog.as_fd(), &mut TestRun::default()).expect("a run").retval
}

/// Each source is loaded by both, as each compiler makes it; all programs are the same in the kernel, but for the maps
/// whose number and kind these have, and `p` gives the same.
#[track_caller]
fn agree(body: &str, wanted: Option<u32>) {
    if !ready(&[Need::Root, Need::Tool("clang-19"), Need::Tool("clang-14")]) {
        return;
    }
    let dir = TempDir::new();
    for compiler in COMPILERS {
        let path = compile(compiler, &dir, body);
        let loaded = ours(&path);
        let theirs = ObjectBuilder::default().open_file(&path).expect("libbpf opens it").load();
        let theirs = theirs.unwrap_or_else(|e| panic!("{compiler}: libbpf refuses it: {e}"));
        for prog in theirs.progs() {
            let name = prog.name().to_string_lossy().into_owned();
            let own = loaded.prog(&name).unwrap_or_else(|| panic!("{compiler}: no {name}"));
            let code = |fd| {
                let program = inspect::program(fd).expect("a program");
                let funcs = program.object.funcs.into_iter();
                funcs.map(|func| (func.name, func.insns, func.refs)).collect::<Vec<_>>()
            };
            assert_eq!(code(own.as_fd()), code(prog.as_fd()), "{compiler}: {name}");
            if name == "p" {
                let result = run(own);
                assert_eq!(result, run(prog.as_fd()), "{compiler}");
                assert!(wanted.is_none_or(|wanted| wanted == result), "{compiler}: {result}");
            }
        }
    }
}

/// Why a source is refused.
#[track_caller]
fn refused(body: &str) -> Option<String> {
    if !ready(&[Need::Root, Need::Tool("clang-19")]) {
        return None;
    }
    let dir = TempDir::new();
    let object = read(&compile("clang-19", &dir, body));
    Some(load(&object, &Options::default()).expect_err("refused").to_string())
}

#[test]
fn values_of_the_configuration_have_the_types_that_programs_give_them() {
    agree(
        r#"
enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };
extern u32 LINUX_KERNEL_VERSION KCONFIG;
extern _Bool LINUX_HAS_BPF_COOKIE KCONFIG WEAK;
extern u32 LINUX_NOBODY_KNOWS KCONFIG WEAK;
extern _Bool CONFIG_BPF KCONFIG;
extern char CONFIG_BPF_JIT KCONFIG WEAK;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL KCONFIG;
extern u16 CONFIG_HZ KCONFIG;
extern u64 CONFIG_NR_CPUS KCONFIG;
extern char CONFIG_LOCALVERSION[4] KCONFIG;
extern char CONFIG_DEFAULT_HOSTNAME[64] KCONFIG WEAK;
extern u8 CONFIG_NO_SUCH_VALUE KCONFIG WEAK;
SEC("syscall") int p(void *ctx) {
    u32 sum = LINUX_KERNEL_VERSION >> 16 << 4;
    if (LINUX_HAS_BPF_COOKIE && !LINUX_NOBODY_KNOWS && CONFIG_BPF && CONFIG_BPF_SYSCALL == TRI_YES) sum += 1;
    sum += CONFIG_BPF_JIT + CONFIG_HZ * 31 + CONFIG_NR_CPUS * 257;
    for (int i = 0; i < 4; i++) sum = sum * 5 + CONFIG_LOCALVERSION[i];
    for (int i = 0; i < 8; i++) sum = sum * 3 + CONFIG_DEFAULT_HOSTNAME[i];
    return sum + CONFIG_NO_SUCH_VALUE;
}"#,
        None,
    );
}

#[test]
fn values_that_are_not_there_or_do_not_fit_are_named() {
    for (declared, words) in [
        (
            "u32 CONFIG_NO_SUCH_VALUE",
            "`CONFIG_NO_SUCH_VALUE`: it is not set in the configuration of this kernel",
        ),
        ("u32 CONFIG_BPF", "`CONFIG_BPF`: it is y, which its type cannot hold"),
        ("_Bool CONFIG_NR_CPUS", "`CONFIG_NR_CPUS`: it is "),
        ("u32 NOBODYS_VALUE", "`NOBODYS_VALUE`: no value has this name"),
        (
            "struct { int x; } CONFIG_HZ",
            "`CONFIG_HZ`: a value of the configuration is a bool, a char, an integer",
        ),
    ] {
        let name = declared.rsplit(' ').next().expect("a name");
        let body = format!(
            "extern {declared} KCONFIG; SEC(\"syscall\") int p(void *ctx) {{ return *(int *)&{name}; }}"
        );
        let Some(said) = refused(&body) else { return };
        assert!(said.starts_with(words), "{said}");
    }
}

#[test]
fn functions_and_symbols_of_the_kernel_are_found_and_weak_ones_may_be_missing() {
    agree(
        r#"
extern void bpf_rcu_read_lock(void) KSYMS;
extern void bpf_rcu_read_unlock___mine(void) KSYMS WEAK;
extern int bpf_rcu_read_unlock___other(int, void *) KSYMS WEAK;
extern int no_such_function(int) KSYMS WEAK;
extern const void bpf_prog_put KSYMS;
extern const void no_such_symbol KSYMS WEAK;
extern const int no_such_variable KSYMS WEAK;
static u64 (*loop)(u32 n, void *f, void *ctx, u64 flags) = (void *)181;
static long locked(u32 n, u32 *sum) {
    bpf_rcu_read_lock();
    *sum += &bpf_prog_put != 0;
    bpf_rcu_read_unlock___mine();
    return 0;
}
NOINLINE static int missing(int n) {
    if (no_such_function)
        n += no_such_function(n);
    return n + (&no_such_symbol != 0) + (&no_such_variable != 0);
}
SEC("syscall") int p(void *ctx) {
    u32 sum = 0;
    loop(3, locked, &sum, 0);
    return missing(sum) + (bpf_rcu_read_unlock___mine != 0) * 4 + (bpf_rcu_read_unlock___other != 0) * 8;
}"#,
        Some(7),
    );
}

#[test]
fn what_the_kernel_does_not_have_is_named_with_what_is_near() {
    let body = |declared: &str, used: &str| {
        format!("extern {declared} KSYMS; SEC(\"syscall\") int p(void *ctx) {{ {used}; return 0; }}")
    };
    for (declared, used, words) in [
        (
            "void bpf_rcu_read_lok(void)",
            "bpf_rcu_read_lok()",
            "`bpf_rcu_read_lok`: neither this kernel nor a module of it has it; did you mean `bpf_rcu_read_lock`?",
        ),
        (
            "const void bpf_prog_putt",
            "return (int)(long)&bpf_prog_putt",
            "`bpf_prog_putt`: neither this kernel nor a module of it has it; did you mean `bpf_prog_put`?",
        ),
        (
            "int bpf_rcu_read_lock(int)",
            "return bpf_rcu_read_lock(1)",
            "`bpf_rcu_read_lock`: the kernel has it with another type",
        ),
        // One that is weak, and that the program gets to.
        (
            "void no_such_function(void) WEAK",
            "no_such_function()",
            "this kernel has no function no_such_function",
        ),
    ] {
        let Some(said) = refused(&body(declared, used)) else { return };
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn programs_are_chosen_as_their_sections_say() {
    agree(
        r#"
static u64 (*loop)(u32 n, void *f, void *ctx, u64 flags) = (void *)181;
static long twice(u32 n, u32 *sum) { *sum *= 2; return 0; }
NOINLINE int global(u32 n) { u32 sum = 1; loop(n & 7, twice, &sum, 0); return sum; }
SEC("?fentry/no_such_function") int never(void *ctx) { return 0; }
SEC("syscall") int p(void *ctx) { return global(5); }
SEC("syscall") int q(void *ctx) { u32 sum = 3; loop(2, twice, &sum, 0); return sum + global(1); }
SEC("iter/task") int r(void *ctx) { return 0; }
SEC("tp_btf/sched_switch") int s(void *ctx) { return 0; }
SEC("raw_tp/sched_switch") int t(void *ctx) { return global(2) & 0; }"#
            .replace("SEC(\"?fentry/no_such_function\") int never(void *ctx) { return 0; }\n", "")
            .as_str(),
        Some(32),
    );
}

/// Libbpf takes no static programs, and no static functions beside programs.
#[test]
fn static_programs_and_functions_in_their_sections_load() {
    if !ready(&[Need::Root, Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    let path = compile(
        "clang-19",
        &dir,
        r#"
SEC("syscall") NOINLINE static int helper(int n) { return n * 7; }
SEC("syscall") int p(void *ctx) { return helper(3); }
SEC("socket") static int alone(void *ctx) { return 0; }
SEC("?tp_btf/no_such_tracepoint") int never(void *ctx) { return 0; }"#,
    );
    let loaded = ours(&path);
    let names: Vec<_> = loaded.progs.iter().map(|prog| prog.name.as_str()).collect();
    assert_eq!(names, ["p", "alone"]);
    assert_eq!(run(loaded.prog("p").expect("loaded")), 21);
}

/// What sections do not say, the user does.
#[test]
fn programs_of_unknown_sections_load_as_a_type_that_is_given() {
    if !ready(&[Need::Root, Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    let path = compile("clang-19", &dir, "SEC(\"filter\") int p(void *ctx) { return 0; }");
    let object = read(&path);
    let said = load(&object, &Options::default()).expect_err("refused").to_string();
    assert!(said.contains("section `filter` does not say"), "{said}");
    for (kind, number, attach) in [
        ("socket", 1, 0),
        ("sched_cls:tcx_egress", 3, 47),
        ("tp_btf/sched_switch", 26, 23),
        ("raw_tp", 17, 0),
    ] {
        let types = vec![("p".to_owned(), kind.parse().expect(kind))];
        let loaded = load(&object, &Options { types, ..Options::default() }).expect(kind);
        let prog = loaded.prog("p").expect("loaded");
        assert_eq!((prog.kind.0, prog.attach_type.0), (number, attach), "{kind}");
    }
}

/// Addresses in data are nothing that a map could hold. Libbpf passes over them, too, and leaves what the file has there.
#[test]
fn data_with_addresses_loads_and_says_so() {
    if !ready(&[Need::Root, Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    let body = "int table[4]; int *pointer = &table[2];
                SEC(\"syscall\") int p(void *ctx) { return pointer ? 1 : 2 + table[1]; }";
    let path = compile("clang-19", &dir, body);
    let loaded = load(&read(&path), &Options::default()).expect("loaded");
    assert!(loaded.notes[0].starts_with("section `.data` holds addresses (1)"), "{:?}", loaded.notes);
    assert_eq!(run(loaded.prog("p").expect("loaded")), 2);
}
