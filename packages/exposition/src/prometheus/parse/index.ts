import { parseOpenMetrics } from './openmetrics.ts';
import { decodeUtf8, type ParsedFamily } from './scanner.ts';
import { parseText } from './text.ts';

export type { ParsedFamily, ParsedSample } from './scanner.ts';

/**
 * parseExposition: text 0.0.4 or OpenMetrics 1.0.0 as families of samples. Time and memory are in proportion to the
 * text; the caller bounds its size. Throws REZ_ERR_EXPOSITION_FORMAT, naming the line.
 */
export function parseExposition(body: Uint8Array | string, format: 'text' | 'openmetrics'): ParsedFamily[] {
  const text = typeof body === 'string' ? body : decodeUtf8(body);
  return format === 'openmetrics' ? parseOpenMetrics(text) : parseText(text);
}
