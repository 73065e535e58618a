/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * REZ_TRACEPOINT2: one body, two programs: `<name>_btf` on the typed tracepoint, `<name>_raw` on the raw one for
 * kernels without their own BTF. `body(btf, ...)` must be __always_inline; the host loads one of the two.
 */
#pragma once
#include "kernel.h"

#define REZ_TRACEPOINT1(tracepoint, body, t1, a1)                                                                      \
	SEC("tp_btf/" #tracepoint) int BPF_PROG(tracepoint##_btf, t1 a1) { return body(true, a1); }                    \
	SEC("raw_tp/" #tracepoint) int BPF_PROG(tracepoint##_raw, t1 a1) { return body(false, a1); }

#define REZ_TRACEPOINT2(tracepoint, body, t1, a1, t2, a2)                                                              \
	SEC("tp_btf/" #tracepoint) int BPF_PROG(tracepoint##_btf, t1 a1, t2 a2) { return body(true, a1, a2); }         \
	SEC("raw_tp/" #tracepoint) int BPF_PROG(tracepoint##_raw, t1 a1, t2 a2) { return body(false, a1, a2); }

#define REZ_TRACEPOINT3(tracepoint, body, t1, a1, t2, a2, t3, a3)                                                      \
	SEC("tp_btf/" #tracepoint)                                                                                     \
	int BPF_PROG(tracepoint##_btf, t1 a1, t2 a2, t3 a3) { return body(true, a1, a2, a3); }                         \
	SEC("raw_tp/" #tracepoint)                                                                                     \
	int BPF_PROG(tracepoint##_raw, t1 a1, t2 a2, t3 a3) { return body(false, a1, a2, a3); }
