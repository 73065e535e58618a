import { Args, Flags } from '@oclif/core';
import { formatDuration, type Logger } from '@rezolus/core';
import type { RecordProgress } from '@rezolus/recording';
import { BaseCommand, untilSignalled } from '../base.ts';
import { durationFlag, parsePair } from '../flags.ts';
import { bar, formatBytes, formatElapsed, ProgressLine } from '../progress.ts';

export default class RecordCommand extends BaseCommand {
  static override summary = 'Record the metrics of an agent into a Parquet file.';
  static override description =
    `Samples on a grid aligned to whole seconds. A sample that cannot be had is a gap, and is counted.
Ends after --duration, or on SIGINT or SIGTERM with everything up to then in the file; a second signal gives up.`;
  static override examples = [
    '<%= config.bin %> record --interval 1s --duration 30s http://127.0.0.1:4241 rezolus.parquet',
    '<%= config.bin %> record --url http://127.0.0.1:4241 -o rezolus.parquet',
    '<%= config.bin %> record -i 100ms -d 5m -m run=42 -m machine=lab-3',
  ];
  static override args = {
    url: Args.string({ description: 'agent to record, the same as --url' }),
    output: Args.string({ description: 'file to write, the same as --output' }),
  };
  static override flags = {
    url: Flags.string({ helpValue: 'URL', description: 'agent to record [default: http://localhost:4241]' }),
    output: Flags.string({
      char: 'o',
      helpValue: 'FILE',
      description: 'file to write [default: rezolus.parquet]',
    }),
    interval: durationFlag({
      char: 'i',
      default: 1000,
      defaultHelp: async () => '1s',
      description: 'time between two samples',
    }),
    duration: durationFlag({ char: 'd', description: 'how long to record [default: until a signal]' }),
    metadata: Flags.string({
      char: 'm',
      helpValue: 'KEY=VALUE',
      multiple: true,
      description: 'an entry of the file metadata; may be repeated',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RecordCommand);
    if (args.url !== undefined && flags.url !== undefined)
      this.error('give the agent once: as argument or with --url');
    if (args.output !== undefined && flags.output !== undefined)
      this.error('give the file once: as argument or with --output');
    const url = args.url ?? flags.url ?? 'http://localhost:4241';
    const output = args.output ?? flags.output ?? 'rezolus.parquet';
    const signal = untilSignalled();
    const line = new ProgressLine();
    const { record } = await import('@rezolus/recording');
    try {
      const summary = await record(
        {
          endpoints: [{ url }],
          output,
          intervalMs: flags.interval,
          ...(flags.duration !== undefined && { durationMs: flags.duration }),
          metadata: Object.fromEntries((flags.metadata ?? []).map(parsePair)),
          signal,
          log: stderrLogger(line),
        },
        (progress) => line.show(progressText(progress)),
      );
      line.end();
      const gaps = summary.missed + summary.failed;
      this.log(
        `recorded ${formatDuration(Number(summary.lastNs - summary.firstNs) / 1e6)} of ${url} into ${summary.output}: ` +
          `${summary.rows} rows, ${summary.series} series, ${formatBytes(summary.bytesWritten)}` +
          (gaps === 0
            ? ', nothing dropped'
            : `, ${gaps} intervals dropped (${summary.missed} late, ${summary.failed} failed)`),
      );
    } finally {
      line.end();
    }
  }
}

function progressText({
  rows,
  series,
  bytesWritten,
  missed,
  failed,
  elapsedMs,
  remainingMs,
}: RecordProgress): string {
  const time =
    remainingMs === null
      ? formatElapsed(elapsedMs)
      : `${bar(elapsedMs, elapsedMs + remainingMs)} ${formatElapsed(elapsedMs)} of ${formatElapsed(elapsedMs + remainingMs)}`;
  return `recording ${time}  ${rows} rows  ${series} series  ${formatBytes(bytesWritten)}  ${missed + failed} dropped`;
}

/** Warnings of the recorder, each on a line of its own above the progress line. */
function stderrLogger(line: ProgressLine): Logger {
  const write = (fields: object, message: string) => {
    line.end();
    const details = Object.entries(fields).map(([key, value]) => `${key}: ${value}`);
    process.stderr.write(`${[message, ...details].join('; ')}\n`);
  };
  return { debug() {}, info() {}, warn: write, error: write };
}
