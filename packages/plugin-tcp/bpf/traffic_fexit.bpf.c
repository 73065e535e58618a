// SPDX-License-Identifier: GPL-2.0-only
/* tcp_traffic by the results of TCP's own functions. */
#include "traffic/traffic.bpf.h"

#define MSG_PEEK 0x2
#define MSG_ERRQUEUE 0x2000

/* There are twice as many banks: tcp_read_sock may interrupt tcp_recvmsg, so it has banks of its own behind the others. */
const volatile u32 possible_cpus = 1;

SEC("fexit/tcp_sendmsg") int BPF_PROG(tcp_sendmsg, struct sock *sk, void *message, u64 size, int length)
{
	return traffic_add(bpf_get_smp_processor_id(), TRANSMIT, length);
}

/*
 * The flags are the fourth argument; before ec095263a965 ("net: remove noblock parameter from recvmsg() entities",
 * 5.19) they are the fifth of six. Older kernels than 5.17 cannot say how many there are, and do not load this.
 */
SEC("fexit/tcp_recvmsg") int BPF_PROG(tcp_recvmsg)
{
	u64 flags = 0, length = 0;

	bpf_get_func_arg(ctx, bpf_get_func_arg_cnt(ctx) == 6 ? 4 : 3, &flags);
	bpf_get_func_ret(ctx, &length);
	if (flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	return traffic_add(bpf_get_smp_processor_id(), RECEIVE, length);
}

/* Reads of the kernel itself: splice, TLS, network storage. */
SEC("fexit/tcp_read_sock") int BPF_PROG(tcp_read_sock, struct sock *sk, void *descriptor, void *actor, int length)
{
	return traffic_add(possible_cpus + bpf_get_smp_processor_id(), RECEIVE, length);
}

char LICENSE[] SEC("license") = "GPL";
