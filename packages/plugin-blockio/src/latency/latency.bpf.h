/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blockio_latency: time in the queue (insert to issue) and on the device (last issue to completion). The times are kept
 * here and not taken from the request: io_start_time_ns is set only while something else wants statistics of the
 * queue, and start_time_ns is the allocation, read from a clock that is cached while the submitter's plug is open.
 */
#pragma once

/* request_times: of a request in flight, ns; 0 = not now in that state. */
struct request_times {
	u64 inserted_at;
	u64 issued_at;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, struct request_times);
} in_flight SEC(".maps");

/*
 * device_latency: histograms of one disk. All CPUs share them, so that they take 16 KB per disk and not per disk and
 * CPU: hence atomics. `claimed` says which serial somebody has begun to clear them for, `serial` whose they are.
 */
struct device_latency {
	u64 serial;
	u64 claimed;
	u64 latency[OPS][HISTOGRAM_BUCKETS];
} __cacheline_aligned;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct device_latency);
} device_latencies SEC(".maps");

/* Never written: what a histogram is cleared with. */
u64 no_latency[OPS][HISTOGRAM_BUCKETS];

/*
 * An issue that is still known when the request is used again: its end went by unseen. Seen on 6.18: the kernel does not
 * run the program for some ends and does not call it a recursion (docs/journal/2026-11-23-lost-completions.md).
 */
static __always_inline void latency_insert(struct blockio_bank *bank, struct request *rq)
{
	struct request_times inserted = { .inserted_at = bpf_ktime_get_ns() };
	u64 key = (u64)rq;
	struct request_times *times = bpf_map_lookup_elem(&in_flight, &key);

	if (!times) {
		if (bpf_map_update_elem(&in_flight, &key, &inserted, 0))
			bank->untracked_queued++;
		return;
	}
	if (times->issued_at)
		bank->unseen_before_insert++;
	*times = inserted;
}

/* A request that bypasses the queue was never inserted: it has no queue time, which is not the same as none. */
static __always_inline void latency_issue(struct blockio_bank *bank, struct request *rq, u32 op)
{
	struct request_times issued = { .issued_at = bpf_ktime_get_ns() };
	u64 key = (u64)rq, now = issued.issued_at;
	struct request_times *times = bpf_map_lookup_elem(&in_flight, &key);

	if (!times) {
		if (bpf_map_update_elem(&in_flight, &key, &issued, 0))
			bank->untracked_issued++;
		return;
	}
	if (times->inserted_at)
		histogram_add(&bank->queue_latency[op], now > times->inserted_at ? now - times->inserted_at : 0);
	else if (times->issued_at)
		bank->unseen_before_issue++;
	*times = issued;
}

/* The device has given it back. */
static __always_inline void latency_requeue(struct request *rq)
{
	u64 key = (u64)rq;
	struct request_times *times = bpf_map_lookup_elem(&in_flight, &key);

	if (times)
		times->issued_at = 0;
}

/* Cleared first: a map refuses to delete while a program that this one interrupted is at work in the same part of it. */
static __always_inline void forget(u64 key, struct request_times *times)
{
	if (!times)
		return;
	times->inserted_at = 0;
	times->issued_at = 0;
	bpf_map_delete_elem(&in_flight, &key);
}

static __always_inline void latency_forget(struct request *rq)
{
	u64 key = (u64)rq;

	forget(key, bpf_map_lookup_elem(&in_flight, &key));
}

/* device_latency_start: clears the histograms for a new disk. False for all but one of those who come at that time. */
static __noinline int device_latency_start(struct device_latency *of, u64 serial)
{
	u64 before;

	if (!of)
		return 0;
	before = of->claimed;
	if (before == serial || __sync_val_compare_and_swap(&of->claimed, before, serial) != before)
		return 0;
	of->serial = 0;
	bpf_probe_read_kernel(of->latency, sizeof(of->latency), no_latency);
	/* An exchange, for the order: whoever sees the serial sees the histograms empty. */
	__sync_lock_test_and_set(&of->serial, serial);
	return 1;
}

static __always_inline void device_latency_add(struct blockio_bank *bank, struct request_device *device, u32 op, u64 latency)
{
	struct device_latency *of = bpf_map_lookup_elem(&device_latencies, &device->id);
	u32 index = histogram_index(latency);

	if (!of)
		return;
	if (of->serial != device->serial) {
		if (!device_latency_start(of, device->serial)) {
			bank->devices.raced++;
			return;
		}
		bank->devices.started++;
		device_announce(device->id, device->disk, device->serial);
	}
	asm volatile("" : "+r"(index));
	if (index < HISTOGRAM_BUCKETS)
		__sync_fetch_and_add(&of->latency[op][index], 1);
}

static __always_inline void latency_complete(struct blockio_bank *bank, struct request_device *device, struct request *rq, u32 op)
{
	u64 key = (u64)rq, now = bpf_ktime_get_ns(), latency;
	struct request_times *times = bpf_map_lookup_elem(&in_flight, &key);

	if (!times)
		return;
	/* 0: it failed before the device got it. */
	if (times->issued_at) {
		latency = now > times->issued_at ? now - times->issued_at : 0;
		histogram_add(&bank->latency[op], latency);
		if (device_latency_enabled && device)
			device_latency_add(bank, device, op, latency);
	}
	forget(key, times);
}
