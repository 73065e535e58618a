import type { MetricDeclaration } from '@rezolus/core';

/** descriptionsOf: metric name to description, as `/metrics/descriptions` serves it; the first of a name wins. */
export function descriptionsOf(declarations: Iterable<MetricDeclaration>): Record<string, string> {
  const descriptions = new Map<string, string>();
  for (const { name, description } of declarations) {
    if (!descriptions.has(name)) descriptions.set(name, description);
  }
  return Object.fromEntries(descriptions);
}
