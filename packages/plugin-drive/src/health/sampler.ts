import {
  ABI,
  defineSampler,
  Poller,
  type SamplerDefinition,
  sentence,
  UnsupportedError,
  type Window,
} from '@rezolus/core';
import { type Drive, DriveTable, driveLabels } from './drives.ts';
import { type Reading, sweep } from './metrics.ts';
import { DriveReader, type Transport } from './reader.ts';

/** DriveSources: where drives are looked for and how they are asked; tests bring their own. */
export interface DriveSources {
  readonly sys?: string;
  readonly dev?: string;
  readonly transport?: Transport;
}

interface Sweep {
  readonly drives: readonly Drive[];
  readonly readings: readonly (Reading | string)[];
  readonly window: Window;
}

/** defineDriveHealth: the sampler drivehealth on the given drives. */
export function defineDriveHealth({ sys, dev, transport }: DriveSources = {}): SamplerDefinition {
  return defineSampler({
    name: 'drivehealth',
    abi: ABI,
    description: 'Temperature and thermal throttling of SATA and NVMe drives',
    routes: [
      { route: 'SG_IO: SMART attributes 194, 190', needs: 'a SATA drive (sd*); CAP_SYS_RAWIO' },
      { route: 'NVMe admin command: SMART log page', needs: 'an NVMe drive; CAP_SYS_ADMIN' },
    ],
    groups: [sweep],
    options: {
      interval: {
        type: 'duration',
        default: '60s',
        description:
          'How often drives are asked. A refresh shows what they said last and does not wait for them.',
      },
    },
    create({ options, clock, group: groupOf }) {
      const table = new DriveTable(sys);
      if (table.refresh().length === 0) {
        throw new UnsupportedError('drives', 'this machine has no SATA (sd*) or NVMe (nvme*) drive');
      }
      const reader = new DriveReader(dev, transport);
      const group = groupOf(sweep.name);
      let latest: Sweep | null = null;
      let shown: Sweep | null = null;
      const poller = new Poller(options.interval, async () => {
        const drives = table.refresh();
        const beginNs = clock.wallNs();
        const began = clock.monotonicNs();
        const readings: (Reading | string)[] = [];
        // One after the other: a drive that hangs takes up one thread, not all.
        for (const drive of drives) readings.push(await reader.read(drive));
        const window = { beginNs, endNs: beginNs + clock.monotonicNs() - began };
        latest = { drives, readings, window };
      });
      return {
        groups: [group],
        refresh() {
          if (latest === null || latest === shown) return;
          const { drives, readings, window } = latest;
          const same =
            group.members.length === drives.length &&
            drives.every(({ id }, index) => id === group.members[index]!.id);
          if (!same) group.setMembers(drives.map((drive) => ({ id: drive.id, labels: driveLabels(drive) })));
          group.storeRows(readings.map((reading) => (typeof reading === 'string' ? [] : reading)));
          group.window = window;
          shown = latest;
        },
        report: () => ({
          route: 'SATA: SG_IO, SMART; NVMe: health log page',
          missing: [
            ...(poller.error === null ? [] : [sentence(poller.error)]),
            ...(latest?.readings.filter((reading) => typeof reading === 'string') ?? [
              'the drives have not answered yet',
            ]),
          ],
        }),
        async [Symbol.asyncDispose]() {
          await poller.stop();
        },
      };
    },
  });
}

/** driveHealth: temperature and thermal throttling of drives. */
export const driveHealth = defineDriveHealth();
