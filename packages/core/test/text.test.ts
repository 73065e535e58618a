import { describe, expect, it } from 'vitest';
import { formatDuration, parseCpuList, parseDuration, RezolusError, sentence } from '../src/index.ts';

describe('parseDuration', () => {
  it.each([
    ['10ms', 10],
    ['1s', 1000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h 30m', 5_400_000],
    ['1h30m', 5_400_000],
    ['250us', 0.25],
    ['2 days', 172_800_000],
    ['0s', 0],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
  });

  it.each(['', ' ', '10', 's', '-1s', '1 fortnight', '1s!', 'x1s', '1e3s', '1s 2'])(
    'refuses "%s"',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});

describe('formatDuration', () => {
  it.each([
    [0.25, '250us'],
    [10, '10ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [60_000, '1m'],
    [3_723_000, '1h 2m 3s'],
    [90_061_000, '1d 1h 1m 1s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('parseCpuList', () => {
  it.each([
    ['0\n', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['0-1,8,10-11\n', [0, 1, 8, 10, 11]],
    ['', []],
    ['\n', []],
  ])('reads %j', (text, ids) => {
    expect(parseCpuList(text)).toEqual(ids);
  });
});

describe('sentence', () => {
  it('joins an error and its causes on one line, each once', () => {
    const root = new Error('EPERM\n  not permitted');
    const middle = new RezolusError('REZ_ERR_BPF_LOAD', 'the kernel refused sched', { cause: root });
    expect(sentence(new Error('no sampler', { cause: middle }))).toBe(
      'no sampler: the kernel refused sched: EPERM not permitted',
    );
    expect(sentence(new Error('failed: EPERM', { cause: new Error('EPERM') }))).toBe('failed: EPERM');
    expect(sentence('text')).toBe('text');
  });

  it('ends on a chain of causes that does not', () => {
    const error = new Error('round');
    error.cause = error;
    expect(sentence(error)).toBe('round');
  });
});

describe('RezolusError', () => {
  it('knows what to do next', () => {
    expect(new RezolusError('REZ_ERR_LISTEN', 'x').remedy).toMatch(/another one/);
  });
});
