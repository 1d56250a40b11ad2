//! `bpfasm` on kernels from 5.10 to the newest, in virtual machines.

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
