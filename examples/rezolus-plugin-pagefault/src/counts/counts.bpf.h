/* SPDX-License-Identifier: GPL-2.0-only */
/* pagefault_counts: faults by mode, host-wide and per cgroup. */
#pragma once

static __always_inline void counts_begin(bool btf, struct pagefault_bank *bank, struct task_struct *task, u32 cpu,
					 u32 mode)
{
	struct pagefault_cgroup *row = cgroup_row(btf, cgroups, pagefault_cgroup, task, cpu, &bank->cgroups);

	bank->faults[mode]++;
	if (row)
		row->faults[mode]++;
}
