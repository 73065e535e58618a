import type { Expr, LabelMatcher } from '../ast.ts';
import { type Answer, createEngine } from '../engine.ts';
import { labelKey, labelSet, labelValue } from '../labels.ts';
import { compileMatchers } from '../matchers.ts';
import { parse } from '../parse.ts';
import { selectorsOf } from '../selectors.ts';
import { unquote } from '../strings.ts';
import { type Evaluation, parseScript } from './script.ts';
import { type Point, parsePoints, parseSeriesLine } from './series.ts';
import { TestStorage } from './storage.ts';

/** Outcome: one `eval` of a script. */
export interface Outcome {
  readonly line: number;
  readonly query: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed, or the feature that is missing. */
  readonly reason: string;
}

/** Prometheus' tests allow this relative difference. */
const tolerance = 1e-6;

/** runScript: every `eval` of a promqltest script, each against the data loaded before it. */
export async function runScript(script: string): Promise<Outcome[]> {
  const storage = new TestStorage();
  const engine = createEngine(storage, { lookbackMs: 300_000, subqueryStepMs: 60_000, broadcast: false });
  const outcomes: Outcome[] = [];
  for (const command of parseScript(script)) {
    if (command.kind === 'clear') storage.clear();
    else if (command.kind === 'load') storage.add(command.series, command.intervalMs, command.nhcb);
    else if (command.kind === 'eval') {
      const missing = missingFeature(command, storage);
      const reason = missing ?? (await check(command, engine));
      const status = missing !== null ? 'skipped' : reason === null ? 'passed' : 'failed';
      outcomes.push({ line: command.line, query: command.query, status, reason: reason ?? '' });
    } else {
      const { line, text } = command;
      outcomes.push({ line, query: text, status: 'failed', reason: 'unknown command' });
    }
  }
  return outcomes;
}

function missingFeature({ query, results }: Evaluation, storage: TestStorage): string | null {
  if (results.some((line) => line.includes('{{'))) return 'native histogram literals';
  let expr: Expr;
  try {
    expr = parse(query);
  } catch {
    return null;
  }
  const touches = selectorsOf(expr).some(({ matchers }) => matchesHistogram(matchers, storage));
  return touches ? 'native histogram samples' : null;
}

function matchesHistogram(matchers: readonly LabelMatcher[], storage: TestStorage): boolean {
  const compiled = compileMatchers(matchers);
  return storage.histograms.some((labels) =>
    compiled.every(({ name, test }) => test(labelValue(labels, name))),
  );
}

type TestEngine = ReturnType<typeof createEngine>;

/** Null where the evaluation gives what is expected, else what differs. */
async function check(evaluation: Evaluation, engine: TestEngine): Promise<string | null> {
  const { query, startMs, endMs, stepMs, expectations } = evaluation;
  const fail = expectations.find(({ type }) => type === 'fail');
  let answer: Answer;
  try {
    answer =
      stepMs === 0
        ? await engine.queryInstant({ query, timeMs: startMs })
        : await engine.queryRange({ query, startMs, endMs, stepMs });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (fail === undefined) return `error: ${message}`;
    return matches(fail, message) ? null : `expected the error ${fail.text}, got ${message}`;
  }
  if (fail !== undefined) return 'expected an error';
  return checkAnnotations(evaluation, answer) ?? compare(evaluation, answer);
}

function matches({ match, text }: { match: string | null; text: string }, message: string): boolean {
  const plain = unquote(text) ?? text;
  if (match === 'msg') return message === text || message === plain;
  return match === 'regex' ? new RegExp(plain).test(message) : true;
}

function checkAnnotations({ expectations }: Evaluation, { warnings, infos }: Answer): string | null {
  for (const [kind, messages] of [
    ['warn', warnings],
    ['info', infos],
  ] as const) {
    const wanted = expectations.filter(({ type }) => type === kind);
    const refused = expectations.some(({ type }) => type === `no_${kind}`);
    if (refused && messages.length > 0) return `unexpected ${kind}: ${messages[0]}`;
    for (const each of wanted)
      if (!messages.some((message) => matches(each, message)))
        return `expected the ${kind} ${each.text}, got ${messages.join(' | ') || 'none'}`;
  }
  return null;
}

interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

function compare(evaluation: Evaluation, { result }: Answer): string | null {
  const { expectations, results, startMs, stepMs, endMs } = evaluation;
  const text = expectations.find(({ type }) => type === 'string')?.text;
  if (text !== undefined)
    return result.kind === 'string' && result.value === unquote(text) ? null : `expected the string ${text}`;
  if (result.kind === 'scalar') {
    const expected = parsePoints(results[0] ?? '')[0];
    return isClose(expected, result.value) ? null : `expected ${results[0]}, got ${result.value}`;
  }
  const expected = results.map((line): Line => {
    const { labels, points } = parseSeriesLine(line);
    return { name: labelKey(labels), points };
  });
  const range = expectations.find(({ type }) => type === 'range vector')?.text;
  const grid = range === undefined ? { startMs, stepMs, endMs } : rangeOf(range);
  const actual = linesOf(result, grid);
  if (actual === null) return `unexpected result of kind ${result.kind}`;
  if (expectations.some(({ type }) => type === 'ordered')) {
    const [names, wanted] = [actual, expected].map((lines) => lines.map(({ name }) => name).join(' '));
    if (names !== wanted) return `expected the order ${wanted}, got ${names}`;
  }
  return compareLines(expected, actual);
}

function rangeOf(text: string): { startMs: number; stepMs: number; endMs: number } {
  const match = /from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)/.exec(text)!;
  const script = parseScript(`eval range from ${match[1]} to ${match[2]} step ${match[3]} 1`);
  return script[0] as Evaluation;
}

function linesOf(
  result: Answer['result'],
  { startMs, stepMs, endMs }: { startMs: number; stepMs: number; endMs: number },
): Line[] | null {
  if (result.kind === 'vector')
    return result.samples.map(({ labels, value }) => ({ name: labelKey(labelSet(labels)), points: [value] }));
  if (result.kind !== 'matrix') return null;
  return result.series.map(({ labels, times, values }) => {
    const points: Point[] = [];
    for (let time = startMs, next = 0; time <= endMs; time += stepMs)
      points.push(times[next] === time ? values[next++]! : 'absent');
    return { name: labelKey(labelSet(labels)), points };
  });
}

function compareLines(expected: readonly Line[], actual: readonly Line[]): string | null {
  const byName = new Map(actual.map((line) => [line.name, line]));
  for (const { name, points } of expected) {
    const found = byName.get(name);
    if (found === undefined) return `missing ${name}; got ${actual.map((line) => line.name).join(' ')}`;
    byName.delete(name);
    const length = Math.max(points.length, found.points.length);
    for (let i = 0; i < length; i++)
      if (!isClose(points[i] ?? 'absent', found.points[i] ?? 'absent'))
        return `${name}: expected ${points.join(' ')}, got ${found.points.join(' ')}`;
  }
  const [extra] = byName.keys();
  return extra === undefined ? null : `unexpected ${extra}`;
}

function isClose(expected: Point | undefined, actual: Point): boolean {
  if (typeof expected !== 'number' || typeof actual !== 'number') return expected === actual;
  if (Number.isNaN(expected) || Number.isNaN(actual)) return Number.isNaN(expected) && Number.isNaN(actual);
  if (expected === actual) return true;
  const difference = Math.abs(expected - actual);
  return difference <= tolerance * Math.min(Math.abs(expected) + Math.abs(actual), Number.MAX_VALUE);
}
