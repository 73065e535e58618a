import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSystemInfo, type SystemSummary } from '../src/index.ts';
import { recording, recordingsMissing } from './fakes.ts';

const root = mkdtempSync(join(tmpdir(), 'rezolus-systeminfo-'));
afterAll(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `${text}\n`);
}

describe('readSystemInfo', () => {
  it('reads two packages of two threads each, a network card and two GPUs', () => {
    write('proc/version', 'Linux version 6.1');
    write('proc/sys/kernel/hostname', 'node-1');
    write('proc/meminfo', 'MemTotal:       1000 kB\nMemFree: 1 kB');
    write('proc/cpuinfo', 'processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\n');
    write('sys/devices/system/cpu/online', '0-1,4-5');
    write('sys/devices/system/cpu/smt/active', '1');
    write('sys/devices/system/node/online', '0-1');
    for (const [cpu, socket] of [0, 1, 4, 5].map((id) => [id, id < 4 ? 0 : 1] as const)) {
      const folder = `sys/devices/system/cpu/cpu${cpu}`;
      write(`${folder}/topology/physical_package_id`, String(socket));
      write(`${folder}/topology/core_id`, '0');
      write(`${folder}/node${socket}/x`, '');
      write(`${folder}/cache/index0/level`, '1');
      write(`${folder}/cache/index0/type`, 'Data');
      write(`${folder}/cache/index0/size`, '48K');
      write(`${folder}/cache/index0/shared_cpu_list`, socket === 0 ? '0-1' : '4-5');
    }
    write('sys/class/net/lo/operstate', 'unknown');
    write('sys/class/net/eth1/operstate', 'down');
    write('sys/class/net/eth0/operstate', 'up');
    write('sys/class/net/eth0/speed', '25000');
    write('sys/class/net/eth0/device/numa_node', '-1');
    symlinkSync('../../../../bus/pci/drivers/ena', join(root, 'sys/class/net/eth0/device/driver'));
    write('proc/driver/nvidia/gpus/0000:07:00.0/information', 'Model: \t\t NVIDIA H100\nIRQ: 1');
    write('sys/class/drm/card1/device/vendor', '0x1002');
    write('sys/class/drm/card1/device/mem_info_vram_total', '68702699520');
    write('sys/class/drm/card2/device/vendor', '0x8086');
    const place = (cpu: number, socket: number) => ({
      cpu,
      core: 0,
      die: socket,
      package: socket,
      numa_node: socket,
    });
    const gpu = { name: null, memory_bytes: null, driver: null, numa_node: null };
    expect(readSystemInfo(root)).toEqual({
      os: 'linux',
      kernel: 'Linux version 6.1',
      arch: process.arch === 'arm64' ? 'aarch64' : 'x86_64',
      hostname: 'node-1',
      cpu_model: 'Xeon',
      cpu_vendor: 'GenuineIntel',
      cpus: 4,
      cores: 2,
      packages: 2,
      smt: true,
      memory_total_bytes: 1_024_000,
      numa_nodes: 2,
      cpu_topology: [place(0, 0), place(1, 0), place(4, 1), place(5, 1)],
      caches: [
        {
          level: 'L1d',
          size: '48K',
          instances: 2,
          shared_cpus: [
            [0, 1],
            [4, 5],
          ],
        },
      ],
      nics: [{ name: 'eth0', speed: 25_000, numa_node: null, driver: 'ena' }],
      gpus: [
        { ...gpu, index: 0, vendor: 'nvidia', name: 'NVIDIA H100', driver: 'nvidia' },
        { ...gpu, index: 1, vendor: 'amd', memory_bytes: 68_702_699_520 },
      ],
    } satisfies SystemSummary);
  });

  it('survives a machine that shows nothing', () => {
    expect(readSystemInfo(join(root, 'nowhere'))).toMatchObject({
      cpus: 0,
      cpu_model: null,
      nics: [],
      gpus: [],
    });
  });

  it('agrees with Node about this machine', () => {
    const info = readSystemInfo();
    expect(info.memory_total_bytes).toBe(totalmem());
    expect(info.cpus).toBeGreaterThanOrEqual(availableParallelism());
  });
});

describe.skipIf(recordingsMissing)("the original's system information", () => {
  const original: SystemSummary = recordingsMissing ? null : JSON.parse(recording('systeminfo.json'));

  it('has the same fields', () => {
    const info = readSystemInfo();
    expect(Object.keys(info)).toEqual(Object.keys(original));
    expect(Object.keys(info.cpu_topology[0]!)).toEqual(Object.keys(original.cpu_topology[0]!));
  });

  it('has the same values on the same kind of machine', ({ skip }) => {
    const info = readSystemInfo();
    if (info.cpu_model !== original.cpu_model || info.cpus !== original.cpus)
      skip(`recorded on ${original.cpus} x ${original.cpu_model}, which this machine is not`);
    for (const key of ['os', 'arch', 'cpu_vendor', 'cores', 'packages', 'smt', 'numa_nodes'] as const)
      expect(info[key]).toEqual(original[key]);
    expect(info.cpu_topology).toEqual(original.cpu_topology);
    expect(info.caches).toEqual(original.caches);
    // The original says nothing of the driver of a virtio card; ours follows the device's link.
    const withoutDriver = ({ nics }: SystemSummary) => nics.map((nic) => ({ ...nic, driver: null }));
    expect(withoutDriver(info)).toEqual(withoutDriver(original));
  });
});
