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
SEC("struct_ops") u32 undo(u64 *ctx) { return 10; }

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
