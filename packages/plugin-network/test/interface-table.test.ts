import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MetricGroup } from '@rezolus/core';
import { afterAll, describe, expect, it } from 'vitest';
import { InterfaceTable, parseInterfaces } from '../src/traffic/interface-table.ts';
import { interfaces } from '../src/traffic/metrics.ts';

const header = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`;
const folder = mkdtempSync(join(tmpdir(), 'rezolus-net-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('parseInterfaces', () => {
  it('reads names and the eight counters, exactly', () => {
    const text = `${header}    lo:  100     4    1    2    3     4          5         6  200     5    7    8    9       10      11          12
eth0.1@x:18446744073709551615 19437 0 0 0 0 0 0 9007199254740993 11746 0 0 0 0 0 0
`;
    expect(parseInterfaces(text)).toEqual([
      { name: 'lo', values: [100n, 200n, 4n, 5n, 1n, 7n, 2n, 8n] },
      {
        name: 'eth0.1@x',
        values: [18446744073709551615n, 9007199254740993n, 19437n, 11746n, 0n, 0n, 0n, 0n],
      },
    ]);
  });

  it.each(['', header, 'eth0', 'eth0: 1 2 3', 'eth0: 1 2 3 4 5 6 7 8 9 x 11 12', ':'.repeat(100_000)])(
    'leaves out what is no interface: %.20j',
    (text) => {
      expect(parseInterfaces(text)).toEqual([]);
    },
  );

  it('is not slow on a line of digits', () => {
    expect(parseInterfaces(`eth0:${'1'.repeat(1_000_000)}`)).toEqual([]);
    expect(parseInterfaces(`eth0:${' 1'.repeat(100_000)}`)).toHaveLength(1);
  });
});

describe('InterfaceTable', () => {
  const path = join(folder, 'dev');
  const line = (name: string, bytes: number) => `${name}: ${bytes}${' 0'.repeat(15)}\n`;
  const group = new MetricGroup('network_traffic', interfaces, 0);
  const table = new InterfaceTable(group, path);
  const bytes = () =>
    Object.fromEntries(group.members.map(({ labels }, i) => [labels.interface, group.counters[i]]));

  it('keeps schema and ids as long as the interfaces are the same, and never uses an id twice', () => {
    writeFileSync(path, header + line('lo', 1) + line('veth1', 2));
    table.refresh();
    const { schema } = group;
    expect(bytes()).toEqual({ lo: 1n, veth1: 2n });
    writeFileSync(path, header + line('lo', 3) + line('veth1', 4));
    table.refresh();
    expect(group.schema).toBe(schema);
    expect(bytes()).toEqual({ lo: 3n, veth1: 4n });
    writeFileSync(path, header + line('lo', 5));
    table.refresh();
    writeFileSync(path, header + line('veth1', 6) + line('lo', 7));
    table.refresh();
    expect(bytes()).toEqual({ lo: 7n, veth1: 6n });
    expect(group.members.map(({ id }) => id)).toEqual([2, 0]);
  });
});
