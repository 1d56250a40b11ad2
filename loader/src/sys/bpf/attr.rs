//! The attributes of bpf(2), each a struct of integers without padding.
//!
//! Offsets are those of `union bpf_attr` in Linux `include/uapi/linux/bpf.h`, and checked when compiling.

use super::NAME_LEN;

/// Declares an attribute struct and checks its size and the offsets of its fields.
macro_rules! attr {
    ($(#[$doc:meta])* $name:ident, $size:literal { $($field:ident: $ty:ty = $offset:literal,)* }) => {
        $(#[$doc])*
        #[repr(C, align(8))]
        #[derive(Default)]
        pub(super) struct $name { $(pub(super) $field: $ty,)* }
        const _: () = {
            assert!(size_of::<$name>() == $size);
            // The fields alone fill the struct: no byte of padding reaches the kernel uninitialised.
            assert!(0 $(+ size_of::<$ty>())* == $size);
            $(assert!(core::mem::offset_of!($name, $field) == $offset);)*
        };
    };
}

attr! {
    /// `BPF_MAP_CREATE`, up to `map_extra`.
    MapCreate, 72 {
        map_type: u32 = 0,
        key_size: u32 = 4,
        value_size: u32 = 8,
        max_entries: u32 = 12,
        map_flags: u32 = 16,
        inner_map_fd: u32 = 20,
        numa_node: u32 = 24,
        map_name: [u8; NAME_LEN] = 28,
        map_ifindex: u32 = 44,
        btf_fd: u32 = 48,
        btf_key_type_id: u32 = 52,
        btf_value_type_id: u32 = 56,
        btf_vmlinux_value_type_id: u32 = 60,
        map_extra: u64 = 64,
    }
}

attr! {
    /// `BPF_MAP_*_ELEM`, `BPF_MAP_GET_NEXT_KEY` (`value` is `next_key`).
    MapElem, 32 {
        map_fd: u32 = 0,
        pad: u32 = 4,
        key: u64 = 8,
        value: u64 = 16,
        flags: u64 = 24,
    }
}

attr! {
    /// One descriptor and nothing else: `BPF_MAP_FREEZE`, `BPF_LINK_DETACH`.
    OneFd, 8 {
        fd: u32 = 0,
        pad: u32 = 4,
    }
}

attr! {
    /// `BPF_PROG_LOAD`, up to `log_true_size`.
    ProgLoad, 144 {
        prog_type: u32 = 0,
        insn_cnt: u32 = 4,
        insns: u64 = 8,
        license: u64 = 16,
        log_level: u32 = 24,
        log_size: u32 = 28,
        log_buf: u64 = 32,
        kern_version: u32 = 40,
        prog_flags: u32 = 44,
        prog_name: [u8; NAME_LEN] = 48,
        prog_ifindex: u32 = 64,
        expected_attach_type: u32 = 68,
        prog_btf_fd: u32 = 72,
        func_info_rec_size: u32 = 76,
        func_info: u64 = 80,
        func_info_cnt: u32 = 88,
        line_info_rec_size: u32 = 92,
        line_info: u64 = 96,
        line_info_cnt: u32 = 104,
        attach_btf_id: u32 = 108,
        attach_prog_fd: u32 = 112,
        core_relo_cnt: u32 = 116,
        fd_array: u64 = 120,
        core_relos: u64 = 128,
        core_relo_rec_size: u32 = 136,
        log_true_size: u32 = 140,
    }
}

attr! {
    /// `BPF_OBJ_PIN`, `BPF_OBJ_GET`, without `path_fd`.
    Obj, 16 {
        pathname: u64 = 0,
        bpf_fd: u32 = 8,
        file_flags: u32 = 12,
    }
}

attr! {
    /// `BPF_PROG_ATTACH`, `BPF_PROG_DETACH`.
    ProgAttach, 32 {
        target: u32 = 0,
        attach_bpf_fd: u32 = 4,
        attach_type: u32 = 8,
        attach_flags: u32 = 12,
        replace_bpf_fd: u32 = 16,
        relative: u32 = 20,
        expected_revision: u64 = 24,
    }
}

attr! {
    /// `BPF_PROG_TEST_RUN`.
    TestRun, 80 {
        prog_fd: u32 = 0,
        retval: u32 = 4,
        data_size_in: u32 = 8,
        data_size_out: u32 = 12,
        data_in: u64 = 16,
        data_out: u64 = 24,
        repeat: u32 = 32,
        duration: u32 = 36,
        ctx_size_in: u32 = 40,
        ctx_size_out: u32 = 44,
        ctx_in: u64 = 48,
        ctx_out: u64 = 56,
        flags: u32 = 64,
        cpu: u32 = 68,
        batch_size: u32 = 72,
        pad: u32 = 76,
    }
}

attr! {
    /// `BPF_*_GET_NEXT_ID`, `BPF_*_GET_FD_BY_ID`.
    Id, 16 {
        id: u32 = 0,
        next_id: u32 = 4,
        open_flags: u32 = 8,
        pad: u32 = 12,
    }
}

attr! {
    /// `BPF_OBJ_GET_INFO_BY_FD`.
    Info, 16 {
        bpf_fd: u32 = 0,
        info_len: u32 = 4,
        info: u64 = 8,
    }
}

attr! {
    /// `BPF_PROG_QUERY`.
    Query, 64 {
        target: u32 = 0,
        attach_type: u32 = 4,
        query_flags: u32 = 8,
        attach_flags: u32 = 12,
        prog_ids: u64 = 16,
        count: u32 = 24,
        pad: u32 = 28,
        prog_attach_flags: u64 = 32,
        link_ids: u64 = 40,
        link_attach_flags: u64 = 48,
        revision: u64 = 56,
    }
}

attr! {
    /// `BPF_RAW_TRACEPOINT_OPEN`.
    RawTracepoint, 24 {
        name: u64 = 0,
        prog_fd: u32 = 8,
        pad: u32 = 12,
        cookie: u64 = 16,
    }
}

attr! {
    /// `BPF_BTF_LOAD`, up to `btf_log_true_size`.
    BtfLoad, 32 {
        btf: u64 = 0,
        btf_log_buf: u64 = 8,
        btf_size: u32 = 16,
        btf_log_size: u32 = 20,
        btf_log_level: u32 = 24,
        btf_log_true_size: u32 = 28,
    }
}

attr! {
    /// `BPF_LINK_CREATE`; `extra` is the union that depends on the attach type.
    LinkCreate, 32 {
        prog_fd: u32 = 0,
        target: u32 = 4,
        attach_type: u32 = 8,
        flags: u32 = 12,
        extra: [u32; 4] = 16,
    }
}

attr! {
    /// `BPF_LINK_UPDATE`.
    LinkUpdate, 16 {
        link_fd: u32 = 0,
        new_prog_fd: u32 = 4,
        flags: u32 = 8,
        old_prog_fd: u32 = 12,
    }
}

attr! {
    /// `struct bpf_prog_info`.
    ProgInfo, 232 {
        kind: u32 = 0,
        id: u32 = 4,
        tag: [u8; 8] = 8,
        jited_prog_len: u32 = 16,
        xlated_prog_len: u32 = 20,
        jited_prog_insns: u64 = 24,
        xlated_prog_insns: u64 = 32,
        load_time: u64 = 40,
        created_by_uid: u32 = 48,
        nr_map_ids: u32 = 52,
        map_ids: u64 = 56,
        name: [u8; NAME_LEN] = 64,
        ifindex: u32 = 80,
        gpl_compatible: u32 = 84,
        netns_dev: u64 = 88,
        netns_ino: u64 = 96,
        nr_jited_ksyms: u32 = 104,
        nr_jited_func_lens: u32 = 108,
        jited_ksyms: u64 = 112,
        jited_func_lens: u64 = 120,
        btf_id: u32 = 128,
        func_info_rec_size: u32 = 132,
        func_info: u64 = 136,
        nr_func_info: u32 = 144,
        nr_line_info: u32 = 148,
        line_info: u64 = 152,
        jited_line_info: u64 = 160,
        nr_jited_line_info: u32 = 168,
        line_info_rec_size: u32 = 172,
        jited_line_info_rec_size: u32 = 176,
        nr_prog_tags: u32 = 180,
        prog_tags: u64 = 184,
        run_time_ns: u64 = 192,
        run_cnt: u64 = 200,
        recursion_misses: u64 = 208,
        verified_insns: u32 = 216,
        attach_btf_obj_id: u32 = 220,
        attach_btf_id: u32 = 224,
        pad: u32 = 228,
    }
}

attr! {
    /// `struct bpf_map_info`, up to `map_extra`.
    MapInfo, 88 {
        kind: u32 = 0,
        id: u32 = 4,
        key_size: u32 = 8,
        value_size: u32 = 12,
        max_entries: u32 = 16,
        map_flags: u32 = 20,
        name: [u8; NAME_LEN] = 24,
        ifindex: u32 = 40,
        btf_vmlinux_value_type_id: u32 = 44,
        netns_dev: u64 = 48,
        netns_ino: u64 = 56,
        btf_id: u32 = 64,
        btf_key_type_id: u32 = 68,
        btf_value_type_id: u32 = 72,
        btf_vmlinux_id: u32 = 76,
        map_extra: u64 = 80,
    }
}

attr! {
    /// `struct bpf_btf_info`.
    BtfInfo, 32 {
        btf: u64 = 0,
        btf_size: u32 = 8,
        id: u32 = 12,
        name: u64 = 16,
        name_len: u32 = 24,
        kernel_btf: u32 = 28,
    }
}

attr! {
    /// `struct bpf_link_info`; `detail` is the union that depends on the link type.
    LinkInfo, 64 {
        kind: u32 = 0,
        id: u32 = 4,
        prog_id: u32 = 8,
        pad: u32 = 12,
        detail: [u32; 12] = 16,
    }
}
