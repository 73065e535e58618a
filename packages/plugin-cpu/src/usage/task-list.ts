import type { Member, MetricGroup, StructSpec } from '@rezolus/core';
import type { CgroupTable } from '@rezolus/libbpf';

interface Known {
  readonly startLow: number;
  readonly startHigh: number;
  readonly cgroup: number;
  readonly comm: string;
  readonly member: Member;
}

/**
 * TaskList: the live threads as the pass over all threads yields them (`struct task_record`). Labels are made when a thread is
 * new, was renamed or moved, and kept else; membership changes replace the group's members.
 */
export class TaskList {
  readonly #spec: StructSpec;
  readonly #cgroups: CgroupTable;
  #known = new Map<number, Known>();

  constructor(spec: StructSpec, cgroups: CgroupTable) {
    this.#spec = spec;
    this.#cgroups = cgroups;
  }

  /** read: brings the members of `group` up to date with the records of a pass and writes the totals into it. */
  read(bytes: Uint8Array, group: MetricGroup): void {
    const { size, fields } = this.#spec;
    const count = Math.floor(bytes.length / size);
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, (count * size) >>> 2);
    const word = (name: string) => fields[name]!.offset >>> 2;
    const [pidAt, tgidAt, startAt, totalAt, cgroupAt] = ['pid', 'tgid', 'start_time', 'total', 'cgroup'].map(
      word,
    ) as [number, number, number, number, number];
    const comm = fields.comm!;
    const known = new Map<number, Known>();
    const members: Member[] = [];
    let changed = count !== group.members.length;
    for (let i = 0; i < count; i++) {
      const base = (i * size) >>> 2;
      const pid = words[base + pidAt]!;
      const text = commText(bytes, i * size + comm.offset, comm.count);
      let task = this.#known.get(pid);
      const startLow = words[base + startAt]!;
      const startHigh = words[base + startAt + 1]!;
      const cgroup = words[base + cgroupAt]!;
      if (
        task?.startLow !== startLow ||
        task.startHigh !== startHigh ||
        task.comm !== text ||
        task.cgroup !== cgroup
      ) {
        const labels = {
          id: String(pid),
          pid: String(pid),
          tgid: String(words[base + tgidAt]),
          comm: text,
          cgroup: this.#cgroups.name(cgroup),
        };
        task = { startLow, startHigh, cgroup, comm: text, member: { id: pid, labels } };
      }
      known.set(pid, task);
      changed ||= group.members[i] !== task.member;
      members.push(task.member);
    }
    this.#known = known;
    if (changed) group.setMembers(members);
    const target = new Uint32Array(group.counters.buffer);
    for (let i = 0; i < count; i++) {
      const base = ((i * size) >>> 2) + totalAt;
      target[i * 2] = words[base]!;
      target[i * 2 + 1] = words[base + 1]!;
    }
  }
}

function commText(bytes: Uint8Array, at: number, length: number): string {
  let end = at;
  while (end < at + length && bytes[end] !== 0) end++;
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('utf8');
}
