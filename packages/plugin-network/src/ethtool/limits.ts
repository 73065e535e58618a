import { readdirSync } from 'node:fs';
import type { MetricGroup } from '@rezolus/core';
import { type Ask, EthtoolDevice } from './device.ts';
import { allowances } from './metrics.ts';

/** interfaceNames: the interfaces of the agent's network namespace but `lo`. */
export function interfaceNames(path = '/sys/class/net'): string[] {
  return readdirSync(path)
    .filter((name) => name !== 'lo')
    .sort();
}

/** Limits: the allowances of all interfaces that have them, as members of a group. Interfaces may come and go. */
export class Limits {
  readonly #ask: Ask;
  readonly #names: () => readonly string[];
  readonly #devices = new Map<string, { readonly id: number; readonly device: EthtoolDevice }>();
  #nextId = 0;

  constructor(ask: Ask, names: () => readonly string[] = interfaceNames) {
    this.#ask = ask;
    this.#names = names;
  }

  /** refresh: reads all interfaces and returns those that have at least one allowance. */
  refresh(): EthtoolDevice[] {
    const names = this.#names();
    for (const name of this.#devices.keys()) if (!names.includes(name)) this.#devices.delete(name);
    return names.flatMap((name) => {
      let entry = this.#devices.get(name);
      if (entry === undefined) {
        entry = { id: this.#nextId++, device: new EthtoolDevice(name, allowances, this.#ask) };
        this.#devices.set(name, entry);
      }
      return entry.device.refresh() ? [entry.device] : [];
    });
  }

  /** read: refreshes into the group; what an interface does not have is absent. */
  read(group: MetricGroup): void {
    group.beginRead();
    const devices = this.refresh();
    const same =
      group.members.length === devices.length &&
      devices.every(({ name }, index) => group.members[index]!.id === this.#devices.get(name)!.id);
    if (!same) {
      group.setMembers(
        devices.map(({ name }) => ({ id: this.#devices.get(name)!.id, labels: { interface: name } })),
      );
    }
    const present = new Uint8Array(group.counters.length).fill(1);
    for (const [member, device] of devices.entries()) {
      for (const metric of allowances.keys()) {
        const slot = metric * devices.length + member;
        const value = device.value(metric);
        group.counters[slot] = value ?? 0n;
        if (value === undefined) present[slot] = 0;
      }
    }
    group.countersPresent = present.includes(0) ? present : null;
    group.endRead();
  }
}
