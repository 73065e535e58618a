// SPDX-License-Identifier: MIT
/* What the files of the load program share. */
#pragma once
#define _GNU_SOURCE
#include <stddef.h>

/* now_ns: the monotonic clock. */
double now_ns(void);
/* pin: keeps this thread on one CPU. */
void pin(int cpu);
/* report: prints what was done since `began`. */
void report(const char *load, double began, long operations);

/* churn.c: processes and cgroups that come and go */
void forkexec(long n);
void forks(long n);
void reuse(long n, double ms);
void cgroups(const char *dir, long n, long alive);
void moves(const char *from, const char *to, double ms);

/* network.c: sockets on loopback */
void tcp(long n, size_t size);
void messages(int family, long connections, long n, long size, long us);
void refused(long n);
void overflow(long n);
