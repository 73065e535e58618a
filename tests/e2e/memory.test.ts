import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { runLoad } from '@rezolus/devkit';
import { describe, expect, it } from 'vitest';
import { startAgent, TemporaryFolder } from '../support/rezolus.ts';

const root = '/sys/fs/cgroup/cpu';
const megabyte = 2 ** 20;

/** Memory that a process shares with nobody, bytes (proc_pid_smaps(5)). */
function privateBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const lines = text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm);
  return [...lines].reduce((sum, [, kB]) => sum + Number(kB) * 1024, 0);
}

describe('memory of the agent', () => {
  it.skipIf(!existsSync(root))('is back where it was after cgroups came and went', async () => {
    using folder = new TemporaryFolder();
    const { agent, url } = await startAgent(folder, 'ttl = "0s"');
    await using _agent = agent;
    const parent = `${root}/rezolus-memory-${process.pid}`;
    const scrape = async () => (await (await fetch(`${url}/metrics/binary`)).arrayBuffer()).byteLength;
    const bytes = () => privateBytes(agent.child.pid!);
    for (let refresh = 0; refresh < 60; refresh++) await scrape();
    const start = bytes();

    /** Runs cgroups, 250 at once, while the agent is read; then reads on until its memory is below `limit`. */
    const churn = async (count: number, limit: number) => {
      let largest = 0;
      let most = 0;
      let ended = false;
      mkdirSync(parent);
      const load = runLoad('cgroups', parent, count, 250).finally(() => {
        ended = true;
        rmdirSync(parent);
      });
      while (!ended) {
        largest = Math.max(largest, await scrape());
        most = Math.max(most, bytes());
      }
      await load;
      for (let refresh = 0; refresh < 200 && bytes() > limit; refresh++) await scrape();
      return { largest, most, after: bytes() };
    };

    const size = await scrape();
    // The first time round, code is compiled that was never needed before.
    const first = await churn(300, start + 8 * megabyte);
    const second = await churn(1000, Math.max(start, first.after) + 6 * megabyte);
    const of = (value: number) => (value / megabyte).toFixed(1);
    console.log(
      `private memory, MB: ${of(start)}; ${of(first.most)}, then ${of(first.after)}; ${of(second.most)}, then ${of(second.after)}`,
    );
    expect(second.largest).toBeGreaterThan(size * 3);
    expect(first.after).toBeLessThanOrEqual(start + 8 * megabyte);
    expect(second.after).toBeLessThanOrEqual(Math.max(start, first.after) + 6 * megabyte);
  });
});
