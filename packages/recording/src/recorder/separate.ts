import { basename, dirname, extname, join } from 'node:path';
import { type Logger, sentence, silentLogger } from '@rezolus/core';
import { parseAddress } from './endpoint-spec.ts';
import type { RecordOptions, RecordProgress, RecordSummary } from './options.ts';

/** separateOutputs: a file for each endpoint: `<stem>_<source>.<ext>`, numbered where a source comes more than once. */
export function separateOutputs({ output, endpoints }: RecordOptions): string[] {
  const extension = extname(output);
  const stem = basename(output, extension);
  const used = new Set<string>();
  return endpoints.map(({ url, source, protocol }) => {
    const address = parseAddress(url);
    const unnamed = protocol === 'prometheus' ? `${address.hostname}-${address.port}` : 'rezolus';
    const name = `${stem}_${(source ?? unnamed).replace(/[^\w.-]/g, '_')}`;
    let unique = name;
    for (let n = 2; used.has(unique); n++) unique = `${name}-${n}`;
    used.add(unique);
    return join(dirname(output), `${unique}${extension}`);
  });
}

/**
 * recordSeparately: records every endpoint into a file of its own, all at the same moments. An endpoint that cannot be
 * recorded does not end the others. Throws the first error where one ended none of them well; else it is logged and in
 * `failed`.
 */
export async function recordSeparately(
  options: RecordOptions,
  one: (options: RecordOptions, onProgress: (progress: RecordProgress) => void) => Promise<RecordSummary>,
  onProgress: (progress: RecordProgress) => void = () => {},
): Promise<{ summaries: RecordSummary[]; failures: Error[] }> {
  const log: Logger = options.log ?? silentLogger;
  const outputs = separateOutputs(options);
  const latest = new Map<number, RecordProgress>();
  let ready = false;
  const results = await Promise.allSettled(
    options.endpoints.map((endpoint, i) =>
      one(
        {
          ...options,
          endpoints: [endpoint],
          output: outputs[i]!,
          ready: () => {
            if (!ready) options.ready?.();
            ready = true;
          },
        },
        (progress) => onProgress(total(latest.set(i, progress))),
      ),
    ),
  );
  const summaries = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  const failures = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
  if (summaries.length === 0) throw failures[0];
  for (const failure of failures) log.error({ error: sentence(failure) }, 'an endpoint was not recorded');
  return { summaries, failures };
}

function total(latest: ReadonlyMap<number, RecordProgress>): RecordProgress {
  const all = [...latest.values()];
  const sum = (of: (progress: RecordProgress) => number) => all.reduce((total, each) => total + of(each), 0);
  return {
    ...all.at(-1)!,
    rows: sum(({ rows }) => rows),
    series: sum(({ series }) => series),
    bytesWritten: sum(({ bytesWritten }) => bytesWritten),
    missed: sum(({ missed }) => missed),
    failed: sum(({ failed }) => failed),
  };
}
