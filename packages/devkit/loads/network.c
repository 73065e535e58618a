// SPDX-License-Identifier: MIT
/* Traffic between sockets on loopback. */
#include "load.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

void tcp(long n, size_t size)
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

void messages(int family, long connections, long n, long size, long us)
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

void refused(long n)
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

void overflow(long n)
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
