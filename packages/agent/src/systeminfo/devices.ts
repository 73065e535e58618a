import { join } from 'node:path';
import { entries, linkName, readCount, readText } from './files.ts';

/** NicSummary: a network interface that is up; speed in Mbit/s, null where the driver does not say. */
export interface NicSummary {
  readonly name: string;
  readonly speed: number | null;
  readonly numa_node: number | null;
  readonly driver: string | null;
}

/** GpuSummary: a graphics processor; what its driver does not say without a library of its vendor is null. */
export interface GpuSummary {
  readonly index: number;
  readonly name: string | null;
  readonly vendor: 'nvidia' | 'amd';
  readonly memory_bytes: number | null;
  readonly driver: string | null;
  readonly numa_node: number | null;
}

const amdVendorId = '0x1002';

/** readNics: the interfaces that are up, without loopback. */
export function readNics(root: string): NicSummary[] {
  const folder = join(root, 'sys/class/net');
  return entries(folder)
    .filter((name) => name !== 'lo' && readText(join(folder, name, 'operstate')) === 'up')
    .map((name) => ({
      name,
      speed: readCount(join(folder, name, 'speed')),
      numa_node: readCount(join(folder, name, 'device/numa_node')),
      driver: linkName(join(folder, name, 'device/driver')),
    }));
}

/** readGpus: NVIDIA's from the driver's /proc folder, AMD's from the DRM class in sysfs. */
export function readGpus(root: string): GpuSummary[] {
  return [...readNvidia(root), ...readAmd(root)].map((gpu, index) => ({ index, ...gpu }));
}

function readNvidia(root: string): Omit<GpuSummary, 'index'>[] {
  const folder = join(root, 'proc/driver/nvidia/gpus');
  return entries(folder).map((address) => ({
    name: /^Model:\s*(.+)$/m.exec(readText(join(folder, address, 'information')) ?? '')?.[1]?.trim() ?? null,
    vendor: 'nvidia',
    memory_bytes: null,
    driver: 'nvidia',
    numa_node: readCount(join(root, 'sys/bus/pci/devices', address, 'numa_node')),
  }));
}

function readAmd(root: string): Omit<GpuSummary, 'index'>[] {
  const folder = join(root, 'sys/class/drm');
  return entries(folder)
    .filter((name) => /^card\d+$/.test(name))
    .map((name) => join(folder, name, 'device'))
    .filter((device) => readText(join(device, 'vendor')) === amdVendorId)
    .map((device) => ({
      name: readText(join(device, 'product_name')) || null,
      vendor: 'amd',
      memory_bytes: readCount(join(device, 'mem_info_vram_total')),
      driver: linkName(join(device, 'driver')),
      numa_node: readCount(join(device, 'numa_node')),
    }));
}
