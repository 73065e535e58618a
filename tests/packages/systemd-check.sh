#!/bin/sh
# Runs as a service in the virtual machine once it is up: uses the three units and prints what it saw, a line each,
# "name: value", to the second serial port; the values of the first word are compared by systemd.ts. Ends the machine.
exec >/dev/ttyS1 2>&1
# An interpreter starts much faster under emulation than a compiler that warms up; the services run as they are.
export NO_COLOR=1 HOME=/root NODE_OPTIONS=--jitless

say() { printf '%s: %s\n' "$1" "$2"; }
property() { systemctl show --property="$2" --value "$1"; }
until_true() { # seconds command… — waits for the command to succeed
	limit=$(($(date +%s) + $1)); shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$limit" ] || return 1
		sleep 0.2
	done
}

say kernel "$(uname -r)"
say boot "$(cut -d. -f1 /proc/uptime) s"
say enabled "$(systemctl is-enabled rezolus rezolus-exporter rezolus-hindsight | tr '\n' ' ')"
systemctl start rezolus rezolus-exporter rezolus-hindsight
say start $?
for unit in rezolus rezolus-exporter rezolus-hindsight; do
	say "$unit-active" "$(systemctl is-active $unit)"
	say "$unit-type" "$(property $unit Type)"
	pid=$(property $unit MainPID)
	say "$unit-user" "$(stat -c %U /proc/"$pid")"
	say "$unit-privileges" "$(grep -E '^(CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/"$pid"/status | tr -s '\t\n' ' ')"
	say "$unit-memory" "$(property $unit MemoryCurrent)"
done
rezolus status http://127.0.0.1:4241 | sed 's/^/status: /'
rezolus record --duration 5s http://127.0.0.1:4241 /root/five.parquet | sed 's/^/record: /'
# The exporter, seen by what Prometheus would ask; bash speaks TCP.
say exporter "$(bash -c 'exec 3<>/dev/tcp/127.0.0.1/4242; printf "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3; grep -m1 ^rezolus_exporter_agent_up <&3')"

dump=/var/lib/rezolus/hindsight/rezolus.parquet
systemctl reload rezolus-hindsight
say hindsight-reload $?
until_true 300 test -s $dump
say hindsight-dump "$(head -c 4 $dump)"
systemctl reload rezolus
say agent-reload $?
until_true 300 rezolus status http://127.0.0.1:4241
say agent-after-reload "$(systemctl is-active rezolus)"

systemctl stop rezolus-hindsight rezolus-exporter rezolus
say stop $?
for unit in rezolus rezolus-exporter rezolus-hindsight; do
	say "$unit-ended" "$(property $unit ActiveState) $(property $unit Result) $(property $unit NRestarts)"
done
journalctl --no-pager --output=cat --unit='rezolus*' --lines=60 | cut -c1-300 | sed 's/^/journal: /'
dpkg --purge rezolus 2>&1 | sed 's/^/purge: /'
say purged "$(systemctl list-unit-files --no-legend 'rezolus*' | wc -l)"
say end "$(cut -d. -f1 /proc/uptime) s"
systemctl poweroff --force --force
