#!/usr/bin/env node
import { fuzz, fuzzEngine, seed } from '../test/expressions.ts';

// npm run fuzz:promql [-- COUNT [SEED]]: generated and mutated expressions; fails on a crash, a hang or growing memory.
const [count = 100_000, start = 1] = process.argv.slice(2).map(Number);
seed(start);
const engine = fuzzEngine();
await fuzz(engine, Math.min(count, 5000));
const before = process.memoryUsage.rss();
const { counts, slowest, rss } = await fuzz(engine, count);
for (const [outcome, n] of Object.entries(counts)) console.log(`${outcome}: ${n}`);
const grown = Math.max(0, rss - before) / 1e6;
console.log(`slowest ${slowest.ms.toFixed(0)} ms: ${slowest.query}`);
console.log(
  `memory ${(rss / 1e6).toFixed(0)} MB at most, ${grown.toFixed(0)} MB more than after the first 5,000`,
);
if (slowest.ms > 1000 || grown > 300) process.exitCode = 1;
