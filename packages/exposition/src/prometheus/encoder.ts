import type { Snapshot } from '@rezolus/core';
import type { Exposition } from './negotiate.ts';
import type { ExportCounts, OwnFamily, PrometheusOptions } from './options.ts';
import { PrometheusProtobufEncoder } from './protobuf.ts';
import { PrometheusTextEncoder } from './text.ts';

/** PrometheusEncoder: snapshots of one agent in one negotiated format. */
export interface PrometheusEncoder {
  /** Whether answers depend on the base snapshot. */
  readonly usesWindow: boolean;
  /** prepare: what an answer from this snapshot will hold and leave out. */
  prepare(snapshot: Snapshot): ExportCounts;
  /**
   * encode: one answer. `base` is the snapshot where the window of quantiles begins, null for none. `snapshot` null is
   * an agent that is away: only `own` is written. Samples have no timestamps.
   */
  encode(snapshot: Snapshot | null, base: Snapshot | null, own: readonly OwnFamily[]): Buffer;
}

/** createEncoder: for what was negotiated. With `compatibility` it is text, whatever was asked for. */
export function createEncoder(exposition: Exposition, options: PrometheusOptions): PrometheusEncoder {
  if (options.compatibility) return new PrometheusTextEncoder('text', 'underscores', options);
  if (exposition.format === 'protobuf') return new PrometheusProtobufEncoder(exposition.escaping, options);
  return new PrometheusTextEncoder(exposition.format, exposition.escaping, options);
}
