import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** imports: every module that `entry` reaches by relative imports, and the packages that these name. */
function imports(entry: URL, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(entry.href)) return seen;
  const text = readFileSync(entry, 'utf8').replace(/^(import|export) type [^;]*;/gm, '');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map((match) => match[1]!);
  seen.set(
    entry.href,
    specifiers.filter((specifier) => !specifier.startsWith('.')),
  );
  for (const specifier of specifiers) if (specifier.startsWith('.')) imports(new URL(specifier, entry), seen);
  return seen;
}

it('the reader runs without Node', () => {
  const graph = imports(new URL('../src/reader/index.ts', import.meta.url));
  expect(graph.size).toBeGreaterThan(10);
  const packages = new Set([...graph.values()].flat());
  expect([...packages].filter((name) => name.startsWith('node:'))).toEqual([]);
  expect([...packages]).not.toContain('@rezolus/core');
});
