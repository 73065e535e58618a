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
 *   load reuse N MS           N threads one after the other, all with one id, which is nobody's for MS busy ms in between
 *   load cgroups DIR N ALIVE  N cgroups below DIR, ALIVE of them at a time; in each a process that naps three times
 *   load moves FROM TO MS     one thread busy for MS ms in the cgroup FROM and as long in TO
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/sched.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
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

static void forkexec(long n)
{
	double began = now_ns();

	for (long i = 0; i < n; i++) {
		pid_t child = fork();

		if (child == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
	}
	report("forkexec", began, n);
}

static void all(ssize_t (*io)(int, char *, size_t), int fd, char *buffer, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t part = io(fd, buffer + done, size - done);

		if (part <= 0)
			exit(1);
		done += part;
	}
}

static ssize_t in(int fd, char *buffer, size_t size) { return read(fd, buffer, size); }
static ssize_t out(int fd, char *buffer, size_t size) { return write(fd, buffer, size); }

static void tcp(long n, size_t size)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	socklen_t length = sizeof(address);
	char *buffer = calloc(1, size);
	double began;

	if (bind(listener, (void *)&address, length) || listen(listener, 1) ||
	    getsockname(listener, (void *)&address, &length))
		exit(1);
	if (fork() == 0) {
		int peer = accept(listener, NULL, NULL);

		setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		for (long i = 0; i < n; i++) {
			all(in, peer, buffer, size);
			all(out, peer, buffer, 1);
		}
		_exit(0);
	}
	if (connect(fd, (void *)&address, length))
		exit(1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	began = now_ns();
	for (long i = 0; i < n; i++) {
		all(out, fd, buffer, size);
		all(in, fd, buffer, 1);
	}
	wait(NULL);
	report("tcp", began, n);
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

static int loopback_socket(int family, int type, struct sockaddr_storage *address, socklen_t *length)
{
	struct sockaddr_in *v4 = (void *)address;
	struct sockaddr_in6 *v6 = (void *)address;
	int bound = socket(family, type, 0);

	memset(address, 0, sizeof(*address));
	address->ss_family = family;
	if (family == AF_INET)
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		v6->sin6_addr = in6addr_loopback;
	*length = family == AF_INET ? sizeof(*v4) : sizeof(*v6);
	if (bind(bound, (void *)address, *length) || getsockname(bound, (void *)address, length)) {
		perror("bind");
		exit(1);
	}
	return bound;
}

static void messages(int family, long connections, long n, long size, long us)
{
	struct timespec nap = { us / 1000000, us % 1000000 * 1000 };
	struct sockaddr_storage address;
	socklen_t length;
	int listener = loopback_socket(family, SOCK_STREAM, &address, &length);
	char *buffer = malloc(size);
	double began = now_ns();
	long reads = 0;

	if (!buffer || listen(listener, 8))
		exit(1);
	for (long c = 0; c < connections; c++) {
		int near = socket(family, SOCK_STREAM, 0), far;

		if (connect(near, (void *)&address, length) || (far = accept(listener, NULL, NULL)) < 0) {
			perror("connect");
			exit(1);
		}
		for (long i = 0; i < n; i++) {
			if (send(near, buffer, size, 0) != size)
				exit(1);
			if (us)
				nanosleep(&nap, NULL);
			for (long got = 0, part; got < size; got += part, reads++)
				if (recv(far, buffer, size - got, MSG_PEEK) <= 0 ||
				    (part = recv(far, buffer, size - got, 0)) <= 0)
					exit(1);
		}
		close(near);
		close(far);
	}
	report("messages", began, reads);
}

static void refused(long n)
{
	struct sockaddr_storage address;
	socklen_t length;
	double began = now_ns();

	loopback_socket(AF_INET, SOCK_STREAM, &address, &length);
	for (long i = 0; i < n; i++) {
		int near = socket(AF_INET, SOCK_STREAM, 0);

		if (!connect(near, (void *)&address, length))
			exit(1);
		close(near);
	}
	report("refused", began, n);
}

static void overflow(long n)
{
	static char datagram[1000];
	struct sockaddr_storage address;
	socklen_t length;
	int full = loopback_socket(AF_INET, SOCK_DGRAM, &address, &length), least = 1;
	int near = socket(AF_INET, SOCK_DGRAM, 0);
	double began = now_ns();

	setsockopt(full, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	for (long i = 0; i < n; i++)
		if (sendto(near, datagram, sizeof(datagram), 0, (void *)&address, length) < 0)
			exit(1);
	report("overflow", began, n);
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

static void forks(long n)
{
	double began = now_ns();

	for (long i = 0; i < n; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		if (child < 0 || waitpid(child, NULL, 0) != child)
			exit(1);
	}
	report("forks", began, n);
}

static void busy(double ms)
{
	double until = now_ns() + ms * 1e6;

	while (now_ns() < until)
		;
}

static void reuse(long n, double ms)
{
	double began = now_ns();
	pid_t id = 0;

	for (long i = 0; i < n; i++) {
		struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = i ? (__u64)&id : 0, .set_tid_size = i > 0 };
		pid_t child = syscall(SYS_clone3, &args, sizeof(args));

		if (child == 0)
			_exit(0);
		if (child < 0 || (i > 0 && child != id)) {
			perror("clone3");
			exit(1);
		}
		id = child;
		waitpid(child, NULL, 0);
		busy(ms);
	}
	report("reuse", began, n);
}

/* Moves this process into a cgroup; on v1 and v2 alike. */
static void enter(const char *cgroup)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1) {
		perror(path);
		_exit(1);
	}
	close(fd);
}

static void cgroups(const char *dir, long n, long alive)
{
	double began = now_ns();
	char path[4000];
	int status;

	for (long first = 0; first < n; first += alive) {
		long end = first + alive < n ? first + alive : n;

		for (long i = first; i < end; i++) {
			snprintf(path, sizeof(path), "%s/%ld", dir, i);
			if (mkdir(path, 0755)) {
				perror(path);
				exit(1);
			}
		}
		for (long i = first; i < end; i++) {
			pid_t child = fork();

			if (child == 0) {
				snprintf(path, sizeof(path), "%s/%ld", dir, i);
				enter(path);
				for (int nap = 0; nap < 3; nap++)
					usleep(1);
				_exit(0);
			}
			if (child < 0 || waitpid(child, &status, 0) != child || status)
				exit(1);
		}
		for (long i = first; i < end; i++) {
			snprintf(path, sizeof(path), "%s/%ld", dir, i);
			if (rmdir(path)) {
				perror(path);
				exit(1);
			}
		}
	}
	report("cgroups", began, n);
}

static void moves(const char *from, const char *to, double ms)
{
	double began = now_ns();

	enter(from);
	busy(ms);
	enter(to);
	busy(ms);
	report("moves", began, 2);
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
