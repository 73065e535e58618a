import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tests/support/rezolus.ts';
import { Installed } from './installed.ts';
import { type DayShape, dayRecording, fullDay } from './src/day-recording.ts';
import { median, type Table } from './table.ts';

const points = 300;
const quantiles = '[0.5, 0.9, 0.99, 0.999, 0.9999]';

interface Case {
  readonly name: string;
  readonly query: string;
  /** What is asked for on the full day: the first time, and again, ms. */
  readonly target: readonly [first: number, again: number];
}

const dayCases: readonly Case[] = [
  { name: 'sum(irate) of 240 counters', query: 'sum(irate(cpu_usage[5m]))', target: [1000, 60] },
  {
    name: 'five quantiles of one histogram',
    query: `histogram_quantiles(${quantiles}, syscall_latency{op="op0"})`,
    target: [300, 300],
  },
  {
    name: 'five quantiles of two merged',
    query: `histogram_quantiles(${quantiles}, syscall_latency{op=~"op0|op1"})`,
    target: [400, 400],
  },
];

interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** Peak of the resident memory of a process, MB. */
function peakMb(pid: number): number {
  const kb = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Number(kb) / 1000;
}

async function timed(url: string): Promise<number> {
  const began = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  const ms = performance.now() - began;
  if (!response.ok) throw new Error(`${response.status} for ${url}`);
  return ms;
}

/** What one viewer needs for one query: it is fresh, so that the first time is the first. */
async function measure(path: string, query: string, repeats: number) {
  await using viewer = await Installed.spawn('view', path);
  const url = (await viewer.printed(/ at (http:\S+)/))[1]!;
  const loaded = (await (await fetch(`${url}api/rezolus/v1/captures`)).json()) as { captures: [Window] };
  const [window] = loaded.captures;
  const chart = ({ startMs, endMs }: Window, wanted = points) =>
    `${url}api/rezolus/v1/range?${new URLSearchParams({
      query,
      start: String(startMs),
      end: String(endMs),
      points: String(wanted),
    })}`;
  const first = await timed(chart(window));
  const again: number[] = [];
  const other: number[] = [];
  const grafana: number[] = [];
  const step = Math.ceil((window.endMs - window.startMs) / (points - 1) / 1000);
  for (let i = 1; i <= repeats; i++) {
    again.push(await timed(chart(window)));
    // Another number of points: nothing of the answer is known, all samples are.
    other.push(await timed(chart(window, points + 7 * i)));
    const range = new URLSearchParams({
      query,
      start: String(window.startMs / 1000 + i),
      end: String(window.endMs / 1000),
      step: String(step),
    });
    grafana.push(await timed(`${url}api/v1/query_range?${range}`));
  }
  return {
    first,
    again: median(again),
    other: median(other),
    grafana: median(grafana),
    mb: peakMb(viewer.child.pid!),
  };
}

async function tableOf(
  title: string,
  path: string,
  cases: readonly Case[],
  rounds: number,
  withTargets: boolean,
) {
  const rows: string[][] = [];
  for (const { name, query, target } of cases) {
    process.stderr.write(`\r\x1b[2K${title}: ${name}`);
    const results: Awaited<ReturnType<typeof measure>>[] = [];
    for (let round = 0; round < rounds; round++) results.push(await measure(path, query, 5));
    const of = (pick: (result: (typeof results)[number]) => number) => median(results.map(pick));
    const ms = (value: number, most?: number) =>
      `${value.toFixed(value < 10 ? 1 : 0)} ms${withTargets && most !== undefined ? ` (${(value / most).toFixed(2)})` : ''}`;
    rows.push([
      name,
      ms(
        of((each) => each.first),
        target[0],
      ),
      ms(
        of((each) => each.again),
        target[1],
      ),
      ms(
        of((each) => each.other),
        target[1],
      ),
      ms(
        of((each) => each.grafana),
        target[1],
      ),
      `${of((each) => each.mb).toFixed(0)} MB`,
    ]);
  }
  process.stderr.write('\r\x1b[2K');
  return {
    title: `Queries on ${title}`,
    note: `${points} points over all of it, in ms of a whole HTTP request to a fresh \`rezolus view\`; median of ${rounds} viewers. Charts look at every second and keep the extremes. \`same again\` is answered from what was kept, \`other points\` is computed anew from decoded columns, \`query_range\` is the Prometheus API at a step of one ${points}th, shifted by a second each time.${withTargets ? ' In parentheses: the part of the target that was needed (below 1 is within).' : ''}`,
    columns: ['query', 'first', 'same again', 'other points', 'query_range', 'peak memory'],
    rows,
  } satisfies Table;
}

/** query: what queries of a small recording and of a day of 1,000 series cost, first and again. */
export async function query(quick: boolean): Promise<Table[]> {
  const tables: Table[] = [];
  const small = join(root, '../shared/recordings/cachecannon.parquet');
  const rounds = quick ? 1 : 5;
  if (existsSync(small)) {
    const cases = dayCases.map((each, i) => {
      const ops = ['{op="read"}', '{op=~"read|write"}'];
      return i === 0
        ? each
        : { ...each, query: `histogram_quantiles(${quantiles}, syscall_latency${ops[i - 1]})` };
    });
    tables.push(await tableOf('cachecannon.parquet', small, cases, rounds, false));
  }
  const shape: DayShape = quick ? { ...fullDay, rows: 7200 } : fullDay;
  process.stderr.write('making the recording of a day, once');
  const day = await dayRecording(shape);
  const mb = (statSync(day).size / 1e6).toFixed(0);
  const series = shape.cpus * 10 + shape.others + shape.histograms;
  const title = `${shape.rows / 3600} h at 1 s of ${series} series (${mb} MB)`;
  tables.push(await tableOf(title, day, dayCases, rounds, !quick));
  return tables;
}
