/**
 * Every check that this machine can run: style, types, BPF objects against their sources, and the test suites. Ends
 * with one line `N passed, N failed, N skipped` that counts checks and tests, and exits 1 if anything failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly unknown[];
  }[];
}

const report = 'test-results/vitest.json';
const total = { passed: 0, failed: 0, skipped: 0 };

function check(name: string, command: string, args: readonly string[]): boolean {
  const began = performance.now();
  console.log(`\n== ${name}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  console.log(
    `== ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
  );
  return status === 0;
}

mkdirSync('test-results', { recursive: true });
for (const [name, command, args] of [
  ['style', 'biome', ['check', '.']],
  ['types', 'tsc', ['--noEmit']],
  ['types of the viewer app', 'tsc', ['--noEmit', '-p', 'packages/viewer/tsconfig.app.json']],
  ['generated documents', 'node', ['scripts/generate-docs.ts', '--check']],
  ['BPF objects equal their sources', 'node', ['packages/devkit/bin/rezolus-bpf.ts', 'check', '--files']],
] as const) {
  if (check(name, command, args)) total.passed++;
  else total.failed++;
}
const suites = check('test suites', 'vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
]);
try {
  const results: VitestReport = JSON.parse(readFileSync(report, 'utf8'));
  total.passed += results.numPassedTests;
  total.failed += results.numFailedTests;
  total.skipped += results.numPendingTests;
  // A file that could not even be loaded has no tests of its own to fail.
  total.failed += results.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
} catch (error) {
  console.error(`no report of the test suites: ${error}`);
  total.failed++;
}
if (!suites && total.failed === 0) total.failed++;
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
