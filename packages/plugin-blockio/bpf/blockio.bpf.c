// SPDX-License-Identifier: GPL-2.0-only
/* The block layer's hooks, one program each; the samplers' parts are strung on them and switched by constants. */
#include <rezolus/bank.h>
#include <rezolus/histogram.h>
#include <rezolus/probe.h>

#define OPS 4
#define ERROR_CLASSES 7
#define REQ_OP_MASK 0xff
/* The first four of enum req_op are the four that are measured; all kernels number them alike. */
enum { OP_READ, OP_WRITE, OP_FLUSH, OP_DISCARD };

const volatile bool latency_enabled = false;
const volatile bool requests_enabled = false;
const volatile bool device_latency_enabled = false;

#include "devices/devices.bpf.h"

/* Each member has one writer, named here: programs of different hooks may interrupt each other on a CPU. */
struct blockio_bank {
	/* block_rq_complete */
	struct device_events devices;
	/* block_rq_insert: requests beyond the table in the queue, without a queue time */
	u64 untracked_queued;
	/* block_rq_issue: requests beyond the table on the device, without a latency */
	u64 untracked_issued;
	/* block_rq_insert and block_rq_issue: requests whose completion before went by unseen */
	u64 unseen_before_insert;
	u64 unseen_before_issue;
	/* block_rq_requeue */
	u64 requeues[OPS];
	/* block_rq_complete */
	u64 operations[OPS];
	u64 bytes[OPS];
	u64 errors[OPS][ERROR_CLASSES];
	struct histogram size[OPS];
	struct histogram latency[OPS];
	/* block_rq_issue */
	struct histogram queue_latency[OPS];
} __cacheline_aligned;

REZ_BANKS(banks, blockio_bank);

#include "latency/latency.bpf.h"
#include "requests/requests.bpf.h"

/* request_op: an OP_*, or a value from OPS on for what is not measured. */
static __always_inline u32 request_op(bool btf, struct request *rq)
{
	u32 op = rez_read(btf, rq, cmd_flags) & REQ_OP_MASK;

	/* How zoned devices are written to. */
	return op == bpf_core_enum_value(enum req_op, REQ_OP_ZONE_APPEND) ? OP_WRITE : op;
}

static __always_inline int on_insert(bool btf, struct request *rq)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct blockio_bank *bank = bpf_map_lookup_elem(&banks, &cpu);

	if (bank && request_op(btf, rq) < OPS)
		latency_insert(bank, rq);
	return 0;
}

static __always_inline int on_issue(bool btf, struct request *rq)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct blockio_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	u32 op = request_op(btf, rq);

	if (bank && op < OPS)
		latency_issue(bank, rq, bounded(op, OPS));
	return 0;
}

/* The request was merged into another one and is no more. */
static __always_inline int on_merge(bool btf, struct request *rq)
{
	latency_forget(rq);
	return 0;
}

static __always_inline int on_requeue(bool btf, struct request *rq)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct blockio_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	u32 op = request_op(btf, rq);

	if (!bank || op >= OPS)
		return 0;
	if (requests_enabled)
		bank->requeues[bounded(op, OPS)]++;
	if (latency_enabled)
		latency_requeue(rq);
	return 0;
}

/*
 * A request completes in one or more parts; the last one leaves no bytes. A request that carries a flush completes
 * once more, without bytes, when its flush sequence ends; the flush itself is a request of its own (block/blk-flush.c).
 * That is bookkeeping and not an operation of the device.
 */
static __always_inline int on_complete(bool btf, struct request *rq, u8 status, u32 nr_bytes)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct blockio_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	bool last = nr_bytes >= rez_read(btf, rq, __data_len);
	u32 op = request_op(btf, rq);
	struct request_device device;
	bool known;

	if (!bank || op >= OPS || (nr_bytes == 0 && op != OP_FLUSH))
		return 0;
	op = bounded(op, OPS);
	known = device_of(btf, rq, &device);
	if (!known)
		bank->devices.unmeasured++;
	if (requests_enabled)
		requests_complete(bank, known ? &device : 0, cpu, op, status, nr_bytes, last);
	if (latency_enabled && last)
		latency_complete(bank, known ? &device : 0, rq, op);
	return 0;
}

REZ_TRACEPOINT1(block_rq_insert, on_insert, struct request *, rq)
REZ_TRACEPOINT1(block_rq_issue, on_issue, struct request *, rq)
REZ_TRACEPOINT1(block_rq_merge, on_merge, struct request *, rq)
REZ_TRACEPOINT1(block_rq_requeue, on_requeue, struct request *, rq)
REZ_TRACEPOINT3(block_rq_complete, on_complete, struct request *, rq, u8, status, unsigned int, nr_bytes)

char LICENSE[] SEC("license") = "GPL";
