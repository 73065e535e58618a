import { rm } from 'node:fs/promises';
import { assembleLive, type Concatenated, concatenate } from '@rezolus/recording/segments';
import { type FoundSegment, journalOf, listBuffer } from './layout.ts';
import { draftOf } from './output.ts';

/** DumpRequest: which part of a buffer to write where. */
export interface DumpRequest {
  readonly folder: string;
  readonly output: string;
  /** Segments that end before are left out; ns since the epoch. */
  readonly startNs?: bigint;
  /** Segments that begin later are left out; ns since the epoch. */
  readonly endNs?: bigint;
  readonly createdBy: string;
  /** The file is read at once: it need not outlive the machine. */
  readonly temporary?: boolean;
}

/** A segment becomes a file once in a minute at most; this many in the way of one dump is something else. */
const maxAttempts = 20;

/**
 * dumpBuffer: writes what a buffer holds at one moment into a Parquet file that appears when it is whole. Needs nothing
 * but the folder: the process that writes the buffer goes on. Throws REZ_ERR_RECORDING_EMPTY where there are no rows
 * and REZ_ERR_RECORDING_WRITE.
 */
export async function dumpBuffer(request: DumpRequest): Promise<Concatenated> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await dumpNow(request);
    } catch (error) {
      // A segment became a file, or was evicted, between looking and opening.
      if (!isGone(error) || attempt === maxAttempts) throw error;
    }
  }
}

async function dumpNow({ folder, output, startNs, endNs, ...rest }: DumpRequest): Promise<Concatenated> {
  const { segments } = await listBuffer(folder);
  const range = { ...(startNs !== undefined && { startNs }), ...(endNs !== undefined && { endNs }) };
  const drafts: string[] = [];
  try {
    const inputs: string[] = [];
    // The newest first: rows that come meanwhile go to the end of an older segment before they go to a newer one, so
    // none is missing before one that is there.
    for (const segment of segments.toReversed()) {
      if (!segment.live) {
        inputs.unshift(segment.path);
        continue;
      }
      const draft = draftOf(output);
      drafts.push(draft);
      if (await hasRows(segment, draft, range)) inputs.unshift(draft);
    }
    return await concatenate(inputs, output, { ...rest, ...range, keys: mergeKeys });
  } finally {
    for (const draft of drafts) await rm(draft, { force: true });
  }
}

async function hasRows({ path }: FoundSegment, draft: string, range: object): Promise<boolean> {
  const { rows } = await assembleLive(journalOf(path), draft, { ...range, temporary: true });
  return rows > 0;
}

/** mergeKeys: the file keys of the newest segment, with the time of all rows and the events of all segments. */
function mergeKeys(
  inputs: readonly ReadonlyMap<string, string>[],
  firstNs: bigint,
  lastNs: bigint,
): ReadonlyMap<string, string> {
  const keys = new Map(inputs.at(-1));
  // As text: nanoseconds and the events' times do not fit a double. The forms are those of `fileKeys`.
  const sources = keys
    .get('per_source_metadata')
    ?.replace(/"first_sample_ns":\d+/, `"first_sample_ns":${firstNs}`);
  if (sources !== undefined) {
    keys.set('per_source_metadata', sources.replace(/"last_sample_ns":\d+/, `"last_sample_ns":${lastNs}`));
  }
  keys.delete('recovered');
  const [before, after] = ['{"events":[', ']}'];
  const events = inputs
    .map((input) => input.get('events'))
    .filter((text) => text?.startsWith(before) === true && text.endsWith(after))
    .map((text) => text!.slice(before.length, -after.length));
  if (events.length > 0) keys.set('events', `${before}${events.join(',')}${after}`);
  return keys;
}

function isGone(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth++) {
    if ((current as NodeJS.ErrnoException).code === 'ENOENT') return true;
    current = current.cause;
  }
  return false;
}
