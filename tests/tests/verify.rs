//! `bpfasm verify`: verdicts and what they took, of programs that are loaded by themselves.

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::kernel::Ids;
use bpfasm_tests::tool::{Need, Output, TempDir, ready, run};
use serde_json::Value;

/// Three programs: one that calls a function, one that reads past what it may, one that loaders leave out.
const THREE: &str = r#"license "GPL"

map open: hash<u32, u64>[16]
map jumps: prog_array[4] = { 1: v_good }

prog v_good: "xdp" {
    r1 = 0
    *(u64 *)(r10 - 8) = r1
    call inner
    w0 = 2
    exit
}

func inner {
    r1 = 0
    *(u64 *)(r10 - 16) = r1
    w0 = 1
    exit
}

prog v_bad: "xdp" {
    r2 = *(u32 *)(r1 + 0)
    w0 = *(u8 *)(r2 + 0)
    exit
}

prog v_optional: "?tc" {
    r2 = open ll
    w0 = 0
    exit
}
"#;

const NEEDS: &[Need<'_>] = &[Need::Root];

fn verify(args: &[&str]) -> Output {
    run(bpfasm(["verify"]).args(args))
}

fn programs(output: &Output) -> Vec<Value> {
    let document: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output}"));
    document["programs"].as_array().expect("programs").clone()
}

#[test]
fn each_program_has_its_verdict_and_the_reason() {
    if !ready(NEEDS) {
        return;
    }
    let dir = TempDir::new();
    let file = dir.write("three.bpfasm", THREE);
    let file = file.to_str().expect("UTF-8");
    let output = verify(&[file, "--json", "--allow", "packet-bounds"]).exited(3);
    let told = programs(&output);
    let verdicts: Vec<_> = told.iter().map(|p| (p["program"].as_str(), p["verdict"].as_str())).collect();
    assert_eq!(
        verdicts,
        [
            (Some("v_good"), Some("accepted")),
            (Some("v_bad"), Some("rejected")),
            (Some("v_optional"), Some("accepted"))
        ],
        "{output}"
    );
    let good = &told[0];
    assert_eq!((good["insns"].as_u64(), good["insns_processed"].as_u64()), (Some(9), Some(9)), "{output}");
    assert_eq!(
        (&good["stack_depth"], good["bytes_xlated"].as_u64()),
        (&serde_json::json!([8, 16]), Some(72))
    );
    assert!(good["verification_us"].is_u64() && good["states_total"].is_u64(), "{output}");
    let at = &told[1]["rejected_at"];
    assert_eq!((at["insn"].as_u64(), at["function"].as_str()), (Some(1), Some("v_bad")), "{output}");
    assert_eq!(at["source"].as_str(), Some("w0 = *(u8 *)(r2 + 0)"), "{output}");
    assert_eq!(told[1]["errno"].as_str(), Some("EACCES"), "{output}");
    assert!(
        output.stderr.contains("three.bpfasm:23:5") && !output.stderr.contains("verifier's log"),
        "{output}"
    );
    // For people the same, and nothing of it stays.
    let output = verify(&[file, "--allow", "packet-bounds"]).exited(3);
    let row = output.stdout.lines().find(|line| line.contains("v_bad")).expect("its row");
    assert!(row.contains("rejected") && row.contains("at 1: ") && row.contains("packet"), "{output}");
    assert!(output.stdout.lines().next().expect("headings").starts_with("file"), "{output}");
    Ids::named("v_").wait_gone();
    assert!(Ids::named("v_").progs.is_empty());
}

#[test]
fn programs_logs_and_flags_are_chosen() {
    if !ready(NEEDS) {
        return;
    }
    let dir = TempDir::new();
    let file = dir.write("three.bpfasm", THREE);
    let file = file.to_str().expect("UTF-8");
    let output = verify(&[file, "--prog", "v_good", "--allow", "packet-bounds"]).ok();
    assert_eq!(output.stdout.lines().count(), 2, "{output}");
    let output =
        verify(&[file, "--prog", "v_good", "--log-level", "2", "--prog-flags", "test-state-freq", "--json"])
            .ok();
    let good = &programs(&output)[0];
    assert!(good["log"].as_str().expect("a log").contains("(95) exit"), "{output}");
    assert!(good["states_total"].as_u64() > Some(1), "{output}");
    verify(&[file, "--prog", "nobody"]).exited(2);
    let output = verify(&[file, "--prog-flags", "state-freq"]).exited(2);
    assert!(output.stderr.contains("test-state-freq, sleepable"), "{output}");
}

#[test]
fn what_is_worse_than_before_is_told() {
    if !ready(NEEDS) {
        return;
    }
    let dir = TempDir::new();
    let files: Vec<_> = bin::programs().iter().map(|p| p.to_str().expect("UTF-8").to_owned()).collect();
    let with = |more: &[&str]| {
        let mut args: Vec<&str> = files.iter().map(String::as_str).collect();
        args.extend(more);
        verify(&args)
    };
    let before = with(&["--json"]).ok();
    let mut document: Value = serde_json::from_str(&before.stdout).expect("JSON");
    let old = dir.write("old.json", &before.stdout);
    let output = with(&["--compare", old.to_str().expect("UTF-8")]).ok();
    assert!(!output.stderr.contains("worse"), "{output}");
    let was = document["programs"][0]["insns_processed"].as_u64().expect("a number");
    document["programs"][0]["insns_processed"] = (was - 1).into();
    let old = dir.write("old.json", document.to_string());
    let output = with(&["--compare", old.to_str().expect("UTF-8"), "--json"]).exited(1);
    assert!(output.stderr.contains(&format!("{} instructions processed became {was}", was - 1)), "{output}");
    assert!(output.stdout.contains("\"regressions\""), "{output}");
    let wrong = dir.write("wrong.json", "{}");
    with(&["--compare", wrong.to_str().expect("UTF-8")]).exited(1);
}

#[test]
fn what_is_no_program_does_not_end_it() {
    if !ready(NEEDS) {
        return;
    }
    let dir = TempDir::new();
    let (missing, good) = (dir.file("missing.o"), bin::program("hello_counter"));
    let output = run(bpfasm(["verify", "--json"]).arg(&missing).arg(&good)).exited(1);
    let told = programs(&output);
    assert_eq!((told[0]["verdict"].as_str(), told[1]["verdict"].as_str()), (Some("error"), Some("accepted")));
}
