// SPDX-License-Identifier: MIT
/*
 * Known loads for kernel tests and benchmarks. Prints what it did as one JSON line.
 *   load spin CPU MS          one thread busy in user mode on one CPU
 *   load syscalls N           N times getppid(2)
 *   load pingpong CPU N       N round trips between two processes over two pipes, both on one CPU
 *   load sleep N US           N times nanosleep
 *   load unmap N              N pages written and dropped again, each a TLB flush
 *   load migrate N            N moves of one thread between CPU 0 and 1
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("sched_setaffinity");
		exit(1);
	}
}

static void report(const char *load, double began, long operations)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	printf("{\"load\":\"%s\",\"pid\":%d,\"operations\":%ld,\"ns\":%.0f,\"userUs\":%ld,\"systemUs\":%ld,"
	       "\"voluntary\":%ld,\"involuntary\":%ld}\n",
	       load, getpid(), operations, now_ns() - began,
	       self.ru_utime.tv_sec * 1000000L + self.ru_utime.tv_usec,
	       self.ru_stime.tv_sec * 1000000L + self.ru_stime.tv_usec, self.ru_nvcsw + children.ru_nvcsw,
	       self.ru_nivcsw + children.ru_nivcsw);
}

static void spin(int cpu, double ms)
{
	double began = now_ns(), until = began + ms * 1e6;
	volatile unsigned long x = 0;

	pin(cpu);
	while (now_ns() < until)
		for (int i = 0; i < 1000; i++)
			x += i;
	report("spin", began, 1);
}

static void syscalls(long n)
{
	double began = now_ns();

	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
	report("syscalls", began, n);
}

static void pingpong(int cpu, long n)
{
	int there[2], back[2];
	double began;
	char byte = 0;

	pin(cpu);
	if (pipe(there) || pipe(back))
		exit(1);
	if (fork() == 0) {
		for (long i = 0; i < n; i++)
			if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
				_exit(1);
		_exit(0);
	}
	began = now_ns();
	for (long i = 0; i < n; i++)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			exit(1);
	wait(NULL);
	report("pingpong", began, n);
}

static void naps(long n, long us)
{
	struct timespec nap = { 0, us * 1000 };
	double began = now_ns();

	for (long i = 0; i < n; i++)
		nanosleep(&nap, NULL);
	report("sleep", began, n);
}

static void unmap(long n)
{
	double began = now_ns();
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		exit(1);
	for (long i = 0; i < n; i++) {
		*(volatile char *)page = 1;
		madvise(page, 4096, MADV_DONTNEED);
	}
	report("unmap", began, n);
}

static void migrate(long n)
{
	double began = now_ns();

	pin(0);
	for (long i = 0; i < n; i++)
		pin((i + 1) % 2);
	report("migrate", began, n);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "spin"))
		spin(atoi(argv[2]), atof(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "syscalls"))
		syscalls(atol(argv[2]));
	else if (argc == 4 && !strcmp(argv[1], "pingpong"))
		pingpong(atoi(argv[2]), atol(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "sleep"))
		naps(atol(argv[2]), atol(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "unmap"))
		unmap(atol(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "migrate"))
		migrate(atol(argv[2]));
	else
		return 2;
	return 0;
}
