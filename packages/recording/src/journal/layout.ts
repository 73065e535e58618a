import { basename, join } from 'node:path';

/** partialSuffix: a recording that is being written, or was not finished, is a folder of this name beside its output. */
export const partialSuffix = '.partial';

/** partialOf: the folder of an output; a path that is one already stays. */
export function partialOf(path: string): string {
  const clean = path.replace(/\/+$/, '');
  return clean.endsWith(partialSuffix) ? clean : `${clean}${partialSuffix}`;
}

/** outputOf: the output that a folder belongs to. */
export function outputOf(folder: string): string {
  return folder.slice(0, -partialSuffix.length);
}

/** partNames: the files of the folder. */
export const partNames = {
  lock: 'lock',
  catalogue: 'catalogue',
  reserve: 'reserve',
  data: 'data',
  rows: (sequence: number) => `rows-${sequence}`,
} as const;

/** partPath: the path of a file, and how it is named in messages. */
export function partPath(folder: string, name: string): { path: string; label: string } {
  return { path: join(folder, name), label: join(basename(folder), name) };
}

/** frameType: what the frames of a journal hold. Numbers are never given to something else. */
export const frameType = { header: 1, columns: 2, row: 3, group: 4, facts: 5 } as const;
