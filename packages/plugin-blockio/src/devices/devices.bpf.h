/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which disk a request is for. The key is the id of the request queue: a small number that the kernel reuses after
 * removal; the disk's sequence number tells the generations apart: no two disks of a boot share one, and a change of
 * medium (also another file behind a loop device) makes a new disk of it. Partitions count for their disk.
 */
#pragma once

#define DISK_NAME_LEN 32

/* device_name: who a disk is, written once per serial; `serial` is 0 while the name is being written. */
struct device_name {
	u64 serial;
	char name[DISK_NAME_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct device_name);
} device_names SEC(".maps");

/* device_capacity: queue ids from 0 to this - 1 are measured; equals the entries of device_names. */
const volatile u32 device_capacity = 1;

/* device_events: per CPU, what user space needs to know of the table. */
struct device_events {
	/* rows and histograms started on this CPU: a change means that there are names to read */
	u64 started;
	/* completions for queues beyond device_capacity or without a disk: not attributed */
	u64 unmeasured;
	/* latencies that fell into the moment in which another CPU started the histogram of their disk: not attributed */
	u64 raced;
};

/* request_device: the disk of a request, as far as we need it. */
struct request_device {
	struct gendisk *disk;
	u64 serial;
	u32 id;
};

static __always_inline bool device_of(bool btf, struct request *rq, struct request_device *device)
{
	struct request_queue *queue = rez_read(btf, rq, q);
	struct gendisk *disk = rez_read(btf, queue, disk);

	device->disk = disk;
	device->id = rez_read(btf, queue, id);
	device->serial = disk ? rez_read(btf, disk, diskseq) : 0;
	return device->serial && device->id < device_capacity;
}

/* device_announce: writes the name of a disk that was not seen before. Rare: once per disk. */
static __noinline int device_announce(u32 id, struct gendisk *disk, u64 serial)
{
	struct device_name *entry = bpf_map_lookup_elem(&device_names, &id);

	if (!entry || entry->serial == serial)
		return 0;
	entry->serial = 0;
	bpf_probe_read_kernel_str(entry->name, DISK_NAME_LEN, disk->disk_name);
	entry->serial = serial;
	return 0;
}
