import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { parseCpuList } from '@rezolus/core';

/** readText: the trimmed text of a small file, or null where it cannot be read. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** readCount: a file's number where it is a whole one that is not negative, else null. */
export function readCount(path: string): number | null {
  const text = readText(path);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** readList: the ids of a file with a CPU or node list, or none. */
export function readList(path: string): number[] {
  return parseCpuList(readText(path) ?? '');
}

/** entries: the names in a folder in order, or none; numbers in names count as numbers. */
export function entries(path: string): string[] {
  try {
    return readdirSync(path).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  } catch {
    return [];
  }
}

/** linkName: the last part of what a link points to, or null. */
export function linkName(path: string): string | null {
  try {
    return basename(readlinkSync(path));
  } catch {
    return null;
  }
}
