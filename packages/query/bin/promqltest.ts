#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { type Outcome, runScript } from '../src/promqltest/run.ts';

// Runs Prometheus' promqltest scripts against the engine: node packages/query/bin/promqltest.ts FILE...
const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: promqltest FILE...');
  process.exitCode = 2;
}
const counts: Record<Outcome['status'], number> = { passed: 0, failed: 0, skipped: 0 };
for (const file of files)
  for (const { line, query, status, reason } of await runScript(await readFile(file, 'utf8'))) {
    counts[status]++;
    if (status !== 'passed') console.log(`${file}:${line}: ${status}: ${query}\n    ${reason}`);
  }
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (counts.failed > 0) process.exitCode = 1;
