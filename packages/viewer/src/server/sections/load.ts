import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Section } from '../../contract.ts';
import { parseSection } from './section-schema.ts';

/** dashboardsDir: where our section documents are. */
export const dashboardsDir = fileURLToPath(new URL('../../../dashboards/', import.meta.url));

/** Order of the navigation; sections not named here come after these, by name. */
const order = [
  'overview',
  'exceptions',
  'cpu',
  'memory',
  'network',
  'scheduler',
  'syscall',
  'softirq',
  'blockio',
  'cgroups',
  'rezolus',
];

/** loadSections: the section documents of a folder, in the order of the navigation. Throws ZodError for a bad one. */
export async function loadSections(dir: string = dashboardsDir): Promise<Section[]> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.json'));
  const sections = await Promise.all(
    files.map(async (file) => parseSection(JSON.parse(await readFile(join(dir, file), 'utf8')))),
  );
  const rank = ({ id }: Section) => (order.includes(id) ? order.indexOf(id) : order.length);
  return sections.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
