import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Harness } from '@rezolus/devkit';
import { SharedLibrary } from '@rezolus/libbpf';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { gpuNvidia } from '../src/index.ts';
import { defineGpuNvidia } from '../src/nvidia/sampler.ts';
import { compile, shown } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'rezolus-nvml-'));
const path = join(folder, 'libnvidia-ml.so.1');
let fake: SharedLibrary;
beforeAll(() => {
  compile('fake-nvml.c', path);
  // Held open, so that what the sampler leaves behind can be seen.
  fake = SharedLibrary.open([path], 'a test');
});
afterAll(() => rmSync(folder, { recursive: true }));

const init = (result: number, gpus: number) =>
  fake.find('void fake_init(int result, unsigned int gpus)')!(result, gpus);
const sessions = () => fake.find('int fake_sessions(void)')!();
const start = (interval = 100) =>
  Harness.start([defineGpuNvidia([path])], { options: { gpu_nvidia: { interval } } });

afterEach(() => {
  init(0, 2);
  expect(sessions()).toBe(0);
  expect(fake.find('int fake_samples(void)')!()).toBe(0);
});

describe('gpu_nvidia on a library that behaves like NVML', () => {
  it('shows every value of two GPUs, and none that a GPU does not offer', async () => {
    await using harness = await start();
    await vi.waitFor(async () => {
      await harness.refresh();
      expect(shown(harness, 1).some((series) => series.startsWith('gpu_sm_occupancy'))).toBe(true);
    });
    expect(shown(harness, 0)).toEqual([
      `gpu_memory free ${70 * 2 ** 30}`,
      `gpu_memory used ${10 * 2 ** 30}`,
      `gpu_pcie_bandwidth ${1970 * 16 * 2 ** 20}`,
      `gpu_pcie_throughput receive ${200 * 1024}`,
      `gpu_pcie_throughput transmit ${100 * 1024}`,
      'gpu_power_usage 300000',
      'gpu_temperature 40',
      'gpu_clock compute 1100000000',
      'gpu_clock graphics 1000000000',
      'gpu_clock memory 1200000000',
      'gpu_utilization 50',
      'gpu_memory_utilization 20',
    ]);
    expect(shown(harness, 1)).toEqual([
      `gpu_memory free ${70 * 2 ** 30 + 1}`,
      `gpu_memory used ${10 * 2 ** 30 - 1}`,
      `gpu_pcie_throughput receive ${201 * 1024}`,
      `gpu_pcie_throughput transmit ${101 * 1024}`,
      'gpu_power_usage 300001',
      'gpu_temperature 41',
      'gpu_clock compute 1101000000',
      'gpu_clock graphics 1001000000',
      'gpu_clock memory 1201000000',
      'gpu_clock video 1301000000',
      'gpu_utilization 51',
      'gpu_memory_utilization 21',
      'gpu_sm_utilization 20',
      'gpu_sm_occupancy 30',
      'gpu_dram_bandwidth_utilization 100',
      'gpu_tensor_utilization any 50',
      'gpu_tensor_utilization hmma 70',
      'gpu_tensor_utilization dfma 60',
      'gpu_energy_consumption 9007199254740993',
    ]);
    expect(harness.labels('gpu_temperature')).toEqual(
      ['0', '1'].map((id) => ({
        metric: 'gpu_temperature',
        sampler: 'gpu_nvidia',
        unit: 'Celsius',
        vendor: 'nvidia',
        id,
      })),
    );
    expect(harness.status('gpu_nvidia').missing).toEqual([
      'GPU 0 does not offer gpu_energy_consumption, gpu_clock video, gpu_sm_utilization, gpu_sm_occupancy, ' +
        'gpu_dram_bandwidth_utilization, gpu_tensor_utilization any, gpu_tensor_utilization hmma, ' +
        'gpu_tensor_utilization imma, gpu_tensor_utilization dfma',
      'GPU 1 does not offer gpu_pcie_bandwidth, gpu_tensor_utilization imma',
    ]);
  });

  it('does not let a refresh wait for a GPU', async () => {
    const calls = fake.find('int fake_calls(void)')!;
    const before = calls();
    fake.find('void fake_close_gate(void)')!();
    await using harness = await start();
    await vi.waitFor(() => expect(calls()).toBe(before + 1));
    for (let i = 0; i < 20; i++) await harness.refresh();
    expect(shown(harness, 0)).toEqual([]);
    expect(calls()).toBe(before + 1);
    fake.find('void fake_open_gate(void)')!();
    await vi.waitFor(async () => {
      await harness.refresh();
      expect(shown(harness, 0)).toHaveLength(12);
    });
    const [group] = harness.groups();
    expect(group!.window!.endNs).toBeGreaterThan(group!.window!.beginNs);
  });

  it('goes on with the GPUs that can be asked, and names the others', async () => {
    init(0, 3);
    await using harness = await start();
    await vi.waitFor(async () => {
      await harness.refresh();
      expect(shown(harness, 1).length).toBeGreaterThan(0);
    });
    expect(harness.status('gpu_nvidia').missing![0]).toBe('GPU 2 cannot be asked: Unknown Error');
  });

  it.each([
    ['unsupported without the driver', 9, 2, 'no NVIDIA GPU can be reached: Driver Not Loaded'],
    ['unsupported without a GPU', 0, 0, 'the NVIDIA driver sees no GPU'],
  ])('is %s', async (_, result, gpus, error) => {
    init(result, gpus);
    await using harness = await start();
    expect(harness.status('gpu_nvidia')).toMatchObject({ state: 'disabled', health: 'unsupported', error });
  });

  it('fails where NVML does', async () => {
    init(999, 2);
    await using harness = await start();
    expect(harness.status('gpu_nvidia')).toMatchObject({
      state: 'failed',
      code: 'REZ_ERR_SAMPLER_START',
      error: 'NVML says: Unknown Error',
    });
  });
});

describe('gpu_nvidia on this machine', () => {
  it('is either there or says why it is not', async () => {
    await using harness = await Harness.start([gpuNvidia]);
    const { state, health, error } = harness.status('gpu_nvidia');
    if (state === 'active') return;
    expect(health).toBe('unsupported');
    expect(error).toMatch(/libnvidia-ml|NVIDIA/);
  });
});
