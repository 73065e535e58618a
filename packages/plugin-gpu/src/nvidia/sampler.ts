import { ABI, defineSampler, Poller, type SamplerDefinition, sentence } from '@rezolus/core';
import { notOffered, type Sweep, show, sweepOver } from '../readings.ts';
import { devices as declaration } from './metrics.ts';
import { Nvml } from './nvml.ts';

/** defineGpuNvidia: the sampler gpu_nvidia with the first of the given libraries that there is. */
export function defineGpuNvidia(
  libraries: readonly string[] = ['libnvidia-ml.so.1', 'libnvidia-ml.so'],
): SamplerDefinition {
  return defineSampler({
    name: 'gpu_nvidia',
    abi: ABI,
    description: 'Memory, utilization, clocks, power, temperature and PCIe traffic of NVIDIA GPUs',
    routes: [{ route: 'NVML', needs: 'an NVIDIA GPU and its driver with libnvidia-ml.so.1' }],
    groups: [declaration],
    options: {
      interval: {
        type: 'duration',
        default: '1s',
        description: 'How often GPUs are asked. A refresh shows the last answer and does not wait for them.',
      },
    },
    async create({ options, clock, group: groupOf }) {
      const nvml = await Nvml.open(libraries);
      const group = groupOf(declaration.name);
      const indexes = nvml.devices.map(({ index }) => index);
      let latest: Sweep | null = null;
      const poller = new Poller(options.interval, async () => {
        latest = await sweepOver(nvml.devices, (device) => device.read(), clock);
      });
      return {
        groups: [group],
        refresh() {
          if (latest !== null) show(group, latest, indexes);
        },
        report: () => ({
          route: 'NVML',
          missing: [
            ...(poller.error === null ? [] : [sentence(poller.error)]),
            ...nvml.refused,
            ...notOffered(declaration, latest?.rows ?? [], indexes),
          ],
        }),
        async [Symbol.asyncDispose]() {
          // A call that hangs still runs in the library: then it has to stay.
          if (await poller.stop()) nvml[Symbol.dispose]();
        },
      };
    },
  });
}

/** gpuNvidia: NVIDIA GPUs through NVML. */
export const gpuNvidia = defineGpuNvidia();
