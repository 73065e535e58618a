// SPDX-License-Identifier: GPL-2.0-only
/* Programs started, and how long processes lived. The work per event is fixed: one look-up, one add. */
#include <rezolus/bank.h>
#include <rezolus/histogram.h>
#include <rezolus/probe.h>

/* One per CPU. A program does not nest on its CPU, so a plain add is enough. */
struct my_sampler_bank {
	u64 started;
	struct histogram lifetime;
} __cacheline_aligned;

REZ_BANKS(banks, my_sampler_bank);

static __always_inline struct my_sampler_bank *own_bank(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&banks, &cpu);
}

static __always_inline int on_exec(bool btf, struct task_struct *task)
{
	struct my_sampler_bank *bank = own_bank();

	if (bank)
		bank->started++;
	return 0;
}

static __always_inline int on_exit(bool btf, struct task_struct *task)
{
	struct my_sampler_bank *bank = own_bank();

	/* A process is over with its first thread. */
	if (bank && rez_read(btf, task, pid) == rez_read(btf, task, tgid))
		histogram_add(&bank->lifetime, bpf_ktime_get_ns() - rez_read(btf, task, start_time));
	return 0;
}

REZ_TRACEPOINT1(sched_process_exec, on_exec, struct task_struct *, task)
REZ_TRACEPOINT1(sched_process_exit, on_exit, struct task_struct *, task)

char LICENSE[] SEC("license") = "GPL";
