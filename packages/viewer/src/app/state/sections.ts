import { routes, type Section, type SectionSummary } from '../../contract.ts';
import { getJson } from '../lib/api.ts';

const documents = new Map<string, Promise<Section>>();

/**
 * loadSection: the document of a section as the captures of these ids can fill it, fetched once. Throws RequestError;
 * the next call then tries again.
 */
export async function loadSection(id: string, captures: readonly string[]): Promise<Section> {
  return mergeSections(await Promise.all(captures.map((capture) => loadOne(id, capture))));
}

function loadOne(id: string, capture: string): Promise<Section> {
  const key = `${capture} ${id}`;
  const kept = documents.get(key);
  if (kept) return kept;
  const route = routes.section.replace(':id', encodeURIComponent(id));
  const document = getJson<Section>(route, { capture });
  documents.set(key, document);
  document.catch(() => documents.delete(key));
  return document;
}

const countPlots = ({ groups }: Section) =>
  groups.reduce((sum, { subgroups }) => sum + subgroups.reduce((n, { plots }) => n + plots.length, 0), 0);

/** mergeSections: the fullest of them; a plot is empty where it is so in all. */
function mergeSections(all: readonly Section[]): Section {
  const fullest = all.reduce((most, one) => (countPlots(one) > countPlots(most) ? one : most));
  const empty = Object.entries(fullest.empty ?? {}).filter(([plot]) =>
    all.every((one) => one.empty !== undefined && plot in one.empty),
  );
  return { ...fullest, empty: Object.fromEntries(empty) };
}

/** loadSummaries: the navigation of the captures of these ids: what any of them has is available. Throws RequestError. */
export async function loadSummaries(captures: readonly string[]): Promise<SectionSummary[]> {
  const all = await Promise.all(
    captures.map((capture) => getJson<SectionSummary[]>(routes.sections, { capture })),
  );
  return (all[0] ?? []).map((summary) => {
    const same = all.flatMap((list) => list.filter(({ id }) => id === summary.id));
    return {
      ...summary,
      plots: Math.max(...same.map(({ plots }) => plots)),
      available: Math.max(...same.map(({ available }) => available)),
    };
  });
}

/** forgetSections makes {@link loadSection} fetch anew: what a live capture lacks changes as it grows. */
export function forgetSections(): void {
  documents.clear();
}
