// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults of x86: the tracepoints exceptions:page_fault_* are where one begins. No tracepoint is where one ends; the
 * kernel counts it there for the software events page-faults-min and page-faults-maj, and those can run a program.
 */
#include <rezolus/bank.h>
#include <rezolus/cgroup.h>
#include <rezolus/histogram.h>
#include <rezolus/probe.h>

/* In which mode the CPU was: user, kernel. */
#define MODES 2
/* What it took: minor = no I/O, major = I/O. */
#define KINDS 2

const volatile bool counts_enabled = false;
const volatile bool latency_enabled = false;

struct pagefault_bank {
	struct cgroup_events cgroups;
	/* faults of threads beyond the table (pid_max was raised): counted, but without a latency */
	u64 untracked_tasks;
	u64 reserved[4];
	u64 faults[MODES];
	struct histogram latency[KINDS];
} __cacheline_aligned;

struct pagefault_cgroup {
	u64 serial;
	u64 faults[MODES];
	u64 ended[KINDS];
	u64 time[KINDS];
} __cacheline_aligned;

REZ_BANKS(banks, pagefault_bank);
REZ_CGROUP_ROWS(cgroups, pagefault_cgroup);

#include "counts/counts.bpf.h"
#include "latency/latency.bpf.h"

static __always_inline int on_fault(bool btf, u32 mode)
{
	struct task_struct *task = btf ? bpf_get_current_task_btf() : (void *)bpf_get_current_task();
	u32 cpu = bpf_get_smp_processor_id();
	struct pagefault_bank *bank = bpf_map_lookup_elem(&banks, &cpu);

	if (!bank)
		return 0;
	if (counts_enabled)
		counts_begin(btf, bank, task, cpu, mode);
	if (latency_enabled)
		latency_begin(bank, rez_read(btf, task, pid));
	return 0;
}

static __always_inline int on_user_fault(bool btf, unsigned long address) { return on_fault(btf, 0); }
static __always_inline int on_kernel_fault(bool btf, unsigned long address) { return on_fault(btf, 1); }

REZ_TRACEPOINT1(page_fault_user, on_user_fault, unsigned long, address)
REZ_TRACEPOINT1(page_fault_kernel, on_kernel_fault, unsigned long, address)

/* As at the tracepoints, with typed pointers and without. The result says that no sample is wanted. */
SEC("perf_event") int ended_minor_btf(void *context) { return latency_end(true, 0); }
SEC("perf_event") int ended_major_btf(void *context) { return latency_end(true, 1); }
SEC("perf_event") int ended_minor_raw(void *context) { return latency_end(false, 0); }
SEC("perf_event") int ended_major_raw(void *context) { return latency_end(false, 1); }

char LICENSE[] SEC("license") = "GPL";
