/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tcp_connect_latency: from SYN_SENT to ESTABLISHED. A socket leaves SYN_SENT through this hook whatever happens to it,
 * so nothing is left behind in the table.
 */
#pragma once

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define IPPROTO_TCP 6

SOCKET_STARTS(connect_starts);

static __always_inline int on_state(bool btf, struct sock *sk, int old, int new)
{
	struct tcp_bank *bank;

	if (old != TCP_SYN_SENT && new != TCP_SYN_SENT)
		return 0;
	if (rez_read(btf, sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	bank = own_bank();
	if (!bank)
		return 0;
	if (new == TCP_SYN_SENT)
		bank->untracked_connects += !socket_start(&connect_starts, sk);
	else if (new == TCP_ESTABLISHED)
		socket_stop(&connect_starts, sk, &bank->connect_latency);
	else
		socket_forget(&connect_starts, sk);
	return 0;
}
