//! How many CPUs a per-CPU value counts.

use crate::sys::{Error, Result};
use nix::errno::Errno;
use std::sync::OnceLock;

const POSSIBLE: &str = "/sys/devices/system/cpu/possible";

/// The number of CPUs that may ever be there: a per-CPU map has a value for each (`num_possible_cpus()`).
///
/// # Errors
/// sysfs is not mounted, or its file is not a list of CPUs.
pub fn possible_cpus() -> Result<usize> {
    static COUNT: OnceLock<usize> = OnceLock::new();
    if let Some(&n) = COUNT.get() {
        return Ok(n);
    }
    let error = |errno| Error { call: "read(/sys/devices/system/cpu/possible)", errno };
    let text = std::fs::read_to_string(POSSIBLE)
        .map_err(|e| error(e.raw_os_error().map_or(Errno::EIO, Errno::from_raw)))?;
    let n = count(&text).ok_or_else(|| error(Errno::EINVAL))?;
    Ok(*COUNT.get_or_init(|| n))
}

/// The length of a list such as `0-3,8` (kernel `Documentation/admin-guide/cputopology.rst`).
fn count(list: &str) -> Option<usize> {
    let mut n = 0usize;
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        n = n.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn lists_of_cpus() {
        assert_eq!(count("0\n"), Some(1));
        assert_eq!(count("0-127\n"), Some(128));
        assert_eq!(count("0-3,8,10-11"), Some(7));
        assert_eq!(count("3-1"), None);
        assert_eq!(count(""), None);
    }
}
