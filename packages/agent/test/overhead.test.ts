import type { BpfLoader, BpfObject, BpfObjectSpec, ProgramInfo } from '@rezolus/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OverheadObserver } from '../src/overhead/index.ts';

const spec: BpfObjectSpec = {
  name: 'x',
  object: new URL('file:///x.o'),
  programs: {},
  maps: {},
  structs: {},
  variables: {},
};

/** A loader whose one program has the counts of `info`; `state.on` says whether statistics are on. */
function loaderOf(info: { runCount: bigint; runTimeNs: bigint }) {
  const state = { on: 0 };
  const loader: BpfLoader = {
    kernelBtf: true,
    open: () =>
      ({
        programInfo: (): ProgramInfo[] => [{ name: 'hook', recursionMisses: 3n, ...info }],
        mapBytes: () => 4096,
        [Symbol.dispose]() {},
      }) as unknown as BpfObject,
    enableStats: () => {
      state.on++;
      return {
        [Symbol.dispose]: () => {
          state.on--;
        },
      };
    },
  };
  return { loader, state };
}

describe('OverheadObserver', () => {
  afterEach(() => vi.useRealTimers());

  it('measures a window of each interval and takes it for the whole', async () => {
    vi.useFakeTimers();
    const info = { runCount: 500n, runTimeNs: 10_000n };
    const { loader, state } = loaderOf(info);
    using observer = new OverheadObserver();
    const object = observer.track('@rezolus/plugin-x', 'x_one', loader).open(spec);
    observer.start(10_000, 1000);
    await vi.advanceTimersByTimeAsync(0);
    expect(state.on).toBe(1);
    info.runCount += 1000n;
    info.runTimeNs += 50_000n;
    await vi.advanceTimersByTimeAsync(1000);
    expect(state.on).toBe(0);
    expect(observer.plugins()).toEqual([
      { plugin: '@rezolus/plugin-x', ns_per_second: 50_000, runs_per_second: 1000, map_bytes: 4096 },
    ]);
    const first = observer.programs()[0]!;
    expect(first).toMatchObject({ program: 'hook', recursionMisses: 3n });
    const { runs } = first;
    expect(runs).toBeCloseTo(1000, -1);
    await vi.advanceTimersByTimeAsync(9000);
    expect(state.on).toBe(1);
    info.runCount += 1000n;
    await vi.advanceTimersByTimeAsync(1000);
    // Ten seconds at 1,000 runs per second, of which one was looked at.
    expect(observer.programs()[0]!.runs - runs).toBeCloseTo(10_000, -2);
    object[Symbol.dispose]();
    expect(observer.plugins()).toEqual([]);
  });

  it('says why where the kernel does not measure', async () => {
    vi.useFakeTimers();
    const { loader } = loaderOf({ runCount: 0n, runTimeNs: 0n });
    using observer = new OverheadObserver();
    observer.track('p', 'x_one', {
      ...loader,
      enableStats: () => {
        throw new Error('no statistics here');
      },
    });
    observer.start(1000, 100);
    await vi.advanceTimersByTimeAsync(5000);
    expect(observer.failure).toBe('no statistics here');
    expect(observer.measurements).toBe(0);
  });
});
