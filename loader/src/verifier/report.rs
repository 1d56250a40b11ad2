//! The whole log, from its lines.

use super::line::{Line, classify};

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
    report.reason = reason_of(&said);
    report.registers = known.now;
    report.insn = report.steps.last().map(|s| s.insn);
    report.text = text.map(str::to_owned);
    if report.insn.is_none() {
        report.insn = report.reason.iter().find_map(|r| named_insn(r));
    }
    report
}

/// Sections as newer kernels print them have the reason on a line of its own.
fn reason_of(said: &[&str]) -> Vec<String> {
    if let Some(reason) = said.iter().find_map(|l| l.strip_prefix("Reason:")) {
        return vec![reason.trim().to_owned()];
    }
    said.iter().map(|&l| l.to_owned()).collect()
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
        self.now.sort_by_key(|r| order(&r.name));
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
