import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { Harness } from '@rezolus/devkit';
import { mySampler } from '../src/sampler.ts';
import { readValue } from '../src/vmstat.ts';

describe('my_sampler', () => {
  it('counts page faults as they happen', async () => {
    await using harness = await Harness.start([mySampler]);
    const { state, error } = harness.status('my_sampler');
    assert.equal(state, 'active', error);
    await harness.refresh();
    const before = harness.sum('my_sampler_page_faults');
    for (let i = 0; i < 20; i++) execFileSync('true');
    await harness.refresh();
    // No process gets ready without some dozens of them.
    assert.ok(harness.sum('my_sampler_page_faults') - before >= 20 * 24);
    assert.ok(harness.sum('my_sampler_dirty') >= 0);
  });

  it('finds a line by its whole key', () => {
    const text = 'nr_dirty_threshold 7\nnr_dirty 18446744073709551615\n';
    assert.equal(readValue(text, 'nr_dirty'), 18446744073709551615n);
    assert.equal(readValue(text, 'pgfault'), null);
  });
});
