import { readFileSync } from 'node:fs';
import {
  type Logger,
  type MetricGroup,
  parseCpuList,
  RezolusError,
  sentence,
  UnsupportedError,
} from '@rezolus/core';
import { type PerfEvent, PerfGroup } from '@rezolus/libbpf';
import { type PerfTimes, verdictOf } from './perf-reading.ts';

/** CountedEvent: an event and the position of the metric that it feeds; several events of a CPU may feed one. */
export interface CountedEvent extends PerfEvent {
  readonly metric: number;
}

/** PerfSource: what is counted under the id of a CPU: groups of events, each read as a whole. */
export interface PerfSource {
  readonly cpu: number;
  readonly groups: readonly (readonly CountedEvent[])[];
}

/** EventGroup: what of a PerfGroup is needed here. */
export type EventGroup = Pick<PerfGroup, 'fds' | 'read' | 'value' | 'enable' | typeof Symbol.dispose> &
  PerfTimes;

/** PerfOptions: where the CPUs and the events come from; tests bring their own. */
export interface PerfOptions {
  readonly log?: Logger;
  online?(): number[];
  open?(cpu: number, events: readonly PerfEvent[]): EventGroup;
}

interface OpenGroup {
  readonly events: readonly CountedEvent[];
  readonly group: EventGroup;
  before: { timeEnabled: bigint; timeRunning: bigint };
}

interface Cpu {
  readonly groups: OpenGroup[];
  /** Counts of the groups that were here before, by metric: the CPU went away and came back. */
  readonly base: bigint[];
  /** Last counts that were read, by metric. */
  last: bigint[];
}

/** everyCpu: the same groups of events on each CPU. */
export function everyCpu(
  groups: readonly (readonly CountedEvent[])[],
): (online: readonly number[]) => PerfSource[] {
  return (online) => online.map((cpu) => ({ cpu, groups }));
}

/** onlineCpus: ids of the CPUs that are there now. */
export function onlineCpus(): number[] {
  return parseCpuList(readFileSync('/sys/devices/system/cpu/online', 'utf8'));
}

/**
 * PerfCounters: perf events on every CPU, read as they are: a counter that did not run has no reading, and nothing is
 * scaled, because that would let a counter climb that stands still. Follows CPUs that go away and come back.
 */
export class PerfCounters implements Disposable {
  /** generation: changes whenever events were opened or closed. */
  generation = 0;
  readonly #sources: (online: readonly number[]) => readonly PerfSource[];
  readonly #metrics: number;
  readonly #online: () => number[];
  readonly #open: (cpu: number, events: readonly PerfEvent[]) => EventGroup;
  readonly #log: Logger | undefined;
  readonly #cpus = new Map<number, Cpu>();
  /** Totals of CPUs that went away. */
  readonly #left = new Map<number, bigint[]>();
  readonly #failed = new Map<number, string>();
  #troubles = new Map<string, number[]>();
  #known = '';

  /**
   * Opens the events of all CPUs for `metrics` metrics. Throws the error of the first CPU where none of them can be
   * opened: UnsupportedError, REZ_ERR_PERF_PERMISSION or REZ_ERR_SAMPLER_START.
   */
  constructor(
    metrics: number,
    sources: (online: readonly number[]) => readonly PerfSource[],
    { online = onlineCpus, open = PerfGroup.open, log }: PerfOptions = {},
  ) {
    this.#metrics = metrics;
    this.#sources = sources;
    this.#online = online;
    this.#open = open;
    this.#log = log;
    const first = this.#follow();
    if (this.#cpus.size === 0) {
      throw first ?? new RezolusError('REZ_ERR_SAMPLER_START', 'there is no CPU to count events on');
    }
  }

  /** opened: every event that is open, for who wants to read it elsewhere, too. */
  *opened(): Iterable<{ readonly cpu: number; readonly metric: number; readonly fd: number }> {
    for (const [cpu, { groups }] of this.#cpus) {
      for (const { events, group } of groups) {
        for (const [index, { metric }] of events.entries()) yield { cpu, metric, fd: group.fds[index]! };
      }
    }
  }

  /** refresh: reads all counters into the group, whose members become the CPUs that have any. */
  refresh(target: MetricGroup): void {
    this.#follow();
    const ids = [...this.#cpus.keys()].sort((a, b) => a - b);
    if (ids.length !== target.members.length || ids.some((id, index) => id !== target.members[index]!.id)) {
      target.setMembers(ids.map((id) => ({ id, labels: { id: String(id) } })));
    }
    this.#troubles = new Map();
    target.beginRead();
    target.storeRows(ids.map((id) => this.#read(id, this.#cpus.get(id)!)));
    target.endRead();
  }

  /** missing: what was not counted at the last refresh, or may not be right, a sentence each. */
  missing(): string[] {
    return [
      ...this.#failed.values(),
      ...[...this.#troubles].map(([trouble, cpus]) => `CPU ${cpus.join(', ')}: ${trouble}`),
    ];
  }

  [Symbol.dispose](): void {
    for (const cpu of this.#cpus.values()) close(cpu);
    this.#cpus.clear();
  }

  #read(id: number, cpu: Cpu): (bigint | null)[] {
    const row: (bigint | null)[] = [...cpu.base];
    for (const open of cpu.groups) {
      const { group, events } = open;
      const verdict = group.read() ? verdictOf(open.before, group) : 'error';
      if (verdict === 'gone') return this.#reopen(id, cpu);
      if (verdict === 'error') group.enable();
      else open.before = { timeEnabled: group.timeEnabled, timeRunning: group.timeRunning };
      if (verdict !== 'counted')
        this.#note(`${events.map(({ name }) => name).join(', ')} ${troubles[verdict]}`, id);
      for (const [index, { metric }] of events.entries()) {
        const counted = verdict === 'counted' || verdict === 'stalled';
        const sum = row[metric]!;
        row[metric] = counted && sum !== null ? sum + group.value(index) : null;
      }
    }
    cpu.last = row.map((value, metric) => value ?? cpu.last[metric]!);
    return row;
  }

  #note(trouble: string, id: number): void {
    this.#troubles.set(trouble, [...(this.#troubles.get(trouble) ?? []), id]);
  }

  /** The events died with their CPU, which is back: counts go on where they were. */
  #reopen(id: number, cpu: Cpu): (bigint | null)[] {
    this.#leave(id, cpu);
    this.#known = '';
    return cpu.last;
  }

  #leave(id: number, cpu: Cpu): void {
    this.generation++;
    close(cpu);
    this.#cpus.delete(id);
    this.#left.set(id, cpu.last);
  }

  /** Opens events on CPUs that are new and closes those of CPUs that are gone. Returns the first error. */
  #follow(): unknown {
    const online = this.#online();
    const known = online.join();
    if (known === this.#known) return undefined;
    this.#known = known;
    const sources = this.#sources(online);
    const wanted = new Set(sources.map(({ cpu }) => cpu));
    for (const [id, cpu] of this.#cpus) if (!wanted.has(id)) this.#leave(id, cpu);
    for (const id of this.#failed.keys()) if (!wanted.has(id)) this.#failed.delete(id);
    let first: unknown;
    for (const source of sources) {
      if (this.#cpus.has(source.cpu) || this.#failed.has(source.cpu)) continue;
      try {
        this.#cpus.set(source.cpu, this.#openAll(source));
        this.generation++;
      } catch (error) {
        first ??= error;
        this.#failed.set(source.cpu, sentence(error));
        // What the machine does not have is told by the status, once.
        if (error instanceof UnsupportedError) this.#log?.debug({ cpu: source.cpu }, sentence(error));
        else this.#log?.warn({ cpu: source.cpu }, sentence(error));
      }
    }
    return first;
  }

  #openAll({ cpu, groups }: PerfSource): Cpu {
    using cleanup = new DisposableStack();
    const opened = groups.map((events): OpenGroup => {
      const group = cleanup.use(this.#open(cpu, events));
      return { events, group, before: { timeEnabled: 0n, timeRunning: 0n } };
    });
    cleanup.move();
    const base = this.#left.get(cpu) ?? new Array<bigint>(this.#metrics).fill(0n);
    return { groups: opened, base, last: [...base] };
  }
}

const troubles = {
  error: 'cannot have a counter of the PMU: all are in use',
  idle: 'never ran on the PMU',
  stalled: 'stands still: it was enabled, but did not run',
} as const;

function close({ groups }: Cpu): void {
  for (const { group } of groups) group[Symbol.dispose]();
}
