/** RecordingEvent: something that happened while recording, in the form of the original (`events`). */
export interface RecordingEvent {
  /** ns since the epoch. */
  readonly timestamp: number | bigint;
  readonly description: string;
  readonly kind?: string;
  readonly details?: string;
  readonly source?: string;
  readonly node?: string;
  readonly instance?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly duration_ns?: number | bigint;
  readonly id?: string;
  readonly chart_id?: string;
}

/** SourceFacts: what `per_source_metadata` says of a source, JSON text by member. */
export type SourceFacts = Readonly<Record<string, string>>;

/** RecordingFacts: what a recording says of itself, in a form that survives in a journal. */
export interface RecordingFacts {
  /** File keys, but for those that are made of the other parts. */
  readonly keys: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, SourceFacts>>;
  /** JSON text of an event each. */
  readonly events: readonly string[];
  /** The user's own file keys, which win. */
  readonly tags: Readonly<Record<string, string>>;
}

/** emptyFacts: nothing is known. */
export const emptyFacts: RecordingFacts = { keys: {}, sources: {}, events: [], tags: {} };

/** SampleRange: time of the first and last sample, ns since the epoch. */
export interface SampleRange {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** fileKeys: the file-level keys, by the names and in the forms that the original uses. */
export function fileKeys(
  { keys, sources, events, tags }: RecordingFacts,
  range: (source: string) => SampleRange,
): Map<string, string> {
  // Nanoseconds do not fit a double, so the objects are put together as text.
  const described = Object.entries(sources).map(([source, members]) => {
    const { firstNs, lastNs } = range(source);
    const all = { first_sample_ns: String(firstNs), last_sample_ns: String(lastNs), ...members };
    const inner = Object.entries(all).map(([key, json]) => `${JSON.stringify(key)}:${json}`);
    return `${JSON.stringify(source)}:{${inner.join(',')}}`;
  });
  return new Map(
    Object.entries({
      ...keys,
      ...(described.length > 0 && { per_source_metadata: `{${described.join(',')}}` }),
      ...(events.length > 0 && { events: `{"events":[${events.join(',')}]}` }),
      ...tags,
    }),
  );
}
