import type { SamplerStatus } from '@rezolus/core';
import { runLoad } from '@rezolus/devkit';
import { decodeSnapshot } from '@rezolus/exposition';
import { expect, it, vi } from 'vitest';
import { startAgent, TemporaryFolder } from '../support/rezolus.ts';

it('a sampler over its budget is stopped, says so, and leaves the ones beside it running', async () => {
  using folder = new TemporaryFolder();
  const { agent, url } = await startAgent(
    folder,
    [
      '[samplers.syscall_latency]',
      // A million calls in a second take a tenth of one.
      'budget = { cpu = "20ms" }',
      '[samplers.rezolus_overhead]',
      'interval = "500ms"',
      'window = "200ms"',
    ].join('\n'),
  );
  await using _agent = agent;
  const statusOf = async (name: string): Promise<SamplerStatus> => {
    const samplers = (await (await fetch(`${url}/samplers`)).json()) as SamplerStatus[];
    return samplers.find((sampler) => sampler.name === name)!;
  };
  const snapshot = async () =>
    decodeSnapshot(new Uint8Array(await (await fetch(`${url}/metrics/binary`)).arrayBuffer())).groups;
  const programs = async () => {
    const group = (await snapshot()).find(({ name }) => name === 'rezolus_overhead/programs');
    return group?.schema?.counters.map(({ labels }) => labels.program) ?? [];
  };
  await vi.waitFor(async () => expect(await programs()).toContain('sys_exit_btf'), 10_000);

  let shed: SamplerStatus = await statusOf('syscall_latency');
  while (shed.state === 'active') {
    await runLoad('syscalls', 1_000_000);
    shed = await statusOf('syscall_latency');
  }
  expect(shed).toMatchObject({ state: 'failed', code: 'REZ_ERR_SAMPLER_BUDGET' });
  expect(shed.error).toMatch(/^syscall_latency takes [\d.]+m?s of CPU time per second, its budget is 20ms$/);
  // What they shared was loaded anew, without the part that cost so much.
  await vi.waitFor(async () => {
    expect(await programs()).toContain('sys_enter_btf');
    expect(await programs()).not.toContain('sys_exit_btf');
  }, 10_000);
  const counted = async () => {
    const groups = await snapshot();
    expect(groups.map(({ name }) => name)).not.toContain('syscall_latency/syscall_latency_latencies');
    const { schema, counters } = groups.find(
      ({ name }) => name === 'syscall_counts/syscall_counts_counters',
    )!;
    return counters[schema!.counters.findIndex(({ labels }) => labels.op === 'query')]!;
  };
  const before = await counted();
  await runLoad('syscalls', 10_000);
  expect((await counted()) - before).toBeGreaterThanOrEqual(10_000n);
});
