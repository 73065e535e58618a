/* SPDX-License-Identifier: GPL-2.0-only */
/* Start times by socket. The tables are sized at load; what does not fit is counted by the caller. */
#pragma once

#define BPF_NOEXIST 1
#define EEXIST 17

#define SOCKET_STARTS(map_name)                                                                                        \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_HASH);                                                                       \
		__uint(max_entries, 1);                                                                                \
		__type(key, u64);                                                                                      \
		__type(value, u64);                                                                                    \
	} map_name SEC(".maps")

/* socket_start: remembers now for the socket unless it has a start already. False where there is no room. */
static __always_inline bool socket_start(void *starts, struct sock *sk)
{
	u64 key = (u64)sk;
	u64 now;
	long result;

	if (bpf_map_lookup_elem(starts, &key))
		return true;
	now = bpf_ktime_get_ns();
	result = bpf_map_update_elem(starts, &key, &now, BPF_NOEXIST);
	return result == 0 || result == -EEXIST;
}

/* socket_stop: adds the time since the start of the socket to the histogram, if it has one, and forgets it. */
static __always_inline void socket_stop(void *starts, struct sock *sk, struct histogram *histogram)
{
	u64 key = (u64)sk;
	u64 *start = bpf_map_lookup_elem(starts, &key);
	u64 now, then;

	if (!start)
		return;
	then = *start;
	now = bpf_ktime_get_ns();
	bpf_map_delete_elem(starts, &key);
	/* Two CPUs read their clocks: the later one may be behind by a little. */
	histogram_add(histogram, now > then ? now - then : 0);
}

static __always_inline void socket_forget(void *starts, struct sock *sk)
{
	u64 key = (u64)sk;

	bpf_map_delete_elem(starts, &key);
}
