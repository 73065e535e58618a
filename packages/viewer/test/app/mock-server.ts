/**
 * A stand-in for the viewer's server with synthetic data, to look at the app without a recording:
 * `node packages/viewer/test/app/mock-server.ts [port] [--live]`, after `npm run build:viewer`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Capture, RangeReply, Section, SectionSummary } from '../../src/contract.ts';
import { securityHeaders } from '../../src/server/security.ts';
import { encodeRange, rangeContentType } from '../../src/wire.ts';

const app = fileURLToPath(new URL('../../dist/app/', import.meta.url));
const dashboards = fileURLToPath(new URL('../../dashboards/', import.meta.url));
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** MockOptions: what the capture looks like. */
export interface MockOptions {
  readonly live?: boolean;
  /** ms */
  readonly length?: number;
  /** Label value that a hostile machine might have. */
  readonly hostile?: string;
}

/** Mock: a running mock server. */
export interface Mock extends AsyncDisposable {
  readonly address: string;
  close(): Promise<void>;
}

/** startMock: serves the built app and synthetic answers on a free port of the loopback. */
export async function startMock(options: MockOptions = {}, port = 0): Promise<Mock> {
  const start = Math.floor(Date.now() / 1000) * 1000 - (options.length ?? 900_000);
  const capture = (): Capture => ({
    id: '1',
    alias: 'synthetic',
    nodes: null,
    kind: options.live ? 'live' : 'file',
    name: options.live ? 'http://localhost:4241' : 'synthetic.parquet',
    startMs: start,
    endMs: options.live ? Math.floor(Date.now() / 1000) * 1000 : start + (options.length ?? 900_000),
    intervalMs: 1000,
    series: 320,
    metadata: { source: 'mock', version: '1.0' },
    systeminfo: {
      os: 'linux',
      cpus: 4,
      memory_total_bytes: 2 ** 35,
      nics: [{ name: 'eth0', speed: 10_000 }],
    },
  });
  const sections = readdirSync(dashboards).map(
    (file) => JSON.parse(readFileSync(dashboards + file, 'utf8')) as Section,
  );
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    answer(request, response, capture(), sections, options);
  });
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
  const close = () => closing(server);
  return { address: addressOf(server), close, [Symbol.asyncDispose]: close };
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the mock server has no port');
  return `http://127.0.0.1:${address.port}/`;
}

function closing(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  capture: Capture,
  sections: readonly Section[],
  options: MockOptions,
): unknown {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const json = (value: unknown, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  const path = url.pathname.replace('/api/rezolus/v1/', '');
  if (path === 'captures') {
    return json({ captures: [capture], loading: { maxBytes: 2 ** 30, maxCaptures: 8, urls: false } });
  }
  if (path === 'sections') return json(sections.map(summaryOf));
  if (path === 'live') return live(response, capture);
  if (path.startsWith('sections/')) {
    const section = sections.find(({ id }) => id === path.slice(9));
    return section ? json(withEmpty(section)) : json({ status: 'error', error: 'no such section' }, 404);
  }
  if (path === 'range') {
    const reply = range(url.searchParams, capture, options);
    if (typeof reply === 'string') return json({ status: 'error', errorType: 'bad_data', error: reply }, 400);
    response.writeHead(200, { 'content-type': rangeContentType }).end(encodeRange(reply));
    return;
  }
  const file = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
  try {
    const body = readFileSync(app + file);
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'text/plain' }).end(body);
  } catch {
    json({ status: 'error', error: 'not found' }, 404);
  }
}

function live(response: ServerResponse, capture: Capture): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = () => {
    const event = { ...capture, generation: 0, endMs: Math.floor(Date.now() / 1000) * 1000, connected: true };
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  };
  send();
  const timer = setInterval(send, 1000);
  response.on('close', () => clearInterval(timer));
}

const isEmpty = (query: string) => /throttl|drop|retransmit|discard/.test(query);

const plotsOf = (section: Section) =>
  section.groups.flatMap((group) => group.subgroups.flatMap((one) => one.plots));

function summaryOf(section: Section): SectionSummary {
  const plots = plotsOf(section);
  const available = section.id === 'rezolus' ? 0 : plots.filter(({ query }) => !isEmpty(query)).length;
  return { id: section.id, name: section.name, plots: plots.length, available };
}

function withEmpty(section: Section): Section {
  const empty = plotsOf(section).filter(({ query }) => isEmpty(query));
  return {
    ...section,
    empty: Object.fromEntries(empty.map(({ id }) => [id, 'The recording has no such metric.'])),
  };
}

/** range: a synthetic answer that depends on the query only; a string is an error. */
function range(params: URLSearchParams, capture: Capture, { hostile }: MockOptions): RangeReply | string {
  const query = params.get('query') ?? '';
  if (query.includes('!!')) return `1:${query.indexOf('!!') + 1}: unexpected character "!"`;
  const step = Math.max(Number(params.get('step')), capture.intervalMs);
  const startMs = Math.max(Number(params.get('start')), capture.startMs);
  const endMs = Math.min(Number(params.get('end')), capture.endMs);
  const points = Number(params.get('points'));
  const first = Math.ceil(startMs / step) * step;
  const count = Math.max(0, Math.floor((endMs - first) / step) + 1);
  // A gap, as a suspended machine leaves one.
  const gap = capture.startMs + (capture.endMs - capture.startMs) * 0.62;
  const times = Float64Array.from({ length: count }, (_, i) => first + i * step).filter(
    (time) => time < gap || time > gap + 20_000,
  );
  const seed = [...query].reduce((hash, char) => (hash * 31 + char.charCodeAt(0)) % 9973, 7);
  if (query.startsWith('histogram_heatmap')) return heatmap(times, seed);
  const labels = query.startsWith('histogram_quantiles')
    ? [0.5, 0.9, 0.99, 0.999, 0.9999].map((q) => ({ quantile: String(q) }))
    : query.includes('by (id)')
      ? Array.from({ length: 12 }, (_, id) => ({ id: String(id) }))
      : /by \((\w+)\)/.test(query)
        ? ['user', 'system', hostile ?? 'nice'].map((name) => ({ [/by \((\w+)\)/.exec(query)![1]!]: name }))
        : [{}];
  const share = /cpu_cores|by \(id\).*1e9/.test(query);
  const time = query.includes('histogram_');
  const series = labels.map((label, i) => ({
    labels: label as Record<string, string>,
    times,
    values: times.map((at) => {
      const wave = 1 + Math.sin(at / 47_000 + seed + i) * 0.5 + noise(at, seed + i * 13) * 0.4;
      const spike = noise(at, seed + i + 99) > 0.995 ? 3 : 1;
      if (share) return Math.min(1, 0.16 * wave * spike);
      if (time) return 4000 * 6 ** i * wave * spike;
      return 20_000 * (1 + (seed % 50)) * wave * spike;
    }),
  }));
  return { kind: 'lines', series: series.map((one) => merge(one, points, step)) };
}

type Line = Extract<RangeReply, { kind: 'lines' }>['series'][number];

/** merge: mean and extremes of cells that are aligned to the epoch, where `line` has more than `points`. */
function merge(line: Line, points: number, step: number): Line {
  const { times, values } = line;
  if (times.length <= points) return line;
  const width = Math.ceil(times.length / points) * step;
  const cells = Map.groupBy(times.keys(), (i) => Math.floor(times[i]! / width));
  const column = (of: (cell: number[]) => number) =>
    Float64Array.from(cells.values(), (indices) => of(indices.map((i) => values[i]!)));
  return {
    labels: line.labels,
    times: Float64Array.from(cells.keys(), (cell) => cell * width + (width - step) / 2),
    values: column((cell) => cell.reduce((sum, value) => sum + value, 0) / cell.length),
    min: column((cell) => Math.min(...cell)),
    max: column((cell) => Math.max(...cell)),
  };
}

function heatmap(times: Float64Array, seed: number): RangeReply & { kind: 'buckets' } {
  const bounds = Float64Array.from({ length: 60 }, (_, i) => Math.round(500 * 1.25 ** (i + 1)));
  const cells: [number, number, number][] = [];
  times.forEach((at, column) => {
    const centre = 18 + Math.sin(at / 90_000 + seed) * 8;
    bounds.forEach((_, row) => {
      const count = Math.round(900 * Math.exp(-((row - centre) ** 2) / 30) * (0.4 + noise(at, row)));
      if (count > 0) cells.push([column, row, count]);
    });
  });
  return {
    kind: 'buckets',
    times,
    bounds,
    columns: Uint32Array.from(cells, ([column]) => column),
    rows: Uint16Array.from(cells, ([, row]) => row),
    counts: Float64Array.from(cells, ([, , count]) => count),
  };
}

/** noise: 0..1, the same for the same time and seed. */
function noise(at: number, seed: number): number {
  const x = Math.sin(at * 0.001 * 12.9898 + seed * 78.233) * 43758.5453;
  return x - Math.floor(x);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ live: process.argv.includes('--live') }, Number(process.argv[2] ?? 0) || 0);
  console.log(mock.address);
}
