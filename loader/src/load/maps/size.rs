//! Sizes that are the machine's: how many CPUs there are, and how large a page is.

use crate::sys;
use crate::sys::bpf::possible_cpus;
use bpfasm_asm::object::Map;
use bpfasm_asm::uapi::MapType;
use nix::unistd::{SysconfVar, sysconf};

/// How many entries a map is made with; for ring buffers, bytes.
///
/// A perf event array without a number has an entry for each CPU. A ring buffer is made as large as the kernel takes
/// it: whole pages, and a power of two of them.
pub(super) fn entries(map: &Map) -> sys::Result<u32> {
    Ok(match map.kind {
        MapType::PERF_EVENT_ARRAY if map.max_entries == 0 => {
            u32::try_from(possible_cpus()?).unwrap_or(u32::MAX)
        }
        MapType::RINGBUF | MapType::USER_RINGBUF => ring(map.max_entries, page()),
        _ => map.max_entries,
    })
}

/// Bytes of a page.
pub(super) fn page() -> u32 {
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u32::try_from(size).ok()).unwrap_or(4096)
}

/// The next size of a ring buffer; one that was forgotten, or that no size is left for, is left for the kernel to refuse.
fn ring(bytes: u32, page: u32) -> u32 {
    match bytes {
        0 => 0,
        _ => bytes.checked_next_power_of_two().map_or(bytes, |size| size.max(page)),
    }
}

#[cfg(test)]
mod tests {
    use super::ring;

    #[test]
    fn ring_buffers_are_powers_of_two_and_whole_pages() {
        let sizes = [(0, 0), (1, 4096), (4096, 4096), (4097, 8192), (12288, 16384), (1 << 18, 1 << 18)];
        for (given, made) in sizes {
            assert_eq!(ring(given, 4096), made, "{given}");
        }
        assert_eq!(ring(4096, 65536), 65536);
        assert_eq!(ring(u32::MAX, 4096), u32::MAX);
    }
}
