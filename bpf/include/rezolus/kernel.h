/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel types that our programs read: only the fields that are used, relocated to the running kernel by CO-RE.
 * A field that moved or was renamed has an accessor here that names the commit; programs never test versions.
 */
#pragma once

typedef unsigned char __u8;
typedef signed short __s16;
typedef unsigned short __u16;
typedef signed int __s32;
typedef unsigned int __u32;
typedef signed long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

typedef __u8 u8;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef _Bool bool;
#define true 1
#define false 0

/* The map types and flags of linux/bpf.h that we use; the header itself would clash with the types above. */
enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4, BPF_MAP_TYPE_TASK_STORAGE = 29 };
enum { BPF_F_NO_PREALLOC = 1U << 0, BPF_F_MMAPABLE = 1U << 10 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1U << 0 };
#define BPF_F_CURRENT_CPU 0xffffffffULL

/* What bpf_perf_event_read_value fills in; times in ns. */
struct bpf_perf_event_value {
	__u64 counter;
	__u64 enabled;
	__u64 running;
};

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define TASK_COMM_LEN 16
#define PF_KTHREAD 0x00200000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

enum cgroup_subsys_id { cpu_cgrp_id = 1 };

/* The numbers differ from kernel to kernel, and not every kernel has all: ask bpf_core_enum_value for them. */
enum skb_drop_reason {
	SKB_DROP_REASON_CPU_BACKLOG = 1,
	SKB_DROP_REASON_DEV_HDR,
	SKB_DROP_REASON_DEV_READY,
	SKB_DROP_REASON_FULL_RING,
	SKB_DROP_REASON_HDR_TRUNC,
	SKB_DROP_REASON_ICMP_CSUM,
	SKB_DROP_REASON_IP_CSUM,
	SKB_DROP_REASON_IP_INHDR,
	SKB_DROP_REASON_IP_INNOROUTES,
	SKB_DROP_REASON_IP_OUTNOROUTES,
	SKB_DROP_REASON_NEIGH_CREATEFAIL,
	SKB_DROP_REASON_NEIGH_DEAD,
	SKB_DROP_REASON_NEIGH_FAILED,
	SKB_DROP_REASON_NEIGH_QUEUEFULL,
	SKB_DROP_REASON_NOMEM,
	SKB_DROP_REASON_PKT_TOO_BIG,
	SKB_DROP_REASON_PKT_TOO_SMALL,
	SKB_DROP_REASON_PROTO_MEM,
	SKB_DROP_REASON_QDISC_CONGESTED,
	SKB_DROP_REASON_QDISC_DROP,
	SKB_DROP_REASON_QDISC_OVERLIMIT,
	SKB_DROP_REASON_SKB_CSUM,
	SKB_DROP_REASON_SOCKET_RCVBUFF,
	SKB_DROP_REASON_TCP_CSUM,
	SKB_DROP_REASON_UDP_CSUM,
};

struct kernfs_node {
	u64 id;
	const char *name;
};

struct cgroup_subsys_state;

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup_subsys_state *subsys[1];
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
	int id;
	u64 serial_nr;
};

struct cfs_bandwidth {
	s64 period;
	u64 quota;
	int nr_periods;
	int nr_throttled;
	u64 throttled_time;
};

/* The cpu controller's state of a cgroup; begins with its css. */
struct task_group {
	struct cgroup_subsys_state css;
	struct cfs_bandwidth cfs_bandwidth;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
};

struct sched_entity {
	u64 sum_exec_runtime;
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	struct sched_entity se;
	int pid;
	int tgid;
	u64 utime;
	u64 stime;
	u64 start_time;
	char comm[TASK_COMM_LEN];
	struct css_set *cgroups;
};

/* Before 2f064a59a11f ("sched: Change task_struct::state", 5.14) the field was `volatile long state`. */
struct task_struct___before_5_14 {
	volatile long state;
};

/* Before 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent.", 6.15) the field was `parent`. */
struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
};

struct kernfs_node___since_6_15 {
	struct kernfs_node *__parent;
};

/* A handler of an interrupt line; the next one where devices share the line. */
struct irqaction {
	struct irqaction *next;
};

struct sk_buff {
	char cb[48];
	unsigned int len;
};

/* What TCP keeps in sk_buff.cb. */
struct tcp_skb_cb {
	u32 seq;
	u32 end_seq;
	u16 tcp_gso_segs;
	u8 tcp_flags;
};

struct sock_common {
	unsigned short skc_family;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_protocol;
};

struct tcp_sock {
	u32 srtt_us;
	u32 mdev_us;
};

struct trace_event_raw_tcp_retransmit_skb {
	int err;
};

struct net_device;

/* 13 before 1c042f8d4bc3 ("block: reject invalid operation in submit_bio_noacct", 6.8): ask bpf_core_enum_value. */
enum req_op { REQ_OP_ZONE_APPEND = 7 };

struct gendisk {
	char disk_name[32];
	u64 diskseq;
};

struct request_queue {
	struct gendisk *disk;
	int id;
};

struct request {
	struct request_queue *q;
	u32 cmd_flags;
	unsigned int __data_len;
};

struct pt_regs;

struct pt_regs___x86 {
	unsigned long di;
	unsigned long si;
	unsigned long dx;
};

struct pt_regs___arm64 {
	u64 regs[3];
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/*
 * rez_read: a field through a pointer. A typed tracepoint (`btf`) hands out pointers that are followed directly, at
 * the cost of a load; a raw one needs a probe read. `btf` must be a constant, so that one of the two is left.
 */
#define rez_read(btf, ptr, field) ((btf) ? (ptr)->field : BPF_CORE_READ(ptr, field))

static __always_inline long task_state(bool btf, struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return rez_read(btf, task, __state);
	return BPF_CORE_READ(old, state);
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___since_6_15 *now = (void *)kn;
	struct kernfs_node___before_6_15 *old = (void *)kn;

	if (bpf_core_field_exists(now->__parent))
		return BPF_CORE_READ(now, __parent);
	return BPF_CORE_READ(old, parent);
}

/*
 * retransmit_failed: whether the arguments of the tracepoint tcp_retransmit_skb say that nothing was sent. Before
 * ad892e912b84 ("tcp: trace retransmit failures in tcp_retransmit_skb", 6.17) it has no third one and is only called
 * for what was sent.
 */
static __always_inline bool retransmit_failed(const u64 *arguments)
{
	struct trace_event_raw_tcp_retransmit_skb *now = 0;

	return bpf_core_field_exists(now->err) && (int)arguments[2] != 0;
}

/*
 * kprobe_arg1, 2, 3: an argument of the probed function on x86-64 and arm64, without PT_REGS of one of the two. By probe
 * reads: for a direct one the compiler picks the offset first, and older verifiers refuse a context plus an offset.
 */
#define kprobe_arg(regs, x86, number)                                                                                  \
	({                                                                                                             \
		struct pt_regs___x86 *__x86 = (void *)(regs);                                                          \
		struct pt_regs___arm64 *__arm64 = (void *)(regs);                                                      \
		bpf_core_field_exists(__x86->x86) ? BPF_CORE_READ(__x86, x86) : BPF_CORE_READ(__arm64, regs[number]);  \
	})
#define kprobe_arg1(regs) kprobe_arg(regs, di, 0)
#define kprobe_arg2(regs) kprobe_arg(regs, si, 1)
#define kprobe_arg3(regs) kprobe_arg(regs, dx, 2)
