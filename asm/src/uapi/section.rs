//! What a section's name says about the programs in it: libbpf's table of section names.

use super::{AttachType, ProgType};

/// One row: a section name, or the part of it before `/target`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionDef {
    /// The name without `/target`, `+`, `?`.
    pub name: &'static str,
    /// Whether `/target` must, may or cannot follow.
    pub target: TargetRule,
    /// The program type.
    pub prog_type: ProgType,
    /// The expected attach type, where the kernel checks one or a link needs one.
    pub attach_type: Option<AttachType>,
    /// The struct that the context points to, as uapi names it (`xdp_md`); empty where there is none.
    pub ctx: &'static str,
    /// `BPF_F_*` flags of `prog_flags` that the name stands for (sleepable, xdp.frags).
    pub prog_flags: u32,
}

/// Whether `/target` follows a section's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetRule {
    /// Never; old objects do it all the same, see [`Section::legacy`].
    None,
    /// It may.
    Optional,
    /// It must.
    Required,
}

/// A section name, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section<'a> {
    /// The row.
    pub def: &'static SectionDef,
    /// What follows the first `/` that is not part of the row's name.
    pub target: Option<&'a str>,
    /// Whether the name began with `?`: not loaded unless asked for.
    pub optional: bool,
    /// Whether the name has an ending that libbpf 1.0 and later refuse: `xdp/mine`, `socket1`.
    pub legacy: bool,
}

/// Takes the name of a section apart. None if it is not that of programs of a known type.
///
/// The longest row that fits wins. What may follow a row's name is `/target` and, where the row takes no target,
/// what libbpf before 1.0 let pass: `/anything`, and a number as in `socket1`.
#[must_use]
pub fn parse(name: &str) -> Option<Section<'_>> {
    let (optional, name) = match name.strip_prefix('?') {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let fits = |def: &'static SectionDef| {
        let rest = name.strip_prefix(def.name)?;
        let target = rest.strip_prefix('/');
        let numbered = def.target == TargetRule::None && rest.bytes().all(|byte| byte.is_ascii_digit());
        if !(rest.is_empty() || target.is_some() || numbered) {
            return None;
        }
        let legacy = def.target == TargetRule::None && !rest.is_empty();
        Some(Section { def, target: target.filter(|target| !target.is_empty()), optional, legacy })
    };
    SECTIONS.iter().filter_map(fits).max_by_key(|section| section.def.name.len())
}

/// A section name for programs of a type, of which nothing more is known. Where rows differ in what they attach to, so
/// that none is the plain one, it is the name of the type, which fixes no program.
#[must_use]
pub fn of_type(kind: ProgType) -> String {
    let rows = || SECTIONS.iter().filter(move |def| def.prog_type == kind);
    let name = kind.to_string();
    let plain = rows().find(|def| def.name == name).or_else(|| rows().find(|def| def.attach_type.is_none()));
    let only = rows().next().filter(|first| rows().all(|def| def.attach_type == first.attach_type));
    plain.or(only).map_or(name, |def| def.name.to_string())
}

/// `BPF_F_SLEEPABLE` of `prog_flags`.
const SLEEPABLE: u32 = 1 << 4;
/// `BPF_F_XDP_HAS_FRAGS` of `prog_flags`.
const FRAGS: u32 = 1 << 5;

macro_rules! target {
    (no) => {
        TargetRule::None
    };
    (may) => {
        TargetRule::Optional
    };
}

macro_rules! attach {
    (none) => {
        None
    };
    ($attach:ident) => {
        Some(AttachType::$attach)
    };
}

macro_rules! sections {
    ($($name:literal $target:ident $prog:ident $attach:ident $ctx:literal $flags:expr;)*) => {
        &[$(SectionDef {
            name: $name,
            target: target!($target),
            prog_type: ProgType::$prog,
            attach_type: attach!($attach),
            ctx: $ctx,
            prog_flags: $flags,
        }),*]
    };
}

/// All section names of libbpf (`section_defs` of `src/libbpf.c`).
///
/// The struct of the context is the one that the kernel wants to see in BTF when a global function or an
/// extension takes the context (`include/linux/bpf_types.h`).
#[rustfmt::skip]
pub static SECTIONS: &[SectionDef] = sections! {
    // name                   /target? program type    attach type                    context                   flags
    "socket"                  no  SOCKET_FILTER           none                           "__sk_buff"               0;
    "sk_reuseport/migrate"    no  SK_REUSEPORT            SK_REUSEPORT_SELECT_OR_MIGRATE "sk_reuseport_md"         0;
    "sk_reuseport"            no  SK_REUSEPORT            SK_REUSEPORT_SELECT            "sk_reuseport_md"         0;
    "kprobe"                  may KPROBE                  none                           "pt_regs"                 0;
    "uprobe"                  may KPROBE                  none                           "pt_regs"                 0;
    "uprobe.s"                may KPROBE                  none                           "pt_regs"                 SLEEPABLE;
    "kretprobe"               may KPROBE                  none                           "pt_regs"                 0;
    "uretprobe"               may KPROBE                  none                           "pt_regs"                 0;
    "uretprobe.s"             may KPROBE                  none                           "pt_regs"                 SLEEPABLE;
    "kprobe.multi"            may KPROBE                  TRACE_KPROBE_MULTI             "pt_regs"                 0;
    "kretprobe.multi"         may KPROBE                  TRACE_KPROBE_MULTI             "pt_regs"                 0;
    "kprobe.session"          may KPROBE                  TRACE_KPROBE_SESSION           "pt_regs"                 0;
    "uprobe.multi"            may KPROBE                  TRACE_UPROBE_MULTI             "pt_regs"                 0;
    "uretprobe.multi"         may KPROBE                  TRACE_UPROBE_MULTI             "pt_regs"                 0;
    "uprobe.session"          may KPROBE                  TRACE_UPROBE_SESSION           "pt_regs"                 0;
    "uprobe.multi.s"          may KPROBE                  TRACE_UPROBE_MULTI             "pt_regs"                 SLEEPABLE;
    "uretprobe.multi.s"       may KPROBE                  TRACE_UPROBE_MULTI             "pt_regs"                 SLEEPABLE;
    "uprobe.session.s"        may KPROBE                  TRACE_UPROBE_SESSION           "pt_regs"                 SLEEPABLE;
    "ksyscall"                may KPROBE                  none                           "pt_regs"                 0;
    "kretsyscall"             may KPROBE                  none                           "pt_regs"                 0;
    "usdt"                    may KPROBE                  none                           "pt_regs"                 0;
    "usdt.s"                  may KPROBE                  none                           "pt_regs"                 SLEEPABLE;
    "tc/ingress"              no  SCHED_CLS               TCX_INGRESS                    "__sk_buff"               0;
    "tc/egress"               no  SCHED_CLS               TCX_EGRESS                     "__sk_buff"               0;
    "tcx/ingress"             no  SCHED_CLS               TCX_INGRESS                    "__sk_buff"               0;
    "tcx/egress"              no  SCHED_CLS               TCX_EGRESS                     "__sk_buff"               0;
    "tc"                      no  SCHED_CLS               none                           "__sk_buff"               0;
    "classifier"              no  SCHED_CLS               none                           "__sk_buff"               0;
    "action"                  no  SCHED_ACT               none                           "__sk_buff"               0;
    "netkit/primary"          no  SCHED_CLS               NETKIT_PRIMARY                 "__sk_buff"               0;
    "netkit/peer"             no  SCHED_CLS               NETKIT_PEER                    "__sk_buff"               0;
    "tracepoint"              may TRACEPOINT              none                           ""                        0;
    "tp"                      may TRACEPOINT              none                           ""                        0;
    "tracepoint.s"            may TRACEPOINT              none                           ""                        SLEEPABLE;
    "tp.s"                    may TRACEPOINT              none                           ""                        SLEEPABLE;
    "raw_tracepoint"          may RAW_TRACEPOINT          none                           "bpf_raw_tracepoint_args" 0;
    "raw_tp"                  may RAW_TRACEPOINT          none                           "bpf_raw_tracepoint_args" 0;
    "raw_tracepoint.s"        may RAW_TRACEPOINT          none                           "bpf_raw_tracepoint_args" SLEEPABLE;
    "raw_tp.s"                may RAW_TRACEPOINT          none                           "bpf_raw_tracepoint_args" SLEEPABLE;
    "raw_tracepoint.w"        may RAW_TRACEPOINT_WRITABLE none                           "bpf_raw_tracepoint_args" 0;
    "raw_tp.w"                may RAW_TRACEPOINT_WRITABLE none                           "bpf_raw_tracepoint_args" 0;
    "tp_btf"                  may TRACING                 TRACE_RAW_TP                   ""                        0;
    "tp_btf.s"                may TRACING                 TRACE_RAW_TP                   ""                        SLEEPABLE;
    "fentry"                  may TRACING                 TRACE_FENTRY                   ""                        0;
    "fmod_ret"                may TRACING                 MODIFY_RETURN                  ""                        0;
    "fexit"                   may TRACING                 TRACE_FEXIT                    ""                        0;
    "fentry.s"                may TRACING                 TRACE_FENTRY                   ""                        SLEEPABLE;
    "fmod_ret.s"              may TRACING                 MODIFY_RETURN                  ""                        SLEEPABLE;
    "fexit.s"                 may TRACING                 TRACE_FEXIT                    ""                        SLEEPABLE;
    "fsession"                may TRACING                 TRACE_FSESSION                 ""                        0;
    "fsession.s"              may TRACING                 TRACE_FSESSION                 ""                        SLEEPABLE;
    "fsession.multi"          may TRACING                 TRACE_FSESSION_MULTI           ""                        0;
    "fsession.multi.s"        may TRACING                 TRACE_FSESSION_MULTI           ""                        SLEEPABLE;
    "fentry.multi"            may TRACING                 TRACE_FENTRY_MULTI             ""                        0;
    "fexit.multi"             may TRACING                 TRACE_FEXIT_MULTI              ""                        0;
    "fentry.multi.s"          may TRACING                 TRACE_FENTRY_MULTI             ""                        SLEEPABLE;
    "fexit.multi.s"           may TRACING                 TRACE_FEXIT_MULTI              ""                        SLEEPABLE;
    "freplace"                may EXT                     none                           ""                        0;
    "lsm"                     may LSM                     LSM_MAC                        ""                        0;
    "lsm.s"                   may LSM                     LSM_MAC                        ""                        SLEEPABLE;
    "lsm_cgroup"              may LSM                     LSM_CGROUP                     ""                        0;
    "iter"                    may TRACING                 TRACE_ITER                     ""                        0;
    "iter.s"                  may TRACING                 TRACE_ITER                     ""                        SLEEPABLE;
    "syscall"                 no  SYSCALL                 none                           ""                        SLEEPABLE;
    "xdp.frags/devmap"        no  XDP                     XDP_DEVMAP                     "xdp_md"                  FRAGS;
    "xdp/devmap"              no  XDP                     XDP_DEVMAP                     "xdp_md"                  0;
    "xdp.frags/cpumap"        no  XDP                     XDP_CPUMAP                     "xdp_md"                  FRAGS;
    "xdp/cpumap"              no  XDP                     XDP_CPUMAP                     "xdp_md"                  0;
    "xdp.frags"               no  XDP                     XDP                            "xdp_md"                  FRAGS;
    "xdp"                     no  XDP                     XDP                            "xdp_md"                  0;
    "perf_event"              no  PERF_EVENT              none                           "bpf_perf_event_data"     0;
    "lwt_in"                  no  LWT_IN                  none                           "__sk_buff"               0;
    "lwt_out"                 no  LWT_OUT                 none                           "__sk_buff"               0;
    "lwt_xmit"                no  LWT_XMIT                none                           "__sk_buff"               0;
    "lwt_seg6local"           no  LWT_SEG6LOCAL           none                           "__sk_buff"               0;
    "sockops"                 no  SOCK_OPS                CGROUP_SOCK_OPS                "bpf_sock_ops"            0;
    "sk_skb/stream_parser"    no  SK_SKB                  SK_SKB_STREAM_PARSER           "__sk_buff"               0;
    "sk_skb/stream_verdict"   no  SK_SKB                  SK_SKB_STREAM_VERDICT          "__sk_buff"               0;
    "sk_skb/verdict"          no  SK_SKB                  SK_SKB_VERDICT                 "__sk_buff"               0;
    "sk_skb"                  no  SK_SKB                  none                           "__sk_buff"               0;
    "sk_msg"                  no  SK_MSG                  SK_MSG_VERDICT                 "sk_msg_md"               0;
    "lirc_mode2"              no  LIRC_MODE2              LIRC_MODE2                     ""                        0;
    "flow_dissector"          no  FLOW_DISSECTOR          FLOW_DISSECTOR                 "__sk_buff"               0;
    "cgroup_skb/ingress"      no  CGROUP_SKB              CGROUP_INET_INGRESS            "__sk_buff"               0;
    "cgroup_skb/egress"       no  CGROUP_SKB              CGROUP_INET_EGRESS             "__sk_buff"               0;
    "cgroup/skb"              no  CGROUP_SKB              none                           "__sk_buff"               0;
    "cgroup/sock_create"      no  CGROUP_SOCK             CGROUP_INET_SOCK_CREATE        "bpf_sock"                0;
    "cgroup/sock_release"     no  CGROUP_SOCK             CGROUP_INET_SOCK_RELEASE       "bpf_sock"                0;
    "cgroup/sock"             no  CGROUP_SOCK             CGROUP_INET_SOCK_CREATE        "bpf_sock"                0;
    "cgroup/post_bind4"       no  CGROUP_SOCK             CGROUP_INET4_POST_BIND         "bpf_sock"                0;
    "cgroup/post_bind6"       no  CGROUP_SOCK             CGROUP_INET6_POST_BIND         "bpf_sock"                0;
    "cgroup/bind4"            no  CGROUP_SOCK_ADDR        CGROUP_INET4_BIND              "bpf_sock_addr"           0;
    "cgroup/bind6"            no  CGROUP_SOCK_ADDR        CGROUP_INET6_BIND              "bpf_sock_addr"           0;
    "cgroup/connect4"         no  CGROUP_SOCK_ADDR        CGROUP_INET4_CONNECT           "bpf_sock_addr"           0;
    "cgroup/connect6"         no  CGROUP_SOCK_ADDR        CGROUP_INET6_CONNECT           "bpf_sock_addr"           0;
    "cgroup/connect_unix"     no  CGROUP_SOCK_ADDR        CGROUP_UNIX_CONNECT            "bpf_sock_addr"           0;
    "cgroup/sendmsg4"         no  CGROUP_SOCK_ADDR        CGROUP_UDP4_SENDMSG            "bpf_sock_addr"           0;
    "cgroup/sendmsg6"         no  CGROUP_SOCK_ADDR        CGROUP_UDP6_SENDMSG            "bpf_sock_addr"           0;
    "cgroup/sendmsg_unix"     no  CGROUP_SOCK_ADDR        CGROUP_UNIX_SENDMSG            "bpf_sock_addr"           0;
    "cgroup/recvmsg4"         no  CGROUP_SOCK_ADDR        CGROUP_UDP4_RECVMSG            "bpf_sock_addr"           0;
    "cgroup/recvmsg6"         no  CGROUP_SOCK_ADDR        CGROUP_UDP6_RECVMSG            "bpf_sock_addr"           0;
    "cgroup/recvmsg_unix"     no  CGROUP_SOCK_ADDR        CGROUP_UNIX_RECVMSG            "bpf_sock_addr"           0;
    "cgroup/getpeername4"     no  CGROUP_SOCK_ADDR        CGROUP_INET4_GETPEERNAME       "bpf_sock_addr"           0;
    "cgroup/getpeername6"     no  CGROUP_SOCK_ADDR        CGROUP_INET6_GETPEERNAME       "bpf_sock_addr"           0;
    "cgroup/getpeername_unix" no  CGROUP_SOCK_ADDR        CGROUP_UNIX_GETPEERNAME        "bpf_sock_addr"           0;
    "cgroup/getsockname4"     no  CGROUP_SOCK_ADDR        CGROUP_INET4_GETSOCKNAME       "bpf_sock_addr"           0;
    "cgroup/getsockname6"     no  CGROUP_SOCK_ADDR        CGROUP_INET6_GETSOCKNAME       "bpf_sock_addr"           0;
    "cgroup/getsockname_unix" no  CGROUP_SOCK_ADDR        CGROUP_UNIX_GETSOCKNAME        "bpf_sock_addr"           0;
    "cgroup/sysctl"           no  CGROUP_SYSCTL           CGROUP_SYSCTL                  "bpf_sysctl"              0;
    "cgroup/getsockopt"       no  CGROUP_SOCKOPT          CGROUP_GETSOCKOPT              "bpf_sockopt"             0;
    "cgroup/setsockopt"       no  CGROUP_SOCKOPT          CGROUP_SETSOCKOPT              "bpf_sockopt"             0;
    "cgroup/dev"              no  CGROUP_DEVICE           CGROUP_DEVICE                  "bpf_cgroup_dev_ctx"      0;
    "struct_ops"              may STRUCT_OPS              none                           ""                        0;
    "struct_ops.s"            may STRUCT_OPS              none                           ""                        SLEEPABLE;
    "sk_lookup"               no  SK_LOOKUP               SK_LOOKUP                      "bpf_sk_lookup"           0;
    "netfilter"               no  NETFILTER               NETFILTER                      "bpf_nf_ctx"              0;
};
