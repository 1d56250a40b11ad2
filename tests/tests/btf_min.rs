//! `bpfasm btf min`: with what it leaves of the kernel's types, objects fit themselves to the kernel as with all.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use bpfasm_asm::btf::{Btf, Scan, Wanted};
use bpfasm_asm::elf;
use bpfasm_asm::fit::{self, Fitter};
use bpfasm_asm::isa::Insn;
use bpfasm_asm::object::{CoreKind, Func, Object};
use bpfasm_loader::load::{self, Options};
use bpfasm_loader::sys::bpf::prog_info;
use bpfasm_tests::bin;
use bpfasm_tests::tool::{self, Need, TempDir, ready, which};
use libbpf_rs::ObjectBuilder;

const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// Reads through pointers, arrays and unions, and asks for what is not there.
const WALK: &str = r#"
#define SEC(name) __attribute__((section(name), used))
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct qstr { const unsigned char *name; };
struct dentry { struct qstr d_name; struct dentry *d_parent; };
struct path { struct dentry *dentry; };
struct file { struct path f_path; unsigned f_flags; };
struct mm_struct { struct file *exe_file; };
struct task_struct { int pid, tgid; char comm[16]; struct mm_struct *mm; struct task_struct *real_parent; };
struct task_struct___none { long no_such_member; };
struct sk_buff { unsigned len; unsigned char pkt_type : 3; };
#pragma clang attribute pop
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };
static long (*const probe_read)(void *to, unsigned size, const void *from) = (void *)113;
#define READ(to, from) probe_read(&to, sizeof(to), &from)
char _license[] SEC("license") = "GPL";
SEC("raw_tp/sched_switch") int walk(struct task_struct **ctx) {
    struct task_struct *task = ctx[1];
    struct mm_struct *mm; struct file *file; struct dentry *dentry; const unsigned char *name; char c; int n = 0;
    READ(task, task->real_parent);
    READ(mm, task->mm);
    READ(file, mm->exe_file);
    READ(dentry, file->f_path.dentry);
    READ(name, dentry->d_name.name);
    READ(c, task->comm[3]);
    READ(n, task->tgid);
    n += __builtin_preserve_field_info(((struct task_struct___none *)task)->no_such_member, 2);
    n += __builtin_preserve_field_info(((struct sk_buff *)0)->pkt_type, 5);
    n += __builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_TGID, 1);
    return n + (int)(long)name + c;
}
"#;

fn objects(dir: &TempDir) -> Vec<PathBuf> {
    let source = |name: &str| bin::repo().join("tests/objects").join(name).with_extension("bpfasm");
    let mut objects: Vec<_> = ["core", "kinds_of_core"].map(|name| bin::build(&source(name), dir)).into();
    for compiler in ["clang-14", "clang-19"] {
        let (source, object) = (dir.write("walk.c", WALK), dir.file(&format!("{compiler}.o")));
        assert!(bin::compiles(&[compiler, "-O2", "-g", "-target", "bpf"], &source, &object), "{compiler}");
        objects.push(object);
    }
    objects
}

fn min(types: &str, objects: &[PathBuf], dir: &TempDir) -> PathBuf {
    let out = dir.file("cut.btf");
    let mut command = bin::bpfasm(["btf", "min", types]);
    tool::run(command.args(objects).arg("-o").arg(&out)).ok();
    out
}

/// What becomes of each instruction, but those that hold numbers of the kernel's types.
fn fitted(object: &Object, types: &[u8]) -> Vec<(usize, usize, Insn)> {
    let funcs: Vec<usize> = (0..object.funcs.len()).collect();
    let mut wanted = Wanted::default();
    fit::want(object, &funcs, &mut wanted);
    let scan = Rc::new(Scan::finding(types, None, &mut wanted).expect("types"));
    let Ok(mut fitter) = Fitter::new(object, &funcs, scan, &wanted, || Ok::<_, Infallible>(vec![]));
    let mut all = vec![];
    for func in funcs {
        let patches = fitter.patches(func).expect("no contradiction");
        let numbers = object.funcs[func].core.iter().filter(|relo| relo.kind == CoreKind::TYPE_ID_TARGET);
        let numbers: BTreeSet<usize> = numbers.map(|relo| relo.insn).collect();
        let kept = patches.iter().filter(|patch| !numbers.contains(&patch.insn));
        all.extend(kept.map(|patch| (func, patch.insn, patch.becomes)));
    }
    all
}

#[test]
fn objects_fit_the_cut_types_as_they_fit_all() {
    if !ready(&[Need::Tool("clang-14"), Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    let objects = objects(&dir);
    let whole = std::fs::read(VMLINUX).expect("the kernel's types");
    let together = std::fs::read(min(VMLINUX, &objects, &dir)).expect("cut types");
    let (mut smallest, mut sum) = (usize::MAX, 0);
    for path in &objects {
        let object = elf::read(&std::fs::read(path).expect("the object")).expect("readable");
        let alone = std::fs::read(min("vmlinux", std::slice::from_ref(path), &dir)).expect("cut types");
        let wanted = fitted(&object, &whole);
        assert!(wanted.len() > 4, "{}", path.display());
        for cut in [&alone, &together] {
            assert_eq!(fitted(&object, cut), wanted, "{}", path.display());
        }
        // It is cut for good: nothing is left to cut away.
        let file = dir.write("alone.btf", &alone);
        let again =
            std::fs::read(min(file.to_str().expect("UTF-8"), std::slice::from_ref(path), &dir)).expect("cut");
        assert_eq!(again, alone, "{}", path.display());
        smallest = smallest.min(alone.len());
        sum += alone.len();
    }
    assert!(sum < whole.len() / 100 && together.len() < sum && smallest > 24, "{sum}, {}", together.len());
    Btf::decode(&together).expect("all that is referred to is there");
}

/// The instructions of all programs as libbpf loads them with these types; what it cannot load is told.
fn libbpf(object: &Path, types: &Path) -> Vec<(u8, i16, i32)> {
    let mut builder = ObjectBuilder::default();
    builder.btf_custom_path(types).expect("a path");
    let open = builder.open_file(object).expect("opened");
    let loaded = open.load().unwrap_or_else(|e| panic!("{}: {e}", object.display()));
    let insns = loaded
        .progs()
        .flat_map(|prog| prog.insns().iter().map(|i| (i.code, i.off, i.imm)).collect::<Vec<_>>());
    insns.collect()
}

#[test]
fn libbpf_takes_the_cut_types_in_the_place_of_the_kernel() {
    if !ready(&[Need::Root, Need::Tool("clang-14"), Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    for path in objects(&dir) {
        let object = elf::read(&std::fs::read(&path).expect("the object")).expect("readable");
        let numbers = object.funcs.iter().flat_map(|func| &func.core);
        let numbers = numbers.filter(|relo| relo.kind == CoreKind::TYPE_ID_TARGET).count();
        let cut = libbpf(&path, &min("vmlinux", std::slice::from_ref(&path), &dir));
        let whole = libbpf(&path, Path::new(VMLINUX));
        // Maps have other descriptors each time.
        let differ = cut.iter().zip(&whole).filter(|(a, b)| a != b && a.0 != 0x18).count();
        assert!(cut.len() == whole.len() && differ <= numbers, "{}: {differ}", path.display());
    }
}

#[test]
fn our_loader_makes_the_same_programs_with_the_cut_types() {
    if !ready(&[Need::Root, Need::Tool("clang-14"), Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    for path in objects(&dir) {
        let object = elf::read(&std::fs::read(&path).expect("the object")).expect("readable");
        // Numbers of types are others there.
        let numbers = |func: &Func| func.core.iter().any(|relo| relo.kind == CoreKind::TYPE_ID_TARGET);
        if object.funcs.iter().any(numbers) {
            continue;
        }
        let tags = |btf: Option<PathBuf>| -> Vec<[u8; 8]> {
            let options = Options { btf, ..Options::default() };
            let loaded = load::load(&object, &options).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            loaded.progs.iter().map(|prog| prog_info(prog.as_fd()).expect("info").tag).collect()
        };
        let cut = tags(Some(min("vmlinux", std::slice::from_ref(&path), &dir)));
        assert!(!cut.is_empty() && cut == tags(None), "{}", path.display());
    }
}

/// It is no larger than what bpftool makes of the same, but for members of the same names and types.
#[test]
fn it_is_about_as_small_as_bpftools() {
    if !ready(&[Need::Tool("clang-14"), Need::Tool("clang-19"), Need::Tool("bpftool")]) {
        return;
    }
    let dir = TempDir::new();
    for object in objects(&dir) {
        let theirs = dir.file("theirs.btf");
        let mut command = Command::new(which("bpftool").expect("checked"));
        command.args(["gen", "min_core_btf", VMLINUX]).arg(&theirs).arg(&object);
        if !tool::run(command).status.success() {
            continue;
        }
        let size = |path: &Path| std::fs::metadata(path).expect("a file").len();
        let (ours, theirs) = (size(&min("vmlinux", &[object], &dir)), size(&theirs));
        assert!(ours <= 2 * theirs + 256, "{ours}, {theirs}");
        println!("{ours} bytes, bpftool {theirs}");
    }
}

#[test]
fn what_cannot_be_cut_is_told() {
    let dir = TempDir::new();
    let text = dir.write("text.bpfasm", "license \"GPL\"\nprog p: \"xdp\" {\n    r0 = 2\n    exit\n}\n");
    let run = |types: &str| {
        tool::run(bin::bpfasm(["btf", "min", types]).arg(&text).arg("-o").arg(dir.file("out.btf")))
    };
    assert!(run("/no/such").exited(1).stderr.contains("/no/such"));
    assert!(run(text.to_str().expect("UTF-8")).exited(1).stderr.contains("BTF"));
    assert!(run("module").exited(2).stderr.contains("object"));
}
