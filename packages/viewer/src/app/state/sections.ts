import { routes, type Section } from '../../contract.ts';
import { getJson } from '../lib/api.ts';

const documents = new Map<string, Promise<Section>>();

/** loadSection: the document of a section, fetched once. Throws RequestError; the next call then tries again. */
export function loadSection(id: string): Promise<Section> {
  const kept = documents.get(id);
  if (kept) return kept;
  const document = getJson<Section>(routes.section.replace(':id', encodeURIComponent(id)));
  documents.set(id, document);
  document.catch(() => documents.delete(id));
  return document;
}

/** forgetSections makes {@link loadSection} fetch anew: what a live capture lacks changes as it grows. */
export function forgetSections(): void {
  documents.clear();
}
