import type { Escaping } from './names.ts';

/** Format: text 0.0.4 (or 1.0.0 where names are quoted), OpenMetrics 1.0.0, or delimited io.prometheus.client protobuf. */
export type Format = 'text' | 'openmetrics' | 'protobuf';

/** Exposition: what a scraper gets. */
export interface Exposition {
  readonly format: Format;
  readonly escaping: Escaping;
}

const escapings: readonly string[] = ['allow-utf-8', 'underscores', 'dots', 'values'] satisfies Escaping[];

/**
 * negotiate: the format that an Accept header prefers; the client's weights decide, its order among equals. Text 0.0.4
 * with escaped names where there is no header or nothing in it is known.
 */
export function negotiate(accept: string | undefined): Exposition {
  let best: Exposition = { format: 'text', escaping: 'underscores' };
  let bestWeight = 0;
  for (const range of (accept ?? '').slice(0, 4096).split(',').slice(0, 32)) {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim());
    const parameters = new Map(
      rest.map((part) => {
        const [key = '', value = ''] = part.split('=', 2);
        return [key.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
      }),
    );
    const format = formatOf(type.toLowerCase(), parameters);
    const weight = Number(parameters.get('q') ?? 1);
    if (format === null || !(weight > bestWeight)) continue;
    const asked = parameters.get('escaping') ?? '';
    const escaping = escapings.includes(asked) ? (asked as Escaping) : 'underscores';
    best = { format, escaping };
    bestWeight = weight;
  }
  return best;
}

function formatOf(type: string, parameters: ReadonlyMap<string, string>): Format | null {
  if (type === '*/*' || type === 'text/*') return 'text';
  if (type === 'text/plain') {
    return ['0.0.4', '1.0.0', undefined].includes(parameters.get('version')) ? 'text' : null;
  }
  if (type === 'application/openmetrics-text') {
    return ['0.0.1', '1.0.0', undefined].includes(parameters.get('version')) ? 'openmetrics' : null;
  }
  if (type === 'application/vnd.google.protobuf') {
    const known = parameters.get('proto') === 'io.prometheus.client.MetricFamily';
    return known && parameters.get('encoding') === 'delimited' ? 'protobuf' : null;
  }
  return null;
}

/** contentType: the Content-Type header of an answer. */
export function contentType({ format, escaping }: Exposition): string {
  const suffix = `; escaping=${escaping}`;
  if (format === 'protobuf') {
    return `application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited${suffix}`;
  }
  if (format === 'openmetrics') return `application/openmetrics-text; version=1.0.0; charset=utf-8${suffix}`;
  // 1.0.0 is 0.0.4 with quoted names. Other schemes are told only to those that can have asked for them.
  if (escaping === 'allow-utf-8') return `text/plain; version=1.0.0; charset=utf-8${suffix}`;
  return `text/plain; version=0.0.4; charset=utf-8${escaping === 'underscores' ? '' : suffix}`;
}
