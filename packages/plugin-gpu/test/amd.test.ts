import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Harness } from '@rezolus/devkit';
import { SharedLibrary } from '@rezolus/libbpf';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { frequenciesBytes, parseFrequency } from '../src/amd/frequencies.ts';
import { defineGpuAmdSmi } from '../src/amd/sampler.ts';
import { gpuAmdSmi } from '../src/index.ts';
import { compile, shown } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'rezolus-rsmi-'));
const paths = { rocm6: join(folder, 'librocm_smi64.so.6'), rocm5: join(folder, 'librocm_smi64.so.5') };
beforeAll(() => {
  compile('fake-rsmi.c', paths.rocm6);
  compile('fake-rsmi.c', paths.rocm5, '-DROCM5');
});
afterAll(() => rmSync(folder, { recursive: true }));

const start = (path: string) =>
  Harness.start([defineGpuAmdSmi([path])], { options: { gpu_amd_smi: { interval: 100 } } });

describe.each([
  { version: 'ROCm 6', path: paths.rocm6, power: [123_456, 123_457] },
  { version: 'ROCm 5', path: paths.rocm5, power: [100_000, 100_000] },
])('gpu_amd_smi on a library that behaves like that of $version', ({ path, power }) => {
  it('shows every value of two GPUs, and none that a GPU does not offer', async () => {
    using fake = SharedLibrary.open([path], 'a test');
    {
      await using harness = await start(path);
      await vi.waitFor(async () => {
        await harness.refresh();
        expect(shown(harness, 0)).toHaveLength(14);
      });
      expect(shown(harness, 0)).toEqual([
        `gpu_pcie_throughput receive ${3000 * 256}`,
        `gpu_pcie_throughput transmit ${1000 * 256}`,
        `gpu_memory free ${60 * 2 ** 30}`,
        `gpu_memory used ${4 * 2 ** 30}`,
        `gpu_power_usage ${power[0]}`,
        'gpu_temperature edge 41',
        'gpu_temperature junction 51',
        'gpu_temperature memory 61',
        'gpu_clock compute 1700000000',
        'gpu_clock graphics 1700000000',
        'gpu_clock memory 1200000000',
        'gpu_utilization 90',
        'gpu_memory_utilization 30',
        'gpu_energy_consumption 15500',
      ]);
      expect(shown(harness, 1)).toEqual([
        `gpu_memory free ${60 * 2 ** 30 - 1}`,
        `gpu_memory used ${4 * 2 ** 30 + 1}`,
        `gpu_power_usage ${power[1]}`,
        'gpu_temperature edge -5',
        'gpu_temperature junction 51',
        'gpu_clock compute 1700000001',
        'gpu_clock graphics 1700000001',
        'gpu_utilization 91',
        'gpu_memory_utilization 31',
      ]);
      expect(harness.labels('gpu_utilization')[0]).toMatchObject({
        vendor: 'amd',
        unit: 'percentage',
        id: '0',
      });
      expect(harness.status('gpu_amd_smi').missing).toEqual([
        'GPU 1 does not offer gpu_pcie_throughput receive, gpu_pcie_throughput transmit, gpu_energy_consumption, ' +
          'gpu_temperature memory, gpu_clock memory',
      ]);
    }
    expect(fake.find('int fake_sessions(void)')!()).toBe(0);
  });

  it('is unsupported without a GPU, and fails where the library does', async () => {
    using fake = SharedLibrary.open([path], 'a test');
    const init = fake.find('void fake_init(int result, uint32_t gpus)')!;
    init(0, 0);
    await using none = await start(path);
    expect(none.status('gpu_amd_smi')).toMatchObject({
      state: 'disabled',
      health: 'unsupported',
      error: 'rocm_smi sees no AMD GPU',
    });
    init(8, 2);
    await using broken = await start(path);
    expect(broken.status('gpu_amd_smi')).toMatchObject({
      state: 'failed',
      error: 'rsmi_init failed: status 8',
    });
    expect(fake.find('int fake_sessions(void)')!()).toBe(0);
    init(0, 2);
  });
});

describe('parseFrequency', () => {
  const answer = (write: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(frequenciesBytes));
    write(view);
    return parseFrequency(view);
  };

  it('takes neither layout for the other', () => {
    for (const [number, current] of [
      [1, 0],
      [2, 1],
      [3, 0],
      [33, 32],
    ] as const) {
      for (const hertz of [0n, 800_000_000n, 6_000_000_000n]) {
        const earlier = answer((view) => {
          view.setUint32(0, number, true);
          view.setUint32(4, current, true);
          for (let i = 0; i < number; i++) view.setBigUint64(8 + i * 8, hertz + BigInt(i), true);
        });
        expect(earlier).toBe(hertz + BigInt(current));
        for (const deepSleep of [0, 1]) {
          const later = answer((view) => {
            view.setUint8(0, deepSleep);
            view.setUint32(4, number, true);
            view.setUint32(8, current, true);
            for (let i = 0; i < number; i++) view.setBigUint64(16 + i * 8, hertz + BigInt(i), true);
          });
          expect(later).toBe(hertz + BigInt(current));
        }
      }
    }
  });

  it('has nothing where no frequency is current, and reads rubbish without harm', () => {
    expect(answer(() => {})).toBeNull();
    expect(answer((view) => new Uint8Array(view.buffer).fill(0xff))).toBeNull();
  });
});

describe('gpu_amd_smi on this machine', () => {
  it('is either there or says why it is not', async () => {
    await using harness = await Harness.start([gpuAmdSmi]);
    const { state, health, error } = harness.status('gpu_amd_smi');
    if (state === 'active') return;
    expect(health).toBe('unsupported');
    expect(error).toMatch(/librocm_smi64|AMD/);
  });
});
