/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scheduler_runqueue: how long threads wait for a CPU, run and are blocked. A thread is enqueued when it is woken or
 * preempted; off-CPU time is the time between two runs less that wait. All times come from one clock read per switch.
 */
#pragma once

static __always_inline void runqueue_switch_out(struct sched_bank *bank, struct sched_cgroup *row,
						struct sched_task *task, bool involuntary, u64 now)
{
	if (task->running_at) {
		if (now >= task->running_at)
			histogram_add(&bank->running, now - task->running_at);
		else
			bank->discarded++;
	}
	task->running_at = 0;
	task->offcpu_at = now;
	/* Blocked: forget a wake-up that hit it while it ran, or its next wait would start there. */
	task->enqueued_at = involuntary ? now : 0;
	if (involuntary)
		bank->involuntary++;
	else
		bank->voluntary++;
	if (!row)
		return;
	if (involuntary)
		row->involuntary++;
	else
		row->voluntary++;
}

static __always_inline void runqueue_switch_in(struct sched_bank *bank, struct sched_cgroup *row,
					       struct cgroup_times *times, struct sched_task *task, u64 now)
{
	u64 wait = 0, off = 0;

	if (task->enqueued_at) {
		if (now >= task->enqueued_at) {
			wait = now - task->enqueued_at;
			histogram_add(&bank->runqueue_latency, wait);
			if (times)
				histogram_add_shared(times->runqueue_latency, wait);
			bank->runqueue_wait += wait;
		} else {
			bank->discarded++;
		}
		task->enqueued_at = 0;
	}
	if (task->offcpu_at) {
		if (now >= task->offcpu_at + wait) {
			off = now - task->offcpu_at - wait;
			/* A preempted thread was never blocked. */
			if (off) {
				histogram_add(&bank->offcpu, off);
				if (times)
					histogram_add_shared(times->offcpu, off);
			}
		} else {
			bank->discarded++;
		}
		task->offcpu_at = 0;
	}
	task->running_at = now;
	if (row) {
		row->runqueue_wait += wait;
		row->offcpu += off;
	}
}
