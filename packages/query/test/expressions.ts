import { createEngine, type Engine } from '../src/index.ts';
import { signatures } from '../src/signatures.ts';
import { ArraySource } from './memory-source.ts';

/** fuzzEngine: an engine over a few samples of every kind, resets, gaps, NaN and infinities among them. */
export function fuzzEngine(): Engine {
  const source = new ArraySource()
    .floats('counter', 'c', { id: '0' }, [1, 2, 4, 3, undefined, 9])
    .floats('counter', 'c', { id: '1' }, [5, 5, 5, 1, 2, 3])
    .floats('gauge', 'g', { id: '0', le: '1' }, [Number.NaN, 1, Number.POSITIVE_INFINITY, -0, 1e308, 2])
    .floats('gauge', 'g', { id: '0', le: '+Inf' }, [1, 2, 3, 4, 5, 6])
    .observations('h', { id: '0' }, [[1], [2, 3], 'reset', [5], [], [9]])
    .observations('h', { id: '1' }, [[100], [200], [300]]);
  return createEngine(source, { limits: { timeoutMs: 500 } });
}

let state = 20_240_801;

/** seed: makes the expressions that follow those of this number. */
export function seed(value: number): void {
  state = 1 + (value % 2_147_483_646);
}

const random = (below: number): number => {
  state = (state * 48_271) % 2_147_483_647;
  return state % below;
};
const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;

const durations = ['1s', '3s', '5m', '1ms', '2', '1y', '1s*3', '-1s', '0', 'Inf', 'step()', '10000000y'];
const labels = ['id', 'le', '__name__', 'x', '"a b"'];
const operators = '+ - * / % ^ atan2 == != < <= > >= and or unless'.split(' ');
const aggregations = 'sum avg min max count group stddev stdvar'.split(' ');
const parameterised = 'topk bottomk quantile limitk limit_ratio'.split(' ');
const ticks = 'histogram_mean histogram_sum histogram_count histogram_irate histogram_heatmap'.split(' ');
const patterns = ['.*', '0|1', '[01]+', '(', '(a+)+$', 'c', '\\\\d', ''];

function selector(): string {
  const name = pick(['c', 'g', 'h', 'nothing', '']);
  const matcher = () => `${pick(labels)}${pick(['=', '!=', '=~', '!~'])}"${pick(patterns)}"`;
  const braces =
    name === '' || random(3) === 0 ? `{${Array.from({ length: 1 + random(2) }, matcher).join(',')}}` : '';
  return name + braces;
}

function shifted(text: string): string {
  return `${text}${pick(['', '', '', ' offset 1s', ' offset -3s', ' @ 2', ' @ end()', ' @ start() offset 1s'])}`;
}

function ofType(type: string, depth: number): string {
  if (type === 'string') return pick(['"id"', '"$1"', '"(.*)"', '"x"', '""', '"\\xff"', '"("']);
  if (type === 'scalar')
    return depth <= 0
      ? pick(['0', '1', '-1', '0.5', 'NaN', 'Inf', '1e9', '3'])
      : pick([`scalar(${vector(depth - 1)})`, 'time()', '2']);
  if (type === 'matrix') {
    const isSubquery = depth > 0 && random(3) === 0;
    if (!isSubquery) return shifted(`${selector()}[${pick(durations)}]`);
    return shifted(`(${vector(depth - 1)})[${pick(durations)}:${pick(['', ...durations])}]`);
  }
  return vector(depth);
}

function vector(depth: number): string {
  if (depth <= 0) return shifted(selector());
  const grouping = pick(['', ` by (${pick(labels)})`, ` without (${pick(labels)},${pick(labels)})`]);
  const inner = () => vector(depth - 1);
  switch (random(9)) {
    case 0:
      return `${pick(aggregations)}${grouping} (${inner()})`;
    case 1:
      return `${pick(parameterised)}${grouping} (${ofType('scalar', depth - 1)}, ${inner()})`;
    case 2:
      return `count_values${grouping}("v", ${inner()})`;
    case 3: {
      const matching = pick([
        '',
        '',
        ' on (id)',
        ' ignoring (le)',
        ' on (id) group_left',
        ' ignoring (le, id) group_right (x)',
      ]);
      return `${inner()} ${pick(operators)} ${pick(['', '', 'bool'])}${matching} ${inner()}`;
    }
    case 4:
      return `(${inner()})`;
    case 5:
      return `-${inner()}`;
    case 6:
      return random(2) === 0
        ? `histogram_quantiles([${pick(['0.5', '0, 1', '2, -1', 'x'])}], ${selector()})`
        : `${pick(ticks)}(${selector()}${pick(['', ', 2', ', 1s'])})`;
    default: {
      const [name, { args }] = pick([...signatures].filter(([, shape]) => shape.returns === 'vector'));
      return `${name}(${args.map((type) => ofType(type, depth - 1)).join(', ')})`;
    }
  }
}

const pieces = [
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '`',
  ',',
  ' ',
  '\n',
  '#',
  '-',
  '^',
  '@',
  ':',
  '5m',
  'by',
  '\\',
  '\0',
  '€',
  '💥',
];

function mutate(query: string): string {
  const chars = [...query];
  for (let i = 0; i < 1 + random(3); i++) {
    const at = random(chars.length + 1);
    const how = random(4);
    if (how === 0) chars.splice(at, 1 + random(4));
    else if (how === 1) chars.splice(at, 0, pick(pieces));
    else if (how === 2) chars.splice(at, 1, pick(pieces));
    else chars.splice(at, 0, ...chars.slice(random(chars.length), random(chars.length)));
  }
  return chars.join('');
}

/** Outcomes: how many expressions ended how ("ok" or an error code), and the one that took longest. */
export interface Outcomes {
  readonly counts: Readonly<Record<string, number>>;
  readonly slowest: { readonly query: string; readonly ms: number };
  /** Most resident memory seen, bytes. */
  readonly rss: number;
}

/** fuzz: asks for `count` generated expressions, a third of them mutated. Rejects where one fails without a code. */
export async function fuzz(engine: Engine, count: number): Promise<Outcomes> {
  const counts: Record<string, number> = {};
  let slowest = { query: '', ms: 0 };
  let rss = 0;
  for (let i = 0; i < count; i++) {
    const generated = vector(random(4));
    const query = random(3) === 0 ? mutate(generated) : generated;
    const started = process.cpuUsage();
    let outcome = 'ok';
    try {
      const stepMs = pick([1000, 1000, 500, 3000]);
      await (random(2) === 0
        ? engine.queryRange({ query, startMs: 0, endMs: 6000, stepMs })
        : engine.queryInstant({ query, timeMs: 3000 }));
    } catch (error) {
      outcome = (error as { code?: string }).code ?? 'none';
      if (!/^REZ_ERR_QUERY_/.test(outcome)) throw new Error(`${query}: ${error}`, { cause: error });
    }
    // Time on the processor: other processes do not count.
    const { user, system } = process.cpuUsage(started);
    const ms = (user + system) / 1000;
    if (ms > slowest.ms) slowest = { query, ms };
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    if (i % 1000 === 0) rss = Math.max(rss, process.memoryUsage.rss());
  }
  return { counts, slowest, rss };
}
