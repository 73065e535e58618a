import { expect, it } from 'vitest';
import { fuzz, fuzzEngine } from './expressions.ts';

it('20,000 generated and mutated expressions neither crash nor hang', async () => {
  const { counts, slowest } = await fuzz(fuzzEngine(), 20_000);
  expect(slowest.ms, slowest.query).toBeLessThan(1000);
  // The generator must reach the evaluation, not only the parser.
  expect(counts.ok).toBeGreaterThan(6000);
}, 120_000);
