const key = 'rezolus-queries';
const most = 20;

/** recentQueries: what was asked on the Query page in this browser, the last one first. */
export function recentQueries(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(kept) ? kept.filter((query) => typeof query === 'string').slice(0, most) : [];
  } catch {
    return [];
  }
}

/** rememberQuery: {@link recentQueries} with `query` at its head. */
export function rememberQuery(query: string): readonly string[] {
  const queries = [query, ...recentQueries().filter((past) => past !== query)].slice(0, most);
  try {
    localStorage.setItem(key, JSON.stringify(queries));
  } catch {
    // A browser that keeps nothing has no history.
  }
  return queries;
}
