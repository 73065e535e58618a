import { Args, Errors, Flags } from '@oclif/core';
import { formatDuration, type Logger } from '@rezolus/core';
import type { EndpointSpec, RecordOptions, RecordProgress, RecordSummary, Wrapped } from '@rezolus/recording';
import { BaseCommand, untilSignalled } from '../base.ts';
import { becomeLongLived } from '../become.ts';
import { durationFlag, httpConfigFlag, parsePair } from '../flags.ts';
import { bar, formatBytes, formatElapsed, ProgressLine } from '../progress.ts';

/** As timeout(1): the command was ended because its time was over. */
const timedOut = 124;

/** What is young is collected often and stays in a few MB, else that space grows tenfold. */
const heapFlags = ['--max-semi-space-size=4'];

export default class RecordCommand extends BaseCommand {
  static override summary = 'Record the metrics of agents and Prometheus targets into a Parquet file.';
  static override description =
    `Samples on a grid aligned to whole seconds, down to every 10 ms. A sample that cannot be had is a gap, and is counted;
an endpoint that is away is tried again at every interval. Ends after --duration, or on SIGINT, SIGTERM or SIGHUP with
everything up to then in the file; a second signal gives up. Every interval is in a journal beside the output before it
counts: what a killed recorder leaves behind, \`recording recover\` makes a file of.

With a command after --, records while that runs; --duration is then the longest it may take. The status is that of the
command, 128 + the number of the signal that ended it, or ${timedOut} where the time was over; 1 where recording failed.`;
  static override examples = [
    '<%= config.bin %> record --interval 1s --duration 30s http://127.0.0.1:4241 rezolus.parquet',
    '<%= config.bin %> record -i 100ms -d 5m -m run=42 --node lab-3 -o lab-3.parquet',
    '<%= config.bin %> record --endpoint http://a:4241 --endpoint http://b:9090,source=vllm,role=server -o both.parquet',
    '<%= config.bin %> record --config record.toml',
    '<%= config.bin %> record -o build.parquet -- make -j8',
  ];
  static override args = {
    url: Args.string({ description: 'endpoint to record, the same as --url' }),
    output: Args.string({ description: 'file to write, the same as --output' }),
  };
  static override flags = {
    url: Flags.string({
      helpValue: 'URL',
      description: 'endpoint to record [default: http://localhost:4241]',
      exclusive: ['endpoint', 'config'],
    }),
    endpoint: Flags.string({
      helpValue: 'URL[,source=X][,role=X][,protocol=msgpack|prometheus]',
      multiple: true,
      multipleNonGreedy: true,
      exclusive: ['config'],
      description: 'one of several endpoints; what is left out is found out; may be repeated',
    }),
    config: Flags.string({
      helpValue: 'FILE',
      description: 'a TOML file with [recording] and [[endpoints]]; flags win',
    }),
    output: Flags.string({
      char: 'o',
      helpValue: 'FILE',
      description: 'file to write [default: rezolus.parquet]',
    }),
    interval: durationFlag({ char: 'i', description: 'time between two samples [default: 1s]' }),
    duration: durationFlag({ char: 'd', description: 'how long to record [default: until a signal]' }),
    format: Flags.string({
      char: 'f',
      options: ['parquet', 'raw'],
      description: 'raw = the snapshots as they come, for `recording convert` [default: parquet]',
    }),
    separate: Flags.boolean({
      description: 'write a file for every endpoint: <stem>_<source>.<extension>',
    }),
    metadata: Flags.string({
      char: 'm',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
      description: 'an entry of the file metadata; may be repeated',
    }),
    'http-config': httpConfigFlag(),
    node: Flags.string({ helpValue: 'NAME', description: 'label and file metadata of that name' }),
    instance: Flags.string({ helpValue: 'NAME', description: 'label and file metadata of that name' }),
  };

  async run(): Promise<void> {
    becomeLongLived(heapFlags);
    const split = this.argv.indexOf('--');
    const command = split < 0 ? [] : this.argv.slice(split + 1);
    const { args, flags } = await this.parse(
      RecordCommand,
      split < 0 ? this.argv : this.argv.slice(0, split),
    );
    const recording = await import('@rezolus/recording');
    const config = flags.config === undefined ? undefined : recording.loadRecordConfig(flags.config);
    const tags = Object.fromEntries((flags.metadata ?? []).map(parsePair));
    const url = single('endpoint', 'url', args.url, flags.url);
    if (url !== undefined && (flags.endpoint !== undefined || config !== undefined)) {
      throw new Errors.CLIError('give endpoints once: as argument, with --url, --endpoint or --config');
    }
    const lone: EndpointSpec = {
      url: url ?? 'http://localhost:4241',
      ...(tags.source && { source: tags.source }),
    };
    const given = config?.endpoints ?? flags.endpoint?.map(recording.parseEndpointSpec) ?? [lone];
    const httpConfigFile = flags['http-config'];
    const endpoints = given.map((spec) => (httpConfigFile === '' ? spec : { ...spec, httpConfigFile }));
    const output = single('file', 'output', args.output, flags.output) ?? config?.output ?? 'rezolus.parquet';
    const durationMs = flags.duration ?? config?.durationMs;
    const signal = untilSignalled();
    const stop = new AbortController();
    process.on('SIGHUP', () => stop.abort());
    const line = new ProgressLine();
    let wrapped: Wrapped | undefined;
    const options: RecordOptions = {
      endpoints,
      output,
      intervalMs: flags.interval ?? config?.intervalMs ?? 1000,
      ...(durationMs !== undefined && { durationMs }),
      metadata: tags,
      ...(flags.node !== undefined && { node: flags.node }),
      ...(flags.instance !== undefined && { instance: flags.instance }),
      signal: AbortSignal.any([signal, stop.signal]),
      log: stderrLogger(line),
      ready: () => {
        if (command.length === 0) return;
        wrapped = recording.startWrapped(command);
        wrapped.ended.then(() => stop.abort());
      },
    };
    const one = (flags.format ?? config?.format) === 'raw' ? recording.recordRaw : recording.record;
    try {
      const show = (progress: RecordProgress) => line.show(progressText(progress));
      const { summaries, failures } =
        (flags.separate || config?.separate) === true
          ? await recording.recordSeparately(options, one, show)
          : { summaries: [await one(options, show)], failures: [] };
      line.end();
      for (const summary of summaries) this.log(summaryText(summary));
      if (failures.length > 0) process.exitCode = 1;
    } finally {
      line.end();
      await this.#end(wrapped, signal.aborted || stop.signal.aborted);
    }
  }

  /** end: ends the command, if there is one, and takes its status unless recording failed. */
  async #end(wrapped: Wrapped | undefined, early: boolean): Promise<void> {
    if (wrapped === undefined) return;
    const code = await wrapped.stop();
    const fault = wrapped.fault();
    if (fault !== undefined)
      process.stderr.write(`error: the command could not be started: ${fault.message}\n`);
    process.exitCode ??= early ? code : timedOut;
  }
}

function single(what: string, flag: string, argument?: string, value?: string): string | undefined {
  if (argument !== undefined && value !== undefined) {
    throw new Errors.CLIError(`give the ${what} once: as argument or with --${flag}`);
  }
  return argument ?? value;
}

function summaryText({
  output,
  firstNs,
  lastNs,
  rows,
  series,
  bytesWritten,
  missed,
  failed,
}: RecordSummary): string {
  const gaps = missed + failed;
  const dropped =
    gaps === 0 ? 'nothing dropped' : `${gaps} intervals dropped (${missed} late, ${failed} failed)`;
  const time = formatDuration(Number(lastNs - firstNs) / 1e6);
  return `recorded ${time} into ${output}: ${rows} rows, ${series} series, ${formatBytes(bytesWritten)}, ${dropped}`;
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
