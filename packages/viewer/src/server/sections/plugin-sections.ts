import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { sentence } from '@rezolus/core';
import { ZodError, z } from 'zod';
import { pages, type Section } from '../../contract.ts';
import { parseSection } from './section-schema.ts';

/** PluginFolder: an installed plugin and the folder of its package. */
export interface PluginFolder {
  readonly name: string;
  readonly folder: string;
}

/** Refused: a section that is not shown, and why. */
export interface Refused {
  readonly plugin: string;
  readonly file: string;
  readonly reason: string;
}

const maxBytes = 256 * 1024;
const maxSections = 20;

/**
 * loadPluginSections: the sections that `rezolus.sections` in the package.json of plugins names: paths of documents
 * within the package. `taken` are ids that are ours. What is no such file, no section, or has an id that another one has
 * is refused with the reason.
 */
export async function loadPluginSections(
  plugins: readonly PluginFolder[],
  taken: readonly string[],
): Promise<{ sections: Section[]; refused: Refused[] }> {
  const sections: Section[] = [];
  const refused: Refused[] = [];
  const ids = new Set<string>([...taken, ...pages]);
  for (const { name, folder } of plugins.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    for (const file of await filesOf(folder)) {
      try {
        const section = await load(folder, file);
        if (ids.has(section.id)) throw new Error(`another section has the id ${section.id}`);
        ids.add(section.id);
        sections.push(section);
      } catch (error) {
        refused.push({ plugin: name, file, reason: reasonOf(error) });
      }
    }
  }
  return { sections, refused };
}

async function filesOf(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
  const files = (JSON.parse(text) as { rezolus?: { sections?: unknown } } | null)?.rezolus?.sections;
  if (!Array.isArray(files)) return [];
  return files.filter((file) => typeof file === 'string').slice(0, maxSections);
}

async function load(folder: string, file: string): Promise<Section> {
  const root = await realpath(folder);
  const path = await realpath(join(root, file));
  if (!path.startsWith(root + sep)) throw new Error('the path leads out of the package');
  const { size } = await stat(path);
  if (size > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024} KiB`);
  return parseSection(JSON.parse(await readFile(path, 'utf8')));
}

function reasonOf(error: unknown): string {
  const text = error instanceof ZodError ? z.prettifyError(error).replace(/\s+/g, ' ') : sentence(error);
  return text.slice(0, 500);
}
