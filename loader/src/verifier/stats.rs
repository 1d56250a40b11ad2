//! What the last lines of a log count.

/// What it took to verify a program, as far as the log tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Instructions that the verifier went through, some of them many times.
    pub processed: Option<u64>,
    /// States that it kept, in all.
    pub states: Option<u64>,
    /// States that it kept at the same time, at most.
    pub peak_states: Option<u64>,
    /// States that it kept at one instruction, at most.
    pub states_per_insn: Option<u64>,
    /// Registers and slots that it marked as read.
    pub mark_read: Option<u64>,
    /// Microseconds; only with the level for statistics.
    pub time: Option<u64>,
    /// Bytes of stack of each function, the program first; only with the level for statistics.
    pub stack_depth: Vec<u64>,
}

impl Stats {
    /// Reads the counts out of a log (`print_verification_stats()` in `kernel/bpf/verifier.c`). What it does not tell is
    /// left out.
    #[must_use]
    pub fn of(log: &str) -> Self {
        let mut stats = Self::default();
        for line in log.lines().rev() {
            let line = line.trim();
            if let Some(rest) = line.strip_prefix("processed ") {
                // `3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0`
                let after = |name| number(rest.split_whitespace().skip_while(|word| *word != name).nth(1));
                stats.processed = number(rest.split_whitespace().next());
                stats.states = after("total_states");
                stats.peak_states = after("peak_states");
                stats.states_per_insn = after("max_states_per_insn");
                stats.mark_read = after("mark_read");
            } else if let Some(rest) = line.strip_prefix("verification time ") {
                stats.time = number(rest.split_whitespace().next());
            } else if let Some(rest) = line.strip_prefix("stack depth ") {
                let depths = rest.split_whitespace().next().unwrap_or_default();
                stats.stack_depth = depths.split('+').filter_map(|depth| number(Some(depth))).collect();
            } else if stats.processed.is_some() {
                // They are the end of the log, and this line stands before it.
                break;
            }
        }
        stats
    }
}

fn number(word: Option<&str>) -> Option<u64> {
    word?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log() {
        let stats = Stats::of(
            "0: (b7) r0 = 0\nverification time 41 usec\nstack depth 8+16\n\
             processed 28 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 2 mark_read 4\n",
        );
        let states = (stats.states, stats.peak_states, stats.states_per_insn, stats.mark_read);
        assert_eq!((stats.processed, states), (Some(28), (Some(3), Some(2), Some(1), Some(4))));
        assert_eq!((stats.time, stats.stack_depth), (Some(41), vec![8, 16]));
        assert_eq!(Stats::of("invalid bpf_context access\n"), Stats::default());
        assert_eq!(Stats::of(""), Stats::default());
        assert_eq!(Stats::of("stack depth 16 max 24\nprocessed 1 insns\n").stack_depth, [16]);
    }

    #[test]
    fn logs_of_all_kernels() {
        for log in [
            include_str!("../../../asm/tests/golden/kernels/5.10.txt"),
            include_str!("../../../asm/tests/golden/kernels/6.1.txt"),
            include_str!("../../../asm/tests/golden/kernels/6.12.txt"),
            include_str!("../../../asm/tests/golden/kernels/6.18.txt"),
            include_str!("../../../asm/tests/golden/kernels/7.2.txt"),
        ] {
            let ends: Vec<&str> = log.lines().filter(|line| line.starts_with("processed ")).collect();
            assert!(ends.len() > 5);
            for end in ends {
                let stats = Stats::of(end);
                let text = format!(
                    "processed {} insns (limit 1000000) max_states_per_insn {} total_states {} peak_states {} mark_read {}",
                    stats.processed.unwrap(),
                    stats.states_per_insn.unwrap(),
                    stats.states.unwrap(),
                    stats.peak_states.unwrap(),
                    stats.mark_read.unwrap()
                );
                assert_eq!(text, end);
            }
        }
    }
}
