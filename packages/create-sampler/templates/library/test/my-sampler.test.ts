import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { Harness } from '@rezolus/devkit';
import { mySampler } from '../src/sampler.ts';

it('my_sampler says what /proc/loadavg says', async () => {
  await using harness = await Harness.start([mySampler]);
  const { state, error } = harness.status('my_sampler');
  assert.equal(state, 'active', error);
  await harness.refresh();
  const expected = readFileSync('/proc/loadavg', 'utf8').split(' ');
  for (const [index, window] of ['1m', '5m', '15m'].entries()) {
    const load = harness.sum('my_sampler_load', { window }) / 1000;
    // The kernel may have taken a new average in between.
    assert.ok(Math.abs(load - Number(expected[index])) < 1, `${window}: ${load}, not ${expected[index]}`);
  }
});
