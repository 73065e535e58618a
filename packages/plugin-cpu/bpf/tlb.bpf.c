// SPDX-License-Identifier: GPL-2.0-only
/* TLB flushes. In an object of its own: the tracepoint exists on x86 only. */
#include <rezolus/bank.h>
#include <rezolus/cgroup.h>
#include <rezolus/probe.h>

/* enum tlb_flush_reason has five; one more would be ignored. */
#define REASONS 5

struct tlb_bank {
	struct cgroup_events cgroups;
	u64 flushes[REASONS];
} __cacheline_aligned;

struct tlb_cgroup {
	u64 serial;
	u64 flushes[REASONS];
} __cacheline_aligned;

REZ_BANKS(banks, tlb_bank);
REZ_CGROUP_ROWS(cgroups, tlb_cgroup);

static __always_inline int on_flush(bool btf, int reason, unsigned long pages)
{
	struct task_struct *task = btf ? bpf_get_current_task_btf() : (void *)bpf_get_current_task();
	u32 cpu = bpf_get_smp_processor_id();
	struct tlb_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	u32 slot = bounded(reason, 8);
	struct tlb_cgroup *row;

	if (!bank || slot >= REASONS)
		return 0;
	bank->flushes[slot]++;
	/* A kernel thread or the idle task flushes for whoever it took the CPU from. */
	row = cgroup_row(btf, cgroups, tlb_cgroup, task, cpu, &bank->cgroups);
	if (row)
		row->flushes[slot]++;
	return 0;
}

REZ_TRACEPOINT2(tlb_flush, on_flush, int, reason, unsigned long, pages)

char LICENSE[] SEC("license") = "GPL";
