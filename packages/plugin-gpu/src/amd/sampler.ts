import { ABI, defineSampler, Poller, type SamplerDefinition, sentence } from '@rezolus/core';
import { notOffered, type Reading, type Sweep, show, sweepOver } from '../readings.ts';
import { devices as declaration } from './metrics.ts';
import { Rsmi } from './rsmi.ts';

/** Names by which releases of ROCm install the library. */
const installed = [
  'librocm_smi64.so',
  'librocm_smi64.so.1',
  'librocm_smi64.so.7',
  'librocm_smi64.so.6',
  'librocm_smi64.so.5',
  '/opt/rocm/lib/librocm_smi64.so',
] as const;

const noTraffic: Reading = [null, null];

/** defineGpuAmdSmi: the sampler gpu_amd_smi with the first of the given libraries that there is. */
export function defineGpuAmdSmi(libraries: readonly string[] = installed): SamplerDefinition {
  return defineSampler({
    name: 'gpu_amd_smi',
    abi: ABI,
    description: 'Memory, utilization, clocks, power, temperature and PCIe traffic of AMD GPUs',
    routes: [{ route: 'rocm_smi', needs: 'an AMD GPU and librocm_smi64.so of ROCm' }],
    groups: [declaration],
    options: {
      interval: {
        type: 'duration',
        default: '1s',
        description: 'How often GPUs are asked. A refresh shows the last answer and does not wait for them.',
      },
    },
    async create({ options, clock, group: groupOf }) {
      const rsmi = await Rsmi.open(libraries);
      const { devices } = rsmi;
      const group = groupOf(declaration.name);
      const indexes = devices.map(({ index }) => index);
      let latest: Sweep | null = null;
      let traffic: readonly Reading[] = [];
      const pollers = [
        new Poller(options.interval, async () => {
          latest = await sweepOver(devices, (device) => device.read(), clock);
        }),
        new Poller(options.interval, async () => {
          traffic = (await sweepOver(devices, (device) => device.readTraffic(), clock)).rows;
        }),
      ];
      const rows = ({ rows: others }: Sweep) =>
        others.map((row, member) => [...(traffic[member] ?? noTraffic), ...row]);
      return {
        groups: [group],
        refresh() {
          if (latest !== null) show(group, { ...latest, rows: rows(latest) }, indexes);
        },
        report: () => ({
          route: 'rocm_smi',
          missing: [
            ...pollers.filter(({ error }) => error !== null).map(({ error }) => sentence(error)),
            ...(latest === null ? [] : notOffered(declaration, rows(latest), indexes)),
          ],
        }),
        async [Symbol.asyncDispose]() {
          const ended = await Promise.all(pollers.map((poller) => poller.stop()));
          // A call that hangs still runs in the library: then it has to stay.
          if (ended.every(Boolean)) rsmi[Symbol.dispose]();
        },
      };
    },
  });
}

/** gpuAmdSmi: AMD GPUs through rocm_smi. */
export const gpuAmdSmi = defineGpuAmdSmi();
