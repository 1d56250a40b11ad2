//! `.s` files and bare instructions, from the text to the kernel.

use std::process::Command;

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready, run};

const C: &str = "struct xdp_md { unsigned data, data_end; };
__attribute__((section(\"xdp\"), used)) int first(struct xdp_md *c) { return c->data_end - c->data > 20 ? 1 : 2; }
__attribute__((section(\"license\"), used)) char _license[] = \"GPL\";
";

const GNU: &str = "\t.section xdp, \"ax\", @progbits\n\t.globl first\n\t.type first, @function\nfirst:\n\tmov %r0, 1\n\texit
\t.size first, .-first\n\t.section license, \"aw\", @progbits\n\t.asciz \"GPL\"\n";

#[test]
fn text_of_other_tools_and_bare_instructions_run() {
    if !ready(&[Need::Root, Need::Tool("clang-19"), Need::Tool("sh")]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let (clang, gnu, bare) = (dir.file("clang.s"), dir.file("gnu.s"), dir.file("bare.bpfasm"));
    let source = dir.file("first.c");
    for (file, text) in [(&source, C), (&gnu, GNU), (&bare, "r0 = 1\nexit\n")] {
        std::fs::write(file, text).expect("a file");
    }
    let args = ["-target", "bpf", "-O2", "-g", "-S", "-o"];
    run(Command::new("clang-19").args(args).arg(&clang).arg(&source)).ok();
    for (file, section) in [(&clang, None), (&gnu, None), (&bare, Some(["--section", "xdp"]))] {
        let with = |verb: &str| {
            let mut command = bpfasm([verb]);
            command.args(section.into_iter().flatten());
            command
        };
        let object = dir.file("out.o");
        run(with("check").arg(file)).ok();
        run(with("build").arg(file).arg("-o").arg(&object)).ok();
        for input in [file, &object] {
            let section = section.filter(|_| input == file);
            let mut command = bpfasm(["run", "--test"]);
            let output = space.output(command.args(section.into_iter().flatten()).arg(input)).ok();
            assert!(output.text().contains("XDP_DROP") && !output.text().contains("XDP_PASS"), "{output}");
        }
        let line = format!(
            "{} run --test {} - < {}",
            bin::path().display(),
            section.map_or(String::new(), |section| section.join(" ")),
            file.display()
        );
        let output = space.output(Command::new("sh").args(["-c", &line])).ok();
        assert!(output.text().contains("XDP_DROP"), "{output}");
    }
    for file in [&clang, &gnu] {
        // It says its sections itself, and has nothing to expand.
        for args in [&["check", "--section", "xdp"][..], &["expand"]] {
            assert_eq!(run(bpfasm(args).arg(file)).status.code(), Some(2), "{args:?}");
        }
    }
}

#[test]
fn what_a_file_lacks_to_be_loaded_is_said() {
    if !ready(&[Need::Root]) {
        return;
    }
    let (space, dir) = (Space::new(), TempDir::new());
    let tried = |name: &str, text: &str, args: &[&str]| {
        let file = dir.write(name, text);
        space.output(bpfasm(["run", "--test"]).args(args).arg(file))
    };
    let call = "r1 = r10\nr1 += -8\n*(u64 *)(r1 + 0) = 0\nr2 = 8\ncall 6\nr0 = 2\nexit\n";
    let section = ".section xdp,\"ax\"";
    for args in [&[][..], &["--section", "xdp"]] {
        let said = tried("bare.s", call, args).exited(2).stderr;
        assert!(said.contains(section), "{said}");
    }
    assert!(tried("bare.bpfasm", call, &[]).exited(2).stderr.contains("--section xdp"));
    let licence = ".section license,\"aw\"\n.asciz \"GPL\"\n";
    let program = format!("{section}\np:\n{call}");
    let said = tried("unlicensed.s", &program, &[]).exited(3).stderr;
    assert!(licence.lines().all(|line| said.contains(line)), "{said}");
    let said = tried("unlicensed.bpfasm", call, &["--section", "xdp"]).exited(3).stderr;
    assert!(said.contains("license \"GPL\""), "{said}");
    let _ = tried("licensed.s", &format!("{program}{licence}"), &[]).ok();
}
