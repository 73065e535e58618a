import { describe, expect, it } from 'vitest';
import { runDamage } from './faults/damage.ts';
import { canMount, runFullDisk } from './faults/full-disk.ts';
import { runKills } from './faults/kills.ts';
import { randomFrom } from './faults/random.ts';

// The short form; `node packages/recording/test/faults/run.ts` is the full one.
describe('a recorder that is not allowed to finish', () => {
  it('loses nothing that it counted to SIGKILL', async () => {
    const result = await runKills(8, 4, randomFrom(1));
    expect(result).toMatchObject({ unreadable: [], lostCounted: 0 });
    expect(result.mostLost).toBeLessThanOrEqual(1);
  });

  const mounts = canMount();
  if (!mounts) console.warn('skipped: file systems cannot be mounted here, run as root');
  it.skipIf(!mounts)('keeps what it has when the disk is full', async () => {
    const result = await runFullDisk([400, 900, 1500], 3);
    expect(result).toMatchObject({ unreadable: [], lostCounted: 0 });
    expect(result.rows).toBeGreaterThan(0);
  });

  it('keeps everything before the damage of a journal, and names it', async () => {
    expect(await runDamage(40, randomFrom(2))).toMatchObject({ wrong: [], unnamed: [] });
  });
});
