import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { bucketIndex, bucketLower, bucketUpper, defaultHistogram } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syscallCounts, syscallLatency } from '../src/index.ts';

describe('syscall samplers against this kernel', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start([syscallCounts, syscallLatency]);
  });
  afterAll(() => harness[Symbol.asyncDispose]());

  it('count 1,000,000 getppid calls within 0.1 %, host-wide, in the cgroup and as latencies', async () => {
    const path = '/sys/fs/cgroup/cpu/rezolus-test-syscall';
    const calls = 1_000_000;
    mkdirSync(path);
    try {
      const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^\d+:cpu:(.*)$/m)![1]!;
      await harness.refresh();
      const before = {
        counts: harness.sum('syscall', { op: 'query' }),
        latencies: harness.entries('syscall_latency', { op: 'query' }),
        cgroups: harness.sum('cgroup_syscall', { op: 'query' }),
      };
      writeFileSync(`${path}/cgroup.procs`, String(process.pid));
      await runLoad('syscalls', calls).finally(() =>
        writeFileSync(`/sys/fs/cgroup/cpu${own}/cgroup.procs`, String(process.pid)),
      );
      await harness.refresh();
      const counted = harness.sum('syscall', { op: 'query' }) - before.counts;
      const latencies = harness.entries('syscall_latency', { op: 'query' }) - before.latencies;
      const inCgroup = harness.sum('cgroup_syscall', { name: '/rezolus-test-syscall', op: 'query' });
      // Others call such things meanwhile.
      const others = harness.sum('cgroup_syscall', { op: 'query' }) - before.cgroups - inCgroup;
      expect(counted).toBeGreaterThanOrEqual(calls);
      expect(counted - others).toBeLessThan(calls * 1.001);
      expect(latencies).toBeGreaterThanOrEqual(calls);
      expect(Math.abs(latencies - counted)).toBeLessThan(calls * 0.001);
      expect(inCgroup).toBeGreaterThanOrEqual(calls);
      expect(inCgroup).toBeLessThan(calls * 1.0001);
    } finally {
      rmdirSync(path);
    }
    await harness.refresh();
    expect(harness.sum('cgroup_syscall_ended_cgroups', { op: 'query' })).toBeGreaterThanOrEqual(calls);
  });

  it('put a sleep of 20 ms into the right bucket of the right family', async () => {
    await harness.refresh();
    const before = harness.buckets('syscall_latency', { op: 'sleep' });
    const sumBefore = harness.sum('syscall_latency_sum', { op: 'sleep' });
    const naps = 40;
    await runLoad('sleep', naps, 20_000);
    await harness.refresh();
    const sum = harness.sum('syscall_latency_sum', { op: 'sleep' }) - sumBefore;
    const slept = harness.buckets('syscall_latency', { op: 'sleep' }).map((count, i) => count - before[i]!);
    const from = bucketIndex(20_000_000n, defaultHistogram);
    const to = bucketIndex(200_000_000n, defaultHistogram);
    expect(slept.slice(from, to).reduce((total, count) => total + count, 0)).toBeGreaterThanOrEqual(naps);
    // The sum is exact, so it lies between those of the lower and of the upper ends of the buckets.
    const total = (end: (bucket: number) => number) =>
      slept.reduce((all, count, bucket) => all + count * end(bucket), 0);
    expect(sum).toBeGreaterThanOrEqual(naps * 20e6);
    expect(sum).toBeGreaterThanOrEqual(total((i) => Number(bucketLower(i, defaultHistogram))));
    expect(sum).toBeLessThanOrEqual(total((i) => Number(bucketUpper(i, defaultHistogram))));
  });

  it('do not take the end of a thread for the beginning of the next one with its id', async () => {
    const slow = () =>
      harness
        .buckets('syscall_latency', { op: 'process' })
        .slice(bucketIndex(60_000_000n, defaultHistogram), bucketIndex(90_000_000n, defaultHistogram))
        .reduce((sum, count) => sum + count, 0);
    await harness.refresh();
    const before = slow();
    await runLoad('reuse', 20, 65);
    await harness.refresh();
    // Others may wait for their children as long.
    expect(slow() - before).toBeLessThan(10);
  });

  it('know the full path of a cgroup and the container and pod in it', async () => {
    const id = 'ab'.repeat(32);
    const pod = 'kubepods-burstable-pod0a1b2c3d_4e5f_6071_8293_a4b5c6d7e8f9.slice';
    const folders = ['rezolus-test', 'kubepods.slice', pod, `cri-containerd-${id}.scope`].map(
      (_, depth, parts) => ['/sys/fs/cgroup/cpu', ...parts.slice(0, depth + 1)].join('/'),
    );
    const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^\d+:cpu:(.*)$/m)![1]!;
    for (const folder of folders) mkdirSync(folder);
    try {
      writeFileSync(`${folders.at(-1)}/cgroup.procs`, String(process.pid));
      await runLoad('syscalls', 10).finally(() =>
        writeFileSync(`/sys/fs/cgroup/cpu${own}/cgroup.procs`, String(process.pid)),
      );
      await harness.refresh();
      const labels = harness.labels('cgroup_syscall').find(({ container_id }) => container_id === id);
      expect(labels).toMatchObject({
        name: expect.stringMatching(/^\.\.\.\/kubepods\.slice\//),
        path: folders.at(-1)!.replace('/sys/fs/cgroup/cpu', ''),
        container_runtime: 'containerd',
        pod_uid: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
      });
    } finally {
      for (const folder of folders.toReversed()) rmdirSync(folder);
    }
  });

  it('attach nothing on exit when latency is off', async () => {
    await using counts = await Harness.start([syscallCounts]);
    const status = counts.status('syscall_counts');
    expect(status.programs!.map(({ label }) => label)).toEqual(['tp_btf/sys_enter', 'tp_btf/cgroup_rmdir']);
    await counts.refresh();
    const before = counts.sum('syscall', { op: 'query' });
    await runLoad('syscalls', 1000);
    await counts.refresh();
    expect(counts.sum('syscall', { op: 'query' }) - before).toBeGreaterThanOrEqual(1000);
  });
});
