// SPDX-License-Identifier: GPL-2.0-only
/* network_interfaces: packets that are dropped, refused by a driver or stuck in one. */
#include <rezolus/bank.h>
#include <rezolus/probe.h>

struct interfaces_bank {
	u64 drop;
	u64 transmit_busy;
	u64 transmit_complete;
	u64 transmit_timeout;
} __cacheline_aligned;

REZ_BANKS(banks, interfaces_bank);

#include "interfaces/drops.bpf.h"

static __always_inline struct interfaces_bank *own_bank(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&banks, &cpu);
}

static __always_inline int on_free(bool btf, struct sk_buff *skb, void *location, u32 reason)
{
	struct interfaces_bank *bank;

	if (!counts_as_drop(reason))
		return 0;
	bank = own_bank();
	if (bank)
		bank->drop++;
	return 0;
}

static __always_inline int on_transmitted(bool btf, struct sk_buff *skb, int result)
{
	struct interfaces_bank *bank = own_bank();

	if (!bank)
		return 0;
	if (result == 0)
		bank->transmit_complete++;
	else
		bank->transmit_busy++;
	return 0;
}

static __always_inline int on_timeout(bool btf, struct net_device *device)
{
	struct interfaces_bank *bank = own_bank();

	if (bank)
		bank->transmit_timeout++;
	return 0;
}

REZ_TRACEPOINT3(kfree_skb, on_free, struct sk_buff *, skb, void *, location, u32, reason)
REZ_TRACEPOINT2(net_dev_xmit, on_transmitted, struct sk_buff *, skb, int, result)
REZ_TRACEPOINT1(net_dev_xmit_timeout, on_timeout, struct net_device *, device)

char LICENSE[] SEC("license") = "GPL";
