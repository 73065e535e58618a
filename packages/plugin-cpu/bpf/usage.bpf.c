// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU time of threads and cgroups, their quota, and softirqs. What the kernel keeps is pulled when somebody asks, by one
 * pass over all threads (CPU states come from /proc/stat). Only what it does not keep is instrumented: softirq time, and
 * the last account of a thread that exits between two passes.
 */
#include <rezolus/bank.h>
#include <rezolus/cgroup.h>
#include <rezolus/probe.h>

struct usage_bank {
	struct cgroup_events cgroups;
	u64 exited;
	/* times that a thread was passed over because the kernel had no memory for its account */
	u64 unaccounted;
} __cacheline_aligned;

struct usage_cgroup {
	u64 serial;
	u64 user;
	u64 system;
	u64 exited;
} __cacheline_aligned;

REZ_BANKS(banks, usage_bank);
REZ_CGROUP_ROWS(cgroups, usage_cgroup);

#include "bandwidth/bandwidth.bpf.h"
#include "usage/softirq.bpf.h"
#include "usage/tasks.bpf.h"

SEC("iter/task") int read_tasks(struct bpf_iter__task *ctx)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct usage_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	/* Read once: the verifier wants the context untouched at each access. */
	struct bpf_iter_meta *meta = ctx->meta;
	struct task_struct *task = ctx->task;

	if (!task || !bank)
		return 0;
	if (usage_enabled)
		usage_task(task, meta->seq, bank, cpu);
	if (bandwidth_enabled)
		bandwidth_task(task, meta->session_id, &bank->cgroups);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
