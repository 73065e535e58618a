import type { SamplerSet } from '@rezolus/core';

type Samplers = Pick<SamplerSet, 'refresh' | 'groups'>;

/** A collection is worth its while where this many series are gone, and this part of the most there were. */
const goneSeries = 1000;
const gonePart = 0.25;
/** It takes tens of milliseconds: at most one in so many refreshes. */
const restRefreshes = 30;
/** Time for the answer to go out that the refresh was for, ms. */
const delayMs = 50;

/**
 * givingBack: the same samplers, but where many cgroups or threads went away, the memory that their series took goes
 * back to the system. V8 by itself would keep it for hours: its limit has risen with the heap, and at the pace of an
 * agent little drives it to collect. `collect` is called some time after a refresh, never during one.
 */
export function givingBack(samplers: Samplers, collect: () => void = collectGarbage): Samplers {
  let most = 0;
  let refreshes = 0;
  return {
    groups: () => samplers.groups(),
    async refresh() {
      await samplers.refresh();
      refreshes++;
      const series = seriesOf(samplers);
      most = Math.max(most, series);
      const gone = most - series;
      if (gone < goneSeries || gone < most * gonePart || refreshes < restRefreshes) return;
      most = series;
      refreshes = 0;
      setTimeout(collect, delayMs).unref();
    },
  };
}

function seriesOf(samplers: Samplers): number {
  return samplers
    .groups()
    .reduce(
      (sum, { counters, gauges, histograms }) => sum + counters.length + gauges.length + histograms.length,
      0,
    );
}

/** Only this flavour returns pages to the system; others keep them for later. Needs `--expose-gc`, as the command line gives it. */
function collectGarbage(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
