import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Harness } from '@rezolus/devkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SG_IO } from '../src/health/ata.ts';
import { DriveTable } from '../src/health/drives.ts';
import { NVME_IOCTL_ADMIN_CMD } from '../src/health/nvme.ts';
import type { Transport } from '../src/health/reader.ts';
import { defineDriveHealth, driveHealth } from '../src/health/sampler.ts';
import { healthLog, smartData } from './replies.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rezolus-drives-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function file(path: string, content: string | Uint8Array = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** Two drives as sysfs shows them, and a partition, a loop device and a subsystem that are none. */
function twoDrives(): void {
  file('sys/block/sda/device/model', 'ST4000NM 0035    \n');
  file('sys/block/sda/device/vpd_pg80', Buffer.from('\0\x80\0\x0c  ZC1 234 \0'));
  file('sys/block/loop0/size', '0\n');
  file('sys/block/sda1/size', '0\n');
  file('sys/class/nvme/nvme0/model', 'Fast "One"\n');
  file('sys/class/nvme/nvme0/serial', '\n');
  file('sys/class/nvme/nvme-subsys0/model', 'x\n');
  file('dev/sda');
  file('dev/nvme0');
}

const log = healthLog({ kelvin: 320, warning: 1, critical: 2, transitions: [3, 4], times: [5, 6] });

/** Answers as drives do; what the SATA drive says can be changed. */
const drives = (state: { smart: Uint8Array | null }): Transport => {
  return async (_fd, request, argument, pointers) => {
    if (request === NVME_IOCTL_ADMIN_CMD) {
      pointers[0]!.target.set(log);
      return 0;
    }
    expect(request).toBe(SG_IO);
    if (state.smart === null) argument[64] = 2;
    else pointers[0]!.target.set(state.smart);
    return 0;
  };
};

async function start(transport: Transport, interval = 60_000): Promise<Harness> {
  const definition = defineDriveHealth({ sys: `${root}/sys`, dev: `${root}/dev`, transport });
  return Harness.start([definition], { options: { drivehealth: { interval } } });
}

/** Series that are present, as `metric{labels} value`. */
function shown(harness: Harness): string[] {
  return harness
    .groups()
    .flatMap(({ schema, counters, countersPresent, gauges, gaugesPresent }) =>
      [
        [schema!.gauges, gauges, gaugesPresent] as const,
        [schema!.counters, counters, countersPresent] as const,
      ].flatMap(([series, values, present]) =>
        series.flatMap(({ labels }, slot) =>
          present?.[slot] === 0
            ? []
            : [`${labels.metric}${labels.level ?? ''}{${labels.id} ${labels.device}} ${values[slot]}`],
        ),
      ),
    );
}

describe('DriveTable', () => {
  it('finds SATA and NVMe drives and what they are called', () => {
    twoDrives();
    expect(new DriveTable(`${root}/sys`).refresh()).toEqual([
      { id: 0, device: 'sda', type: 'sata', model: 'ST4000NM 0035', serial: 'ZC1 234' },
      { id: 1, device: 'nvme0', type: 'nvme', model: 'Fast "One"', serial: '' },
    ]);
  });

  it('gives a drive an id that no other one gets', () => {
    twoDrives();
    const table = new DriveTable(`${root}/sys`);
    table.refresh();
    rmSync(join(root, 'sys/block/sda'), { recursive: true });
    file('sys/block/sdaa/size');
    file('sys/block/sdb/size');
    expect(table.refresh().map(({ id, device }) => [id, device])).toEqual([
      [2, 'sdb'],
      [3, 'sdaa'],
      [1, 'nvme0'],
    ]);
  });

  it('finds nothing where there is nothing', () => {
    expect(new DriveTable(`${root}/nowhere`).refresh()).toEqual([]);
  });
});

describe('drivehealth', () => {
  it('shows what the drives say, under the labels that name them', async () => {
    twoDrives();
    await using harness = await start(drives({ smart: smartData({ 194: [38] }) }));
    await vi.waitFor(async () => {
      await harness.refresh();
      expect(shown(harness)).toHaveLength(8);
    });
    expect(shown(harness)).toEqual([
      'drive_temperature{0 sda} 38',
      'drive_temperature{1 nvme0} 47',
      'drive_temperature_warning_time{1 nvme0} 60',
      'drive_temperature_critical_time{1 nvme0} 120',
      'drive_thermal_throttle_time1{1 nvme0} 5',
      'drive_thermal_throttle_time2{1 nvme0} 6',
      'drive_thermal_throttle_transitions1{1 nvme0} 3',
      'drive_thermal_throttle_transitions2{1 nvme0} 4',
    ]);
    expect(harness.labels('drive_temperature')).toEqual([
      {
        metric: 'drive_temperature',
        sampler: 'drivehealth',
        unit: 'Celsius',
        id: '0',
        device: 'sda',
        type: 'sata',
        model: 'ST4000NM 0035',
        serial: 'ZC1 234',
      },
      {
        metric: 'drive_temperature',
        sampler: 'drivehealth',
        unit: 'Celsius',
        id: '1',
        device: 'nvme0',
        type: 'nvme',
        model: 'Fast "One"',
      },
    ]);
    expect(harness.status('drivehealth').missing).toBeUndefined();
    const [group] = harness.groups();
    expect(group!.window!.endNs).toBeGreaterThanOrEqual(group!.window!.beginNs);
  });

  it('does not show what a drive said once when it does not answer any more', async () => {
    twoDrives();
    const state: { smart: Uint8Array | null } = { smart: smartData({ 194: [38] }) };
    await using harness = await start(drives(state), 100);
    await vi.waitFor(async () => {
      await harness.refresh();
      expect(shown(harness)).toContain('drive_temperature{0 sda} 38');
    });
    state.smart = null;
    await vi.waitFor(async () => {
      await harness.refresh();
      expect(shown(harness)).toHaveLength(7);
    });
    expect(harness.status('drivehealth').missing).toEqual(['sda does not tell its health (sata)']);
    rmSync(join(root, 'dev/nvme0'));
    await vi.waitFor(async () => {
      await harness.refresh();
      expect(shown(harness)).toEqual([]);
    });
    expect(harness.status('drivehealth').missing![1]).toMatch(/^nvme0 cannot be asked: ENOENT/);
  });

  it('follows drives that come and go', async () => {
    twoDrives();
    await using harness = await start(drives({ smart: smartData({ 190: [20] }) }), 100);
    file('sys/block/sdb/size');
    file('dev/sdb');
    rmSync(join(root, 'sys/class/nvme/nvme0'), { recursive: true });
    await vi.waitFor(async () => {
      await harness.refresh();
      expect(shown(harness)).toEqual(['drive_temperature{0 sda} 20', 'drive_temperature{2 sdb} 20']);
    });
  });

  it('neither waits for a drive nor asks it twice at a time', async () => {
    twoDrives();
    const answer = Promise.withResolvers<number>();
    let asked = 0;
    await using harness = await start(() => {
      asked++;
      return answer.promise;
    }, 100);
    await vi.waitFor(() => expect(asked).toBe(1));
    for (let i = 0; i < 20; i++) await harness.refresh();
    expect(asked).toBe(1);
    expect(harness.status('drivehealth')).toMatchObject({
      health: 'healthy',
      missing: ['the drives have not answered yet'],
    });
    answer.resolve(-1);
    await vi.waitFor(() => expect(harness.status('drivehealth').missing).toHaveLength(2));
  });

  it('is unsupported without drives', async () => {
    await using harness = await start(async () => 0);
    expect(harness.status('drivehealth')).toMatchObject({
      state: 'disabled',
      health: 'unsupported',
      error: 'this machine has no SATA (sd*) or NVMe (nvme*) drive',
    });
  });

  it('asks the kernel for real, which says no to what is not a drive', async () => {
    twoDrives();
    const definition = defineDriveHealth({ sys: `${root}/sys`, dev: `${root}/dev` });
    await using harness = await Harness.start([definition]);
    await vi.waitFor(() =>
      expect(harness.status('drivehealth').missing).toEqual([
        'sda does not tell its health (sata)',
        'nvme0 does not tell its health (nvme)',
      ]),
    );
    await harness.refresh();
    expect(shown(harness)).toEqual([]);
  });

  it('is either there or says why it is not, on this machine', async () => {
    await using harness = await Harness.start([driveHealth], {
      options: { drivehealth: { interval: 60_000 } },
    });
    const { state, error } = harness.status('drivehealth');
    if (state !== 'active') expect(error).toContain('no SATA');
  });
});
