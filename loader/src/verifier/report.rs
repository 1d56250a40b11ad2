//! The whole log, from its lines.

use super::line::{Line, classify};
use bpfasm_asm::sort::Sort;

/// What a log says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The instructions that the verifier walked through, in its order.
    pub steps: Vec<Step>,
    /// The slot that is to blame: the last step, or the number that the reason names.
    pub insn: Option<usize>,
    /// The text of that instruction, as the verifier prints it: `(71) r0 = *(u8 *)(r2 +0)`.
    pub text: Option<String>,
    /// What the verifier said at the end, line by line; empty if it said nothing.
    pub reason: Vec<String>,
    /// The last source line that it printed.
    pub source: Option<SourceLine>,
    /// Registers and stack slots as known before the last instruction, in the order of their names.
    pub registers: Vec<Register>,
    /// How many instructions it went through, where it says so.
    pub processed: Option<u64>,
}

/// One instruction that the verifier walked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its slot in the program.
    pub insn: usize,
    /// Where the verifier came back to take another branch: the step begins a new path.
    pub branch: bool,
    /// The registers that the line tells: those read or written, after the instruction.
    pub registers: Vec<Register>,
}

/// A register or stack slot and what the verifier knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// `R0` to `R10`, `fp-8`.
    pub name: String,
    /// `ctx()`, `pkt(r=0)`, `scalar(umax=255)` …
    pub value: String,
}

/// A source line that the verifier printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// Its text.
    pub text: String,
    /// The file (Linux 6.10).
    pub file: Option<String>,
    /// The line number (Linux 6.10).
    pub line: Option<u32>,
}

/// Reasons that are about the program as a whole (`do_check()`, `push_stack()` in `kernel/bpf/verifier.c`).
const TOO_MUCH: [&str; 2] = ["BPF program is too large", "The sequence of "];

/// Takes a log apart. Never fails: of a form that it does not know it gives the last line as the reason.
#[must_use]
pub fn parse(log: &str) -> Report {
    let mut report = Report::default();
    let mut known = State::default();
    let mut branch = false;
    let mut said = Vec::new();
    let mut text = None;
    for line in log.lines() {
        match classify(line) {
            Line::Insn { index, text: insn, registers } => {
                // What was said before is not the end.
                said.clear();
                text = Some(insn);
                known.commit();
                known.later(&registers);
                report.steps.push(Step { insn: index, branch: std::mem::take(&mut branch), registers });
            }
            Line::State { registers, .. } => {
                branch |= !report.steps.is_empty();
                known.replace(&registers);
            }
            Line::Source(source) => report.source = Some(source),
            Line::Text(reason) => said.push(reason),
            Line::Noise => report.processed = processed(line).or(report.processed),
        }
    }
    report.reason = reason_of(&said, !report.steps.is_empty());
    report.registers = known.now;
    // Where the verifier has had enough, the instruction that it came to is not to blame.
    if report.reason.iter().any(|r| TOO_MUCH.iter().any(|t| r.starts_with(t))) {
        return report;
    }
    report.insn = report.steps.last().map(|s| s.insn);
    report.text = text.map(str::to_owned);
    if report.insn.is_none() {
        report.insn = report.reason.iter().find_map(|r| named_insn(r));
    }
    report
}

/// Sections as newer kernels print them have the reason on a line of its own.
fn reason_of(said: &[&str], walked: bool) -> Vec<String> {
    if let Some(reason) = said.iter().find_map(|l| l.strip_prefix("Reason:")) {
        return vec![reason.trim().to_owned()];
    }
    // Many lines, none of them an instruction: a form that nobody here knows.
    let end = if walked || said.len() <= 3 { said } else { &said[said.len() - 1..] };
    end.iter().map(|&l| l.to_owned()).collect()
}

/// `processed 3 insns (limit 1000000) …`.
fn processed(line: &str) -> Option<u64> {
    line.trim().strip_prefix("processed ")?.split_whitespace().next()?.parse().ok()
}

/// The instruction that a reason names: `unreachable insn 3`, `back-edge from insn 3 to 1`.
fn named_insn(reason: &str) -> Option<usize> {
    let mut words = reason.split(|c: char| !c.is_ascii_alphanumeric());
    words.by_ref().find(|&w| w == "insn")?;
    words.next()?.parse().ok()
}

/// What is known of the registers. An instruction's line tells what holds after it; the last one failed, so its
/// own line does not count.
#[derive(Default)]
struct State {
    now: Vec<Register>,
    later: Vec<Register>,
}

impl State {
    fn commit(&mut self) {
        for new in std::mem::take(&mut self.later) {
            match self.now.iter_mut().find(|r| r.name == new.name) {
                Some(old) => old.value = new.value,
                None => self.now.push(new),
            }
        }
        self.now.order_by_key(|r| order(&r.name));
    }

    fn later(&mut self, registers: &[Register]) {
        self.later = registers.to_vec();
    }

    fn replace(&mut self, registers: &[Register]) {
        self.later.clear();
        self.now = registers.to_vec();
    }
}

/// Registers by number, then stack slots from the top.
fn order(name: &str) -> (bool, u32) {
    let number = name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(u32::MAX);
    (!name.starts_with('R'), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'r>(report: &'r Report, name: &str) -> Option<&'r str> {
        report.registers.iter().find(|r| r.name == name).map(|r| r.value.as_str())
    }

    #[test]
    fn a_log_of_linux_5_10() {
        let report = parse(
            "func#0 @0\n\
             0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n\
             ; r2 = ctx->data\n\
             0: (61) r2 = *(u32 *)(r1 +0)\n\
             1: R1=ctx(id=0,off=0,imm=0) R2_w=pkt(id=0,off=0,r=0,imm=0) R10=fp0\n\
             ; w0 = eth->h_proto\n\
             1: (71) r0 = *(u8 *)(r2 +0)\n\
             invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0)\n\
             R2 offset is outside of the packet\n\
             processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
        );
        assert_eq!((report.insn, report.text.as_deref()), (Some(1), Some("(71) r0 = *(u8 *)(r2 +0)")));
        assert_eq!(report.reason.len(), 2);
        assert_eq!(report.reason[1], "R2 offset is outside of the packet");
        assert_eq!(value(&report, "R2"), Some("pkt(id=0,off=0,r=0,imm=0)"));
        assert_eq!(report.source.unwrap().text, "w0 = eth->h_proto");
        assert_eq!(report.processed, Some(2));
    }

    #[test]
    fn a_log_of_linux_6_18_with_branches() {
        let report = parse(
            "0: R1=ctx() R10=fp0\n\
             0: (b7) r0 = 0                        ; R0=0\n\
             1: (15) if r1 == 0x0 goto pc+2        ; R1=ctx()\n\
             2: (95) exit\n\
             \n\
             from 1 to 4: R0=0 R1=0 R10=fp0\n\
             ; r3 = *(u64 *)(r1 + 0) @ deep.bpfasm:7\n\
             4: (bf) r2 = r1                       ; R1=0 R2=0\n\
             mark_precise: frame0: last_idx 5 first_idx 4\n\
             5: (79) r3 = *(u64 *)(r2 +0)\n\
             R2 invalid mem access 'scalar'\n\
             processed 5 insns (limit 1000000)\n\
             verification time 12 usec\n",
        );
        let walked: Vec<(usize, bool)> = report.steps.iter().map(|s| (s.insn, s.branch)).collect();
        assert_eq!(walked, [(0, false), (1, false), (2, false), (4, true), (5, false)]);
        assert_eq!(report.reason, ["R2 invalid mem access 'scalar'"]);
        assert_eq!((value(&report, "R2"), value(&report, "R0")), (Some("0"), Some("0")));
        let source = report.source.unwrap();
        assert_eq!((source.file.as_deref(), source.line), (Some("deep.bpfasm"), Some(7)));
    }

    #[test]
    fn live_registers_are_no_steps() {
        let report = parse(
            "Live regs before insn:\n\
             \x20 0: .1........ (61) r2 = *(u32 *)(r1 +0)\n\
             \x20 1: ..2....... (71) r0 = *(u8 *)(r2 +0)\n\
             0: R1=ctx() R10=fp0\n\
             0: (61) r2 = *(u32 *)(r1 +4)          ; R1=ctx() R2=pkt_end()\n\
             1: (71) r0 = *(u8 *)(r2 +0)\n\
             R2 invalid mem access 'pkt_end'\n",
        );
        assert_eq!(report.steps.len(), 2);
        assert_eq!(value(&report, "R2"), Some("pkt_end()"));
    }

    #[test]
    fn other_forms() {
        assert_eq!(parse(""), Report::default());
        let report = parse("back-edge from insn 7 to 3\nprocessed 0 insns\n");
        assert_eq!((report.insn, report.text), (Some(7), None));
        assert_eq!(parse("something new\nthe last word\n").reason, ["something new", "the last word"]);
        assert_eq!(parse("a\nb\nc\nthe end\n").reason, ["the end"]);
        let report = parse(
            "0: (07) r6 += 1\n1: (95) exit\nBPF program is too large. Processed 1000001 insn\n\
             processed 1000001 insns (limit 1000000)\n",
        );
        assert_eq!((report.insn, report.reason.len()), (None, 1));
        let report = parse("Verification failed\n\nReason: R2 is not bounded\nAt: insn 4\n");
        assert_eq!(report.reason, ["R2 is not bounded"]);
    }
}
