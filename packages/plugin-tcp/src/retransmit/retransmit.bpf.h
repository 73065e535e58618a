/* SPDX-License-Identifier: GPL-2.0-only */
/* tcp_retransmit: segments sent again. One packet for the device may be many segments for the wire. */
#pragma once

static __always_inline int on_retransmit(bool btf, struct sk_buff *skb)
{
	struct tcp_bank *bank = own_bank();
	struct tcp_skb_cb *cb = (void *)skb->cb;
	u16 segments = rez_read(btf, cb, tcp_gso_segs);

	if (bank)
		bank->retransmitted += segments ? segments : 1;
	return 0;
}
