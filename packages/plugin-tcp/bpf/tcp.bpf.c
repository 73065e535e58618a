// SPDX-License-Identifier: GPL-2.0-only
/* TCP's hooks, one program each; the samplers' parts are strung on them and switched by constants. */
#include <rezolus/bank.h>
#include <rezolus/histogram.h>
#include <rezolus/probe.h>

const volatile bool packet_latency_enabled = false;
const volatile bool receive_enabled = false;

struct tcp_bank {
	u64 retransmitted;
	/* connections and segments that are not timed because the table was full */
	u64 untracked_connects;
	u64 untracked_segments;
	u64 reserved[5];
	struct histogram connect_latency;
	struct histogram packet_latency;
	struct histogram jitter;
	struct histogram srtt;
} __cacheline_aligned;

REZ_BANKS(banks, tcp_bank);

static __always_inline struct tcp_bank *own_bank(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&banks, &cpu);
}

#include "socket-start.bpf.h"

#include "connect-latency/connect-latency.bpf.h"
#include "packet-latency/packet-latency.bpf.h"
#include "receive/receive.bpf.h"
#include "retransmit/retransmit.bpf.h"

static __always_inline int on_segment(bool btf, struct sock *sk, struct sk_buff *skb)
{
	struct tcp_bank *bank = own_bank();

	if (!bank)
		return 0;
	if (packet_latency_enabled)
		packet_latency_segment(btf, bank, sk, skb);
	if (receive_enabled)
		receive_segment(btf, bank, sk);
	return 0;
}

REZ_TRACEPOINT3(inet_sock_set_state, on_state, struct sock *, sk, int, old, int, new)
REZ_TRACEPOINT2(tcp_probe, on_segment, struct sock *, sk, struct sk_buff *, skb)
REZ_TRACEPOINT1(tcp_rcv_space_adjust, on_read, struct sock *, sk)
REZ_TRACEPOINT1(tcp_destroy_sock, on_destroy, struct sock *, sk)

/* By hand, since the number of arguments depends on the kernel: see retransmit_failed. */
SEC("tp_btf/tcp_retransmit_skb") int BPF_PROG(tcp_retransmit_skb_btf, struct sock *sk, struct sk_buff *skb)
{
	return retransmit_failed(ctx) ? 0 : on_retransmit(true, skb);
}

SEC("raw_tp/tcp_retransmit_skb") int BPF_PROG(tcp_retransmit_skb_raw, struct sock *sk, struct sk_buff *skb)
{
	return retransmit_failed(ctx) ? 0 : on_retransmit(false, skb);
}

char LICENSE[] SEC("license") = "GPL";
