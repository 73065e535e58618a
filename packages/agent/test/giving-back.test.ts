import type { MetricGroup, SamplerSet } from '@rezolus/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { givingBack } from '../src/giving-back.ts';

/** Samplers with as many series as `state` says. */
function samplersOf(state: { series: number }) {
  const group = () =>
    ({
      counters: new BigUint64Array(state.series),
      gauges: new BigInt64Array(0),
      histograms: [],
    }) as unknown as MetricGroup;
  return { refresh: async () => {}, groups: () => [group()] } satisfies Pick<
    SamplerSet,
    'refresh' | 'groups'
  >;
}

describe('givingBack', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const run = async (counts: readonly number[]) => {
    const collect = vi.fn();
    const state = { series: 0 };
    const samplers = givingBack(samplersOf(state), collect);
    for (const count of counts) {
      state.series = count;
      await samplers.refresh();
      vi.runAllTimers();
    }
    return collect.mock.calls.length;
  };
  const times = (count: number, series: number) => new Array<number>(count).fill(series);

  it('collects once when many series are gone', async () => {
    expect(await run([...times(40, 6000), ...times(100, 1500)])).toBe(1);
  });

  it('leaves it where few are gone, or a small part', async () => {
    expect(await run([...times(40, 1500), ...times(40, 900)])).toBe(0);
    expect(await run([...times(40, 100_000), ...times(40, 90_000)])).toBe(0);
  });

  it('rests between two collections, and does not forget', async () => {
    const wave = [...times(5, 6000), ...times(5, 1500)];
    expect(await run([...wave, ...wave, ...wave])).toBe(1);
    expect(await run([...wave, ...wave, ...times(50, 1500)])).toBe(1);
  });

  it('does not collect before the answer had time to go out', async () => {
    const collect = vi.fn();
    const state = { series: 6000 };
    const samplers = givingBack(samplersOf(state), collect);
    for (let refresh = 0; refresh < 40; refresh++) await samplers.refresh();
    state.series = 10;
    await samplers.refresh();
    expect(collect).not.toHaveBeenCalled();
    vi.runAllTimers();
    expect(collect).toHaveBeenCalledOnce();
  });
});
