import type { LabelMatcher, VectorSelector } from './ast.ts';
import { nameLabel } from './labels.ts';
import { parse } from './parse.ts';
import { selectorsOf } from './selectors.ts';
import { quote } from './strings.ts';

/**
 * addMatcher: the query with one more condition on every selector, e.g. the node that is looked at. `where` tells
 * which selectors get it, by their matchers. Everything else of the text stays as it is. Throws REZ_ERR_QUERY_PARSE.
 */
export function addMatcher(
  query: string,
  matcher: LabelMatcher,
  where: (matchers: readonly LabelMatcher[]) => boolean = () => true,
): string {
  const condition = `${labelText(matcher.name)}${matcher.op}${quote(matcher.value)}`;
  const selectors = selectorsOf(parse(query)).filter((selector) => where(selector.matchers));
  let text = query;
  for (const selector of selectors.sort((a, b) => b.from - a.from)) {
    const at = insertion(query, selector);
    text = text.slice(0, at.offset) + at.before + condition + at.after + text.slice(at.offset);
  }
  return text;
}

function labelText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : quote(name);
}

/** Right after the opening brace, or after the name where there are no braces. */
function insertion(
  query: string,
  { from, matchers }: VectorSelector,
): { offset: number; before: string; after: string } {
  const head = /^(?:[A-Za-z_:][A-Za-z0-9_:]*)?(?:(?:\s|#[^\n]*\n)*\{)?/.exec(query.slice(from))![0];
  const offset = from + head.length;
  if (!head.endsWith('{')) {
    const name = /^[A-Za-z_:][A-Za-z0-9_:]*/.exec(head)![0];
    return { offset: from + name.length, before: '{', after: '}' };
  }
  const inside = matchers.length - (head.startsWith('{') || matchers[0]?.name !== nameLabel ? 0 : 1);
  return { offset, before: '', after: inside === 0 ? '' : ',' };
}
