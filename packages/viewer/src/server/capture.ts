import type { Capture } from '../contract.ts';
import type { ViewerSource } from './source.ts';

/** Keys of a recording's metadata that are large or sent on their own. */
const leftOut = new Set(['ARROW:schema', 'descriptions', 'systeminfo']);

/** captureOf: what `source` holds now, for the capture route. */
export function captureOf({ kind, name, source, metadata, systeminfo }: ViewerSource): Capture {
  return {
    kind,
    name,
    startMs: source.startMs,
    endMs: source.endMs,
    intervalMs: source.intervalMs,
    series: source.series().length,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !leftOut.has(key))),
    systeminfo,
  };
}
