// SPDX-License-Identifier: GPL-2.0-only
/* Programs that do nothing, on every hook that our samplers use: what the kernel itself takes for having them there. */
#include <rezolus/kernel.h>

#define EMPTY(tracepoint) SEC("tp_btf/" #tracepoint) int tracepoint(void *ctx) { return 0; }

EMPTY(sys_enter)
EMPTY(sys_exit)
EMPTY(sched_switch)
EMPTY(sched_wakeup)
EMPTY(sched_wakeup_new)
EMPTY(sched_process_exit)
EMPTY(softirq_entry)
EMPTY(softirq_exit)
EMPTY(tlb_flush)
EMPTY(block_rq_insert)
EMPTY(block_rq_issue)
EMPTY(block_rq_complete)
EMPTY(netif_receive_skb)
EMPTY(net_dev_start_xmit)
EMPTY(net_dev_xmit)
EMPTY(kfree_skb)
EMPTY(tcp_probe)
EMPTY(tcp_rcv_space_adjust)
EMPTY(tcp_destroy_sock)
EMPTY(sock_send_length)
EMPTY(sock_recv_length)
EMPTY(inet_sock_set_state)

char LICENSE[] SEC("license") = "GPL";
