// SPDX-License-Identifier: MIT
/*
 * Known loads for kernel tests and benchmarks. Prints what it did as one JSON line.
 *   load spin CPU MS          one thread busy in user mode on one CPU
 *   load syscalls N           N times getppid(2)
 *   load pingpong CPU[,CPU] N N round trips between two processes over two pipes, both on one CPU or on one each
 *   load forkexec N           N times fork, exec of /bin/true, wait
 *   load tcp N SIZE           N messages of SIZE bytes over one loopback connection, each answered by a byte
 *   load messages FAMILY CONNECTIONS N SIZE US
 *                             over loopback (FAMILY 4 or 6) with both ends in one thread: per connection N times send
 *                             SIZE bytes, wait US, look at them (MSG_PEEK), read them
 *   load refused N            N connects to a loopback port that nobody listens on
 *   load overflow N           N datagrams of 1000 bytes to a loopback socket that holds a few and is never read
 *   load write FILE N SIZE    N direct writes of SIZE bytes, one after the other
 *   load sleep N US           N times nanosleep
 *   load unmap N              N pages written and dropped again, each a TLB flush
 *   load migrate N            N moves of one thread between CPU 0 and 1
 *   load loop add|remove N    makes /dev/loopN, or takes it away
 *   load forks N              N times fork, exit, wait
 *   load reuse N MS           N threads one after the other, all with one id, nobody's for MS busy ms in between
 *   load cgroups DIR N ALIVE  N cgroups below DIR, ALIVE of them at a time; in each a process that naps three times
 *   load moves FROM TO MS     one thread busy for MS ms in the cgroup FROM and as long in TO
 */
#include "load.h"
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("sched_setaffinity");
		exit(1);
	}
}

static long micros(struct timeval t)
{
	return t.tv_sec * 1000000L + t.tv_usec;
}

void report(const char *load, double began, long operations)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	printf("{\"load\":\"%s\",\"pid\":%d,\"operations\":%ld,\"ns\":%.0f,\"userUs\":%ld,\"systemUs\":%ld,\"cpuUs\":%ld,"
	       "\"voluntary\":%ld,\"involuntary\":%ld}\n",
	       load, getpid(), operations, now_ns() - began,
	       micros(self.ru_utime), micros(self.ru_stime),
	       micros(self.ru_utime) + micros(self.ru_stime) + micros(children.ru_utime) + micros(children.ru_stime),
	       self.ru_nvcsw + children.ru_nvcsw,
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

static void pingpong(const char *cpus, long n)
{
	const char *second = strchr(cpus, ',');
	int there[2], back[2];
	double began;
	char byte = 0;

	pin(atoi(cpus));
	if (pipe(there) || pipe(back))
		exit(1);
	if (fork() == 0) {
		if (second)
			pin(atoi(second + 1));
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

static void direct_writes(const char *path, long n, size_t size)
{
	int fd = open(path, O_WRONLY | O_DIRECT);
	double began = now_ns();
	void *buffer;

	if (fd < 0 || posix_memalign(&buffer, 4096, size)) {
		perror(path);
		exit(1);
	}
	memset(buffer, 1, size);
	for (long i = 0; i < n; i++)
		if (pwrite(fd, buffer, size, i * size) != (ssize_t)size) {
			perror("pwrite");
			exit(1);
		}
	report("write", began, n);
}

static void loop(const char *action, long number)
{
	unsigned long request = strcmp(action, "add") ? LOOP_CTL_REMOVE : LOOP_CTL_ADD;
	double began = now_ns();
	int control = open("/dev/loop-control", O_RDWR);

	if (control < 0 || ioctl(control, request, number) < 0) {
		perror("/dev/loop-control");
		exit(1);
	}
	report("loop", began, 1);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "spin"))
		spin(atoi(argv[2]), atof(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "syscalls"))
		syscalls(atol(argv[2]));
	else if (argc == 4 && !strcmp(argv[1], "pingpong"))
		pingpong(argv[2], atol(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "forkexec"))
		forkexec(atol(argv[2]));
	else if (argc == 4 && !strcmp(argv[1], "tcp"))
		tcp(atol(argv[2]), atol(argv[3]));
	else if (argc == 7 && !strcmp(argv[1], "messages"))
		messages(atoi(argv[2]) == 6 ? AF_INET6 : AF_INET, atol(argv[3]), atol(argv[4]), atol(argv[5]),
			 atol(argv[6]));
	else if (argc == 3 && !strcmp(argv[1], "refused"))
		refused(atol(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "overflow"))
		overflow(atol(argv[2]));
	else if (argc == 5 && !strcmp(argv[1], "write"))
		direct_writes(argv[2], atol(argv[3]), atol(argv[4]));
	else if (argc == 4 && !strcmp(argv[1], "sleep"))
		naps(atol(argv[2]), atol(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "unmap"))
		unmap(atol(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "migrate"))
		migrate(atol(argv[2]));
	else if (argc == 4 && !strcmp(argv[1], "loop"))
		loop(argv[2], atol(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "forks"))
		forks(atol(argv[2]));
	else if (argc == 4 && !strcmp(argv[1], "reuse"))
		reuse(atol(argv[2]), atof(argv[3]));
	else if (argc == 5 && !strcmp(argv[1], "cgroups"))
		cgroups(argv[2], atol(argv[3]), atol(argv[4]));
	else if (argc == 5 && !strcmp(argv[1], "moves"))
		moves(argv[2], argv[3], atof(argv[4]));
	else
		return 2;
	return 0;
}
