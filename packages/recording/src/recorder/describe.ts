import type { RecordingEvent, RecordingFacts } from '../facts.ts';
import { factsOf, type Target } from './target.ts';

/** Description: what is known of a recording besides its targets. */
export interface Description {
  readonly intervalMs: number;
  readonly node?: string | undefined;
  readonly instance?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly events: readonly RecordingEvent[];
}

/** describeRecording: what a recording of these targets says of itself, in the form of the original. */
export function describeRecording(all: readonly Target[], description: Description): RecordingFacts {
  const { intervalMs, node, instance, tags, events } = description;
  const several = all.length > 1;
  const targets = all.filter(({ endpoint }) => endpoint !== null);
  const names = [...new Set(targets.map(({ endpoint }) => endpoint!.source))];
  const infos = targets.map(({ endpoint }) =>
    endpoint!.protocol === 'msgpack' ? endpoint!.facts.systeminfo : undefined,
  );
  const keys = {
    source: several ? JSON.stringify(names) : names[0],
    version: several ? undefined : targets[0]?.version,
    sampling_interval_ms: String(intervalMs),
    systeminfo: infos.find((info) => info !== undefined),
    descriptions: mergeDescriptions(targets),
    node: several ? undefined : node,
    instance: several ? undefined : instance,
  };
  const sources = names.map((source) => {
    const own = targets.filter(({ endpoint }) => endpoint!.source === source);
    return [source, Object.assign({}, ...own.map((target) => factsOf(target, several)))] as const;
  });
  return {
    keys: Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >,
    sources: Object.fromEntries(sources),
    events: events.map(eventText),
    tags,
  };
}

/** eventText: an event as JSON; its time is a whole number of nanoseconds, which a double does not hold. */
export function eventText({ timestamp, duration_ns, ...rest }: RecordingEvent): string {
  const whole = (value: number | bigint) => String(typeof value === 'bigint' ? value : Math.trunc(value));
  const numbers = [`"timestamp":${whole(timestamp)}`];
  if (duration_ns !== undefined) numbers.push(`"duration_ns":${whole(duration_ns)}`);
  return `{${[...numbers, JSON.stringify(rest).slice(1, -1)].join(',')}}`;
}

/** mergeDescriptions: those of all targets; the text of a single one stays as it is. */
function mergeDescriptions(targets: readonly Target[]): string | undefined {
  const texts = [
    ...new Set(targets.map(({ descriptions }) => descriptions).filter((text) => text !== undefined)),
  ];
  if (texts.length < 2) return texts[0];
  return JSON.stringify(Object.assign({}, ...texts.map((text) => JSON.parse(text))));
}
