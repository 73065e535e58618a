import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { formatDuration, listenHosts, sentence } from '@rezolus/core';
import { FrontDoor } from '@rezolus/core/http';
import type { Concatenated } from '@rezolus/recording/segments';
import { destination, type Logger as Pino, pino } from 'pino';
import { RollingBuffer } from './buffer.ts';
import { type HindsightConfig, segmentRows } from './config.ts';
import { Dumper } from './dumper.ts';
import { bufferOf } from './layout.ts';
import { checkOutput, removeDrafts } from './output.ts';
import { type DumpRange, parseRange } from './range.ts';
import { Recorder } from './recorder.ts';
import { createServer, type WrittenDump } from './server.ts';
import { bytesOf, type HindsightStatus, statusOf } from './status.ts';
import { version } from './version.ts';

/** HindsightOptions: the configuration and where to log. */
export interface HindsightOptions {
  readonly config: HindsightConfig;
  /** Default: JSON lines on stderr at the level of the configuration. */
  readonly logger?: Pino;
}

/** Hindsight: a running hindsight. */
export interface Hindsight extends AsyncDisposable {
  /** Base URL of the server, null where there is none. */
  readonly address: string | null;
  /** ended: resolves when it was closed, rejects where recording cannot go on. */
  readonly ended: Promise<void>;
  /** capture: dumps all of the buffer to the configured output; how that ended is in the log. */
  capture(): Promise<void>;
  status(): Promise<HindsightStatus>;
  /** close: ends recording and waits for the dump under way; the buffer stays. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * startHindsight: records an agent into a buffer beside the output and dumps it on demand. An agent that is away is
 * waited for. Throws REZ_ERR_RECORDING_BUSY where another process has the buffer, REZ_ERR_RECORDING_WRITE where it or
 * the output cannot be written, REZ_ERR_LISTEN where the address cannot be had and REZ_ERR_CONFIG_* for a wrong web-config file.
 */
export async function startHindsight({ config, logger }: HindsightOptions): Promise<Hindsight> {
  const log = logger ?? pino({ level: config.log.level, base: null }, destination(2));
  const { interval: intervalMs, duration: durationMs, source, output, listen, hosts } = config.general;
  const { web_config_file: webConfigFile, http_config_file: httpConfigFile } = config.general;
  // A connection may be idle for as long as a dump waits for those before it.
  const door = await FrontDoor.open({ webConfigFile, log, maxConnections: 64, idleMs: 300_000 });
  const folder = bufferOf(output);
  const createdBy = `rezolus version ${version}`;
  await checkOutput(output);
  const rows = segmentRows(config.general);
  const buffer = await RollingBuffer.open({
    folder,
    durationMs,
    intervalMs,
    segmentRows: rows,
    createdBy,
    log,
  });
  await removeDrafts(output);
  const recorder = new Recorder({ source, httpConfigFile, intervalMs, buffer, log });
  const dumper = new Dumper();

  const status = async () => {
    const bytes = await bytesOf(folder);
    // Both of one moment.
    return statusOf(buffer.state, bytes, recorder.state, { durationMs, intervalMs });
  };
  const write = async (range: DumpRange): Promise<WrittenDump> => {
    const dumped = await dumper.dump({ folder, output, createdBy, ...range });
    const written = describe(output, dumped);
    const span = formatDuration(Number((dumped.lastNs - dumped.firstNs) / 1_000_000n));
    const { rows, bytes } = written;
    log.info(
      written,
      `capture complete: ${span} of metrics, ${rows} rows (${bytes} bytes) written to ${output}`,
    );
    return written;
  };
  const capture = async () => {
    await write({}).catch((error) => log.error({ output }, `capture failed: ${sentence(error)}`));
  };
  const stream = async (range: DumpRange, wanted: () => boolean) => {
    const path = join(folder, `dump-${randomBytes(8).toString('hex')}`);
    try {
      const { size } = await dumper.dump(
        { folder, output: path, createdBy, temporary: true, ...range },
        wanted,
      );
      const handle = await open(path, 'r');
      return { size, body: handle.createReadStream() };
    } finally {
      // Whoever reads it has it open.
      await rm(path, { force: true });
    }
  };

  const server = createServer({
    door,
    status,
    write,
    stream,
    rangeOf: (query) => parseRange(query, buffer.state.newestNs),
    hosts: listen === null ? hosts : [...listenHosts(listen), ...hosts],
    failed: (error, path) => log.error({ err: error, path }, `request failed: ${sentence(error)}`),
  });
  const listening = listen === null ? Promise.resolve(null) : door.listen(server, listen);
  const address = await listening.catch(async (error) => {
    await buffer[Symbol.asyncDispose]();
    throw error;
  });
  const stop = new AbortController();
  const ended = recorder.run(stop.signal);
  ended.catch(() => {});
  const { rows: found } = buffer.state;
  const lookback = formatDuration(durationMs);
  log.info(
    { version, address, found },
    `buffering ${lookback} of metrics at ${formatDuration(intervalMs)} in ${folder}`,
  );
  if (!/\.parquet$/.test(output))
    log.warn({ output }, `${basename(output)} will be a Parquet file, whatever its name`);

  const finish = async () => {
    stop.abort();
    await ended.catch(() => {});
    await server.close();
    await dumper[Symbol.asyncDispose]();
    await buffer[Symbol.asyncDispose]();
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= finish();
    return closing;
  };
  return { address, ended, capture, status, close, [Symbol.asyncDispose]: close };
}

function describe(path: string, { rows, size, firstNs, lastNs }: Concatenated): WrittenDump {
  const seconds = (ns: bigint) => Number(ns / 1_000_000n) / 1000;
  return {
    path,
    rows,
    tables: 1,
    bytes: size,
    time_range: { start: seconds(firstNs), end: seconds(lastNs) },
  };
}
