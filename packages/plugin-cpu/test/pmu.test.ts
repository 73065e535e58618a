import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { UnsupportedError } from '@rezolus/core';
import { afterAll, describe, expect, it } from 'vitest';
import { missesOf } from '../src/dtlb/processor.ts';
import { msrEvents } from '../src/frequency/msr.ts';
import { cacheLeaders, l3Events } from '../src/l3/caches.ts';

const root = mkdtempSync(join(tmpdir(), 'rezolus-pmu-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder of files as in sysfs. */
function tree(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  return join(root, name);
}

describe('msrEvents', () => {
  const events = { 'msr/type': '11', 'msr/events/tsc': 'event=0x00' };

  it('takes type and numbers from sysfs, the leader first', () => {
    const all = { ...events, 'msr/events/aperf': 'event=0x01', 'msr/events/mperf': 'event=0x02' };
    expect(msrEvents(tree('msr', all))).toEqual([
      { name: 'tsc', type: 11, config: 0, metric: 0 },
      { name: 'aperf', type: 11, config: 1, metric: 1 },
      { name: 'mperf', type: 11, config: 2, metric: 2 },
    ]);
  });

  it('does not do with half of them', () => {
    expect(() => msrEvents(tree('guest', events))).toThrow('does not count aperf and mperf');
    expect(() => msrEvents(tree('none', {}))).toThrow(UnsupportedError);
    const odd = { ...events, 'msr/events/aperf': 'umask=1', 'msr/events/mperf': 'event=0x02' };
    expect(() => msrEvents(tree('odd', odd))).toThrow('describes aperf as "umask=1"');
  });
});

describe('missesOf', () => {
  const cpuinfo = (fields: Readonly<Record<string, string | number>>) =>
    `processor\t: 0\n${Object.entries(fields)
      .map(([key, value]) => `${key.padEnd(8)}\t: ${value}`)
      .join('\n')}\nmodel name\t: Some CPU @ 2.0GHz\nflags\t\t: fpu vme\n\nprocessor\t: 1\n`;
  const codes = (text: string) => missesOf(text).events.map(({ config }) => config);

  it.each([
    ['Zen 4', { vendor_id: 'AuthenticAMD', 'cpu family': 25, model: 17 }, [0xff45]],
    ['Zen 5', { vendor_id: 'AuthenticAMD', 'cpu family': 26, model: 2 }, [0xff45]],
    ['Broadwell', { vendor_id: 'GenuineIntel', 'cpu family': 6, model: 79 }, [0x0108, 0x0149]],
    ['Cascade Lake', { vendor_id: 'GenuineIntel', 'cpu family': 6, model: 85 }, [0x0108, 0x0149]],
    ['Ice Lake', { vendor_id: 'GenuineIntel', 'cpu family': 6, model: 106 }, [0x0e08, 0x0e49]],
    ['Sapphire Rapids', { vendor_id: 'GenuineIntel', 'cpu family': 6, model: 143 }, [0x0e12, 0x0e13]],
    ['Neoverse N1', { 'CPU implementer': '0x41', 'CPU architecture': 8, 'CPU part': '0xd0c' }, [5]],
  ])('knows the events of %s', (_, fields, expected) => {
    expect(codes(cpuinfo(fields))).toEqual(expected);
  });

  it('does not guess', () => {
    const unknown = { vendor_id: 'GenuineIntel', 'cpu family': 6, model: 55 };
    expect(() => missesOf(cpuinfo(unknown))).toThrow('Some CPU @ 2.0GHz');
    expect(() => missesOf('')).toThrow(UnsupportedError);
    expect(() => missesOf(cpuinfo({ vendor_id: 'AuthenticAMD', 'cpu family': 21, model: 2 }))).toThrow();
  });
});

describe('l3Events', () => {
  it('counts on amd_l3 where there is one', () => {
    const { groups } = l3Events(tree('amd', { 'amd_l3/type': '12', 'cpu/type': '4' }));
    expect(groups).toEqual([
      [
        { name: 'amd_l3/access', type: 12, config: 0xff04, metric: 0 },
        { name: 'amd_l3/miss', type: 12, config: 0x0104, metric: 1 },
      ],
    ]);
  });

  it('counts on every slice of an Intel one', () => {
    const files = { 'uncore_cha_0/type': '30', 'uncore_cha_10/type': '40', 'uncore_imc_0/type': '50' };
    const { pmu, groups } = l3Events(tree('intel', files));
    expect(pmu).toBe('uncore_cha (2 slices)');
    expect(groups.map((group) => group.map(({ type, config }) => [type, config]))).toEqual([
      [
        [30, 0x0f34],
        [30, 0x2135],
      ],
      [
        [40, 0x0f34],
        [40, 0x2135],
      ],
    ]);
  });

  it('says that there is none', () => {
    expect(() => l3Events(tree('guest', { 'software/type': '1' }))).toThrow(UnsupportedError);
    expect(() => l3Events(join(root, 'nowhere'))).toThrow('no PMU for the level 3 cache');
  });
});

describe('cacheLeaders', () => {
  it('has the first CPU of each cache, and none without one', () => {
    const cpu = (id: number, l3: string | null) => ({
      [`cpu${id}/cache/index0/level`]: '1',
      [`cpu${id}/cache/index0/shared_cpu_list`]: String(id),
      ...(l3 !== null && {
        [`cpu${id}/cache/index3/level`]: '3',
        [`cpu${id}/cache/index3/shared_cpu_list`]: l3,
      }),
    });
    const cpus = tree('cpus', {
      ...cpu(0, '0-1,8-9'),
      ...cpu(1, '0-1,8-9'),
      ...cpu(2, '2-3,10-11'),
      ...cpu(3, '2-3,10-11'),
      ...cpu(4, null),
    });
    expect(cacheLeaders([0, 1, 2, 3, 4], cpus)).toEqual([0, 2]);
    expect(cacheLeaders([7], cpus)).toEqual([]);
  });
});
