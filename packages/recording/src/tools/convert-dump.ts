import { readFile, stat } from 'node:fs/promises';
import { type Exposition, type Family, type PrometheusSample, parsePrometheus } from '../prometheus/parse.ts';

/** DumpRow: what Prometheus text says of one moment. */
export interface DumpRow {
  readonly timestampNs: bigint;
  readonly exposition: Exposition;
}

/**
 * readDumps: files with the text of Prometheus or OpenMetrics as rows, ascending in time. Samples with a timestamp are at
 * that; the others of a file, or of each part of it that ends in `# EOF`, are one moment: that at which the file was last
 * written, and the parts before it one interval earlier each. Throws REZ_ERR_ENDPOINT_RESPONSE where a file is no such text.
 */
export async function readDumps(paths: readonly string[], intervalMs: number): Promise<DumpRow[]> {
  const rows = new Map<bigint, PrometheusSample[]>();
  const families = new Map<string, Family>();
  const put = (timestampMs: number, sample: PrometheusSample) => {
    const ns = BigInt(Math.round(timestampMs * 1e3)) * 1000n;
    const known = rows.get(ns);
    if (known === undefined) rows.set(ns, [sample]);
    else known.push(sample);
  };
  for (const path of paths) {
    const { mtimeMs } = await stat(path);
    const parts = split(await readFile(path, 'utf8'));
    for (const [i, part] of parts.entries()) {
      const exposition = parsePrometheus(part);
      for (const [name, family] of exposition.families) families.set(name, family);
      const whenMs = Math.round(mtimeMs) - (parts.length - 1 - i) * intervalMs;
      for (const sample of exposition.samples) put(sample.timestampMs ?? whenMs, sample);
    }
  }
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([timestampNs, samples]) => ({ timestampNs, exposition: { families, samples } }));
}

function split(text: string): string[] {
  const parts = text.split(/^# EOF[ \t]*\r?$\n?/m).filter((part) => part.trim() !== '');
  // The mark also says that times are in seconds.
  return /^# EOF/m.test(text) ? parts.map((part) => `${part.trimEnd()}\n# EOF\n`) : parts;
}
