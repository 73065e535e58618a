/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Attribution to cgroups. The key is the id of the task's cpu-controller state: a small number that the kernel reuses
 * after deletion; its serial number tells the generations apart. Each CPU has its own row per id and starts it at zero
 * when it first meets a new serial, so no CPU ever clears what another one writes; user space sums the rows whose
 * serial is the current one. (task->sched_task_group would be nearer, but is 0 for tasks in an autogroup.)
 */
#pragma once
#include "bank.h"

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

/* cgroup_serials: the cgroup that has an id now; written after its name. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cgroup_serials SEC(".maps");

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

/* REZ_CGROUP_ROWS: the map `map_name` with one `struct struct_name` per (CPU, cgroup); its first member is `u64 serial`. */
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

/* cgroup_announce: writes the name of a cgroup that was not seen before. Rare: once per cgroup. */
static __noinline int cgroup_announce(u32 id, struct cgroup_subsys_state *css, u64 serial)
{
	struct cgroup_name *entry = bpf_map_lookup_elem(&cgroup_names, &id);
	u64 *current = bpf_map_lookup_elem(&cgroup_serials, &id);
	struct kernfs_node *kn;

	if (!entry || !current || *current == serial)
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
	*current = serial;
	return 0;
}

/*
 * cgroup_row: this CPU's row of the task's cgroup, started at zero where the cgroup is new to this CPU. Evaluates to
 * NULL where the id is beyond the capacity, and counts that. `rows` is a REZ_CGROUP_ROWS map, `struct_name` its struct.
 */
#define cgroup_row(btf, rows, struct_name, task, cpu, events)                                                               \
	({                                                                                                             \
		struct cgroup_subsys_state *__css = task_css(btf, task);                                               \
		u32 __id = rez_read(btf, __css, id);                                                                   \
		u64 __serial = rez_read(btf, __css, serial_nr);                                                        \
		u32 __key = (cpu) * cgroup_capacity + __id;                                                            \
		struct struct_name *__row = __id < cgroup_capacity ? bpf_map_lookup_elem(&(rows), &__key) : 0;                \
		if (!__row)                                                                                            \
			(events)->unmeasured++;                                                                        \
		else if (__row->serial != __serial) {                                                                  \
			__builtin_memset(__row, 0, sizeof(*__row));                                                    \
			__row->serial = __serial;                                                                      \
			cgroup_announce(__id, __css, __serial);                                                        \
			cgroup_started(events, __id);                                                                  \
		}                                                                                                      \
		__row;                                                                                                 \
	})
