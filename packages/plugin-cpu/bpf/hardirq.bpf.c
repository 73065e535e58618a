// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hard interrupts: how many and how long. They do not nest on a CPU (since e58aa3d2d0cc, "genirq: Run irq handlers with
 * interrupts disabled", 2.6.35), so one start time per CPU is enough. The hooks are around each handler. Not per interrupt
 * line: /proc/interrupts counts those, and a slot per line and CPU would have to be read at every refresh.
 */
#include <rezolus/bank.h>
#include <rezolus/probe.h>

struct hardirq_bank {
	u64 started_at;
	u64 count;
	u64 time;
} __cacheline_aligned;

REZ_BANKS(banks, hardirq_bank);

static __always_inline int on_entry(bool btf, int irq, struct irqaction *action)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct hardirq_bank *bank = bpf_map_lookup_elem(&banks, &cpu);

	if (bank)
		bank->started_at = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int on_exit(bool btf, int irq, struct irqaction *action, int result)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct hardirq_bank *bank = bpf_map_lookup_elem(&banks, &cpu);

	/* No start: the agent came in the middle of this one. */
	if (!bank || !bank->started_at)
		return 0;
	bank->time += bpf_ktime_get_ns() - bank->started_at;
	bank->started_at = 0;
	/* The last handler of a line that devices share: all were asked, and it is one interrupt. */
	if (!rez_read(btf, action, next))
		bank->count++;
	return 0;
}

REZ_TRACEPOINT2(irq_handler_entry, on_entry, int, irq, struct irqaction *, action)
REZ_TRACEPOINT3(irq_handler_exit, on_exit, int, irq, struct irqaction *, action, int, result)

char LICENSE[] SEC("license") = "GPL";
