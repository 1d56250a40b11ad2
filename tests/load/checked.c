// Functions that the verifier looks at on their own, and what their arguments are said to be.
#include "bpf.h"

struct __sk_buff {
	u32 len;
};

struct point {
	u32 x, y;
};

__noinline __weak int context(struct __sk_buff *ctx __tag("arg:ctx")) { return ctx->len; }
__noinline __weak int sure(struct point *point __tag("arg:nonnull")) { return point->x * point->y; }
__noinline int maybe(struct point *point) { return point ? sure(point) : 0; }
__noinline int many(int a, int b, int c, int d, int e) { return a + maybe(0) + b + c + d + e; }

SEC("tc") int ingress(struct __sk_buff *skb)
{
	struct point point = { skb->len, 2 };
	return context(skb) + maybe(&point) + many(1, 2, 3, 4, 5) > 1 << 20;
}

SEC("classifier") int egress(struct __sk_buff *skb) { return context(skb) > 2000 ? 2 : 0; }
