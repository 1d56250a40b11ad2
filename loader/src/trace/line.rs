//! The lines of `trace_pipe`, taken apart (kernel source: `trace_print_context` in kernel/trace/trace_output.c).

use std::time::Duration;

/// Columns that a task's name takes: it has at most 15 bytes and is padded on the left.
const TASK_WIDTH: usize = 16;

/// One thing that the pipe said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A program printed something.
    Message(Message),
    /// The buffer of a CPU was full, and its oldest messages are lost.
    Lost {
        /// The CPU.
        cpu: u32,
        /// How many.
        count: u64,
    },
    /// A line that belongs to no message, as it is.
    Other(String),
}

/// What a program printed, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The name of the task that was running.
    pub task: String,
    /// Its thread id, in the first pid namespace.
    pub pid: u32,
    /// The CPU.
    pub cpu: u32,
    /// When, by the trace clock: since boot, usually.
    pub time: Duration,
    /// The text, without the newline at its end.
    pub text: String,
}

/// Reads one line, without its newline.
pub(super) fn parse(line: &[u8]) -> Entry {
    if let Some(message) = message(line) {
        return Entry::Message(message);
    }
    let text = String::from_utf8_lossy(line).into_owned();
    match lost(&text) {
        Some((cpu, count)) => Entry::Lost { cpu, count },
        None => Entry::Other(text),
    }
}

/// `            bash-1234    [001] d..21   123.456789: bpf_trace_printk: text`, after the pid perhaps `(  1234)`.
fn message(line: &[u8]) -> Option<Message> {
    let (task, rest) = line.split_at_checked(TASK_WIDTH)?;
    let rest = String::from_utf8_lossy(rest.strip_prefix(b"-")?);
    let (pid, rest) = rest.split_once(' ')?;
    let (_, rest) = rest.split_once('[')?;
    let (cpu, rest) = rest.split_once(']')?;
    // The flags of interrupts and preemption may be there or not; the time ends in a colon.
    let (head, rest) = rest.split_once(": ")?;
    let time = seconds(head.rsplit(' ').next()?)?;
    let (_event, text) = rest.split_once(':')?;
    Some(Message {
        task: String::from_utf8_lossy(task).trim_start().to_owned(),
        pid: pid.trim().parse().ok()?,
        cpu: cpu.parse().ok()?,
        time,
        text: text.strip_prefix(' ').unwrap_or(text).to_owned(),
    })
}

/// `123.456789`.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.')?;
    let micros: u32 = fraction.parse().ok().filter(|_| fraction.len() == 6)?;
    Some(Duration::new(whole.parse().ok()?, micros.checked_mul(1000)?))
}

/// `CPU:2 [LOST 30 EVENTS]`.
fn lost(text: &str) -> Option<(u32, u64)> {
    let (cpu, rest) = text.strip_prefix("CPU:")?.split_once(" [LOST ")?;
    let (count, _) = rest.split_once(' ')?;
    Some((cpu.parse().ok()?, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Message {
        match parse(line.as_bytes()) {
            Entry::Message(m) => m,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn forms_of_all_kernels() {
        let m = read("            bash-1234    [001] d..21   123.456789: bpf_trace_printk: hello: 5");
        assert_eq!((m.task.as_str(), m.pid, m.cpu, m.text.as_str()), ("bash", 1234, 1, "hello: 5"));
        assert_eq!(m.time, Duration::new(123, 456_789_000));
        let m = read("          <idle>-0     [003] ..s1     5.000001: 0: hi");
        assert_eq!((m.task.as_str(), m.pid, m.cpu, m.text.as_str()), ("<idle>", 0, 3, "hi"));
        let m = read("            bash-1234    (   1200) [011] d..21   123.456789: bpf_trace_printk: x");
        assert_eq!((m.pid, m.cpu, m.text.as_str()), (1234, 11, "x"));
        let m = read("            bash-1234    [001]   123.456789: bpf_trace_printk: ");
        assert_eq!((m.cpu, m.text.as_str()), (1, ""));
    }

    #[test]
    fn names_may_hold_anything() {
        let m = read("   a-1 [000] b: -77      [002] d..2.     9.100000: bpf_trace_printk: [x] a-1: y");
        assert_eq!((m.task.as_str(), m.pid, m.cpu), ("a-1 [000] b: ", 77, 2));
        assert_eq!(m.text, "[x] a-1: y");
    }

    #[test]
    fn what_is_no_message() {
        assert_eq!(parse(b"CPU:2 [LOST 30 EVENTS]"), Entry::Lost { cpu: 2, count: 30 });
        assert_eq!(parse(b"second line"), Entry::Other("second line".into()));
        for odd in [&b""[..], b"CPU:", b"                -", b"                -1 [", &[0xff; 40]] {
            assert!(matches!(parse(odd), Entry::Other(_)));
        }
    }
}
