import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RezolusError } from '@rezolus/core/errors';
import { type SamplerNames, samplerNames } from './names.ts';

/** templates: what a sampler can be made from, by where its values come from. */
export const templates = {
  bpf: 'events counted in the kernel by a BPF program',
  procfs: 'a file of /proc or /sys',
  library: 'a function of a C library',
} as const;

/** Template: one of {@link templates}. */
export type Template = keyof typeof templates;

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * scaffold: writes the package of a sampler into `folder`, whose last part is the sampler's name, and returns the paths of
 * its files. The templates are a working package called my-sampler. Throws REZ_ERR_SCAFFOLD for a name that is none and
 * for a folder that is there.
 */
export function scaffold(folder: string, template: Template): string[] {
  const names = samplerNames(basename(folder));
  if (existsSync(folder)) throw new RezolusError('REZ_ERR_SCAFFOLD', `${folder} is there already`);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = new Map<string, string>();
  for (const part of ['common', template]) {
    const source = join(root, 'templates', part);
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      // npm leaves files called .gitignore out of packages.
      const target = renamed(path.slice(source.length + 1), names).replace(/^gitignore$/, '.gitignore');
      const text = renamed(readFileSync(path, 'utf8'), names);
      files.set(target, text.replaceAll('"^0.0.0"', `"^${version}"`));
    }
  }
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text, { flag: 'wx' });
    }
  } catch (cause) {
    throw new RezolusError('REZ_ERR_SCAFFOLD', `${folder} cannot be written`, { cause });
  }
  return [...files.keys()].sort();
}

function renamed(text: string, { kebab, snake, camel, title }: SamplerNames): string {
  return text
    .replaceAll('my-sampler', kebab)
    .replaceAll('my_sampler', snake)
    .replaceAll('mySampler', camel)
    .replaceAll('My sampler', title);
}
