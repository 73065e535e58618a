/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu_perf: cycles and instructions of cgroups: what this CPU's counters moved while a thread was on it. The idle task
 * is left out. A counter that cannot be read is never a count: the span up to the next reading goes to nobody.
 */
#pragma once

/* The perf events of each CPU; empty where the machine has none, and then the part is switched off. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} perf_cycles SEC(".maps"), perf_instructions SEC(".maps");

struct perf_used {
	u64 cycles;
	u64 instructions;
};

/* perf_advance: by how much a counter moved since the last switch on this CPU; `last` is 0 where that is not known. */
static __always_inline u64 perf_advance(void *events, u64 *last, u64 *unread)
{
	struct bpf_perf_event_value now;
	u64 moved = 0;

	if (bpf_perf_event_read_value(events, BPF_F_CURRENT_CPU, &now, sizeof(now))) {
		*last = 0;
		(*unread)++;
		return 0;
	}
	/* It may have been closed and opened again, when the CPU went away and came back. */
	if (*last && now.counter > *last)
		moved = now.counter - *last;
	*last = now.counter;
	return moved;
}

static __always_inline struct perf_used perf_switch(struct sched_bank *bank)
{
	struct perf_used used;

	used.cycles = perf_advance(&perf_cycles, &bank->last_cycles, &bank->unread_counters);
	used.instructions = perf_advance(&perf_instructions, &bank->last_instructions, &bank->unread_counters);
	return used;
}

static __always_inline void perf_switch_out(struct sched_cgroup *row, struct perf_used used)
{
	if (!row)
		return;
	row->cycles += used.cycles;
	row->instructions += used.instructions;
}
