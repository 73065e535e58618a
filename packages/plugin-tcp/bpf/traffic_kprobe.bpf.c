// SPDX-License-Identifier: GPL-2.0-only
/*
 * tcp_traffic by kprobes, which see what is asked for and not what came of it. No kretprobes: calls that sleep hold an
 * instance each, and beyond their number calls are lost.
 */
#include "traffic/traffic.bpf.h"

SEC("kprobe/tcp_sendmsg") int tcp_sendmsg(struct pt_regs *regs)
{
	u64 size = kprobe_arg3(regs);

	return traffic_add(bpf_get_smp_processor_id(), TRANSMIT, size > 0x7fffffff ? 0x7fffffff : size);
}

SEC("kprobe/tcp_cleanup_rbuf") int tcp_cleanup_rbuf(struct pt_regs *regs)
{
	return traffic_add(bpf_get_smp_processor_id(), RECEIVE, kprobe_arg2(regs));
}

char LICENSE[] SEC("license") = "GPL";
