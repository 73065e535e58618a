import type { Section } from '../../contract.ts';

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

/** orderSections: sections in the order of the navigation. */
export function orderSections(sections: readonly Section[]): Section[] {
  const rank = ({ id }: Section) => (order.includes(id) ? order.indexOf(id) : order.length);
  return sections.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
