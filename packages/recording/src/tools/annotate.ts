import { RezolusError } from '@rezolus/core/errors';
import type { RecordingEvent } from '../facts.ts';
import { openRecording } from '../reader/open.ts';
import type { Progress } from './copy-range.ts';
import { editKeys } from './edit-keys.ts';
import { mergeEvents, parseEvents } from './events.ts';
import { markAvailable, type ServiceExtension } from './services.ts';

/** AnnotateOptions: what to change of what a recording says of itself. */
export interface AnnotateOptions {
  /** Queries that show the service; each is marked with whether it has an answer. `null` removes those that are there. */
  readonly services?: ServiceExtension | null;
  readonly node?: string;
  /** Refused where the recording has another one already, unless `overwrite`. */
  readonly source?: string;
  readonly overwrite?: boolean;
  /** JSON. */
  readonly systeminfo?: string;
  readonly events?: readonly RecordingEvent[];
  /** Removes the events that are there before others are added. */
  readonly clearEvents?: boolean;
  readonly progress?: Progress;
}

/** Annotated: what became of the queries. */
export interface Annotated {
  readonly queries: number;
  readonly available: number;
}

/**
 * annotateRecording: changes what a recording says of itself; its samples stay byte for byte. The file is replaced at
 * once when the new one is whole. Throws REZ_ERR_RECORDING_FORMAT, REZ_ERR_RECORDING_WRITE, and REZ_ERR_CONFIG_INVALID
 * where an option does not fit the recording.
 */
export async function annotateRecording(path: string, options: AnnotateOptions): Promise<Annotated> {
  const { services, node, source, systeminfo, events = [], clearEvents = false } = options;
  let marked: ServiceExtension | undefined;
  if (services !== undefined && services !== null) {
    await using recording = await openRecording(path);
    marked = await markAvailable(services, recording);
    if (!marked.kpis.some(({ available }) => available)) {
      throw new RezolusError(
        'REZ_ERR_CONFIG_INVALID',
        `no query of ${services.service_name} has an answer in ${path}`,
      );
    }
  }
  if (systeminfo !== undefined) checkJson(systeminfo);
  await editKeys(
    path,
    (keys) => {
      if (services === null) keys.delete('service_queries');
      if (marked !== undefined) keys.set('service_queries', JSON.stringify(marked));
      if (node !== undefined) keys.set('node', node);
      if (systeminfo !== undefined) keys.set('systeminfo', systeminfo);
      if (source !== undefined) rename(keys, source, options.overwrite === true);
      if (clearEvents) keys.delete('events');
      if (events.length > 0) {
        const known = parseEvents(keys.get('events') ?? '[]', 'the recording');
        keys.set('events', mergeEvents([...known, ...events]));
      }
    },
    options.progress === undefined ? {} : { progress: options.progress },
  );
  const kpis = marked?.kpis ?? [];
  return { queries: kpis.length, available: kpis.filter(({ available }) => available).length };
}

function rename(keys: Map<string, string>, source: string, overwrite: boolean): void {
  const before = keys.get('source');
  if (before === source) return;
  if (before !== undefined && !overwrite) {
    const message = `the source is "${before}" already; give --overwrite to change it`;
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', message);
  }
  keys.set('source', source);
  const described = keys.get('per_source_metadata');
  if (before === undefined || described === undefined) return;
  // As text: the times in it are beyond what a double holds.
  const entry = `${JSON.stringify(before)}:`;
  if (described.startsWith(`{${entry}`)) {
    keys.set('per_source_metadata', `{${JSON.stringify(source)}:${described.slice(entry.length + 1)}`);
  }
}

function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', 'the systeminfo is not JSON', { cause });
  }
}
