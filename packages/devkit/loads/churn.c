// SPDX-License-Identifier: MIT
/* Processes and cgroups that come and go. */
#include "load.h"
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void forkexec(long n)
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

void forks(long n)
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

void reuse(long n, double ms)
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

void cgroups(const char *dir, long n, long alive)
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

void moves(const char *from, const char *to, double ms)
{
	double began = now_ns();

	enter(from);
	busy(ms);
	enter(to);
	busy(ms);
	report("moves", began, 2);
}
