import { closeSync, openSync, readSync } from 'node:fs';
import { ABI, defineSampler, UnsupportedError } from '@rezolus/core';
import { memory } from './metrics.ts';
import { readValue } from './vmstat.ts';

const path = '/proc/vmstat';

/** mySampler: page faults and memory that waits to be written. */
export const mySampler = defineSampler({
  name: 'my_sampler',
  abi: ABI,
  description: 'Page faults, and memory that waits to be written',
  routes: [{ route: path, needs: 'procfs' }],
  groups: [memory],
  create({ group: groupOf }) {
    const group = groupOf(memory.name);
    // Opened once; some 5 KB, so that one read gets all of it.
    const file = openSync(path, 'r');
    const buffer = Buffer.alloc(64 * 1024);
    const read = () => buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
    if (readValue(read(), 'pgfault') === null) {
      closeSync(file);
      throw new UnsupportedError(path, `${path} of this kernel has no pgfault`);
    }
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        const text = read();
        group.counters[0] = readValue(text, 'pgfault') ?? 0n;
        group.gauges[0] = readValue(text, 'nr_dirty') ?? 0n;
        group.endRead();
      },
      report: () => ({ route: path }),
      async [Symbol.asyncDispose]() {
        closeSync(file);
      },
    };
  },
});
