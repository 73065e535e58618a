import { UnsupportedError } from '@rezolus/core';
import { perfType } from '@rezolus/libbpf';
import type { CountedEvent } from '../perf-events.ts';

/** Misses: how a kind of processor counts data TLB misses: together, or loads and stores each on its own. */
export interface Misses {
  readonly processor: string;
  readonly together: boolean;
  readonly events: readonly CountedEvent[];
}

interface Walks {
  readonly processor: string;
  readonly models: readonly number[];
  readonly load: number;
  readonly store: number;
}

/**
 * Intel servers, family 6, by model: DTLB_LOAD_MISSES and DTLB_STORE_MISSES as umask << 8 | event. Up to Cascade Lake
 * .MISS_CAUSES_A_WALK; later ones have no such event, .WALK_COMPLETED (all page sizes) is what they count. Numbers of
 * tools/perf/pmu-events/arch/x86 of the kernel.
 */
const intel: readonly Walks[] = [
  { processor: 'Haswell', models: [0x3c, 0x3f, 0x45, 0x46], load: 0x0108, store: 0x0149 },
  { processor: 'Broadwell', models: [0x3d, 0x47, 0x4f, 0x56], load: 0x0108, store: 0x0149 },
  { processor: 'Skylake, Cascade Lake', models: [0x4e, 0x5e, 0x55], load: 0x0108, store: 0x0149 },
  { processor: 'Ice Lake', models: [0x6a, 0x6c, 0x7d, 0x7e], load: 0x0e08, store: 0x0e49 },
  { processor: 'Sapphire Rapids, Emerald Rapids', models: [0x8f, 0xcf], load: 0x0e12, store: 0x0e13 },
  { processor: 'Granite Rapids', models: [0xad, 0xae], load: 0x0e12, store: 0x0e13 },
];

/** LsL1DTlbMiss with all its sub-events: Zen 1 to 5; Hygon's family 18h is a Zen 1. */
const zen = 0xff45;
const zenFamilies: Readonly<Record<string, readonly number[]>> = {
  AuthenticAMD: [0x17, 0x19, 0x1a],
  HygonGenuine: [0x18],
};

/** L1D_TLB_REFILL, one of the common events of the Arm architecture. */
const armRefill = 0x05;

/**
 * missesOf: the events of the processor that `cpuinfo` (the text of /proc/cpuinfo) describes. Throws UnsupportedError
 * for one whose events are not known.
 */
export function missesOf(cpuinfo: string): Misses {
  const field = (name: string) => new RegExp(`^${name}\\s*: (.+)$`, 'm').exec(cpuinfo)?.[1]?.trim();
  const vendor = field('vendor_id') ?? '';
  const family = Number(field('cpu family'));
  const model = Number(field('model'));
  if (zenFamilies[vendor]?.includes(family)) return together('AMD Zen', zen);
  if (vendor === 'GenuineIntel' && family === 6) {
    const known = intel.find(({ models }) => models.includes(model));
    if (known !== undefined) return { ...known, together: false, events: walks(known) };
  }
  if (field('CPU implementer') !== undefined && field('CPU architecture') === '8') {
    return together('Armv8', armRefill);
  }
  const name = field('model name') ?? 'this processor';
  throw new UnsupportedError('dtlb', `which events count the data TLB misses of ${name} is not known`);
}

function together(processor: string, config: number): Misses {
  const events = [{ name: 'dtlb-misses', type: perfType.raw, config, metric: 0 }];
  return { processor, together: true, events };
}

function walks({ load, store }: Walks): CountedEvent[] {
  return [
    { name: 'dtlb-load-misses', type: perfType.raw, config: load, metric: 0 },
    { name: 'dtlb-store-misses', type: perfType.raw, config: store, metric: 1 },
  ];
}
