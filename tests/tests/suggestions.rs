//! Did you mean …? A misspelt word of each kind, and what is offered for it.

use bpfasm_tests::bin::bpfasm;
use bpfasm_tests::tool::{TempDir, run};

/// Declarations, whose names are misspelt below.
const TOP: &str = "\
license \"GPL\"
import \"net\"
struct flow { saddr: u32, daddr: u32 }
@core struct task_struct { pid: u32 }
enum mode { mode_fast, mode_slow }
const LIMIT = 5
const twice(x) = x + x
param size = 5
map drops: array<u32, u64>[4]
global counter: u64
config threshold: u32 = 5
extern kfunc bpf_task_release(p: *void)
macro clear(dst: reg) {
    $dst = 0
}
func finish {
    r0 = 0
    exit
}
";

/// Statements, and what is offered.
const STATEMENTS: &[(&str, &str)] = &[
    ("rr1 = 5", "r1"),
    ("r1 = wr2", "r2"),
    ("r1 = 5\nr1 = bswp16 r1", "bswap16"),
    ("call bpf_map_lokup_elem", "bpf_map_lookup_elem"),
    ("call map_lookup_elem", "bpf_map_lookup_elem"),
    ("call bpf_task_relase", "bpf_task_release"),
    ("call finnish", "finish"),
    ("r1 = LIMT", "LIMIT"),
    ("r1 = sze + 1", "size"),
    ("r1 = twiice(3)", "twice"),
    ("r1 = sizof(flow)", "sizeof"),
    ("r1 = be61(3)", "be16"),
    ("r1 = mode_fas", "mode_fast"),
    ("r1 = ETH_P_IPP", "ETH_P_IP"),
    ("r1 = sizeof(flwo)", "flow"),
    ("r1 = offsetof(flow, sadr)", "saddr"),
    ("r1 = core(task_struct.pidd)", "pid"),
    ("r1 = core_exsts(task_struct.pid)", "core_exists"),
    ("view f = r1: flwo", "flow"),
    ("view f = r1: flow\nr2 = f->sadr", "saddr"),
    ("view packet = r1: flow\nr2 = paket->saddr", "packet"),
    ("view ctx = r1: xdp_md\nr2 = ctx->data_edn", "data_end"),
    ("stack { key: u32 }\nr2 = fp->kye", "key"),
    ("r1 = *(u33 *)(r1 + 0)", "u32"),
    ("r1 = dropz ll", "drops"),
    ("r1 = conter ll", "counter"),
    ("r1 = treshold ll", "threshold"),
    ("claer! r1", "clear"),
    ("clear! dts=r1", "dst"),
    ("bound! r1, 4, r2, tmp=r3, else=.x\n.x:", "bounds"),
    ("goto .pas\n.pass:", "pass"),
    ("if r1 > 3 goto .dorp\n.drop:", "drop"),
    ("r1 = atomc64_fetch_add((u64 *)(r10 - 8), r1)", "atomic64_fetch_add"),
    ("@asert 1", "@assert"),
    ("@for index in 0..3 {\nr1 = $indx\n}", "$index"),
    ("vieww x = r1: flow", "view"),
    ("exitt", "exit"),
    ("gotoo .x\n.x:", "goto"),
    ("lokc *(u32 *)(r1 + 0) += r2", "lock"),
];

/// Declarations, and what is offered.
const ITEMS: &[(&str, &str)] = &[
    ("progg q: \"xdp\" {\n}", "prog"),
    ("licence \"GPL\"", "license"),
    ("@cor struct s { a: u32 }", "@core"),
    ("cpu v44", "v4"),
    ("import \"nett\"", "net"),
    ("import \"othr.bpfasm\"", "other.bpfasm"),
    ("extern kfnc foo()", "kfunc"),
    ("macro m(x: rge) {\nr1 = 0\n}", "reg"),
    ("macro m(dest: reg) {\n$dst = 0\n}\nfunc f {\nm! r1\nexit\n}", "$dest"),
    ("global g: u33", "u32"),
    ("global g: flow = { sadr: 1 }", "saddr"),
    ("map m: hahs<u32, u64>[4]", "hash"),
    ("map m: hash<u32, u64>[4] { flgs: 1 }", "flags"),
    ("map m: hash<u32, u64>[4] { flags: BPF_F_NO_PREALOC }", "BPF_F_NO_PREALLOC"),
    ("map m: prog_array[4] = { 0: parse_v5 }\nprog parse_v4: \"xdp\" {\nr0 = 0\nexit\n}", "parse_v4"),
    ("prog q: \"xpd\" {\nr0 = 0\nexit\n}", "xdp"),
];

/// Flags, and what is offered.
const FLAGS: &[(&[&str], &str)] = &[
    (&["--deny", "unused-lable"], "unused-label"),
    (&["-D", "siz=4"], "size"),
    (&["--dialect", "llmv"], "llvm"),
    (&["--alow", "all"], "--allow"),
];

#[test]
fn misspelt_words() {
    let dir = TempDir::new();
    let _: std::path::PathBuf = dir.write("other.bpfasm", "const OTHER = 1\n");
    let program = |lines: &str| format!("prog p: \"xdp\" {{\n{lines}\nr0 = 0\nexit\n}}\n");
    let statements = STATEMENTS.iter().map(|(lines, near)| (program(lines), &[][..], *near));
    let items = ITEMS.iter().map(|(item, near)| (format!("{item}\n{}", program("")), &[][..], *near));
    let flags = FLAGS.iter().map(|(flags, near)| (program(""), *flags, *near));
    let mut silent = vec![];
    for (text, flags, near) in statements.chain(items).chain(flags) {
        let _: std::path::PathBuf = dir.write("t.bpfasm", format!("{TOP}{text}"));
        let output = run(bpfasm(["check", "t.bpfasm"]).args(flags).current_dir(dir.path()));
        let said = [
            format!("did you mean `{near}`?"),
            format!("a similar argument exists: '{near}'"),
            format!("a similar value exists: '{near}'"),
        ];
        if !said.iter().any(|said| output.stderr.contains(said)) {
            silent.push(format!("{text} {flags:?}: `{near}`?\n{}", output.stderr));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
