/* SPDX-License-Identifier: GPL-2.0-only */
/* blockio_requests: operations, bytes, sizes and errors, on the host and per disk. */
#pragma once

/* Status codes of include/linux/blk_types.h that have a class of their own. */
#define BLK_STS_NOTSUPP 1
#define BLK_STS_TIMEOUT 2
#define BLK_STS_NOSPC 3
#define BLK_STS_TARGET 5
#define BLK_STS_RESV_CONFLICT 6 /* BLK_STS_NEXUS before 7ba150834b84 (6.5) */
#define BLK_STS_MEDIUM 7
#define BLK_STS_PROTECTION 8
#define BLK_STS_IOERR 10

/* In the order of the metrics. */
enum { ERROR_IO, ERROR_TIMEOUT, ERROR_NOSPC, ERROR_TARGET, ERROR_PROTECTION, ERROR_UNSUPPORTED, ERROR_OTHER };

struct device_row {
	u64 serial;
	u64 operations[OPS];
	u64 bytes[OPS];
	u64 errors[OPS];
} __cacheline_aligned;

/* One row per (CPU, disk), started at zero by its CPU when that first meets a new serial. */
REZ_BANKS(device_rows, device_row);

static __always_inline u32 error_class(u8 status)
{
	switch (status) {
	case BLK_STS_IOERR:
	case BLK_STS_MEDIUM:
		return ERROR_IO;
	case BLK_STS_TIMEOUT:
		return ERROR_TIMEOUT;
	case BLK_STS_NOSPC:
		return ERROR_NOSPC;
	case BLK_STS_TARGET:
	case BLK_STS_RESV_CONFLICT:
		return ERROR_TARGET;
	case BLK_STS_PROTECTION:
		return ERROR_PROTECTION;
	case BLK_STS_NOTSUPP:
		return ERROR_UNSUPPORTED;
	default:
		return ERROR_OTHER;
	}
}

static __always_inline struct device_row *device_row(struct blockio_bank *bank, struct request_device *device, u32 cpu)
{
	u32 key = cpu * device_capacity + device->id;
	struct device_row *row = bpf_map_lookup_elem(&device_rows, &key);

	if (row && row->serial != device->serial) {
		__builtin_memset(row, 0, sizeof(*row));
		row->serial = device->serial;
		bank->devices.started++;
		device_announce(device->id, device->disk, device->serial);
	}
	return row;
}

static __always_inline void requests_complete(struct blockio_bank *bank, struct request_device *device, u32 cpu, u32 op, u8 status,
					      u32 nr_bytes, bool last)
{
	struct device_row *row = device ? device_row(bank, device, cpu) : 0;

	if (last)
		bank->operations[op]++;
	bank->bytes[op] += nr_bytes;
	if (nr_bytes)
		histogram_add(&bank->size[op], nr_bytes);
	if (status)
		bank->errors[op][bounded(error_class(status), 8)]++;
	if (!row)
		return;
	if (last)
		row->operations[op]++;
	row->bytes[op] += nr_bytes;
	if (status)
		row->errors[op]++;
}
