import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import { createEngine, parse, selectorsOf } from '@rezolus/query';
import { z } from 'zod';
import type { Recording } from '../reader/recording.ts';
import { recordingSource } from '../source.ts';

const kpi = z.looseObject({
  role: z.string(),
  title: z.string(),
  query: z.string(),
  type: z.string(),
  subtype: z.string().optional(),
  percentiles: z.array(z.number()).optional(),
  available: z.boolean().optional(),
});

const extension = z.looseObject({
  service_name: z.string(),
  aliases: z.array(z.string()).optional(),
  kpis: z.array(kpi),
});

/** ServiceExtension: queries that show a service, as the original's templates have them. */
export type ServiceExtension = z.infer<typeof extension>;

/** parseServices: the JSON of a ServiceExtension. Throws REZ_ERR_CONFIG_INVALID with what is wrong. */
export function parseServices(text: string, name: string): ServiceExtension {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${name} is not JSON`, { cause });
  }
  const result = extension.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${name}: ${path.join('.')}: ${message}`);
}

/** loadServices: the ServiceExtension in a file. Throws REZ_ERR_CONFIG_READ and REZ_ERR_CONFIG_INVALID. */
export async function loadServices(path: string): Promise<ServiceExtension> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new RezolusError('REZ_ERR_CONFIG_READ', `cannot read ${path}`, { cause });
  });
  return parseServices(text, path);
}

/** loadTemplate: `<source>.json` of a folder, for the sources of a recording. Throws as `loadServices` does. */
export async function loadTemplate(
  folder: string,
  keys: ReadonlyMap<string, string>,
): Promise<ServiceExtension> {
  const sources = sourcesOf(keys).filter((source) => source !== 'rezolus');
  for (const source of sources) {
    const path = join(folder, `${source.replace(/[^\w.-]/g, '_')}.json`);
    const found = await loadServices(path).catch((error) => {
      if (error instanceof RezolusError && error.code === 'REZ_ERR_CONFIG_READ') return null;
      throw error;
    });
    if (found !== null) return found;
  }
  const message = `${folder} has no template for ${sources.join(', ') || 'this recording'}`;
  throw new RezolusError('REZ_ERR_CONFIG_READ', message);
}

/** sourcesOf: the file key `source`: one name, or a JSON list of them. */
export function sourcesOf(keys: ReadonlyMap<string, string>): string[] {
  const text = keys.get('source');
  if (text === undefined) return [];
  if (!text.startsWith('[')) return [text];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [text];
  } catch {
    return [text];
  }
}

/** markAvailable: says of each query whether it has an answer in the recording. */
export async function markAvailable(
  services: ServiceExtension,
  recording: Recording,
): Promise<ServiceExtension> {
  const source = recordingSource(recording);
  const engine = createEngine(source);
  const stepMs = Math.max(source.intervalMs, (source.endMs - source.startMs) / 100);
  const kpis = [];
  for (const kpi of services.kpis) {
    const query = queryOf(kpi);
    const range = { query, startMs: source.startMs, endMs: source.endMs, stepMs };
    const available = await engine.queryRange(range).then(
      ({ result }) => (result.kind === 'matrix' ? result.series.length > 0 : true),
      () => false,
    );
    kpis.push({ ...kpi, available });
  }
  return { ...services, kpis };
}

/** queryOf: the query of a KPI; those of histograms stand for quantiles of them. */
export function queryOf({ query, type, subtype, percentiles }: ServiceExtension['kpis'][number]): string {
  if (type !== 'histogram') return query;
  if (subtype === 'heatmap' || subtype === 'buckets') return `histogram_heatmap(${query})`;
  return `histogram_quantiles([${(percentiles ?? [0.5, 0.9, 0.99, 0.999]).join(', ')}], ${query})`;
}

/** metricsOf: the names of the metrics that the queries use; a query that is not PromQL is taken apart by words. */
export function metricsOf(services: ServiceExtension): Set<string> {
  const names = new Set<string>();
  for (const { query } of services.kpis) {
    try {
      for (const selector of selectorsOf(parse(query))) {
        for (const { name, value } of selector.matchers) if (name === '__name__') names.add(value);
      }
    } catch {
      for (const [word] of query.matchAll(/[a-zA-Z_:][\w:]*/g)) names.add(word);
    }
  }
  return names;
}
