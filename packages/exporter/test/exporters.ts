import { parseConfig } from '@rezolus/core/config';
import { pino } from 'pino';
import { exporterConfigSchema } from '../src/config-file.ts';
import { type Exporter, startExporter } from '../src/index.ts';

/** exporterOf: an exporter on a free port that polls `source` often; `toml` is the rest of its configuration. */
export function exporterOf(source: string, toml = '', interval = '50ms'): Promise<Exporter> {
  const general = `[general]\nlisten = "127.0.0.1:0"\nsource = "${source}"\ninterval = "${interval}"\n`;
  const config = parseConfig(general + toml, 'exporter.toml', exporterConfigSchema);
  return startExporter({ config, logger: pino({ level: 'silent' }) });
}

/** metricsOf: the text of `/metrics`. */
export async function metricsOf(
  exporter: Exporter,
  headers: Record<string, string> = {},
  query = '',
): Promise<string> {
  const response = await fetch(`${exporter.address}/metrics${query}`, { headers });
  return response.text();
}

/** until: asks again until `check` gives something else than null or false; fails after `timeoutMs`. */
export async function until<T>(
  check: () => Promise<T | null | false> | T | null | false,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
