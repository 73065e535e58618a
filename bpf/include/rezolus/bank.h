/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Banks: one element of an array map per possible CPU, cache-line aligned, mapped and summed by user space. A slot has
 * one writer program, which does not nest on its CPU, so counting is a plain add. The map is sized at load.
 */
#pragma once
#include "kernel.h"

#define CACHE_LINE 64
#define __cacheline_aligned __attribute__((aligned(CACHE_LINE)))

/* REZ_BANKS: the map `map_name` with one `struct struct_name` per CPU. */
#define REZ_BANKS(map_name, struct_name)                                                                                          \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                      \
		__uint(map_flags, BPF_F_MMAPABLE);                                                                     \
		__uint(max_entries, 1);                                                                                \
		__type(key, u32);                                                                                      \
		__type(value, struct struct_name);                                                                            \
	} map_name SEC(".maps")

/*
 * REZ_PER_TASK: the map `map_name` with one `struct struct_name` per thread id, sized at load to kernel.pid_max; not mapped. Where
 * pid_max is raised later, a look-up fails and the program counts a drop.
 */
#define REZ_PER_TASK(map_name, struct_name)                                                                                      \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                      \
		__uint(max_entries, 1);                                                                                \
		__type(key, u32);                                                                                      \
		__type(value, struct struct_name);                                                                                  \
	} map_name SEC(".maps")

/*
 * bounded: `index` with its high bits cleared, in a way that the compiler cannot reason away, for the verifier, which
 * forgets bounds that were checked in another form. `size` is a power of two.
 */
#define bounded(index, size)                                                                                           \
	({                                                                                                             \
		u32 __index = (index);                                                                                 \
		asm volatile("%0 &= %1" : "+r"(__index) : "i"((size) - 1));                                            \
		__index;                                                                                               \
	})
