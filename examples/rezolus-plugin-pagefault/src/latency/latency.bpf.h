/* SPDX-License-Identifier: GPL-2.0-only */
/* pagefault_latency: time from the exception to where the kernel counts the fault as done. */
#pragma once

struct pagefault_start {
	u64 ns;
};

REZ_PER_TASK(starts, pagefault_start);

static __always_inline void latency_begin(struct pagefault_bank *bank, u32 pid)
{
	struct pagefault_start *start = bpf_map_lookup_elem(&starts, &pid);

	/* What ends in a signal leaves its start behind; the next fault of the thread replaces it. */
	if (start)
		start->ns = bpf_ktime_get_ns();
	else
		bank->untracked_tasks++;
}

static __always_inline int latency_end(bool btf, u32 kind)
{
	struct task_struct *task = btf ? bpf_get_current_task_btf() : (void *)bpf_get_current_task();
	u32 cpu = bpf_get_smp_processor_id(), pid = rez_read(btf, task, pid);
	struct pagefault_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	struct pagefault_start *start = bpf_map_lookup_elem(&starts, &pid);
	struct pagefault_cgroup *row;
	u64 took;

	/* Begun before the samplers were. */
	if (!bank || !start || !start->ns)
		return 0;
	took = bpf_ktime_get_ns() - start->ns;
	start->ns = 0;
	histogram_add(&bank->latency[kind], took);
	row = cgroup_row(btf, cgroups, pagefault_cgroup, task, cpu, &bank->cgroups);
	if (row) {
		row->ended[kind]++;
		row->time[kind] += took;
	}
	return 0;
}
