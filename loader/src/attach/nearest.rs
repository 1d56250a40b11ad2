//! The names that a misspelt one may have meant.

use bpfasm_asm::sort::Sort;

/// How many names are suggested.
const MOST: usize = 4;

/// Those of `names` that are nearest to `wanted`, nearest first; all of them, sorted, where they are few.
pub fn nearest(wanted: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut scored: Vec<(usize, String)> =
        names.into_iter().map(|name| (strsim::levenshtein(wanted, &name), name)).collect();
    scored.order();
    scored.dedup();
    if scored.len() > MOST {
        // A third of the letters may be wrong; beyond that it is another name.
        let limit = wanted.chars().count() / 3 + 1;
        scored.retain(|(distance, name)| *distance <= limit || name.contains(wanted));
        scored.truncate(MOST);
    }
    scored.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_all_told_and_many_are_sorted_out() {
        let names = |n: &[&str]| n.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(nearest("eht0", names(&["lo", "eth0"])), names(&["eth0", "lo"]));
        let many = names(&["sched_switch", "sched_wakeup", "sys_exit", "page_free", "mm_fault", "x"]);
        assert_eq!(nearest("sched_swich", many.clone()), names(&["sched_switch"]));
        assert_eq!(nearest("wholly different", many), names(&[]));
    }
}
