import type { GroupDeclaration, MetricDeclaration } from '@rezolus/core';

const gauge = (
  name: string,
  unit: string,
  description: string,
  labels?: Readonly<Record<string, string>>,
): MetricDeclaration => ({ name, kind: 'gauge', unit, description, labels: { ...labels, vendor: 'nvidia' } });

const clocks = [
  ['compute', 'Clock of the streaming multiprocessors'],
  ['graphics', 'Graphics clock'],
  ['memory', 'Memory clock'],
  ['video', 'Clock of the video encoder and decoder'],
] as const;

const hopper = 'average since the reading before (Hopper and later)';

/** Order of the metrics = order of the values that NvmlDevice reads. */
export const devices: GroupDeclaration = {
  name: 'gpu_nvidia_devices',
  per: 'device',
  metrics: [
    gauge('gpu_memory', 'bytes', 'Memory of the GPU that is free', { state: 'free' }),
    gauge('gpu_memory', 'bytes', 'Memory of the GPU that is in use', { state: 'used' }),
    gauge(
      'gpu_pcie_bandwidth',
      'bytes/second',
      'What the PCIe link can carry at its present speed and width',
    ),
    gauge('gpu_pcie_throughput', 'bytes/second', 'PCIe traffic to the GPU over the last 20 ms', {
      direction: 'receive',
    }),
    gauge('gpu_pcie_throughput', 'bytes/second', 'PCIe traffic from the GPU over the last 20 ms', {
      direction: 'transmit',
    }),
    gauge('gpu_power_usage', 'milliwatts', 'Power that the board draws'),
    {
      name: 'gpu_energy_consumption',
      kind: 'counter',
      unit: 'milliJoules',
      description: 'Energy that the board used since the driver was loaded',
      labels: { vendor: 'nvidia' },
    },
    gauge('gpu_temperature', 'Celsius', 'Temperature of the GPU'),
    ...clocks.map(([clock, description]) => gauge('gpu_clock', 'Hz', description, { clock })),
    gauge('gpu_utilization', 'percentage', 'Share of time in which a kernel ran on the GPU'),
    gauge(
      'gpu_memory_utilization',
      'percentage',
      'Share of time in which the memory of the GPU was read or written',
    ),
    gauge('gpu_sm_utilization', 'percentage', `Share of streaming multiprocessors that were busy, ${hopper}`),
    gauge(
      'gpu_sm_occupancy',
      'percentage',
      `Warps that were active, of the most that there could be, ${hopper}`,
    ),
    gauge(
      'gpu_dram_bandwidth_utilization',
      'percentage',
      `Memory bandwidth that was used, of the most that there is, ${hopper}`,
    ),
    ...(['any', 'hmma', 'imma', 'dfma'] as const).map((pipe) =>
      gauge(
        'gpu_tensor_utilization',
        'percentage',
        `Share of time in which tensor operations (${pipe}) ran, ${hopper}`,
        { pipe },
      ),
    ),
  ],
};
