import { expect, it } from 'vitest';
import { runDumps } from '../../packages/hindsight/test/dumps.ts';

// Here and not with the unit tests, which run several at a time; `npm run test:faults` is the full form. What was sampled
// must be in the dumps, always; an interval that passes for want of a processor is counted, and there may be few of those.
it('tears no dump and loses no sample at 10 Hz while dumps are made, ten at a time', {
  timeout: 120_000,
}, async () => {
  const { late, recorded, ...result } = await runDumps(4, 10);
  expect(result).toEqual({ dumps: 41, torn: [], lost: 0, failed: 0, left: [] });
  expect(late).toBeLessThanOrEqual(recorded * 0.1);
});
