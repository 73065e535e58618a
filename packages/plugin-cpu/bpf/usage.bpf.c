// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU time of threads and cgroups, and softirqs. What the kernel keeps is pulled when somebody asks: threads by the
 * task iterator (CPU states come from /proc/stat). Only what it does not keep is instrumented: softirq time, and the
 * last account of a thread that exits between two reads.
 */
#include <rezolus/bank.h>
#include <rezolus/cgroup.h>
#include <rezolus/probe.h>

struct usage_bank {
	struct cgroup_events cgroups;
	u64 exited;
} __cacheline_aligned;

struct usage_cgroup {
	u64 serial;
	u64 user;
	u64 system;
	u64 exited;
} __cacheline_aligned;

REZ_BANKS(banks, usage_bank);
REZ_CGROUP_ROWS(cgroups, usage_cgroup);

#include "usage/softirq.bpf.h"
#include "usage/tasks.bpf.h"

char LICENSE[] SEC("license") = "GPL";
