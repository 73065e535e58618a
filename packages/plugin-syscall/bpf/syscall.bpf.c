// SPDX-License-Identifier: GPL-2.0-only
/* System calls: one program on entry, one on exit; the samplers' parts are strung on them and switched by constants. */
#include <rezolus/bank.h>
#include <rezolus/cgroup.h>
#include <rezolus/histogram.h>
#include <rezolus/probe.h>

#define FAMILIES 16
#define MAX_SYSCALL_ID 1024

const volatile bool counts_enabled = false;
const volatile bool latency_enabled = false;
/* Set in `families`: the call does not come back. */
#define NEVER_RETURNS 0x80

/* Family of each system call of this architecture; filled in by user space, since numbers differ. */
const volatile u8 families[MAX_SYSCALL_ID] = {};

struct syscall_bank {
	struct cgroup_events cgroups;
	/* calls of threads beyond the table (pid_max was raised): counted, but without a latency */
	u64 untracked_tasks;
	u64 reserved[4];
	u64 counts[FAMILIES];
	struct histogram latency[FAMILIES];
} __cacheline_aligned;

struct syscall_cgroup {
	u64 serial;
	u64 counts[FAMILIES];
} __cacheline_aligned;

REZ_BANKS(banks, syscall_bank);
REZ_CGROUP_ROWS(cgroups, syscall_cgroup);

#include "counts/counts.bpf.h"
#include "latency/latency.bpf.h"

static __always_inline u8 entry_of(long id)
{
	/* Unknown and negative numbers are "other". */
	return (u64)id < MAX_SYSCALL_ID ? families[id] : 0;
}

static __always_inline int on_enter(bool btf, struct pt_regs *regs, long id)
{
	struct task_struct *task = btf ? bpf_get_current_task_btf() : (void *)bpf_get_current_task();
	u32 cpu = bpf_get_smp_processor_id();
	struct syscall_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	u8 entry = entry_of(id);
	u32 family = bounded(entry, FAMILIES);

	if (!bank)
		return 0;
	if (counts_enabled)
		counts_enter(btf, bank, task, cpu, family);
	/* A start without an end would be that of the next thread with this id, whose first exit has no entry. */
	if (latency_enabled && !(entry & NEVER_RETURNS))
		latency_enter(bank, rez_read(btf, task, pid), family);
	return 0;
}

static __always_inline int on_exit(bool btf, struct pt_regs *regs, long ret)
{
	struct task_struct *task = btf ? bpf_get_current_task_btf() : (void *)bpf_get_current_task();
	u32 cpu = bpf_get_smp_processor_id();
	struct syscall_bank *bank = bpf_map_lookup_elem(&banks, &cpu);

	if (bank)
		latency_exit(bank, rez_read(btf, task, pid));
	return 0;
}

REZ_TRACEPOINT2(sys_enter, on_enter, struct pt_regs *, regs, long, id)
REZ_TRACEPOINT2(sys_exit, on_exit, struct pt_regs *, regs, long, ret)

char LICENSE[] SEC("license") = "GPL";
