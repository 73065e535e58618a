/* SPDX-License-Identifier: GPL-2.0-only */
/* tcp_receive: round-trip time and its mean deviation as TCP has them when a segment of an established connection comes in. */
#pragma once

static __always_inline void receive_segment(bool btf, struct tcp_bank *bank, struct sock *sk)
{
	struct tcp_sock *tcp = btf ? bpf_skc_to_tcp_sock(sk) : (void *)sk;
	u32 srtt;

	if (!tcp)
		return;
	srtt = rez_read(btf, tcp, srtt_us);
	/* No measurement yet. */
	if (srtt == 0)
		return;
	/* Kept in eighths and quarters of a microsecond (tcp_rtt_estimator of net/ipv4/tcp_input.c). */
	histogram_add(&bank->srtt, (u64)srtt * 1000 >> 3);
	histogram_add(&bank->jitter, (u64)rez_read(btf, tcp, mdev_us) * 1000 >> 2);
}
