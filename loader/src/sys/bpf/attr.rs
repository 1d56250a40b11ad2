//! The attributes of bpf(2), each a struct of integers without padding.
//!
//! Offsets are those of `union bpf_attr` in Linux `include/uapi/linux/bpf.h`, and checked when compiling.

use super::NAME_LEN;
use super::show;
use crate::sys::seam::Fields;

/// An attribute, in words.
pub(super) trait Attr {
    /// Adds its fields; only on the way to the kernel, since text is read where the attribute says that it is.
    fn fields(&self, to: Fields) -> Fields;
}

/// Declares an attribute struct, checks its size and the offsets of its fields, and says of each how it is shown: as
/// the function of [`show`] behind it does, without one as a number.
macro_rules! attr {
    ($(#[$doc:meta])* $name:ident, $size:literal { $($field:ident: $ty:ty = $offset:literal $(=> $show:ident)?,)* }) => {
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
        impl Attr for $name {
            fn fields(&self, to: Fields) -> Fields {
                to$(.add(stringify!($field), attr!(@show self.$field $(, $show)?)))*
            }
        }
    };
    (@show $value:expr) => { show::number($value) };
    (@show $value:expr, $show:ident) => { show::$show($value) };
}

attr! {
    /// `BPF_MAP_CREATE`, up to `map_token_fd`.
    MapCreate, 80 {
        map_type: u32 = 0 => map_type,
        key_size: u32 = 4 => always,
        value_size: u32 = 8 => always,
        max_entries: u32 = 12 => always,
        map_flags: u32 = 16 => map_flags,
        inner_map_fd: u32 = 20 => fd,
        numa_node: u32 = 24,
        map_name: [u8; NAME_LEN] = 28 => name,
        map_ifindex: u32 = 44,
        btf_fd: u32 = 48 => fd,
        btf_key_type_id: u32 = 52,
        btf_value_type_id: u32 = 56,
        btf_vmlinux_value_type_id: u32 = 60,
        map_extra: u64 = 64 => hex,
        value_type_btf_obj_fd: u32 = 72 => fd,
        map_token_fd: u32 = 76 => fd,
    }
}

attr! {
    /// `BPF_MAP_*_ELEM`, `BPF_MAP_GET_NEXT_KEY` (`value` is `next_key`).
    MapElem, 32 {
        map_fd: u32 = 0 => fd,
        pad: u32 = 4,
        key: u64 = 8 => hidden,
        value: u64 = 16 => hidden,
        flags: u64 = 24 => hex,
    }
}

attr! {
    /// One descriptor and nothing else: `BPF_MAP_FREEZE`, `BPF_LINK_DETACH`.
    OneFd, 8 {
        fd: u32 = 0 => fd,
        pad: u32 = 4,
    }
}

attr! {
    /// `BPF_PROG_LOAD`, up to `fd_array_cnt`.
    ProgLoad, 152 {
        prog_type: u32 = 0 => prog_type,
        insn_cnt: u32 = 4 => always,
        insns: u64 = 8 => hidden,
        license: u64 = 16 => text,
        log_level: u32 = 24 => always,
        log_size: u32 = 28,
        log_buf: u64 = 32 => hidden,
        kern_version: u32 = 40 => hex,
        prog_flags: u32 = 44 => prog_flags,
        prog_name: [u8; NAME_LEN] = 48 => name,
        prog_ifindex: u32 = 64,
        expected_attach_type: u32 = 68 => expected,
        prog_btf_fd: u32 = 72 => fd,
        func_info_rec_size: u32 = 76 => hidden,
        func_info: u64 = 80 => hidden,
        func_info_cnt: u32 = 88,
        line_info_rec_size: u32 = 92 => hidden,
        line_info: u64 = 96 => hidden,
        line_info_cnt: u32 = 104,
        attach_btf_id: u32 = 108,
        attach_prog_fd: u32 = 112 => fd,
        core_relo_cnt: u32 = 116,
        fd_array: u64 = 120 => hidden,
        core_relos: u64 = 128 => hidden,
        core_relo_rec_size: u32 = 136 => hidden,
        log_true_size: u32 = 140 => hidden,
        prog_token_fd: u32 = 144 => fd,
        fd_array_cnt: u32 = 148,
    }
}

attr! {
    /// `BPF_OBJ_PIN`, `BPF_OBJ_GET`, without `path_fd`.
    Obj, 16 {
        pathname: u64 = 0 => text,
        bpf_fd: u32 = 8 => fd,
        file_flags: u32 = 12 => hex,
    }
}

attr! {
    /// `BPF_PROG_ATTACH`, `BPF_PROG_DETACH`.
    ProgAttach, 32 {
        target: u32 = 0 => always,
        attach_bpf_fd: u32 = 4 => fd,
        attach_type: u32 = 8 => attach_type,
        attach_flags: u32 = 12 => hex,
        replace_bpf_fd: u32 = 16 => fd,
        relative: u32 = 20,
        expected_revision: u64 = 24,
    }
}

attr! {
    /// `BPF_PROG_TEST_RUN`.
    TestRun, 80 {
        prog_fd: u32 = 0 => fd,
        retval: u32 = 4,
        data_size_in: u32 = 8,
        data_size_out: u32 = 12,
        data_in: u64 = 16 => hidden,
        data_out: u64 = 24 => hidden,
        repeat: u32 = 32,
        duration: u32 = 36,
        ctx_size_in: u32 = 40,
        ctx_size_out: u32 = 44,
        ctx_in: u64 = 48 => hidden,
        ctx_out: u64 = 56 => hidden,
        flags: u32 = 64 => hex,
        cpu: u32 = 68,
        batch_size: u32 = 72,
        pad: u32 = 76,
    }
}

attr! {
    /// `BPF_*_GET_NEXT_ID`, `BPF_*_GET_FD_BY_ID`.
    Id, 16 {
        id: u32 = 0 => always,
        next_id: u32 = 4,
        open_flags: u32 = 8 => hex,
        pad: u32 = 12,
    }
}

attr! {
    /// `BPF_OBJ_GET_INFO_BY_FD`.
    Info, 16 {
        bpf_fd: u32 = 0 => fd,
        info_len: u32 = 4,
        info: u64 = 8 => hidden,
    }
}

attr! {
    /// `BPF_PROG_QUERY`.
    Query, 64 {
        target: u32 = 0 => always,
        attach_type: u32 = 4 => attach_type,
        query_flags: u32 = 8 => hex,
        attach_flags: u32 = 12 => hidden,
        prog_ids: u64 = 16 => hidden,
        count: u32 = 24 => hidden,
        pad: u32 = 28,
        prog_attach_flags: u64 = 32 => hidden,
        link_ids: u64 = 40 => hidden,
        link_attach_flags: u64 = 48 => hidden,
        revision: u64 = 56 => hidden,
    }
}

attr! {
    /// `BPF_RAW_TRACEPOINT_OPEN`.
    RawTracepoint, 24 {
        name: u64 = 0 => text,
        prog_fd: u32 = 8 => fd,
        pad: u32 = 12,
        cookie: u64 = 16 => hex,
    }
}

attr! {
    /// `BPF_BTF_LOAD`, up to `btf_token_fd`.
    BtfLoad, 40 {
        btf: u64 = 0 => hidden,
        btf_log_buf: u64 = 8 => hidden,
        btf_size: u32 = 16 => always,
        btf_log_size: u32 = 20,
        btf_log_level: u32 = 24 => always,
        btf_log_true_size: u32 = 28 => hidden,
        btf_flags: u32 = 32 => hex,
        btf_token_fd: u32 = 36 => fd,
    }
}

attr! {
    /// `BPF_TOKEN_CREATE`.
    TokenCreate, 8 {
        flags: u32 = 0 => hex,
        bpffs_fd: u32 = 4 => fd,
    }
}

attr! {
    /// `BPF_LINK_CREATE`; `extra` is the union that depends on the attach type.
    LinkCreate, 32 {
        prog_fd: u32 = 0 => fd,
        target: u32 = 4 => always,
        attach_type: u32 = 8 => attach_type,
        flags: u32 = 12 => hex,
        extra: [u32; 4] = 16 => hidden,
    }
}

attr! {
    /// `BPF_LINK_UPDATE`.
    LinkUpdate, 16 {
        link_fd: u32 = 0 => fd,
        new_prog_fd: u32 = 4 => fd,
        flags: u32 = 8 => hex,
        old_prog_fd: u32 = 12 => fd,
    }
}

attr! {
    /// `struct bpf_prog_info`.
    ProgInfo, 232 {
        kind: u32 = 0,
        id: u32 = 4,
        tag: [u8; 8] = 8 => hidden,
        jited_prog_len: u32 = 16,
        xlated_prog_len: u32 = 20,
        jited_prog_insns: u64 = 24,
        xlated_prog_insns: u64 = 32,
        load_time: u64 = 40,
        created_by_uid: u32 = 48,
        nr_map_ids: u32 = 52,
        map_ids: u64 = 56,
        name: [u8; NAME_LEN] = 64 => hidden,
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
        name: [u8; NAME_LEN] = 24 => hidden,
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
        detail: [u32; 12] = 16 => hidden,
    }
}
