import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { bucketIndex, defaultHistogram } from '@rezolus/core';
import { Harness } from '@rezolus/devkit';
import { mySampler } from '../src/sampler.ts';

const skip = process.getuid?.() === 0 ? false : 'loading BPF needs root';

describe('my_sampler against this kernel', { skip }, () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start([mySampler]);
  });
  after(() => harness[Symbol.asyncDispose]());

  it('runs', () => {
    const { state, error } = harness.status('my_sampler');
    assert.equal(state, 'active', error);
  });

  it('counts every program that is started', async () => {
    await harness.refresh();
    const before = harness.sum('my_sampler_started');
    for (let i = 0; i < 50; i++) execFileSync('true');
    await harness.refresh();
    assert.ok(harness.sum('my_sampler_started') - before >= 50);
  });

  it('measures how long a process lived', async () => {
    const longLived = () =>
      harness
        .buckets('my_sampler_lifetime')
        .slice(bucketIndex(100_000_000n, defaultHistogram))
        .reduce((sum, count) => sum + count, 0);
    await harness.refresh();
    const before = longLived();
    for (let i = 0; i < 3; i++) execFileSync('sleep', ['0.1']);
    await harness.refresh();
    assert.ok(longLived() - before >= 3);
  });
});
