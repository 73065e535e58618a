import { getJson } from '../lib/api.ts';
import { catalogOf, type Described, type Labels, type Metric } from '../lib/catalog.ts';

/** loadCatalog: the metrics of a capture, by name, over the Prometheus HTTP API. Throws RequestError. */
export async function loadCatalog(capture: string | undefined): Promise<Metric[]> {
  const [described, series] = await Promise.all([
    getJson<{ data: Described }>('/api/v1/metadata', { capture }),
    getJson<{ data: readonly Labels[] }>('/api/v1/series', { capture, 'match[]': '{__name__=~".+"}' }),
  ]);
  return catalogOf(described.data, series.data);
}
