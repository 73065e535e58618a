import { closeSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { RezolusError, UnsupportedError } from '@rezolus/core';
import { raiseCapabilities } from './capabilities.ts';
import { errorText, isMissing } from './verdict.ts';

/** PerfEvent: what to count: `type` and `config` of struct perf_event_attr, and a name for messages. */
export interface PerfEvent {
  readonly name: string;
  readonly type: number;
  readonly config: number | bigint;
  /** Number of events from one run of the BPF program that is attached to it to the next; by default none is run. */
  readonly period?: number;
}

/** perfType: types of perf_event_attr that need no look-up in /sys/bus/event_source. */
export const perfType = { hardware: 0, software: 1, cache: 3, raw: 4 } as const;

/** perf_event_attr as of its first version (include/uapi/linux/perf_event.h), which every kernel takes. */
const attrBytes = 64;
const attrDisabled = 1n << 0n;
const attrPinned = 1n << 2n;
/** PERF_FORMAT_TOTAL_TIME_ENABLED, _TOTAL_TIME_RUNNING and _GROUP: nr, enabled, running, a value per event. */
const readFormat = 0b1011n;
const readHeader = 3;

const PERF_FLAG_FD_CLOEXEC = 8;
const PERF_EVENT_IOC_ENABLE = 0x2400;
const PERF_EVENT_IOC_SET_BPF = 0x4004_2408;
const PERF_IOC_FLAG_GROUP = 1;
const EPERM = 1;
const EACCES = 13;

/** Numbers of perf_event_open(2), which libc has no function for. */
const syscallNumbers: Readonly<Record<string, number>> = { x64: 298, arm64: 241, riscv64: 241, loong64: 241 };

function bind() {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  return {
    koffi,
    // Both are variadic in C; with integers and pointers the calls are the same.
    open: libc.func(
      'long syscall(long number, void *attr, int pid, int cpu, int group, unsigned long flags)',
    ),
    ioctl: libc.func('int ioctl(int fd, unsigned long request, unsigned long argument)'),
  };
}

let bound: ReturnType<typeof bind> | undefined;

/**
 * PerfGroup: events that are counted together on one CPU, for all tasks, kernel and hypervisor included. The first is
 * the leader and pinned: it is on the PMU all the time or in error, never taking turns. Disposing closes all.
 */
export class PerfGroup implements Disposable {
  /** File descriptors in the order of the events. */
  readonly fds: readonly number[];
  readonly #reading: BigUint64Array;
  #closed = false;

  private constructor(fds: readonly number[]) {
    this.fds = fds;
    this.#reading = new BigUint64Array(readHeader + fds.length);
  }

  /**
   * open: starts counting. Throws UnsupportedError where the kernel or the machine does not have an event or the CPU,
   * REZ_ERR_PERF_PERMISSION, and REZ_ERR_SAMPLER_START for anything else, e.g. too many open files.
   */
  static open(cpu: number, events: readonly PerfEvent[]): PerfGroup {
    bound ??= bind();
    using _raised = raiseCapabilities();
    const fds: number[] = [];
    try {
      for (const event of events) fds.push(openEvent(bound, cpu, event, fds[0] ?? -1));
      const group = new PerfGroup(fds);
      group.enable();
      return group;
    } catch (error) {
      for (const fd of fds) closeSync(fd);
      throw error;
    }
  }

  /** read: reads times and values at one moment. False where the group is in error: pinned, but not on the PMU. */
  read(): boolean {
    return readSync(this.fds[0]!, this.#reading) === this.#reading.byteLength;
  }

  /** timeEnabled: ns for which the group was to count, at the last read. */
  get timeEnabled(): bigint {
    return this.#reading[1]!;
  }

  /** timeRunning: ns for which the group did count, at the last read. */
  get timeRunning(): bigint {
    return this.#reading[2]!;
  }

  /** value: the count of event `index` at the last read. */
  value(index: number): bigint {
    return this.#reading[readHeader + index]!;
  }

  /** enable: lets the group count, again where it was in error. */
  enable(): void {
    bound!.ioctl(this.fds[0]!, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const fd of this.fds) closeSync(fd);
  }
}

/** runAtEvent: runs a loaded BPF program at a perf event until that is closed. Returns 0, or the errno. */
export function runAtEvent(event: number, program: number): number {
  bound ??= bind();
  using _raised = raiseCapabilities();
  return bound.ioctl(event, PERF_EVENT_IOC_SET_BPF, program) === 0 ? 0 : bound.koffi.errno();
}

function openEvent(
  { koffi, open }: ReturnType<typeof bind>,
  cpu: number,
  event: PerfEvent,
  leader: number,
): number {
  const number = syscallNumbers[process.arch];
  if (number === undefined)
    throw new UnsupportedError('perf_event_open', `no perf events on ${process.arch}`);
  const attr = new DataView(new ArrayBuffer(attrBytes));
  attr.setUint32(0, event.type, true);
  attr.setUint32(4, attrBytes, true);
  attr.setBigUint64(8, BigInt(event.config), true);
  attr.setBigUint64(16, BigInt(event.period ?? 0), true);
  attr.setBigUint64(32, readFormat, true);
  attr.setBigUint64(40, leader < 0 ? attrDisabled | attrPinned : 0n, true);
  const fd = Number(open(number, new Uint8Array(attr.buffer), -1, cpu, leader, PERF_FLAG_FD_CLOEXEC));
  if (fd < 0) throw openError(event.name, cpu, koffi.errno());
  return fd;
}

function openError(event: string, cpu: number, errno: number): RezolusError {
  const reason = errorText(errno);
  if (isMissing(errno)) {
    const text = `this machine has no PMU that counts ${event} (perf_event_open on CPU ${cpu}: ${reason})`;
    return new UnsupportedError(event, text);
  }
  const text = `the event ${event} cannot be counted on CPU ${cpu}: ${reason}`;
  if (errno === EPERM || errno === EACCES) {
    const sysctl = '/proc/sys/kernel/perf_event_paranoid';
    return new RezolusError('REZ_ERR_PERF_PERMISSION', `${text} (see ${sysctl})`);
  }
  return new RezolusError('REZ_ERR_SAMPLER_START', text);
}
