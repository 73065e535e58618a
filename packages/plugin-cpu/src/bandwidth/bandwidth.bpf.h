/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu_bandwidth: quota and throttling of cgroups, as the kernel's scheduler keeps them. The pass over all threads looks
 * at the cgroup of each and at those above it, each once per pass; nothing is hooked.
 */
#pragma once

#define CGROUP_LEVELS 16

struct bandwidth_row {
	u64 serial;
	/* session of the iterator that wrote it last */
	u64 session;
	/* ns of CPU per period, ~0 = unlimited */
	u64 quota;
	u64 period;
	u64 periods;
	u64 throttled_periods;
	u64 throttled_time;
};

REZ_BANKS(bandwidths, bandwidth_row);

const volatile bool bandwidth_enabled = false;

/* bandwidth_read: one level. Returns whether it was there already, and with it all levels above. */
static __noinline int bandwidth_read(struct cgroup_subsys_state *css, u64 session, struct cgroup_events *events)
{
	struct task_group *group = (void *)css;
	u32 id = BPF_CORE_READ(css, id);
	u64 serial = BPF_CORE_READ(css, serial_nr);
	struct bandwidth_row *row;

	if (!events)
		return 1;
	if (id >= cgroup_capacity) {
		events->unmeasured++;
		return 0;
	}
	row = bpf_map_lookup_elem(&bandwidths, &id);
	if (!row || row->session == session)
		return 1;
	if (row->serial != serial) {
		cgroup_announce(id, css, serial);
		cgroup_started(events, id);
	}
	row->quota = BPF_CORE_READ(group, cfs_bandwidth.quota);
	row->period = BPF_CORE_READ(group, cfs_bandwidth.period);
	row->periods = BPF_CORE_READ(group, cfs_bandwidth.nr_periods);
	row->throttled_periods = BPF_CORE_READ(group, cfs_bandwidth.nr_throttled);
	row->throttled_time = BPF_CORE_READ(group, cfs_bandwidth.throttled_time);
	row->serial = serial;
	row->session = session;
	return 0;
}

static __always_inline void bandwidth_task(struct task_struct *task, u64 session, struct cgroup_events *events)
{
	struct cgroup_subsys_state *css = task_css(true, task);
	int level;

	if (!bpf_core_type_exists(struct cfs_bandwidth))
		return;
#pragma unroll
	for (level = 0; level < CGROUP_LEVELS; level++) {
		if (!css || bandwidth_read(css, session, events))
			return;
		css = BPF_CORE_READ(css, parent);
	}
	/* Nested deeper than that: those above are left to threads that are nearer to them. */
	if (css)
		events->unmeasured++;
}
