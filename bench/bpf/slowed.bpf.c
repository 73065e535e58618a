// SPDX-License-Identifier: GPL-2.0-only
/* A program that takes long on purpose: a bench that does not see it measures nothing. */
#include <rezolus/kernel.h>

#define CLOCK_READS 20

u64 last_read;

SEC("tp_btf/sys_enter") int sys_enter(void *ctx)
{
	u32 i;

	for (i = 0; i < CLOCK_READS; i++)
		last_read = bpf_ktime_get_ns();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
