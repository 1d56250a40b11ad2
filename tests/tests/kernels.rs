//! `bpfasm` on kernels from 5.10 to the newest, in virtual machines.

use bpfasm_tests::bin::{self, compiles};
use bpfasm_tests::tool::{Need, TempDir, ready};
use bpfasm_tests::vm::{KERNELS, payload, run};

const GOOD: &str = "license \"GPL\"\nprog good: \"xdp\" {\n    w0 = 2\n    exit\n}\n";
const BAD: &str = "license \"GPL\"\nprog bad: \"xdp\" {\n    r1 = -2 ll\n    r0 = r3\n    exit\n}\n";

/// A program runs; another is refused, and the log comes back as what it shows.
#[test]
fn programs_run_and_logs_come_back() {
    let dir = payload();
    for (name, text) in [("good.bpfasm", GOOD), ("bad.bpfasm", BAD)] {
        let _ = dir.write(name, text);
    }
    let line = "./bpfasm run --test good.bpfasm || exit 1; ./bpfasm run --test bad.bpfasm 2>log; code=$?; cat log; \
                sed '1,/log:$/d' log >listing.txt; ./bpfasm dump listing.txt; exit $code";
    for kernel in KERNELS {
        let Some(output) = run(kernel, &dir, line) else { return };
        let output = output.exited(3);
        for shown in ["XDP_PASS", "E0801", "R3 !read_ok", "r1 = -2 ll", "r0 = r3"] {
            assert!(output.stdout.contains(shown), "{kernel}: {shown}\n{output}");
        }
    }
}

/// C programs with targets that are found by their types: a name, the source, and the first kernel that takes it.
const TARGETS: [(&str, &str, &str); 17] = [
    ("entry", "SEC(\"fentry/vfs_read\") int p(void *ctx) { return 0; }", "5.10"),
    ("exit", "SEC(\"fexit/vmlinux:vfs_read\") int p(void *ctx) { return 0; }", "5.10"),
    ("instead", "SEC(\"fmod_ret/security_file_open\") int p(void *ctx) { return 0; }", "5.10"),
    ("session", "SEC(\"fsession/vfs_read\") int p(void *ctx) { return 0; }", "7.2"),
    ("hook", "SEC(\"lsm/file_open\") int p(void *ctx) { return 0; }", "5.10"),
    ("sleeping", "SEC(\"lsm.s/file_open\") int p(void *ctx) { return 0; }", "6.1"),
    ("cgroup", "SEC(\"lsm_cgroup/socket_bind\") int p(void *ctx) { return 1; }", "6.1"),
    ("iterator", "SEC(\"iter/task\") int p(void *ctx) { return 0; }", "5.10"),
    ("traced", "SEC(\"tp_btf/sched_switch\") int p(void *ctx) { return 0; }", "5.10"),
    // Types of modules are told from 5.11 on.
    ("module", "SEC(\"fentry/veth:veth_open\") int p(void *ctx) { return 0; }", "6.1"),
    ("searched", "SEC(\"fentry/veth_open\") int p(void *ctx) { return 0; }", "6.1"),
    ("later", "SEC(\"kprobe/vfs_read\") int p(void *ctx) { return 0; }", "5.10"),
    ("replacing", "SEC(\"freplace/answer\") int p(struct xdp_md *ctx) { return 0; }", "5.10"),
    ("watching", "SEC(\"fentry/answer\") int p(void *ctx) { return 0; }", "5.10"),
    (
        "variables",
        "struct rq { int cpu; }; extern const struct rq runqueues KSYMS; extern const int bpf_prog_active KSYMS;
         extern const int nothing KSYMS WEAK; static void *(*per)(const void *, unsigned) = (void *)153;
         SEC(\"raw_tp/sched_switch\") int p(void *ctx) {
             const struct rq *r = per(&runqueues, 0); const int *a = per(&bpf_prog_active, 0);
             return r && a && &nothing == 0 ? 0 : r != 0;
         }",
        "6.1",
    ),
    // Functions of a module, of the kernel itself and of nobody.
    (
        "called",
        "struct nf_conn { int x; }; struct tuple { int x[9]; }; typedef unsigned char u8;
         struct options { int netns, error; u8 protocol, direction, rest[2]; };
         extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *, struct tuple *, unsigned, struct options *, unsigned) KSYMS;
         extern void bpf_ct_release(struct nf_conn *) KSYMS;
         extern int nobodys(void) KSYMS WEAK;
         SEC(\"xdp\") int p(struct xdp_md *ctx) {
             struct options options = { .netns = -1, .protocol = 6 }; struct tuple tuple = {};
             if (nobodys) nobodys();
             struct nf_conn *found = bpf_xdp_ct_lookup(ctx, &tuple, 12, &options, 12);
             if (found) bpf_ct_release(found);
             return 2;
         }",
        "6.1",
    ),
    (
        "configured",
        "extern int CONFIG_HZ KCONFIG; extern char CONFIG_NAME[8] KCONFIG;
         SEC(\"xdp\") int p(void *ctx) { return CONFIG_HZ == 77 && CONFIG_NAME[3] == 'e' ? 2 : 1; }",
        "5.10",
    ),
];

/// What programs attach to is found in the types of a kernel, of its modules and of other programs, and trampolines are
/// made: what has no target, or comes from a later kernel, is refused.
#[test]
fn targets_are_found_by_their_types() {
    const HEAD: &str = r#"
#define SEC(name) __attribute__((section(name), used))
#define KSYMS __attribute__((section(".ksyms")))
#define KCONFIG __attribute__((section(".kconfig")))
#define WEAK __attribute__((weak))
struct xdp_md { unsigned fields[6]; };
char _license[] SEC("license") = "GPL";
"#;
    const ANSWERING: &str =
        "__attribute__((noinline)) int answer(struct xdp_md *ctx) { volatile int r = 1; return r; }
                             SEC(\"xdp\") int entered(struct xdp_md *ctx) { return answer(ctx) + 1; }";
    if !ready(&[Need::Tool("clang-19")]) {
        return;
    }
    let dir = payload();
    let compile = |name: &str, body: &str, to: &TempDir| {
        let source = to.write("source.c", format!("{HEAD}{body}"));
        let flags = ["clang-19", "-target", "bpf", "-mcpu=v3", "-O2", "-g"];
        assert!(compiles(&flags, &source, &to.file(&format!("{name}.o"))), "{name}");
    };
    compile("answering", ANSWERING, &dir);
    TARGETS.iter().for_each(|(name, body, _)| compile(name, body, &dir));
    let names: Vec<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
    let line = format!(
        "b=/sys/fs/bpf; ./bpfasm load answering.o --pin $b/answering >/dev/null || exit 1
         mkdir /boot; printf 'CONFIG_HZ=77\\nCONFIG_NAME=\"some\"\\n' >/boot/config-$(uname -r)
         for n in {}; do
             case $n in replacing|watching) to=\"--target-prog p=$b/answering/entered\";; *) to=;; esac
             if ./bpfasm load $n.o $to --pin $b/$n >/dev/null 2>$n.log; then echo $n; else echo no $n; cat $n.log >&2; fi
         done
         ./bpfasm run --test configured.o | grep -q PASS || exit 1",
        names.join(" ")
    );
    let place = |kernel: &str| KERNELS.iter().position(|known| *known == kernel);
    for kernel in KERNELS {
        let Some(output) = run(kernel, &dir, &line) else { return };
        let output = output.ok();
        let taken = |since: &str| if place(since) <= place(kernel) { "" } else { "no " };
        let wanted: Vec<_> =
            TARGETS.iter().map(|(name, _, since)| format!("{}{name}", taken(since))).collect();
        // Between them stand the reasons.
        let told = |line: &&str| names.contains(&line.trim_start_matches("no "));
        assert_eq!(output.stdout.lines().filter(told).collect::<Vec<_>>(), wanted, "{kernel}\n{output}");
    }
}

/// Types that a kernel does not know are said in older words, and maps and programs have them even so.
#[test]
fn types_are_fitted_to_the_kernel() {
    if !ready(&[Need::Tool("clang-19")]) {
        return;
    }
    let dir = payload();
    let source = bin::repo().join("tests/fit/newer.c");
    assert!(compiles(&["clang-19", "-O2", "-g", "-target", "bpf"], &source, &dir.file("newer.o")));
    // A map that has types can be read as a file.
    let line = "./bpfasm load newer.o --pin /sys/fs/bpf/newer && cat /sys/fs/bpf/newer/maps/values && ./bpfasm run --test newer.o";
    for (kernel, left_out) in [
        (
            "5.10",
            Some(
                "enums of 64 bits and signed ones, tags on types, tags on declarations, floating-point numbers",
            ),
        ),
        ("6.1", None),
        ("6.12", None),
    ] {
        let Some(output) = run(kernel, &dir, line) else { return };
        let output = output.ok();
        assert!(output.stdout.contains("XDP_PASS"), "{kernel}\n{output}");
        match left_out {
            Some(left_out) => assert!(output.stdout.contains(left_out), "{kernel}\n{output}"),
            None => assert!(!output.stdout.contains("left out"), "{kernel}\n{output}"),
        }
        assert!(!output.stdout.contains("without types"), "{kernel}\n{output}");
    }
}
