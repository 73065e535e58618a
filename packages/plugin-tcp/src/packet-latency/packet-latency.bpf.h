/* SPDX-License-Identifier: GPL-2.0-only */
/* tcp_packet_latency: from the first segment with data that nobody has read yet to the read that takes it. */
#pragma once

#define TCPHDR_FIN 0x01

SOCKET_STARTS(packet_starts);

static __always_inline void packet_latency_segment(bool btf, struct tcp_bank *bank, struct sock *sk,
						   struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = (void *)skb->cb;
	/* What TCP made of the header: the sequence numbers of data, and one for FIN. */
	u32 length = rez_read(btf, cb, end_seq) - rez_read(btf, cb, seq);

	if (rez_read(btf, cb, tcp_flags) & TCPHDR_FIN)
		length--;
	if (length != 0 && !socket_start(&packet_starts, sk))
		bank->untracked_segments++;
}

static __always_inline int on_read(bool btf, struct sock *sk)
{
	struct tcp_bank *bank = own_bank();

	if (bank)
		socket_stop(&packet_starts, sk, &bank->packet_latency);
	return 0;
}

static __always_inline int on_destroy(bool btf, struct sock *sk)
{
	socket_forget(&packet_starts, sk);
	return 0;
}
