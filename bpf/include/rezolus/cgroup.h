/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Attribution to cgroups. The key is the id of the task's cpu-controller state: a small number that the kernel reuses
 * after deletion; its serial number tells the generations apart. Each CPU has its own row per id and starts it at zero
 * when it first meets a new serial, so no CPU ever clears what another one writes; user space sums the rows whose
 * serial is the current one. A removed cgroup is marked, and what its rows hold moves to row 0, the sum of those that
 * ended, when the kernel reuses the id. (task->sched_task_group would be nearer, but is 0 for tasks in an autogroup.)
 */
#pragma once
#include "bank.h"
#include "probe.h"

#define CGROUP_NAME_LEN 64

/* cgroup_name: who a cgroup is, written once per serial and looked up when user space meets a new one. */
struct cgroup_name {
	/* kernfs id: inode number of the directory in its hierarchy */
	u64 kn_id;
	s32 level;
	u32 reserved;
	char name[CGROUP_NAME_LEN];
	char parent[CGROUP_NAME_LEN];
	char grandparent[CGROUP_NAME_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cgroup_name);
} cgroup_names SEC(".maps");

/* In cgroup_serials: the cgroup was removed. Serial numbers are counted up from 1 and never get here. */
#define CGROUP_REMOVED (1ULL << 63)

/* cgroup_serials: the cgroup that has an id now; written after its name. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_serials SEC(".maps");

/* cgroup_removals: how many cgroups were removed: a change means that there are series to end. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_removals SEC(".maps");

/* cgroup_capacity: ids from 0 to this - 1 are measured; equals the entries of cgroup_names and cgroup_serials. */
const volatile u32 cgroup_capacity = 1;

/* cgroup_events: per CPU, what user space needs to know of the table. */
struct cgroup_events {
	/* rows started on this CPU: a change means that there are names to read */
	u64 started;
	/* largest id among them: nothing is in the table beyond it */
	u64 highest;
	/* events of cgroups whose id is beyond cgroup_capacity: not attributed */
	u64 unmeasured;
};

static __always_inline void cgroup_started(struct cgroup_events *events, u32 id)
{
	if (id > events->highest)
		events->highest = id;
	events->started++;
}

/*
 * REZ_CGROUP_ROWS: the map `map_name` with one `struct struct_name` per (CPU, cgroup): `u64 serial`, then only u64
 * counters. Ids begin at 1: row 0 of a CPU is the sum of cgroups that ended.
 */
#define REZ_CGROUP_ROWS(map_name, struct_name) REZ_BANKS(map_name, struct_name)

static __always_inline struct cgroup_subsys_state *task_css(bool btf, struct task_struct *task)
{
	u32 index = bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id);
	struct cgroup_subsys_state *css = 0;
	struct css_set *set;

	if (btf) {
		set = task->cgroups;
		return *(struct cgroup_subsys_state **)((void *)set->subsys + index * sizeof(void *));
	}
	set = BPF_CORE_READ(task, cgroups);
	bpf_core_read(&css, sizeof(css), (void *)set + bpf_core_field_offset(set->subsys) + index * sizeof(void *));
	return css;
}

/* cgroup_ref: the cgroup of a task: what is needed to count for it. */
struct cgroup_ref {
	/* may be 0 where the cgroup was met before */
	struct cgroup_subsys_state *css;
	u64 serial;
	u32 id;
};

static __always_inline struct cgroup_ref cgroup_of(bool btf, struct task_struct *task)
{
	/* A variable of its own: through the member, CO-RE would look for our struct in the kernel. */
	struct cgroup_subsys_state *css = task_css(btf, task);
	struct cgroup_ref ref = { .css = css };

	ref.id = rez_read(btf, css, id);
	ref.serial = rez_read(btf, css, serial_nr);
	return ref;
}

/* cgroup_announce: writes the name of a cgroup that was not seen before. Rare: once per cgroup. */
static __noinline int cgroup_announce(u32 id, struct cgroup_subsys_state *css, u64 serial)
{
	struct cgroup_name *entry = bpf_map_lookup_elem(&cgroup_names, &id);
	u64 *current = bpf_map_lookup_elem(&cgroup_serials, &id);
	struct kernfs_node *kn;
	u64 before;

	if (!entry || !current)
		return 0;
	before = *current;
	if ((before & ~CGROUP_REMOVED) == serial)
		return 0;
	kn = BPF_CORE_READ(css, cgroup, kn);
	entry->kn_id = BPF_CORE_READ(kn, id);
	entry->level = BPF_CORE_READ(css, cgroup, level);
	entry->name[0] = entry->parent[0] = entry->grandparent[0] = 0;
	bpf_probe_read_kernel_str(entry->name, CGROUP_NAME_LEN, BPF_CORE_READ(kn, name));
	kn = kernfs_parent(kn);
	if (kn) {
		bpf_probe_read_kernel_str(entry->parent, CGROUP_NAME_LEN, BPF_CORE_READ(kn, name));
		kn = kernfs_parent(kn);
	}
	if (kn)
		bpf_probe_read_kernel_str(entry->grandparent, CGROUP_NAME_LEN, BPF_CORE_READ(kn, name));
	/* Unless it was removed meanwhile. */
	__sync_val_compare_and_swap(current, before, serial);
	return 0;
}

/*
 * cgroup_row_start: gives a row to another cgroup: moves what it holds to the row `ended`. By exchanges: an iterator may
 * be interrupted here by another program that starts the row as well, and nothing may be lost or counted twice.
 */
static __noinline int cgroup_row_start(u64 *row, u64 *ended, u32 words, u64 serial)
{
	u64 count;
	u32 i;

	if (!row || !ended)
		return 0;
	row[0] = 0;
	for (i = 1; i < words; i++) {
		count = __sync_lock_test_and_set(&row[i], 0);
		if (count)
			__sync_fetch_and_add(&ended[i], count);
	}
	row[0] = serial;
	return 0;
}

/*
 * cgroup_row_of: this CPU's row of a cgroup, started at zero where the cgroup is new to this CPU. Evaluates to NULL
 * where the id is beyond the capacity, and counts that. `rows` is a REZ_CGROUP_ROWS map, `struct_name` its struct.
 */
#define cgroup_row_of(rows, struct_name, ref, cpu, events)                                                             \
	({                                                                                                             \
		u32 __ended = (cpu) * cgroup_capacity, __key = __ended + (ref).id;                                     \
		struct struct_name *__row = (ref).id < cgroup_capacity ? bpf_map_lookup_elem(&(rows), &__key) : 0;     \
		if (!__row)                                                                                            \
			(events)->unmeasured++;                                                                        \
		else if (__row->serial != (ref).serial) {                                                              \
			/* In this order: user space takes a row whose serial it does not know for one that ended. */         \
			cgroup_announce((ref).id, (ref).css, (ref).serial);                                            \
			cgroup_row_start((void *)__row, bpf_map_lookup_elem(&(rows), &__ended), sizeof(*__row) / 8,    \
					 (ref).serial);                                                                \
			cgroup_started(events, (ref).id);                                                              \
		}                                                                                                      \
		__row;                                                                                                 \
	})

/* cgroup_row: the same for the cgroup of a task. */
#define cgroup_row(btf, rows, struct_name, task, cpu, events)                                                          \
	({                                                                                                             \
		struct cgroup_ref __ref = cgroup_of(btf, task);                                                        \
		cgroup_row_of(rows, struct_name, __ref, cpu, events);                                                  \
	})

/* A cgroup without a cpu controller of its own was never met: its threads count for the one above. */
static __always_inline int on_cgroup_rmdir(bool btf, struct cgroup *cgroup, const char *path)
{
	u32 index = bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id), zero = 0, id;
	u64 *removals = bpf_map_lookup_elem(&cgroup_removals, &zero), *current;
	struct cgroup_subsys_state *css = 0;

	bpf_core_read(&css, sizeof(css), (void *)cgroup + bpf_core_field_offset(cgroup->subsys) + index * sizeof(css));
	if (!css || !removals)
		return 0;
	id = BPF_CORE_READ(css, id);
	current = bpf_map_lookup_elem(&cgroup_serials, &id);
	if (!current)
		return 0;
	/* Also where it was not met: threads that are about to end may still come across. */
	*current = BPF_CORE_READ(css, serial_nr) | CGROUP_REMOVED;
	__sync_fetch_and_add(removals, 1);
	return 0;
}

/* The controller state is still there: it is let go only under the lock that is held here. */
REZ_TRACEPOINT2(cgroup_rmdir, on_cgroup_rmdir, struct cgroup *, cgroup, const char *, path)
