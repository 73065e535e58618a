#!/bin/busybox sh
# First process of the guest: mounts what the samplers read, loads modules, runs the samplers, ends the machine.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/ NO_COLOR=1
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for module in /modules/*.ko; do
	insmod "$module"
done
ip link set lo up
# Takes packets and drops them: whoever is in this network does not answer.
ip address add 10.9.9.1/24 dev dummy0
ip link set dummy0 up
# Newer than its source, so that nobody tries to compile it here.
touch /tmp/rezolus-loads-0/load
cd /rezolus/tests/kernels
# An interpreter starts much faster under emulation than a compiler that warms up.
node --jitless --import ./load-stripped.mjs guest.ts >/dev/ttyS1
echo "guest ended with $?"
reboot -f
