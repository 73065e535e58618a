/* SPDX-License-Identifier: GPL-2.0-only */
/* tcp_traffic: what passes between TCP and the programs that use it. Three objects hook it in three ways. */
#pragma once
#include <rezolus/bank.h>
#include <rezolus/histogram.h>
#include <rezolus/probe.h>

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6

enum traffic_direction { RECEIVE, TRANSMIT, DIRECTIONS };

struct traffic_bank {
	u64 bytes[DIRECTIONS];
	u64 packets[DIRECTIONS];
	u64 reserved[4];
	struct histogram sizes[DIRECTIONS];
} __cacheline_aligned;

REZ_BANKS(banks, traffic_bank);

static __always_inline bool is_tcp(bool btf, struct sock *sk)
{
	u16 family = rez_read(btf, sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) && rez_read(btf, sk, sk_protocol) == IPPROTO_TCP;
}

/* traffic_add: counts one call that moved `length` bytes; an error or nothing moved is no call. */
static __always_inline int traffic_add(u32 index, enum traffic_direction direction, int length)
{
	struct traffic_bank *bank = length > 0 ? bpf_map_lookup_elem(&banks, &index) : 0;

	if (bank) {
		bank->bytes[direction] += length;
		bank->packets[direction]++;
		histogram_add(&bank->sizes[direction], length);
	}
	return 0;
}
