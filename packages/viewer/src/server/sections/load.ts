import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Section } from '../../contract.ts';
import { orderSections } from './order.ts';
import { parseSection } from './section-schema.ts';

/** dashboardsDir: where our section documents are. */
export const dashboardsDir = fileURLToPath(new URL('../../../dashboards/', import.meta.url));

/** loadSections: the section documents of a folder, in the order of the navigation. Throws ZodError for a bad one. */
export async function loadSections(dir: string = dashboardsDir): Promise<Section[]> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.json'));
  const sections = await Promise.all(
    files.map(async (file) => parseSection(JSON.parse(await readFile(join(dir, file), 'utf8')))),
  );
  return orderSections(sections);
}
