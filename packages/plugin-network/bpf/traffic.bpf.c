// SPDX-License-Identifier: GPL-2.0-only
/* network_traffic: what passes between the network stack and all devices, loopback and virtual ones included. */
#include <rezolus/bank.h>
#include <rezolus/probe.h>

struct traffic_bank {
	u64 receive_bytes;
	u64 transmit_bytes;
	u64 receive_packets;
	u64 transmit_packets;
} __cacheline_aligned;

REZ_BANKS(banks, traffic_bank);

static __always_inline int on_receive(bool btf, struct sk_buff *skb)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct traffic_bank *bank = bpf_map_lookup_elem(&banks, &cpu);

	if (bank) {
		bank->receive_bytes += rez_read(btf, skb, len);
		bank->receive_packets++;
	}
	return 0;
}

static __always_inline int on_transmit(bool btf, struct sk_buff *skb)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct traffic_bank *bank = bpf_map_lookup_elem(&banks, &cpu);

	if (bank) {
		bank->transmit_bytes += rez_read(btf, skb, len);
		bank->transmit_packets++;
	}
	return 0;
}

REZ_TRACEPOINT1(netif_receive_skb, on_receive, struct sk_buff *, skb)
REZ_TRACEPOINT1(net_dev_start_xmit, on_transmit, struct sk_buff *, skb)

char LICENSE[] SEC("license") = "GPL";
