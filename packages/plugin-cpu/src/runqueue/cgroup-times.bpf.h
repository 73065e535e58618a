/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histograms of a cgroup. All CPUs share them, so that they take 8 KB per cgroup and not per cgroup and CPU: hence
 * atomics. The key is the id of the cgroup, as in cgroup.h. Ids are reused only after a grace period, so nobody counts
 * for the old cgroup any more when the first one clears the histograms for the new one.
 */
#pragma once

/* cgroup_times: `claimed` says which serial somebody has begun to clear them for, `serial` whose they are. */
struct cgroup_times {
	u64 serial;
	u64 claimed;
	u64 runqueue_latency[HISTOGRAM_BUCKETS];
	u64 offcpu[HISTOGRAM_BUCKETS];
} __cacheline_aligned;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cgroup_times);
} cgroup_histograms SEC(".maps");

/* cgroup_histograms_capacity: ids below this have histograms; equals the entries of cgroup_histograms, or 0. */
const volatile u32 cgroup_histograms_capacity = 0;

/* Never written: what histograms are cleared with. */
u64 no_times[2][HISTOGRAM_BUCKETS];

/* cgroup_times_start: clears the histograms for a new cgroup. 0 for all but one of those who come at that time. */
static __noinline int cgroup_times_start(struct cgroup_times *times, u64 serial)
{
	u64 before;

	if (!times)
		return 0;
	before = times->claimed;
	if (before == serial || __sync_val_compare_and_swap(&times->claimed, before, serial) != before)
		return 0;
	times->serial = 0;
	bpf_probe_read_kernel(times->runqueue_latency, sizeof(no_times), no_times);
	/* An exchange, for the order: whoever sees the serial sees the histograms empty. */
	__sync_lock_test_and_set(&times->serial, serial);
	return 1;
}

static __always_inline struct cgroup_times *cgroup_times_of(struct sched_bank *bank, const struct cgroup_ref *ref)
{
	u32 id = ref->id;
	struct cgroup_times *times = id < cgroup_histograms_capacity ? bpf_map_lookup_elem(&cgroup_histograms, &id) : 0;

	if (!times) {
		bank->cgroups_without_histograms++;
		return 0;
	}
	if (times->serial != ref->serial && !cgroup_times_start(times, ref->serial)) {
		bank->cgroup_histograms_raced++;
		return 0;
	}
	return times;
}
