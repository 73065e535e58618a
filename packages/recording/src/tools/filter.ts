import { RezolusError } from '@rezolus/core/errors';
import type { RecordingColumn } from '../reader/columns.ts';
import { openRecording } from '../reader/open.ts';
import type { EditOptions } from './edit-keys.ts';
import { type Selected, selectColumns } from './select-columns.ts';
import { metricsOf, parseServices, type ServiceExtension } from './services.ts';

/** FilterOptions: what to keep. Without any, what the recording's own `service_queries` use. */
export interface FilterOptions extends EditOptions {
  /** Keeps the metrics that these queries use, and everything of Rezolus itself. */
  readonly services?: ServiceExtension;
  /** Keeps series of these samplers. */
  readonly samplers?: readonly string[];
  /** Keeps these metrics. */
  readonly metrics?: readonly string[];
}

/**
 * filterRecording: a recording with only some of its series; pages are copied. Throws REZ_ERR_RECORDING_FORMAT,
 * REZ_ERR_RECORDING_WRITE, and REZ_ERR_CONFIG_INVALID where there is nothing to filter by, or a sampler or metric that
 * the recording does not have is asked for.
 */
export async function filterRecording(path: string, options: FilterOptions): Promise<Selected> {
  const { columns, metadata } = await describe(path);
  const keep = predicate(columns, metadata, options);
  const kept = new Set(columns.filter(keep).map((column) => metricOf(column)));
  const edit = (keys: Map<string, string>) => {
    const descriptions = keys.get('descriptions');
    if (descriptions !== undefined) keys.set('descriptions', trim(descriptions, kept));
  };
  return selectColumns(path, keep, edit, options);
}

async function describe(path: string) {
  await using recording = await openRecording(path);
  const { columns, metadata } = recording;
  return { columns, metadata };
}

function predicate(
  columns: readonly RecordingColumn[],
  keys: ReadonlyMap<string, string>,
  { services, samplers, metrics }: FilterOptions,
): (column: RecordingColumn) => boolean {
  if (samplers !== undefined || metrics !== undefined) {
    const wanted = new Set(samplers);
    const names = new Set(metrics);
    const known = new Set(columns.map(({ metadata }) => metadata.sampler));
    const knownNames = new Set(columns.map(metricOf));
    const missing = [
      ...[...wanted].filter((name) => !known.has(name)).map((name) => `sampler ${name}`),
      ...[...names].filter((name) => !knownNames.has(name)).map((name) => `metric ${name}`),
    ];
    if (missing.length > 0) {
      throw new RezolusError('REZ_ERR_CONFIG_INVALID', `the recording has no ${missing.join(', no ')}`);
    }
    return (column) => wanted.has(column.metadata.sampler ?? '') || names.has(metricOf(column));
  }
  const own = keys.get('service_queries');
  const queries = services ?? (own === undefined ? undefined : parseServices(own, 'service_queries'));
  if (queries === undefined) {
    const message = 'the recording has no service queries: give --queries, --samplers or --metrics';
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', message);
  }
  const names = metricsOf(queries);
  const plain = (name: string) => name.replace(/:.*$/, '');
  return (column) =>
    column.metadata.source === 'rezolus' ||
    names.has(metricOf(column)) ||
    names.has(column.name) ||
    names.has(plain(column.name));
}

function metricOf({ name, metadata }: RecordingColumn): string {
  return metadata.metric ?? name.replace(/:buckets$/, '');
}

function trim(descriptions: string, kept: ReadonlySet<string>): string {
  try {
    const all = Object.entries(JSON.parse(descriptions) as Record<string, string>);
    return JSON.stringify(Object.fromEntries(all.filter(([metric]) => kept.has(metric))));
  } catch {
    return descriptions;
  }
}
