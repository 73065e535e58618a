import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { bucketIndex, defaultHistogram } from '@rezolus/core';
import { Harness } from '@rezolus/devkit';
import { pagefaultCounts } from '../src/counts/sampler.ts';
import { pagefaultLatency } from '../src/latency/sampler.ts';

const skip =
  process.getuid?.() !== 0
    ? 'loading BPF needs root'
    : process.arch !== 'x64'
      ? 'exceptions:page_fault_user is a tracepoint of x86'
      : false;

const cgroup = `/sys/fs/cgroup/${existsSync('/sys/fs/cgroup/cpu') ? 'cpu/' : ''}pagefault-test`;

/**
 * Faults in a cgroup of its own: a shell enters it and becomes a Node that touches 32 MB of new memory and says how many
 * faults it had by the account of getrusage(2) (minor, major).
 */
async function faults(): Promise<{ minor: number; major: number }> {
  const program = `
    Buffer.alloc(32 << 20, 1);
    const { minorPageFault: minor, majorPageFault: major } = process.resourceUsage();
    console.log(JSON.stringify({ minor, major }));`;
  const enter = 'echo $$ > "$0/cgroup.procs" && exec "$1" -e "$2"';
  const { stdout } = await promisify(execFile)('sh', ['-c', enter, cgroup, process.execPath, program]);
  return JSON.parse(stdout);
}

describe('pagefault samplers against this kernel', { skip }, () => {
  let harness: Harness;
  before(async () => {
    mkdirSync(cgroup, { recursive: true });
    harness = await Harness.start([pagefaultCounts, pagefaultLatency]);
    for (const name of ['pagefault_counts', 'pagefault_latency']) {
      const { state, error } = harness.status(name);
      assert.equal(state, 'active', error);
    }
  });
  after(async () => {
    await harness[Symbol.asyncDispose]();
    rmdirSync(cgroup);
  });

  it('count and time the faults of a process that getrusage knows, in its cgroup', async () => {
    const { minor, major } = await faults();
    await harness.refresh();
    const name = { name: '/pagefault-test' };
    const counted = harness.sum('cgroup_pagefault', name);
    const ended = harness.sum('cgroup_pagefault_ended', name);
    // The cgroup has those of the end of the process as well, and not those of the shell before it got there.
    const own = minor + major;
    for (const [what, faults] of Object.entries({ ended, counted }))
      assert.ok(faults > 0.98 * own && faults < 1.1 * own + 500, `${faults} ${what}, getrusage says ${own}`);
  });

  it('agree among each other and with the clock', async () => {
    const sum = (metric: string) => harness.sum(metric);
    const entries = () => harness.entries('pagefault_latency');
    await harness.refresh();
    const before = { time: sum('pagefault_latency_sum'), entries: entries(), at: performance.now() };
    await faults();
    await harness.refresh();
    const elapsedNs = (performance.now() - before.at) * 1e6;
    const timed = entries() - before.entries;
    const spent = sum('pagefault_latency_sum') - before.time;
    assert.ok(timed > 500);
    // Nobody can spend more time in faults than there was, on all CPUs together and with threads that sleep in them.
    const cpus = readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)!.length;
    assert.ok(spent > 0 && spent < elapsedNs * cpus * 4, `${spent} ns of ${elapsedNs}`);
    // No fault is done in 20 ns.
    const [fastest] = [...harness.buckets('pagefault_latency').entries()].find(([, count]) => count > 0)!;
    assert.ok(fastest > bucketIndex(20n, defaultHistogram));
  });

  it('run nothing at the end of a fault where only counts are wanted', async () => {
    await using counts = await Harness.start([pagefaultCounts]);
    const { programs } = counts.status('pagefault_counts');
    assert.deepEqual(
      programs?.map(({ name }) => name.replace(/_(btf|raw)$/, '')),
      ['page_fault_user', 'page_fault_kernel', 'cgroup_rmdir'],
    );
    await counts.refresh();
    const before = counts.sum('pagefault', { mode: 'user' });
    await faults();
    await counts.refresh();
    assert.ok(counts.sum('pagefault', { mode: 'user' }) - before > 500);
  });
});
