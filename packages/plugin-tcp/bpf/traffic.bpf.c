// SPDX-License-Identifier: GPL-2.0-only
/* tcp_traffic by tracepoints of the socket layer, which came with 6e6eda44b939 ("sock: add tracepoint for send recv length", 6.3). */
#include "traffic/traffic.bpf.h"

#define MSG_PEEK 0x2
#define MSG_ERRQUEUE 0x2000

static __always_inline int on_send(bool btf, struct sock *sk, int length)
{
	return is_tcp(btf, sk) ? traffic_add(bpf_get_smp_processor_id(), TRANSMIT, length) : 0;
}

static __always_inline int on_receive(bool btf, struct sock *sk, int length, int flags)
{
	if (flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	return is_tcp(btf, sk) ? traffic_add(bpf_get_smp_processor_id(), RECEIVE, length) : 0;
}

REZ_TRACEPOINT2(sock_send_length, on_send, struct sock *, sk, int, length)
REZ_TRACEPOINT3(sock_recv_length, on_receive, struct sock *, sk, int, length, int, flags)

char LICENSE[] SEC("license") = "GPL";
