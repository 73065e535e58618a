/* SPDX-License-Identifier: GPL-2.0-only */
/* syscall_counts: calls by family, host-wide and per cgroup. */
#pragma once

static __always_inline void counts_enter(bool btf, struct syscall_bank *bank, struct task_struct *task, u32 cpu,
					 u32 family)
{
	struct syscall_cgroup *row = cgroup_row(btf, cgroups, syscall_cgroup, task, cpu, &bank->cgroups);

	bank->counts[family]++;
	if (row)
		row->counts[family]++;
}
