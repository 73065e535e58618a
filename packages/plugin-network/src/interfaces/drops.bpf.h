/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which reasons of kfree_skb are drops that an operator can do something about: rings, queues, memory, checksums,
 * headers, neighbours and routes. Others, e.g. a closed port or a filter, are the stack at work.
 */
#pragma once

enum { REASON_NEW, REASON_IGNORED, REASON_COUNTED };
#define CACHED_REASONS 256

/* What was found out of each number, by whoever met it first; two that do so at once write the same. */
u8 reason_classes[CACHED_REASONS];

#define REASON_IS(name)                                                                                                \
	(bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_##name) &&                                    \
	 reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_##name))

static __noinline int classify_reason(u32 reason)
{
	if (REASON_IS(CPU_BACKLOG) || REASON_IS(DEV_HDR) || REASON_IS(DEV_READY) || REASON_IS(FULL_RING) ||
	    REASON_IS(HDR_TRUNC) || REASON_IS(ICMP_CSUM) || REASON_IS(IP_CSUM) || REASON_IS(IP_INHDR) ||
	    REASON_IS(IP_INNOROUTES) || REASON_IS(IP_OUTNOROUTES) || REASON_IS(NEIGH_CREATEFAIL) ||
	    REASON_IS(NEIGH_DEAD) || REASON_IS(NEIGH_FAILED) || REASON_IS(NEIGH_QUEUEFULL) || REASON_IS(NOMEM) ||
	    REASON_IS(PKT_TOO_BIG) || REASON_IS(PKT_TOO_SMALL) || REASON_IS(PROTO_MEM) || REASON_IS(QDISC_DROP) ||
	    REASON_IS(SKB_CSUM) || REASON_IS(SOCKET_RCVBUFF) || REASON_IS(TCP_CSUM) || REASON_IS(UDP_CSUM))
		return REASON_COUNTED;
	/* Were QDISC_DROP until queues said what happened to them (6.14 and later). */
	if (REASON_IS(QDISC_CONGESTED) || REASON_IS(QDISC_OVERLIMIT))
		return REASON_COUNTED;
	return REASON_IGNORED;
}

/* counts_as_drop: one load for a number that was met before; those of subsystems begin at 65536 and are never counted. */
static __always_inline bool counts_as_drop(u32 reason)
{
	u8 class;

	if (reason >= CACHED_REASONS)
		return false;
	class = reason_classes[bounded(reason, CACHED_REASONS)];
	if (class == REASON_NEW) {
		class = classify_reason(reason);
		reason_classes[bounded(reason, CACHED_REASONS)] = class;
	}
	return class == REASON_COUNTED;
}
