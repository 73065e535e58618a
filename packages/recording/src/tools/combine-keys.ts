import type { Input } from './combine.ts';
import { mergeEvents, parseEvents } from './events.ts';

/** Keys that have a place of their own in a combined recording. */
const merged = new Set([
  'source',
  'version',
  'sampling_interval_ms',
  'systeminfo',
  'descriptions',
  'per_source_metadata',
  'node',
  'instance',
  'events',
  'service_queries',
  'pinned_node',
]);

/**
 * combineKeys: the file keys of a combined recording, as the original makes them, but nothing is dropped: descriptions and
 * service queries stay, and so do keys of the user's own where the inputs do not disagree; where they do, they go to
 * `per_source_metadata.<source>.<node or instance>.metadata`.
 */
export function combineKeys(
  inputs: readonly Input[],
  intervalMs: number,
  pinned: string | undefined,
): Map<string, string> {
  const keys = new Map<string, string>();
  const sources = [...new Set(inputs.map(({ source }) => source))];
  keys.set('source', JSON.stringify(sources));
  keys.set('sampling_interval_ms', String(intervalMs));
  const all = (key: string) =>
    inputs.map(({ recording }) => recording.metadata.get(key)).filter((value) => value !== undefined);
  const infos = inputs.filter(({ label }) => label === 'node');
  const systeminfo = infos.map(({ recording }) => recording.metadata.get('systeminfo')).find((info) => info);
  if (systeminfo !== undefined) keys.set('systeminfo', systeminfo);
  const descriptions = all('descriptions').map(parseObject);
  if (descriptions.length > 0) keys.set('descriptions', JSON.stringify(Object.assign({}, ...descriptions)));
  const services = all('service_queries');
  if (services.length === 1) keys.set('service_queries', services[0]!);
  const events = all('events').flatMap((text) => parseEvents(text, 'a recording'));
  if (events.length > 0) keys.set('events', mergeEvents(events));
  if (pinned !== undefined) keys.set('pinned_node', pinned);
  const shared = sharedKeys(inputs);
  for (const [key, value] of shared) keys.set(key, value);
  keys.set('per_source_metadata', describeSources(inputs, shared));
  return keys;
}

function sharedKeys(inputs: readonly Input[]): Map<string, string> {
  const values = new Map<string, Set<string>>();
  for (const { recording } of inputs) {
    for (const [key, value] of recording.metadata) {
      if (!merged.has(key)) values.set(key, (values.get(key) ?? new Set()).add(value));
    }
  }
  return new Map([...values].filter(([, set]) => set.size === 1).map(([key, set]) => [key, [...set][0]!]));
}

function describeSources(inputs: readonly Input[], shared: ReadonlyMap<string, string>): string {
  const bySource = new Map<string, Map<string, string>>();
  for (const { recording, source, label, name } of inputs) {
    const { metadata, rowGroups } = recording;
    const members = bySource.get(source) ?? new Map<string, string>();
    bySource.set(source, members);
    const first = rowGroups.map(({ firstNs }) => firstNs).sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;
    const last = rowGroups.map(({ lastNs }) => lastNs).sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
    const known = BigInt(members.get('first_sample_ns') ?? first);
    members.set('first_sample_ns', String(known < first ? known : first));
    const knownLast = BigInt(members.get('last_sample_ns') ?? last);
    members.set('last_sample_ns', String(knownLast > last ? knownLast : last));
    const own = [`${JSON.stringify(label)}:${JSON.stringify(name)}`];
    const version = metadata.get('version');
    if (version !== undefined) own.push(`"version":${JSON.stringify(version)}`);
    const systeminfo = metadata.get('systeminfo');
    if (systeminfo !== undefined && isJson(systeminfo)) own.push(`"systeminfo":${systeminfo}`);
    const before = metadata.get('per_source_metadata');
    if (before !== undefined && isJson(before)) own.push(`"per_source_metadata":${before}`);
    const services = metadata.get('service_queries');
    if (services !== undefined && isJson(services)) own.push(`"service_queries":${services}`);
    const rest = [...metadata].filter(([key]) => !merged.has(key) && !shared.has(key));
    if (rest.length > 0) own.push(`"metadata":${JSON.stringify(Object.fromEntries(rest))}`);
    members.set(name, `{${own.join(',')}}`);
    const descriptions = metadata.get('descriptions');
    if (descriptions !== undefined && isJson(descriptions)) members.set('descriptions', descriptions);
  }
  const text = (members: ReadonlyMap<string, string>) =>
    `{${[...members].map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
  return text(new Map([...bySource].map(([source, members]) => [source, text(members)])));
}

function parseObject(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
