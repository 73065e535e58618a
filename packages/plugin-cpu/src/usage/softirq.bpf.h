/* SPDX-License-Identifier: GPL-2.0-only */
/* Softirqs: how many and how long, per vector. They do not nest on a CPU, so one start time per CPU is enough. */
#pragma once

#define SOFTIRQ_VECTORS 16

struct softirq_bank {
	u64 started_at;
	u64 count[SOFTIRQ_VECTORS];
	u64 time[SOFTIRQ_VECTORS];
} __cacheline_aligned;

REZ_BANKS(softirqs, softirq_bank);

/* No twins on raw tracepoints: the iterator in this object needs a kernel with BTF anyway. */
SEC("tp_btf/softirq_entry") int BPF_PROG(softirq_entry, unsigned int vector)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct softirq_bank *bank = bpf_map_lookup_elem(&softirqs, &cpu);

	if (bank)
		bank->started_at = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/softirq_exit") int BPF_PROG(softirq_exit, unsigned int vector)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct softirq_bank *bank = bpf_map_lookup_elem(&softirqs, &cpu);

	/* No start: the agent came in the middle of this one. */
	if (!bank || !bank->started_at || vector >= SOFTIRQ_VECTORS)
		return 0;
	vector = bounded(vector, SOFTIRQ_VECTORS);
	bank->count[vector]++;
	bank->time[vector] += bpf_ktime_get_ns() - bank->started_at;
	bank->started_at = 0;
	return 0;
}
