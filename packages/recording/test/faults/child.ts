import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openRecording } from '../../src/reader/open.ts';

/** RecorderProcess: a recorder that runs, and what it has said. */
export interface RecorderProcess {
  /** counted: rows that it has said are recorded. */
  counted(): number;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** rows: resolves when it has said so many, or has ended. */
  rows(count: number): Promise<void>;
  /** ended: its exit code, null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** startRecorder: runs `recorder.ts`. */
export function startRecorder(
  url: string,
  output: string,
  intervalMs: number,
  rowsPerGroup: number,
): RecorderProcess {
  const script = fileURLToPath(new URL('./recorder.ts', import.meta.url));
  const child = spawn(process.execPath, [script, url, output, String(intervalMs), String(rowsPerGroup)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let counted = 0;
  let stderr = '';
  let wake = () => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const last = text.trim().split('\n').at(-1);
    if (last !== undefined && last !== '') counted = Number(last);
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let over = false;
  const ended = once(child, 'close').then(([code]) => {
    over = true;
    wake();
    return code as number | null;
  });
  return {
    counted: () => counted,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    ended,
    async rows(count) {
      while (counted < count && !over) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** numbersIn: the values of the counter `n` of a recording, in the order of its rows. */
export async function numbersIn(path: string): Promise<number[]> {
  await using recording = await openRecording(path);
  const column = recording.columns.find(({ metadata }) => metadata.metric === 'n');
  const numbers: number[] = [];
  for (const { index } of recording.rowGroups) {
    // All columns, so that all pages are looked at.
    const columns = recording.columns.map((each) => each.index);
    const data = await recording.read(columns, index);
    const values = data[column!.index];
    if (values?.kind === 'histogram' || values === undefined) throw new Error('column n is missing');
    for (const value of values.values) numbers.push(Number(value));
  }
  return numbers;
}

/** isGapless: whether numbers ascend by one. */
export function isGapless(numbers: readonly number[]): boolean {
  return numbers.every((value, i) => i === 0 || value === numbers[i - 1]! + 1);
}
