import type { Section } from '../../contract.ts';

/** Order of the navigation; those that are optional come after the overview, all others after these, by name. */
const order = [
  'overview',
  'exceptions',
  'cpu',
  'gpu',
  'memory',
  'network',
  'scheduler',
  'syscall',
  'softirq',
  'blockio',
  'drives',
  'cgroups',
  'rezolus',
];

/** orderSections: sections in the order of the navigation. */
export function orderSections(sections: readonly Section[]): Section[] {
  const rank = ({ id, optional }: Section) => {
    if (optional) return 0.5;
    return order.includes(id) ? order.indexOf(id) : order.length;
  };
  return sections.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
