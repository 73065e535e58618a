/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU time of threads and of their cgroups. The kernel keeps the exact run time of each thread and its user and system
 * ticks; the difference to what was seen last is split by the ticks, as cputime_adjust() does for /proc, and added to
 * the thread and to the cgroup it is in now. A read is one pass of the task iterator; a thread that exits between two
 * reads accounts for itself, and one that is moved to another cgroup for the one it leaves. So: sum over live threads + exited = sum over cgroups, since the agent started.
 */
#pragma once

/* task_account: what was seen of a thread. Freed by the kernel with the thread, so a reused id starts anew. */
struct task_account {
	u64 runtime;
	u64 user;
	u64 system;
	/* since the agent started */
	u64 total;
	u32 known;
	u32 exited;
	/* where it was seen last */
	u64 cgroup_serial;
	u32 cgroup;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_account);
} accounts SEC(".maps");

/* task_record: what a read yields per thread. */
struct task_record {
	u32 pid;
	u32 tgid;
	u64 start_time;
	u64 total;
	u32 cgroup;
	u32 kernel_thread;
	char comm[TASK_COMM_LEN];
};

/* Never used: brings the layout into the generated bindings, which follow variables and map values. */
struct task_record task_record_layout[1];

/* started_at: monotonic time of the load, ns: only threads born later bring their whole history. */
const volatile u64 started_at = 0;
const volatile bool usage_enabled = false;

/* share: the part of `runtime` that is user time, by the ratio of ticks; in 1/1024 so that it cannot overflow. */
static __always_inline u64 user_share(u64 runtime, u64 user, u64 system, bool kernel_thread)
{
	if (user + system == 0)
		return kernel_thread ? 0 : runtime;
	return (runtime >> 10) * (user * 1024 / (user + system)) + (((runtime & 1023) * (user * 1024 / (user + system))) >> 10);
}

/*
 * account: adds what the thread ran since it was last seen. Other programs write the same rows, so atomically; of two
 * that see the thread at once, on different CPUs, one accounts for it.
 */
static __always_inline void account(struct task_struct *task, struct task_account *seen, struct usage_cgroup *row)
{
	u64 runtime = task->se.sum_exec_runtime, user = task->utime, system = task->stime;
	bool kernel_thread = task->flags & PF_KTHREAD;
	u64 before, ran, in_user;

	if (!seen->known) {
		if (task->start_time < started_at) {
			seen->runtime = runtime;
			seen->user = user;
			seen->system = system;
		}
		seen->known = 1;
	}
	before = seen->runtime;
	if (runtime <= before || __sync_val_compare_and_swap(&seen->runtime, before, runtime) != before)
		return;
	ran = runtime - before;
	in_user = user > seen->user || system > seen->system ?
			  user_share(ran, user - seen->user, system - seen->system, kernel_thread) :
			  user_share(ran, user, system, kernel_thread);
	seen->user = user;
	seen->system = system;
	__sync_fetch_and_add(&seen->total, ran);
	if (row) {
		__sync_fetch_and_add(&row->user, in_user);
		__sync_fetch_and_add(&row->system, ran - in_user);
	}
}

static __always_inline void usage_task(struct task_struct *task, struct seq_file *seq, struct usage_bank *bank, u32 cpu)
{
	struct cgroup_ref ref = cgroup_of(true, task);
	struct task_record record = {};
	struct task_account *seen;
	struct usage_cgroup *row;

	seen = bpf_task_storage_get(&accounts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!seen)
		bank->unaccounted++;
	if (!seen || seen->exited)
		return;
	row = cgroup_row_of(cgroups, usage_cgroup, ref, cpu, &bank->cgroups);
	account(task, seen, row);
	seen->cgroup = ref.id;
	seen->cgroup_serial = ref.serial;
	/* One that has not run since the agent came has nothing to say yet; most kernel threads never do. */
	if (!seen->total)
		return;
	record.pid = task->pid;
	record.tgid = task->tgid;
	record.start_time = task->start_time;
	record.total = seen->total;
	record.cgroup = ref.id;
	record.kernel_thread = !!(task->flags & PF_KTHREAD);
	bpf_probe_read_kernel_str(record.comm, TASK_COMM_LEN, task->comm);
	bpf_seq_write(seq, &record, sizeof(record));
}

SEC("tp_btf/sched_process_exit") int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct usage_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	struct task_account fresh = {};
	struct task_account *seen;
	struct usage_cgroup *row;

	if (!bank)
		return 0;
	seen = bpf_task_storage_get(&accounts, task, 0, 0);
	if (!seen)
		seen = &fresh;
	row = cgroup_row(true, cgroups, usage_cgroup, task, cpu, &bank->cgroups);
	account(task, seen, row);
	seen->exited = 1;
	bank->exited += seen->total;
	if (row)
		__sync_fetch_and_add(&row->exited, seen->total);
	return 0;
}

/*
 * Called when the thread is in its new cgroup: what it ran until now belongs to the one it was seen in before. Of a
 * process only the leader is passed; its other threads count for the new cgroup from the last read on.
 */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach_task, struct cgroup *cgroup, const char *path, struct task_struct *task, bool threadgroup)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct usage_bank *bank = bpf_map_lookup_elem(&banks, &cpu);
	struct cgroup_ref ref = cgroup_of(true, task), left = {};
	struct task_account *seen;
	struct usage_cgroup *row;

	if (!bank)
		return 0;
	seen = bpf_task_storage_get(&accounts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!seen) {
		bank->unaccounted++;
		return 0;
	}
	/* The new one is met first, so that it is announced when somebody leaves it. */
	row = cgroup_row_of(cgroups, usage_cgroup, ref, cpu, &bank->cgroups);
	if (seen->cgroup_serial && seen->cgroup_serial != ref.serial) {
		left.id = seen->cgroup;
		left.serial = seen->cgroup_serial;
		row = cgroup_row_of(cgroups, usage_cgroup, left, cpu, &bank->cgroups);
	}
	account(task, seen, row);
	seen->cgroup = ref.id;
	seen->cgroup_serial = ref.serial;
	return 0;
}
