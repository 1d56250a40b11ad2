//! `bpfasm doctor`: its answers beside those of bpftool, without rights, and on other kernels.

use std::collections::BTreeSet;
use std::process::Command;

use bpfasm_tests::bin::bpfasm;
use bpfasm_tests::tool::{Need, Output, TempDir, ready, run, which};
use bpfasm_tests::vm;
use serde_json::Value;

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"))
}

fn verdict<'v>(of: &'v Value, group: &str, name: &str) -> &'v str {
    of[group][name]["verdict"].as_str().unwrap_or_else(|| panic!("{group}: {name}"))
}

/// Where the answers to bpftool's questions differ: `TYPE ours bpftool's`.
fn differences(ours: &Value, theirs: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (group, prefix, suffix) in
        [("program_types", "have_", "_prog_type"), ("map_types", "have_", "_map_type")]
    {
        for (name, theirs) in theirs[group].as_object().expect("answers") {
            let name = name.strip_prefix(prefix).and_then(|n| n.strip_suffix(suffix)).expect("a type");
            let ours = verdict(ours, group, name);
            if (ours == "supported") != *theirs {
                found.insert(format!("{group} {name}: {ours}, {theirs}"));
            }
        }
    }
    found
}

/// The helpers that only we say are allowed, or only bpftool, as `+TYPE HELPER` and `-TYPE HELPER`.
fn helper_differences(ours: &Value, theirs: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let names = |list: &Value| -> BTreeSet<String> {
        list.as_array().into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect()
    };
    for (kind, theirs) in theirs["helpers"].as_object().expect("helpers") {
        let kind = kind.strip_suffix("_available_helpers").expect("a type");
        // It tries none that have a target in the kernel's types.
        if ["tracing", "lsm", "ext", "struct_ops"].contains(&kind) {
            continue;
        }
        let (ours, theirs) = (names(&ours["helpers"][kind]["allowed"]), names(theirs));
        found.extend(ours.difference(&theirs).map(|name| format!("+{kind} {name}")));
        found.extend(theirs.difference(&ours).map(|name| format!("-{kind} {name}")));
    }
    found
}

#[test]
fn types_as_bpftool_finds_them() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let ours = json(&run(bpfasm(["doctor", "--json"])).ok());
    let theirs =
        json(&run(Command::new(which("bpftool").expect("bpftool")).args(["-j", "feature", "probe"])).ok());
    // bpftool tries tracing programs at a function only; where trampolines are forbidden, tp_btf and iter work.
    let trampolines = verdict(&ours, "hooks", "fentry") == "denied";
    let tracing = trampolines.then(|| "program_types tracing: supported, false".to_owned());
    assert_eq!(differences(&ours, &theirs), tracing.into_iter().collect());
}

#[test]
fn people_see_what_matters_first() {
    if !ready(&[Need::Root]) {
        return;
    }
    let short = run(bpfasm(["doctor"])).ok().stdout;
    for line in ["kernel ", "programs ", "instructions v", "types ", "rights ", "cgroup2 "] {
        assert!(short.lines().any(|l| l.starts_with(line)), "{line}\n{short}");
    }
    assert!(short.lines().count() < 40, "{short}");
    let all = run(bpfasm(["doctor", "--all"])).ok().stdout;
    assert!(all.starts_with(short.lines().next().expect("a line")) && all.lines().count() > 1000);
    assert!(all.contains("\nhelpers of xdp\n  bpf_map_lookup_elem\n"), "{short}");
}

#[test]
fn without_rights_all_is_denied_and_the_reason_told() {
    if !ready(&[Need::Root, Need::Tool("setpriv")]) {
        return;
    }
    let dir = TempDir::new();
    let copy = dir.file("bpfasm");
    std::fs::copy(bpfasm_tests::bin::path(), &copy).expect("a copy that all may run");
    let as_nobody = |caps: &str| {
        let mut command = Command::new(which("setpriv").expect("setpriv"));
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        command.arg(format!("--inh-caps={caps}")).arg(format!("--ambient-caps={caps}"));
        command.arg(&copy).args(["doctor", "--json"]);
        run(command)
    };
    let nobody = json(&as_nobody("-all").exited(4));
    if nobody["unprivileged_bpf_disabled"] != 0 {
        for group in ["program_types", "map_types", "hooks"] {
            for (name, answer) in nobody[group].as_object().expect("answers") {
                assert_ne!(answer["verdict"], "supported", "{group} {name}");
            }
        }
        assert_eq!(verdict(&nobody, "program_types", "xdp"), "denied");
        assert_eq!(verdict(&nobody, "map_types", "hash"), "denied");
        let findings = nobody["findings"].to_string();
        assert!(findings.contains("lacks CAP_BPF and CAP_NET_ADMIN"), "{findings}");
    }
    // With CAP_BPF alone there are maps and socket filters, and no tracing.
    let some = json(&as_nobody("-all,+bpf").ok());
    assert_eq!(verdict(&some, "program_types", "socket_filter"), "supported");
    assert_eq!(verdict(&some, "program_types", "kprobe"), "denied");
    assert_eq!(verdict(&some, "map_types", "hash"), "supported");
    assert_eq!(some["instruction_set"]["level"], "v4");
}

const OBJECT: &str = r#"license "GPL"
@core struct task_struct {
    no_such_member: u64
}
prog helper: "tc" {
    r2 = 0
    call bpf_xdp_adjust_head
    r0 = 0
    exit
}
prog field: "raw_tp/sched_switch" {
    r1 = core(task_struct.no_such_member)
    r0 = 0
    exit
}
prog hook: "netkit/primary" {
    r0 = 0
    exit
}
prog target: "tp_btf/no_such_tracepoint" {
    r0 = 0
    exit
}
prog good: "xdp" {
    r0 = 2
    exit
}
"#;

#[test]
fn an_object_is_told_all_that_it_lacks() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let ask = |name: &str, text: &str| run(bpfasm(["doctor", "--json"]).arg(dir.write(name, text)));
    let answer = json(&ask("object.bpfasm", OBJECT).exited(5));
    let of = |name: &str| {
        let all = answer["programs"].as_array().expect("programs");
        all.iter().find(|prog| prog["name"] == name).unwrap_or_else(|| panic!("{name}: {answer}"))
    };
    assert_eq!((&of("good")["verdict"], &of("good")["lacks"]), (&"loads".into(), &serde_json::json!([])));
    assert_eq!(of("helper")["verdict"], "rejected");
    assert_eq!(of("helper")["lacks"][0]["name"], "bpf_xdp_adjust_head");
    assert_eq!(of("field")["verdict"], "rejected");
    assert_eq!(of("field")["lacks"][0]["name"], "core(task_struct.no_such_member)");
    let told = of("target")["error"].as_str().expect("an error");
    assert!(told.contains("no_such_tracepoint"), "{told}");
    // What loads as such can have no hook to be attached to.
    let report = json(&run(bpfasm(["doctor", "--json"])).ok());
    let netkit = verdict(&report, "hooks", "netkit/primary") == "supported";
    assert_eq!(of("hook")["lacks"].as_array().is_some_and(Vec::is_empty), netkit);

    let map = "map queues: insn_array<u32, u64>[4]\nmap fine: hash<u32, u64>[4]\n";
    let maps = ask("maps.bpfasm", map).text();
    let array = verdict(&report, "map_types", "insn_array");
    assert_eq!(maps.contains("\"verdict\":\"refused\""), array != "supported", "{maps}");
    let good = run(bpfasm(["doctor".as_ref(), bpfasm_tests::bin::program("port_drop").as_os_str()])).ok();
    assert!(good.stdout.contains("port_drop                xdp                      loads, "), "{good}");
}

/// On each kernel: the level of its instruction set, and features beside it that are there and not there.
const LEVELS: [(&str, &str, &[&str], &[&str]); 4] = [
    (
        "5.10",
        "v2",
        &["32-bit jumps"],
        &["atomic operations", "signed division", "sign-extending moves", "gotol"],
    ),
    ("6.1", "v3", &["atomic operations"], &["signed division", "sign-extending loads", "bswap", "may_goto"]),
    ("6.12", "v4", &["gotol", "bswap", "may_goto"], &["load_acquire", "store_release", "gotox"]),
    ("7.2", "v4", &["load_acquire", "store_release", "gotox"], &[]),
];

/// Where the helpers of Linux 6.1 are others than bpftool says. It tries one hook of a type, and not those that sleep;
/// and it takes it for an answer that a helper is refused "in probe".
const HELPERS: [&str; 11] = [
    "+cgroup_device bpf_get_retval",
    "+cgroup_device bpf_set_retval",
    "+cgroup_sockopt bpf_getsockopt",
    "+cgroup_sockopt bpf_setsockopt",
    "+cgroup_sysctl bpf_get_retval",
    "+cgroup_sysctl bpf_set_retval",
    "+kprobe bpf_copy_from_user",
    "+kprobe bpf_copy_from_user_task",
    "-syscall bpf_d_path",
    "-syscall bpf_sk_storage_delete",
    "-syscall bpf_sk_storage_get",
];

#[test]
fn other_kernels() {
    if !ready(&[Need::Tool("bpftool")]) {
        return;
    }
    let dir = vm::payload();
    vm::add(&dir, &which("bpftool").expect("bpftool"), "bpftool");
    let line = "./bpfasm doctor --json >ours || exit 1; ./bpftool -j feature probe full >theirs; cat ours; echo; cat theirs";
    for (kernel, level, there, missing) in LEVELS {
        let Some(output) = vm::run(kernel, &dir, line) else { return };
        let output = output.ok();
        let (ours, theirs) = output.stdout.trim().split_once('\n').expect("two answers");
        let [ours, theirs]: [Value; 2] = [ours, theirs].map(|text| serde_json::from_str(text).expect("JSON"));
        assert_eq!(ours["instruction_set"]["level"], level, "{kernel}");
        let feature = |name: &str| {
            let all = ours["instruction_set"]["features"].as_array().expect("features");
            all.iter().find(|f| f["name"] == name).unwrap_or_else(|| panic!("{name}"))["verdict"].clone()
        };
        there.iter().for_each(|name| assert_eq!(feature(name), "supported", "{kernel}: {name}"));
        missing.iter().for_each(|name| assert_eq!(feature(name), "unsupported", "{kernel}: {name}"));
        assert_eq!(differences(&ours, &theirs), BTreeSet::new(), "{kernel}");
        // On newer kernels bpftool, which goes by the verifier's words of its day, takes all helpers for allowed.
        if ["5.10", "6.1"].contains(&kernel) {
            let known = HELPERS.iter().filter(|_| kernel == "6.1").map(ToString::to_string).collect();
            assert_eq!(helper_differences(&ours, &theirs), known, "{kernel}");
        }
    }
}
