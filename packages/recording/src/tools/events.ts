import { RezolusError } from '@rezolus/core/errors';
import type { RecordingEvent } from '../facts.ts';
import { eventText } from '../recorder/describe.ts';

const textKeys = ['kind', 'details', 'source', 'node', 'instance', 'id', 'chart_id'] as const;

function invalid(what: string, reason: string): RezolusError {
  return new RezolusError('REZ_ERR_CONFIG_INVALID', `event ${what}: ${reason}`);
}

/**
 * parseEventTime: nanoseconds since the epoch: a whole number, or RFC 3339, also without seconds. Throws
 * REZ_ERR_CONFIG_INVALID for anything else.
 */
export function parseEventTime(text: string): bigint {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.exec(text);
  if (match === null) throw invalid(text, 'the time is neither nanoseconds nor RFC 3339');
  const [, minutes, seconds = ':00', fraction = '.', zone] = match;
  const ms = Date.parse(`${minutes}${seconds}${zone}`);
  if (Number.isNaN(ms)) throw invalid(text, 'there is no such time');
  return BigInt(ms) * 1_000_000n + BigInt(fraction.slice(1).padEnd(9, '0').slice(0, 9));
}

/**
 * parseEvent: `time=…,description=…` with kind, details, source, node, instance, id, chart_id, duration (ns) and
 * label.<name>; values with commas in double quotes. Throws REZ_ERR_CONFIG_INVALID.
 */
export function parseEvent(text: string): RecordingEvent {
  const fields: Record<string, unknown> = {};
  const labels: Record<string, string> = {};
  const pattern = /\s*([\w.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)/y;
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw invalid(text, `expected key=value at character ${at + 1}`);
    const [, key, quoted, plain] = match;
    const value = quoted === undefined ? plain!.trim() : quoted.replace(/\\(.)/g, '$1');
    if (key!.startsWith('label.')) labels[key!.slice('label.'.length)] = value;
    else fields[key!] = value;
  }
  return toEvent({ ...fields, ...(Object.keys(labels).length > 0 && { labels }) }, text);
}

/** parseEvents: a file of events: `{"events": […]}`, a list, or an object per line. Throws REZ_ERR_CONFIG_INVALID. */
export function parseEvents(text: string, name: string): RecordingEvent[] {
  const parse = (json: string): unknown =>
    // A time in ns is no number that a double holds: its text is kept.
    JSON.parse(json, (_, value, context?: { source?: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) ? (context?.source ?? value) : value,
    );
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch {
    try {
      parsed = text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(parse);
    } catch (cause) {
      throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${name} holds no JSON events`, { cause });
    }
  }
  const { events } = parsed as { events?: unknown };
  const list = Array.isArray(parsed) ? parsed : Array.isArray(events) ? events : [parsed];
  return list.map((event, i) => toEvent(event as Record<string, unknown>, `${i + 1} of ${name}`));
}

function toEvent(fields: Record<string, unknown>, what: string): RecordingEvent {
  if (typeof fields !== 'object' || fields === null) throw invalid(what, 'it is no object');
  const time = fields.timestamp ?? fields.time;
  const description = fields.description ?? fields.desc;
  const duration = fields.duration_ns ?? fields.duration;
  if (time === undefined) throw invalid(what, 'it has no time');
  if (typeof description !== 'string' || description === '') throw invalid(what, 'it has no description');
  if (duration !== undefined && !/^\d+$/.test(String(duration)))
    throw invalid(what, 'the duration is not in ns');
  const known = new Set<string>([
    ...textKeys,
    'timestamp',
    'time',
    'description',
    'desc',
    'duration_ns',
    'duration',
    'labels',
  ]);
  const unknown = Object.keys(fields).find((key) => !known.has(key));
  if (unknown !== undefined) throw invalid(what, `"${unknown}" is no part of an event`);
  const texts = textKeys.filter((key) => fields[key] !== undefined).map((key) => [key, String(fields[key])]);
  const { labels } = fields;
  return {
    timestamp: parseEventTime(String(time)),
    description,
    ...Object.fromEntries(texts),
    ...(labels !== undefined && { labels: labels as Record<string, string> }),
    ...(duration !== undefined && { duration_ns: BigInt(String(duration)) }),
  };
}

/** mergeEvents: the value of the file key `events`: sorted by time; of events with one id the first stays. */
export function mergeEvents(events: readonly RecordingEvent[]): string {
  const ids = new Set<string>();
  const unique = events.filter(({ id }) => {
    if (id === undefined) return true;
    const fresh = !ids.has(id);
    ids.add(id);
    return fresh;
  });
  const sorted = unique.toSorted((a, b) => Number(BigInt(a.timestamp) - BigInt(b.timestamp)));
  return `{"events":[${sorted.map(eventText).join(',')}]}`;
}
