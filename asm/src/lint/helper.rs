//! What is known for sure about helpers (`include/uapi/linux/bpf.h`, and the `bpf_func_proto` of each in the kernel).

use crate::uapi::{HelperId, MapType, ProgType};

/// How many arguments each helper takes, by number; of those with `…` the fixed ones.
#[rustfmt::skip]
const ARGUMENTS: [u8; 211] = [
    2, 4, 2, 3, 0, 2, 0, 0, 5, 5, 5, 3, 3, 0, 0, 2, 1, 3, 1, 4, 4, 2, 2, 1, 5, 4, 3, 5, 3, 3, 3, 2, 3, 1, 0, 3, 2, 3, 2, 2,
    1, 0, 3, 2, 3, 1, 1, 2, 5, 4, 3, 4, 4, 2, 4, 3, 5, 2, 2, 4, 2, 2, 4, 3, 2, 5, 4, 5, 4, 4, 4, 4, 4, 4, 3, 4, 1, 4, 1, 0,
    2, 4, 2, 5, 5, 1, 3, 2, 2, 4, 4, 3, 1, 1, 1, 1, 1, 1, 5, 5, 4, 3, 3, 3, 4, 4, 4, 2, 1, 5, 5, 3, 3, 3, 3, 2, 1, 0, 4, 4,
    5, 1, 1, 3, 0, 5, 3, 1, 2, 4, 3, 2, 2, 2, 2, 1, 1, 1, 1, 1, 4, 4, 4, 3, 4, 2, 3, 3, 5, 4, 1, 4, 2, 1, 2, 4, 2, 0, 2, 0,
    3, 1, 5, 4, 5, 3, 4, 1, 3, 2, 3, 1, 1, 1, 1, 3, 4, 1, 4, 5, 4, 3, 3, 2, 1, 0, 1, 1, 4, 4, 5, 3, 3, 2, 3, 1, 4, 4, 2, 2,
    5, 5, 3, 3, 3, 2, 2, 0, 4, 4, 2,
];

/// How many arguments a helper takes; 0 where it is not known.
pub(super) fn arguments(helper: i32) -> u8 {
    let at = usize::try_from(helper).ok().and_then(|n| n.checked_sub(1));
    at.and_then(|at| ARGUMENTS.get(at)).copied().unwrap_or(0)
}

/// Whether it leaves r0 unset (`RET_VOID`): tail_call, spin_lock, spin_unlock, ringbuf_submit, ringbuf_discard and
/// their kind for dynptrs.
pub(super) fn gives_nothing(helper: i32) -> bool {
    matches!(helper, 12 | 93 | 94 | 132 | 133 | 199 | 200)
}

/// Whether what it gives may be null, and is not to be used before a look.
///
/// Since Linux 6.14 the verifier knows for itself that a lookup in an array with a constant index finds something.
pub(super) fn may_give_null(helper: i32, map: Option<MapType>) -> bool {
    match helper {
        // bpf_map_lookup_elem
        1 => map.is_some_and(|kind| kind != MapType::ARRAY && kind != MapType::PERCPU_ARRAY),
        // sk_lookup_tcp, sk_lookup_udp, sk_fullsock, tcp_sock, get_listener_sock, skc_lookup_tcp, sk_storage_get,
        // ringbuf_reserve, inode_storage_get, per_cpu_ptr, task_storage_get, map_lookup_percpu_elem, dynptr_data
        84 | 85 | 95 | 96 | 98 | 99 | 107 | 131 | 145 | 153 | 156 | 195 | 203 => true,
        _ => false,
    }
}

/// Whether only programs with a GPL-compatible licence may call it (`gpl_only`): probe_read, trace_printk,
/// perf_event_read, perf_event_output, get_stackid, probe_write_user, probe_read_str, perf_event_read_value,
/// perf_prog_read_value, override_return, get_stack, probe_read_{user,kernel}, and theirs for strings, seq_printf,
/// seq_write.
pub(super) fn is_gpl_only(helper: i32) -> bool {
    matches!(helper, 4 | 6 | 22 | 25 | 27 | 36 | 45 | 55 | 56 | 58 | 67 | 112..=115 | 126 | 127)
}

/// The licences that open them (`license_is_gpl_compatible` of `include/linux/license.h`).
pub(super) fn is_gpl_compatible(license: &str) -> bool {
    const LICENSES: [&str; 6] =
        ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];
    LICENSES.contains(&license)
}

/// Which programs have a helper, where programs of this type have it not: half a sentence. Only for types whose
/// context is nothing that the helper could take.
pub(super) fn not_for(helper: i32, program: ProgType) -> Option<&'static str> {
    // xdp_adjust_head, xdp_adjust_meta, xdp_adjust_tail, xdp_get_buff_len, xdp_load_bytes, xdp_store_bytes
    let xdp = matches!(helper, 44 | 54 | 65 | 188 | 189 | 190);
    // skb_store_bytes, l3_csum_replace, l4_csum_replace, clone_redirect, skb_vlan_push, skb_vlan_pop, the tunnel
    // functions, skb_load_bytes, skb_change_proto, _type, _tail, _head, skb_pull_data, skb_adjust_room
    let skb = matches!(helper, 9..=11 | 13 | 18..=21 | 26 | 29..=32 | 38 | 39 | 43 | 50);
    let other = matches!(
        program,
        ProgType::KPROBE | ProgType::TRACEPOINT | ProgType::PERF_EVENT | ProgType::CGROUP_SOCK_ADDR
    );
    match program {
        ProgType::XDP if skb => Some("programs that see a socket buffer, as tc programs do"),
        ProgType::SCHED_CLS | ProgType::SOCKET_FILTER if xdp => Some("XDP programs"),
        _ if other && xdp => Some("XDP programs"),
        _ if other && skb => Some("programs that see a socket buffer, as tc programs do"),
        _ => None,
    }
}

/// What takes the place of a helper that newer kernels keep for old programs only.
pub(super) fn replacement(helper: i32) -> Option<&'static str> {
    match helper {
        // probe_read, probe_read_str
        4 => Some("`bpf_probe_read_kernel` or `bpf_probe_read_user` (Linux 5.5)"),
        45 => Some("`bpf_probe_read_kernel_str` or `bpf_probe_read_user_str` (Linux 5.5)"),
        _ => None,
    }
}

/// A helper as messages call it.
pub(super) fn name(helper: i32) -> String {
    u32::try_from(helper).map_or(helper.to_string(), |n| HelperId(n).to_string())
}
