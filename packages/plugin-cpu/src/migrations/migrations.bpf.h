/* SPDX-License-Identifier: GPL-2.0-only */
/* cpu_migrations: threads that come onto another CPU than the one they ran on last. */
#pragma once

/* Counted here for the CPU that was left, which is never the one that counts: the one slot with many writers. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} migrations_from SEC(".maps");

static __always_inline void migrations_switch_in(struct sched_bank *bank, struct sched_cgroup *row,
						 struct sched_task *task, u32 cpu)
{
	u32 last = task->last_cpu;
	u64 *from;

	if (last == cpu + 1)
		return;
	task->last_cpu = cpu + 1;
	if (last == 0)
		return;
	last--;
	from = bpf_map_lookup_elem(&migrations_from, &last);
	if (from)
		__sync_fetch_and_add(from, 1);
	bank->migrations_to++;
	if (row)
		row->migrations++;
}
