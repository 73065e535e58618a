import { readFileSync } from 'node:fs';
import type { Member, MetricGroup } from '@rezolus/core';

/** InterfaceCounters: one line of /proc/net/dev. */
export interface InterfaceCounters {
  readonly name: string;
  /** bytes, packets, errors, drops; received and sent of each. */
  readonly values: readonly bigint[];
}

/** Columns of /proc/net/dev after the name (dev_seq_printf_stats of net/core/net-procfs.c), in the order of the metrics. */
const columns = [0, 8, 1, 9, 2, 10, 3, 11] as const;

/** parseInterfaces: the lines of /proc/net/dev; lines that do not look like one are left out. */
export function parseInterfaces(text: string): InterfaceCounters[] {
  const interfaces: InterfaceCounters[] = [];
  for (const line of text.split('\n')) {
    // A name has neither a colon nor white space (dev_valid_name of net/core/dev.c).
    const colon = line.indexOf(':');
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/ +/);
    if (colon < 0 || fields.length < 12 || !fields.every((field) => /^\d{1,20}$/.test(field))) continue;
    interfaces.push({
      name: line.slice(0, colon).trim(),
      values: columns.map((column) => BigInt(fields[column]!)),
    });
  }
  return interfaces;
}

/** InterfaceTable: the interfaces of the agent's network namespace as members of a group; an id is never used twice. */
export class InterfaceTable {
  readonly #path: string;
  readonly #group: MetricGroup;
  #members = new Map<string, Member>();
  #nextId = 0;

  constructor(group: MetricGroup, path = '/proc/self/net/dev') {
    this.#group = group;
    this.#path = path;
  }

  /** refresh: reads all interfaces into the group. Throws what reading the file throws. */
  refresh(): void {
    this.#group.beginRead();
    const interfaces = parseInterfaces(readFileSync(this.#path, 'utf8'));
    this.#update(interfaces);
    for (const [member, { values }] of interfaces.entries()) {
      for (const [metric, value] of values.entries()) {
        this.#group.counters[metric * interfaces.length + member] = value;
      }
    }
    this.#group.endRead();
  }

  #update(interfaces: readonly InterfaceCounters[]): void {
    const { members } = this.#group;
    const same =
      members.length === interfaces.length &&
      interfaces.every(({ name }, index) => members[index]!.labels.interface === name);
    if (same) return;
    this.#members = new Map(
      interfaces.map(({ name }) => [
        name,
        this.#members.get(name) ?? { id: this.#nextId++, labels: { interface: name } },
      ]),
    );
    this.#group.setMembers(interfaces.map(({ name }) => this.#members.get(name)!));
  }
}
