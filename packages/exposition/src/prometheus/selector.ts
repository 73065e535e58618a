import type { Labels } from '@rezolus/core';

/** Selector: a pattern of series: a metric name and labels, each with `*` for any run of characters. */
export interface Selector {
  readonly metric: Glob;
  readonly labels: readonly { readonly name: string; readonly value: Glob; readonly negated: boolean }[];
}

/** Glob: text with `*`, split at the stars. */
export type Glob = readonly string[];

const pattern = /^([^{}\s]*)\s*(?:\{(.*)\})?$/s;
const matcher = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(!?=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;

/**
 * parseSelector: `cgroup_*`, `cpu_usage{state="user"}`, `*{sampler="tcp_*",id!="0"}`. A missing name means any.
 * Returns null where the text is no selector.
 */
export function parseSelector(text: string): Selector | null {
  const match = pattern.exec(text.trim());
  if (match === null || text.trim() === '') return null;
  const labels: Selector['labels'][number][] = [];
  const inner = (match[2] ?? '').trim();
  matcher.lastIndex = 0;
  while (matcher.lastIndex < inner.length) {
    const part = matcher.exec(inner);
    if (part === null) return null;
    const value = part[3]!.replace(/\\(.)/gs, '$1').split('*');
    labels.push({ name: part[1]!, value, negated: part[2] === '!=' });
  }
  return { metric: (match[1] === '' ? '*' : match[1]!).split('*'), labels };
}

/** selects: whether the series with these labels (`metric` among them) is meant. A missing label is an empty one. */
export function selects(selector: Selector, labels: Labels): boolean {
  return (
    matchesGlob(selector.metric, labels.metric ?? '') &&
    selector.labels.every(({ name, value, negated }) => matchesGlob(value, labels[name] ?? '') !== negated)
  );
}

/** matchesGlob: in time proportional to text times pattern: each part at its first place after the one before. */
export function matchesGlob(glob: Glob, text: string): boolean {
  const first = glob[0] ?? '';
  const last = glob[glob.length - 1] ?? '';
  if (glob.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let position = first.length;
  for (const part of glob.slice(1, -1)) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return position <= text.length - last.length;
}
