/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * H2 histogram, grouping power 3, values to 2^64 - 1: 496 buckets, none wider than 12.5 % of its lower end. The same
 * function as bucketIndex() of @rezolus/core. BPF has no count-leading-zeros and we want no loop: five halvings.
 */
#pragma once
#include "kernel.h"

#define HISTOGRAM_GROUPING_POWER 3
#define HISTOGRAM_BUCKETS 496

/* histogram: counts and the exact sum of the values; read by sumHistograms() of @rezolus/libbpf. */
struct histogram {
	u64 sum;
	u64 buckets[HISTOGRAM_BUCKETS];
};

/* log2_u64: position of the highest set bit; v must not be 0. */
static __always_inline u32 log2_u64(u64 v)
{
	u32 r = 0, shift;

	shift = (v > 0xffffffffULL) << 5; v >>= shift; r |= shift;
	shift = (v > 0xffffULL) << 4; v >>= shift; r |= shift;
	shift = (v > 0xffULL) << 3; v >>= shift; r |= shift;
	shift = (v > 0xfULL) << 2; v >>= shift; r |= shift;
	shift = (v > 0x3ULL) << 1; v >>= shift; r |= shift;
	return r | (u32)(v >> 1);
}

static __always_inline u32 histogram_index(u64 value)
{
	u32 power;

	if (value < (2 << HISTOGRAM_GROUPING_POWER))
		return value;
	power = log2_u64(value);
	return ((power - HISTOGRAM_GROUPING_POWER) << HISTOGRAM_GROUPING_POWER) +
	       (u32)(value >> (power - HISTOGRAM_GROUPING_POWER));
}

/* histogram_add: counts a value. The bank belongs to this CPU, so no atomics. */
static __always_inline void histogram_add(struct histogram *histogram, u64 value)
{
	u32 index = histogram_index(value);

	/* Keeps the check below on the very register that indexes; the verifier would lose it otherwise. */
	asm volatile("" : "+r"(index));
	if (index < HISTOGRAM_BUCKETS)
		histogram->buckets[index]++;
	histogram->sum += value;
}

/* histogram_add_shared: counts a value in a histogram that all CPUs share. */
static __always_inline void histogram_add_shared(u64 *buckets, u64 value)
{
	u32 index = histogram_index(value);

	asm volatile("" : "+r"(index));
	if (index < HISTOGRAM_BUCKETS)
		__sync_fetch_and_add(&buckets[index], 1);
}
