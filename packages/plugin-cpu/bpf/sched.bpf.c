// SPDX-License-Identifier: GPL-2.0-only
/* The scheduler's hooks, one program each; the samplers' parts are strung on them and switched by constants. */
#include <rezolus/bank.h>
#include <rezolus/cgroup.h>
#include <rezolus/histogram.h>
#include <rezolus/probe.h>

const volatile bool runqueue_enabled = false;
const volatile bool migrations_enabled = false;
const volatile bool perf_enabled = false;

/* sched_task: what the scheduler's samplers remember of a thread; times in ns, 0 = not known. */
struct sched_task {
	u64 enqueued_at;
	u64 offcpu_at;
	u64 running_at;
	/* CPU it ran on last, + 1 */
	u32 last_cpu;
	u32 reserved;
};

struct sched_bank {
	struct cgroup_events cgroups;
	/* events of threads beyond the table (pid_max was raised) */
	u64 untracked_tasks;
	u64 involuntary;
	u64 voluntary;
	u64 idle_exits;
	u64 runqueue_wait;
	u64 discarded;
	u64 migrations_to;
	/* readings of the perf events at the last switch, 0 = not known */
	u64 last_cycles;
	u64 last_instructions;
	u64 unread_counters;
	/* switches to threads of cgroups beyond the table of histograms */
	u64 cgroups_without_histograms;
	/* switches that fell into the moment in which another CPU started the histograms of their cgroup */
	u64 cgroup_histograms_raced;
	struct histogram runqueue_latency;
	struct histogram running;
	struct histogram offcpu;
} __cacheline_aligned;

struct sched_cgroup {
	u64 serial;
	u64 involuntary;
	u64 voluntary;
	u64 runqueue_wait;
	u64 offcpu;
	u64 migrations;
	u64 cycles;
	u64 instructions;
} __cacheline_aligned;

REZ_BANKS(banks, sched_bank);
REZ_CGROUP_ROWS(cgroups, sched_cgroup);
REZ_PER_TASK(tasks, sched_task);

#include "migrations/migrations.bpf.h"
#include "perf/perf.bpf.h"
#include "runqueue/cgroup-times.bpf.h"
#include "runqueue/runqueue.bpf.h"

static __always_inline int on_switch(bool btf, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u32 cpu = bpf_get_smp_processor_id();
	u32 prev_pid = rez_read(btf, prev, pid);
	u32 next_pid = rez_read(btf, next, pid);
	struct sched_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	u64 now = runqueue_enabled ? bpf_ktime_get_ns() : 0;
	struct cgroup_times *times = 0;
	struct perf_used used = {};
	struct cgroup_ref ref;
	struct sched_cgroup *row;
	struct sched_task *task;

	if (!bank)
		return 0;
	if (perf_enabled)
		used = perf_switch(bank);

	/* The idle task is never tracked: its slot would be shared by all CPUs. */
	if (prev_pid == 0) {
		bank->idle_exits++;
	} else if (runqueue_enabled || perf_enabled) {
		row = cgroup_row(btf, cgroups, sched_cgroup, prev, cpu, &bank->cgroups);
		if (perf_enabled)
			perf_switch_out(row, used);
		task = runqueue_enabled ? bpf_map_lookup_elem(&tasks, &prev_pid) : 0;
		if (task)
			runqueue_switch_out(bank, row, task, preempt || task_state(btf, prev) == 0, now);
		else if (runqueue_enabled)
			bank->untracked_tasks++;
	}
	if (next_pid != 0 && (runqueue_enabled || migrations_enabled)) {
		task = bpf_map_lookup_elem(&tasks, &next_pid);
		ref = cgroup_of(btf, next);
		row = cgroup_row_of(cgroups, sched_cgroup, ref, cpu, &bank->cgroups);
		if (!task) {
			bank->untracked_tasks++;
			return 0;
		}
		if (runqueue_enabled && cgroup_histograms_capacity)
			times = cgroup_times_of(bank, &ref);
		if (runqueue_enabled)
			runqueue_switch_in(bank, row, times, task, now);
		if (migrations_enabled)
			migrations_switch_in(bank, row, task, cpu);
	}
	return 0;
}

static __always_inline int on_wakeup(bool btf, struct task_struct *woken)
{
	u32 pid = rez_read(btf, woken, pid);
	struct sched_task *task = bpf_map_lookup_elem(&tasks, &pid);

	if (task && task->enqueued_at == 0)
		task->enqueued_at = bpf_ktime_get_ns();
	return 0;
}

/* A new thread may have the id of a dead one: whatever is remembered under it is not its own. */
static __always_inline int on_wakeup_new(bool btf, struct task_struct *woken)
{
	u32 pid = rez_read(btf, woken, pid);
	struct sched_task *task = bpf_map_lookup_elem(&tasks, &pid);

	if (task) {
		task->enqueued_at = runqueue_enabled ? bpf_ktime_get_ns() : 0;
		task->offcpu_at = 0;
		task->running_at = 0;
		task->last_cpu = 0;
	}
	return 0;
}

REZ_TRACEPOINT3(sched_switch, on_switch, bool, preempt, struct task_struct *, prev, struct task_struct *, next)
REZ_TRACEPOINT1(sched_wakeup, on_wakeup, struct task_struct *, woken)
REZ_TRACEPOINT1(sched_wakeup_new, on_wakeup_new, struct task_struct *, woken)

char LICENSE[] SEC("license") = "GPL";
