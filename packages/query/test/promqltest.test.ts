import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runScript } from '../src/promqltest/run.ts';
import { parseScript } from '../src/promqltest/script.ts';
import { parsePoints, parseSeriesLine } from '../src/promqltest/series.ts';

const corpus = new URL('../../../../shared/corpora/promqltest/', import.meta.url);
const present = existsSync(corpus);
if (!present) console.warn('promqltest corpus absent: its scripts are not run');

describe.skipIf(!present)('scripts of Prometheus', () => {
  const files = present ? readdirSync(corpus).filter((name) => name.endsWith('.test')) : [];

  it.each(files)('%s', async (name) => {
    const outcomes = await runScript(readFileSync(new URL(name, corpus), 'utf8'));
    const failed = outcomes.filter(({ status }) => status === 'failed');
    expect(failed).toEqual([]);
    const skips = outcomes.filter(({ status }) => status === 'skipped');
    for (const { reason } of skips) expect(reason).toMatch(/^native histogram (literals|samples)$/);
  });

  it('runs at least 601 evaluations', async () => {
    let passed = 0;
    for (const name of files)
      for (const { status } of await runScript(readFileSync(new URL(name, corpus), 'utf8')))
        if (status === 'passed') passed++;
    expect(passed).toBeGreaterThanOrEqual(601);
  });
});

describe('the script language', () => {
  it('expands points', () => {
    expect(parsePoints('1 2+3x2 _ stale 5x2 1-1x2 _x2 -3e2 Inf')).toEqual([
      1,
      2,
      5,
      8,
      'absent',
      'stale',
      5,
      5,
      5,
      1,
      0,
      -1,
      'absent',
      'absent',
      -300,
      Number.POSITIVE_INFINITY,
    ]);
    expect(parsePoints('{{count:1}}x2 {{sum:1 count:2}}+{{count:1}}x1')).toEqual(Array(5).fill('histogram'));
  });

  it('reads labels with blanks and braces', () => {
    const { labels, points } = parseSeriesLine('m{a="x} y", b="\\"{"} 1 2');
    expect(labels).toEqual([
      ['__name__', 'm'],
      ['a', 'x} y'],
      ['b', '"{'],
    ]);
    expect(points).toEqual([1, 2]);
  });

  it('reports a wrong result, a missing error and an unknown command', async () => {
    const script =
      'load 1m\n  x 1 2\n\neval instant at 1m x\n  x 3\n\neval instant at 1m x\n  expect fail\n\nfoo bar\n';
    const outcomes = await runScript(script);
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
    expect(parseScript('eval_fail instant at 0 x')[0]).toMatchObject({ expectations: [{ type: 'fail' }] });
  });
});
