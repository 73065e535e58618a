import { seriesNames } from '../app/lib/naming.ts';
import { formatSpan } from '../app/lib/time.ts';
import { formatValue } from '../app/lib/units.ts';
import type { Plot, RangeReply } from '../contract.ts';
import { bars, between, columnsOf, fit } from './text.ts';

/** Chart: a plot and what is known of it: its answer, or a sentence why there is none. */
export interface Chart {
  readonly plot: Plot;
  readonly reply: RangeReply | string | null;
}

/** Scene: all that is on the screen. */
export interface Scene {
  readonly name: string;
  readonly page: 'overview' | 'browse' | 'help';
  readonly sections: readonly { readonly name: string; readonly available: number; readonly plots: number }[];
  /** The section that is shown. */
  readonly section: number;
  /** The first chart that is shown. */
  readonly first: number;
  readonly charts: readonly Chart[];
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly note: string;
}

const keys = [
  ['Tab, o', 'overview or sections'],
  ['j k, arrows', 'next, previous section'],
  ['J K, PgDn PgUp', 'charts further down, up'],
  ['[ ]', 'shorter, longer window'],
  ['r', 'draw again'],
  ['?', 'this help'],
  ['q, Ctrl C', 'leave'],
] as const;

const nameWidth = 16;
const seriesMost = 5;

/** leastColumns and leastRows: what a scene needs. */
export const leastColumns = 30;
export const leastRows = 10;

/** draw: the lines of a scene, `rows` of them, each `columns` wide. */
export function draw(scene: Scene, columns: number, rows: number): string[] {
  if (columns < leastColumns || rows < leastRows) {
    return fill([`at least ${leastColumns} x ${leastRows} characters`], columns, rows);
  }
  const at = new Date(scene.end).toISOString().slice(11, 19);
  const head = between(
    ` Rezolus  ${scene.name}`,
    `${formatSpan(scene.end - scene.start)} to ${at} `,
    columns,
  );
  const foot = between(` ${scene.note || 'Tab sections  [ ] window  ? help  q quit'}`, '', columns);
  return [head, ...fill(body(scene, columns, rows - 2), columns, rows - 2), foot];
}

function body(scene: Scene, columns: number, rows: number): string[] {
  if (scene.page === 'help') return ['', ...keys.map(([key, what]) => ` ${fit(key, 16)} ${what}`)];
  if (scene.page === 'overview') return grid(scene, columns, rows, columns >= 90 ? 2 : 1);
  if (columns < 50)
    return [` ${scene.sections[scene.section]?.name ?? ''}`, ...grid(scene, columns, rows - 1, 1)];
  const wide = 24;
  const from = Math.max(0, scene.section - rows + 3);
  const list = scene.sections.map(({ name, available, plots }, i) =>
    between(`${i === scene.section ? '▶' : ' '}${name}`, `${available}/${plots} `, wide),
  );
  const left = fill(list.slice(from), wide, rows);
  const right = fill(grid(scene, columns - wide - 2, rows, 1), columns - wide - 2, rows);
  return left.map((line, i) => `${line}│ ${right[i]}`);
}

/** grid: charts below and beside each other, as many as fit. */
function grid({ charts, first, ...scene }: Scene, columns: number, rows: number, across: number): string[] {
  const width = Math.floor(columns / across) - 1;
  const lines: string[] = [];
  for (let i = first; i < charts.length && lines.length < rows; i += across) {
    const row = charts.slice(i, i + across).map((one) => chart(one, scene, width));
    const height = Math.max(...row.map((one) => one.length));
    const cells = row.map((one) => fill(one, width, height));
    for (let y = 0; y < height; y++) lines.push(cells.map((cell) => cell[y]).join(' '));
    lines.push('');
  }
  return lines;
}

function chart({ plot, reply }: Chart, span: Pick<Scene, 'start' | 'end' | 'step'>, width: number): string[] {
  if (reply === null) return [plot.title, '  …'];
  if (typeof reply === 'string') return [plot.title, `  ${reply}`];
  if (reply.kind === 'buckets' || reply.series.length === 0) return [plot.title, '  nothing in this window'];
  const reach = span.step * 1.5;
  const ranked = reply.series
    .map((series, i) => ({ series, i, last: series.values.findLast(Number.isFinite) ?? Number.NaN }))
    .sort((a, b) => (plot.style === 'percentiles' ? a.i - b.i : (b.last || 0) - (a.last || 0)));
  const [one] = ranked;
  if (ranked.length === 1 && one) {
    const columns = columnsOf(one.series, span, width, reach);
    const top = Math.max(...columns.filter(Number.isFinite), 0);
    const value = `${formatValue(one.last, plot.unit)}  max ${formatValue(top, plot.unit)}`;
    return [between(plot.title, value, width), ...bars(columns, top, 3)];
  }
  const names = seriesNames(reply.series.map(({ labels }) => labels));
  const room = Math.max(4, width - nameWidth - 14);
  const lines = ranked.slice(0, seriesMost).map(({ series, i, last }) => {
    const columns = columnsOf(series, span, room, reach);
    const [line = ''] = bars(columns, Math.max(...columns.filter(Number.isFinite), 0), 1);
    return `  ${fit(names[i]!, nameWidth - 2)} ${line} ${formatValue(last, plot.unit)}`;
  });
  const more = ranked.length > seriesMost ? `${seriesMost} of ${ranked.length}` : '';
  return [between(plot.title, more, width), ...lines];
}

const fill = (lines: readonly string[], columns: number, rows: number): string[] =>
  Array.from({ length: rows }, (_, i) => fit(lines[i] ?? '', columns));
