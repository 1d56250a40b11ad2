//! Which Linux this is.

use nix::sys::utsname::uname;

/// The release as `uname -r` prints it; empty where it is unknown.
#[must_use]
pub fn release() -> String {
    uname().map(|names| names.release().to_string_lossy().into_owned()).unwrap_or_default()
}

/// Major and minor number of the running kernel. None where nobody can tell.
#[must_use]
pub fn series() -> Option<(u32, u32)> {
    series_of(&release())
}

fn series_of(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// `LINUX_VERSION_CODE` of the running kernel: what `LINUX_KERNEL_VERSION` is in programs, and what kprobes had to say
/// before Linux 5.0. None where nobody can tell.
#[must_use]
pub fn version_code() -> Option<u32> {
    // The release of these two stays the same for all versions of a series.
    let ubuntu = std::fs::read_to_string("/proc/version_signature").unwrap_or_default();
    let names = uname().ok()?;
    of_ubuntu(&ubuntu)
        .or_else(|| of_debian(&names.version().to_string_lossy()))
        .or_else(|| code(&names.release().to_string_lossy()))
}

/// `Ubuntu 5.4.0-12.15-generic 5.4.8`
fn of_ubuntu(signature: &str) -> Option<u32> {
    code(signature.split_ascii_whitespace().nth(2)?)
}

/// `#1 SMP Debian 4.19.260-1 (2022-09-29)`
fn of_debian(version: &str) -> Option<u32> {
    code(version.split_once("Debian ")?.1)
}

/// The code of the version that a text begins with, all three numbers of it.
fn code(text: &str) -> Option<u32> {
    let mut rest = text;
    let mut numbers = [0u32; 3];
    for (place, number) in numbers.iter_mut().enumerate() {
        rest = if place == 0 { rest } else { rest.strip_prefix('.')? };
        let end = rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
        *number = rest[..end].parse().ok()?;
        rest = &rest[end..];
    }
    let [major, minor, patch] = numbers;
    // Patches beyond 255 had no place in the code.
    Some(major << 16).map(|code| code.wrapping_add(minor << 8).wrapping_add(patch.min(255)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_of_releases() {
        assert_eq!(series_of("5.10.0-33-cloud-amd64"), Some((5, 10)));
        assert_eq!(series_of("6.18-rc1"), Some((6, 18)));
        assert_eq!(series_of("strange"), None);
    }

    #[test]
    fn versions_of_all_who_build_kernels() {
        assert_eq!(of_ubuntu("Ubuntu 5.4.0-12.15-generic 5.4.8\n"), Some(0x05_04_08));
        assert_eq!(of_ubuntu("Ubuntu 5.4.0\n"), None);
        assert_eq!(of_debian("#1 SMP Debian 4.19.260-1 (2022-09-29)"), Some(0x04_13_ff));
        assert_eq!(of_debian("#1 SMP PREEMPT_DYNAMIC Debian 6.1.9-1"), Some(0x06_01_09));
        assert_eq!(of_debian("#1 SMP PREEMPT_DYNAMIC"), None);
        assert_eq!(code("6.18.44-fc-v595"), Some(0x06_12_2c));
        assert_eq!(code("7.2-rc1"), None);
        assert_eq!(code(""), None);
        assert!(version_code().is_some_and(|code| code >= 5 << 16));
    }
}
