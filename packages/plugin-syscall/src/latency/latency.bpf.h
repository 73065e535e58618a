/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * syscall_latency: time from entry to exit by family, calls that sleep included. Start time and family share one word
 * per thread: 56 bits of ns (differences stay right across the wrap after 833 days) and 8 bits of family + 1.
 */
#pragma once

#define START_BITS 56
#define START_MASK ((1ULL << START_BITS) - 1)

struct syscall_start {
	u64 word;
};

REZ_PER_TASK(starts, syscall_start);

static __always_inline void latency_enter(struct syscall_bank *bank, u32 pid, u32 family)
{
	struct syscall_start *start = bpf_map_lookup_elem(&starts, &pid);

	if (start)
		start->word = (bpf_ktime_get_ns() & START_MASK) | ((u64)(family + 1) << START_BITS);
	else
		bank->untracked_tasks++;
}

static __always_inline void latency_exit(struct syscall_bank *bank, u32 pid)
{
	struct syscall_start *start = bpf_map_lookup_elem(&starts, &pid);
	u64 word;

	if (!start)
		return;
	word = start->word;
	/* No entry: the call began before the agent did. */
	if (!word)
		return;
	start->word = 0;
	histogram_add(&bank->latency[bounded((word >> START_BITS) - 1, FAMILIES)],
		      (bpf_ktime_get_ns() - word) & START_MASK);
}
