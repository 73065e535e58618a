import type { RezolusError } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { keepBudgets } from '../src/budget.ts';
import type { Budget } from '../src/config.ts';
import { OverheadObserver } from '../src/overhead/index.ts';

interface Cost {
  /** Of the objects that the sampler opened. */
  ns?: number;
  bytes?: number;
  series?: number;
  /** What it shares an object with. */
  with?: string;
}

/** watch: samplers with the given costs under the given budgets; `measure` says which are shed by one measurement. */
function watch(costs: Record<string, Cost>, budgets: Record<string, Budget>) {
  const running = new Set(Object.keys(costs));
  const shed: [string, string][] = [];
  const sharers = (name: string) =>
    [...running].filter(
      (other) => other === name || (costs[name]!.with ?? name) === (costs[other]!.with ?? ''),
    );
  const observer = new OverheadObserver();
  observer.costOf = (names) => {
    const of = [...names].map((name) => costs[name]!);
    return {
      nsPerSecond: of.reduce((sum, { ns = 0 }) => sum + ns, 0),
      mapBytes: of.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    };
  };
  keepBudgets({
    observer,
    budgetOf: (name) => budgets[name] ?? {},
    samplers: {
      groups: () =>
        [...running].map((name) => ({
          name: `${name}/main`,
          counters: new BigUint64Array(costs[name]!.series ?? 1),
          gauges: new BigInt64Array(0),
          histograms: [],
        })) as never,
      refreshTimes: () => [...running].sort().map((name) => ({ name, ms: 0 })),
      sharers,
      async shed(name: string, reason: RezolusError) {
        running.delete(name);
        shed.push([name, reason.message]);
      },
    },
  });
  const measure = () => {
    observer.onMeasured();
    return shed.splice(0);
  };
  return { measure, costs };
}

describe('keepBudgets', () => {
  it('sheds a sampler that is over its CPU time twice, and not for one moment', () => {
    const { measure, costs } = watch({ a: { ns: 900_000 }, b: { ns: 9e9 } }, { a: { cpu: 1 } });
    expect(measure()).toEqual([]);
    costs.a!.ns = 1_500_000;
    expect(measure()).toEqual([]);
    costs.a!.ns = 500_000;
    expect(measure()).toEqual([]);
    costs.a!.ns = 1_500_000;
    expect(measure()).toEqual([]);
    expect(measure()).toEqual([['a', 'a takes 1.5ms of CPU time per second, its budget is 1ms']]);
    expect(measure()).toEqual([]);
  });

  it('sheds one at a time of those that share their programs', () => {
    const costs = { a: { ns: 3e6, with: 'o' }, b: { ns: 0, with: 'o' }, c: { ns: 0, with: 'o' } };
    const { measure } = watch(costs, { a: { cpu: 1 }, b: { cpu: 1 }, c: { cpu: 1 } });
    expect(measure()).toEqual([]);
    expect(measure().map(([name]) => name)).toEqual(['a']);
    // The others were over it with what a had switched on, and are under it now.
    expect(measure()).toEqual([]);
    expect(measure()).toEqual([]);
  });

  it('sheds at once for series and for memory of maps', () => {
    const { measure } = watch(
      { a: { series: 11 }, b: { bytes: 5000 }, c: { series: 10, bytes: 4096 } },
      {
        a: { series: 10, map_bytes: 4096 },
        b: { series: 10, map_bytes: 4096 },
        c: { series: 10, map_bytes: 4096 },
      },
    );
    expect(measure()).toEqual([
      ['a', 'a has 11 series, its budget is 10'],
      ['b', 'b has 5000 bytes of maps, its budget is 4096'],
    ]);
  });
});
