import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@rezolus/core/config';
import { openRecording, type ScalarData } from '@rezolus/recording';
import { type Logger as Pino, pino } from 'pino';
import type { HindsightConfig } from '../src/config.ts';
import { hindsightConfigSchema } from '../src/config-file.ts';
import { type Hindsight, startHindsight } from '../src/index.ts';

const interpreter = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url));
const hasPython = existsSync(interpreter);
if (!hasPython) console.warn('skipped: .venv with pyarrow is not there, run `npm run setup`');

/** scratch: a folder that disappears at the end of the scope. */
export function scratch(): { path(name: string): string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-hindsight-'));
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** configOf: a configuration from the lines of `[general]`. */
export function configOf(lines: string): HindsightConfig {
  return parseConfig(`[general]\n${lines}`, 'hindsight.toml', hindsightConfigSchema);
}

/** Lines: a log that is kept in memory. */
export class Lines {
  readonly lines: { msg: string; level: number }[] = [];
  readonly logger: Pino = pino({ base: null }, { write: (line) => this.lines.push(JSON.parse(line)) });

  matching(pattern: RegExp): string[] {
    return this.lines.map(({ msg }) => msg).filter((message) => pattern.test(message));
  }
}

/** hindsightOf: a hindsight with a server on a free port. */
export function hindsightOf(
  source: string,
  output: string,
  lines: string,
  log = new Lines(),
): Promise<Hindsight> {
  const general = `source = "${source}"\noutput = "${output}"\nlisten = "127.0.0.1:0"\n`;
  return startHindsight({ config: configOf(general + lines), logger: log.logger });
}

/** freePort: a port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** until: asks again until `check` gives something else than null or false; fails after `timeoutMs`. */
export async function until<T>(
  check: () => Promise<T | null | false> | T | null | false,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** columnOf: times of the rows in s, and the values of a metric, null where it has none. */
export async function columnOf(
  path: string,
  metric: string,
): Promise<{ times: number[]; values: (bigint | null)[] }> {
  await using recording = await openRecording(path);
  const index = recording.columns.findIndex(({ metadata }) => metadata.metric === metric);
  const values: (bigint | null)[] = [];
  for (const group of recording.rowGroups) {
    const [data] = (await recording.read([index], group.index)) as [ScalarData];
    for (const [row, value] of [...data.values].entries())
      values.push(data.valid?.[row] === 0 ? null : value);
  }
  const times = [...(await recording.readTimestamps())].map((ns) => Number(ns) / 1e9);
  return { times, values };
}

/** steps: the different distances of neighbours. */
export function steps(values: readonly (bigint | null)[]): bigint[] {
  return [...new Set(values.slice(1).map((value, i) => value! - values[i]!))];
}

/** pyarrowTicks: the counter `ticks` as pyarrow reads it from each file, null where there is no pyarrow. */
export function pyarrowTicks(paths: readonly string[]): bigint[][] | null {
  if (!hasPython) return null;
  const script = `
import json, sys, pyarrow.parquet as pq
def ticks(path):
    table = pq.read_table(path)
    name = next(f.name for f in table.schema if (f.metadata or {}).get(b'metric') == b'ticks')
    for column in table.columns: column.validate(full=True)
    return [str(v) for v in table[name].to_pylist()]
print(json.dumps([ticks(path) for path in json.load(sys.stdin)]))`;
  const output = execFileSync(interpreter, ['-c', script], {
    input: JSON.stringify(paths),
    maxBuffer: 2 ** 28,
  });
  return (JSON.parse(output.toString()) as string[][]).map((values) => values.map(BigInt));
}
