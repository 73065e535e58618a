import type uPlot from 'uplot';
import type { Subject } from '../charts/drawing.ts';
import { bucketReader, type ColorScale, type Heatmap, type Sharing } from '../charts/heatmaps.ts';
import { valueAxis } from '../charts/lines.ts';
import { colorTable } from '../lib/colors.ts';
import { type Buckets, bucketRaster, colorize } from '../lib/raster.ts';

const noPoints: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };

/** bucketDifference: how many events more, or fewer, `other` has than `base` in each cell. */
export function bucketDifference(
  subject: Subject,
  [base, other]: readonly [Buckets, Buckets],
  onScale: (scale: ColorScale) => void,
  sharing: Sharing,
): Heatmap {
  const { palette, plot, step } = subject;
  const table = colorTable(palette.differences);
  let shown = { low: 1, high: 1000 };
  const [before, after] = [bucketReader(base, step), bucketReader(other, step)];
  const times = [...new Set([...base.times, ...other.times])].sort((a, b) => a - b);
  return {
    signature: ['bucket-difference', plot.id].join('\n'),
    data: [times, new Array(times.length).fill(null)],
    series: [{}, noPoints],
    bands: [],
    y: { ...valueAxis(subject, true), grid: false, range: () => [shown.low, shown.high] },
    members: () => [],
    picture(window, width, height) {
      const a = bucketRaster(base, window, shown, step, width, height);
      const b = bucketRaster(other, window, shown, step, width, height);
      // No event is none, where the other one has some.
      const values = b.values.map((value, i) => {
        const from = a.values[i]!;
        return Number.isNaN(value) && Number.isNaN(from) ? Number.NaN : (value || 0) - (from || 0);
      });
      const most = values.reduce((max, value) => (Math.abs(value) > max ? Math.abs(value) : max), 0);
      onScale({ low: -most, high: most, log: false });
      // As counts have, differences have many sizes.
      const sizes = values.map((value) => Math.sign(value) * Math.log1p(Math.abs(value)));
      const pixels = colorize({ ...b, values: sizes }, table, -Math.log1p(most), Math.log1p(most), false);
      return { width, height, pixels, ruled: false };
    },
    read(time, y) {
      const [from, to] = [before(time, y), after(time, y)];
      if (from.value === 0 && to.value === 0) return undefined;
      return { name: `events (${from.value} → ${to.value})`, value: to.value - from.value, range: to.range };
    },
    fit(window) {
      shown = sharing.span(window) ?? shown;
    },
  };
}
