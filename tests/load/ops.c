// A table of functions for the kernel: TCP congestion control.
#include "bpf.h"

struct sock {
	int placeholder;
};

struct rate_sample {
	int placeholder;
};

struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
	void (*set_state)(struct sock *sk, u8 new_state);
	u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
	u32 flags;
};

SEC("struct_ops") u32 threshold(u64 *ctx) { return 5; }
SEC("struct_ops") void avoid(u64 *ctx) {}
// A table that is made brings its programs, also these; one that is not made leaves its own out.
SEC("?struct_ops") u32 undo(u64 *ctx) { return 10; }
SEC("struct_ops") u32 never(u64 *ctx) { return 11; }

SEC(".struct_ops") struct tcp_congestion_ops even = {
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "bpfasm_even",
};

SEC(".struct_ops.link") struct tcp_congestion_ops odd = {
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "bpfasm_odd",
};

SEC("?.struct_ops.link") struct tcp_congestion_ops unmade = {
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)never,
	.name = "bpfasm_unmade",
};
