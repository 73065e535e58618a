import type { GroupDeclaration, MetricDeclaration } from '@rezolus/core';

const gauge = (
  name: string,
  unit: string,
  description: string,
  labels?: Readonly<Record<string, string>>,
): MetricDeclaration => ({ name, kind: 'gauge', unit, description, labels: { ...labels, vendor: 'amd' } });

const traffic = (which: string) =>
  `PCIe packets ${which} over the last second, as rocm_smi names them, times the largest payload: an upper bound`;

/** The PCIe traffic comes first: it is read on its own, because the driver takes a second for it. */
export const devices: GroupDeclaration = {
  name: 'gpu_amd_smi_devices',
  per: 'device',
  metrics: [
    gauge('gpu_pcie_throughput', 'bytes/second', traffic('received'), { direction: 'receive' }),
    gauge('gpu_pcie_throughput', 'bytes/second', traffic('sent'), { direction: 'transmit' }),
    gauge('gpu_memory', 'bytes', 'Memory of the GPU that is free', { state: 'free' }),
    gauge('gpu_memory', 'bytes', 'Memory of the GPU that is in use', { state: 'used' }),
    gauge(
      'gpu_power_usage',
      'milliwatts',
      'Power that the socket draws, now or on average over a short time',
    ),
    {
      name: 'gpu_energy_consumption',
      kind: 'counter',
      unit: 'milliJoules',
      description: 'Energy that the GPU used since the driver was loaded',
      labels: { vendor: 'amd' },
    },
    ...(['edge', 'junction', 'memory'] as const).map((sensor) =>
      gauge('gpu_temperature', 'Celsius', `Temperature of the GPU (${sensor} sensor)`, { sensor }),
    ),
    gauge('gpu_clock', 'Hz', 'System clock of the GPU, which compute runs at', { clock: 'compute' }),
    gauge('gpu_clock', 'Hz', 'System clock of the GPU, which graphics runs at', { clock: 'graphics' }),
    gauge('gpu_clock', 'Hz', 'Memory clock', { clock: 'memory' }),
    gauge('gpu_utilization', 'percentage', 'Share of time in which the GPU was busy'),
    gauge('gpu_memory_utilization', 'percentage', 'Share of time in which the memory of the GPU was busy'),
  ],
};
